"""The operator's command against an API that is only remembered: what it asks, what it prints, how it ends."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from cli.api import Api, Refused
from cli.app import app
from cli.names import listing_path, shop_of, shop_path
from cli.stack_file import StackFile, find_stack, keep_stack
from cli.talk import Talk
from cli.why import read_moment
from holdfast.runtime.api.shown import AvailabilityShown

STACK = StackFile("http://api.test", "http://token.test/token", "machine", "test-secret")
Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class FakeApi:
    """Answers by method and path; what is not told answers 404."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    fails: list[httpx.Response] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    tokens: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "token.test":
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"token-{self.tokens}", "expires_in": 3_600})
        if self.fails:
            return self.fails.pop(0)
        path = request.url.raw_path.decode().partition("?")[0]
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.raw_path.decode(), body))
        answer = self.answers.get(f"{request.method} {path}")
        if answer is None:
            return httpx.Response(404, json={"code": "unknown_shop", "detail": "no such [thing]", "status": 404})
        return httpx.Response(200, json=answer(body, request) if callable(answer) else answer)

    def api(self) -> Api:
        client = httpx.Client(transport=httpx.MockTransport(self))
        return Api(STACK, client, sleep=self.slept.append)

    def run(self, *words: str, as_json: bool = False) -> Any:
        talk = Talk(as_json=as_json)
        talk._api = self.api()
        return CliRunner().invoke(app, words, obj=talk, env={"COLUMNS": "200", "NO_COLOR": "1"})


SHOP = {
    "channel": "shopee",
    "shop": "hanoi",
    "name": None,
    "paused": False,
    "location": None,
    "stock_home": False,
    "orders_from": "2026-03-01T00:00:00Z",
    "poll_seconds": 300,
    "overlap_seconds": 1_800,
    "secret": "holdfast/dev/shopee/hanoi",
    "webhook_path": "/webhooks/shopee/hanoi",
    "sync": {"mode": "session", "every_minutes": 15, "ratio": 100, "maximum": 50, "next_run": "2026-03-04T12:15:00Z"},
}


# ---- The API


def test_a_token_is_asked_for_once() -> None:
    fake = FakeApi({"GET /v1/health": {"status": "ok"}})
    api = fake.api()
    api.ask("GET", "/v1/health")
    api.ask("GET", "/v1/health")
    assert fake.tokens == 1


def test_a_busy_api_is_asked_again_after_the_time_it_names() -> None:
    busy = httpx.Response(503, headers={"retry-after": "7"}, json={"code": "unavailable"})
    fake = FakeApi({"GET /v1/health": {"status": "ok"}}, fails=[busy, httpx.Response(429)])
    assert fake.api().ask("GET", "/v1/health") == {"status": "ok"}
    assert fake.slept == [7.0, 1.0]


def test_it_is_not_asked_for_ever() -> None:
    fake = FakeApi(fails=[httpx.Response(503, json={"code": "unavailable", "detail": "later"}) for _ in range(9)])
    with pytest.raises(Refused, match="later"):
        fake.api().ask("GET", "/v1/health")
    assert len(fake.slept) == 4


def test_what_is_no_document_is_told_by_its_status() -> None:
    with pytest.raises(Refused, match="http_500"):
        FakeApi(fails=[httpx.Response(500, text="<html>")]).api().ask("GET", "/v1/health")


