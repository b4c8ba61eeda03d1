"""The hold budget in the simulator: that it takes part, and that what judges it can find something wrong."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.budgets import Budgets, Terms
from tests.simulation.buyers import with_budget
from tests.simulation.guards import GUARDS
from tests.simulation.mutants import by_simulation, mutant
from tests.simulation.profile import drawn
from tests.simulation.seed import run_seed
from tests.simulation.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

T0 = 1_772_625_600
NOTHING: dict[str, int] = {}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    opened = Stage()
    yield opened
    opened.close()


def test_a_third_of_the_seeds_have_buyers_with_a_budget_and_all_that_befalls_one(stage: Stage) -> None:
    scarce = [n for n in range(160) if with_budget(drawn(random.Random(n)), random.Random(~n))[1]]  # noqa: S311  # seeds
    counted: Counter[str] = Counter()
    for number in scarce:
        result = run_seed(number, stage)
        assert result.violations == []
        counted += result.counted
    assert 30 < len(scarce) < 90
    told = ("sim_judged", "sim_hold_budget", "sim_refused_by_policy", "sim_waited", "Changed", "PaymentBegun")
    assert [name for name in told if counted[name] < 5] == []


@pytest.mark.parametrize("name", ["a buyer's version", "limit: open holds", "a late payer's first lapse"])
def test_without_a_guard_of_the_budget_the_simulator_finds_what_goes_wrong(name: str) -> None:
    [guard] = [each for each in GUARDS if each.name == name]
    with mutant(guard) as core:
        assert by_simulation(core, seconds=60).startswith("seed ")


# ---- what judges it, on items written by hand


def budgets(**of_sku: int) -> Budgets:
    terms = Terms(of_buyer=NOTHING, of_sku=of_sku, window=7_200, margin=30.0, skew=0.0, doubt=300.0, exact=True)
    wheel = {str(T0 + 600 * number): 1 for number in range(20)}
    return Budgets(terms, lambda _at: {"wheel": wheel})


def record(name: str, *, at: float = 0, minute: int = 600, units: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "pk": f"RESERVATION#{name}", "sk": "RESERVATION", "state": "held", "mode": "reserve", "buyer_id": "lan",
        "budgeted": True, "lines": [{"sku": "bottle", "quantity": units, "location": "main"}], "minute": T0 + minute,
        "changed_at": int((T0 + at) * 1000), "history": [{"what": "held"}],
    } | more  # fmt: skip


def kept(*records: dict[str, Any], **more: Any) -> dict[str, Any]:
    entries = {
        each["pk"][12:]: {"l": {"bottle": each["lines"][0]["quantity"]}, "s": T0, "u": each["minute"], **more}
        for each in records
    }
    return {"pk": "BUYER#lan", "sk": "BUDGET", "entries": entries}


def wrong(found: Budgets, *changes: tuple[Any, Any], at: float = 0) -> list[str]:
    return list(found.written(list(changes), T0 + at, lambda: False))


def test_a_hold_over_a_limit_is_found() -> None:
    first, second = record("first"), record("second", at=5)
    found = budgets(open_holds=1)
    assert wrong(found, (None, first), (None, kept(first))) == []
    assert "over his limit open_holds=1" in wrong(found, (None, second), (kept(first), kept(first, second)), at=5)[0]


def test_units_and_pauses_and_re_holds_are_counted_from_the_records() -> None:
    first, second = record("first", units=3), record("second", at=700, minute=1_200)
    for limits, word in (({"units": 3}, "4 units"), ({"pause_seconds": 300}, "1 ran out"), ({"reholds": 1}, "")):
        found = budgets(**limits)
        assert wrong(found, (None, first), (None, kept(first))) == []
        told = wrong(found, (None, second), (kept(first), kept(first, second)), at=700)
        assert [word in each for each in told] == ([True] if word else [])


def test_a_budget_that_says_other_than_its_records_is_found() -> None:
    first = record("first")
    other = kept(record("first", minute=1_200))
    assert "it holds" in wrong(budgets(), (None, first), (None, other))[0]
    assert "does not know his hold" in wrong(budgets(), (None, first), (None, kept()))[0]
    assert "none of his reservations" in wrong(budgets(), (None, kept(first)))[0]
    found = budgets()
    wrong(found, (None, first), (None, kept(first)))
    assert "has lost first" in wrong(found, (kept(first), kept()), at=60)[0]


def test_an_end_that_the_budget_does_not_hear_of_is_found() -> None:
    first = record("first")
    found = budgets()
    wrong(found, (None, first), (None, kept(first)))
    paid = record("first", at=60, state="committed", paid=True)
    del paid["minute"]
    assert "its buyer's budget does not know" in wrong(found, (first, paid), at=60)[0]


def test_a_refusal_that_no_clock_could_give_is_false() -> None:
    first = record("first")
    found = budgets(open_holds=1)
    wrong(found, (None, first), (None, kept(first)))

    def told(limit: str, at: float) -> str:
        return found.is_false("lan", "new", limit, "bottle", 1, since=T0 + at, now=T0 + at + 1)

    assert told("open_holds", 60) == ""
    assert "may have []" in told("open_holds", 600 + 302)
    assert "only 0" in told("reholds", 60)
    assert "pause was over" in told("pause_seconds", 60)
