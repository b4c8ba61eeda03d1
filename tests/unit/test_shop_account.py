"""Tokens that are good for one use only, refreshed under a lock."""

from datetime import timedelta

import pytest

from holdfast.channels.protocol import Account, ChannelError, Tokens
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import Unavailable
from holdfast.domain.incident import Kind as Incidents
from holdfast.services.orders.shop_account import LOCK_SECONDS, call_shop
from holdfast.services.stock.look_up import list_incidents
from tests.support.faults import single_write
from tests.support.market import Fair


def call(fair: Fair) -> str:
    def ask(account: Account) -> str:
        fair.market._called("ask", account)
        return account.access_token or ""

    return call_shop(fair.intake, fair.key, ask)


def test_a_refused_token_is_refreshed_and_the_call_repeated_once() -> None:
    fair = Fair()
    fair.market.accepts = "another"

    assert call(fair) == "access-1"
    assert fair.market.calls == ["ask", "refresh", "ask"]


def test_a_token_that_ends_soon_is_refreshed_before_the_call() -> None:
    fair = Fair()
    fair.accounts.read(fair.key)
    fair.world.clock.forward(hours=3, minutes=10)

    assert call(fair) == "access-1"
    assert fair.market.calls == ["refresh", "ask"]


def test_a_lost_answer_to_an_early_refresh_does_not_lose_the_shop() -> None:
    fair = Fair()
    fair.accounts.read(fair.key)
    fair.world.clock.forward(hours=3, minutes=10)
    fair.market.fails = [ChannelError(Kind.UNKNOWN, "timeout", "no answer")]
    assert call(fair) == "access-0"

    assert call(fair) == "access-1"


def test_a_token_refreshed_by_another_is_found_and_not_refreshed_again() -> None:
    fair = Fair()
    fair.market.accepts = "access-9"
    old = fair.accounts.read(fair.key)
    new = Tokens(access_token="access-9", refresh_token="refresh-9", expires_at=old.token_expires_at)
    fair.accounts.store(fair.key, new, instead_of=old)
    fair.accounts.remembered[fair.key] = old
    assert call(fair) == "access-9"
    assert fair.market.refreshed == 0


def test_tokens_stored_just_before_the_lock_was_taken_are_found() -> None:
    fair = Fair()
    fair.market.accepts = "access-9"
    old = fair.accounts.read(fair.key)
    new = Tokens(access_token="access-9", refresh_token="refresh-9", expires_at=old.token_expires_at)
    fair.world.table.before(single_write, lambda: fair.accounts.store(fair.key, new, instead_of=old))

    assert call(fair) == "access-9"
    assert fair.market.refreshed == 0


def test_while_another_refreshes_nobody_else_does() -> None:
    fair = Fair()
    fair.market.accepts = "another"
    fair.world.context.ledger.shops.lock_token(fair.key, "them", now=fair.world.clock(), seconds=LOCK_SECONDS)
    with pytest.raises(Unavailable):
        call(fair)
    assert fair.market.refreshed == 0


def test_a_lock_whose_holder_died_is_taken_over_when_its_time_is_over() -> None:
    fair = Fair()
    fair.market.accepts = "another"
    fair.world.context.ledger.shops.lock_token(fair.key, "dead", now=fair.world.clock(), seconds=LOCK_SECONDS)
    fair.world.clock.forward(seconds=LOCK_SECONDS)

    assert call(fair) == "access-1"


def test_a_late_holder_does_not_open_the_lock_of_another() -> None:
    fair = Fair()
    shops = fair.world.context.ledger.shops
    shops.lock_token(fair.key, "first", now=fair.world.clock(), seconds=1)
    fair.world.clock.forward(seconds=1)
    assert shops.lock_token(fair.key, "second", now=fair.world.clock(), seconds=60)
    shops.unlock_token(fair.key, "first")

    assert not shops.lock_token(fair.key, "third", now=fair.world.clock(), seconds=60)


def test_a_refresh_token_that_is_used_up_is_told_to_a_person() -> None:
    fair = Fair()
    fair.market.accepts, fair.market.good_refresh = "another", "another"
    for _ in range(2):
        with pytest.raises(ChannelError):
            call(fair)

    found, _ = list_incidents(fair.world.context, is_open=True, limit=9, start=None)
    assert [each.kind for each in found] == [Incidents.SHOP_UNAUTHORISED]
    assert fair.world.counted["ShopUnauthorised"] == 1


def test_a_token_without_an_end_is_used_as_it_is() -> None:
    fair = Fair()
    old = fair.accounts.read(fair.key)
    endless = Tokens(access_token="access-0", refresh_token=old.refresh_token, expires_at=None)
    fair.accounts.store(fair.key, endless, instead_of=old)
    fair.world.clock.now += timedelta(days=400)

    assert call(fair) == "access-0"


def test_a_token_found_in_the_secret_that_has_ended_as_well_is_refreshed() -> None:
    fair = Fair()
    fair.market.accepts = "another"
    old = fair.accounts.read(fair.key)
    ended = Tokens(access_token="access-9", refresh_token=old.refresh_token, expires_at=old.token_expires_at)
    fair.accounts.store(fair.key, ended, instead_of=old)
    fair.accounts.remembered[fair.key] = old

    assert call(fair) == "access-1"
    assert fair.market.calls == ["ask", "ask", "refresh", "ask"]


def test_a_new_token_that_is_refused_is_not_refreshed_again() -> None:
    fair = Fair()

    def refuse(_account: Account) -> str:
        raise ChannelError(Kind.TOKEN, "invalid_access_token", "whatever it is")

    with pytest.raises(ChannelError):
        call_shop(fair.intake, fair.key, refuse)
    assert fair.market.refreshed == 1


def test_tokens_that_others_keep_storing_are_tried_twice_and_no_more() -> None:
    fair = Fair()
    asked: list[str] = []

    def refuse(account: Account) -> str:
        asked.append(account.access_token or "")
        another = Tokens(access_token=f"other-{len(asked)}", refresh_token="refresh-0", expires_at=None)
        fair.accounts.store(fair.key, another, instead_of=fair.accounts.read(fair.key, fresh=True))
        if len(asked) > 9:
            pytest.fail("it never ends")
        raise ChannelError(Kind.TOKEN, "invalid_access_token", "expired")

    with pytest.raises(ChannelError):
        call_shop(fair.intake, fair.key, refuse)
    assert asked == ["access-0", "other-1", "other-2"]
    assert fair.market.refreshed == 0