def test_a_stack_that_cannot_be_reached_is_said_to_be_so() -> None:
    def unreachable(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    api = Api(STACK, httpx.Client(transport=httpx.MockTransport(unreachable)), sleep=lambda _: None)
    with pytest.raises(Refused, match="unreachable"):
        api.ask("GET", "/v1/health")


# ---- The stack's file


def test_the_file_that_is_kept_can_be_read_by_nobody_else_and_found_again(tmp_path: Path) -> None:
    kept = tmp_path / "config" / "stack.json"
    keep_stack(STACK, kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert find_stack(kept) == STACK
    assert "test-secret" not in repr(STACK)


def test_a_file_that_lacks_something_says_what(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('{"api_url": "http://api.test"}')
    with pytest.raises(ValueError, match="token_url, client_id, client_secret"):
        find_stack(tmp_path / "stack.json")
    with pytest.raises(FileNotFoundError, match=r"no file .*nothing\.json.*connect"):
        find_stack(tmp_path / "nothing.json")


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_file_that_says_nothing_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)
    with pytest.raises(ValueError, match=r"stack\.json is no JSON object"):
        find_stack(tmp_path / "stack.json")


# ---- Names and times


@pytest.mark.parametrize("name", ["shopee", "shopee/", "/hanoi", "shopee/hanoi/1~0/2", ""])
def test_a_name_that_is_none_is_refused_before_anything_is_asked(name: str) -> None:
    with pytest.raises(typer.BadParameter):
        shop_path(name)
    with pytest.raises(typer.BadParameter):
        listing_path(name)


def test_a_shop_and_a_listing_are_told_apart() -> None:
    assert shop_of("shopee/hanoi") == ("/v1/shops/shopee/hanoi", None)
    assert shop_of("shopee/hanoi/1~0") == ("/v1/shops/shopee/hanoi", "1~0")
    assert listing_path("shopee/hanoi/1~0") == "/v1/listings/shopee/hanoi/1~0"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("20:14", "2026-03-03T20:14:00+07:00"),
        ("09:30", "2026-03-04T09:30:00+07:00"),
        ("2026-02-01T20:14", "2026-02-01T20:14:00+07:00"),
        ("2026-02-01 20:14", "2026-02-01T20:14:00+07:00"),
        ("2026-02-01T20:14:00+00:00", "2026-02-01T20:14:00+00:00"),
    ],
)
def test_a_time_of_the_day_is_the_last_one_that_has_passed(told: str, expected: str) -> None:
    now = datetime(2026, 3, 4, 12, 0, tzinfo=timezone(timedelta(hours=7)))
    assert read_moment(told, now=now).isoformat() == expected


def test_no_time_is_refused() -> None:
    with pytest.raises(typer.BadParameter):
        read_moment("yesterday", now=datetime(2026, 3, 4, tzinfo=timezone(timedelta(hours=7))))


# ---- Commands


def test_shops_are_listed_page_by_page_for_people_and_as_json() -> None:
    def pages(_body: object, request: httpx.Request) -> dict[str, Any]:
        first = "cursor" not in request.url.params
        return {"items": [SHOP | {"shop": "hanoi" if first else "hue"}], "cursor": "next" if first else None}

    fake = FakeApi({"GET /v1/shops": pages})
    told = fake.run("shops", "list")
    assert "shopee/hanoi" in told.stdout
    assert "shopee/hue" in told.stdout
    as_json = json.loads(fake.run("shops", "list", as_json=True).stdout)
    assert [each["shop"] for each in as_json] == ["hanoi", "hue"]


def test_pausing_a_shop_leaves_its_other_settings_as_they_are() -> None:
    fake = FakeApi({"GET /v1/shops/shopee/hanoi": SHOP, "PUT /v1/shops/shopee/hanoi": SHOP})
    assert fake.run("shops", "pause", "shopee/hanoi").exit_code == 0
    method, _, body = fake.asked[-1]
    assert method == "PUT"
    assert body == {
        "paused": True,
        "stock_home": False,
        "orders_from": "2026-03-01T00:00:00Z",
        "poll_seconds": 300,
        "overlap_seconds": 1_800,
    }


def test_a_sync_setting_that_is_not_named_stays_and_no_maximum_is_said_by_zero() -> None:
    fake = FakeApi({"GET /v1/shops/shopee/hanoi": SHOP, "PUT /v1/shops/shopee/hanoi": SHOP})
    assert fake.run("sync", "settings", "shopee/hanoi", "--ratio", "80", "--maximum", "0").exit_code == 0
    assert fake.asked[-1][2]["sync"] == {"mode": "session", "every_minutes": 15, "ratio": 80}
    fake.asked.clear()
    assert fake.run("sync", "settings", "shopee/hanoi").exit_code == 0
    assert [method for method, *_ in fake.asked] == ["GET"]


