"""Bodies of the reservations API, read by hand: pydantic would double what the first buyer after a start waits for.

Every field that is wrong is told at once. `models.py` says the same in pydantic; a test holds the two together.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TypeVar

from holdfast.domain.channel_names import CHANNELS
from holdfast.domain.errors import BadInput, FieldError
from holdfast.domain.placing import MAX_LINES
from holdfast.domain.reservation import Wanted
from holdfast.domain.risk import Facts
from holdfast.services.reservations.hold_units import Order

from . import fields
from .fields import Rule, Wrong, not_ahead

T = TypeVar("T")

# More than enough for 90 lines after summing; a limit on the work that one body can make.
MOST_LINES_SENT = 10 * MAX_LINES

OBJECT_EXPECTED = "an object"
LINES_EXPECTED = f"a list of 1 to {MOST_LINES_SENT} lines"
UNKNOWN_EXPECTED = "nothing: there is no such field"


class Members:
    """The members of one JSON object. What is wrong is noted in `wrong`, with the path that leads there."""

    def __init__(self, value: object, wrong: list[FieldError], *, at: str = "") -> None:
        self._wrong = wrong
        self._at = at
        self._left: dict[str, object] = {}
        if isinstance(value, Mapping):
            self._left = dict(value)
        else:
            self.note("", OBJECT_EXPECTED)

    def path(self, name: str) -> str:
        return ".".join(part for part in (self._at, name) if part) or "body"

    def note(self, name: str, expected: str) -> None:
        self._wrong.append(FieldError(self.path(name), expected))

    def take(self, name: str) -> object:
        return self._left.pop(name, None)

    def required(self, name: str, rule: Rule[T], otherwise: T) -> T:
        """The member's value; if it is wrong or missing, that is noted and `otherwise` stands in for it."""
        try:
            return rule.read(self.take(name))
        except Wrong as wrong:
            self.note(name, wrong.expected)
            return otherwise

    def optional(self, name: str, rule: Rule[T]) -> T | None:
        """The member's value; None if it is absent or null."""
        value = self.take(name)
        if value is None:
            return None
        try:
            return rule.read(value)
        except Wrong as wrong:
            self.note(name, wrong.expected)
            return None

    def end(self) -> None:
        """Whatever was not taken is not ours."""
        for name in self._left:
            self.note(name, UNKNOWN_EXPECTED)


OWN_ID_EXPECTED = "an id of your own: a marketplace's name and a colon begin the ids of its orders"


def read_id(value: str) -> str:
    """The id in the path. Raises BadInput."""
    try:
        return fields.ID.read(value)
    except Wrong as wrong:
        raise BadInput([FieldError("id", wrong.expected)]) from None


def read_order(reservation_id: str, body: object, *, now: datetime) -> Order:
    """Raises BadInput naming every field that is wrong."""
    wrong: list[FieldError] = []
    try:
        reservation_id = read_id(reservation_id)
    except BadInput as bad:
        wrong.extend(bad.fields)
    if reservation_id.partition(":")[0] in CHANNELS and ":" in reservation_id:
        wrong.append(FieldError("id", OWN_ID_EXPECTED))
    members = Members(body, wrong)
    if not isinstance(body, Mapping):
        raise BadInput(wrong)
    buyer_id, facts = _read_buyer(members.take("buyer"), wrong, now=now)
    order = Order(
        id=reservation_id,
        buyer_id=buyer_id,
        facts=facts,
        lines=_read_lines(members.take("lines"), wrong),
        hold_seconds=members.optional("hold_seconds", fields.HOLD_SECONDS),
        channel=members.optional("channel", fields.NAME),
    )
    members.end()
    if wrong:
        raise BadInput(wrong)
    return order


def _read_buyer(value: object, wrong: list[FieldError], *, now: datetime) -> tuple[str, Facts]:
    """The buyer's id, and the facts to weigh. They are not kept: nothing personal is stored but ids and counts."""
    members = Members(value, wrong, at="buyer")
    if not isinstance(value, Mapping):
        return "", Facts()
    buyer_id = members.required("id", fields.ID, "")
    past = _past(now)
    facts = Facts(
        registered_at=members.optional("registered_at", past),
        last_active_at=members.optional("last_active_at", past),
        paid_orders=members.optional("paid_orders", fields.ORDERS),
    )
    members.end()
    return buyer_id, facts


def read_change(body: object) -> tuple[tuple[Wanted, ...], int | None]:
    """All lines as they shall be, and the version that the caller saw. Raises BadInput."""
    wrong: list[FieldError] = []
    members = Members(body, wrong)
    if not isinstance(body, Mapping):
        raise BadInput(wrong)
    lines = _read_lines(members.take("lines"), wrong)
    version = members.optional("version", fields.VERSION)
    members.end()
    if wrong:
        raise BadInput(wrong)
    return lines, version


def _past(now: datetime) -> Rule[datetime]:
    def read(value: object, *, now: datetime) -> datetime:
        return not_ahead(fields.TIME.read(value), now=now)

    return Rule(expected=fields.TIME.expected, schema=fields.TIME.schema, read=partial(read, now=now))


def _read_lines(value: object, wrong: list[FieldError]) -> tuple[Wanted, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_LINES_SENT:
        wrong.append(FieldError("lines", LINES_EXPECTED))
        return ()
    return tuple(_read_line(each, wrong, at=f"lines[{number}]") for number, each in enumerate(value))


def _read_line(value: object, wrong: list[FieldError], *, at: str) -> Wanted:
    members = Members(value, wrong, at=at)
    if not isinstance(value, Mapping):
        return Wanted("", 0)
    line = Wanted(
        sku=members.required("sku", fields.SKU, ""),
        quantity=members.required("quantity", fields.UNITS, 0),
        location=members.optional("location", fields.NAME),
    )
    members.end()
    return line


def read_payment(body: object) -> str:
    """The payment's id, of a commit's body. Raises BadInput.

    `paid_at` may lie ahead (the clock is the payment provider's) and is information only.
    """
    wrong: list[FieldError] = []
    members = Members(body, wrong)
    if isinstance(body, Mapping):
        payment_id = members.required("payment_id", fields.PAYMENT_ID, "")
        members.optional("paid_at", fields.TIME)
        members.end()
        if not wrong:
            return payment_id
    raise BadInput(wrong)


def read_nothing(body: object) -> None:
    """An object without members, as an empty body is one. Raises BadInput."""
    wrong: list[FieldError] = []
    Members(body, wrong).end()
    if wrong:
        raise BadInput(wrong)
