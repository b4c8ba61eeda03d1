"""Faults come as they are set, and again the same for the same seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from sandbox.faults import Faults
from sandbox.tokens import first_tokens
from sandbox.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def faults(seed: str = "7:shopee:one", **settings: Any) -> Faults:
    made = Faults(seed)
    made.change(settings)
    return made


def test_the_same_seed_brings_the_same_faults_and_another_seed_others() -> None:
    def struck(seed: str) -> list[bool]:
        made = faults(seed, throttled=0.5)
        return [made.strikes("throttled", "stock") for _ in range(64)]

    assert struck("7") == struck("7")
    assert struck("7") != struck("8")


def test_one_fault_draws_nothing_from_the_sequence_of_another() -> None:
    alone, beside = faults(throttled=0.5), faults(throttled=0.5, server_error=0.5)
    told = []
    for each in (alone, beside):
        told.append([each.strikes("throttled") for _ in range(64)])
        each.strikes("server_error")
    first = faults(throttled=0.5, server_error=0.5)
    mixed = []
    for _ in range(64):
        first.strikes("server_error")
        mixed.append(first.strikes("throttled"))
    assert told[0] == told[1] == mixed


def test_a_fault_that_is_switched_on_later_begins_its_own_sequence() -> None:
    later, at_once = faults(), faults(throttled=0.5)
    for _ in range(7):
        later.strikes("throttled")
    later.change({"throttled": 0.5})
    struck = [[each.strikes("throttled") for _ in range(64)] for each in (later, at_once)]
    assert struck[0] == struck[1]


def test_a_share_is_about_how_often_it_strikes() -> None:
    made = faults(partial_failure=0.25)
    assert 200 < sum(made.strikes("partial_failure") for _ in range(1000)) < 300


def test_a_filter_leaves_other_endpoints_alone() -> None:
    made = faults(throttled=1.0, on=["stock"])
    assert [made.strikes("throttled", kind) for kind in ("stock", "orders")] == [True, False]


@pytest.mark.parametrize(
    "wrong",
    [
        {"trottled": 1},
        {"throttled": 1.5},
        {"on": ["stocks"]},
        {"webhook_delay_s": {"median": 5, "p95": 1}},
        {"down_until": "2026-03-02T12:00:00"},
    ],
)
def test_what_is_misspelt_or_out_of_range_is_refused_and_changes_nothing(wrong: dict[str, Any]) -> None:
    made = faults(throttled=0.5)
    with pytest.raises(ValidationError):
        made.change({"server_error": 1.0, **wrong})
    assert (made.settings.throttled, made.settings.server_error) == (0.5, 0.0)


def test_a_part_that_is_set_leaves_the_rest_as_it_was() -> None:
    made = faults(throttled=0.5)
    made.change({"webhook_delay_s": {"median": 2, "p95": 20}})
    made.change({"server_error": 1.0})
    assert (made.settings.throttled, made.settings.server_error) == (0.5, 1.0)


def test_delays_have_the_median_and_the_tail_that_were_asked_for() -> None:
    made = faults(webhook_delay_s={"median": 2.0, "p95": 60.0})
    drawn = sorted(made.webhook_delay_s() for _ in range(2000))
    assert 1.6 < drawn[1000] < 2.4
    assert 40 < drawn[1900] < 90


def test_a_shop_is_down_until_its_time() -> None:
    made = faults(down_until=NOON.isoformat())
    assert [made.is_down(NOON - timedelta(seconds=1)), made.is_down(NOON)] == [True, False]


def test_a_promotion_locks_always_the_same_share_of_the_listings() -> None:
    made = faults(promotion_lock=0.3)
    locked = [each for each in map(str, range(1000)) if made.locks(each)]
    assert 240 < len(locked) < 360
    assert locked == [each for each in map(str, range(1000)) if made.locks(each)]


def test_waiting_things_are_done_in_order_when_they_are_due() -> None:
    now, done = [0.0], []
    waiting = Waiting(lambda: now[0], speed=10)

    def note(word: str) -> Callable[[], None]:
        return lambda: done.append(word)

    waiting.later(20, note("second"))
    waiting.later(10, note("first"))
    waiting.later(1000, note("ends by itself"), settles=False)
    waiting.later(500, note("released"))
    now[0] = 0.99
    assert waiting.run_due() == 0
    now[0] = 2.0
    assert (waiting.run_due(), done) == (2, ["first", "second"])
    assert (waiting.release(), done[2:]) == (1, ["released"])
    assert (len(waiting), waiting.seconds_left()) == (1, 98.0)


def test_old_tokens_are_forgotten_in_the_end() -> None:
    sequence = faults().sequence("tokens")
    tokens = first_tokens(sequence, NOON, life_s=60, refresh_life_s=600)
    for _ in range(500):
        tokens.refresh(
            tokens.current.refresh, NOON, life_s=60, refresh_life_s=600, rotates=True, resets=True, grace_s=0
        )
    assert max(len(tokens.access), len(tokens.spent)) == 100
    assert tokens.accepts(tokens.current.access, NOON)
