"""One call to Lazada: signed, sent, and its `code` read. It says no with HTTP 200."""

import re
from collections.abc import Mapping
from datetime import datetime

from holdfast.channels.protocol import Account, Answer, ChannelError, Request, Send
from holdfast.channels.reading import Told, hide_secrets, read_answer, retry_after_s, status_kind
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import hex_hmac, query, sorted_pairs

from .sheet import IN_DOUBT, LONGEST_PASSING_BAN_S, SAYINGS, SHEET

SKU_BY_SKU = frozenset({Kind.FINAL, Kind.PROMOTION_LOCK})
"""What one SKU of a batch may be refused with, for all its neighbours."""
BAN = re.compile(r"ban will last (?:for )?([0-9]{1,6})", re.IGNORECASE)
FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}


def sign(path: str, parameters: Mapping[str, str], *, app_secret: str) -> str:
    """Over every parameter, those of a form's body too; in upper-case hex."""
    return hex_hmac(key=app_secret, base=path + sorted_pairs(parameters)).upper()


def get(account: Account, path: str, asked: Mapping[str, str], *, send: Send, now: datetime) -> Told:
    """Raises ChannelError for any `code` but 0."""
    system = _system(account, path, asked, now=now, with_token=True)
    answer = send(Request(method="GET", url=f"{account.api_url}{path}?{query({**system, **asked})}"))
    return _read(answer, account, writes=False)


def post(account: Account, path: str, form: Mapping[str, str], *, send: Send, now: datetime) -> Told:
    """A write. Raises ChannelError for any `code` but 0, except with rows in `detail`: the caller reads those."""
    system = _system(account, path, form, now=now, with_token=True)
    url = f"{account.api_url}{path}?{query(system)}"
    answer = send(Request(method="POST", url=url, headers=FORM, body=query(form).encode()))
    return _read(answer, account, writes=True)


def post_for_token(account: Account, path: str, form: Mapping[str, str], *, send: Send, now: datetime) -> Told:
    """To the other host, without an access token."""
    system = _system(account, path, form, now=now, with_token=False)
    url = f"{account.auth_url}{path}?{query(system)}"
    answer = send(Request(method="POST", url=url, headers=FORM, body=query(form).encode()))
    return _read(answer, account, writes=True)


def _system(
    account: Account, path: str, others: Mapping[str, str], *, now: datetime, with_token: bool
) -> dict[str, str]:
    found = {
        "app_key": account.members["app_key"],
        "timestamp": str(int(now.timestamp() * 1000)),
        "sign_method": "sha256",
    }
    if with_token:
        found["access_token"] = account.access_token or ""
    return {**found, "sign": sign(path, {**found, **others}, app_secret=account.members["app_secret"])}


def _read(answer: Answer, account: Account, *, writes: bool) -> Told:
    told = read_answer(answer, writes=writes)
    code = found.code() if (found := told.get("code")) else ""
    by_status = status_kind(answer.status, writes=writes)
    if code in {"", "0"} and by_status is None:
        return told
    message = told.get("message")
    words = hide_secrets(message.code() if message else "", account)
    kind = meaning_of(code, words) or by_status or Kind.FINAL
    if writes and kind in SKU_BY_SKU and told.rows_of("detail"):
        return told
    if writes and code in IN_DOUBT:
        kind = Kind.UNKNOWN
    ban_s = float(ban[1]) if (ban := BAN.search(words)) else retry_after_s(answer)
    if kind is Kind.PASSING and ban_s is not None and ban_s > LONGEST_PASSING_BAN_S:
        kind = Kind.DAILY_QUOTA
    raise ChannelError(kind, code or f"http_{answer.status}", words, retry_after_s=ban_s)


def meaning_of(code: str, words: str) -> Kind | None:
    """What a code and its words mean; the words first where the code says anything and nothing."""
    lower = words.lower()
    said = next((kind for saying, kind in SAYINGS if saying.lower() in lower), None)
    known = SHEET.errors.get(code)
    return said if said is not None and known in {None, Kind.FINAL} else known


def is_of_one_sku(error: ChannelError) -> bool:
    """Whether the no may be meant for one SKU of a batch only: its codes are numbers, those of the gate are words."""
    return error.kind in SKU_BY_SKU and (error.code.isdigit() or error.code.startswith("THD_"))
