"""What comes back from a merchant's consent is signed, too. Holdfast begins with the secret that comes of it.

So nothing here does that step; the vectors hold its rule for whoever writes it: the two shops differ in one thing.
"""

from typing import Any

import pytest

from holdfast.channels.signing import hex_hmac
from tests.support.known_signatures import known


def escaped(text: str, signs: str) -> str:
    """Only these signs are percent-encoded, and the percent sign before them."""
    for sign in f"%{signs}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


@pytest.mark.parametrize("vector", known("haravan", "request_signing"), ids=lambda vector: vector["name"])
def test_haravan_signs_what_comes_back_as_it_is(vector: dict[str, Any]) -> None:
    base = "&".join(sorted(f"{name}={value}" for name, value in vector["params"].items()))
    assert hex_hmac(key=vector["client_secret"], base=base) == vector["expected"]


@pytest.mark.parametrize("vector", known("shopify", "request_signing"), ids=lambda vector: vector["name"])
def test_shopify_signs_it_with_its_separators_encoded(vector: dict[str, Any]) -> None:
    pairs = (f"{escaped(name, '&=')}={escaped(value, '&')}" for name, value in vector["params"].items())
    assert hex_hmac(key=vector["client_secret"], base="&".join(sorted(pairs))) == vector["expected"]
