"""Signatures of deliveries, against answers of code that the marketplaces or independent SDKs published.

`produced_by` and `accepted_by` in tests/support/vectors/signatures.json name the code behind each vector.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.channels.webhooks import (
    LONGEST_CHALLENGE,
    SCHEMES,
    challenge_to_echo,
    is_ping,
    is_signed,
    kept_headers,
    signature,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "support" / "vectors" / "signatures.json").read_text(encoding="utf-8")
)
# What the vectors call the members of a secret.
CALLED = {"secret": "app_secret", "secret_stored": "webhook_key"}
MEMBERS = {"partner_key", "callback_url", "app_key", "app_secret", "client_secret", *CALLED}
KNOWN = [
    pytest.param(channel, vector, id=f"{channel}-{vector['name']}")
    for channel in SCHEMES
    for vector in VECTORS[channel]["webhook"]
]
every_vector = pytest.mark.parametrize(("channel", "vector"), KNOWN)


def secret_of(vector: dict[str, Any]) -> dict[str, str]:
    return {CALLED.get(name, name): value for name, value in vector.items() if name in MEMBERS}


def signed_by(vector: dict[str, Any], value: str | None = None) -> dict[str, str]:
    return {vector["header"].lower(): vector["expected"] if value is None else value}


def test_every_channel_with_webhooks_has_vectors_and_tiki_has_neither() -> None:
    assert set(SCHEMES) == {channel for channel, each in VECTORS.items() if channel != "_how" and each["webhook"]}
    assert "tiki" not in SCHEMES
    assert len(KNOWN) == 12


@every_vector
def test_what_published_code_signed_is_accepted(channel: str, vector: dict[str, Any]) -> None:
    assert is_signed(channel, secret_of(vector), signed_by(vector), vector["raw_body"].encode())


@every_vector
@pytest.mark.parametrize("change", [b" ", b"\n", b"\0"])
def test_one_byte_more_is_refused(channel: str, vector: dict[str, Any], change: bytes) -> None:
    body = vector["raw_body"].encode()

    assert not is_signed(channel, secret_of(vector), signed_by(vector), body + change)
    assert not is_signed(channel, secret_of(vector), signed_by(vector), change + body)


@every_vector
def test_another_spelling_of_the_signature_is_refused(channel: str, vector: dict[str, Any]) -> None:
    expected, body = vector["expected"], vector["raw_body"].encode()

    for value in ("", expected.swapcase(), f"{expected} ", f"SHA256 {expected}", expected[:-1], f"{expected},x", "ủ"):
        assert not is_signed(channel, secret_of(vector), signed_by(vector, value), body)
    assert not is_signed(channel, secret_of(vector), {}, body)


@every_vector
def test_the_previous_key_is_accepted_beside_the_present_one(channel: str, vector: dict[str, Any]) -> None:
    secret, body = secret_of(vector), vector["raw_body"].encode()
    key = secret.pop("webhook_key", None) or secret.get(SCHEMES[channel].key or "", "")

    rotated = {**secret, "webhook_key": "a-new-key", "webhook_key_previous": key}
    assert is_signed(channel, rotated, signed_by(vector), body)
    assert not is_signed(channel, rotated | {"webhook_key_previous": "another"}, signed_by(vector), body)
    assert not is_signed(channel, {**secret, "webhook_key": "a-new-key"}, signed_by(vector), body)


@every_vector
def test_a_secret_without_a_key_accepts_nothing(channel: str, vector: dict[str, Any]) -> None:
    body = vector["raw_body"].encode()

    for value in ("", vector["expected"]):
        assert not is_signed(channel, {}, signed_by(vector, value), body)

    scheme, key_of = SCHEMES[channel], {SCHEMES[channel].key or "webhook_key": ""}
    keyless = {**secret_of(vector), **key_of, "webhook_key": "", "webhook_key_previous": ""}
    signed = scheme.base(keyless, body)
    assert signed is not None
    assert not is_signed(channel, keyless, signed_by(vector, signature(scheme, "", signed)), body)


@pytest.mark.parametrize("address", ["https://example.com/shopee/webhook/", "https://example.com/shopee/webhook?a=1"])
def test_shopees_signature_counts_for_the_registered_address_only(address: str) -> None:
    vector = VECTORS["shopee"]["webhook"][0]
    secret = secret_of(vector) | {"callback_url": address}

    assert not is_signed("shopee", secret, signed_by(vector), vector["raw_body"].encode())


def test_what_a_delivery_is_about_is_kept_and_its_signature_is_not() -> None:
    sent = {
        "x-shopify-topic": "orders/create",
        "x-shopify-webhook-id": "b1",
        "x-shopify-hmac-sha256": "abc",
        "authorization": "abc",
        "x-forwarded-for": "203.0.113.7",
    }

    assert kept_headers("shopify", sent) == {"x-shopify-topic": "orders/create", "x-shopify-webhook-id": "b1"}
    assert kept_headers("lazada", sent) == {}


FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_woocommerces_unsigned_ping_is_known() -> None:
    assert is_ping("woocommerce", FORM, b"webhook_id=1")
    assert is_ping("woocommerce", {"content-type": "Application/x-www-form-urlencoded; charset=utf-8"}, b"webhook_id=7")


@pytest.mark.parametrize(
    ("channel", "headers", "body"),
    [
        ("haravan", FORM, b"webhook_id=1"),
        ("woocommerce", {"content-type": "application/json"}, b"webhook_id=1"),
        ("woocommerce", {}, b"webhook_id=1"),
        ("woocommerce", FORM, b"webhook_id=1&order=2"),
        ("woocommerce", FORM, b"webhook_id="),
        ("woocommerce", FORM, b"webhook_id=1\n"),
        ("woocommerce", FORM, b'{"id": 1}'),
        ("woocommerce", FORM, b""),
    ],
)
def test_nothing_else_passes_for_a_ping(channel: str, headers: dict[str, str], body: bytes) -> None:
    assert not is_ping(channel, headers, body)


ASKED = {"hub.mode": "subscribe", "hub.verify_token": "test-word", "hub.challenge": "1158201444"}


def test_the_check_of_an_address_hears_its_challenge() -> None:
    assert challenge_to_echo({"verify_token": "test-word"}, ASKED) == "1158201444"


@pytest.mark.parametrize(
    ("secret", "query"),
    [
        ({"verify_token": "test-word"}, ASKED | {"hub.verify_token": "another"}),
        ({"verify_token": "test-word"}, ASKED | {"hub.verify_token": ""}),
        ({"verify_token": "test-word"}, ASKED | {"hub.mode": "unsubscribe"}),
        ({"verify_token": "test-word"}, ASKED | {"hub.challenge": ""}),
        ({"verify_token": "test-word"}, ASKED | {"hub.challenge": "1\n2"}),
        ({"verify_token": "test-word"}, ASKED | {"hub.challenge": "1" * (LONGEST_CHALLENGE + 1)}),
        ({"verify_token": ""}, ASKED | {"hub.verify_token": ""}),
        ({}, ASKED | {"hub.verify_token": ""}),
        ({"verify_token": "test-word"}, {}),
    ],
)
def test_whoever_does_not_know_the_word_hears_nothing(secret: dict[str, str], query: dict[str, str]) -> None:
    assert challenge_to_echo(secret, query) is None
