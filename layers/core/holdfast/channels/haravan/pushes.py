"""What Haravan pushes: the resource itself, named by a topic."""

from holdfast.channels.protocol import JOINER, Notice, OrderChanged, OrderTold, ShopSaid, StockChanged
from holdfast.channels.reading import Told, read_json

from .orders import read_order

TOLD_WHOLE = frozenset(
    {"orders/create", "orders/update", "orders/updated", "orders/paid", "orders/cancelled", "orders/fulfilled"}
)
BALANCE = "inventorylocationbalances/"


def read_push(topic: str, body: bytes) -> tuple[Notice, ...]:
    if topic in TOLD_WHOLE:
        return (OrderTold(order=read_order(read_json(body))),)
    if topic == "orders/delete":
        return (OrderChanged(order_id=read_json(body)["id"].id()),)
    if topic == "refunds/create":
        return (OrderChanged(order_id=read_json(body)["order_id"].id()),)
    if topic.startswith(BALANCE) and not topic.endswith("/delete"):
        return _stock_changed(read_json(body))
    if topic == "app/uninstalled":
        return (ShopSaid(what="deauthorised", detail="the app was removed from the shop"),)
    return ()


def _stock_changed(told: Told) -> tuple[Notice, ...]:
    """`quantity` is what is for sale there, as in `read_back`. Without a time it cannot be told from an older one."""
    at, product = told.get("updated_at"), told.get("product_id")
    variant = told["variant_id"].id()
    if at is None:
        return ()
    return (
        StockChanged(
            item=variant if product is None else JOINER.join((product.id(), variant)),
            location=told["loc_id"].id(),
            quantity=max(0, told["qty_available"].whole()),
            at=at.iso(),
        ),
    )
