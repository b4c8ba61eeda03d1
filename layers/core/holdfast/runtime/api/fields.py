"""What a field of the API may hold: one rule each, for the readings by hand and for the pydantic models alike.

A rule reads a JSON value and gives back our value, or raises `Wrong` with what was expected. Its `schema` says the
same to the OpenAPI document.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, TypeVar

from holdfast.domain.budget import MOST_COUNTED
from holdfast.domain.channel_names import CHANNELS

T = TypeVar("T")

# The longest hold of a stack whose step is a minute.
LONGEST_HOLD_SECONDS = 72 * 3_600
CLOCKS_DIFFER = timedelta(minutes=5)
COUNT_REACHES_BACK = timedelta(days=7)


class Wrong(ValueError):
    """The value is not what was `expected`."""

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[T]):
    """`read(value)` raises Wrong. `schema` is JSON Schema."""

    expected: str
    schema: dict[str, Any]
    read: Callable[[object], T]


def text(pattern: str, *, longest: int, expected: str) -> Rule[str]:
    """Text of 1 to `longest` characters, as NFC: what looks the same is the same, however the keyboard spelt it.

    Halves of characters (lone surrogates) are refused beside the pattern: JSON can spell them, no expression can.
    """
    shape = re.compile(pattern)

    def read(value: object) -> str:
        if not isinstance(value, str) or len(value) > longest or not shape.fullmatch(value):
            raise Wrong(expected)
        normal = value if value.isascii() else unicodedata.normalize("NFC", value)
        if len(normal) > longest or _HALF_CHARACTER.search(normal):
            raise Wrong(expected)
        return normal

    schema = {"type": "string", "minLength": 1, "maxLength": longest, "pattern": f"^{pattern}$"}
    return Rule(expected=expected, schema=schema, read=read)


def whole(lowest: int, highest: int) -> Rule[int]:
    """A whole number. `true` is none; 2.0 is one, as in JSON Schema: JSON knows one kind of number."""
    expected = f"a whole number from {lowest} to {highest}"

    def read(value: object) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int or not lowest <= value <= highest:
            raise Wrong(expected)
        return value

    return Rule(expected=expected, schema={"type": "integer", "minimum": lowest, "maximum": highest}, read=read)


def choice(*allowed: str) -> Rule[str]:
    expected = f"one of {', '.join(allowed)}"

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Wrong(expected)
        return value

    return Rule(expected=expected, schema={"type": "string", "enum": list(allowed)}, read=read)


def read_time(value: object) -> datetime:
    """An aware time in UTC. Raises Wrong."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise Wrong(TIME.expected)


def read_day(value: object) -> date:
    """Raises Wrong."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Wrong(DAY.expected)


def read_boolean(value: object) -> bool:
    """Raises Wrong."""
    if not isinstance(value, bool):
        raise Wrong(YES_OR_NO.expected)
    return value


def not_ahead(at: datetime, *, now: datetime) -> datetime:
    """A time that has come, as far as clocks agree. Raises Wrong."""
    if at > now + CLOCKS_DIFFER:
        raise Wrong("a time that is not more than 5 minutes ahead")
    return at


def within_a_week(at: datetime, *, now: datetime) -> datetime:
    """When a count was taken. Raises Wrong."""
    if at < now - COUNT_REACHES_BACK:
        raise Wrong("a time within the last 7 days")
    return not_ahead(at, now=now)


# Control characters and line separators are no text; a blank at either end cannot be seen.
_BAD = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029"
_HALF_CHARACTER = re.compile("[\\ud800-\\udfff]")
_PRINTABLE = f"[^ {_BAD}](?:[^{_BAD}]*[^ {_BAD}])?"
_PRINTABLE_EXPECTED = "printable characters, no blank at either end"
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)")

ID = text("[A-Za-z0-9._:-]{1,128}", longest=128, expected="1 to 128 letters, digits or . _ : -")
NAME = text("[A-Za-z0-9._-]{1,64}", longest=64, expected="1 to 64 letters, digits or . _ -")
SKU = text(_PRINTABLE, longest=128, expected=f"1 to 128 {_PRINTABLE_EXPECTED}")
PAYMENT_ID = text(_PRINTABLE, longest=128, expected=f"1 to 128 {_PRINTABLE_EXPECTED}")
TITLE = text(_PRINTABLE, longest=200, expected=f"1 to 200 {_PRINTABLE_EXPECTED}")
REMARK = text(_PRINTABLE, longest=500, expected=f"1 to 500 {_PRINTABLE_EXPECTED}")
UNITS = whole(1, 1_000_000)
UNITS_OR_NONE = whole(0, 1_000_000)
HOLDS_OR_NONE = whole(0, MOST_COUNTED)
HOLD_SECONDS = whole(1, LONGEST_HOLD_SECONDS)
ORDERS = whole(0, 1_000_000)
CHANNEL = choice(*CHANNELS)
LISTING = text("[A-Za-z0-9._~-]{1,128}", longest=128, expected="1 to 128 letters, digits or . _ ~ -")
PLACE_THERE = text("[A-Za-z0-9._:/-]{1,128}", longest=128, expected="1 to 128 letters, digits or . _ : / -")
PARTS_OF_UNIT = whole(1, 10_000)
AMOUNT = text("[0-9]{1,12}(?:[.][0-9]{1,4})?", longest=17, expected="an amount as in 199000 or 12.50")
CURRENCY = text("[A-Z]{3}", longest=3, expected="a currency as in VND")
POLL_SECONDS = whole(60, 86_400)
OVERLAP_SECONDS = whole(60, 7 * 86_400)
SYNC_MODE = choice("daily", "session", "continuous")
EVERY_MINUTES = whole(15, 240)
LOCAL_TIME = text("(?:[01][0-9]|2[0-3]):[0-5][0-9]", longest=5, expected="a local time as in 04:00")
ZONE = text("[A-Za-z0-9_+/-]{1,64}", longest=64, expected="a time zone's name, as in Asia/Ho_Chi_Minh")
RATIO = whole(1, 100)
PERCENT = whole(0, 100)
LETTERS_AT_ONCE = whole(1, 1_000)
DAY: Rule[date] = Rule(expected="a day as in 2026-03-01", schema={"type": "string", "format": "date"}, read=read_day)
VERSION = whole(1, 1_000_000_000)
LIMIT_SECONDS = whole(0, LONGEST_HOLD_SECONDS)
YES_OR_NO: Rule[bool] = Rule(expected="true or false", schema={"type": "boolean"}, read=read_boolean)
MODE = choice("reserve", "on_order", "on_payment")
TIME_TEXT: Rule[str] = Rule(
    expected="a time as in 2026-03-01T09:30:00+07:00",
    schema={"type": "string", "format": "date-time"},
    read=lambda value: read_time(value).isoformat(),
)
TIME: Rule[datetime] = Rule(
    expected="a time as in 2026-03-01T09:30:00+07:00",
    schema={"type": "string", "format": "date-time"},
    read=read_time,
)
