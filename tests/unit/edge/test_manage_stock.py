"""The rest of the API, through its handler."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from holdfast.runtime.api.routes import ROUTES, methods_of

if TYPE_CHECKING:
    from tests.support.gateway import Api

PUT, GET = "PUT /v1/skus/{sku}", "GET /v1/skus/{sku}"
LEVELS, MOVE = "GET /v1/skus/{sku}/levels", "POST /v1/skus/{sku}/movements"
MOVE_MANY = "POST /v1/movements"
AVAILABILITY = "GET /v1/availability"
INCIDENTS, CLOSE = "GET /v1/incidents", "POST /v1/incidents/{id}/close"
SUBMIT = "PUT /v1/reservations/{id}"

NAMES = [
    "áo dài đỏ",
    "50% off",
    "%41",
    "a+b",
    'the "best"',
    "a;b=c",
    "back\\slash",
    "a&b",
    "{curly}",
    "*",
    "👕",
    "a.b~c",
]
NAMES_FOR_THE_QUERY = ["a/b", "//", "áo/đỏ", "what?", "#1", "-", ".", "..", "a b/c%2Fd"]


def receipt(quantity: int = 10, **more: object) -> dict[str, Any]:
    return {"id": "receipt-1", "type": "receive", "location": "main", "quantity": quantity, **more}


def ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


@pytest.mark.parametrize("sku", NAMES)
def test_a_sku_of_any_name_works_in_the_path(api: Api, sku: str) -> None:
    assert api(PUT, {}, sku=sku).body["sku"] == sku
    assert api(MOVE, receipt(), sku=sku).body["sku"] == sku
    assert api(LEVELS, sku=sku).body["sum"]["available"] == 10
    assert api(GET, sku=sku).body["sku"] == sku


@pytest.mark.parametrize("sku", [*NAMES, *NAMES_FOR_THE_QUERY])
def test_a_sku_of_any_name_works_in_the_query(api: Api, sku: str) -> None:
    named = "sku=" + quote(sku, safe="")

    assert api(PUT, {}, query=named, sku="-").body["sku"] == sku
    assert api(MOVE, receipt(), query=named, sku="-").body["sku"] == sku
    assert api(LEVELS, query=named, sku="-").body["sum"]["available"] == 10
    assert api(GET, query=named, sku="-").body["sku"] == sku
    assert api(AVAILABILITY, query=named).body["skus"][0]["free"] == 10
    assert api("GET /v1/reservations", query=named).body["items"] == []


@pytest.mark.parametrize("query", ["", "sku=", "sku=a&sku=b", "sku=%20", "sku=a%09b"])
def test_a_minus_without_a_name_in_the_query_is_refused(api: Api, query: str) -> None:
    assert api(PUT, {}, query=query, sku="-").wrong_fields == {"sku"}


@pytest.mark.parametrize("sku", ["x" * 129, " mug", "mug ", "a\tb", "a\u2028b", "\x7f"])
def test_a_name_that_is_no_printable_text_is_refused(api: Api, sku: str) -> None:
    for route, body in ((PUT, {}), (GET, None), (LEVELS, None), (MOVE, receipt())):
        assert api(route, body, sku=sku).wrong_fields == {"sku"}


def test_settings_come_back_as_they_were_put(api: Api) -> None:
    limits = {
        "max_quantity": 5,
        "scarce": True,
        "open_holds": 1,
        "units": 0,
        "reholds": 2,
        "held_minutes": 60,
        "pause_seconds": 0,
        "floor": 3,
    }
    told = {"name": "Mug", "deduction_mode": "on_order", "hold_seconds": 600, "limits": limits}

    assert api(PUT, told, sku="mug").body == {"sku": "mug", **told}
    assert api(GET, sku="mug").body == {"sku": "mug", **told}


def test_settings_that_are_absent_are_as_the_stack_has_them(api: Api) -> None:
    api(PUT, {"name": "Mug", "hold_seconds": 600}, sku="mug")

    told = api(PUT, sku="mug").body
    assert told == {
        "sku": "mug",
        "name": None,
        "deduction_mode": None,
        "hold_seconds": None,
        "limits": dict.fromkeys(
            ("max_quantity", "scarce", "open_holds", "units", "reholds", "held_minutes", "pause_seconds", "floor")
        ),
    }


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"deduction_mode": "first_come"}, {"deduction_mode"}),
        (
            {
                "hold_seconds": 0,
                "limits": {"max_quantity": 0, "min": 1, "scarce": 1, "reholds": 31, "pause_seconds": -1},
            },
            {
                "hold_seconds",
                "limits.max_quantity",
                "limits.min",
                "limits.scarce",
                "limits.reholds",
                "limits.pause_seconds",
            },
        ),
        ({"limits": 7, "colour": "white", "name": 7}, {"limits", "colour", "name"}),
        ([], {"body"}),
        ("null", {"body"}),
    ],
)
def test_settings_name_their_wrong_fields(api: Api, body: object, fields: set[str]) -> None:
    assert api(PUT, body, sku="mug").wrong_fields == fields
    assert api(GET, sku="mug").status == 404


def test_a_movement_is_recorded_once(shop: Api) -> None:
    again = shop(MOVE, receipt(), sku="mug")

    assert again.status == 200
    assert again.body["effect"] == {"on_hand": {"main": 10}, "unavailable": {}, "incoming": {}}
    assert shop(LEVELS, sku="mug").body["sum"]["on_hand"] == 10


def test_a_movement_with_a_used_id_and_another_body_is_refused(shop: Api) -> None:
    assert shop(MOVE, receipt(11), sku="mug").code == "id_reused"


@pytest.mark.parametrize(
    ("movement", "expected"),
    [
        ({"type": "ship_out", "quantity": 3}, {"on_hand": 7, "available": 7}),
        ({"type": "count", "quantity": 12}, {"on_hand": 12, "available": 12}),
        ({"type": "count", "quantity": 0}, {"on_hand": 0, "available": 0}),
        ({"type": "damage", "quantity": 2}, {"on_hand": 10, "available": 8, "unavailable": 2}),
        ({"type": "transfer", "quantity": 4, "to_location": "spare"}, {"on_hand": 10, "available": 10}),
        ({"type": "announce", "quantity": 50, "expected_at": "2999-01-01T00:00:00Z"}, {"on_hand": 10, "incoming": 50}),
    ],
)
def test_each_type_of_movement_does_what_it_says(shop: Api, movement: dict[str, Any], expected: dict[str, int]) -> None:
    told = shop(MOVE, {"id": "m-1", "location": "main", **movement}, sku="mug")

    assert told.status == 201
    total = shop(LEVELS, sku="mug").body["sum"]
    assert {name: total[name] for name in expected} == expected


def test_an_announced_receipt_arrives_in_parts(shop: Api) -> None:
    shop(MOVE, {"id": "inbound", "type": "announce", "location": "main", "quantity": 50}, sku="mug")
    shop(MOVE, receipt(20) | {"id": "part-1", "announcement": "inbound"}, sku="mug")
    levels = shop(LEVELS, sku="mug").body
    shop(
        MOVE, {"id": "end", "type": "announce", "location": "main", "quantity": 0, "announcement": "inbound"}, sku="mug"
    )

    assert levels["announced"] == [{"id": "inbound", "location": "main", "outstanding": 30, "expected_at": None}]
    assert (levels["sum"]["on_hand"], levels["sum"]["incoming"]) == (30, 30)
    assert shop(LEVELS, sku="mug").body["announced"] == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"type"}),
        ({"type": "checkpoint"}, {"type"}),
        ({"type": ["receive"]}, {"type"}),
        ({"type": "receive"}, {"id", "location", "quantity"}),
        (receipt(0), {"quantity"}),
        (receipt(1_000_001), {"quantity"}),
        (receipt(id="a/b"), {"id"}),
        (receipt(location="Kho Hà Nội"), {"location"}),
        (receipt(reason="\n"), {"reason"}),
        (receipt(to_location="spare"), {"to_location"}),
        (receipt(as_of="2026-01-01T00:00:00Z"), {"as_of"}),
        (receipt(expected_at="2026-01-01T00:00:00Z"), {"expected_at"}),
        ({"id": "m", "type": "transfer", "location": "main", "quantity": 1}, {"to_location"}),
        ({"id": "m", "type": "transfer", "location": "main", "quantity": 1, "to_location": "main"}, {"to_location"}),
        ({"id": "m", "type": "announce", "location": "main", "quantity": 0}, {"quantity"}),
        ({"id": "m", "type": "count", "location": "main", "quantity": -1}, {"quantity"}),
        (receipt(announcement="nothing-announced"), {"announcement"}),
        ([], {"body"}),
        ("7", {"body"}),
    ],
)
def test_a_movement_names_its_wrong_fields_and_nothing_is_written(shop: Api, body: Any, fields: set[str]) -> None:
    sent = body | {"id": "other"} if isinstance(body, dict) and body.get("id") == "receipt-1" else body
    told = shop(MOVE, sent, sku="mug")

    assert (told.status, told.wrong_fields) == (422, fields)
    assert shop(LEVELS, sku="mug").body["levels"][0]["version"] == 1


@pytest.mark.parametrize(
    ("before", "status"), [({"days": 8}, 422), ({"minutes": -6}, 422), ({"minutes": -4}, 201), ({"days": 6}, 201)]
)
def test_a_count_was_taken_within_the_last_week(shop: Api, before: dict[str, float], status: int) -> None:
    count = {"id": "c", "type": "count", "location": "main", "quantity": 9, "as_of": ago(**before)}

    assert shop(MOVE, count, sku="mug").status == status


def test_more_than_there_is_cannot_leave(shop: Api) -> None:
    told = shop(MOVE, {"id": "out", "type": "ship_out", "location": "main", "quantity": 11}, sku="mug")

    assert (told.status, told.code) == (409, "more_than_on_hand")


def test_movements_in_bulk_are_answered_one_by_one(shop: Api) -> None:
    sent = [
        receipt(5) | {"id": "receipt-2", "sku": "mug"},
        receipt(5) | {"sku": "cup"},
        receipt() | {"sku": "mug"},
        receipt(7) | {"sku": "mug"},
    ]
    results = shop(MOVE_MANY, {"movements": sent}).body["results"]

    assert [each["status"] for each in results] == [201, 404, 200, 409]
    assert results[0]["movement"]["quantity"] == 5
    assert [each["problem"]["code"] for each in (results[1], results[3])] == ["unknown_sku", "id_reused"]
    assert shop(LEVELS, sku="mug").body["sum"]["on_hand"] == 15


def test_a_wrong_field_refuses_the_whole_bulk(shop: Api) -> None:
    sent = [receipt() | {"id": "r2", "sku": "mug"}, receipt(0) | {"id": "r 3"}, {"type": "gift", "sku": "mug"}, 7]
    told = shop(MOVE_MANY, {"movements": sent})

    assert told.wrong_fields == {
        "movements[1].sku",
        "movements[1].id",
        "movements[1].quantity",
        "movements[2].type",
        "movements[3]",
    }
    assert shop(LEVELS, sku="mug").body["sum"]["on_hand"] == 10


@pytest.mark.parametrize("sent", [[], [receipt() | {"sku": "mug"}] * 101, {}, None])
def test_a_bulk_has_one_to_a_hundred_movements(shop: Api, sent: object) -> None:
    assert shop(MOVE_MANY, {"movements": sent}).wrong_fields == {"movements"}


def test_availability_says_what_a_product_page_needs(shop: Api) -> None:
    shop(MOVE, {"id": "inbound", "type": "announce", "location": "main", "quantity": 50}, sku="mug")
    shop(SUBMIT, {"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": 4}]}, id="order-1")

    mug, unknown = shop(AVAILABILITY, query="sku=mug&sku=cup&sku=mug").body["skus"]
    assert (mug["known"], mug["free"], mug["back_soon"][0]["units"], mug["incoming"][0]["units"]) == (True, 6, 4, 50)
    assert (unknown["sku"], unknown["known"], unknown["free"]) == ("cup", False, 0)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", {"sku"}),
        ("&".join(f"sku=s{n}" for n in range(101)), {"sku"}),
        ("sku=a&sku=%09&page=2", {"sku[1]", "page"}),
    ],
)
def test_availability_names_its_wrong_parameters(shop: Api, query: str, fields: set[str]) -> None:
    assert shop(AVAILABILITY, query=query).wrong_fields == fields


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", {"limit"}),
        ("limit=101", {"limit"}),
        ("limit=ten", {"limit"}),
        ("limit=1&limit=2", {"limit"}),
        ("limit=%D9%A1", {"limit"}),
        ("page=2&state=half", {"page", "state"}),
        ("cursor=made-up", {"cursor"}),
        ("cursor=", {"cursor"}),
    ],
)
def test_a_list_names_its_wrong_parameters(api: Api, query: str, fields: set[str]) -> None:
    assert api(INCIDENTS, query=query).wrong_fields == fields


def test_a_list_goes_on_where_it_stopped(api: Api) -> None:
    names = sorted(f"sku {number}" for number in range(7))
    for name in names:
        api(PUT, {}, sku=name)

    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < len(names):
        page = api("GET /v1/skus", query=f"limit=2{cursor and '&cursor='}{cursor}").body
        found += [each["sku"] for each in page["items"]]
        cursor = page["cursor"]
    assert found == names
    assert cursor is None


def test_an_oversold_sku_is_an_incident_that_a_person_closes(shop: Api) -> None:
    shop(SUBMIT, {"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": 8}]}, id="order-1")
    shop(MOVE, {"id": "count", "type": "count", "location": "main", "quantity": 5}, sku="mug")

    [incident] = shop(INCIDENTS).body["items"]
    closed = shop(CLOSE, {"note": "three were found"}, id=incident["id"])
    assert (incident["kind"], incident["state"], incident["facts"]["units"]) == ("oversold", "open", 3)
    assert (closed.body["state"], closed.body["note"]) == ("closed", "three were found")
    assert shop(INCIDENTS).body["items"] == []
    assert shop(INCIDENTS, query="state=closed").body["items"] == [closed.body]
    assert shop(LEVELS, sku="mug").body["sum"]["oversold"] == 3


def test_an_unknown_incident_cannot_be_closed(api: Api) -> None:
    assert api(CLOSE, id="nothing").code == "unknown_incident"
    assert api(CLOSE, id="a b").wrong_fields == {"id"}


@pytest.mark.parametrize("route", [GET, LEVELS])
def test_an_unknown_sku_is_not_there(api: Api, route: str) -> None:
    assert api(route, sku="cup").code == "unknown_sku"


def test_health_says_stage_and_version(api: Api) -> None:
    assert api("GET /v1/health").body == {"status": "ok", "stage": "test", "version": "0.1.0"}


def test_an_unknown_path_is_not_there(api: Api) -> None:
    told = api("$default", path="/v1/shops", method="GET")

    assert (told.status, told.code) == (404, "unknown_path")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.key)
def test_a_known_path_with_another_method_names_its_methods(api: Api, route: Any) -> None:
    path = route.path.replace("{id}", "x").replace("{sku}", "y")
    told = api("$default", path=path, method="OPTIONS")

    assert (told.status, told.code) == (405, "method_not_allowed")
    assert told.headers["allow"] == ", ".join(methods_of(path))
    assert route.method in methods_of(path)


@pytest.mark.parametrize("path", ["/v1/skus/mug", "/v1/skus/mug/levels", "/v1/incidents", "/v1/health"])
def test_nothing_is_served_where_no_token_was_asked_for(shop: Api, path: str) -> None:
    """Whatever made the gateway miss its route: `$default` knows no caller, so it serves nobody."""
    told = shop("$default", path=path, method="GET")

    assert told.code == "unknown_path"


def test_a_bug_is_answered_without_a_word_of_the_inside(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("holdfast.services.stock.look_up.get_sku", fail)
    told = shop(GET, sku="mug")

    assert (told.status, told.code) == (500, "internal_error")
    assert "secret" not in str(told.body)
