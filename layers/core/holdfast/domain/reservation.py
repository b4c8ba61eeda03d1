"""A buyer's claim to units, before and after payment: the record, and the table of what can be done to it when."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from .level import Place
from .policy import Mode
from .risk import Hit

if TYPE_CHECKING:  # buyers' orders have none of it
    from .market import Told

# The record stays under 1 KB for an ordinary order; older entries of the history are in the logs.
HISTORY_KEPT = 12


class State(StrEnum):
    OPEN = "open"
    HELD = "held"
    COMMITTED = "committed"
    SHIPPED = "shipped"
    RELEASED = "released"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"


class Command(StrEnum):
    BEGIN_PAYMENT = "begin_payment"
    COMMIT = "commit"
    RELEASE = "release"
    SHIP = "ship"
    REFUNDED = "refunded"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line as the buyer asks for it; `location` None: wherever the stack's order of locations finds it whole."""

    sku: str
    quantity: int
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is served."""

    sku: str
    quantity: int
    location: str

    @property
    def place(self) -> Place:
        return Place(self.sku, self.location)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the history: what happened, when."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The record. `minute`: the wheel minute all its held lines are in; `version` counts its transitions.

    `told`: for an order of a marketplace, what the marketplace last said of it.
    `budgeted`: it stands in its buyer's budget. `untrusted`: the last units are not for him. `refund_by`: only while a
    refund is due.
    """

    id: str
    state: State
    mode: Mode
    buyer_id: str
    lines: tuple[Line, ...]
    body_hash: str
    hold_seconds: int
    created_at: datetime
    changed_at: datetime
    version: int = 1
    channel: str | None = None
    minute: int | None = None
    payment_begun: bool = False
    paid: bool = False
    payment_id: str | None = None
    pay_by: datetime | None = None
    shipped_at: datetime | None = None
    told: "Told | None" = None
    budgeted: bool = False
    untrusted: bool = False
    hits: tuple[Hit, ...] = ()
    refund_by: datetime | None = None
    history: tuple[Event, ...] = ()

    @property
    def expires_at(self) -> datetime | None:
        if self.state is not State.HELD or self.minute is None:
            return None
        return datetime.fromtimestamp(self.minute, UTC)

    @property
    def awaits_payment(self) -> bool:
        """An order that took units without being paid, and has a time by which it must be."""
        return self.state is State.COMMITTED and not self.paid and self.pay_by is not None

    def expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def reads_as(self, now: datetime) -> str:
        """The state for people: a held reservation past its end reads `expired`. Derived, never stored."""
        return "expired" if self.expired(now) else self.state.value

    def became(self, state: State, what: str, now: datetime, **changed: object) -> "Reservation":
        """The next version of the record, with `what` in its history."""
        history = (*self.history, Event(now, what))[-HISTORY_KEPT:]
        return replace(
            self,
            state=state,
            version=self.version + 1,
            changed_at=now,
            history=history,
            **changed,  # type: ignore[arg-type]  # names of this dataclass's own fields
        )


@dataclass(frozen=True, slots=True)
class Go:
    """The command leads to `state`, or to `without_units` (a state, or a refusal's code) if units are missing."""

    state: State
    without_units: State | str | None = None


