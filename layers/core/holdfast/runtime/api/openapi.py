"""The OpenAPI document, from the code. `make openapi` writes it to docs/openapi.json; a test says when it is behind."""

import json
import re
import sys
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from holdfast.runtime.version import VERSION

from . import fields, shown
from .http import IN_QUERY
from .operations import OPERATIONS, Operation, Parameter
from .problems import CONTENT_TYPE
from .routes import ROUTES, Route

Document = dict[str, Any]
Codes = Mapping[int, tuple[str, ...]]

COMMITTED = "docs/openapi.json"
REF = "#/components/schemas/{model}"
IN_PATH = {
    "id": fields.ID.schema,
    "sku": {**fields.SKU.schema, "not": {"const": IN_QUERY}},
    "channel": fields.CHANNEL.schema,
    "shop": fields.NAME.schema,
    "listing": fields.LISTING.schema,
}

# Codes that any route may answer, by status; what is in a body only where there is one.
WITH_BODY = {400: ("unreadable_body",), 413: ("body_too_large",), 415: ("wrong_content_type",)}
WITH_INPUT = {422: ("bad_input",)}
ALWAYS = {500: ("internal_error",), 503: ("unavailable", "conflict", "ledger_broken", "clock_ahead")}
GATEWAY = {401: "No token, or none that is valid.", 403: "The token lacks the scope.", 429: "Too many requests."}

SKU_IN_QUERY = Parameter(
    name="sku",
    schema=fields.SKU.schema,
    description="The SKU, for names that a path cannot carry: with a slash, a question mark or a number sign.",
    required=True,
)


def document() -> Document:
    paths: Document = {}
    for route in ROUTES:
        operation = OPERATIONS[route.key]
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, operation)
        if "{sku}" in route.path:
            path = route.path.replace("{sku}", IN_QUERY)
            paths.setdefault(path, {})[route.method.lower()] = _operation(route, operation, in_query=True)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Holdfast",
            "version": VERSION,
            "summary": "One true count of every SKU, held for a buyer before the buyer has paid.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": _security_schemes()},
    }


def _operation(route: Route, operation: Operation, *, in_query: bool = False) -> Document:
    told: Document = {
        "operationId": operation.id + ("_in_query" if in_query else ""),
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(route, operation, in_query=in_query),
        "responses": _responses(route, operation),
        "security": [] if route.scope is None else [{"token": [f"holdfast/{route.scope}"]}],
    }
    if operation.body is not None:
        told["requestBody"] = {
            "required": any(each.is_required() for each in operation.body.model_fields.values()),
            "content": {"application/json": {"schema": _ref(operation.body)}},
        }
    return told


def _parameters(route: Route, operation: Operation, *, in_query: bool) -> list[Document]:
    names = [name for name in re.findall(r"\{(\w+)\}", route.path) if not (in_query and name == "sku")]
    path = [{"name": name, "in": "path", "required": True, "schema": IN_PATH[name]} for name in names]
    query = (*([SKU_IN_QUERY] if in_query else []), *operation.query)
    return path + [
        {
            "name": each.name,
            "in": "query",
            "required": each.required,
            "schema": each.schema,
            "description": each.description,
        }
        for each in query
    ]


def _responses(route: Route, operation: Operation) -> Document:
    told: Document = {
        str(status): {"description": HTTPStatus(status).phrase, "content": _json(model)}
        for status, model in operation.answers.items()
    }
    for status, codes in sorted(_problem_codes(route, operation).items()):
        told[str(status)] = {"description": f"Codes: {', '.join(codes)}.", "content": {CONTENT_TYPE: _problem()}}
        if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
            told[str(status)]["headers"] = {"retry-after": {"schema": {"type": "string"}, "description": "Seconds."}}
    if route.scope is not None:
        for status, why in GATEWAY.items():
            known = told.setdefault(str(status), {"description": why, "content": {}})
            known["content"] |= _json(shown.GatewayRefusal)
    return told


def _problem_codes(route: Route, operation: Operation) -> dict[int, tuple[str, ...]]:
    takes_input = operation.body is not None or operation.query or "{" in route.path
    found: dict[int, tuple[str, ...]] = {}
    groups: tuple[Codes, ...] = (
        operation.problems,
        WITH_BODY if operation.body is not None else {},
        WITH_INPUT if takes_input else {},
        ALWAYS,
    )
    for group in groups:
        for status, codes in group.items():
            found[status] = (*found.get(status, ()), *codes)
    return found


def _json(model: type) -> Document:
    return {"application/json": {"schema": _ref(model)}}


def _ref(model: type) -> Document:
    return {"$ref": REF.format(model=model.__name__)}


def _problem() -> Document:
    return {"schema": _ref(shown.Problem)}


def _schemas() -> Document:
    bodies = {operation.body for operation in OPERATIONS.values()} - {None}
    answers = {model for operation in OPERATIONS.values() for model in operation.answers.values()}
    wanted = sorted(
        {*((model, "validation") for model in bodies if model), *((model, "serialization") for model in answers)},
        key=lambda each: each[0].__name__,
    )
    further = [(shown.Problem, "serialization"), (shown.GatewayRefusal, "serialization")]
    _, told = models_json_schema([*wanted, *further], ref_template=REF)  # type: ignore[list-item]
    return dict(sorted(told["$defs"].items()))


def _security_schemes() -> Document:
    scopes = {f"holdfast/{route.scope}": f"Scope {route.scope}" for route in ROUTES if route.scope}
    flow = {"tokenUrl": "https://example.com/oauth2/token", "scopes": scopes}
    return {"token": {"type": "oauth2", "flows": {"clientCredentials": flow}}}


def text() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False, sort_keys=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else COMMITTED).write_text(text(), encoding="utf-8")
