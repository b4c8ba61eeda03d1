"""What comes from a marketplace is read, or is an error with a name; nothing else happens."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.channels.protocol import Account, Answer, ChannelError
from holdfast.channels.reading import Told, hide_secrets, http_failure, read_answer, read_json, status_kind
from holdfast.channels.sheet import Kind


def told(value: object) -> Told:
    return read_json(json.dumps({"a": value}).encode())["a"]


@pytest.mark.parametrize(("value", "units"), [(7, 7), ("7", 7), (7.0, 7), ("-3", -3), (0, 0)])
def test_a_whole_number_may_come_in_other_clothes(value: object, units: int) -> None:
    assert told(value).whole() == units


@pytest.mark.parametrize("value", [7.5, "7.5", "", " 7", "seven", True, None, [7], {"a": 7}, 10**18, "\u0667"])
def test_what_is_no_whole_number_is_unreadable_and_not_shown(value: object) -> None:
    with pytest.raises(ChannelError) as error:
        told(value).whole()
    assert (error.value.kind, error.value.code) == (Kind.FINAL, "unreadable")
    assert error.value.detail == "body.a: expected a whole number"


def test_units_cannot_be_negative_where_they_are_counted() -> None:
    with pytest.raises(ChannelError, match="a whole number from 0"):
        told(-1).whole(least=0)


@pytest.mark.parametrize(("value", "id_"), [(23620853561, "23620853561"), ("260422900198363", "260422900198363")])
def test_an_id_is_text_whatever_it_came_as(value: object, id_: str) -> None:
    assert told(value).id() == id_


@pytest.mark.parametrize("value", ["", True, None, 1.5, []])
def test_what_is_no_id_is_unreadable(value: object) -> None:
    with pytest.raises(ChannelError, match="unreadable"):
        told(value).id()


@pytest.mark.parametrize("value", ["NaN", "Infinity", "cheap", True, None, {}])
def test_what_is_no_amount_is_unreadable(value: object) -> None:
    with pytest.raises(ChannelError, match="unreadable"):
        told(value).amount()


def test_a_member_that_is_null_is_as_good_as_absent_unless_it_must_be_there() -> None:
    body = read_json(b'{"a": null}')
    assert body.get("a") is None
    assert body.get("b") is None
    assert body.rows_of("a") == ()
    with pytest.raises(ChannelError, match="body: expected a member b"):
        body["b"]
    with pytest.raises(ChannelError, match=r"body\.a: expected text"):
        body["a"].text()


def test_money_is_exact() -> None:
    assert told("199000.10").amount() == Decimal("199000.10")
    assert read_json(b'{"a": 0.1}')["a"].amount() == Decimal("0.1")


def test_times_are_aware_and_in_utc() -> None:
    noon = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    assert told(int(noon.timestamp())).seconds() == noon
    assert told(int(noon.timestamp()) * 1000).millis() == noon
    assert told("2026-03-04T19:00:00+07:00").iso() == noon
    assert told("2026-03-04 19:00:00 +0700").iso() == noon


@pytest.mark.parametrize("value", ["2026-03-04T12:00:00", "yesterday", 5, "2026-13-04T12:00:00Z"])
def test_a_time_without_its_offset_is_no_time(value: object) -> None:
    with pytest.raises(ChannelError, match="unreadable"):
        told(value).iso()


def test_a_time_beyond_the_calendar_is_unreadable() -> None:
    with pytest.raises(ChannelError, match="a time since 1970"):
        told(10**17).seconds()


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(ChannelError, match="expected JSON"):
        read_json(body)


def test_an_unreadable_answer_to_a_write_may_have_been_applied() -> None:
    answer = Answer(status=200, headers={}, body=b"<html>")
    for writes, kind in ((True, Kind.UNKNOWN), (False, Kind.FINAL)):
        with pytest.raises(ChannelError) as error:
            read_answer(answer, writes=writes)
        assert (error.value.kind, error.value.code) == (kind, "unreadable")


@pytest.mark.parametrize(
    ("status", "reads", "writes"),
    [
        (200, None, None),
        (302, Kind.FINAL, Kind.FINAL),
        (401, Kind.TOKEN, Kind.TOKEN),
        (404, Kind.FINAL, Kind.FINAL),
        (429, Kind.PASSING, Kind.PASSING),
        (500, Kind.PASSING, Kind.UNKNOWN),
        (502, Kind.PASSING, Kind.UNKNOWN),
        (503, Kind.PASSING, Kind.PASSING),
        (504, Kind.PASSING, Kind.UNKNOWN),
        (522, Kind.PASSING, Kind.UNKNOWN),
    ],
)
def test_a_write_that_broke_behind_the_door_is_in_doubt(status: int, reads: Kind | None, writes: Kind | None) -> None:
    assert status_kind(status, writes=False) is reads
    assert status_kind(status, writes=True) is writes


@pytest.mark.parametrize(("header", "seconds"), [("2.0", 2.0), ("30", 30.0), ("999999999", 86_400.0), ("soon", None)])
def test_how_long_to_wait_is_read_and_bounded(header: str, seconds: float | None) -> None:
    failure = http_failure(Answer(status=429, headers={"retry-after": header}, body=b""), writes=False)
    assert (failure.code, failure.retry_after_s) == ("http_429", seconds)


def test_a_marketplace_that_repeats_the_token_does_not_get_it_into_our_logs() -> None:
    account = Account(
        channel="shopee",
        shop="hanoi",
        api_url="https://shop.test",
        auth_url="https://shop.test",
        members={"partner_key": "test_partner_key_0123", "shop_id": "123"},
        access_token="testaccesstoken0001",
    )
    words = hide_secrets("shop 123: testaccesstoken0001 is not\n signed by test_partner_key_0123", account)
    assert words == "shop 123: … is not signed by …"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)


@settings(max_examples=150)
@given(
    value=JSON, reader=st.sampled_from(["whole", "id", "text", "amount", "seconds", "millis", "iso", "flag", "rows"])
)
def test_whatever_comes_is_read_or_is_a_channel_error(value: Any, reader: str) -> None:
    try:
        getattr(Told({"a": value}, at="body", kind=Kind.FINAL)["a"], reader)()
    except ChannelError as error:
        assert error.code == "unreadable"  # noqa: PT017  # the claim is that nothing else is raised
