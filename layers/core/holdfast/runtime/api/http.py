"""HTTP as the gateway hands it over (HTTP API, payload 2.0) and as it wants it back."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn
from urllib.parse import parse_qsl

from holdfast.domain.errors import BadInput, FieldError, Refused

LARGEST_BODY_BYTES = 256 * 1024

# What a path says instead of a SKU that stands in the query.
IN_QUERY = "-"


class UnreadableBody(BadInput):
    """The body is no JSON text."""

    code: ClassVar[str] = "unreadable_body"


class WrongContentType(Refused):
    code = "wrong_content_type"


class BodyTooLarge(Refused):
    code = "body_too_large"


class UnknownPath(Refused):
    code = "unknown_path"


class MethodNotAllowed(Refused):
    """The path is known; `allowed` are the methods it has."""

    code = "method_not_allowed"

    def __init__(self, method: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"{method} is not possible here; use {' or '.join(allowed)}")
        self.allowed = allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`route` as in the template ("PUT /v1/skus/{sku}"); `params` and `query` decoded, the query in its order."""

    route: str
    method: str
    path: str
    params: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    content_type: str
    body: bytes
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back: a status and a JSON document."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    def to_gateway(self) -> dict[str, Any]:
        headers = {"content-type": self.content_type, "cache-control": "no-store", **self.headers}
        body = json.dumps(self.body, ensure_ascii=False, separators=(",", ":"))
        return {"statusCode": self.status, "headers": headers, "body": body, "isBase64Encoded": False}


def request_from(event: Mapping[str, Any]) -> Request:
    context = event["requestContext"]
    return Request(
        route=event["routeKey"],
        method=context["http"]["method"],
        path=decoded(event["rawPath"]),
        params=_params(event),
        query=_query(event),
        content_type=_content_type(event.get("headers") or {}),
        body=_body(event),
        id=context.get("requestId", ""),
    )


def decoded(text: str) -> str:
    """What is left to decode in a path of the gateway, done once.

    An HTTP API decodes every escape of the path but `%25` before it calls the function; the client's `%2541` arrives
    as it was sent and means the text `%41`. So `%25` is the only escape left, and a second full decoding would turn
    a SKU named `%41` into `A`.
    """
    return text.replace("%25", "%")


def _params(event: Mapping[str, Any]) -> dict[str, str]:
    """Path parameters; a path that says `-` for its SKU means the query's `sku`, for names that paths cannot carry."""
    params = {name: decoded(value) for name, value in (event.get("pathParameters") or {}).items()}
    if params.get("sku") == IN_QUERY:
        named = [value for name, value in _query(event) if name == "sku"]
        params["sku"] = named[0] if len(named) == 1 else ""
    return params


def _query(event: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Read from the raw query: the gateway's own reading joins repeated values by commas, which SKUs may hold."""
    return tuple(parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True))


def _content_type(headers: Mapping[str, str]) -> str:
    return next((value for name, value in headers.items() if name.lower() == "content-type"), "")


def _body(event: Mapping[str, Any]) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(text).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b"\xff"  # no text in any reading: it is refused where a body is wanted


def json_body(request: Request) -> object:
    """The body's value; an empty body says as little as `{}`.

    Raises BodyTooLarge, WrongContentType, UnreadableBody.
    """
    if len(request.body) > LARGEST_BODY_BYTES:
        raise BodyTooLarge(f"a body has at most {LARGEST_BODY_BYTES} bytes, not {len(request.body)}")
    if not request.body.strip():
        return {}
    _check_content_type(request.content_type)
    try:
        return json.loads(request.body.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_constant)
    except RecursionError:
        raise _unreadable("it is nested too deeply") from None
    except ValueError as error:  # no UTF-8, no JSON, or a number of thousands of digits
        raise _unreadable(str(error)) from None


def _check_content_type(told: str) -> None:
    media_type, *parameters = (part.strip().lower() for part in told.split(";"))
    charsets = [part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")]
    if media_type != "application/json" or any(charset != "utf-8" for charset in charsets):
        raise WrongContentType(f"send the body as content-type application/json (in UTF-8), not {told!r}")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {twice!r} is there twice")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _unreadable(why: str) -> UnreadableBody:
    return UnreadableBody([FieldError("body", "a JSON text in UTF-8")], f"the body cannot be read as JSON: {why}")
