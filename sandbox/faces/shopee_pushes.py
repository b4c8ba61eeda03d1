"""What is pushed, and what was lost on the way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.faces.face import Event, Push
from sandbox.faces.shopee_words import failure, seconds, success
from sandbox.http import Refused, Reply, as_int

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.desk import Visit
    from sandbox.world import Listing

LOST_PAGE = 100
LOST_LIFE_S = 3 * 86_400


def make_push(booth: Booth, code: int, document: dict[str, Any], at: datetime, *, about: str) -> Push:
    body = {"data": document, "shop_id": int(booth.members["shop_id"]), "code": code, "timestamp": seconds(at)}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Push(about=about, body=text.encode(), headers={"Content-Type": "application/json"})


def reserved(listing: Listing, event: Event) -> dict[str, Any]:
    return {
        "action": str(event.what),
        "item_id": int(listing.product_id),
        "variation_id": int(listing.variant_id),
        "promotion_type": "flash_sale",
        "update_time": seconds(event.at),
        "changed_values": [{"name": "reserved_stock", "old": event.locked_before, "new": listing.locked}],
    }


def kept_lost(booth: Booth) -> list[tuple[int, datetime, bytes]]:
    kept: list[tuple[int, datetime, bytes]] = booth.kept.setdefault("lost_pushes", [])
    return kept


def lost_pushes(visit: Visit) -> Reply:
    """The oldest hundred of the last three days; the same ones until they are confirmed."""
    oldest = visit.call.now.timestamp() - LOST_LIFE_S
    waiting = [each for each in kept_lost(visit.booth) if each[1].timestamp() >= oldest]
    page = [
        {
            "message_id": number,
            "shop_id": int(visit.booth.members["shop_id"]),
            "code": json.loads(body)["code"],
            "timestamp": json.loads(body)["timestamp"],
            "data": body.decode(),
        }
        for number, _, body in waiting[:LOST_PAGE]
    ]
    last = page[-1]["message_id"] if page else 0
    more = len(waiting) > LOST_PAGE
    return success(response={"push_message_list": page, "has_next_page": more, "last_message_id": last})


def confirm_lost_pushes(visit: Visit) -> Reply:
    last = as_int(visit.call.document().get("last_message_id"))
    if last is None:
        raise Refused(failure("error_param", "last_message_id is required."))
    visit.booth.kept["lost_pushes"] = [each for each in kept_lost(visit.booth) if each[0] > last]
    return success(response={})
