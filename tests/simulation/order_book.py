"""How an order of a marketplace may go on: paid, shipped, cancelled in parts or whole; what has left comes back."""

import random
from collections.abc import Callable
from dataclasses import replace

from holdfast.domain.market import MarketOrder, OrderLine, Stage

GivesBack = Callable[[str, int], None]

WAYS = ("pay", "ship", "ship", "cancel", "cut", "hold back", "hold back", "return")
# Of what has left.
COMES_BACK = frozenset({"return", "ship", "cut"})


def next_of(chance: random.Random, order: MarketOrder, gives_back: GivesBack) -> MarketOrder:
    """The order after one more change, or as it is. `gives_back(listing, units)`: the marketplace may sell them again.

    What is off an order stays off, a stage is not taken back, and what has left only comes back.
    """
    what, number = chance.choice(WAYS), int(chance.random() * len(order.lines))
    if order.stage is Stage.CANCELLED:
        return order
    if order.stage is Stage.SHIPPED:
        return _returned(order, number) if what in COMES_BACK else order
    if what == "pay" and order.stage is Stage.UNPAID:
        return replace(order, stage=Stage.PAID)
    if what == "ship":
        return replace(order, stage=Stage.SHIPPED)
    if what == "cancel":
        for each in order.lines:
            gives_back(each.listing, each.wanted)
        gone = tuple(replace(each, cancelled=each.ordered - each.withheld) for each in order.lines)
        return replace(order, stage=Stage.CANCELLED, lines=gone)
    return _lessened(order, number, what, gives_back)


def _returned(order: MarketOrder, number: int) -> MarketOrder:
    line = order.lines[number]
    if line.wanted <= line.returned:
        return order
    return _with(order, number, replace(line, returned=line.returned + 1))


def _lessened(order: MarketOrder, number: int, what: str, gives_back: GivesBack) -> MarketOrder:
    """One unit less, to be sold again or held back. An order of which nothing is wanted any more is cancelled."""
    line = order.lines[number]
    if what not in {"cut", "hold back"} or not line.wanted:
        return order
    if what == "cut":
        gives_back(line.listing, 1)
        after = _with(order, number, replace(line, cancelled=line.cancelled + 1))
    else:
        after = _with(order, number, replace(line, withheld=line.withheld + 1))
    return after if any(each.wanted for each in after.lines) else replace(after, stage=Stage.CANCELLED)


def _with(order: MarketOrder, number: int, line: OrderLine) -> MarketOrder:
    return replace(order, lines=(*order.lines[:number], line, *order.lines[number + 1 :]))
