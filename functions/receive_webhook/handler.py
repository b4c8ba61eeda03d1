"""The marketplaces' door: verify over the raw bytes, queue, and only then say 200. Nothing else happens here.

A marketplace waits as little as 500 ms, a cold start included, so this imports botocore, the standard library and
next to nothing of ours. It never says 200 for what was not queued: whoever gets a 5xx sends again.

A shop that does not exist is answered like a wrong signature: nobody can find out by trying which names there are.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from holdfast.channels.webhooks import (
    CHECKED_BY_GET,
    SCHEMES,
    challenge_to_echo,
    is_ping,
    is_signed,
    kept_headers,
)
from holdfast.domain.errors import Unavailable
from holdfast.runtime.doorway import Doorway, open_doorway
from holdfast.runtime.plain_lines import tell

GatewayAnswer = dict[str, Any]

# In base64 and with what stands beside it, far below the 1 MiB of a message.
LARGEST_BODY_BYTES = 200 * 1024
SHOP = re.compile(r"[A-Za-z0-9._-]{1,64}")
# A key that was rotated is found at the first delivery it signs; what is wrongly signed reads no more often than this.
READ_AGAIN_AFTER_S = 30.0

RECEIVED, REFUSED, NOT_TAKEN = "WebhookReceived", "WebhookRefused", "WebhookNotTaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request. `headers` by lower-case name, `body` as the bytes that were signed."""

    channel: str
    shop: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    request_id: str


def handle(event: dict[str, Any], _context: Any) -> GatewayAnswer:
    delivery = read_delivery(event)
    try:
        return respond(event["routeKey"], delivery, open_doorway())
    except Unavailable as error:
        _say("ERROR", "not taken", delivery, NOT_TAKEN, why=error.detail)
        return _answer(503, headers={"retry-after": "1"})


def respond(route: str, delivery: Delivery, doorway: Doorway) -> GatewayAnswer:
    """Raises Unavailable: nothing was promised, the marketplace is to send again."""
    checks_address = route.startswith("GET ")
    if delivery.channel not in (CHECKED_BY_GET if checks_address else SCHEMES):
        return _answer(404)
    return _check_address(delivery, doorway) if checks_address else _receive(delivery, doorway)


def _receive(delivery: Delivery, doorway: Doorway) -> GatewayAnswer:
    if len(delivery.body) > LARGEST_BODY_BYTES:
        return _refuse(delivery, 413, why=f"{len(delivery.body)} bytes")
    if is_ping(delivery.channel, delivery.headers, delivery.body):
        return _answer(200)
    if not _is_signed(delivery, doorway):
        return _refuse(delivery, 401, why="no key of such a shop signed it")
    doorway.orders.send(_message(delivery, doorway))
    _say("INFO", "received", delivery, RECEIVED)
    return _answer(200)


def _is_signed(delivery: Delivery, doorway: Doorway) -> bool:
    """By a key as it is remembered, or else as it is now: a rotation loses no delivery. Raises Unavailable."""
    if not SHOP.fullmatch(delivery.shop):
        return False
    secret = doorway.secrets.read(delivery.channel, delivery.shop)
    if secret is not None and is_signed(delivery.channel, secret, delivery.headers, delivery.body):
        return True
    again = doorway.secrets.read(delivery.channel, delivery.shop, at_most_s_old=READ_AGAIN_AFTER_S)
    if again is None or again is secret:
        return False
    return is_signed(delivery.channel, again, delivery.headers, delivery.body)


def _message(delivery: Delivery, doorway: Doorway) -> dict[str, object]:
    return {
        "channel": delivery.channel,
        "shop": delivery.shop,
        "kind": "webhook",
        "headers": kept_headers(delivery.channel, delivery.headers),
        "body": base64.b64encode(delivery.body).decode("ascii"),
        "received_at": datetime.fromtimestamp(doorway.clock(), UTC).isoformat(timespec="milliseconds"),
    }


def _check_address(delivery: Delivery, doorway: Doorway) -> GatewayAnswer:
    secret = doorway.secrets.read(delivery.channel, delivery.shop) if SHOP.fullmatch(delivery.shop) else None
    challenge = challenge_to_echo(secret or {}, delivery.query)
    if challenge is None:
        return _refuse(delivery, 401, why="the check of the address does not know its word")
    # Never read as a page: the challenge is whatever the caller sent.
    return _answer(200, challenge, headers={"content-type": "text/plain", "x-content-type-options": "nosniff"})


def _refuse(delivery: Delivery, status: int, *, why: str) -> GatewayAnswer:
    _say("WARNING", "refused", delivery, REFUSED, status=status, why=why)
    return _answer(status)


def _say(level: str, message: str, delivery: Delivery, metric: str, **facts: object) -> None:
    """Neither body nor signature: both hold what is not for a log."""
    shop = delivery.shop if SHOP.fullmatch(delivery.shop) else None
    about = {"channel": delivery.channel, "shop": shop, "correlation_id": delivery.request_id}
    tell(level, message, counted={metric: 1}, **about, **facts)


def _answer(status: int, body: str = "", *, headers: Mapping[str, str] | None = None) -> GatewayAnswer:
    """Empty unless asked for: two marketplaces count a body as a failure."""
    return {"statusCode": status, "headers": {"cache-control": "no-store", **(headers or {})}, "body": body}


def read_delivery(event: Mapping[str, Any]) -> Delivery:
    """The gateway's event (payload 2.0). A body that it hands over as base64 is decoded, any other is UTF-8."""
    params, told = event.get("pathParameters") or {}, event.get("body") or ""
    encoded = event.get("isBase64Encoded")
    return Delivery(
        channel=params.get("channel", ""),
        shop=params.get("shop", ""),
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        query=dict(parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)),
        body=base64.b64decode(told) if encoded else told.encode("utf-8", "surrogatepass"),
        request_id=event["requestContext"].get("requestId", ""),
    )
