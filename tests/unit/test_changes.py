"""Every change of a level, on a level: where the units go, and which conditions guard them."""

from collections.abc import Callable

import pytest

from holdfast.domain import changes
from holdfast.domain.level import Level, LevelChange, Place
from holdfast.store.levels import level_action, level_from
from holdfast.store.table import Check, ConditionFailed, Key, Put, Update
from tests.support.fake_table import FakeTable

KETTLE = Place("kettle", "main")
NOON = 1_772_625_600
LATER = NOON + 1800
LEVEL = Level(
    place=KETTLE,
    available=5,
    committed=4,
    unavailable=3,
    on_hand=14,
    incoming=6,
    wheel={NOON: 2},
    folded_to=NOON - 600,
    version=9,
)


def as_item(level: Level) -> dict[str, object]:
    names = ("available", "committed", "leased", "unavailable", "on_hand", "incoming", "folded_to", "version")
    return {name: getattr(level, name) for name in names} | {
        "wheel": {str(minute): units for minute, units in level.wheel.items()}
    }


def written(level: Level, change: LevelChange) -> Level:
    """The change as the table applies it. Raises ConditionFailed."""
    table = FakeTable()
    key = Key("SKU#kettle", "LEVEL#main#0")
    table.write(Put(key=key, item=as_item(level)))
    action = level_action(change)
    assert isinstance(action, Update)
    new = table.write(action)
    assert new is not None
    return level_from(new)


EACH: dict[str, tuple[LevelChange, dict[str, object]]] = {
    "hold": (changes.hold(KETTLE, 2, minute=NOON), {"available": 3, "wheel": {NOON: 4}}),
    "hold in a new minute": (
        changes.hold(KETTLE, 5, minute=LATER),
        {"available": 0, "wheel": {NOON: 2, LATER: 5}},
    ),
    "hold in a crowd": (changes.hold_in_crowd(KETTLE, 1, minute=NOON), {"available": 4, "wheel": {NOON: 3}}),
    "commit what was held": (changes.commit_held(KETTLE, 2, minute=NOON), {"committed": 6, "wheel": {NOON: 0}}),
    "commit free units": (changes.commit_free(KETTLE, 5), {"available": 0, "committed": 9}),
    "give back what was held": (changes.give_back_held(KETTLE, 1, minute=NOON), {"available": 6, "wheel": {NOON: 1}}),
    "give back what was committed": (changes.give_back_committed(KETTLE, 4), {"available": 9, "committed": 0}),
    "lengthen": (changes.lengthen(KETTLE, 2, minute=NOON, until=LATER), {"wheel": {NOON: 0, LATER: 2}}),
    "ship": (changes.ship(KETTLE, 4), {"committed": 0, "on_hand": 10}),
    "fold": (changes.fold(LEVEL, (NOON,)), {"available": 7, "wheel": {}, "folded_to": NOON}),
    "receive": (changes.receive(KETTLE, 3), {"available": 8, "on_hand": 17}),
    "receive what was announced": (
        changes.receive(KETTLE, 8, expected=6),
        {"available": 13, "on_hand": 22, "incoming": 0},
    ),
    "announce": (changes.announce(KETTLE, 4), {"incoming": 10}),
    "announce fewer": (changes.announce(KETTLE, -6), {"incoming": 0}),
    "take out": (changes.take_out(KETTLE, 5, oversells_from=None), {"available": 0, "on_hand": 9}),
    "take out what is promised": (
        changes.take_out(KETTLE, 14, oversells_from=5),
        {"available": -9, "on_hand": 0},
    ),
    "set aside": (changes.set_aside(KETTLE, 5, oversells_from=None), {"available": 0, "unavailable": 8}),
    "restore": (changes.restore(KETTLE, 3), {"available": 8, "unavailable": 0}),
    "move out": (changes.move_out(KETTLE, 5), {"available": 0, "on_hand": 9}),
    "correct upwards": (
        changes.correct(KETTLE, 3, seen_on_hand=14, oversells_from=None),
        {"available": 8, "on_hand": 17},
    ),
    "correct downwards": (
        changes.correct(KETTLE, -5, seen_on_hand=14, oversells_from=None),
        {"available": 0, "on_hand": 9},
    ),
}


@pytest.mark.parametrize("name", EACH)
def test_a_change_moves_exactly_these_units(name: str) -> None:
    change, expected = EACH[name]
    after = written(LEVEL, change)
    as_was: dict[str, object] = {
        "available": 5,
        "committed": 4,
        "unavailable": 3,
        "on_hand": 14,
        "incoming": 6,
        "wheel": {NOON: 2},
    }
    as_was["folded_to"] = NOON - 600
    assert {field: getattr(after, field) for field in as_was} == {**as_was, **expected}
    assert after.adds_up()
    assert after == LEVEL.after(change), "the rule and the store say the same"


