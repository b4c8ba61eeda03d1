"""What a WooCommerce shop pushes: the resource itself, named by a topic."""

from holdfast.channels.protocol import Notice, OrderChanged, OrderTold, StockChanged
from holdfast.channels.reading import Told, read_json
from holdfast.channels.rest import clock_time

from .listings import floor_of, listing_of
from .orders import has_refunds, is_order, read_order

TOLD_WHOLE = frozenset({"order.created", "order.updated", "order.restored"})
PRODUCT_TOLD = frozenset({"product.created", "product.updated", "product.restored"})


def read_push(topic: str, body: bytes) -> tuple[Notice, ...]:
    if topic in TOLD_WHOLE:
        told = read_json(body)
        if not is_order(told):
            return ()
        return (read_changed(told),) if has_refunds(told) else (OrderTold(order=read_order(told)),)
    if topic == "order.deleted":
        return (OrderChanged(order_id=read_json(body)["id"].id()),)
    if topic in PRODUCT_TOLD:
        return _stock_changed(read_json(body))
    return ()


def read_changed(told: Told) -> OrderChanged:
    at = told.get("date_modified_gmt")
    return OrderChanged(order_id=told["id"].id(), at=None if at is None else clock_time(at))


def _stock_changed(told: Told) -> tuple[Notice, ...]:
    """A product with a number of its own; one whose variations have them tells nothing."""
    quantity, at = told.get("stock_quantity"), told.get("date_modified_gmt")
    is_variation = told["type"].code() == "variation"
    if quantity is None or at is None or not (is_variation or told["type"].code() == "simple"):
        return ()
    parent = told["parent_id"].id() if is_variation else None
    return (StockChanged(item=listing_of(told, parent), location=None, quantity=floor_of(quantity), at=clock_time(at)),)
