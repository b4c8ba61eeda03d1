"""One call to TikTok Shop: signed, sent, and its `code` read."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from holdfast.channels.protocol import Account, Answer, ChannelError, Request, Send
from holdfast.channels.reading import Told, hide_secrets, read_answer, retry_after_s, status_kind
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import hex_hmac, query, sorted_pairs

from .sheet import IN_DOUBT, SAYINGS, SHEET

UNSIGNED = frozenset({"sign", "access_token"})
JSON, MULTIPART = "application/json", "multipart/form-data"


def sign(path: str, asked: Mapping[str, str], body: bytes, *, app_secret: str, content_type: str = JSON) -> str:
    """Over path, query and the body's bytes as they are sent, but not those of a form with files (multipart).

    The access token goes in a header and is not signed.
    """
    signed = {name: value for name, value in asked.items() if name not in UNSIGNED}
    text = "" if content_type.startswith(MULTIPART) else body.decode()
    base = f"{app_secret}{path}{sorted_pairs(signed)}{text}{app_secret}"
    return hex_hmac(key=app_secret, base=base)


def call(  # a call has this many sides, and most are named
    account: Account,
    path: str,
    *,
    send: Send,
    now: datetime,
    asked: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    writes: bool = False,
) -> Told:
    """GET, or POST with a `body`. The whole answer; raises ChannelError for any `code` but 0."""
    raw = b"" if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    whole = {
        "app_key": account.members["app_key"],
        "shop_cipher": account.members["shop_cipher"],
        "timestamp": str(int(now.timestamp())),
        **(asked or {}),
    }
    whole["sign"] = sign(path, whole, raw, app_secret=account.members["app_secret"])
    answer = send(
        Request(
            method="GET" if body is None else "POST",
            url=f"{account.api_url}{path}?{query(whole)}",
            headers={"Content-Type": JSON, "x-tts-access-token": account.access_token or ""},
            body=raw,
        )
    )
    return read(answer, account, writes=writes)


def read(answer: Answer, account: Account, *, writes: bool) -> Told:
    told = read_answer(answer, writes=writes)
    code = found.code() if (found := told.get("code")) else ""
    by_status = status_kind(answer.status, writes=writes)
    if code == "0" and by_status is None:
        return told
    if not code and by_status is None:
        raise told.wrong("a member code")
    message = told.get("message")
    words = hide_secrets(message.code() if message else "", account)
    kind = Kind.UNKNOWN if writes and code in IN_DOUBT else meaning_of(code, words) or by_status or Kind.FINAL
    raise ChannelError(kind, code or f"http_{answer.status}", words, retry_after_s=retry_after_s(answer))


def meaning_of(code: str, words: str) -> Kind | None:
    """What a code means; where it says anything and nothing, what its words do."""
    lower = words.lower()
    said = next((kind for saying, kind in SAYINGS if saying in lower), None)
    known = SHEET.errors.get(code)
    return said if said is not None and known in {None, Kind.FINAL} else known