TOO_MUCH: dict[str, Callable[[], LevelChange]] = {
    "a hold of more than is free": lambda: changes.hold(KETTLE, 6, minute=NOON),
    "a hold in a minute that was folded": lambda: changes.hold(KETTLE, 1, minute=NOON - 600),
    "a crowd's hold of more than is free": lambda: changes.hold_in_crowd(KETTLE, 6, minute=NOON),
    "a crowd's hold in a minute that was folded": lambda: changes.hold_in_crowd(KETTLE, 1, minute=NOON - 600),
    "a commit of more than the entry has": lambda: changes.commit_held(KETTLE, 3, minute=NOON),
    "a commit from a minute that was folded": lambda: changes.commit_held(KETTLE, 1, minute=NOON - 600),
    "a commit of more than is free": lambda: changes.commit_free(KETTLE, 6),
    "giving back more than the entry has": lambda: changes.give_back_held(KETTLE, 3, minute=NOON),
    "giving back more than is committed": lambda: changes.give_back_committed(KETTLE, 5),
    "lengthening more than the entry has": lambda: changes.lengthen(KETTLE, 3, minute=NOON, until=LATER),
    "lengthening into a minute that was folded": lambda: changes.lengthen(KETTLE, 1, minute=NOON, until=NOON - 600),
    "shipping more than is committed": lambda: changes.ship(KETTLE, 5),
    "taking out more than is free": lambda: changes.take_out(KETTLE, 6, oversells_from=None),
    "taking out more than is there": lambda: changes.take_out(KETTLE, 15, oversells_from=5),
    "setting aside more than is free": lambda: changes.set_aside(KETTLE, 6, oversells_from=None),
    "restoring more than was set aside": lambda: changes.restore(KETTLE, 4),
    "moving out more than is free": lambda: changes.move_out(KETTLE, 6),
    "a count against an older figure": lambda: changes.correct(KETTLE, 1, seen_on_hand=13, oversells_from=None),
    "a count that takes more than is free": lambda: changes.correct(KETTLE, -6, seen_on_hand=14, oversells_from=None),
    "a first count where a level is": lambda: changes.first_count(KETTLE, 3),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_level_refuses(name: str) -> None:
    with pytest.raises(ConditionFailed) as failure:
        written(LEVEL, TOO_MUCH[name]())
    assert failure.value.item is not None
    assert level_from(failure.value.item) == LEVEL, "the answer is in the failure"


def test_a_full_wheel_refuses_a_hold_and_takes_it_in_a_crowd() -> None:
    wheel = {NOON + 60 * each: 0 for each in range(64)}
    full = Level(place=KETTLE, available=1, on_hand=1, wheel=wheel)
    with pytest.raises(ConditionFailed):
        written(full, changes.hold(KETTLE, 1, minute=LATER))
    assert written(full, changes.hold_in_crowd(KETTLE, 1, minute=LATER)).available == 0


def test_a_fold_refuses_an_entry_that_changed_since_it_was_read() -> None:
    for now_there in ({NOON: 3}, {NOON: 1}, {}):
        since = Level(place=KETTLE, available=5, on_hand=5 + sum(now_there.values()), wheel=now_there)
        with pytest.raises(ConditionFailed):
            written(since, changes.fold(LEVEL, (NOON,)))


def test_a_fold_mark_never_goes_back() -> None:
    ahead = Level(place=KETTLE, available=5, on_hand=7, wheel={NOON: 2}, folded_to=NOON + 60)
    with pytest.raises(ConditionFailed):
        written(ahead, changes.fold(LEVEL, (NOON,)))
    assert written(ahead, changes.fold(ahead, (NOON,))).folded_to == NOON + 60


def test_a_check_of_an_entry_writes_nothing() -> None:
    action = level_action(changes.still_held(KETTLE, 2, minute=NOON))
    assert isinstance(action, Check)
    [condition] = action.conditions
    assert condition.holds(as_item(LEVEL))
    assert not condition.holds({**as_item(LEVEL), "wheel": {str(NOON): 1}})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (changes.receive(KETTLE, 3), {"available": 3, "on_hand": 3, "incoming": 0}),
        (changes.announce(KETTLE, 3), {"available": 0, "on_hand": 0, "incoming": 3}),
        (changes.first_count(KETTLE, 3), {"available": 3, "on_hand": 3, "incoming": 0}),
        (changes.first_count(KETTLE, 0), {"available": 0, "on_hand": 0, "incoming": 0}),
    ],
)
def test_a_location_begins_with_what_first_comes_to_it(change: LevelChange, expected: dict[str, int]) -> None:
    table = FakeTable()
    action = level_action(change)
    assert isinstance(action, Update)
    new = table.write(action)
    assert new is not None
    level = level_from(new)
    assert {name: getattr(level, name) for name in expected} == expected
    assert (level.wheel, level.folded_to, level.version) == ({}, 0, 1)


@pytest.mark.parametrize("name", ["hold", "commit what was held", "commit free units", "fold", "ship", "take out"])
def test_nothing_but_stock_that_comes_in_makes_a_level(name: str) -> None:
    change, _ = EACH[name]
    action = level_action(change)
    assert isinstance(action, Update)
    with pytest.raises(ConditionFailed) as failure:
        FakeTable().write(action)
    assert failure.value.item is None
