"""The marketplaces' door on the running stack: from the delivery to the queue, and what becomes of a poisoned one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.stack import Stack

WAIT_SECONDS = 60
KEY = "test-key"
ADDRESS = "https://example.com/registered"


def hexed(key: str, signed: bytes) -> str:
    return hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()


def coded(key: str, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha256).digest()).decode()


# Channel → its secret, the header of its signature, and the signature of a body by a key.
SIGNING: dict[str, tuple[dict[str, str], str, Callable[[str, bytes], str]]] = {
    "shopee": (
        {"partner_id": "7", "partner_key": KEY, "shop_id": "8", "callback_url": ADDRESS, "access_token": "test-token"},
        "Authorization",
        lambda key, body: hexed(key, ADDRESS.encode() + b"|" + body),
    ),
    "lazada": ({"app_key": "7", "app_secret": KEY}, "Authorization", lambda key, body: hexed(key, b"7" + body)),
    "tiktok_shop": ({"app_key": "7", "app_secret": KEY}, "Authorization", lambda key, body: hexed(key, b"7" + body)),
    "haravan": ({"app_secret": KEY, "verify_token": "test-word"}, "X-Haravan-Hmacsha256", coded),
    "shopify": ({"client_secret": KEY}, "X-Shopify-Hmac-SHA256", coded),
    "woocommerce": ({"webhook_key": KEY}, "X-WC-Webhook-Signature", coded),
}
every_channel = pytest.mark.parametrize("channel", sorted(SIGNING))


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Iterator[str]:
    """The name of a shop that has a secret on every channel, and settings on none: what it says is for nobody."""
    name, secrets = f"door-{uuid.uuid4().hex[:8]}", stack.aws("secretsmanager")
    for channel, (secret, _, _) in SIGNING.items():
        told = {"api_url": "http://127.0.0.1:9", "auth_url": "http://127.0.0.1:9", **secret}
        secrets.create_secret(Name=f"holdfast/local/{channel}/{name}", SecretString=json.dumps(told))
    yield name
    for channel in SIGNING:
        secrets.delete_secret(SecretId=f"holdfast/local/{channel}/{name}", ForceDeleteWithoutRecovery=True)


def deliver(
    stack: Stack, channel: str, shop: str, body: bytes, *, key: str = KEY, content_type: str = "application/json"
) -> httpx.Response:
    _, header, sign = SIGNING[channel]
    return httpx.post(
        f"{stack.api_url}/webhooks/{channel}/{shop}",
        content=body,
        headers={header: sign(key, body), "Content-Type": content_type},
        timeout=30,
        trust_env=False,
    )


@every_channel
def test_a_signed_delivery_is_taken_and_answered_with_an_empty_body(stack: Stack, shop: str, channel: str) -> None:
    for body in (b'{"id": 1}', '{"id": 1, "note": "đơn thử"}'.encode(), b'{ "id" : 1 }\n'):
        answer = deliver(stack, channel, shop, body)
        assert (answer.status_code, answer.content) == (200, b"")


@every_channel
def test_a_wrong_signature_is_refused_like_a_shop_that_does_not_exist(stack: Stack, shop: str, channel: str) -> None:
    wrong = deliver(stack, channel, shop, b'{"id": 1}', key="another")
    unknown = deliver(stack, channel, "nowhere", b'{"id": 1}')

    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content) == (401, b"")


def test_a_channel_without_webhooks_is_not_found(stack: Stack) -> None:
    answer = httpx.post(f"{stack.api_url}/webhooks/tiki/hanoi", content=b"{}", timeout=30, trust_env=False)
    assert answer.status_code == 404


def test_a_body_that_is_too_large_is_refused(stack: Stack, shop: str) -> None:
    assert deliver(stack, "shopify", shop, b"x" * (200 * 1024)).status_code == 200
    assert deliver(stack, "shopify", shop, b"x" * (200 * 1024 + 1)).status_code == 413


def test_haravans_check_of_the_address_hears_its_challenge(stack: Stack, shop: str) -> None:
    def check(word: str) -> httpx.Response:
        query = {"hub.mode": "subscribe", "hub.verify_token": word, "hub.challenge": "1158201444"}
        url = f"{stack.api_url}/webhooks/haravan/{shop}"
        return httpx.get(url, params=query, timeout=30, trust_env=False)

    assert (check("test-word").status_code, check("test-word").text) == (200, "1158201444")
    assert (check("another").status_code, check("another").text) == (401, "")


def test_woocommerces_ping_of_a_new_webhook_is_answered(stack: Stack, shop: str) -> None:
    url = f"{stack.api_url}/webhooks/woocommerce/{shop}"
    answer = httpx.post(url, data={"webhook_id": "7"}, timeout=30, trust_env=False)
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_rotated_key_is_taken_beside_the_old_one(stack: Stack) -> None:
    name, secrets = f"rotated-{uuid.uuid4().hex[:8]}", stack.aws("secretsmanager")
    secret_name = f"holdfast/local/shopify/{name}"
    rotated = {"api_url": "http://127.0.0.1:9", "webhook_key": "test-new-key", "webhook_key_previous": KEY}
    secrets.create_secret(Name=secret_name, SecretString=json.dumps(rotated))
    statuses = [deliver(stack, "shopify", name, b"{}", key=key).status_code for key in (KEY, "test-new-key", "another")]
    secrets.delete_secret(SecretId=secret_name, ForceDeleteWithoutRecovery=True)

    assert statuses == [200, 200, 401]


# ---- A poisoned message


@pytest.fixture
def connected(stack: Stack, everything: httpx.Client, shop: str) -> Iterator[str]:
    """The shop with settings on Shopee, so that what it says is read."""
    assert stack.functions
    path = f"/v1/shops/shopee/{shop}"
    assert everything.put(path, json={"name": "Hanoi", "poll_seconds": 86_400}).status_code == 200
    yield shop
    assert everything.delete(path).status_code == 200


def letters_of(everything: httpx.Client, shop: str) -> list[dict[str, Any]]:
    answer = everything.get("/v1/dead-letters", params={"limit": 100})
    assert answer.status_code == 200, answer.text
    return [each for each in answer.json()["items"] if each["shop"] == shop]


def wait_for(look: Callable[[], Any], *, what: str) -> Any:
    ends = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < ends:
        found = look()
        if found:
            return found
        time.sleep(0.5)
    pytest.fail(f"not within {WAIT_SECONDS} s: {what}")


def test_a_poisoned_delivery_blocks_nobody_is_shown_with_its_reason_and_can_be_redriven(
    stack: Stack, everything: httpx.Client, connected: str
) -> None:
    forged = deliver(stack, "shopee", connected, b'{"forged": "delivery", "no JSON', key="another")
    poisoned = deliver(stack, "shopee", connected, b'{"buyer": "Nguyen Van A", "no JSON')
    assert (forged.status_code, poisoned.status_code) == (401, 200)

    [letter] = wait_for(lambda: letters_of(everything, connected), what="the dead letter")
    assert (letter["queue"], letter["channel"], letter["kind"]) == ("orders", "shopee", "webhook")
    assert letter["reason"].startswith("unreadable")
    assert letter["age_s"] < 600
    assert "Nguyen" not in json.dumps(letter)

    # A later delivery passes it by: it is for a shop that nobody listens to, and leaves nothing behind.
    assert deliver(stack, "shopify", connected, b"{}").status_code == 200

    answer = everything.post("/v1/dead-letters/redrive", json={"limit": 100})
    assert answer.status_code == 200
    assert answer.json()["redriven"] >= 1
    # Its cause is not gone, so it comes back: as a new message, with the reason of today.
    [returned] = wait_for(lambda: letters_of(everything, connected), what="the dead letter again")
    assert returned["id"] != letter["id"]
    assert returned["reason"] == letter["reason"]


def test_a_shop_that_is_due_is_planned_and_its_poll_says_why_it_failed(
    stack: Stack, everything: httpx.Client, connected: str
) -> None:
    answer = stack.aws("lambda").invoke(FunctionName=stack.functions["poll_orders"], Payload=b"{}")
    assert "planned" in json.loads(answer["Payload"].read())

    def health() -> dict[str, Any] | None:
        found = everything.get(f"/v1/shops/shopee/{connected}").json()["health"]
        return found if found["error"] else None

    # Nobody listens at the address that its secret names.
    assert wait_for(health, what="a poll that failed")["error"] == "no_connection"
