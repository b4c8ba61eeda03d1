"""How a WooCommerce shop is opened: by HTTP Basic over https, by a signed query (OAuth 1.0a, one leg) over http.

Tried with the answers of WooCommerce's own client, accepted by its server's code: tests/support/vectors.
"""

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote

METHOD = "HMAC-SHA256"
NONCE_BYTES = 20


def is_encrypted(api_url: str) -> bool:
    return api_url.lower().startswith("https://")


def basic(*, consumer_key: str, consumer_secret: str) -> str:
    """The Authorization header. Only for https: anybody could read it on the way."""
    return "Basic " + b64encode(f"{consumer_key}:{consumer_secret}".encode()).decode()


def oauth_parameters(
    *, consumer_key: str, consumer_secret: str, method: str, url: str, parameters: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """What is added to the query of one request. WooCommerce takes each nonce once, 15 minutes around the time."""
    added = {
        "oauth_consumer_key": consumer_key,
        "oauth_timestamp": str(int(now.timestamp())),
        "oauth_nonce": secrets.token_hex(NONCE_BYTES),
        "oauth_signature_method": METHOD,
    }
    base = base_string(method=method, url=url, parameters={**parameters, **added})
    return {**added, "oauth_signature": signature(base, consumer_secret=consumer_secret)}


def base_string(*, method: str, url: str, parameters: Mapping[str, str]) -> str:
    """`url` without its query. Names and values are encoded, put together, and encoded once more; no body."""
    pairs = "&".join(f"{_encode(name)}={_encode(parameters[name])}" for name in sorted(parameters))
    return "&".join((method.upper(), _encode(url), _encode(pairs)))


def signature(base: str, *, consumer_secret: str) -> str:
    """The key is the secret and an ampersand, since there is no token of a user behind it."""
    return b64encode(hmac.new(f"{consumer_secret}&".encode(), base.encode(), hashlib.sha256).digest()).decode()


def _encode(text: str) -> str:
    return quote(text, safe="-._~")
