"""What Lazada's pushes say: that a unit of an order has changed, never which goods. Numbers come as text or not."""

from holdfast.channels.protocol import Notice, OrderChanged, ShopSaid
from holdfast.channels.reading import Told

ORDER_PUSHES = frozenset({0, 10, 14})
"""Trade, reverse order, fulfilment."""
TOKEN_ENDS = 8


def read_push(told: Told) -> tuple[Notice, ...]:
    """Kinds of push we do not know say nothing; nor does the console's test, which names no order."""
    kind = told["message_type"].whole()
    inner = told.get("data")
    if kind == TOKEN_ENDS:
        return (ShopSaid(what="authorisation_ending", detail="the permission of this shop ends within 48 hours"),)
    if kind not in ORDER_PUSHES or inner is None:
        return ()
    order = inner.get("trade_order_id")
    if order is None:
        status = inner.get("order_status")
        if status is not None and "test message" in status.code().lower():
            return ()
        raise inner.wrong("a member trade_order_id")
    at = inner.get("status_update_time")
    seller = told.get("seller_id")
    shop_there = None if seller is None else seller.id()
    return (OrderChanged(order_id=order.id(), at=at.seconds() if at else None, shop_there=shop_there),)
