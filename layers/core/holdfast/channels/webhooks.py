"""Whether a delivery comes from the marketplace it says: signatures over the raw bytes, and checks of our address.

Standard library only, and none of the channel modules: the function that answers within 500 ms of a cold start
imports this. Each channel's formula is one line of `SCHEMES`; docs/channels/{channel}.md names its source.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Secret = Mapping[str, str]
"""A shop's secret, parsed: a flat object of strings."""

KEY, KEY_PREVIOUS = "webhook_key", "webhook_key_previous"

LONGEST_CHALLENGE = 256
_CHALLENGE = re.compile(rf"[!-~]{{1,{LONGEST_CHALLENGE}}}")
_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How one marketplace signs. `header` and `told` in lower case, as the gateway hands headers over.

    `key`: the secret's member that signs unless it names a `webhook_key`. `base`: what is signed; None: the secret
    lacks what it needs. `told`: the headers that say what a delivery is about, kept beside the body.
    """

    header: str
    encode: Callable[[bytes], str]
    base: Callable[[Secret, bytes], bytes | None]
    key: str | None
    told: tuple[str, ...] = ()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


def _body_alone(_: Secret, body: bytes) -> bytes:
    return body


def _after(member: str, separator: bytes = b"") -> Callable[[Secret, bytes], bytes | None]:
    """The body after a member of the secret."""

    def base(secret: Secret, body: bytes) -> bytes | None:
        first = secret.get(member)
        return first.encode() + separator + body if first else None

    return base


# Tiki has no webhooks: its events wait in a queue that is pulled.
SCHEMES: dict[str, Scheme] = {
    "shopee": Scheme(
        # The address exactly as it was registered: its query and a slash at its end count.
        header="authorization",
        encode=bytes.hex,
        base=_after("callback_url", b"|"),
        key="partner_key",
    ),
    "lazada": Scheme(header="authorization", encode=bytes.hex, base=_after("app_key"), key="app_secret"),
    "tiktok_shop": Scheme(header="authorization", encode=bytes.hex, base=_after("app_key"), key="app_secret"),
    "haravan": Scheme(
        header="x-haravan-hmacsha256",
        encode=_base64,
        base=_body_alone,
        key="app_secret",
        told=("x-haravan-topic", "x-haravan-org-id", "x-haravan-test"),
    ),
    "shopify": Scheme(
        header="x-shopify-hmac-sha256",
        encode=_base64,
        base=_body_alone,
        key="client_secret",
        told=(
            "x-shopify-topic",
            "x-shopify-shop-domain",
            "x-shopify-api-version",
            "x-shopify-webhook-id",
            "x-shopify-event-id",
            "x-shopify-triggered-at",
        ),
    ),
    "woocommerce": Scheme(
        header="x-wc-webhook-signature",
        encode=_base64,
        base=_body_alone,
        key=None,  # each webhook has a key of its own, beside the keys of the API
        told=(
            "x-wc-webhook-topic",
            "x-wc-webhook-resource",
            "x-wc-webhook-event",
            "x-wc-webhook-id",
            "x-wc-webhook-delivery-id",
            "x-wc-webhook-source",
        ),
    ),
}


def is_signed(channel: str, secret: Secret, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the shop's keys, the present or the previous one, signed exactly these bytes.

    `headers` by lower-case name. Raises KeyError for a channel without webhooks.
    """
    scheme = SCHEMES[channel]
    told, signed = headers.get(scheme.header, ""), scheme.base(secret, body)
    if signed is None:
        return False
    expected = [signature(scheme, key, signed) for key in _keys(scheme, secret)]
    # Every key is tried, so that the time says nothing about which of them it was.
    fits = [hmac.compare_digest(each.encode(), told.encode("utf-8", "replace")) for each in expected]
    return True in fits


def signature(scheme: Scheme, key: str, signed: bytes) -> str:
    return scheme.encode(hmac.new(key.encode(), signed, hashlib.sha256).digest())


def _keys(scheme: Scheme, secret: Secret) -> list[str]:
    present = secret.get(KEY) or (secret.get(scheme.key) if scheme.key else None)
    return [key for key in (present, secret.get(KEY_PREVIOUS)) if key]


def kept_headers(channel: str, headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that say what the delivery is about: neither its signature nor anything of the sender."""
    return {name: headers[name] for name in SCHEMES[channel].told if name in headers}


def is_ping(channel: str, headers: Mapping[str, str], body: bytes) -> bool:
    """WooCommerce tries a new webhook's address by a form that nobody signs; it tells nothing and asks for a 200."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return channel == "woocommerce" and media_type == FORM and _PING.fullmatch(body) is not None


# Haravan checks an address by a GET before it subscribes it.
CHECKED_BY_GET = frozenset({"haravan"})


def challenge_to_echo(secret: Secret, query: Mapping[str, str]) -> str | None:
    """What the check of an address wants to hear, if it knows the word that the merchant gave it; else None."""
    expected = secret.get("verify_token", "")
    told, challenge = query.get("hub.verify_token", ""), query.get("hub.challenge", "")
    known = hmac.compare_digest(expected.encode(), told.encode("utf-8", "replace")) and bool(expected)
    asked = query.get("hub.mode") == "subscribe" and _CHALLENGE.fullmatch(challenge) is not None
    return challenge if known and asked else None
