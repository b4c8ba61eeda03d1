"""Shops, listings and dead letters through the API's handler."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from holdfast.channels.protocol import ChannelError, Shown
from holdfast.channels.sheet import Kind
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from holdfast.domain.shop import ShopKey
from holdfast.runtime import marketplaces
from holdfast.services.orders.apply_order import apply_order
from holdfast.services.orders.dead_letters import MOVED_BY_SQS
from holdfast.services.orders.read_stock import FOR_A_PERSON
from holdfast.store.queue import SqsQueue
from tests.support.market import FakeMarket

if TYPE_CHECKING:
    from holdfast.services.context import Context
    from tests.support.fake_secrets import FakeSecretsClient
    from tests.support.fake_sqs import FakeSqsClient
    from tests.support.gateway import Api

SHOP, STOCK = "/v1/shops/{channel}/{shop}", "/v1/shops/{channel}/{shop}/stock"
LISTING = "/v1/listings/{channel}/{shop}/{listing}"
HANOI = {"channel": "shopee", "shop": "hanoi"}
MUG = {"components": [{"sku": "mug", "quantity": 1}]}


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch) -> FakeMarket:
    made = FakeMarket()
    monkeypatch.setattr(marketplaces, "channel", lambda _name: made)
    return made


@pytest.fixture
def hanoi(shop: Api, market: FakeMarket, secrets: FakeSecretsClient) -> Api:
    """The API of a shop that has ten mugs, and an account on a marketplace."""
    assert market.calls == []
    secrets.keep("holdfast/test/shopee/hanoi", {"api_url": "https://api.example", "access_token": "test-access"})
    assert shop(f"PUT {SHOP}", {"name": "Hà Nội"}, **HANOI).status == 200
    return shop


# ---- Shops


def test_a_shop_is_connected_and_shown_with_what_opens_it_by_name_only(hanoi: Api) -> None:
    shown = hanoi(f"GET {SHOP}", **HANOI).body

    assert (shown["name"], shown["poll_seconds"], shown["overlap_seconds"]) == ("Hà Nội", 300, 1_800)
    assert shown["secret"] == "holdfast/test/shopee/hanoi"
    assert shown["webhook_path"] == "/webhooks/shopee/hanoi"
    assert shown["health"] == {"polled_at": None, "seen_to": None, "failing_since": None, "error": None}
    assert shown["delay"] == {"p50_s": None, "p95_s": None, "p99_s": None}
    assert "test-access" not in json.dumps(shown)


def test_a_channel_without_webhooks_has_no_address_for_them(shop: Api) -> None:
    assert shop(f"PUT {SHOP}", {}, channel="tiki", shop="hanoi").body["webhook_path"] is None


def test_a_shops_orders_count_from_when_it_was_connected_unless_it_is_said(hanoi: Api) -> None:
    first = hanoi(f"GET {SHOP}", **HANOI).body["orders_from"]
    assert hanoi(f"PUT {SHOP}", {"paused": True}, **HANOI).body["orders_from"] == first
    told = hanoi(f"PUT {SHOP}", {"orders_from": "2026-03-01T09:30:00+07:00"}, **HANOI).body
    assert (told["orders_from"], told["paused"]) == ("2026-03-01T02:30:00.000Z", False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"poll_seconds": 59}, "poll_seconds"),
        ({"poll_seconds": 86_401}, "poll_seconds"),
        ({"overlap_seconds": 0}, "overlap_seconds"),
        ({"paused": "yes"}, "paused"),
        ({"stock_home": 1}, "stock_home"),
        ({"location": "a b"}, "location"),
        ({"orders_from": "yesterday"}, "orders_from"),
        ({"access_token": "test"}, "access_token"),
        ([], "body"),
    ],
)
def test_settings_of_a_shop_that_are_wrong_are_named(shop: Api, body: Any, field: str) -> None:
    refused = shop(f"PUT {SHOP}", body, **HANOI)
    assert (refused.status, refused.wrong_fields) == (422, {field})
    assert shop(f"GET {SHOP}", **HANOI).status == 404


def test_a_shop_of_no_channel_and_no_name_is_refused_for_both(shop: Api) -> None:
    refused = shop(f"PUT {SHOP}", {}, channel="sendo", shop="a b")
    assert (refused.status, refused.wrong_fields) == (422, {"channel", "shop"})


def test_a_removed_shop_is_gone_and_its_last_answer_shows_it(hanoi: Api) -> None:
    assert hanoi(f"DELETE {SHOP}", **HANOI).body["name"] == "Hà Nội"
    assert hanoi(f"GET {SHOP}", **HANOI).code == "unknown_shop"
    assert hanoi(f"DELETE {SHOP}", **HANOI).code == "unknown_shop"


def test_shops_are_listed_page_by_page(shop: Api) -> None:
    wanted = [(channel, name) for channel in ("haravan", "shopee", "tiki") for name in ("a", "b")]
    for channel, name in wanted:
        shop(f"PUT {SHOP}", {}, channel=channel, shop=name)

    found, cursor = [], ""
    for _ in range(10):
        page = shop("GET /v1/shops", query=f"limit=4{cursor}").body
        found += [(each["channel"], each["shop"]) for each in page["items"]]
        if page["cursor"] is None:
            break
        cursor = f"&cursor={page['cursor']}"
    assert found == wanted


# ---- What a shop shows


def test_what_a_shop_shows_is_read_from_its_marketplace(hanoi: Api, market: FakeMarket) -> None:
    market.shown["1~0"] = Shown(
        listing="1~0", quantity=7, price=Decimal("199000.00"), locked=2, title="Cốc", merchant_sku="mug"
    )
    page = hanoi(f"GET {STOCK}", **HANOI).body

    assert page == {
        "items": [
            {
                "listing": "1~0",
                "quantity": 7,
                "on_hand": None,
                "price": "199000.00",
                "locked": 2,
                "title": "Cốc",
                "merchant_sku": "mug",
            }
        ],
        "cursor": None,
    }


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TOKEN])
def test_what_a_marketplace_says_instead_is_told_with_its_own_code(hanoi: Api, market: FakeMarket, kind: Kind) -> None:
    market.fails = [ChannelError(kind, "error_x", "GET api.example/stock")]
    answer = hanoi(f"GET {STOCK}", **HANOI)

    expected = (409, "marketplace_refused") if kind in FOR_A_PERSON else (503, "marketplace_unavailable")
    assert (answer.status, answer.code, answer.body["answered"]) == (*expected, "error_x")
    assert "test-access" not in json.dumps(answer.body)


def test_a_token_that_no_refresh_helps_is_for_a_person(hanoi: Api, market: FakeMarket) -> None:
    market.accepts = "another"
    answer = hanoi(f"GET {STOCK}", **HANOI)

    assert (answer.status, answer.body["answered"]) == (409, "refresh_token_expired")
    assert market.calls == ["list_stock", "refresh"]


def test_a_shop_without_a_secret_says_which_one_to_create(shop: Api, market: FakeMarket) -> None:
    shop(f"PUT {SHOP}", {}, **HANOI)
    answer = shop(f"GET {STOCK}", **HANOI)

    assert (answer.status, answer.code) == (503, "no_secret")
    assert "holdfast/test/shopee/hanoi" in answer.body["detail"]
    assert market.calls == []


def test_the_stock_of_an_unknown_shop_is_not_found(shop: Api, market: FakeMarket) -> None:
    assert shop(f"GET {STOCK}", channel="shopee", shop="hue").code == "unknown_shop"
    assert market.calls == []


@pytest.mark.parametrize("query", ["cursor=x", "cursor=W10", "cursor=Wzdd", "limit=1", "cursor=a&cursor=b"])
def test_a_cursor_that_was_not_answered_is_refused(hanoi: Api, query: str) -> None:
    assert hanoi(f"GET {STOCK}", query=query, **HANOI).status == 422


# ---- Listings


def test_a_listing_is_mapped_to_a_bundle(hanoi: Api) -> None:
    hanoi("PUT /v1/skus/{sku}", {}, sku="saucer")
    body = {
        "components": [{"sku": "mug", "quantity": 2}, {"sku": "saucer"}],
        "price": {"amount": "199000", "currency": "VND"},
        "location": "VN-1",
    }
    put = hanoi(f"PUT {LISTING}", body, listing="1~0", **HANOI)

    assert put.status == 200
    assert put.body == put.body | {
        **HANOI,
        "listing": "1~0",
        "components": [{"sku": "mug", "quantity": 2}, {"sku": "saucer", "quantity": 1}],
        "price": {"amount": "199000", "currency": "VND"},
        "location": "VN-1",
    }
    assert hanoi(f"GET {LISTING}", listing="1~0", **HANOI).body == put.body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "components"),
        ({"components": []}, "components"),
        ({"components": [{"sku": f"s{n}", "quantity": 1} for n in range(46)]}, "components"),
        ({"components": [{"sku": "mug", "quantity": 0}]}, "components[0].quantity"),
        ({"components": [{"quantity": 1}]}, "components[0].sku"),
        ({**MUG, "price": {"amount": 199000, "currency": "VND"}}, "price.amount"),
        ({**MUG, "price": {"amount": "1,5", "currency": "VND"}}, "price.amount"),
        ({**MUG, "price": {"amount": "1"}}, "price.currency"),
        ({**MUG, "price": {"amount": "1", "currency": "dong"}}, "price.currency"),
        ({**MUG, "quantity": 1}, "quantity"),
    ],
)
def test_a_mapping_that_is_wrong_is_named(hanoi: Api, body: Any, field: str) -> None:
    refused = hanoi(f"PUT {LISTING}", body, listing="1~0", **HANOI)
    assert (refused.status, refused.wrong_fields) == (422, {field})
    assert hanoi(f"GET {LISTING}", listing="1~0", **HANOI).code == "unknown_listing"


def test_a_mapping_needs_the_shop_the_skus_and_the_channels_ids(hanoi: Api) -> None:
    assert hanoi(f"PUT {LISTING}", MUG, channel="shopee", shop="hue", listing="1~0").code == "unknown_shop"
    unknown = {"components": [{"sku": "nothing", "quantity": 1}]}
    assert hanoi(f"PUT {LISTING}", unknown, listing="1~0", **HANOI).code == "unknown_sku"
    assert hanoi(f"PUT {LISTING}", MUG, listing="1", **HANOI).wrong_fields == {"listing"}
    assert hanoi(f"PUT {LISTING}", MUG, listing="a/b", **HANOI).wrong_fields == {"listing"}
    twice = {"components": [{"sku": "mug"}, {"sku": "mug"}]}
    assert hanoi(f"PUT {LISTING}", twice, listing="1~0", **HANOI).wrong_fields == {"components"}


def test_an_order_that_waited_for_its_listing_is_sent_to_be_applied(
    hanoi: Api, work: Context, sqs: FakeSqsClient
) -> None:
    intake, now = marketplaces.open_intake(), datetime.now(UTC)
    order = MarketOrder(
        order_id="220810QSK8S7BX",
        stage=Stage.PAID,
        created_at=now,
        updated_at=now,
        lines=(OrderLine(listing="1~0", ordered=1),),
    )
    settings = work.ledger.shops.get(ShopKey("shopee", "hanoi"))
    assert settings is not None
    assert apply_order(intake, settings, order, heard_by="webhook").first
    hanoi(f"PUT {LISTING}", MUG, listing="1~0", **HANOI)

    assert sqs.messages("https://orders") == [
        {**HANOI, "kind": "mapped", "reservation_id": "shopee:hanoi:220810QSK8S7BX"}
    ]


def test_listings_are_listed_by_shop_page_by_page(hanoi: Api) -> None:
    hanoi(f"PUT {SHOP}", {}, channel="shopee", shop="hue")
    for number in range(5):
        hanoi(f"PUT {LISTING}", MUG, listing=f"{number}~0", **HANOI)
    hanoi(f"PUT {LISTING}", MUG, channel="shopee", shop="hue", listing="9~0")

    first = hanoi("GET /v1/listings", query="channel=shopee&shop=hanoi&limit=3").body
    second = hanoi("GET /v1/listings", query=f"channel=shopee&shop=hanoi&limit=3&cursor={first['cursor']}").body
    listed = [each["listing"] for page in (first, second) for each in page["items"]]
    assert listed == [f"{number}~0" for number in range(5)]
    assert second["cursor"] is None


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {"channel", "shop"}),
        ("channel=shopee", {"shop"}),
        ("channel=sendo&shop=hanoi", {"channel"}),
        ("channel=shopee&shop=a%20b", {"shop"}),
    ],
)
def test_a_list_of_listings_names_its_shop(shop: Api, query: str, fields: set[str]) -> None:
    assert shop("GET /v1/listings", query=query).wrong_fields == fields


def test_a_listing_that_was_unmapped_is_gone(hanoi: Api, work: Context) -> None:
    hanoi(f"PUT {LISTING}", MUG, listing="1~0", **HANOI)
    assert hanoi(f"DELETE {LISTING}", listing="1~0", **HANOI).body["components"] == MUG["components"]
    assert hanoi(f"GET {LISTING}", listing="1~0", **HANOI).code == "unknown_listing"
    assert work.ledger.listings.of_sku("mug") == []


# ---- Dead letters


def put_aside(sqs: FakeSqsClient, body: object, *, reason: str = "unreadable: no JSON", queue: str = "orders") -> None:
    address = {"orders": "https://orders-failures", "polls": "https://poll-failures"}[queue]
    first = int((datetime.now(UTC) - timedelta(hours=2)).timestamp() * 1000)
    SqsQueue(sqs, address).put_aside(json.dumps(body), reason=reason, first_sent_ms=first)


def test_a_dead_letter_is_shown_with_its_reason_and_age_and_without_its_body(api: Api, sqs: FakeSqsClient) -> None:
    put_aside(sqs, {**HANOI, "kind": "webhook", "body": "Tmd1eWVu", "headers": {"x": "y"}})
    put_aside(sqs, {**HANOI, "kind": "told", "order": {"order_id": "7", "lines": []}}, reason="order_too_large: no")
    [webhook, told] = api("GET /v1/dead-letters").body["items"]

    assert (webhook["queue"], webhook["channel"], webhook["shop"], webhook["kind"]) == (
        *("orders", "shopee", "hanoi"),
        "webhook",
    )
    assert webhook["reason"] == "unreadable: no JSON"
    assert 7_190 < webhook["age_s"] < 7_500
    assert (told["order_id"], webhook["order_id"]) == ("7", None)
    assert "Tmd1eWVu" not in json.dumps([webhook, told])


@pytest.mark.parametrize("body", ["{", "[]", "7", '{"channel": 7, "order": []}', '{"order": {"order_id": 7}}'])
def test_a_dead_letter_of_any_shape_can_be_looked_at(api: Api, sqs: FakeSqsClient, body: str) -> None:
    sqs.send_message(QueueUrl="https://orders-failures", MessageBody=body)
    [letter] = api("GET /v1/dead-letters").body["items"]

    assert (letter["channel"], letter["order_id"], letter["reason"]) == (None, None, MOVED_BY_SQS)


def test_a_look_leaves_everything_as_it_is(api: Api, sqs: FakeSqsClient) -> None:
    for number in range(25):
        put_aside(sqs, {"order_id": str(number)})
    first, second = (api("GET /v1/dead-letters", query="limit=100").body["items"] for _ in range(2))

    assert len(first) == 25
    assert [each["id"] for each in first] == [each["id"] for each in second]
    assert len(api("GET /v1/dead-letters", query="limit=12").body["items"]) == 12


def test_dead_letters_go_back_to_where_they_came_from(api: Api, sqs: FakeSqsClient) -> None:
    for number in range(12):
        put_aside(sqs, {"order_id": str(number)})
    put_aside(sqs, HANOI, queue="polls")
    answer = api("POST /v1/dead-letters/redrive", {})

    assert answer.body == {"redriven": 13, "left": 0}
    assert sorted(int(each["order_id"]) for each in sqs.messages("https://orders")) == list(range(12))
    assert sqs.messages("https://polls") == [HANOI]
    assert api("POST /v1/dead-letters/redrive").body == {"redriven": 0, "left": 0}


def test_no_more_are_redriven_than_were_asked_for_nor_from_another_queue(api: Api, sqs: FakeSqsClient) -> None:
    for number in range(12):
        put_aside(sqs, {"order_id": str(number)})
    put_aside(sqs, HANOI, queue="polls")

    assert api("POST /v1/dead-letters/redrive", {"limit": 11, "queue": "orders"}).body == {"redriven": 11, "left": 1}
    assert sqs.messages("https://polls") == []
    assert api("POST /v1/dead-letters/redrive", {"limit": 1}).body == {"redriven": 1, "left": 1}


def test_a_redrive_whose_reply_is_lost_loses_no_letter(api: Api, sqs: FakeSqsClient) -> None:
    put_aside(sqs, {"order_id": "7"})
    sqs.lose_replies()
    assert api("POST /v1/dead-letters/redrive").status == 503
    sqs.now_s += 3_600

    assert api("POST /v1/dead-letters/redrive").body["redriven"] == 1
    # Twice on the queue, which every reader of it can take; never not at all.
    assert sqs.messages("https://orders") == [{"order_id": "7"}] * 2
    assert sqs.messages("https://orders-failures") == []


@pytest.mark.parametrize("body", [{"limit": 0}, {"limit": 1_001}, {"queue": "all"}, {"all": True}])
def test_a_redrive_that_is_asked_for_wrongly_moves_nothing(api: Api, sqs: FakeSqsClient, body: Any) -> None:
    put_aside(sqs, {"order_id": "7"})
    assert api("POST /v1/dead-letters/redrive", body).status == 422
    assert sqs.messages("https://orders") == []


def test_while_the_queue_does_not_answer_the_caller_is_asked_to_come_again(api: Api, sqs: FakeSqsClient) -> None:
    put_aside(sqs, {"order_id": "7"})
    sqs.error = ReadTimeoutError(endpoint_url="https://queue")

    assert (api("GET /v1/dead-letters").status, api("POST /v1/dead-letters/redrive").status) == (503, 503)
    sqs.error = None
    assert len(sqs.messages("https://orders-failures")) == 1
