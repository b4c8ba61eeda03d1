"""Targets under any stock and any rules: never more than there is, never above the rules, never less for more stock."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.domain.sync import Act, Rules, Stock, SyncMode, act_on, target

units = st.integers(min_value=-50, max_value=2_000)
rules = st.builds(
    Rules,
    mode=st.sampled_from(SyncMode),
    ratio=st.integers(1, 100),
    threshold=st.integers(0, 60),
    maximum=st.none() | st.integers(1, 500),
    incoming_cap=st.integers(0, 20),
    push_at_threshold=st.booleans(),
    paused=st.booleans(),
)
goods = ("kettle", "cup", "tea")
needs = st.dictionaries(st.sampled_from(goods), st.integers(1, 6), min_size=1)
stock = st.dictionaries(st.sampled_from(goods), st.builds(Stock, free=units, incoming=st.integers(-5, 50)))


@settings(max_examples=400)
@given(needs=needs, stock=stock, rules=rules, limit=st.none() | st.integers(1, 99))
def test_a_target_never_promises_more_than_there_is_and_keeps_every_rule(
    needs: dict[str, int], stock: dict[str, Stock], rules: Rules, limit: int | None
) -> None:
    made = target(needs, stock, rules, channel_limit=limit)
    for sku, each in needs.items():
        there = stock.get(sku, Stock())
        on_its_way = min(max(0, there.incoming), rules.incoming_cap)
        assert made.quantity == 0 or made.quantity * each <= there.free + on_its_way
    assert made.quantity <= Fraction(made.sellable * rules.ratio, 100)
    assert made.quantity == 0 or made.quantity > rules.threshold
    assert made.quantity == 0 or rules.maximum is None or made.quantity <= rules.maximum
    assert made.quantity == 0 or limit is None or made.quantity <= limit
    # Rounded down and no further: one more would break a rule.
    more = made.offered + 1
    assert (
        more > Fraction(made.sellable * rules.ratio, 100)
        or (rules.maximum is not None and more > rules.maximum)
        or (limit is not None and more > limit)
    )


@settings(max_examples=200)
@given(needs=needs, stock=stock, rules=rules, more=st.integers(0, 100), of=st.sampled_from(goods))
def test_more_stock_never_lessens_a_target(
    needs: dict[str, int], stock: dict[str, Stock], rules: Rules, more: int, of: str
) -> None:
    had = stock.get(of, Stock())
    fuller = {**stock, of: replace(had, free=had.free + more)}
    assert target(needs, fuller, rules).quantity >= target(needs, stock, rules).quantity


@settings(max_examples=200)
@given(needs=needs, stock=stock, rules=rules, acknowledged=st.none() | st.integers(0, 500))
def test_a_change_is_never_forgotten_and_a_paused_shop_shows_nothing_new(
    needs: dict[str, int], stock: dict[str, Stock], rules: Rules, acknowledged: int | None
) -> None:
    made = target(needs, stock, rules)
    act = act_on(rules, made, acknowledged=acknowledged)
    assert (act is Act.NOTHING) == (made.quantity == acknowledged)
    if rules.paused and act is Act.PUSH_NOW:
        assert made.quantity == 0
    if made.oversold and made.quantity == 0 and acknowledged != 0:
        assert act is Act.PUSH_NOW
