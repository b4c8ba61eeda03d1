"""Orders that are told whole in a list: one of them that cannot be read must not hold up the others."""

from collections.abc import Callable, Iterable

from holdfast.domain.market import MarketOrder

from .protocol import ChannelError, OrderChanged, OrderPage
from .reading import Told


def page_of(
    rows: Iterable[Told], read: Callable[[Told], MarketOrder | None], *, id_member: str, following: str | None
) -> OrderPage:
    """A page of what can be read; what cannot be is named, to be fetched alone, where its error is told."""
    orders: list[MarketOrder] = []
    changed: list[OrderChanged] = []
    for row in rows:
        try:
            order = read(row)
        except ChannelError:
            changed.append(OrderChanged(order_id=row[id_member].id()))
        else:
            orders += [] if order is None else [order]
    return OrderPage(orders=tuple(orders), changed=tuple(changed), next=following)
