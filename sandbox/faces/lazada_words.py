"""Parameters, their signature, and the words of all replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sandbox.http import Call, Refused, Reply, told
from sandbox.signing import hex_of

if TYPE_CHECKING:
    from sandbox.desk import Visit

REST = "/rest"
REFRESH = f"{REST}/auth/token/refresh"


def sent_with(call: Call) -> dict[str, str]:
    """From the query and from a form, as one."""
    parameters = dict(call.query)
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        parameters |= dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
    return parameters


def sign_call(secret: str, path: str, parameters: dict[str, str]) -> str:
    """Over the path below `/rest` and all parameters but `sign`, by name."""
    signed = "".join(name + parameters[name] for name in sorted(parameters) if name != "sign")
    return hex_of(secret, path.removeprefix(REST) + signed).upper()


def refresh_tokens(visit: Visit) -> Reply:
    pair = visit.refresh(sent_with(visit.call).get("refresh_token", ""))
    if pair is None:
        message = "The specified refresh token is invalid or expired"
        raise Refused(failure("IllegalRefreshToken", message, kind="ISV"))
    now, seller = visit.call.now, visit.booth.members["seller_id"]
    return told(
        {
            "code": "0",
            "access_token": pair.access,
            "refresh_token": pair.refresh,
            "expires_in": max(0, round((pair.expires_at - now).total_seconds())),
            "refresh_expires_in": max(0, round((pair.refresh_expires_at - now).total_seconds())),
            "country": "vn",
            "country_user_info_list": [{"country": "vn", "seller_id": seller, "user_id": seller}],
            "account_platform": "seller_center",
            "request_id": "sandbox",
        }
    )


def get_seller(visit: Visit) -> Reply:
    return success({"seller_id": visit.booth.members["seller_id"], "name": visit.booth.name, "status": "ACTIVE"})


def success(document: object) -> Reply:
    return told({"code": "0", "data": document, "request_id": "sandbox"})


def failure(code: str, message: str, *, kind: str, status: int = 200, **more: Any) -> Reply:
    return told({"code": code, "type": kind, "message": message, "request_id": "sandbox", **more}, status=status)
