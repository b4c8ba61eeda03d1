"""Messages: one for each unit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.faces.face import Push
from sandbox.faces.lazada_items import status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.booth import Booth
    from sandbox.world import Order, Unit


def trade_message(booth: Booth, order: Order, unit: Unit) -> Callable[[], dict[str, Any]]:
    def message() -> dict[str, Any]:
        document = {
            "order_status": status_of(order, unit),
            "trade_order_id": order.id,
            "trade_order_line_id": unit.id,
            "status_update_time": int(order.updated_at.timestamp()),
        }
        if unit.returned:
            document |= {"reverse_order_id": f"5{order.id}", "reverse_order_line_id": f"5{unit.id}"}
        return _wrap(booth, 0, document, order)

    return message


def reverse_message(booth: Booth, order: Order, unit: Unit) -> Callable[[], dict[str, Any]]:
    """Numbers, where the trade message has text: so it is documented."""

    def message() -> dict[str, Any]:
        document = {
            "reverse_order_id": int(f"5{order.id}"),
            "reverse_order_line_id": int(f"5{unit.id}"),
            "reverse_status": "RTM_RECEIVE_ITEM",
            "trade_order_id": int(order.id),
            "trade_order_line_id": int(unit.id),
            "status_update_time": int(order.updated_at.timestamp()),
        }
        return _wrap(booth, 10, document, order)

    return message


def _wrap(booth: Booth, kind: int, document: dict[str, Any], order: Order) -> dict[str, Any]:
    return {
        "seller_id": booth.members["seller_id"],
        "message_type": kind,
        "data": document,
        "timestamp": int(order.updated_at.timestamp() * 1000),
        "site": "lazada_vn",
    }


def make_push(about: str, message: Callable[[], dict[str, Any]]) -> Push:
    def body() -> bytes:
        return json.dumps(message(), ensure_ascii=False, separators=(",", ":")).encode()

    return Push(about=about, body=body(), headers={"Content-Type": "application/json"}, latest=body)