def test_a_listings_own_settings_are_added_to_those_it_has() -> None:
    listing = {
        "channel": "shopee",
        "shop": "hanoi",
        "listing": "1~0",
        "components": [{"sku": "TEA", "quantity": 1}],
        "price": None,
        "location": None,
        "overrides": {"ratio": 50, "maximum": None},
    }
    path = "/v1/listings/shopee/hanoi/1~0"
    fake = FakeApi({f"GET {path}": listing, f"PUT {path}": listing})
    told = fake.run("sync", "listing", "shopee/hanoi/1~0", "--threshold", "3", "--approve-price", "1000")
    assert told.exit_code == 0
    assert fake.asked[-1][2] == {
        "components": [{"sku": "TEA", "quantity": 1}],
        "overrides": {"ratio": 50, "threshold": 3},
        "approved_price": "1000",
    }


def test_a_bundle_is_mapped_by_its_parts_also_with_an_equals_sign_in_a_name() -> None:
    path = "/v1/listings/shopee/hanoi/1~0"
    fake = FakeApi({f"PUT {path}": lambda body, _request: {**body, "listing": "1~0"}})
    told = fake.run("listings", "map", "shopee/hanoi/1~0", "KETTLE", "CUP=4", "A=B", "--price", "199000")
    assert told.exit_code == 0
    assert fake.asked[-1][2] == {
        "components": [
            {"sku": "KETTLE", "quantity": 1},
            {"sku": "CUP", "quantity": 4},
            {"sku": "A=B", "quantity": 1},
        ],
        "location": None,
        "price": {"amount": "199000", "currency": "VND"},
    }


@pytest.mark.parametrize(("name", "body"), [("shopee/hanoi", {}), ("shopee/hanoi/1~0", {"listing": "1~0"})])
def test_sync_now_pushes_a_shop_or_one_listing(name: str, body: dict[str, str]) -> None:
    ran = {"listings": 2, "differ": 1, "asked": 1, "left": 0}
    fake = FakeApi({"POST /v1/shops/shopee/hanoi/sync": ran})
    told = fake.run("sync", "now", name)
    assert "1 pushes asked for" in told.stdout
    assert fake.asked == [("POST", "/v1/shops/shopee/hanoi/sync", body)]


def test_sync_now_goes_on_until_nothing_is_left() -> None:
    answers = [{"listings": 2_500, "differ": 2_500 - done, "asked": 1_000, "left": 1_500 - done} for done in (0, 1_000)]
    answers.append({"listings": 2_500, "differ": 500, "asked": 500, "left": 0})
    fake = FakeApi({"POST /v1/shops/shopee/hanoi/sync": lambda _body, _request: answers.pop(0)})
    told = fake.run("sync", "now", "shopee/hanoi", as_json=True)
    assert json.loads(told.stdout) == {"listings": 2_500, "differ": 2_500, "asked": 2_500, "left": 0}
    assert len(fake.asked) == 3


PASSPORT = {
    "quantity": 0,
    "sent_at": "2026-03-04T20:10:00Z",
    "answer": "acknowledged",
    "rule": "threshold",
    "because": "TEA at main changed (version 41)",
    "ratio": 50,
    "threshold": 5,
    "offered": 5,
    "levels": [
        {
            "sku": "TEA",
            "location": "main",
            "takes": 1,
            "free": 10,
            "reserved": 2,
            "committed": 3,
            "incoming": 0,
            "version": 41,
        }
    ],
}


