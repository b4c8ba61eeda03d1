"""What came of a push, as the next state of its listing. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from holdfast.channels.protocol import ChannelError
from holdfast.channels.sheet import Kind
from holdfast.domain.push import LONGEST_PARK_S, Asked, Blocked, Limits, PushState, wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """`after`: the state to write. `later`: when the message is to come again; None: it is done."""

    after: PushState
    later: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """`asked`: the request that was begun. `chance`: from 0 to 1."""

    asked: Asked
    now: datetime
    limits: Limits
    chance: float


def acknowledged(begun: PushState, quantity: int, *, sent_at: datetime, at: Situation) -> Settlement:
    """The marketplace said yes.

    If an earlier push of another number may still be applied late, that number could stand over this one: then the
    present number is pushed once more, when that can no longer be. A yes to the earlier one does not help: some
    marketplaces say it first and apply it later.
    """
    late = begun.unsettled_until
    if begun.applied_by is not None and begun.acknowledged != quantity:
        late = begun.applied_by if late is None else max(late, begun.applied_by)
    after = replace(
        _given_back(begun),
        acknowledged=quantity,
        acknowledged_at=at.now,
        applied_by=sent_at + timedelta(seconds=at.limits.horizon_s),
        acknowledged_touched=begun.touched,
        attempts=0,
        failed=None,
        unsettled_until=None,
    )
    if late is None or sent_at >= late:
        return Settlement(after=after)
    again = _again(at, due=late, why="an earlier push may have been applied late")
    return Settlement(after=replace(after, unsettled_until=late, asked=again), later=late)


def in_step(begun: PushState) -> Settlement:
    """Nothing was sent: the marketplace shows the target, whatever it refused before."""
    return Settlement(after=replace(_given_back(begun), attempts=0, failed=None))


def not_needed(begun: PushState) -> Settlement:
    """Nothing was sent: the number may not go out."""
    return Settlement(after=_given_back(begun))


def put_off(begun: PushState, *, until: datetime, at: Situation, why: str | None = None) -> Settlement:
    """Nothing was sent, for want of time or of calls in the shop's budget, or because of `why`."""
    after = replace(_given_back(begun), asked=_again(at, due=until))
    return Settlement(after=after if why is None else replace(after, failed=why), later=until)


def failed(begun: PushState, error: ChannelError, *, sent_at: datetime, at: Situation) -> Settlement:
    """The marketplace said no, or nothing."""
    after = replace(_given_back(begun), attempts=begun.attempts + 1, failed=error.code)
    if error.kind is Kind.FINAL:
        blocked = Blocked(code=error.code, why=error.detail, at=at.now)
        return Settlement(after=replace(after, blocked=blocked, unsettled_until=None, acknowledged=None))
    if error.kind is Kind.UNKNOWN:
        late = sent_at + timedelta(seconds=at.limits.horizon_s)
        after = replace(after, unsettled_until=max(late, begun.unsettled_until or late))
    later = at.now + timedelta(seconds=wait_after(error, attempts=begun.attempts, at=at))
    return Settlement(after=replace(after, asked=_again(at, due=later)), later=later)


def wait_after(error: ChannelError, *, attempts: int, at: Situation) -> float:
    """Seconds until the next try. What the marketplace asks for is kept, and a little more by chance.

    It is the least, not the wait: one that asks for a second and refuses for an hour is not asked each second.
    """
    usual = wait_s(attempts, at.chance)
    if error.kind is Kind.PROMOTION_LOCK:
        usual = at.limits.parked_s * (0.9 + 0.2 * at.chance)
    if error.retry_after_s is not None:
        usual = max(usual, error.retry_after_s * (1.0 + 0.1 * at.chance))
    return min(usual, LONGEST_PARK_S)


def _given_back(begun: PushState) -> PushState:
    return replace(begun, lease_until=None)


def _again(at: Situation, *, due: datetime, why: str | None = None) -> Asked:
    return Asked(id=at.asked.id, why=why or at.asked.why, at=at.asked.at, due=due)
