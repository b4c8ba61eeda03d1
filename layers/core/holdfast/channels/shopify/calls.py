"""One call of Shopify's GraphQL: HTTP 200 says nothing, the errors stand inside."""

from collections.abc import Mapping

from holdfast.channels.protocol import Account, ChannelError, Request, Send
from holdfast.channels.reading import Told, hide_secrets
from holdfast.channels.rest import json_body, read_success
from holdfast.channels.sheet import Kind

from .sheet import SHEET

VERSION = "2026-04"


def ask(account: Account, document: str, variables: Mapping[str, object], send: Send, *, writes: bool) -> Told:
    """The answer's `data`. Raises ChannelError if any error stands beside it: a part of an answer is none."""
    request = Request(
        method="POST",
        url=f"{account.api_url}/admin/api/{VERSION}/graphql.json",
        headers={
            "x-shopify-access-token": account.access_token or "",
            "content-type": "application/json",
            "accept": "application/json",
        },
        body=json_body({"query": document, "variables": dict(variables)}),
    )
    answer = send(request)
    told = read_success(answer, account=account, writes=writes, errors=SHEET.errors)
    if told.get("errors") is not None:
        raise _refusal(told, account, writes=writes)
    return told["data"]


def _refusal(told: Told, account: Account, *, writes: bool) -> ChannelError:
    first = next(iter(told["errors"].rows()), None)
    if first is None:
        raise told.wrong("an error in errors")
    words, extensions = first.get("message"), first.get("extensions")
    named = None if extensions is None else extensions.get("code")
    code = "graphql" if named is None else named.code()
    kind = SHEET.errors.get(code, Kind.FINAL)
    if kind is Kind.UNKNOWN and not writes:
        kind = Kind.PASSING
    return ChannelError(
        kind,
        code,
        "" if words is None else hide_secrets(words.code(), account),
        retry_after_s=_wait_s(told) if code == "THROTTLED" else None,
    )


def _wait_s(told: Told) -> float | None:
    """Until the bucket holds what the query costs: it fills at a steady rate."""
    extensions = told.get("extensions")
    cost = None if extensions is None else extensions.get("cost")
    state = None if cost is None else cost.get("throttleStatus")
    if cost is None or state is None:
        return None
    asked = cost.get("requestedQueryCost")
    missing = (0 if asked is None else float(asked.amount())) - float(state["currentlyAvailable"].amount())
    rate = float(state["restoreRate"].amount())
    return max(0.0, missing / rate) if rate > 0 else None


def gid(kind: str, number: str) -> str:
    return f"gid://shopify/{kind}/{number}"


def number_of(told: Told) -> str:
    """The number at the end of a global id. Raises ChannelError."""
    number = told.text().rpartition("/")[2]
    if not (number.isascii() and number.isdigit()):
        raise told.wrong("a global id")
    return number