def test_why_answers_in_a_sentence_and_a_table() -> None:
    answer = {"sentence": "shopee/123/456 shows 0: because.", "passport": PASSPORT, "later": []}
    fake = FakeApi({"GET /v1/listings/shopee/123/456/passport": answer})
    told = fake.run("why", "shopee/123/456", "--at", "2026-03-04T20:14:00+07:00")
    assert told.stdout.startswith("shopee/123/456 shows 0: because.")
    assert "threshold" in told.stdout
    assert "41" in told.stdout
    assert fake.asked[0][1].endswith("passport?at=2026-03-04T20%3A14%3A00%2B07%3A00")
    assert json.loads(fake.run("why", "shopee/123/456", as_json=True).stdout) == answer


def test_a_refusal_ends_the_command_with_one_and_tells_why() -> None:
    told = FakeApi().run("why", "shopee/123/456")
    assert told.exit_code == 1
    assert "unknown_shop: no such [thing]" in told.stderr
    as_json = FakeApi().run("why", "shopee/123/456", as_json=True)
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["code"] == "unknown_shop"


def test_incidents_are_listed_and_closed() -> None:
    incident = {"id": "oversold-1", "at": "2026-03-04T12:00:00Z", "kind": "oversold", "detail": "2 units of TEA"}
    fake = FakeApi(
        {
            "GET /v1/incidents": {"items": [incident], "cursor": None},
            "POST /v1/incidents/oversold-1/close": incident,
        }
    )
    assert "2 units of TEA" in fake.run("incidents", "list").stdout
    assert fake.run("incidents", "close", "oversold-1", "--note", "counted").exit_code == 0
    assert fake.asked[-1][2] == {"note": "counted"}


def test_dead_letters_are_shown_with_their_reasons_and_sent_again() -> None:
    letter = {
        "queue": "pushes",
        "channel": "shopee",
        "shop": "hanoi",
        "kind": None,
        "order_id": None,
        "reason": "http_503",
        "first_sent_at": "2026-03-04T12:00:00Z",
    }
    fake = FakeApi(
        {"GET /v1/dead-letters": {"items": [letter]}, "POST /v1/dead-letters/redrive": {"redriven": 1, "left": 0}}
    )
    assert "http_503" in fake.run("dead-letters", "list").stdout
    assert "1 sent on their way again" in fake.run("dead-letters", "redrive", "--queue", "pushes").stdout
    assert fake.asked[-1][2] == {"limit": 100, "queue": "pushes"}


# ---- Import


