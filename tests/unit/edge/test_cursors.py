from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.domain.errors import BadInput
from holdfast.runtime.api import cursors

if TYPE_CHECKING:
    from collections.abc import Callable

STARTS: dict[str, Callable[[str], Any]] = {
    "skus": cursors.skus_start,
    "open incidents": lambda cursor: cursors.incidents_start(cursor, is_open=True),
    "reservations of a SKU": lambda cursor: cursors.reservations_of_sku_start(cursor, sku="mug"),
    "reservations": cursors.reservations_start,
}
OWN_PARTITION: dict[str, Callable[[dict[str, Any]], bool]] = {
    "skus": lambda start: start["list"] == "skus" and start["pk"] == f"SKU#{start['listed']}",
    "open incidents": lambda start: start["list"] == "incidents#open" and start["pk"].startswith("INCIDENT#"),
    "reservations of a SKU": lambda start: start["pk"] == "SKU_RESERVATIONS#mug",
    "reservations": lambda start: "row" not in start or start["row"]["pk"].startswith("DAY#"),
}


def made_up(place: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def reads_its_own_list_or_nothing(name: str, cursor: str) -> bool:
    try:
        start = STARTS[name](cursor)
    except BadInput as bad:
        return [each.field for each in bad.fields] == ["cursor"]
    return OWN_PARTITION[name](start)


def test_a_cursor_leads_back_to_where_the_list_stopped() -> None:
    sku = {"pk": "SKU#áo/đỏ", "sk": "SETTINGS", "list": "skus", "listed": "áo/đỏ"}
    told = {"pk": "INCIDENT#i-1", "sk": "INCIDENT", "list": "incidents#closed", "listed": "0001#i-1"}
    row = {"pk": "SKU_RESERVATIONS#mug", "sk": "0001#order-1"}
    day = {"day": "2026-02-15", "row": {"pk": "DAY#2026-02-15", "sk": "0001#order-1"}}

    assert cursors.skus_start(cursors.skus_cursor(sku)) == sku
    assert cursors.incidents_start(cursors.incidents_cursor(told), is_open=False) == told
    assert cursors.reservations_of_sku_start(cursors.reservations_of_sku_cursor(row), sku="mug") == row
    assert cursors.reservations_start(cursors.reservations_cursor(day)) == day
    assert cursors.reservations_start(cursors.reservations_cursor({"day": "2026-02-15"})) == {"day": "2026-02-15"}


def test_the_end_of_a_list_has_no_cursor() -> None:
    assert cursors.skus_cursor(None) is cursors.reservations_cursor(None) is cursors.incidents_cursor(None) is None


@pytest.mark.parametrize("name", STARTS)
@given(
    place=st.lists(st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.just([]), max_size=3)
    | st.text(max_size=5)
    | st.integers()
    | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)
)
def test_a_cursor_that_was_made_up_reads_its_own_list_or_nothing(name: str, place: object) -> None:
    assert reads_its_own_list_or_nothing(name, made_up(place))


@pytest.mark.parametrize("name", STARTS)
@given(cursor=st.text(max_size=40))
def test_a_text_that_is_no_cursor_is_refused_by_name(name: str, cursor: str) -> None:
    assert reads_its_own_list_or_nothing(name, cursor)
