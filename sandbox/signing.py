"""HMAC-SHA256 in the three spellings marketplaces use, and the comparison that takes the same time for all."""

from __future__ import annotations

import base64
import hashlib
import hmac


def hex_of(key: str, text: str | bytes) -> str:
    """Lower-case hexadecimal."""
    return _digest(key, text).hex()


def base64_of(key: str, text: str | bytes) -> str:
    return base64.b64encode(_digest(key, text)).decode()


def same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _digest(key: str, text: str | bytes) -> bytes:
    return hmac.new(key.encode(), text.encode() if isinstance(text, str) else text, hashlib.sha256).digest()
