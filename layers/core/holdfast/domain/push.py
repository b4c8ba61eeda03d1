"""The state of a listing's pushes. One is in flight at a time, and none that may still be applied late is forgotten.

A push is asked for (`asked`), begun by one worker (`lease_until`, `fence`), and settled. What may be applied although
nobody knows (an answer that was lost, a worker that died) leaves `unsettled_until`: until then, what is shown is not
known for certain, and a push sent after it is what settles it.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from .listing import ListingKey
from .sync import Overrides

FIRST_WAIT_S, LONGEST_WAIT_S, MOST_DOUBLINGS = 5.0, 900.0, 8
# What SQS can keep out of sight.
LONGEST_PARK_S = 12 * 3600 - 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds. `call`: one call to a marketplace, at most. `lease`: longer than a worker can live.

    `horizon`: how long after it was sent a request may still be applied. `lost`: after so long in a queue a request
    that nobody began is taken for lost. `parked`: how long a promotion's lock is waited for between two tries.
    """

    call_s: float = 15.0
    lease_s: float = 75.0
    horizon_s: float = 120.0
    lost_s: float = 1_800.0
    parked_s: float = 1_800.0
    kept_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A push that was asked for and that nobody has begun. `id`: by what, the same when that comes again.

    `due`: not to be begun before. `why`: for people.
    """

    id: str
    why: str
    at: datetime
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """The marketplace refuses the listing for good, until a person has done something about it."""

    code: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PushState:
    """`fence` counts pushes begun. `acknowledged`: the number the marketplace said yes to last. It may say so before it
    shows it, but shows it by `applied_by`.

    `touched` counts orders of the shop that moved the marketplace's own number; `acknowledged_touched` is what it was
    when the acknowledged push began. `attempts` that failed in a row. `price`: acknowledged last.
    """

    key: ListingKey
    fence: int = 0
    asked: Asked | None = None
    lease_until: datetime | None = None
    unsettled_until: datetime | None = None
    acknowledged: int | None = None
    acknowledged_at: datetime | None = None
    applied_by: datetime | None = None
    touched: int = 0
    acknowledged_touched: int = 0
    attempts: int = 0
    failed: str | None = None
    blocked: Blocked | None = None
    price: Decimal | None = None
    approved_price: Decimal | None = None
    own: Overrides = field(default_factory=Overrides)

    @property
    def known(self) -> int | None:
        """What the marketplace shows for certain, its own sales that we have not heard of aside."""
        sure = self.lease_until is None and self.unsettled_until is None and self.touched == self.acknowledged_touched
        return self.acknowledged if sure else None

    def confirming(self, now: datetime) -> bool:
        """Whether all that waits is the present number's second push, once an earlier one can no longer come late."""
        if self.asked is None or self.unsettled_until is None or self.lease_until is not None or self.attempts:
            return False
        return now < self.asked.due and abs(self.asked.due - self.unsettled_until) < timedelta(milliseconds=5)

    @property
    def waits_after_failure(self) -> bool:
        """Whether what it waits for is only the time of the next try: a person may have it tried at once."""
        return self.asked is not None and self.attempts > 0 and self.lease_until is None

    def shown(self, now: datetime) -> int | None:
        """What a new target is compared with. A number that waits to be confirmed need not be asked for again."""
        return self.acknowledged if self.confirming(now) else self.known

    @property
    def outstanding(self) -> bool:
        """Whether a worker that meets the listing has something to do."""
        return self.asked is not None or self.lease_until is not None or self.unsettled_until is not None


def may_begin_at(state: PushState, now: datetime) -> datetime:
    """When a worker may begin: `now`, or when the asked time has come and nobody else is at it."""
    times = [now]
    if state.asked is not None:
        times.append(state.asked.due)
    if state.lease_until is not None:
        times.append(state.lease_until)
    return max(times)


def is_lost(asked: Asked, *, now: datetime, limits: Limits) -> bool:
    return now - asked.due >= timedelta(seconds=limits.lost_s)


def left_after_failure(state: PushState, *, now: datetime, limits: Limits) -> bool:
    """Whether the last try failed and nobody tries again: its request gave way to another, whose message was lost."""
    if state.failed is None or state.blocked is not None or state.lease_until is not None:
        return False
    return state.asked is None or is_lost(state.asked, now=now, limits=limits)


def begun(state: PushState, *, now: datetime, limits: Limits) -> PushState:
    """The state once a worker has it. A lease that was never given back leaves a push that may be applied late."""
    unsettled = state.unsettled_until
    if state.lease_until is not None:
        late = state.lease_until + timedelta(seconds=limits.horizon_s)
        unsettled = late if unsettled is None else max(unsettled, late)
    return replace(
        state,
        fence=state.fence + 1,
        asked=None,
        lease_until=now + timedelta(seconds=limits.lease_s),
        unsettled_until=unsettled,
    )


def may_send(state: PushState, *, now: datetime, limits: Limits) -> bool:
    """Whether a call that begins now ends before the next worker may begin."""
    return state.lease_until is not None and now + timedelta(seconds=limits.call_s) <= state.lease_until


def wait_s(attempts: int, chance: float) -> float:
    """Back-off after so many failures in a row: doubling, at most a quarter of an hour, half of it by `chance` (0..1).

    The half that is fixed keeps a shop that is down from being asked again at once by the luckiest of its listings.
    """
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempts, MOST_DOUBLINGS))
    return float(longest * (0.5 + 0.5 * chance))
