"""The signature, pages, and the words of all replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.http import Call, Refused, Reply, as_int, told
from sandbox.signing import hex_of, same

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.desk import Visit

MOST_PAGE = 100
CURRENCY = "VND"
REFRESH = "/api/v2/token/refresh"
SHOPS = "/authorization/202309/shops"
STATUS = {
    "unpaid": "UNPAID",
    "paid": "AWAITING_SHIPMENT",
    "partly_shipped": "PARTIALLY_SHIPPING",
    "shipped": "IN_TRANSIT",
    "cancelled": "CANCELLED",
}
UNSIGNED = ("sign", "access_token")


def sign_call(secret: str, call: Call) -> str:
    """Over path, query by name and body, between two secrets; values as they are, not percent-encoded."""
    query = "".join(name + value for name, value in sorted(call.query) if name not in UNSIGNED)
    multipart = call.headers.get("content-type", "").startswith("multipart/form-data")
    signed = secret.encode() + call.path.encode() + query.encode() + (b"" if multipart else call.body)
    return hex_of(secret, signed + secret.encode())


def refresh_tokens(visit: Visit) -> Reply:
    call, members = visit.call, visit.booth.members
    if not same(call.asked("app_secret"), members["app_secret"]) or call.asked("grant_type") != "refresh_token":
        raise Refused(failure(36004003, "Invalid app_secret or grant_type."))
    pair = visit.refresh(call.asked("refresh_token"))
    if pair is None:
        raise Refused(failure(36004004, "Invalid refresh_token."))
    return success(
        {
            "access_token": pair.access,
            "access_token_expire_in": seconds(pair.expires_at),
            "refresh_token": pair.refresh,
            "refresh_token_expire_in": seconds(pair.refresh_expires_at),
            "seller_name": visit.booth.name,
            "seller_base_region": "VN",
            "user_type": 0,
        }
    )


def shops(visit: Visit) -> Reply:
    members = visit.booth.members
    shop = {"id": members["shop_id"], "cipher": members["shop_cipher"], "name": visit.booth.name, "region": "VN"}
    return success({"shops": [shop | {"seller_type": "LOCAL"}]})


def warehouses(visit: Visit) -> Reply:
    warehouse = {"id": visit.booth.locations[0], "name": "sandbox", "type": "SALES_WAREHOUSE", "is_default": True}
    return success({"warehouses": [warehouse | {"effect_status": "ENABLED"}]})


def page_asked(call: Call) -> tuple[int, int]:
    """Where the page begins and how long it is. The token of a page is opaque; it holds signs that need encoding."""
    size, token = as_int(call.asked("page_size")), call.asked("page_token")
    start = as_int(token.removesuffix("=/+"), 0) if token else 0
    if size is None or not 0 < size <= MOST_PAGE or start is None or start < 0:
        raise Refused(failure(36009004, f"page_size is required, 1 to {MOST_PAGE}.", status=400))
    return start, size


def token_after(start: int, size: int, found: list[Any]) -> str:
    return f"{start + size}=/+" if start + size < len(found) else ""


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def success(document: dict[str, Any]) -> Reply:
    return told({"code": 0, "message": "Success", "request_id": "sandbox", "data": document})


def failure(code: int, message: str, *, status: int = 200) -> Reply:
    return told({"code": code, "message": message, "request_id": "sandbox", "data": None}, status=status)
