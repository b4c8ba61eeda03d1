"""The level: what it is made of always adds up, or it is not written."""

import pytest

from holdfast.domain.errors import LedgerBroken
from holdfast.domain.level import Level, LevelChange, Place

KETTLE = Place("kettle", "main")
NOON = 1_772_625_600


def a_level(**changed: object) -> Level:
    counters: dict[str, object] = {"available": 4, "committed": 2, "unavailable": 1, "leased": 0, "on_hand": 10}
    return Level(place=KETTLE, **{**counters, "wheel": {NOON: 3}, **changed})  # type: ignore[arg-type]  # its fields


def test_free_held_committed_and_damaged_kettles_make_up_what_is_on_hand() -> None:
    assert a_level().adds_up()
    assert a_level().reserved == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"available": 5},
        {"committed": 3},
        {"unavailable": 0},
        {"leased": 1},
        {"on_hand": 9},
        {"wheel": {}},
        {"committed": -1, "available": 7},
        {"unavailable": -1, "available": 6},
        {"wheel": {NOON: -1, NOON + 60: 4}},
    ],
    ids=str,
)
def test_a_level_that_does_not_add_up_is_not_believed(wrong: dict[str, object]) -> None:
    with pytest.raises(LedgerBroken, match="kettle"):
        a_level(**wrong).checked()


def test_two_kettles_promised_and_not_there_are_two_oversold() -> None:
    assert a_level(available=-2, on_hand=4).checked().oversold == 2
    assert a_level().oversold == 0


def test_held_units_are_sellable_once_their_minute_is_past_by_the_margin() -> None:
    level = a_level()
    assert level.sellable(now_s=NOON + 29.9, margin_seconds=30) == 4
    assert level.sellable(now_s=NOON + 30, margin_seconds=30) == 7


@pytest.mark.parametrize(
    "change",
    [
        {"add": {"available": -1}},
        {"add": {"available": -1, "committed": 2}},
        {"add": {"on_hand": 1}},
        {"turn": {NOON: 1}},
        {"add": {"available": 1}, "clear": {NOON: 2}},
        {"add": {"available": 1, "on_hand": 2}},
    ],
    ids=str,
)
def test_a_change_that_would_lose_or_make_a_unit_cannot_be_put_together(change: dict[str, dict[str, int]]) -> None:
    with pytest.raises(LedgerBroken):
        LevelChange(place=KETTLE, **change)  # type: ignore[arg-type]  # its fields


def test_incoming_units_are_not_in_the_building() -> None:
    assert LevelChange(place=KETTLE, add={"incoming": 12}).writes
    assert a_level(incoming=12).adds_up()


def test_a_change_shows_what_the_level_becomes() -> None:
    change = LevelChange(place=KETTLE, add={"available": 3}, clear={NOON: 3}, folded_to=NOON)
    after = a_level(version=8).after(change)
    assert (after.available, after.wheel, after.folded_to, after.version) == (7, {}, NOON, 9)


def test_a_change_that_would_break_the_level_is_found_before_it_is_written() -> None:
    with pytest.raises(LedgerBroken):
        a_level().after(LevelChange(place=KETTLE, add={"committed": -3, "available": 3}))
