"""The functions behind the queues: apply_order and poll_orders, from their events."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.apply_order import handler as apply_order
from functions.poll_orders import handler as poll_orders
from holdfast.channels.protocol import ChannelError, OrderTold
from holdfast.channels.sheet import Kind
from holdfast.domain.listing import Listing, ListingKey
from holdfast.domain.market import MarketOrder, OrderLine, Part, Stage
from holdfast.domain.shop import Shop, ShopKey
from holdfast.runtime import marketplaces
from tests.support.market import FakeMarket

if TYPE_CHECKING:
    from collections.abc import Callable

    from holdfast.services.context import Context
    from tests.support.fake_secrets import FakeSecretsClient
    from tests.support.fake_sqs import FakeSqsClient
    from tests.support.gateway import Api

HANOI, HUE = ShopKey("shopee", "hanoi"), ShopKey("shopee", "hue")
ORDERS, ASIDE, POLLS = "https://orders", "https://orders-failures", "https://polls"


class Remaining:
    """Lambda's own context, as far as time goes."""

    aws_request_id = "a-call"

    def __init__(self, ms: int) -> None:
        self._ms = ms

    def get_remaining_time_in_millis(self) -> int:
        return self._ms


@pytest.fixture
def market(shop: Api, work: Context, secrets: FakeSecretsClient, monkeypatch: pytest.MonkeyPatch) -> FakeMarket:
    """A marketplace with the shop hanoi, whose listing 1~0 sells the ten mugs."""
    assert shop.seen
    made = FakeMarket()
    monkeypatch.setattr(marketplaces, "channel", lambda _name: made)
    secrets.keep("holdfast/test/shopee/hanoi", {"api_url": "https://api.example", "access_token": "test-access"})
    work.ledger.shops.put(Shop(key=HANOI, orders_from=datetime.now(UTC) - timedelta(days=1)))
    work.ledger.listings.put(Listing(key=ListingKey(HANOI, "1~0"), parts=(Part("mug", 1),)), before=None)
    return made


def order(order_id: str, *, units: int = 1) -> MarketOrder:
    now = datetime.now(UTC)
    lines = (OrderLine(listing="1~0", ordered=units),)
    return MarketOrder(order_id=order_id, stage=Stage.PAID, created_at=now, updated_at=now, lines=lines)


def record(number: int, message: object, *, tries: int = 1) -> dict[str, Any]:
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"r{number}",
        "body": message if isinstance(message, str) else json.dumps(message),
        "attributes": {"ApproximateReceiveCount": str(tries), "SentTimestamp": "1772418612500"},
    }


def webhook(market: FakeMarket, told: MarketOrder) -> dict[str, Any]:
    market.deliveries.append((OrderTold(order=told),))
    body = base64.b64encode(str(len(market.deliveries) - 1).encode()).decode()
    return {"channel": "shopee", "shop": "hanoi", "kind": "webhook", "headers": {}, "body": body}


def available(shop: Api) -> int:
    return int(shop("GET /v1/skus/{sku}/levels", sku="mug").body["sum"]["available"])


def test_a_delivery_is_applied_once_however_often_it_comes(shop: Api, market: FakeMarket) -> None:
    message = webhook(market, order("A1", units=2))
    answers = [apply_order.handle({"Records": [record(1, message), record(2, message)]}, None) for _ in range(2)]

    assert answers == [{"batchItemFailures": []}] * 2
    assert available(shop) == 8


def test_a_poisoned_message_blocks_nobody(shop: Api, market: FakeMarket, sqs: FakeSqsClient) -> None:
    good = [webhook(market, order(f"A{number}")) for number in range(3)]
    poison = {**good[0], "body": "not base64"}
    batch = {"Records": [record(0, poison), *(record(n + 1, each) for n, each in enumerate(good))]}

    assert apply_order.handle(batch, None) == {"batchItemFailures": []}
    assert available(shop) == 7
    assert sqs.messages(ASIDE) == [poison]


