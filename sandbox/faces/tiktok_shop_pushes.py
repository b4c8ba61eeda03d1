"""What is pushed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.faces.face import Event, Push, What
from sandbox.faces.tiktok_shop_words import STATUS, seconds

if TYPE_CHECKING:
    from sandbox.booth import Booth
    from sandbox.world import Order

# The push spells one of them in its own way.
PUSHED = STATUS | {"cancelled": "CANCEL"}


def return_id(order: Order) -> str:
    return f"4{order.id}"


def order_pushes(booth: Booth, event: Event, order: Order) -> tuple[Push, ...]:
    at = seconds(event.at)
    pushes = []
    if event.what is not What.RETURNED:
        document: dict[str, Any] = {
            "order_id": order.id,
            "order_status": PUSHED[order.stage],
            "is_on_hold_order": False,
            "update_time": at,
        }
        pushes.append(_make_push(booth, 1, document, event))
    if event.what is What.CANCELLED:
        document = {
            "order_id": order.id,
            "cancellations_role": "BUYER" if order.cancelled_by == "buyer" else "SELLER",
            "cancel_status": "CANCELLATION_REQUEST_COMPLETE",
            "cancel_id": booth.digits("cancel_id", 19),
            "create_time": at,
        }
        pushes.append(_make_push(booth, 11, document, event))
    if event.what is What.RETURNED:
        document = {
            "order_id": order.id,
            "return_role": "BUYER",
            "return_type": "RETURN_AND_REFUND",
            "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
            "return_id": return_id(order),
            "create_time": at,
            "update_time": at,
        }
        pushes.append(_make_push(booth, 12, document, event))
    return tuple(pushes)


def promotion_pushes(booth: Booth, event: Event) -> tuple[Push, ...]:
    if event.listing is None or event.what not in (What.PROMOTION_STARTED, What.PROMOTION_ENDED):
        return ()
    activities: dict[str, str] = booth.kept.setdefault("activities", {})
    document = {
        "activity_id": activities.setdefault(event.listing.key, booth.digits("activity_id", 19)),
        "activity_type": "FLASHSALE",
        "product_level": "VARIATION",
        "status": "ONGOING" if event.what is What.PROMOTION_STARTED else "EXPIRED",
        "update_time": seconds(event.at),
    }
    return (_make_push(booth, 39, document, event),)


def _make_push(booth: Booth, kind: int, document: dict[str, Any], event: Event) -> Push:
    body = {
        "type": kind,
        "tts_notification_id": booth.digits("notification_id", 19),
        "shop_id": booth.members["shop_id"],
        "timestamp": seconds(event.at),
        "data": document,
    }
    about = f"{kind} {event.what} {event.order.id if event.order else ''}".rstrip()
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Push(about=about, body=text.encode(), headers={"Content-Type": "application/json"})
