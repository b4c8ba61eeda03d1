"""Whatever is delayed, lost, doubled or killed: in the end each listing shows its target, and never an older number.

The one thing assumed of a marketplace: what it was sent is applied within the horizon, or never.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from holdfast.channels.protocol import Account, ChannelError, ItemResult, Send, StockItem
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import Unavailable
from holdfast.domain.sync import Rules, SyncMode
from holdfast.services.upkeep.follow_levels import Change
from tests.support.faults import Crash, any_call, crash, lose_reply
from tests.support.sync_floor import LIMITS, Shelf, SyncFloor

MODES = tuple(SyncMode)


@dataclass(frozen=True)
class Step:
    """One thing that happens. `number`: units, seconds, or which call; `call`: how the next call to the shop goes."""

    what: str
    number: int = 0
    call: "Call | None" = None


@dataclass(frozen=True)
class Call:
    """A call to the marketplace: applied after `delay_s` (None: never), and what happens `meanwhile`."""

    delay_s: int | None
    answer: str
    meanwhile: tuple[Step, ...] = ()


@dataclass(slots=True)
class Capricious(Shelf):
    """A marketplace whose next calls go as planned. A call is over before the next one of its listing begins."""

    floor: "list[Floor]" = field(default_factory=list)
    plans: list[Call] = field(default_factory=list)
    flying: list[tuple[str, datetime]] = field(default_factory=list)

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        del account, send
        [item] = items
        for listing, since in self.flying:
            assert listing != item.listing or now >= since + timedelta(seconds=LIMITS.call_s), "two in flight"
        plan = self.plans.pop(0) if self.plans else Call(0, "yes")
        mine = (item.listing, now)
        self.flying.append(mine)
        if plan.delay_s is not None:
            self.late.append((now + timedelta(seconds=plan.delay_s), item.listing, item.quantity))
        try:
            for step in plan.meanwhile:
                # A fault that was meant for the worker may meet somebody else: it is his, and no marketplace's answer.
                with contextlib.suppress(Unavailable):
                    self.floor[0].take(step)
        finally:
            self.flying.remove(mine)
        self.apply(self.floor[0].clock())
        return self._answered(item, plan)

    def _answered(self, item: StockItem, plan: Call) -> tuple[ItemResult, ...]:
        match plan.answer:
            case "lost":
                raise ChannelError(Kind.UNKNOWN, "timeout", "no answer")
            case "busy":
                return (ItemResult(listing=item.listing, written=False, error=ChannelError(Kind.PASSING, "busy", "")),)
            case "down":
                raise ChannelError(Kind.PASSING, "http_503", "")
            case "killed":
                raise Crash
        return (ItemResult(listing=item.listing, written=True),)


class Floor(SyncFloor):
    """A shop with one listing, to which steps happen."""

    def open(self) -> None:
        self.shelf.floor.append(self)  # type: ignore[attr-defined]  # it is a capricious one
        self.told: list[list[Change]] = []
        self.stock("kettle", 5)

    def take(self, step: Step) -> None:
        match step.what:
            case "count":
                self.count(step.number % 7)
            case "stream":
                self.told.append(self.news())
                self._stream(self.told[-1])
            case "again" if self.told:
                self._stream(self.told[step.number % len(self.told)])
            case "wait":
                self.clock.forward(seconds=step.number)
                self.shelf.apply(self.clock())
            case "work":
                self._work(step)
            case "run":
                self._run(f"run {step.number}")
            case "queue down":
                self.box.down = 1

    def _stream(self, news: list[Change]) -> None:
        try:
            self.stream(news)
        except Unavailable:
            self.stream(news)  # Lambda brings the batch again

    def _run(self, name: str) -> None:
        try:
            self.run(name)
        except Unavailable:
            self.run(name)  # Lambda tries a schedule's event again

    def _work(self, step: Step) -> None:
        if step.call is not None:
            self.shelf.plans.append(step.call)  # type: ignore[attr-defined]  # it is a capricious one
        if step.number:
            self.world.table.after(any_call, crash if step.number % 2 else lose_reply, skip=step.number // 2)
        try:
            self.work()
        except Crash:
            event("a worker was killed")
        self.world.table.forget()


def steps(calls: st.SearchStrategy[Call]) -> st.SearchStrategy[Step]:
    return st.one_of(
        st.builds(Step, st.just("count"), st.integers(0, 6)),
        st.just(Step("stream")),
        st.builds(Step, st.just("again"), st.integers(0, 5)),
        st.builds(Step, st.just("wait"), st.sampled_from([1, 9, 30, 70, 80, 119, 130, 365, 2_000])),
        st.builds(Step, st.just("work"), st.just(0), st.none() | calls),
        st.builds(Step, st.just("work"), st.integers(1, 40), st.none() | calls),
        st.builds(Step, st.just("run"), st.integers(0, 1)),
        st.just(Step("queue down")),
    )


def calls(meanwhile: st.SearchStrategy[Step]) -> st.SearchStrategy[Call]:
    # What was refused was not applied; what is answered otherwise may have been, at once or late.
    return st.one_of(
        st.builds(
            Call,
            st.sampled_from([0, 5, 60, 119]),
            st.sampled_from(["yes", "yes", "lost", "killed"]),
            st.lists(meanwhile, max_size=6).map(tuple),
        ),
        st.builds(Call, st.none(), st.sampled_from(["lost", "busy", "down", "killed"])),
    )


PLAIN = calls(steps(st.nothing()))
NESTED = calls(steps(PLAIN))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    mode=st.sampled_from(MODES),
    happened=st.lists(steps(NESTED), max_size=25),
    left=st.integers(0, 6),
    chance=st.floats(0, 1),
)
def test_in_the_end_a_listing_shows_its_target_whatever_happened(
    mode: SyncMode, happened: list[Step], left: int, chance: float
) -> None:
    floor = Floor(rules=Rules(mode=mode), shelf=Capricious(), chance=chance)
    floor.open()
    for step in happened:
        floor.take(step)
    # The cause is gone: nothing fails any more. A run finds what the stream or the queue lost.
    floor.shelf.plans.clear()  # type: ignore[attr-defined]  # it is a capricious one
    floor.world.table.forget()
    floor.box.down = 0
    floor.count(left)
    floor.settle()
    floor.clock.forward(seconds=LIMITS.lost_s)
    floor.run("the last run")
    floor.clock.forward(minutes=1)
    floor.settle()
    assert floor.shows() == left
    assert floor.state().known == left
    assert not floor.shelf.late


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(happened=st.lists(steps(NESTED), max_size=15), left=st.integers(0, 6))
def test_a_shop_that_is_pushed_on_each_change_needs_no_run_for_it(happened: list[Step], left: int) -> None:
    """The queue loses nothing, so neither does the shop: what was asked for is pushed without another look."""
    floor = Floor(rules=Rules(mode=SyncMode.CONTINUOUS), shelf=Capricious())
    floor.open()
    for step in happened:
        if step.what not in ("queue down", "run"):
            floor.take(step)
    floor.shelf.plans.clear()  # type: ignore[attr-defined]  # it is a capricious one
    floor.world.table.forget()
    floor.box.down = 0
    floor.count(left)
    floor.settle()
    assert floor.shows() == left
    assert floor.state().known == left
