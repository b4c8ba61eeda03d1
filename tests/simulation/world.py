"""The world of one seed: clock, table, functions with their processes, faults, and the story of what happened."""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from holdfast.domain.policy import Policy
from holdfast.services.context import Context
from holdfast.store.ledger import Ledger
from holdfast.store.table import Action

from .account import Account
from .port import LATENCY_SECONDS, Port
from .profile import Profile
from .stage import MOST_AT_ONCE, Actor, Crash, Stage
from .store import Changed, Store

if TYPE_CHECKING:
    from holdfast.domain.errors import HoldfastError
    from holdfast.services.sync.syncing import Planning

# 2026-03-04 12:00 UTC: on a boundary of every granularity of the wheel up to 12 hours.
NOON = 1_772_625_600.0
LIMIT_SECONDS = {
    "hold_stock": 10.0,
    "manage_stock": 20.0,
    "follow_levels": 30.0,
    "sweep_expired": 50.0,
    "audit_levels": 900.0,
    "receive_webhook": 10.0,
    "apply_order": 60.0,
    "poll_orders": 120.0,
    "push_listings": 60.0,
    "sync_shop": 300.0,
}
# Steps a seed may take in all; one that needs more has not come to rest.
MOST_STEPS = 6_000


@dataclass(slots=True)
class Process:
    """One process of a function: its memory is in its context, its clock is off by `skew_seconds`."""

    function: str
    context: Context
    port: Port
    skew_seconds: float
    busy: bool = False


class Told(NamedTuple):
    """One line of the story."""

    now: float
    who: str
    what: str
    about: Any


class Violated(NamedTuple):
    """What must never happen, and did. `about`: words by which its story is found."""

    what: str
    about: tuple[str, ...]


