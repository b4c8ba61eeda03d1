"""Who may call WooCommerce: key and secret over https, OAuth 1.0a over http.

After class-wc-rest-authentication.php (woocommerce/woocommerce @170a893): Basic or the keys in the query first, as on
a site with https, then one-legged OAuth in the query or in the Authorization header. A real site on plain http refuses
the first two; this one stands for a site whose https ends at a proxy before it.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote

OAUTH_FIELDS: Final = (
    "oauth_consumer_key",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
)
WINDOW_S: Final = 15 * 60
METHODS: Final = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
MOST_NONCES: Final = 10_000


class Denied(Exception):
    """401 in WooCommerce's shape: a code and a message."""

    def __init__(self, message: str, code: str = "woocommerce_rest_authentication_error") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(slots=True, kw_only=True)
class Gate:
    """The keys of one site, and the nonces that were used in the last quarter of an hour."""

    key: str
    secret: str
    nonces: dict[str, int] = field(default_factory=dict)

    def check(
        self, method: str, url: str, query: Iterable[tuple[str, str]], headers: Mapping[str, str], *, now_s: float
    ) -> None:
        """Raises Denied. `url` without its query, as the client called it; `headers` with lower-case names."""
        pairs = list(query)
        authorization = headers.get("authorization", "")
        named = dict(pairs)
        if "consumer_key" in named and "consumer_secret" in named:
            self._same(named["consumer_key"], named["consumer_secret"])
        elif authorization.lower().startswith("basic "):
            self._same(*_basic(authorization))
        else:
            pairs += oauth_header(authorization)
            self._signed(method, url, pairs, now_s=now_s)

    def _same(self, key: str, secret: str) -> None:
        if key != self.key:
            raise Denied("Consumer key is invalid.")
        if not hmac.compare_digest(secret.encode(), self.secret.encode()):
            raise Denied("Consumer secret is invalid.")

    def _signed(self, method: str, url: str, pairs: list[tuple[str, str]], *, now_s: float) -> None:
        told = dict(pairs)
        missing = [name for name in OAUTH_FIELDS if not told.get(name)]
        if len(missing) == len(OAUTH_FIELDS):
            raise Denied("Sorry, you cannot list resources.", "woocommerce_rest_cannot_view")
        if missing:
            message = f"Missing OAuth parameters {', '.join(missing)}"
            raise Denied(message, "woocommerce_rest_authentication_missing_parameter")
        if told["oauth_consumer_key"] != self.key:
            raise Denied("Consumer key is invalid.")
        if told["oauth_signature_method"] not in METHODS:
            raise Denied("Invalid signature - signature method is invalid.")
        wanted = signature(method, url, pairs, secret=self.secret)
        if not hmac.compare_digest(wanted, told["oauth_signature"]):
            raise Denied("Invalid signature - provided signature does not match.")
        self._fresh(told["oauth_timestamp"], told["oauth_nonce"], now_s=now_s)

    def _fresh(self, timestamp: str, nonce: str, *, now_s: float) -> None:
        if not timestamp.isdigit() or abs(now_s - int(timestamp)) > WINDOW_S:
            raise Denied("Invalid timestamp.")
        if nonce in self.nonces:
            raise Denied("Invalid nonce - nonce has already been used.")
        self.nonces[nonce] = int(timestamp)
        while len(self.nonces) > MOST_NONCES:
            del self.nonces[next(iter(self.nonces))]


def signature(method: str, url: str, pairs: Iterable[tuple[str, str]], *, secret: str) -> str:
    """Base64 HMAC over METHOD & url & parameters, where `=` and `&` between the parameters are encoded with them.

    Names and values are percent-encoded once on their own and once more as part of the base string.
    """
    told = [(name, value) for name, value in pairs if name != "oauth_signature"]
    hashed = METHODS[dict(told)["oauth_signature_method"]]
    parameters = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(told))
    base = "&".join((method.upper(), _encoded(url), _encoded(parameters)))
    return base64.b64encode(hmac.new(f"{secret}&".encode(), base.encode(), hashed).digest()).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")


def _basic(authorization: str) -> tuple[str, str]:
    try:
        key, colon, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Denied("Consumer key is invalid.") from error
    if not colon:
        raise Denied("Consumer secret is invalid.")
    return key, secret


def oauth_header(authorization: str) -> list[tuple[str, str]]:
    if not authorization.lower().startswith("oauth "):
        return []
    parts = (part.strip().partition("=") for part in authorization[6:].split(","))
    return [(name, unquote(value.strip('"'))) for name, _, value in parts if name != "realm"]
