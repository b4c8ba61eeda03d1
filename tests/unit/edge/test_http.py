from __future__ import annotations

import base64
import json

import pytest

from holdfast.domain.errors import Refused
from holdfast.runtime.api.http import (
    LARGEST_BODY_BYTES,
    Answer,
    BodyTooLarge,
    UnreadableBody,
    WrongContentType,
    json_body,
    request_from,
)
from tests.support.gateway import event

PUT = "PUT /v1/skus/{sku}"


@pytest.mark.parametrize("sku", ["50% off", "%41", "a%2Fb", "%25", "100%25", "áo dài", "a+b", "x;y=z"])
def test_a_name_in_the_path_is_decoded_exactly_once(sku: str) -> None:
    assert request_from(event(PUT, sku=sku)).params["sku"] == sku


@pytest.mark.parametrize(
    ("query", "sku"),
    [
        ("sku=a%2Fb", "a/b"),
        ("sku=%C3%A1o%2F%C4%91%E1%BB%8F", "áo/đỏ"),
        ("sku=a%2Bb", "a+b"),
        ("sku=a+b", "a b"),
        ("sku=%2541", "%41"),
        ("sku=a,b", "a,b"),
    ],
)
def test_a_path_that_says_minus_means_the_name_in_the_query(query: str, sku: str) -> None:
    assert request_from(event(PUT, query=query, sku="-")).params["sku"] == sku


@pytest.mark.parametrize("query", ["", "sku=", "sku=a&sku=b", "name=a"])
def test_a_path_that_says_minus_without_one_name_in_the_query_names_nothing(query: str) -> None:
    assert request_from(event(PUT, query=query, sku="-")).params["sku"] == ""


def test_the_query_does_not_overrule_a_name_in_the_path() -> None:
    assert request_from(event(PUT, query="sku=other", sku="mug")).params["sku"] == "mug"


def test_repeated_values_of_a_query_keep_their_commas_and_their_order() -> None:
    sent = event("GET /v1/availability", query="sku=a,b&sku=c&sku=")

    assert request_from(sent).query == (("sku", "a,b"), ("sku", "c"), ("sku", ""))


def test_a_body_in_base64_is_read() -> None:
    sent = event(PUT, sku="mug") | {"body": base64.b64encode(b'{"name": "Mug"}').decode(), "isBase64Encoded": True}

    assert json_body(request_from(sent)) == {"name": "Mug"}


def test_an_empty_body_says_as_little_as_an_empty_object() -> None:
    assert json_body(request_from(event(PUT, content_type=None, sku="mug"))) == {}
    assert json_body(request_from(event(PUT, "  \n", content_type=None, sku="mug"))) == {}


@pytest.mark.parametrize(
    "told", ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_in_utf_8_is_read(told: str) -> None:
    assert json_body(request_from(event(PUT, {"name": "cốc"}, content_type=told, sku="mug"))) == {"name": "cốc"}


@pytest.mark.parametrize(
    "told", [None, "", "text/plain", "application/json; charset=utf-16", "application/jsonx", "application/xml"]
)
def test_any_other_content_type_is_refused(told: str | None) -> None:
    with pytest.raises(WrongContentType):
        json_body(request_from(event(PUT, {"name": "Mug"}, content_type=told, sku="mug")))


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "name",
        '{"a": 1} {"b": 2}',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": 1}}',
        "[" * 100_000,
        '{"a": ' + "9" * 5_000 + "}",
        "\ud800",
    ],
)
def test_what_is_no_json_is_unreadable(body: str) -> None:
    with pytest.raises(UnreadableBody):
        json_body(request_from(event(PUT, body, sku="mug")))


@pytest.mark.parametrize("body", ["/w==", "$$$", "/v8="])
def test_bytes_that_are_no_text_are_unreadable(body: str) -> None:
    sent = event(PUT, sku="mug") | {"body": body, "isBase64Encoded": True}

    with pytest.raises(UnreadableBody):
        json_body(request_from(sent))


def test_the_largest_body_is_read_and_one_byte_more_is_refused() -> None:
    largest = json.dumps("x" * (LARGEST_BODY_BYTES - 2))

    assert json_body(request_from(event(PUT, largest, sku="mug"))) == "x" * (LARGEST_BODY_BYTES - 2)
    with pytest.raises(BodyTooLarge):
        json_body(request_from(event(PUT, largest + " ", sku="mug")))


def test_a_large_body_is_refused_by_its_bytes_not_by_its_characters() -> None:
    with pytest.raises(Refused, match="262146"):
        json_body(request_from(event(PUT, json.dumps("đ" * (LARGEST_BODY_BYTES // 2), ensure_ascii=False), sku="mug")))


def test_an_answer_keeps_its_letters() -> None:
    told = Answer(status=200, body={"name": "áo dài"}).to_gateway()

    assert told["body"] == '{"name":"áo dài"}'
    assert told["headers"]["content-type"] == "application/json"
    assert told["headers"]["cache-control"] == "no-store"
