"""What a listing shows and what a change means for it, case by case."""

from dataclasses import fields
from decimal import Decimal

import pytest

from holdfast.domain.sync import (
    Act,
    Overrides,
    PriceStep,
    Rule,
    Rules,
    Stock,
    SyncMode,
    Target,
    act_on,
    may_push,
    price_step,
    rules_of,
    target,
    wrong_rules,
)


def shown(free: int, *, takes: int = 1, incoming: int = 0, **rules: int | None) -> int:
    """The target of a listing that takes `takes` kettles."""
    stock = {"kettle": Stock(free=free, incoming=incoming)}
    return target({"kettle": takes}, stock, Rules(**rules)).quantity  # type: ignore[arg-type]  # fields of rules


@pytest.mark.parametrize(
    ("free", "ratio", "threshold", "expected"),
    [
        (10, 50, 5, 0),  # half of 10 is 5, not more than the threshold
        (11, 50, 5, 0),  # 5.5 is rounded down to 5
        (12, 50, 5, 6),
        (13, 50, 5, 6),
        (10, 100, 0, 10),
        (1, 100, 0, 1),  # threshold 0: everything may be sold, the last unit too
        (0, 100, 0, 0),
        (-3, 100, 0, 0),
        (1, 99, 0, 0),
        (3, 33, 0, 0),  # 0.99
        (4, 33, 0, 1),
        (100, 80, 20, 80),
        (25, 80, 20, 0),  # exactly the threshold
        (26, 80, 19, 20),
        (7, 100, 7, 0),
        (8, 100, 7, 8),
        (1_000_000, 100, 0, 1_000_000),
    ],
)
def test_the_ratio_is_rounded_down_and_what_does_not_exceed_the_threshold_is_not_offered(
    free: int, ratio: int, threshold: int, expected: int
) -> None:
    assert shown(free, ratio=ratio, threshold=threshold) == expected


def test_twenty_nine_hundredths_of_a_hundred_is_twenty_nine_and_not_what_a_float_makes_of_it() -> None:
    assert shown(100, ratio=29) == 29
    assert int(100 * 0.29) == 28


@pytest.mark.parametrize(
    ("free", "maximum", "threshold", "expected"),
    [(50, 20, 0, 20), (20, 20, 0, 20), (19, 20, 0, 19), (50, 5, 5, 0), (50, 6, 5, 6)],
)
def test_a_maximum_limits_what_is_offered_before_the_threshold_judges_it(
    free: int, maximum: int, threshold: int, expected: int
) -> None:
    assert shown(free, maximum=maximum, threshold=threshold) == expected


def test_a_marketplaces_own_limit_is_kept() -> None:
    made = target({"sticker": 1}, {"sticker": Stock(free=200_000)}, Rules(), channel_limit=99_999)
    assert (made.quantity, made.rule) == (99_999, Rule.CHANNEL_LIMIT)


@pytest.mark.parametrize(
    ("kettles", "cups", "expected", "scarce"),
    [(10, 40, 10, "cup"), (10, 41, 10, "cup"), (10, 44, 10, "kettle"), (3, 40, 3, "kettle"), (10, 3, 0, "cup")],
)
def test_a_tea_set_is_as_many_as_its_scarcest_part_makes(kettles: int, cups: int, expected: int, scarce: str) -> None:
    made = target({"kettle": 1, "cup": 4}, {"kettle": Stock(free=kettles), "cup": Stock(free=cups)}, Rules())
    assert (made.quantity, made.scarce) == (expected, scarce)


def test_a_sku_that_has_no_level_has_no_units() -> None:
    made = target({"kettle": 1, "cup": 4}, {"kettle": Stock(free=10)}, Rules())
    assert (made.quantity, made.scarce, made.rule) == (0, "cup", Rule.NOTHING_FREE)


