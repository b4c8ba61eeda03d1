"""Shopify's GraphQL endpoint without Shopify: reading, checking and running a document, pages, and the search syntax.

A document is checked against the real types (`shopify_schema`), so that a misspelt field or a variable of the wrong
type is refused here as it is there. Errors are answered under `errors` with status 200.

Doubtful: the weights by which Shopify counts a connection's cost are not published (answers seen in its forum are far
below the old rule of `first` times the children), so cost is told, at one point an object and ten a mutation, and not
policed. A time without a zone in a search is read as the shop's own time; the public pages do not settle it.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from graphql import GraphQLError, GraphQLSyntaxError, execute_sync, parse, validate
from graphql.execution import get_directive_values
from graphql.language import FieldNode, OperationDefinitionNode, OperationType
from graphql.type import GraphQLResolveInfo

from sandbox.faces.shopify_schema import SCHEMA

MAX_INPUT: Final = 250
"""The most elements an array argument, or a page, may have (shopify.dev/docs/api/usage/limits)."""

BUCKET: Final = 2000
RESTORE_RATE: Final = 100
MUTATION_COST: Final = 10
SHOP_ZONE: Final = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")

_TERM: Final = re.compile(r"""(?P<field>[a-z_]+):(?P<op>>=|<=|>|<|=)?(?P<value>'[^']*'|"[^"]*"|[^\s()]+)""")


def refusal(message: str, *, code: str = "BAD_REQUEST") -> GraphQLError:
    """An error of the document as a whole, as it stands under `errors`."""
    return GraphQLError(message, extensions={"code": code})


def run(body: Any, *, root: Mapping[str, Callable[..., Any]]) -> dict[str, Any]:
    """The answer to one POST. `root` holds a resolver for each field of the query and of the mutation."""
    if not isinstance(body, dict) or not isinstance(body.get("query"), str):
        return {"errors": "query param not found"}
    variables = body.get("variables") or {}
    if not isinstance(variables, dict):
        return {"errors": "Variables are invalid JSON"}
    try:
        document = parse(body["query"])
    except GraphQLSyntaxError as error:
        return {"errors": [_told(error)]}
    if wrong := validate(SCHEMA, document):
        return {"errors": [_told(error) for error in wrong]}
    warnings: list[dict[str, Any]] = []
    result = execute_sync(
        SCHEMA, document, dict(root), warnings, variable_values=variables, operation_name=body.get("operationName")
    )
    for failed in result.errors or ():
        # What a resolver refuses is a GraphQLError; anything else is a fault of the sandbox and stays loud.
        if failed.original_error is not None and not isinstance(failed.original_error, GraphQLError):
            raise failed.original_error
    answer: dict[str, Any] = {}
    if result.data is not None or not result.errors:
        answer["data"] = result.data
    if result.errors:
        answer["errors"] = [_told(error) for error in result.errors]
    cost = _cost(result.data) + MUTATION_COST * _mutations(document.definitions)
    throttle = {"maximumAvailable": BUCKET, "currentlyAvailable": BUCKET - cost, "restoreRate": RESTORE_RATE}
    answer["extensions"] = {
        "cost": {"requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": throttle},
        **({"search": warnings} if warnings else {}),
    }
    return answer


def throttled() -> dict[str, Any]:
    """What a query gets that the bucket cannot pay for: status 200, the code in the body."""
    message = "Throttled"
    status = {"maximumAvailable": BUCKET, "currentlyAvailable": 0, "restoreRate": RESTORE_RATE}
    cost = {"requestedQueryCost": MUTATION_COST, "actualQueryCost": None, "throttleStatus": status}
    documentation = "https://shopify.dev/api/usage/rate-limits"
    error = {"message": message, "extensions": {"code": "THROTTLED", "documentation": documentation}}
    return {"errors": [error], "extensions": {"cost": cost}}


def idempotency_key(info: GraphQLResolveInfo[Any]) -> str:
    """The key of `@idempotent` on the field that is being resolved; refused where there is none.

    From 2026-04 the directive is a must at run time for mutations of inventory
    (shopify.dev/changelog/making-idempotency-mandatory-for-inventory-adjustments-and-refund-mutations).
    """
    directive = SCHEMA.get_directive("idempotent")
    if directive is None:
        raise LookupError("the schema has no directive @idempotent")
    values = get_directive_values(directive, info.field_nodes[0], info.variable_values)
    if values is None:
        raise refusal(f"The @idempotent directive is required for the {info.field_name} mutation.")
    if not values["key"].strip():
        raise refusal("The idempotency key cannot be an empty string.")
    return str(values["key"])


def bounded(what: Sequence[Any]) -> None:
    if len(what) > MAX_INPUT:
        message = f"The input array size of {len(what)} is greater than the maximum allowed of {MAX_INPUT}."
        raise refusal(message, code="MAX_INPUT_SIZE_EXCEEDED")


