"""What Shopify pushes: the resource itself as REST tells it, named by a topic.

A push that is sent again is the same one: its order may be older by hours than what we know, and says so itself.
"""

from holdfast.channels.protocol import Notice, OrderChanged, OrderTold, ShopSaid, StockChanged
from holdfast.channels.reading import Told, read_json

from .orders import read_pushed

TOLD_WHOLE = frozenset(
    {
        "orders/create",
        "orders/updated",
        "orders/paid",
        "orders/cancelled",
        "orders/fulfilled",
        "orders/partially_fulfilled",
    }
)


def read_push(topic: str, body: bytes) -> tuple[Notice, ...]:
    """Topics we do not know say nothing. Raises ChannelError(FINAL, "unreadable")."""
    if topic in TOLD_WHOLE:
        return (OrderTold(order=read_pushed(read_json(body))),)
    match topic:
        case "orders/delete":
            return (OrderChanged(order_id=read_json(body)["id"].id()),)
        case "orders/edited":
            return (OrderChanged(order_id=read_json(body)["order_edit"]["order_id"].id()),)
        case "refunds/create":
            return (OrderChanged(order_id=read_json(body)["order_id"].id()),)
        case "inventory_levels/update":
            return _stock_changed(read_json(body))
        case "app/uninstalled":
            return (ShopSaid(what="deauthorised", detail="the app was removed from the shop"),)
    return ()


def _stock_changed(told: Told) -> tuple[Notice, ...]:
    """`item` is an inventory item: `read_back` finds who sells it. One that is not counted has no number."""
    available = told.get("available")
    if available is None:
        return ()
    return (
        StockChanged(
            item=told["inventory_item_id"].id(),
            location=told["location_id"].id(),
            quantity=max(0, available.whole()),
            at=told["updated_at"].iso(),
        ),
    )
