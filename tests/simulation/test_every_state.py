"""Every state of small shops, with one fault; with two it is `python -m tests.simulation every-state`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from holdfast.domain import changes
from holdfast.domain.conditions import Condition
from holdfast.store import buyers
from tests.simulation.every_state import SHOPS, Explorer

if TYPE_CHECKING:
    import pytest

    from holdfast.domain.level import LevelChange, Place

BOTH_PAY, FOLDED_AND_WANTED = (replace(shop, faults=1) for shop in SHOPS[:2])


def test_no_state_is_wrong_in_which_two_want_the_last_unit() -> None:
    found = Explorer(BOTH_PAY).run(most=20_000)
    assert found.wrong == []
    assert found.states > 3_000, "all of it was looked at"


def test_no_state_is_wrong_in_which_the_last_unit_is_paid_folded_and_wanted() -> None:
    found = Explorer(FOLDED_AND_WANTED).run(most=20_000)
    assert found.wrong == []
    first_paid, second_held = ({ending[actor][-1] for ending in found.endings} for actor in (0, 1))
    assert {"committed", "refund_due", "insufficient_stock"} <= first_paid, "every fate is among the endings"
    assert second_held == {"held", "insufficient_stock"}


ONE_OF_TWO, TWICE_AND_BESIDE = (replace(shop, faults=1) for shop in SHOPS[7:9])


def test_no_state_is_wrong_in_which_one_buyer_asks_for_more_than_he_may_have() -> None:
    found = Explorer(ONE_OF_TWO).run(most=20_000)
    assert found.wrong == []
    assert found.endings == {
        (("held", "committed"), ("hold_budget",)),
        (("held", "committed"), ("held",)),
        (("hold_budget",), ("held",)),
    }
    twice = Explorer(TWICE_AND_BESIDE).run(most=20_000)
    assert twice.wrong == []
    assert {ending[1][-1] for ending in twice.endings} == {"held", "released", "hold_budget"}


def test_without_the_condition_of_his_budget_some_state_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buyers, "past_counts_no_more", lambda _now: Condition("gone", ("none such",), "absent"))
    assert Explorer(ONE_OF_TWO).run(most=20_000).wrong != []


def test_without_the_fold_mark_some_state_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can fail: a hold that does not look at the mark enters a minute that was folded."""

    def careless(place: Place, quantity: int, *, minute: int, floor: int = 0) -> LevelChange:
        right = hold(place, quantity, minute=minute, floor=floor)
        return replace(right, conditions=right.conditions[:1])

    hold = changes.hold
    monkeypatch.setattr(changes, "hold", careless)
    monkeypatch.setattr(changes, "hold_in_crowd", careless)
    assert Explorer(FOLDED_AND_WANTED).run(most=20_000).wrong != []


def test_without_comparing_what_a_fold_read_some_state_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    fold = changes.fold
    monkeypatch.setattr(changes, "fold", lambda level, minutes: replace(fold(level, minutes), conditions=()))
    assert Explorer(FOLDED_AND_WANTED).run(most=20_000).wrong != []
