"""The marketplaces' door: what is verified is queued, what is queued is acknowledged, and nothing else is."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from functions.receive_webhook import handler
from holdfast.runtime.doorway import Doorway, open_doorway
from holdfast.runtime.settings import BadSettings
from holdfast.runtime.shop_secrets import REMEMBERED_S, ShopSecrets
from holdfast.store.queue import SqsQueue
from tests.support.fake_secrets import FakeSecretsClient
from tests.support.fake_sqs import FakeSqsClient

if TYPE_CHECKING:
    from collections.abc import Callable

POST, GET = "POST /webhooks/{channel}/{shop}", "GET /webhooks/{channel}/{shop}"
BODY = '{"id": 1, "note": "đơn thử"}'.encode()
SECRET = {"client_id": "test-id", "client_secret": "test-key", "api_url": "https://shop.example"}
SEEN = 1_772_418_612.5


@dataclass
class Door:
    """The function behind the gateway. `now_s` is the clock by which secrets age."""

    secrets: FakeSecretsClient = field(default_factory=FakeSecretsClient)
    sqs: FakeSqsClient = field(default_factory=FakeSqsClient)
    now_s: float = 0.0

    def doorway(self) -> Doorway:
        secrets = ShopSecrets(self.secrets, stage="test", clock=lambda: self.now_s)
        return Doorway(secrets=secrets, orders=SqsQueue(self.sqs, "https://queue"), clock=lambda: SEEN)

    @property
    def queued(self) -> list[Any]:
        return self.sqs.messages("https://queue")

    def post(self, channel: str, shop: str, body: bytes = BODY, **headers: str) -> dict[str, Any]:
        return handler.handle(event(POST, channel, shop, body, headers), None)

    def check(self, channel: str, shop: str, query: str) -> dict[str, Any]:
        return handler.handle(event(GET, channel, shop, b"", {}, query=query), None)


def event(
    route: str, channel: str, shop: str, body: bytes, headers: dict[str, str], *, query: str = ""
) -> dict[str, Any]:
    """As the gateway sends it: header names in lower case, a body that is no text in base64."""
    return {
        "routeKey": route,
        "rawQueryString": query,
        "pathParameters": {"channel": channel, "shop": shop},
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"requestId": "a-request"},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """The door of one Shopify shop named hanoi."""
    made = Door()
    made.secrets.keep("holdfast/test/shopify/hanoi", SECRET)
    opened = made.doorway()
    monkeypatch.setattr(handler, "open_doorway", lambda: opened)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "receive_webhook")
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Holdfast/test")
    return made


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def sign(body: bytes = BODY, key: str = "test-key") -> str:
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def test_a_signed_delivery_is_queued_whole_and_answered_with_nothing_but_200(door: Door) -> None:
    answer = door.post(
        "shopify", "hanoi", x_shopify_hmac_sha256=sign(), x_shopify_topic="orders/create", user_agent="Shopify"
    )

    assert (answer["statusCode"], answer["body"]) == (200, "")
    [message] = door.queued
    assert base64.b64decode(message.pop("body")) == BODY
    assert message == {
        "channel": "shopify",
        "shop": "hanoi",
        "kind": "webhook",
        "headers": {"x-shopify-topic": "orders/create"},
        "received_at": "2026-03-02T02:30:12.500+00:00",
    }


def test_a_body_that_came_as_text_is_verified_as_its_bytes(door: Door) -> None:
    sent = event(POST, "shopify", "hanoi", BODY, {"x-shopify-hmac-sha256": sign()})

    assert handler.handle(sent | {"body": BODY.decode(), "isBase64Encoded": False}, None)["statusCode"] == 200
    assert base64.b64decode(door.queued[0]["body"]) == BODY


def test_header_names_count_in_any_case(door: Door) -> None:
    sent = event(POST, "shopify", "hanoi", BODY, {"X-Shopify-Hmac-SHA256": sign()})

    assert handler.handle(sent, None)["statusCode"] == 200
    assert len(door.queued) == 1


def test_a_wrong_signature_is_refused_counted_and_never_queued(
    door: Door, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    answer = door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign(key="another"))

    assert (answer["statusCode"], answer["body"], door.queued) == (401, "", [])
    [line] = lines()
    assert (line["level"], line["channel"], line["shop"]) == ("WARNING", "shopify", "hanoi")
    assert line["WebhookRefused"] == 1
    [told] = line["_aws"]["CloudWatchMetrics"]
    assert told == {
        "Namespace": "Holdfast/test",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "WebhookRefused", "Unit": "Count"}],
    }
    assert line["service"] == "receive_webhook"


def test_neither_body_nor_signature_nor_key_reaches_the_log(door: Door, capsys: pytest.CaptureFixture[str]) -> None:
    for key in ("test-key", "another"):
        door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign(key=key))

    logged = capsys.readouterr().out
    assert logged.count("\n") == 2
    for secret in ("test-key", sign(), sign(key="another"), "đơn thử", base64.b64encode(BODY).decode()):
        assert secret not in logged


@pytest.mark.parametrize("shop", ["unknown", "", "a/b", "a b", "x" * 65, "..%2fprod", "đà-nẵng"])
def test_a_shop_that_does_not_exist_is_answered_like_a_wrong_signature(door: Door, shop: str) -> None:
    known = door.post("shopify", "hanoi", x_shopify_hmac_sha256="wrong")

    assert door.post("shopify", shop, x_shopify_hmac_sha256=sign()) == known
    assert door.queued == []


@pytest.mark.parametrize("channel", ["tiki", "sendo", "", "Shopify", "shopify/../haravan"])
def test_a_channel_without_webhooks_is_not_found(door: Door, channel: str) -> None:
    assert door.post(channel, "hanoi", x_shopify_hmac_sha256=sign())["statusCode"] == 404
    assert door.check(channel, "hanoi", "hub.mode=subscribe")["statusCode"] == 404
    assert door.secrets.reads == []


def test_what_the_queue_did_not_take_is_not_acknowledged(door: Door, lines: Callable[[], list[dict[str, Any]]]) -> None:
    for error in (
        ReadTimeoutError(endpoint_url="https://queue"),
        ClientError({"Error": {"Code": "ServiceUnavailable", "Message": ""}}, "SendMessage"),
        ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "SendMessage"),
    ):
        door.sqs.error = error
        answer = door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())
        assert (answer["statusCode"], answer["body"], answer["headers"]["retry-after"]) == (503, "", "1")
    assert [line["WebhookNotTaken"] for line in lines()] == [1, 1, 1]


@pytest.mark.parametrize("down", ["timeout", "InternalServiceError", "AccessDeniedException", "ThrottlingException"])
def test_while_no_secret_can_be_read_the_marketplace_is_asked_to_come_again(door: Door, down: str) -> None:
    door.secrets.down = down

    assert door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())["statusCode"] == 503
    door.secrets.down = None
    assert door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())["statusCode"] == 200


def test_a_secret_is_read_once_in_five_minutes(door: Door) -> None:
    for _ in range(3):
        assert door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())["statusCode"] == 200
    assert len(door.secrets.reads) == 1
    door.now_s = REMEMBERED_S
    door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())
    assert len(door.secrets.reads) == 2


def test_a_remembered_secret_serves_on_while_secrets_manager_is_down(door: Door) -> None:
    door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())
    door.secrets.down, door.now_s = "timeout", 2 * REMEMBERED_S

    assert door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())["statusCode"] == 200
    assert door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign(key="another"))["statusCode"] == 503


def test_a_rotated_key_loses_no_delivery(door: Door) -> None:
    door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())
    rotated = SECRET | {"webhook_key": "new-test-key", "webhook_key_previous": "test-key"}
    door.secrets.keep("holdfast/test/shopify/hanoi", rotated)
    door.now_s = 31.0

    statuses = [
        door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign(key=key))["statusCode"]
        for key in ("test-key", "new-test-key", "test-key", "new-test-key")
    ]
    assert statuses == [200] * 4
    assert len(door.secrets.reads) == 2


def test_while_the_present_key_cannot_be_read_another_one_may_be_right(door: Door) -> None:
    door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())
    door.secrets.keep("holdfast/test/shopify/hanoi", SECRET | {"webhook_key": "new-test-key"})
    door.now_s = 31.0
    door.secrets.down = "timeout"
    assert door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign(key="new-test-key"))["statusCode"] == 503

    door.secrets.down = None
    assert door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign(key="new-test-key"))["statusCode"] == 200


def test_wrong_signatures_do_not_make_it_read_more_than_twice_a_minute(door: Door) -> None:
    for second in range(60):
        door.now_s = float(second)
        door.post("shopify", "hanoi", x_shopify_hmac_sha256="wrong")
        door.post("shopify", "unknown", x_shopify_hmac_sha256="wrong")

    assert {name: door.secrets.reads.count(name) for name in set(door.secrets.reads)} == {
        "holdfast/test/shopify/hanoi": 2,
        "holdfast/test/shopify/unknown": 2,
    }


def test_a_shop_is_known_within_half_a_minute_of_its_secret(door: Door) -> None:
    assert door.post("shopify", "hue", x_shopify_hmac_sha256=sign())["statusCode"] == 401
    door.secrets.keep("holdfast/test/shopify/hue", SECRET)
    door.now_s = 30.0

    assert door.post("shopify", "hue", x_shopify_hmac_sha256=sign())["statusCode"] == 200


@pytest.mark.parametrize("text", ["", "{", "[]", '{"client_secret": 1}', '{"client_secret": null}'])
def test_a_secret_that_cannot_be_read_acknowledges_nothing(
    door: Door, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    door.secrets.kept["holdfast/test/shopify/hanoi"] = text

    assert door.post("shopify", "hanoi", x_shopify_hmac_sha256=sign())["statusCode"] == 503
    assert "no flat JSON object" in capsys.readouterr().out


def test_the_largest_body_is_queued_and_one_byte_more_is_refused(door: Door) -> None:
    largest = b"x" * handler.LARGEST_BODY_BYTES

    assert door.post("shopify", "hanoi", largest, x_shopify_hmac_sha256=sign(largest))["statusCode"] == 200
    assert len(json.dumps(door.queued[0])) < 1024 * 1024
    more = largest + b"x"
    assert door.post("shopify", "hanoi", more, x_shopify_hmac_sha256=sign(more))["statusCode"] == 413
    assert len(door.queued) == 1


def test_woocommerces_ping_is_answered_and_not_queued(door: Door) -> None:
    form = "application/x-www-form-urlencoded"

    for shop in ("hanoi", "unknown"):
        assert door.post("woocommerce", shop, b"webhook_id=1", content_type=form)["statusCode"] == 200
    assert (door.queued, door.secrets.reads) == ([], [])
    assert door.post("woocommerce", "hanoi", b'{"id": 1}', content_type=form)["statusCode"] == 401


QUERY = "hub.mode=subscribe&hub.verify_token=test%20word&hub.challenge=1158201444"


def test_haravans_check_of_the_address_is_answered_by_its_challenge(door: Door) -> None:
    door.secrets.keep("holdfast/test/haravan/hanoi", {"verify_token": "test word"})
    answer = door.check("haravan", "hanoi", QUERY)

    assert (answer["statusCode"], answer["body"]) == (200, "1158201444")
    assert answer["headers"]["content-type"] == "text/plain"


@pytest.mark.parametrize("shop", ["hanoi", "unknown", "a b"])
def test_who_does_not_know_the_word_cannot_tell_whether_the_shop_exists(door: Door, shop: str) -> None:
    door.secrets.keep("holdfast/test/haravan/hanoi", {"verify_token": "another word"})
    answer = door.check("haravan", shop, QUERY)

    assert (answer["statusCode"], answer["body"]) == (401, "")
    assert all(" " not in name for name in door.secrets.reads)


@pytest.mark.parametrize("channel", ["shopee", "lazada", "tiktok_shop", "shopify", "woocommerce"])
def test_no_other_channel_checks_by_a_get(door: Door, channel: str) -> None:
    assert door.check(channel, "hanoi", QUERY)["statusCode"] == 404


def test_what_is_missing_in_the_environment_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STAGE", "ORDERS_QUEUE_URL"):
        monkeypatch.delenv(name, raising=False)
    open_doorway.cache_clear()

    with pytest.raises(BadSettings, match=r"STAGE is missing; ORDERS_QUEUE_URL is missing"):
        open_doorway()