@dataclass(frozen=True, slots=True)
class Same:
    """The command changes nothing: it answers what is."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """The command is refused with this stable code."""

    code: str


Rule = Go | Same | Refuse

_OPEN, _HELD, _SHIPPED, _RELEASED = "open", "held", "shipped", "released"
_UNPAID, _PAID = "committed, unpaid", "committed, paid"
_DUE, _REFUNDED = "refund_due", "refunded"

# (state, command) → what happens. `docs/domain.md` prints this table, and a test holds the two together.
# A commit of a record that has its payment already is answered before the table is asked (`commands.commit`).
TABLE: dict[tuple[str, Command], Rule] = {
    (_OPEN, Command.BEGIN_PAYMENT): Same(),
    (_OPEN, Command.COMMIT): Go(State.COMMITTED, State.REFUND_DUE),
    (_OPEN, Command.RELEASE): Go(State.RELEASED),
    (_OPEN, Command.SHIP): Refuse("not_committed"),
    (_OPEN, Command.REFUNDED): Refuse("no_refund_due"),
    (_OPEN, Command.CHANGE): Refuse("not_held"),
    (_HELD, Command.BEGIN_PAYMENT): Go(State.HELD, "insufficient_stock"),
    (_HELD, Command.COMMIT): Go(State.COMMITTED, State.REFUND_DUE),
    (_HELD, Command.RELEASE): Go(State.RELEASED),
    (_HELD, Command.SHIP): Refuse("not_committed"),
    (_HELD, Command.REFUNDED): Refuse("no_refund_due"),
    (_HELD, Command.CHANGE): Go(State.HELD, "insufficient_stock"),
    (_UNPAID, Command.BEGIN_PAYMENT): Same(),
    (_UNPAID, Command.COMMIT): Go(State.COMMITTED),
    (_UNPAID, Command.RELEASE): Go(State.RELEASED),
    (_UNPAID, Command.SHIP): Go(State.SHIPPED),
    (_UNPAID, Command.REFUNDED): Refuse("no_refund_due"),
    (_UNPAID, Command.CHANGE): Refuse("not_held"),
    (_PAID, Command.BEGIN_PAYMENT): Refuse("already_paid"),
    (_PAID, Command.COMMIT): Same(),
    (_PAID, Command.RELEASE): Go(State.REFUND_DUE),
    (_PAID, Command.SHIP): Go(State.SHIPPED),
    (_PAID, Command.REFUNDED): Refuse("no_refund_due"),
    (_PAID, Command.CHANGE): Refuse("already_paid"),
    (_SHIPPED, Command.BEGIN_PAYMENT): Refuse("already_shipped"),
    (_SHIPPED, Command.COMMIT): Go(State.SHIPPED),
    (_SHIPPED, Command.RELEASE): Refuse("already_shipped"),
    (_SHIPPED, Command.SHIP): Same(),
    (_SHIPPED, Command.REFUNDED): Refuse("no_refund_due"),
    (_SHIPPED, Command.CHANGE): Refuse("already_shipped"),
    (_RELEASED, Command.BEGIN_PAYMENT): Refuse("already_released"),
    (_RELEASED, Command.COMMIT): Go(State.REFUND_DUE),
    (_RELEASED, Command.RELEASE): Same(),
    (_RELEASED, Command.SHIP): Refuse("already_released"),
    (_RELEASED, Command.REFUNDED): Refuse("no_refund_due"),
    (_RELEASED, Command.CHANGE): Refuse("already_released"),
    (_DUE, Command.BEGIN_PAYMENT): Refuse("refund_is_due"),
    (_DUE, Command.COMMIT): Same(),
    (_DUE, Command.RELEASE): Same(),
    (_DUE, Command.SHIP): Refuse("refund_is_due"),
    (_DUE, Command.REFUNDED): Go(State.REFUNDED),
    (_DUE, Command.CHANGE): Refuse("refund_is_due"),
    (_REFUNDED, Command.BEGIN_PAYMENT): Refuse("already_refunded"),
    (_REFUNDED, Command.COMMIT): Same(),
    (_REFUNDED, Command.RELEASE): Same(),
    (_REFUNDED, Command.SHIP): Refuse("already_refunded"),
    (_REFUNDED, Command.REFUNDED): Same(),
    (_REFUNDED, Command.CHANGE): Refuse("already_refunded"),
}


def row_of(record: Reservation) -> str:
    """The row of the table that speaks of this record."""
    if record.state is State.COMMITTED:
        return _PAID if record.paid else _UNPAID
    return record.state.value


def rule_for(record: Reservation, command: Command) -> Rule:
    return TABLE[row_of(record), command]
