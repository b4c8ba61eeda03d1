"""Requests as the gateway hands them to a function, and answers as a caller reads them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from holdfast.runtime.api.operations import OPERATIONS
from holdfast.runtime.api.shown import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """`body` parsed; headers in small letters."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def wrong_fields(self) -> set[str]:
        return {each["field"] for each in self.body["errors"]}


def event(
    route: str,
    body: object = None,
    *,
    query: str = "",
    content_type: str | None = JSON,
    path: str | None = None,
    method: str | None = None,
    **params: str,
) -> dict[str, Any]:
    """`params` as the text they are; the gateway leaves `%` of a path escaped, and nothing else.

    A `body` of type str is sent as it is.
    """
    told = {name: value.replace("%", "%25") for name, value in params.items()}
    named_method, _, template = route.partition(" ")
    raw_path = path or template
    for name, value in told.items():
        raw_path = raw_path.replace("{" + name + "}", value)
    sent: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": raw_path,
        "rawQueryString": query,
        "headers": {} if content_type is None else {"content-type": content_type},
        "requestContext": {
            "http": {"method": method or named_method, "path": raw_path},
            "requestId": "a-request",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if told:
        sent["pathParameters"] = told
    if body is not None:
        sent["body"] = body if isinstance(body, str) else json.dumps(body)
    return sent


@dataclass(frozen=True)
class Api:
    """Both functions of the API behind one door, as the gateway puts them. Every answer is held to the document."""

    handlers: Mapping[str, Callable[[dict[str, Any], Any], dict[str, Any]]]
    seen: list[Reply] = field(default_factory=list)

    def __call__(self, route: str, body: object = None, **how: Any) -> Reply:
        return self.send(event(route, body, **how))

    def send(self, sent: dict[str, Any]) -> Reply:
        route = sent["routeKey"]
        answer = self.handlers[route](sent, None)
        reply = Reply(answer["statusCode"], json.loads(answer["body"]), answer["headers"])
        _as_documented(route, reply)
        self.seen.append(reply)
        return reply


def _as_documented(route: str, reply: Reply) -> None:
    if reply.status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"
        problem = Problem.model_validate_json(json.dumps(reply.body), strict=True)
        assert problem.status == reply.status
        assert problem.type.endswith(problem.code)
        return
    assert reply.headers["content-type"] == JSON
    OPERATIONS[route].answers[reply.status].model_validate_json(json.dumps(reply.body), strict=True)
