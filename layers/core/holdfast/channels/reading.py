"""JSON from a marketplace, read member by member. Whatever is not as expected is a ChannelError, never a KeyError.

`unreadable` names the place and what was expected there, not what stood there: it may be a buyer's. Of a write it is
UNKNOWN (it may have been applied), of anything else FINAL (the same bytes will not read better).
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from .protocol import Account, Answer, ChannelError
from .sheet import Kind

LONGEST_DETAIL = 300
LONGEST_RETRY_AFTER_S = 86_400.0
MOST_EPOCH_S = 253_402_300_799
WHOLE = re.compile(r"-?[0-9]{1,18}\Z")
BEFORE_OFFSET = re.compile(r" (?=[+-][0-9]{2}:?[0-9]{2}\Z)")
SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?\Z")


class Told:
    """One JSON value of an answer, and the path that leads to it. Numbers may come as strings, ids as either."""

    __slots__ = ("_at", "_kind", "_value")

    def __init__(self, value: object, *, at: str, kind: Kind) -> None:
        self._value = value
        self._at = at
        self._kind = kind

    def wrong(self, expected: str) -> ChannelError:
        return ChannelError(self._kind, "unreadable", f"{self._at}: expected {expected}")

    def __getitem__(self, name: str) -> "Told":
        """A member that must be there; it may be null."""
        members = self._members()
        if name not in members:
            raise self.wrong(f"a member {name}")
        return self._inner(members[name], f".{name}")

    def get(self, name: str) -> "Told | None":
        """A member that may be absent or null."""
        value = self._members().get(name)
        return None if value is None else self._inner(value, f".{name}")

    def _members(self) -> dict[str, object]:
        if not isinstance(self._value, dict):
            raise self.wrong("an object")
        return self._value

    def _inner(self, value: object, step: str) -> "Told":
        return Told(value, at=self._at + step, kind=self._kind)

    def rows(self) -> tuple["Told", ...]:
        if not isinstance(self._value, list):
            raise self.wrong("a list")
        return tuple(self._inner(each, f"[{number}]") for number, each in enumerate(self._value))

    def rows_of(self, name: str) -> tuple["Told", ...]:
        """The rows of a member that may be absent or null: some marketplaces leave an empty list out."""
        found = self.get(name)
        return () if found is None else found.rows()

    def is_object(self) -> bool:
        return isinstance(self._value, dict)

    def text(self) -> str:
        if not isinstance(self._value, str):
            raise self.wrong("text")
        return self._value

    def id(self) -> str:
        """An id, which may come as a number or as text; never empty."""
        if isinstance(self._value, int) and not isinstance(self._value, bool):
            return str(self._value)
        if not isinstance(self._value, str) or not self._value:
            raise self.wrong("an id")
        return self._value

    def code(self) -> str:
        """An error code or a word: text or number, may be empty."""
        return self._value if isinstance(self._value, str) else self.id()

    def flag(self) -> bool:
        match self._value:
            case bool():
                return self._value
            case 0 | 1 | "0" | "1" | "true" | "false":
                return str(self._value) in {"1", "true"}
        raise self.wrong("true or false")

    def whole(self, *, least: int | None = None) -> int:
        """A whole number, at least `least`; 7, "7" and 7.0 are the same."""
        found = self._whole()
        if found is None or (least is not None and found < least):
            raise self.wrong("a whole number" if least is None else f"a whole number from {least}")
        return found

    def _whole(self) -> int | None:
        value = self._value
        if isinstance(value, Decimal) and value == value.to_integral_value():
            value = int(value)
        if isinstance(value, str) and WHOLE.match(value):
            value = int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18 else None

    def amount(self) -> Decimal:
        """Money, as a number or as text."""
        if isinstance(self._value, bool) or not isinstance(self._value, int | str | Decimal):
            raise self.wrong("an amount")
        try:
            found = Decimal(self._value)
        except InvalidOperation:
            raise self.wrong("an amount") from None
        if not found.is_finite():
            raise self.wrong("an amount")
        return found

    def seconds(self) -> datetime:
        """A time in seconds since 1970."""
        return self._since_1970(self.whole(least=0))

    def millis(self) -> datetime:
        """A time in milliseconds since 1970."""
        return self._since_1970(self.whole(least=0) / 1000)

    def _since_1970(self, seconds: float) -> datetime:
        if seconds > MOST_EPOCH_S:
            raise self.wrong("a time since 1970")
        return datetime.fromtimestamp(seconds, UTC)

    def iso(self) -> datetime:
        """ISO 8601 with an offset, as UTC; one marketplace puts a space before the offset."""
        try:
            found = datetime.fromisoformat(BEFORE_OFFSET.sub("", self.text()))
        except ValueError:
            raise self.wrong("a time in ISO 8601") from None
        if found.tzinfo is None:
            raise self.wrong("a time with its offset")
        return found.astimezone(UTC)


def read_json(body: bytes, *, kind: Kind = Kind.FINAL, at: str = "body") -> Told:
    """Raises ChannelError(kind, "unreadable") unless it is JSON."""
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ChannelError(kind, "unreadable", f"{at}: expected JSON") from None
    return Told(value, at=at, kind=kind)


def _no_number(name: str) -> None:
    raise ValueError(name)


def read_answer(answer: Answer, *, writes: bool) -> Told:
    """The answer's JSON object, whatever its status; without one, the status speaks (`http_503`)."""
    kind = Kind.UNKNOWN if writes else Kind.FINAL
    try:
        told = read_json(answer.body, kind=kind, at="answer")
    except ChannelError:
        if answer.status >= 300:  # noqa: PLR2004  # from here on it is no success
            raise http_failure(answer, writes=writes) from None
        raise
    if not told.is_object():
        raise told.wrong("an object")
    return told


def http_failure(answer: Answer, *, writes: bool) -> ChannelError:
    return ChannelError(
        status_kind(answer.status, writes=writes) or Kind.FINAL,
        f"http_{answer.status}",
        "the marketplace says no more than that",
        retry_after_s=retry_after_s(answer),
    )


def status_kind(status: int, *, writes: bool) -> Kind | None:
    """What an HTTP status alone says; None if it says success."""
    match status:
        case _ if status < 300:  # noqa: PLR2004
            return None
        case 401:
            return Kind.TOKEN
        case 429 | 503:
            return Kind.PASSING  # turned away at the door
        case 408 | 425 | 500 | 502 | 504:
            return Kind.UNKNOWN if writes else Kind.PASSING  # whoever stands behind may have done it
        case _ if status > 504:  # noqa: PLR2004
            return Kind.UNKNOWN if writes else Kind.PASSING
    return Kind.FINAL


@contextmanager
def refreshing() -> Iterator[None]:
    """Around a refresh: a token that is not accepted there is the refresh token, and no refresh helps."""
    try:
        yield
    except ChannelError as error:
        if error.kind is not Kind.TOKEN:
            raise
        raise ChannelError(Kind.REAUTHORISE, error.code, error.detail) from None


def retry_after_s(answer: Answer) -> float | None:
    """The header, in seconds; a date in it is not read."""
    told = answer.headers.get("retry-after", "").strip()
    return min(float(told), LONGEST_RETRY_AFTER_S) if SECONDS.match(told) else None


def hide_secrets(text: str, account: Account) -> str:
    """A marketplace's own words, cut short, without what opens the shop, should it repeat that."""
    for secret in (account.access_token, account.refresh_token, *account.members.values()):
        if secret and len(secret) >= 12:  # noqa: PLR2004  # ids of a shop are shorter and may stand there
            text = text.replace(secret, "…")
    return " ".join(text.split())[:LONGEST_DETAIL]
