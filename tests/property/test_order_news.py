"""Whatever news of orders comes, in any order, twice, or never until the last: levels end as the newest says."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.domain.errors import Unavailable
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from holdfast.services.orders.apply_order import apply_delivery, apply_order
from tests.support.faults import Crash, any_transaction, crash, lose_reply
from tests.support.market import Fair

LISTINGS = ("1~0", "2~0", "3~0")


@st.composite
def histories(draw: st.DrawFn) -> list[MarketOrder]:
    """How one order went: news with rising times; what is off it stays off; it ships, is cancelled, or neither."""
    order_id = draw(st.sampled_from(["A1", "A2"]))
    start = Fair().world.clock()
    units = {listing: draw(st.integers(1, 4)) for listing in draw(st.sets(st.sampled_from(LISTINGS), min_size=1))}
    off = dict.fromkeys(units, 0)
    aside = dict.fromkeys(units, 0)
    back = dict.fromkeys(units, 0)
    news: list[MarketOrder] = []
    stage = Stage.UNPAID
    for step in range(draw(st.integers(1, 5))):
        for listing, ordered in units.items():
            free = ordered - off[listing] - aside[listing]
            if stage is Stage.SHIPPED:
                back[listing] = min(free, back[listing] + draw(st.integers(0, 1)))
            else:
                off[listing] += draw(st.integers(0, free))
                aside[listing] += draw(st.integers(0, ordered - off[listing] - aside[listing]))
        if not any(units[each] - off[each] - aside[each] for each in units):
            stage = Stage.CANCELLED
        elif stage is not Stage.SHIPPED:
            stage = draw(st.sampled_from([stage, Stage.PAID, Stage.SHIPPED]))
        at = start + timedelta(seconds=step * 10)
        news.append(
            MarketOrder(
                order_id=order_id,
                stage=stage,
                created_at=start,
                updated_at=at,
                lines=tuple(
                    OrderLine(
                        listing=each,
                        ordered=units[each],
                        cancelled=off[each],
                        withheld=aside[each],
                        returned=back[each],
                    )
                    for each in sorted(units)
                ),
            )
        )
        if stage is Stage.CANCELLED:
            break
    return news


def believed(order: MarketOrder, *, shipped: bool) -> tuple[int, int, int]:
    """Kettles on hand, committed and set aside by one order: listing 1~0 is one, 2~0 is two, 3~0 is nobody's."""
    on_hand = committed = aside = 0
    for line in order.lines:
        each = {"1~0": 1, "2~0": 2}.get(line.listing, 0)
        aside += each * line.withheld
        if shipped:
            on_hand -= each * (line.wanted - line.returned)
        else:
            committed += each * line.wanted
    return on_hand, committed, aside


@settings(max_examples=150, deadline=None)
@given(history=histories(), choose=st.data())
def test_news_in_any_order_settles_to_the_newest(history: list[MarketOrder], choose: st.DataObject) -> None:
    fair = Fair()
    fair.world.sell("kettle", main=20)
    fair.map("1~0", kettle=1)
    fair.map("2~0", kettle=2)
    heard = [*choose.draw(st.lists(st.sampled_from(history), max_size=8)), history[-1]]
    heard = choose.draw(st.permutations(heard))
    for order in heard:
        fault = choose.draw(st.sampled_from([None, lose_reply, crash]))
        if fault is not None:
            fair.world.table.after(any_transaction, fault)
        try:
            apply_order(fair.intake, fair.shop, order, heard_by="webhook")
        except (Unavailable, Crash):
            apply_order(fair.intake, fair.shop, order, heard_by="webhook")
        fair.world.table.forget()
        assert fair.world.faults() == []

    last, level = history[-1], fair.world.level()
    record = fair.world.record(f"shopee:hanoi:{last.order_id}")
    assert record.told is not None
    assert record.told.updated_at == last.updated_at
    on_hand, committed, aside = believed(last, shipped=last.stage is Stage.SHIPPED)
    assert (level.on_hand, level.committed, level.unavailable) == (20 + on_hand, committed, aside)


@settings(max_examples=60, deadline=None)
@given(news=histories(), choose=st.data())
def test_a_listing_mapped_at_any_moment_ends_as_if_it_had_always_been(
    news: list[MarketOrder], choose: st.DataObject
) -> None:
    fair = Fair()
    fair.world.sell("kettle", main=50)
    fair.map("1~0", kettle=1)
    fair.map("3~0", kettle=1)
    at = choose.draw(st.integers(0, len(news)))
    for number, order in enumerate([*news, None]):
        if number == at:
            fair.map("2~0", kettle=2)
            for message in fair.queue.take():
                apply_delivery(fair.intake, message)
        if order is not None:
            apply_order(fair.intake, fair.shop, order, heard_by="poll")
        assert fair.world.faults() == []

    last, level = news[-1], fair.world.level()
    worth = {"1~0": 1, "2~0": 2, "3~0": 1}
    wanted = sum(worth[line.listing] * line.wanted for line in last.lines)
    back = sum(worth[line.listing] * line.returned for line in last.lines)
    shipped = last.stage is Stage.SHIPPED
    assert level.on_hand == 50 - (wanted - back if shipped else 0)
    assert level.committed == (0 if shipped else wanted)
