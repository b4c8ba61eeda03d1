"""What Shopee's pushes say: those that arrived, and those it kept because they did not."""

from collections.abc import Sequence

from holdfast.channels.protocol import ChannelError, Notice, OrderChanged, ShopSaid
from holdfast.channels.reading import Told, read_json

ORDER_STATUS = 3
ORDER_PUSHES = frozenset({ORDER_STATUS, 29, 30})


def read_push(told: Told) -> tuple[Notice, ...]:
    code = told["code"].whole()
    inner = told.get("data")
    if code in ORDER_PUSHES and inner is not None:
        order = inner["ordersn"] if code == ORDER_STATUS else inner.get("ordersn") or inner.get("order_sn")
        at = inner.get("update_time")
        if order is None:
            return ()
        return (OrderChanged(order_id=order.id(), at=at.seconds() if at else None, shop_there=shop_of(told)),)
    shop = f"shop {shop_id}" if (shop_id := shop_of(told)) else "a shop of this app"
    match code:
        case 2:
            return (ShopSaid(what="deauthorised", detail=f"{shop} took its permission back"),)
        case 12:
            return (ShopSaid(what="authorisation_ending", detail="the permission of a shop ends within 7 days"),)
        case 7 | 9:
            return (ShopSaid(what="promotion", detail=f"{shop}: a promotion began, ended or changed"),)
    return ()


def shop_of(told: Told) -> str | None:
    shop = told.get("shop_id")
    return shop.id() if shop is not None else None


def read_lost(rows: Sequence[Told]) -> tuple[Notice, ...]:
    """A lost push is kept whole, as an object or as its text; one that cannot be read must not hold up the others."""
    notices: list[Notice] = []
    for row in rows:
        try:
            whole = row["data"]
            notices.extend(read_push(whole if whole.is_object() else read_json(whole.text().encode())))
        except ChannelError:
            continue  # the polling of the orders finds what it spoke of
    return tuple(notices)
