"""Why a listing shows its number, and why it showed another one then."""

import pytest

from holdfast.channels.protocol import ChannelError
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import NeverPushed, UnknownListing
from holdfast.domain.listing import ListingKey
from holdfast.domain.sync import Rules, SyncMode
from holdfast.services.sync.explain import explain
from tests.support.sync_floor import LISTING, SyncFloor


def floor_of(units: int, **rules: object) -> SyncFloor:
    floor = SyncFloor(rules=Rules(mode=SyncMode.CONTINUOUS, **rules))  # type: ignore[arg-type]  # fields of rules
    floor.stock("kettle", units)
    floor.settle()
    return floor


def why(floor: SyncFloor, listing: str = LISTING, **ago: float) -> str:
    at = floor.clock()
    floor.clock.forward(**{unit: -amount for unit, amount in ago.items()})
    then = floor.clock()
    floor.clock.now = at
    return explain(floor.world.context, ListingKey(floor.shop, listing), at=then).sentence


@pytest.mark.parametrize(
    ("units", "rules", "expected"),
    [
        (3, {}, "shopee/hanoi/1~0 shows 3: all 3 that kettle make are offered."),
        (13, {"ratio": 50}, "shopee/hanoi/1~0 shows 6: 50 % of 13 is 6, rounded down."),
        (13, {"maximum": 4}, "shopee/hanoi/1~0 shows 4: at most 4 are offered, of 13."),
        (
            10,
            {"ratio": 50, "threshold": 5},
            "shopee/hanoi/1~0 shows 0: 5 would be offered, which is not more than the threshold of 5.",
        ),
    ],
)
def test_a_number_is_explained_in_a_sentence(units: int, rules: dict[str, object], expected: str) -> None:
    told = why(floor_of(units, **rules))
    assert told.startswith(expected)
    assert "Pushed because of kettle at main changed" in told


def test_what_was_shown_at_a_time_is_explained_by_what_was_so_then() -> None:
    floor = floor_of(3)
    floor.clock.forward(hours=1)
    floor.count(0)
    floor.settle()
    floor.clock.forward(hours=1)
    floor.count(8)
    floor.settle()
    assert " shows 8: " in why(floor)
    assert " shows 0: nothing of kettle is free" in why(floor, minutes=30)
    assert " shows 3: " in why(floor, hours=2)


def test_a_refused_number_is_told_beside_the_one_that_is_shown() -> None:
    floor = floor_of(3)
    floor.clock.forward(hours=1)
    floor.shelf.refuses[LISTING] = [ChannelError(Kind.FINAL, "error_item_uneditable", "")]
    floor.count(0)
    floor.settle()
    told = why(floor)
    assert " shows 3: " in told
    assert told.endswith("0 was sent after it and was refused (error_item_uneditable).")


def test_a_listing_that_was_never_pushed_and_one_that_is_unknown() -> None:
    floor = floor_of(3)
    floor.fair.map("2~0", kettle=1)
    with pytest.raises(NeverPushed):
        why(floor, "2~0")
    with pytest.raises(UnknownListing):
        why(floor, "404~0")
    with pytest.raises(NeverPushed):
        why(floor, hours=1)
