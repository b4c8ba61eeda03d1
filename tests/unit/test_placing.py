"""Which location serves a line: the first in order that holds the whole line."""

import pytest

from holdfast.domain.errors import BadInput, Shortage
from holdfast.domain.level import Place
from holdfast.domain.placing import place_lines, summed
from holdfast.domain.reservation import Line, Wanted

ORDER = ("hanoi", "saigon", "hue")


def placed(*lines: Wanted, **sellable: int) -> tuple[tuple[Line, ...], tuple[Shortage, ...]]:
    """`saigon=3`: 3 kettles are known to be there."""
    known = {Place("kettle", location): units for location, units in sellable.items()}
    return place_lines(lines, locations=ORDER, sellable=known)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, "hanoi"),
        ({"hanoi": 2}, "hanoi"),
        ({"hanoi": 1}, "saigon"),
        ({"hanoi": 1, "saigon": 5}, "saigon"),
        ({"hanoi": 1, "saigon": 1}, "hue"),
        ({"saigon": 100}, "hanoi"),
    ],
)
def test_two_kettles_come_from_the_first_location_not_known_to_lack_them(known: dict[str, int], expected: str) -> None:
    assert placed(Wanted("kettle", 2), **known) == ((Line("kettle", 2, expected),), ())


def test_a_line_is_never_split() -> None:
    served, short = placed(Wanted("kettle", 3), hanoi=2, saigon=1, hue=2)
    assert served == ()
    assert short == (Shortage("kettle", "hanoi", 3, 2),)


def test_a_shortage_names_the_location_that_has_most() -> None:
    _, [short] = placed(Wanted("kettle", 9), hanoi=1, saigon=7, hue=7)
    assert short == Shortage("kettle", "saigon", 9, 7)


def test_an_oversold_location_has_nothing_not_less_than_nothing() -> None:
    _, [short] = placed(Wanted("kettle", 1), hanoi=-4, saigon=-2, hue=-3)
    assert short.available == 0


def test_a_line_with_a_location_stays_there() -> None:
    served, short = placed(Wanted("kettle", 2, "hue"), hanoi=10, hue=1)
    assert served == ()
    assert short == (Shortage("kettle", "hue", 2, 1),)


def test_what_can_be_served_and_what_cannot_are_both_told() -> None:
    served, short = placed(Wanted("cup", 1), Wanted("kettle", 2), hanoi=0, saigon=0, hue=0)
    assert served == (Line("cup", 1, "hanoi"),)
    assert [each.sku for each in short] == ["kettle"]


def test_two_lines_of_one_sku_are_summed_in_the_order_of_their_first_appearance() -> None:
    lines = [Wanted("cup", 1), Wanted("kettle", 2), Wanted("cup", 3), Wanted("tea", 1, "hue"), Wanted("tea", 1, "hue")]
    assert summed(lines) == (Wanted("cup", 4), Wanted("kettle", 2), Wanted("tea", 2, "hue"))


def test_lines_of_one_sku_at_two_locations_stay_two() -> None:
    lines = (Wanted("cup", 1, "hue"), Wanted("cup", 1, "hanoi"))
    assert summed(lines) == lines


def test_a_sku_with_and_without_a_location_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="cup"):
        summed([Wanted("cup", 1), Wanted("cup", 1, "hue"), Wanted("tea", 1)])


def test_ninety_lines_fit_a_transaction_and_ninety_one_do_not() -> None:
    lines = [Wanted(f"cup {each}", 1) for each in range(90)]
    assert len(summed([*lines, *lines])) == 90
    with pytest.raises(BadInput, match="91"):
        summed([*lines, Wanted("kettle", 1)])
