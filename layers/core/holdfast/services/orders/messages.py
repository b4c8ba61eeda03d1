"""What stands on the orders queue: plain values with the shop's key and a kind. Nothing of the buyer but its order."""

from datetime import datetime
from typing import Any

from holdfast.domain.market import MarketOrder, OrderLine, Stage
from holdfast.domain.reservation import Reservation
from holdfast.domain.shop import ShopKey

from .intake import Message

WEBHOOK = "webhook"
"""A verified delivery as it came: headers, body in base64, received_at."""
TOLD = "told"
"""An order as a list told it."""
CHANGED = "changed"
"""An order to fetch."""
MAPPED = "mapped"
"""An order whose listing was mapped."""
STOCK = "stock"
"""Items of a stock home to read again."""


def shop_of(message: Message) -> ShopKey:
    return ShopKey(message["channel"], message["shop"])


def _message(shop: ShopKey, kind: str, **more: Any) -> Message:
    return {"channel": shop.channel, "shop": shop.shop, "kind": kind, **more}


def told(shop: ShopKey, order: MarketOrder, *, heard_by: str) -> Message:
    return _message(shop, TOLD, heard_by=heard_by, order=order_item(order))


def changed(shop: ShopKey, order_id: str, *, heard_by: str) -> Message:
    return _message(shop, CHANGED, heard_by=heard_by, order_id=order_id)


def mapped(shop: ShopKey, reservation_id: str) -> Message:
    return _message(shop, MAPPED, reservation_id=reservation_id)


def stock(shop: ShopKey, items: list[str]) -> Message:
    return _message(shop, STOCK, items=items)


def order_item(order: MarketOrder) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "stage": order.stage.value,
        "created_at": order.created_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
        "lines": [[line.listing, line.ordered, line.cancelled, line.withheld, line.returned] for line in order.lines],
    }


def order_from(item: Message) -> MarketOrder:
    return MarketOrder(
        order_id=item["order_id"],
        stage=Stage(item["stage"]),
        created_at=datetime.fromisoformat(item["created_at"]),
        updated_at=datetime.fromisoformat(item["updated_at"]),
        lines=tuple(
            OrderLine(listing=listing, ordered=ordered, cancelled=cancelled, withheld=withheld, returned=returned)
            for listing, ordered, cancelled, withheld, returned in item["lines"]
        ),
    )


def order_told(record: Reservation) -> MarketOrder:
    """The order as its record says it was last told. Raises ValueError for a record of no marketplace."""
    if record.told is None:
        raise ValueError(record.id)
    return MarketOrder(
        order_id=record.id.split(":", 2)[2],
        stage=record.told.stage,
        created_at=record.created_at,
        updated_at=record.told.updated_at,
        lines=tuple(
            OrderLine(
                listing=line.listing,
                ordered=line.ordered,
                cancelled=line.cancelled,
                withheld=line.withheld,
                returned=line.returned,
            )
            for line in record.told.lines
        ),
    )
