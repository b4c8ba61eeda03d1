"""Tiki: OAuth tokens, stock by warehouse, orders, and a queue of events to pull instead of webhooks.

From open.tiki.vn. An order is told to the seller from status `queueing` on, when it is paid or to be paid in cash; what
happened to it before is in the order list only.

Assumed, since undocumented: an access token lives a day and a refresh token thirty; a used refresh token brings
nothing, not even shortly after; the status of errors for tokens is that of OAuth servers in general.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, unquote

from sandbox.faces import tiki_calls, tiki_json
from sandbox.faces.face import Endpoint, Event, Face, Push, Trouble, What
from sandbox.faces.serial import next_id
from sandbox.faces.tiki_queue import CHANGED, CREATED, queues
from sandbox.http import Call, Refused, Reply, told
from sandbox.signing import same

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.desk import Visit

DAY_S = 86_400
TOKEN = "/sc/oauth2/token"  # noqa: S105 - an address, no secret
SCOPES = "offline product order inventory"


class Tiki(Face):
    channel = "tiki"
    token_life_s: ClassVar[int] = DAY_S
    refresh_life_s: ClassVar[int] = 30 * DAY_S

    # -- a new shop, new ids ------------------------------------------------------------------------------------------

    def members(self, booth: Booth) -> dict[str, str]:
        return {
            "client_id": booth.digits("client_id", 16),
            "client_secret": "test-client-secret-" + booth.hexadecimal("client_secret"),
            "queue_code": booth.hexadecimal("queue"),
            "warehouse_id": booth.locations[0],
        }

    def webhook_key(self, booth: Booth) -> None:
        return None

    def listing_key(self, booth: Booth, product_id: str | None, *, alone: bool) -> str:
        """Every variant is a product of its own."""
        return next_id(booth, "product_id", 9)

    def order_id(self, booth: Booth, now: datetime) -> str:
        return next_id(booth, "order_code", 9)

    def unit_id(self, booth: Booth) -> str:
        return next_id(booth, "item_id", 9)

    def locations(self, booth: Booth) -> tuple[str, ...]:
        return (booth.digits("warehouse_id", 6),)

    # -- calls --------------------------------------------------------------------------------------------------------

    def endpoints(self) -> tuple[Endpoint, ...]:
        token = Endpoint(method="POST", path=TOKEN, kind="token", answer=_token, open=True)
        return (token, *tiki_calls.ENDPOINTS)

    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        """By the access token, or by the app where a token is asked for."""
        token, client = _bearer(call), _client(call)[0] if call.path == TOKEN else ""
        for booth in booths:
            tokens = booth.tokens
            if client and client == booth.members["client_id"]:
                return booth
            if token and tokens and (token in tokens.access or token == tokens.current.access):
                return booth
        return None

    def authorise(self, call: Call, booth: Booth) -> None:
        if booth.tokens is None or not booth.tokens.accepts(_bearer(call), call.now):
            raise Refused(self.trouble(Trouble.UNKNOWN_SHOP, call))

    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        match trouble:
            case Trouble.DOWN:
                return Reply(status=503, body=b"upstream connect error or disconnect/reset before headers")
            case Trouble.THROTTLED | Trouble.DAILY_QUOTA:
                return told({"errors": ["Too many requests"]}, status=429)
            case Trouble.UNKNOWN_SHOP if call.path == TOKEN:
                return _refused("invalid_client", "Client authentication failed", status=401)
            case Trouble.UNKNOWN_SHOP:
                return told({"errors": ["The access token is invalid or has expired"]}, status=401)
            case Trouble.SERVER_ERROR:
                return told({"errors": ["Internal server error"]}, status=500)

    # -- events -------------------------------------------------------------------------------------------------------

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        """Nothing is pushed; the queues fill."""
        order = event.order
        if order is None or not (order.paid or order.cod):
            return ()
        first = event.what is (What.PLACED if order.cod else What.PAID)
        # Cash that came in with the parcel is no news to the seller.
        if event.what is What.PAID and not first:
            return ()
        payload = {"order_code": order.id, "status": tiki_json.status(order)}
        for queue in queues(booth).values():
            queue.add(booth, CREATED if first else CHANGED, payload, event.at)
        return ()


# -- tokens -----------------------------------------------------------------------------------------------------------


def _bearer(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode(errors="replace")))


def _client(call: Call) -> tuple[str, str]:
    """Id and secret, by Basic or in the form."""
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return unquote(client), unquote(secret)
    form = _form(call)
    return form.get("client_id", ""), form.get("client_secret", "")


def _token(visit: Visit) -> Reply:
    form, tokens = _form(visit.call), visit.booth.tokens
    if tokens is None or not same(_client(visit.call)[1], visit.booth.members["client_secret"]):
        return _refused("invalid_client", "Client authentication failed", status=401)
    if form.get("grant_type") == "client_credentials":
        kept = tokens.current
        own = tokens.issue(
            visit.call.now,
            life_s=visit.token_life_s,
            refresh=kept.refresh,
            refresh_expires_at=kept.refresh_expires_at,
        )
        return _granted(visit, own.access, refresh=None)
    if form.get("grant_type") != "refresh_token":
        return _refused("unsupported_grant_type", "The authorization grant type is not supported")
    pair = visit.refresh(form.get("refresh_token", ""))
    if pair is None:
        return _refused("invalid_grant", "The refresh token is invalid, expired or was already used")
    return _granted(visit, pair.access, refresh=pair.refresh)


def _granted(visit: Visit, access: str, *, refresh: str | None) -> Reply:
    granted = {
        "access_token": access,
        "expires_in": int(visit.token_life_s),
        "scope": SCOPES,
        "token_type": "bearer",
    }
    return told(granted if refresh is None else {**granted, "refresh_token": refresh})


def _refused(error: str, description: str, *, status: int = 400) -> Reply:
    return told({"error": error, "error_description": description}, status=status)
