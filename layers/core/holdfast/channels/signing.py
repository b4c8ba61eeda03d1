"""What the signed marketplaces share: HMAC-SHA256 over a string of our making, and how that string is put together."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, urlencode


def hex_hmac(*, key: str, base: str) -> str:
    """HMAC-SHA256 in lower-case hex; both strings as UTF-8, the key as it stands (never decoded from hex)."""
    return hmac.new(key.encode(), base.encode(), hashlib.sha256).hexdigest()


def sorted_pairs(parameters: Mapping[str, str]) -> str:
    """Every name with its value, sorted by name, with nothing in between: values as they are, not percent-encoded."""
    return "".join(name + parameters[name] for name in sorted(parameters))


def query(parameters: Mapping[str, str]) -> str:
    """Percent-encoded, a space as %20: one of the signed marketplaces reads no plus."""
    return urlencode(parameters, quote_via=quote)
