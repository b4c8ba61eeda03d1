"""One call to Shopee: signed, sent, and its `error` read."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from holdfast.channels.protocol import Account, Answer, ChannelError, Request, Send
from holdfast.channels.reading import Told, hide_secrets, read_answer, retry_after_s, status_kind
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import hex_hmac, query

from .sheet import IN_DOUBT, NOT_FOUND, SAYINGS, SHEET, SOME_FAILED


def sign(account: Account, path: str, *, seconds: int, for_shop: bool) -> str:
    base = f"{account.members['partner_id']}{path}{seconds}"
    if for_shop:
        base += f"{account.access_token or ''}{account.members['shop_id']}"
    return hex_hmac(key=account.members["partner_key"], base=base)


def call(  # noqa: PLR0913  # a call has this many sides, and all are named
    account: Account,
    path: str,
    *,
    send: Send,
    now: datetime,
    asked: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    for_shop: bool = True,
    base: str | None = None,
    writes: bool = False,
) -> Told:
    """GET with `asked`, or POST with a `body`, which is not signed. Raises ChannelError for a filled `error`.

    A refresh is a write, too: what breaks may have spent the token.
    """
    bare, _, fixed = path.partition("?")
    seconds = int(now.timestamp())
    signed = {"partner_id": account.members["partner_id"], "timestamp": str(seconds)}
    if for_shop:
        signed |= {"access_token": account.access_token or "", "shop_id": account.members["shop_id"]}
    signed["sign"] = sign(account, bare, seconds=seconds, for_shop=for_shop)
    sent = "&".join(part for part in (query({**signed, **(asked or {})}), fixed) if part)
    answer = send(
        Request(
            method="GET" if body is None else "POST",
            url=f"{base or account.api_url}{bare}?{sent}",
            headers={} if body is None else {"Content-Type": "application/json"},
            body=b"" if body is None else json.dumps(body, separators=(",", ":")).encode(),
        )
    )
    told = read_answer(answer, writes=writes)
    failure = _failure(told, answer, account, writes=writes)
    if failure is None or (failure.code == SOME_FAILED and told.get("response") is not None):
        return told
    raise failure


def _failure(told: Told, answer: Answer, account: Account, *, writes: bool) -> ChannelError | None:
    code = _code(told.get("error"))
    by_status = status_kind(answer.status, writes=writes)
    if not code and by_status is None:
        return None
    message = told.get("message")
    detail = hide_secrets(message.code() if message else "", account)
    kind = meaning_of(code, detail) or by_status or Kind.FINAL
    if writes and code in IN_DOUBT and kind is Kind.PASSING:
        kind = Kind.UNKNOWN
    return ChannelError(kind, code or f"http_{answer.status}", detail, retry_after_s=retry_after_s(answer))


def _code(told: Told | None) -> str:
    """The code without its prefix: `product.error_auth` is `error_auth`."""
    return told.code().rpartition(".")[2] if told else ""


def meaning_of(code: str, words: str) -> Kind | None:
    lower = words.lower()
    if code in SHEET.errors:
        return SHEET.errors[code]
    return next((kind for saying, kind in SAYINGS if saying in lower), None)


def is_not_found(error: ChannelError) -> bool:
    """What was asked for does not exist, or belongs to another shop."""
    return error.code == "error_not_found" or any(saying in error.detail.lower() for saying in NOT_FOUND)