# --- pages


@dataclass(frozen=True, slots=True)
class Sorted:
    """An element of a page, made when it is shown, with what it is sorted by: (value, number), unique by the number."""

    key: tuple[str, int]
    make: Callable[[], Mapping[str, Any]]


def page(items: Iterable[Sorted], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A connection by `first`/`after` or `last`/`before`. A cursor is a place in the order, not an index: elements that
    come or go between two pages shift nothing.
    """
    first, last = arguments.get("first"), arguments.get("last")
    if (first is None) == (last is None):
        raise refusal("you must provide one of first or last")
    size = int(first or last or 0)
    if size < 0 or size > MAX_INPUT:
        raise refusal(f"{'first' if last is None else 'last'} cannot exceed {MAX_INPUT}")
    reverse = bool(arguments.get("reverse"))
    ordered = sorted(items, key=lambda item: item.key, reverse=reverse)
    inside = [item for item in ordered if _between(item.key, arguments, reverse=reverse)]
    cut = inside[:size] if last is None else inside[max(0, len(inside) - size) :]
    edges = [{"cursor": _cursor(item.key), "node": item.make()} for item in cut]
    return {
        "edges": edges,
        "nodes": [edge["node"] for edge in edges],
        "pageInfo": {
            "hasNextPage": bool(cut) and cut[-1].key != ordered[-1].key,
            "hasPreviousPage": bool(cut) and cut[0].key != ordered[0].key,
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _between(key: tuple[str, int], arguments: Mapping[str, Any], *, reverse: bool) -> bool:
    after, before = arguments.get("after"), arguments.get("before")
    if after is not None and not (key < _place(after) if reverse else key > _place(after)):
        return False
    return before is None or (key > _place(before) if reverse else key < _place(before))


def _cursor(key: tuple[str, int]) -> str:
    text = json.dumps({"last_id": key[1], "last_value": key[0]}, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def _place(cursor: str) -> tuple[str, int]:
    try:
        told = json.loads(base64.b64decode(cursor, validate=True))
        return str(told["last_value"]), int(told["last_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise refusal(f"Invalid cursor for current pagination sort: {cursor}") from error


# --- the search syntax (shopify.dev/docs/api/usage/search-syntax)


def matches(query: str | None, *, known: Mapping[str, Callable[[Any], Any]], info: GraphQLResolveInfo[Any]) -> Any:
    """A filter of the `query` argument: terms `field:value` or `field:>='value'`, all of which must hold.

    `known` reads the field off an element: an aware time, a number or a text. A field that is not known is passed over
    with a warning under `extensions.search`, as Shopify does: a misspelt filter filters nothing. `OR`, `NOT` and
    brackets are not offered here and are refused loudly.
    """
    text = query or ""
    if re.search(r"(^|\s)(OR|NOT)(\s|$)|[()]", text):
        raise refusal("the sandbox reads terms joined by AND only")
    terms = list(_TERM.finditer(text))
    for term in terms:
        if term["field"] not in known:
            told = {"field": term["field"], "message": "Invalid search field for this query.", "code": "invalid_field"}
            info.context.append({"path": [info.field_name], "query": text, "warnings": [told]})
    tests = [
        (known[term["field"]], term["op"] or "=", term["value"].strip("'\""))
        for term in terms
        if term["field"] in known
    ]
    return lambda item: all(_holds(read(item), op, value) for read, op, value in tests)


def _holds(actual: Any, op: str, told: str) -> bool:
    wanted = _like(actual, told)
    if op == "=":
        return bool(actual == wanted)
    if op in (">", ">="):
        return bool(actual > wanted or (op == ">=" and actual == wanted))
    return bool(actual < wanted or (op == "<=" and actual == wanted))


def _like(actual: Any, told: str) -> Any:
    try:
        if isinstance(actual, datetime):
            moment = datetime.fromisoformat(told)
            return moment if moment.tzinfo else moment.replace(tzinfo=SHOP_ZONE)
        return type(actual)(told)
    except ValueError as error:
        raise refusal(f"Invalid search value: {told}") from error


# --- telling


def _told(error: GraphQLError) -> dict[str, Any]:
    told: dict[str, Any] = {"message": error.message}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        told["path"] = list(error.path)
    if error.extensions:
        told["extensions"] = dict(error.extensions)
    return told


def _mutations(definitions: Iterable[Any]) -> int:
    return sum(
        isinstance(field, FieldNode)
        for definition in definitions
        if isinstance(definition, OperationDefinitionNode) and definition.operation is OperationType.MUTATION
        for field in definition.selection_set.selections
    )


def _cost(told: Any) -> int:
    """Objects in the answer."""
    if isinstance(told, dict):
        return sum((isinstance(value, dict)) + _cost(value) for value in told.values())
    if isinstance(told, list):
        return sum((isinstance(value, dict)) + _cost(value) for value in told)
    return 0