def test_an_order_whose_marketplace_is_down_comes_again_and_its_neighbours_are_applied(
    shop: Api, market: FakeMarket
) -> None:
    down = {"channel": "shopee", "shop": "hanoi", "kind": "changed", "heard_by": "poll", "order_id": "A1"}
    market.fails = [ChannelError(Kind.PASSING, "http_503", "GET api.example/orders")]
    batch = {"Records": [record(0, down), record(1, webhook(market, order("A2")))]}

    assert apply_order.handle(batch, None) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert available(shop) == 9
    market.orders["A1"] = order("A1")
    assert apply_order.handle({"Records": [record(0, down, tries=2)]}, None) == {"batchItemFailures": []}
    assert available(shop) == 8


def test_no_message_is_begun_that_may_not_end(shop: Api, market: FakeMarket) -> None:
    message = webhook(market, order("A1"))
    short = Remaining(apply_order.NEEDED_MS - 1)

    assert apply_order.handle({"Records": [record(1, message)]}, short) == {
        "batchItemFailures": [{"itemIdentifier": "m1"}]
    }
    assert available(shop) == 10
    assert apply_order.handle({"Records": [record(1, message)]}, Remaining(apply_order.NEEDED_MS)) == {
        "batchItemFailures": []
    }


def test_what_happened_is_counted_at_the_end(market: FakeMarket, capsys: pytest.CaptureFixture[str]) -> None:
    apply_order.handle({"Records": [record(1, webhook(market, order("A1", units=12)))]}, None)

    told = capsys.readouterr().out
    assert '"OrdersApplied":[1.0]' in told
    assert '"Oversold":[1.0]' in told


# ---- Polls


def test_each_shop_that_is_due_gets_a_message_of_its_own(market: FakeMarket, work: Context, sqs: FakeSqsClient) -> None:
    assert market.calls == []
    work.ledger.shops.put(Shop(key=HUE, orders_from=datetime.now(UTC)))

    assert poll_orders.handle({"source": "aws.scheduler"}, None) == {"planned": 2}
    assert sqs.messages(POLLS) == [{"channel": "shopee", "shop": "hanoi"}, {"channel": "shopee", "shop": "hue"}]
    assert poll_orders.handle({}, None) == {"planned": 0}


def test_a_poll_finds_what_no_webhook_told(shop: Api, market: FakeMarket, sqs: FakeSqsClient) -> None:
    market.orders["A1"] = order("A1")
    assert poll_orders.handle({"Records": [record(1, {"channel": "shopee", "shop": "hanoi"})]}, None) == {
        "batchItemFailures": []
    }

    [message] = sqs.messages(ORDERS)
    assert (message["order_id"], message["heard_by"]) == ("A1", "poll")
    apply_order.handle({"Records": [record(2, message)]}, None)
    assert available(shop) == 9


@pytest.mark.parametrize("kind", list(Kind))
def test_a_poll_that_fails_is_left_to_the_next_one_and_its_health_says_why(
    market: FakeMarket, work: Context, kind: Kind, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    market.fails = [ChannelError(kind, "error_x", "GET api.example/orders") for _ in range(3)]

    assert poll_orders.handle({"Records": [record(1, {"channel": "shopee", "shop": "hanoi"})]}, None) == {
        "batchItemFailures": []
    }
    health = work.ledger.shops.health(HANOI)
    assert health.failing_since is not None
    assert health.error in {"error_x", "refresh_token_expired"}
    assert logged()[-1]["level"] == "WARNING"


def test_a_shop_without_a_secret_says_so_in_its_health(market: FakeMarket, work: Context) -> None:
    assert market.calls == []
    work.ledger.shops.put(Shop(key=HUE, orders_from=datetime.now(UTC)))
    poll_orders.handle({"Records": [record(1, {"channel": "shopee", "shop": "hue"})]}, None)

    assert work.ledger.shops.health(HUE).error == "no_secret"


def test_an_error_that_nobody_expected_is_raised_so_that_the_poll_comes_again(
    market: FakeMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(FakeMarket, "pull", bug)

    assert market.calls == []
    with pytest.raises(ZeroDivisionError):
        poll_orders.handle({"Records": [record(1, {"channel": "shopee", "shop": "hanoi"})]}, None)


def test_a_plan_that_cannot_be_sent_is_raised(market: FakeMarket, sqs: FakeSqsClient, work: Context) -> None:
    assert market.calls == []
    intake = replace(marketplaces.open_intake(), context=work)
    sqs.lose_replies()

    with pytest.raises(Exception, match="the queue did not do it"):
        poll_orders.respond({}, intake, marketplaces.polls_queue())
