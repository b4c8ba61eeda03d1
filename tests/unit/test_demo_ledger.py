"""What the demo knows it did, and what it calls wrong."""

from typing import Any

import pytest

from demo.buyers import outcome_of
from demo.ledger import Ledger, Outcome, Result, differences, tally
from demo.orders import Line
from demo.report import failures
from demo.rush import sku_of
from demo.shop import Reply


def result(outcome: Outcome, *lines: Line, shipped: bool = False) -> Result:
    return Result("order", lines or (Line("mug", 2),), outcome, shipped=shipped)


def ledger(*results: Result, mugs: int = 10) -> Ledger:
    return Ledger(stocked={"mug": mugs}, results=list(results))


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.EXPIRED, Outcome.RELEASED, Outcome.REFUND_DUE])
def test_orders_that_ended_without_units_leave_the_level_as_it_was(outcome: Outcome) -> None:
    mugs = ledger(result(outcome)).expected()["mug"]
    assert (mugs["on_hand"], mugs["available"], mugs["committed"]) == (10, 10, 0)


@pytest.mark.parametrize("outcome", [Outcome.COMMITTED_IN_TIME, Outcome.COMMITTED_LATE, Outcome.UNPAID])
def test_orders_that_keep_their_units_are_committed_until_they_are_shipped(outcome: Outcome) -> None:
    waiting, gone = result(outcome), result(outcome, shipped=True)
    mugs = ledger(waiting, gone).expected()["mug"]
    assert (mugs["on_hand"], mugs["available"], mugs["committed"]) == (8, 6, 2)


def test_promising_more_than_was_received_is_oversold() -> None:
    twice = [result(Outcome.COMMITTED_IN_TIME, shipped=True), result(Outcome.COMMITTED_LATE)]
    assert ledger(*twice, mugs=3).oversold_units() == 1
    assert ledger(*twice, mugs=4).oversold_units() == 0


def test_a_level_is_off_if_any_counter_differs_or_is_missing() -> None:
    expected = {"on_hand": 8, "available": 8}
    assert differences(expected, {"on_hand": 8, "available": 8, "incoming": 5}) == {}
    assert set(differences(expected, {"on_hand": 8, "available": 7})) == {"available"}
    assert set(differences(expected, {"on_hand": 8})) == {"available"}


def test_all_but_the_refused_were_held() -> None:
    counted = tally([result(Outcome.REFUSED), result(Outcome.EXPIRED), result(Outcome.COMMITTED_LATE)])
    assert (counted["held"], counted["refused"], counted["expired"], counted["committed_late"]) == (2, 1, 1, 1)


def reply(outcome: str, *history: str) -> Reply:
    return Reply(200, {"outcome": outcome, "history": [{"at": "…", "what": what} for what in history]})


def test_a_commit_is_late_if_the_api_says_it_arrived_late() -> None:
    assert outcome_of(reply("committed", "held", "committed")) is Outcome.COMMITTED_IN_TIME
    assert outcome_of(reply("committed", "held", "committed late")) is Outcome.COMMITTED_LATE
    assert outcome_of(reply("refund_due", "held", "refund due: …")) is Outcome.REFUND_DUE


def figures(**changed: Any) -> dict[str, Any]:
    ended = {"committed_in_time": 1, "committed_late": 1, "refund_due": 0, "expired": 1, "released": 0}
    zero = {"levels_off": 0, "oversold_units": 0, "states_off": 0}
    rush = {"reserve": {"differing": 0}}
    return {"orders": 4, "held": 3, "refused": 1, **ended, **zero, "rush": rush, "market": {"failures": []}, **changed}


def test_a_day_that_adds_up_has_no_failures() -> None:
    assert failures(figures()) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"levels_off": 1},
        {"oversold_units": 1},
        {"states_off": 1},
        {"orders": 5},
        {"expired": 0},
        {"rush": {"reserve": {"differing": 1}}},
        {"market": {"failures": ["shopee 1 is not at its target"]}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_whatever_does_not_add_up_is_a_failure(changed: dict[str, Any]) -> None:
    assert failures(figures(**changed))


def test_each_rush_has_a_good_of_its_own() -> None:
    assert len({sku_of(mode) for mode in ("reserve", "on_order", "on_payment")}) == 3
