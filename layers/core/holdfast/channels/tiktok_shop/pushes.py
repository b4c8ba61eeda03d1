"""What TikTok Shop's pushes say: that an order has changed, never which goods."""

from holdfast.channels.protocol import Notice, OrderChanged, ShopSaid
from holdfast.channels.reading import Told

ORDER_PUSHES = frozenset({1, 11, 12})
"""Its status, a cancellation, a return."""


def read_push(told: Told) -> tuple[Notice, ...]:
    """Kinds of push we do not know say nothing."""
    kind = told["type"].whole()
    if kind in ORDER_PUSHES:
        inner = told["data"]
        at = inner.get("update_time")
        shop = told.get("shop_id")
        shop_there = None if shop is None else shop.id()
        changed_at = at.seconds() if at else None
        return (OrderChanged(order_id=inner["order_id"].id(), at=changed_at, shop_there=shop_there),)
    match kind:
        case 6:
            return (ShopSaid(what="deauthorised", detail="the merchant took the permission back"),)
        case 7:
            return (ShopSaid(what="authorisation_ending", detail="the permission of this shop ends within 30 days"),)
        case 39:
            return (ShopSaid(what="promotion", detail="a promotion began, ended or was switched off"),)
    return ()