@pytest.mark.parametrize(
    ("free", "incoming", "cap", "expected"),
    [
        (0, 10, 0, 0),
        (0, 10, 5, 5),
        (0, 3, 5, 3),
        (2, 10, 5, 7),
        (-3, 10, 5, 2),  # three of the five were sold already
        (-5, 10, 5, 0),
        (-6, 10, 5, 0),
        (4, -2, 5, 4),
    ],
)
def test_units_on_their_way_are_sold_up_to_the_listings_cap(free: int, incoming: int, cap: int, expected: int) -> None:
    assert shown(free, incoming=incoming, incoming_cap=cap) == expected


def test_only_a_listing_can_say_that_units_on_their_way_are_sold() -> None:
    shop = Rules(incoming_cap=50)
    assert rules_of(shop, Overrides()).incoming_cap == 0
    assert rules_of(shop, Overrides(incoming_cap=5)).incoming_cap == 5


@pytest.mark.parametrize(
    ("free", "rules", "expected"),
    [
        (0, Rules(), Rule.NOTHING_FREE),
        (9, Rules(), Rule.EVERYTHING),
        (9, Rules(ratio=50), Rule.RATIO),
        (9, Rules(maximum=3), Rule.MAXIMUM),
        (9, Rules(ratio=50, maximum=3), Rule.MAXIMUM),
        (9, Rules(ratio=50, maximum=4), Rule.RATIO),
        (9, Rules(threshold=9), Rule.THRESHOLD),
        (9, Rules(ratio=50, threshold=4), Rule.THRESHOLD),
        (1, Rules(ratio=50), Rule.THRESHOLD),
        (-1, Rules(threshold=3), Rule.NOTHING_FREE),
    ],
)
def test_a_target_names_the_rule_that_made_it(free: int, rules: Rules, expected: Rule) -> None:
    assert target({"kettle": 1}, {"kettle": Stock(free=free)}, rules).rule is expected