def table(path: Path, *rows: tuple[str, ...]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return str(path)


def known(_body: object, request: httpx.Request) -> dict[str, Any]:
    """As the API's document has it: this answer was once imagined otherwise."""
    asked = request.url.params.get_list("sku")
    more = {"free": 0, "oversold": 0, "back_soon": [], "incoming": []}
    shown = AvailabilityShown.model_validate(
        {"skus": [{"sku": sku, "known": sku != "NOBODY", **more} for sku in asked]}
    )
    return shown.model_dump(mode="json")


def moved(body: Any, _request: httpx.Request) -> dict[str, Any]:
    return {"results": [{"status": 201, "movement": each} for each in body["movements"]]}


def test_skus_are_created_with_what_their_rows_say(tmp_path: Path) -> None:
    rows = (
        ("sku", "name", "deduction_mode", "max_quantity"),
        ("TEA/500", "Trà xanh", "reserve", "3"),
        ("CUP, blue", "", "", ""),
    )
    file = table(tmp_path / "skus.csv", *rows)
    fake = FakeApi({"PUT /v1/skus/-": {}})
    told = fake.run("import", "skus", file)
    assert told.exit_code == 0
    assert [(path, body) for _, path, body in fake.asked] == [
        ("/v1/skus/-?sku=TEA%2F500", {"name": "Trà xanh", "deduction_mode": "reserve", "limits": {"max_quantity": 3}}),
        ("/v1/skus/-?sku=CUP%2C+blue", {}),
    ]


@pytest.mark.parametrize(
    ("kind", "rows", "mistakes"),
    [
        (
            "levels",
            (("sku", "location", "quantity"), ("TEA", "main", "-1"), ("TEA", "ma in", "1.5"), ("", "main", "2")),
            ["line 2: quantity", "line 3: location", "line 3: quantity", "line 4: sku"],
        ),
        (
            "levels",
            (("sku", "location", "quantity"), ("TEA", "main", "1"), ("TEA", "main", "2")),
            ["line 3: 'TEA' at main is in line 2 already"],
        ),
        ("levels", (("sku", "quantity"), ("TEA", "1")), ["line 1: expected the columns sku, location, quantity"]),
        ("skus", (("sku", "colour"), ("TEA", "green")), ["line 1: expected the columns"]),
        ("skus", (("sku", "deduction_mode"), ("TEA", "later"), ("TEA", "")), ["line 2: deduction_mode", "line 3: sku"]),
        ("skus", (("sku",), ("TEA", "green", "and more")), ["line 2: more cells than columns"]),
        (
            "listings",
            (
                ("channel", "shop", "listing", "sku", "quantity", "price"),
                ("shopee", "hanoi", "1~0", "TEA", "1", "cheap"),
                ("shopee", "hanoi", "2 0", "TEA", "0", ""),
                ("shopee", "hanoi", "1~0", "TEA", "1", ""),
            ),
            ["line 2: price", "line 3: listing", "line 3: quantity", "line 4: shopee/hanoi/1~0 is in line 2"],
        ),
    ],
)
def test_a_file_with_mistakes_is_told_line_by_line_and_nothing_is_written(
    tmp_path: Path, kind: str, rows: tuple[tuple[str, ...], ...], mistakes: list[str]
) -> None:
    fake = FakeApi()
    told = fake.run("import", kind, table(tmp_path / "file.csv", *rows))
    assert told.exit_code == 2
    assert fake.asked == []
    for mistake in mistakes:
        assert mistake in told.stderr


def test_a_sku_that_does_not_exist_is_found_before_the_first_write(tmp_path: Path) -> None:
    rows = (("sku", "location", "quantity"), ("TEA", "main", "1"), ("NOBODY", "main", "2"))
    fake = FakeApi({"GET /v1/availability": known})
    told = fake.run("import", "levels", table(tmp_path / "levels.csv", *rows))
    assert told.exit_code == 2
    assert "line 3: no such SKU: 'NOBODY'" in told.stderr
    assert {method for method, *_ in fake.asked} == {"GET"}


def test_levels_are_counted_under_ids_that_follow_from_the_file(tmp_path: Path) -> None:
    rows = (("sku", "location", "quantity"), *((f"GOOD-{each}", "main", str(each)) for each in range(120)))
    file = table(tmp_path / "levels.csv", *rows)
    fake = FakeApi({"GET /v1/availability": known, "POST /v1/movements": moved})
    assert fake.run("import", "levels", file).exit_code == 0
    sent = [body["movements"] for method, _, body in fake.asked if method == "POST"]
    assert [len(each) for each in sent] == [50, 50, 20]
    again = FakeApi({"GET /v1/availability": known, "POST /v1/movements": moved})
    again.run("import", "levels", file)
    assert [body["movements"] for method, _, body in again.asked if method == "POST"] == sent


def test_an_import_that_was_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    rows = (("sku", "location", "quantity"), *((f"GOOD-{each}", "main", "1") for each in range(120)))
    file = table(tmp_path / "levels.csv", *rows)
    calls = 0

    def sometimes(body: Any, request: httpx.Request) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        if calls == 2:
            refused = {"status": 409, "problem": {"code": "id_reused", "detail": "another body"}}
            return {"results": [refused] * len(body["movements"])}
        return moved(body, request)

    fake = FakeApi({"GET /v1/availability": known, "POST /v1/movements": sometimes})
    told = fake.run("import", "levels", file)
    assert told.exit_code == 1
    assert "line 52: another body" in told.stderr
    assert "stopped after 50 of 120" in told.stderr
    assert fake.run("import", "levels", file).exit_code == 0
    sent = [len(body["movements"]) for method, _, body in fake.asked if method == "POST"]
    assert sent == [50, 50, 50, 20]
    assert list(tmp_path.iterdir()) == [tmp_path / "levels.csv"]


def test_a_changed_file_begins_anew_and_so_does_whoever_asks_for_it(tmp_path: Path) -> None:
    rows = (("sku",), ("TEA",), ("CUP",))
    file = table(tmp_path / "skus.csv", *rows)
    bookmark = tmp_path / "skus.csv.skus-import"
    bookmark.write_text(json.dumps({"digest": "another file's", "done": 1}))
    fake = FakeApi({"PUT /v1/skus/-": {}})
    assert fake.run("import", "skus", file).exit_code == 0
    assert len(fake.asked) == 2


def test_a_bundles_rows_become_one_listing(tmp_path: Path) -> None:
    rows = (
        ("channel", "shop", "listing", "sku", "quantity", "price"),
        ("shopee", "hanoi", "1~0", "KETTLE", "1", "199000"),
        ("shopee", "hanoi", "1~0", "CUP", "4", ""),
        ("shopee", "hanoi", "2~0", "CUP", "", ""),
    )
    fake = FakeApi(
        {
            "GET /v1/availability": known,
            "PUT /v1/listings/shopee/hanoi/1~0": {},
            "PUT /v1/listings/shopee/hanoi/2~0": {},
        }
    )
    assert fake.run("import", "listings", table(tmp_path / "listings.csv", *rows)).exit_code == 0
    assert [body for method, _, body in fake.asked if method == "PUT"] == [
        {
            "components": [{"sku": "KETTLE", "quantity": 1}, {"sku": "CUP", "quantity": 4}],
            "price": {"amount": "199000", "currency": "VND"},
        },
        {"components": [{"sku": "CUP", "quantity": 1}]},
    ]


def test_a_check_writes_nothing(tmp_path: Path) -> None:
    fake = FakeApi()
    told = fake.run("import", "skus", table(tmp_path / "skus.csv", ("sku",), ("TEA",)), "--check", as_json=True)
    assert json.loads(told.stdout) == {"rows": 1, "written": 0}
    assert fake.asked == []


def test_what_a_shop_has_on_hand_is_counted_page_by_page() -> None:
    one = [{"sku": "TEA", "quantity": 1}]
    mapped = [
        {"listing": "1~1", "components": one},
        {"listing": "1~2", "components": [{"sku": "MUG", "quantity": 2}]},
        {"listing": "1~4", "components": [{"sku": "CUP", "quantity": 1}]},
    ]
    pages = [
        {"items": [{"listing": "1~1", "quantity": 4, "on_hand": 7}], "cursor": "more"},
        {
            "items": [
                {"listing": "1~2", "quantity": 9, "on_hand": 9},
                {"listing": "1~3", "quantity": 9, "on_hand": 9},
                {"listing": "1~4", "quantity": -2, "on_hand": None},
            ],
            "cursor": None,
        },
    ]
    fake = FakeApi(
        {
            "GET /v1/listings": lambda _body, _request: {"items": mapped, "cursor": None},
            "GET /v1/shops/haravan/hanoi/stock": lambda _body, _request: pages.pop(0),
            "POST /v1/movements": moved,
        }
    )
    told = fake.run("import", "levels", "--from", "haravan/hanoi", "--location", "annex")
    assert told.exit_code == 0
    [sent] = [body["movements"] for method, _, body in fake.asked if method == "POST"]
    assert [(each["sku"], each["type"], each["location"], each["quantity"]) for each in sent] == [
        ("TEA", "count", "annex", 7),
        ("CUP", "count", "annex", 0),
    ]
    assert "1~2, 1~3" in told.stdout


@pytest.mark.parametrize("more", [(), ("--from", "haravan/hanoi", __file__)], ids=["neither", "both"])
def test_levels_come_from_a_file_or_from_a_shop(more: tuple[str, ...]) -> None:
    fake = FakeApi({})
    told = fake.run("import", "levels", *more)
    assert told.exit_code == 2
    assert fake.asked == []
    assert "--from" in told.stderr
