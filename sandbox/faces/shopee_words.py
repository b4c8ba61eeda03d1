"""The words of all replies, and the calls that need no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.http import Call, Refused, Reply, told

if TYPE_CHECKING:
    from sandbox.desk import Visit
    from sandbox.world import Order

STATUS = {
    "unpaid": "UNPAID",
    "paid": "READY_TO_SHIP",
    "partly_shipped": "PROCESSED",
    "shipped": "SHIPPED",
    "cancelled": "CANCELLED",
}


def refresh_tokens(visit: Visit) -> Reply:
    asked, members = visit.call.document(), visit.booth.members
    if str(asked.get("partner_id")) != members["partner_id"] or str(asked.get("shop_id")) != members["shop_id"]:
        raise Refused(failure("error_param", "partner_id or shop_id is wrong."))
    pair = visit.refresh(str(asked.get("refresh_token", "")))
    if pair is None:
        raise Refused(failure("error_auth", "Your refresh_token expired.", status=403))
    return success(
        partner_id=int(members["partner_id"]),
        shop_id=int(members["shop_id"]),
        access_token=pair.access,
        refresh_token=pair.refresh,
        expire_in=max(0, round((pair.expires_at - visit.call.now).total_seconds())),
    )


def status_of(order: Order) -> str:
    if any(line.returned for line in order.lines):
        return "TO_RETURN"
    return STATUS[order.stage]


def warehouses(visit: Visit) -> Reply:
    raise Refused(failure("error_not_in_whitelist", "The shop is not a multi-warehouse shop."))


def shop_info(visit: Visit) -> Reply:
    return success(shop_name=visit.booth.name, region="VN", status="NORMAL")


def listed(call: Call, name: str) -> list[str]:
    """A list parameter, with commas or repeated."""
    return [part for value in call.asked_all(name) for part in value.split(",") if part]


def seconds(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())


def success(**document: Any) -> Reply:
    return told({"error": "", "message": "", "warning": "", "request_id": "sandbox", **document})


def failure(code: str, message: str, *, status: int = 200, **more: Any) -> Reply:
    return told({"error": code, "message": message, "request_id": "sandbox", **more}, status=status)