@pytest.mark.parametrize("needs", [{}, {"kettle": 0}, {"kettle": 1, "cup": -1}])
def test_a_listing_that_sells_nothing_has_no_target(needs: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        target(needs, {}, Rules())


# ---- What a change means

SOLD_OUT = Target(quantity=0, sellable=0, offered=0, rule=Rule.NOTHING_FREE, scarce="kettle")
OWED = Target(quantity=0, sellable=0, offered=0, rule=Rule.NOTHING_FREE, scarce="kettle", oversold=True)
THREE = Target(quantity=3, sellable=3, offered=3, rule=Rule.EVERYTHING, scarce=None)

NOW, WAIT, NOTHING, HOLD = Act.PUSH_NOW, Act.WAIT_FOR_RUN, Act.NOTHING, Act.HOLD
DAILY, SESSION, CONTINUOUS = SyncMode.DAILY, SyncMode.SESSION, SyncMode.CONTINUOUS


@pytest.mark.parametrize(
    ("mode", "push_at_threshold", "paused", "to_three", "to_none", "to_owed"),
    [
        (DAILY, False, False, WAIT, WAIT, NOW),
        (DAILY, False, True, HOLD, WAIT, NOW),
        (DAILY, True, False, WAIT, NOW, NOW),
        (DAILY, True, True, HOLD, NOW, NOW),
        (SESSION, False, False, WAIT, WAIT, NOW),
        (SESSION, False, True, HOLD, WAIT, NOW),
        (SESSION, True, False, WAIT, NOW, NOW),
        (SESSION, True, True, HOLD, NOW, NOW),
        (CONTINUOUS, False, False, NOW, NOW, NOW),
        (CONTINUOUS, False, True, HOLD, NOW, NOW),
        (CONTINUOUS, True, False, NOW, NOW, NOW),
        (CONTINUOUS, True, True, HOLD, NOW, NOW),
    ],
)
def test_what_a_change_means_in_each_mode(
    mode: SyncMode, push_at_threshold: bool, paused: bool, to_three: Act, to_none: Act, to_owed: Act
) -> None:
    rules = Rules(mode=mode, push_at_threshold=push_at_threshold, paused=paused)
    acts = [act_on(rules, wanted, acknowledged=7) for wanted in (THREE, SOLD_OUT, OWED)]
    assert acts == [to_three, to_none, to_owed]
    assert act_on(rules, THREE, acknowledged=None) is to_three


@pytest.mark.parametrize("mode", SyncMode)
@pytest.mark.parametrize("wanted", [THREE, SOLD_OUT, OWED])
def test_what_is_shown_already_is_not_pushed_again(mode: SyncMode, wanted: Target) -> None:
    assert act_on(Rules(mode=mode), wanted, acknowledged=wanted.quantity) is NOTHING


def test_a_paused_shop_may_be_pushed_to_none_and_to_nothing_else() -> None:
    paused = Rules(paused=True)
    assert may_push(paused, 0)
    assert not may_push(paused, 1)
    assert may_push(Rules(), 1)


# ---- Settings


def test_a_listing_has_what_it_does_not_say_from_its_shop() -> None:
    shop = Rules(mode=DAILY, ratio=80, threshold=4, maximum=50, push_at_threshold=False, largest_price_fall=10)
    assert rules_of(shop, Overrides()) == shop
    own = Overrides(mode=CONTINUOUS, ratio=100, threshold=0, maximum=5, push_at_threshold=True, largest_price_fall=0)
    assert rules_of(shop, own) == Rules(
        mode=CONTINUOUS, ratio=100, threshold=0, maximum=5, push_at_threshold=True, largest_price_fall=0
    )


@pytest.mark.parametrize(
    ("shop", "listing", "expected"),
    [(False, None, False), (False, True, True), (True, None, True), (True, False, True), (False, False, False)],
)
def test_a_listing_cannot_leave_the_pause_of_its_shop(shop: bool, listing: bool | None, expected: bool) -> None:
    assert rules_of(Rules(paused=shop), Overrides(paused=listing)).paused is expected


def test_every_rule_can_be_overridden() -> None:
    assert {each.name for each in fields(Overrides)} == {each.name for each in fields(Rules)}


@pytest.mark.parametrize(
    ("rules", "wrong"),
    [
        (Rules(), set()),
        (Overrides(), set()),
        (
            Rules(ratio=0, threshold=-1, maximum=0, incoming_cap=-1, largest_price_fall=101),
            {"ratio", "threshold", "maximum", "incoming_cap", "largest_price_fall"},
        ),
        (Overrides(ratio=101, threshold=1_000_001), {"ratio", "threshold"}),
    ],
)
def test_every_setting_out_of_bounds_is_named(rules: Rules | Overrides, wrong: set[str]) -> None:
    assert {each.field for each in wrong_rules(rules)} == wrong


# ---- Prices


@pytest.mark.parametrize(
    ("wanted", "shown_now", "fall", "approved", "expected"),
    [
        (None, "100000", 30, None, PriceStep()),
        ("100000", "100000", 30, None, PriceStep()),
        ("100000.00", "100000", 30, None, PriceStep()),
        ("120000", "100000", 30, None, PriceStep(push=Decimal(120_000))),
        ("70000", "100000", 30, None, PriceStep(push=Decimal(70_000))),
        ("69999", "100000", 30, None, PriceStep(waits=Decimal(69_999))),
        ("10000", "100000", 30, None, PriceStep(waits=Decimal(10_000))),
        ("10000", "100000", 30, "10000", PriceStep(push=Decimal(10_000))),
        ("9000", "100000", 30, "10000", PriceStep(waits=Decimal(9_000))),
        ("99999", "100000", 0, None, PriceStep(waits=Decimal(99_999))),
        ("1", "100000", 100, None, PriceStep(push=Decimal(1))),
        ("10000", None, 30, None, PriceStep(push=Decimal(10_000))),
    ],
)
def test_a_price_that_falls_too_far_waits_for_a_person(
    wanted: str | None, shown_now: str | None, fall: int, approved: str | None, expected: PriceStep
) -> None:
    def money(told: str | None) -> Decimal | None:
        return None if told is None else Decimal(told)

    step = price_step(wanted=money(wanted), shown=money(shown_now), largest_fall=fall, approved=money(approved))
    assert step == expected