class World:
    """Everything of one seed. `calm`: the faults have stopped. `steps` counts calls to store, queues and clock.

    `floor`: so many last units of a SKU are for trusted buyers, if it acts. `landing`: a late write is just arriving.
    """

    def __init__(self, profile: Profile, chance: random.Random, stage: Stage) -> None:
        self.profile = profile
        self.chance = chance
        self.stage = stage
        self.now = NOON + chance.choice((0.0, 0.4, 17.0, 3541.0))
        self.calm = True
        self.steps = 0
        self.clock_reads = 0
        self.policy = profile.policy
        self.faults: Counter[str] = Counter()
        self.counted: Counter[str] = Counter()
        self.story: deque[Told] = deque(maxlen=20_000)
        self.violations: list[Violated] = []
        self.account = Account(
            margin_seconds=profile.policy.margin_seconds,
            skew_seconds=None if profile.clocks_far_off else profile.skew_seconds,
        )
        self.store = Store(self._written)
        self.changes: deque[Changed] = deque()
        self.recent: deque[list[Changed]] = deque(maxlen=4)
        self.on_write: list[Callable[[list[Changed]], None]] = []
        self.on_refusal: Callable[[HoldfastError, str, str], bool] = lambda _error, _about, _buyer: False
        self.floor = 0
        self.floor_acts = False
        self.landing = False
        self.outage_until = self.storm_until = self.hot_until = 0.0
        self.hot: frozenset[str] = frozenset()
        self.late: list[tuple[float, str, Sequence[Action]]] = []
        self.ended = False
        self.writes = 0
        self.planning: Callable[[Context], Planning | None] = lambda _context: None
        self._processes: dict[str, list[Process]] = {}
        self._names = 0

    # ---- what the port asks

    def step(self, who: str, method: str, about: object) -> None:
        """A step begins: others may go first, and a call that is out of time dies here."""
        self.steps += 1
        self.stage.turn()
        self.now += LATENCY_SECONDS
        self.story.append(Told(self.now, who, method, about))
        actor = self.stage.current
        if actor is not None and self.now > actor.deadline:
            self.met("timed_out", who)
            raise Crash

    def out_of_reach(self, who: str) -> bool:
        if self.outage_until <= self.now:
            return False
        self.now += 2.0
        self.met("outage", who)
        return True

    def is_hot(self, actions: Sequence[Action]) -> bool:
        return any(action.key.pk in self.hot for action in actions)

    def met(self, fault: str, who: str = "") -> None:
        self.faults[fault] += 1
        actor = self.stage.current
        if actor is not None:
            actor.disturbed = True
            self.faults[f"{actor.doing.partition(' ')[0]}: {fault}"] += 1
        self.story.append(Told(self.now, who, "FAULT", fault))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def write_later(self, method: str, actions: Sequence[Action], delay_seconds: float) -> None:
        self.late.append((self.now + delay_seconds, method, actions))

    def land_late_writes(self, *, all_of_them: bool = False) -> None:
        """What was under way arrives; its conditions are judged now, and nobody hears the answer."""
        due = [each for each in self.late if all_of_them or each[0] <= self.now]
        if not due:
            return
        self.late = [each for each in self.late if each not in due]
        self.landing = True
        for _, method, actions in due:
            self.steps += 1
            self.story.append(Told(self.now, "the network", f"{method} arrives late", actions))
            try:
                if method == "write":
                    self.store.write(actions[0])  # type: ignore[arg-type]  # a Check never is a write of its own
                elif method == "transact":
                    self.store.transact(actions)
                else:
                    self.store.write_many(actions)  # type: ignore[arg-type]  # puts and deletes only
            except Exception as refusal:  # noqa: BLE001  # nobody is there to hear it
                self.story.append(Told(self.now, "the network", "refused", type(refusal).__name__))
            else:
                self.met("late_write_applied")
        self.landing = False

    def _written(self, changes: list[Changed]) -> None:
        self.writes += 1
        if self.stage.current is not None:
            self.stage.current.own_writes += 1
        for wrong in self.account.written(changes, self.now):
            self.blame(wrong, *_names_in(changes))
        for before, after in changes:
            sk = (after or before or {})["sk"]
            if sk == "RESERVATION" or sk[:6] == "LEVEL#":
                self.changes.append((before, after))
        self.recent.append(changes)
        for hear in self.on_write:
            hear(changes)

    def blame(self, what: str, *about: str) -> None:
        """A violation: the seed ends with it."""
        self.violations.append(Violated(what, about))
        self.story.append(Told(self.now, "", "VIOLATED", what))
        self.ended = True

    # ---- functions and their processes

    def process(self, function: str) -> Process:
        """A process that is free, or a new one: sometimes a new one although one is free."""
        known = self._processes.setdefault(function, [])
        free = [each for each in known if not each.busy]
        if free and self.chance.random() > COLD_SHARE:
            return free[int(self.chance.random() * len(free))]
        skew = (self.chance.random() * 2 - 1) * self.profile.skew_seconds
        newer = self.profile.has("newer_version") and self.chance.random() < HALF
        if newer:
            self.met("newer_version")
        if abs(skew) > FAR_OFF:
            self.met("clock_far_off")
        self._names += 1
        port = Port(self, f"{function} {self._names}", newer=newer)
        process = Process(function, self._context(port, skew), port, skew)
        known.append(process)
        if len(known) > MOST_PROCESSES:
            known.remove(next(each for each in known if not each.busy))
        return process

    def _context(self, port: Port, skew_seconds: float) -> Context:
        def clock() -> datetime:
            self.steps += 1
            self.clock_reads += 1
            return datetime.fromtimestamp(self.now + skew_seconds, UTC)

        def wait(attempt: int) -> None:
            self.now += 0.01 * 2 ** min(attempt, 4)

        def count(metric: str, n: int) -> None:
            self.counted[metric] += n

        ledger = Ledger(port, keep_ended_seconds=self.policy.keep_ended_seconds)
        return Context(ledger=ledger, policy=self.policy, clock=clock, wait=wait, count=count)

    def change_policy(self, policy: Policy) -> None:
        """A deployment with other settings: new processes have them, those at work keep the old."""
        self.policy = policy
        for known in self._processes.values():
            known[:] = [each for each in known if each.busy or self.chance.random() < HALF]

    def enter(self, function: str, doing: str, act: Callable[[Context], None]) -> Actor | None:
        """A call of the function begins. None: too many are at work."""
        if self.is_full():
            return None
        process = self.process(function)
        process.busy = True

        def play() -> None:
            self.story.append(Told(self.now, process.port.name, "begins", doing))
            try:
                act(process.context)
            except Crash:
                self.story.append(Told(self.now, process.port.name, "dies", doing))
                known = self._processes[process.function]
                if process in known:
                    known.remove(process)
                raise
            finally:
                process.busy = False

        actor = Actor(process.port.name, play, started=self.now, limit_seconds=LIMIT_SECONDS[function])
        actor.doing = doing
        actor.writes_before = self.writes
        return self.stage.enter(actor)

    def is_full(self) -> bool:
        """Whether no further call can begin."""
        return len(self.stage.at_work) >= min(self.profile.at_once, MOST_AT_ONCE)

    def tell(self, who: str, what: str, about: object) -> None:
        """A line of the story."""
        self.story.append(Told(self.now, who, what, about))

    def at_once(self, function: str, act: Callable[[Context], Any]) -> Any:
        """A call of the function with nobody beside it; only in calm."""
        return act(self.process(function).context)

    def undisturbed(self) -> bool:
        """Whether the present call met no fault, and others have written too little to be in its way every time."""
        actor = self.stage.current
        if actor is None or actor.disturbed:
            return False
        return self.writes - actor.writes_before - actor.own_writes <= FEW_WRITES

    def at_work_on(self, word: str) -> bool:
        """Whether a call that is at work, other than the present one, has to do with `word`."""
        return any(word in each.doing for each in self.stage.at_work if each is not self.stage.current)


COLD_SHARE = 0.15
HALF = 0.5
FAR_OFF = 60.0
MOST_PROCESSES = 4
# A command is tried twelve times, of which it may need four by itself.
FEW_WRITES = 4


def _names_in(changes: Iterable[Changed]) -> list[str]:
    return [(after or before or {})["pk"] for before, after in changes]
