"""A small shop, and every state it can get into: all interleavings of all calls, with lost, late and refused replies.

The services themselves run. A call that is at work is kept as the replies it has had; to go on with it, it is run anew
on those replies up to its next call of the table. So a state is plain values, and the same state is met only once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from holdfast.domain.budget import Kept, Limits
from holdfast.domain.errors import Conflict, HoldfastError, Unavailable
from holdfast.domain.level import Level, Place
from holdfast.domain.policy import BudgetPolicy, Policy, Sku
from holdfast.domain.reservation import Wanted
from holdfast.services.context import Context
from holdfast.services.reservations.answers import ReservationAnswer
from holdfast.services.reservations.command_reservation import begin_payment, commit, release, ship
from holdfast.services.reservations.hold_units import Order, hold_units
from holdfast.services.stock.fold_level import fold_level
from holdfast.store.ledger import Ledger
from holdfast.store.table import Cancelled, ConditionFailed, Item, Key

from .account import account_of
from .store import Store
from .world import NOON

POLICY = Policy(step_seconds=60, margin_seconds=30, hold_seconds=60, payment_window_seconds=60)
WRITES = frozenset({"write", "transact", "write_many"})
# At the start; past the first minute by the margin; past the second.
TIMES = (0.0, 95.0, 215.0)


class _Suspended(BaseException):
    """The call has come to a call of the table that has not happened yet."""


class Reply(NamedTuple):
    """What one call of the table, or of the clock, answered; `raised` an exception, otherwise `value`."""

    value: Any
    raised: Exception | None = None


class Call(NamedTuple):
    """An actor: which of its commands it is at, and the replies that command has had. `told`: answers so far."""

    command: int
    replies: tuple[Reply, ...]
    told: tuple[str, ...]


class State(NamedTuple):
    time: int
    faults_left: int
    items: tuple[tuple[Key, Item], ...]
    calls: tuple[Call, ...]
    late: tuple[tuple[str, Any], ...]


Command = tuple[str, str]  # verb, reservation


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A small world. `stock`: units by SKU; `scripts`: what each actor does, one command after the other.

    `held_before`: reservations that have been held at the start. `most_open`: all are of one buyer, who may have so
    many open holds; None: nobody has a budget.
    """

    name: str
    stock: dict[str, int]
    baskets: dict[str, dict[str, int]]
    scripts: tuple[tuple[Command, ...], ...]
    faults: int = 2
    times: int = 2
    held_before: tuple[str, ...] = ()
    most_open: int | None = None

    @property
    def policy(self) -> Policy:
        if self.most_open is None:
            return POLICY
        limits = Limits(open_holds=self.most_open, reholds=1)
        return replace(POLICY, budget=BudgetPolicy(kept=Kept.ALL, of_buyer=Limits(), of_sku=limits, rules=()))


@dataclass
class Explored:
    """`states` met, `steps` taken between them, `tables` different contents of the table; `wrong`: in words."""

    states: int = 0
    steps: int = 0
    tables: int = 0
    wrong: list[str] = field(default_factory=list)
    endings: set[tuple[tuple[str, ...], ...]] = field(default_factory=set)


class _Script:
    """The table of one call: it replays what was answered, lets one call happen, and suspends at the next."""

    def __init__(
        self, replies: Sequence[Reply], happen: Callable[[str, Any], Reply], now: float, *, all_of_it: bool = False
    ) -> None:
        self._all_of_it = all_of_it
        self.replies = list(replies)
        self._given = len(replies)
        self._next = 0
        self._happen = happen
        self._happened = False
        self._now = now

    def clock(self) -> datetime:
        if self._next < len(self.replies):
            value = self.replies[self._next].value
        else:
            value = self._now
            self.replies.append(Reply(value))
        self._next += 1
        return datetime.fromtimestamp(NOON + value, UTC)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*arguments: Any, **_named: Any) -> Any:
            if self._next < len(self.replies):
                reply = self.replies[self._next]
            elif self._happened and not self._all_of_it:
                raise _Suspended
            else:
                self._happened = True
                reply = self._happen(method, arguments[0])
                self.replies.append(reply)
            self._next += 1
            if reply.raised is not None:
                raise reply.raised
            return reply.value

        return call


class Explorer:
    """Goes through every state of a shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.explored = Explored()
        self._numbered: dict[int, tuple[int, object]] = {}
        self._tables: set[tuple[int, ...]] = set()
        self._ids: dict[str, int] = {}

    def run(self, *, most: int) -> Explored:
        """Every state there is, or up to the first that is wrong. Raises RuntimeError beyond `most` states."""
        first = self._first()
        waiting = [first]
        seen = {self._key(first)}
        while waiting and not self.explored.wrong:
            state = waiting.pop()
            self.explored.states += 1
            if self.explored.states > most:
                raise RuntimeError(f"{self._shop.name}: more than {most} states")
            for following in self._following(state):
                self.explored.steps += 1
                key = self._key(following)
                if key not in seen:
                    seen.add(key)
                    waiting.append(following)
        self.explored.tables = len(self._tables)
        return self.explored

    def _first(self) -> State:
        store = Store()
        for sku, units in self._shop.stock.items():
            level: Item = {
                "pk": f"SKU#{sku}", "sk": "LEVEL#main#0", "available": units, "committed": 0, "leased": 0,
                "unavailable": 0, "on_hand": units, "incoming": 0, "wheel": {}, "folded_to": 0, "version": 1,
            }  # fmt: skip
            received: Item = {
                "pk": f"MOVEMENTS#{sku}", "sk": "first", "type": "receive", "location": "main", "quantity": units,
                "on_hand": {"main": units}, "unavailable": {}, "incoming": {}, "at": 0, "body_hash": "",
            }  # fmt: skip
            for item in (level, received):
                store.put_back(Key(item["pk"], item["sk"]), item)
        for name in self._shop.held_before:
            self._told(_Script((), lambda method, argument: _perform(store, method, argument), 0.0, all_of_it=True),
                       "hold", name, store)  # fmt: skip
        calls = tuple(Call(0, (), ()) for _ in self._shop.scripts)
        return State(0, self._shop.faults, _frozen(store), calls, ())

    def _following(self, state: State) -> list[State]:
        found: list[State] = []
        if state.time + 1 < self._shop.times:
            found.append(state._replace(time=state.time + 1))
        for number, call in enumerate(state.calls):
            if call.command < len(self._shop.scripts[number]):
                found += self._steps_of(state, number, call)
        for number, (method, actions) in enumerate(state.late):
            store = _thawed(state.items)
            _perform(store, method, actions)
            found.append(
                state._replace(
                    items=self._checked(store, state.time), late=state.late[:number] + state.late[number + 1 :]
                )
            )
        return found

    def _steps_of(self, state: State, number: int, call: Call) -> list[State]:
        found: list[State] = []
        asked = self._step(state, number, call, fault=None, found=found)
        if state.faults_left and asked in WRITES:
            for fault in ("lost", "late", "refused", "repeated"):
                self._step(state, number, call, fault=fault, found=found)
        return found

    def _step(self, state: State, number: int, call: Call, *, fault: str | None, found: list[State]) -> str:
        """One call of the table of one actor, with or without a fault. Answers its method."""
        store, late, asked = _thawed(state.items), list(state.late), ""

        def happen(method: str, argument: Any) -> Reply:
            nonlocal asked
            asked = method
            if fault == "late":
                late.append((method, argument))
                return Reply(None, Unavailable("timed out; it may still be written"))
            if fault == "refused":
                return Reply(None, Conflict("others kept writing"))
            reply = _perform(store, method, argument)
            if fault == "lost":
                return Reply(None, Unavailable("the reply was lost"))
            # The SDK's token covers the repeat of a transaction; a single write is judged a second time.
            return _perform(store, method, argument) if fault == "repeated" and method == "write" else reply

        script = _Script(call.replies, happen, TIMES[state.time])
        verb, name = self._shop.scripts[number][call.command]
        told = self._told(script, verb, name, store)
        if told is None:
            following = call._replace(replies=tuple(script.replies))
        elif told in {"unavailable", "conflict", "payment_unmatched"}:
            following = call._replace(replies=())  # the client asks again
        else:
            # Who was refused his units does not go on to pay for them.
            refused = told in {"insufficient_stock", "hold_budget"}
            done = len(self._shop.scripts[number]) if refused else call.command + 1
            following = Call(done, (), (*call.told, told))
        calls = (*state.calls[:number], following, *state.calls[number + 1 :])
        left = state.faults_left - (fault is not None)
        found.append(State(state.time, left, self._checked(store, state.time), calls, tuple(late)))
        if all(each.command >= len(script) for each, script in zip(calls, self._shop.scripts, strict=True)):
            self.explored.endings.add(tuple(each.told for each in calls))
        return asked

    def _told(self, script: _Script, verb: str, name: str, store: Store) -> str | None:
        """The answer in a word; None: the call goes on. An answer is judged by the table as it is at that moment."""
        context = Context(
            ledger=Ledger(script, keep_ended_seconds=POLICY.keep_ended_seconds),
            policy=self._shop.policy,
            clock=script.clock,
            wait=lambda _attempt: None,
            count=lambda _metric, _n: None,
        )
        now = datetime.fromtimestamp(NOON, UTC)
        context.memory.note_settings([Sku(sku=sku) for sku in self._shop.stock], now=now.replace(year=now.year + 1))
        try:
            answer = self._act(context, verb, name)
        except _Suspended:
            return None
        except HoldfastError as refusal:
            self._judge(verb, name, refusal.code, store)
            return refusal.code
        told = answer if isinstance(answer, str) else answer.outcome or answer.record.state.value
        self._judge(verb, name, told, store)
        return told

    def _act(self, context: Context, verb: str, name: str) -> ReservationAnswer | str:
        match verb:
            case "hold":
                lines = tuple(Wanted(sku, units) for sku, units in self._shop.baskets[name].items())
                return hold_units(context, Order(id=name, buyer_id="lan", lines=lines))
            case "begin":
                return begin_payment(context, name)
            case "pay":
                return commit(context, name, payment_id=f"of {name}")
            case "release":
                return release(context, name)
            case "ship":
                return ship(context, name)
            case _:
                now = context.clock()
                level = context.ledger.levels.get(Place(name, "main")) or Level(place=Place(name, "main"))
                fold_level(context, level, now=now)
                return "folded"

    def _judge(self, verb: str, name: str, told: str, store: Store) -> None:
        record = store.items.get(Key(f"RESERVATION#{name}", "RESERVATION"))
        if verb == "hold" and told == "insufficient_stock" and record is not None:
            self.explored.wrong.append(f"{name} was told 'sold out' while it has its reservation")
        if verb == "hold" and told == "held" and record is None:
            self.explored.wrong.append(f"{name} was told that it is held, and it is not there")
        if told == "committed" and not (record and record.get("payment_id") == f"of {name}"):
            self.explored.wrong.append(f"{name} was told that it is paid, and it is not written down")
        if told == "ledger_broken":
            self.explored.wrong.append(f"{verb} of {name} met a level that does not add up")

    def _checked(self, store: Store, time: int) -> tuple[tuple[Key, Item], ...]:
        items = _frozen(store)
        if self._shop.most_open is not None:
            self._check_budget(store, NOON + TIMES[time])
        key = tuple(self._id(item) for _, item in items)
        if key not in self._tables:
            self._tables.add(key)
            self.explored.wrong += account_of(store.items.values()).everything()
            self.explored.wrong += [
                f"{at} was sold below zero"
                for at, level in account_of(store.items.values()).levels.items()
                if level["available"] < 0
            ]
        return items

    def _check_budget(self, store: Store, now: float) -> None:
        """No more open holds than he may have, and each of them, and nothing else, stands in his budget."""
        records = {key.pk[12:]: item for key, item in store.items.items() if key.sk == "RESERVATION"}
        held = {name: item["minute"] for name, item in records.items() if item["state"] == "held"}
        open_ones = [name for name, minute in held.items() if minute > now]
        if self._shop.most_open is not None and len(open_ones) > self._shop.most_open:
            self.explored.wrong.append(f"he holds {open_ones}")
        kept = store.items.get(Key("BUYER#lan", "BUDGET"), {"entries": {}})["entries"]
        counted = {name: entry["u"] for name, entry in kept.items() if "e" not in entry}
        if counted != {name: minute for name, minute in held.items() if "e" not in kept.get(name, {})}:
            self.explored.wrong.append(f"his budget counts {counted}, and he holds {held}")

    def _key(self, state: State) -> tuple[Any, ...]:
        calls = tuple(
            (each.command, tuple([self._id(reply) for reply in each.replies]), each.told) for each in state.calls
        )
        items = tuple(self._id(item) for _, item in state.items)
        return state.time, state.faults_left, items, calls, tuple(sorted(self._id(each) for each in state.late))

    def _id(self, thing: object) -> int:
        """The same number for equal things. What was numbered once is kept, so that nothing else gets its address."""
        known = self._numbered.get(id(thing))
        if known is None:
            number = self._ids.setdefault(repr(thing), len(self._ids))
            known = self._numbered[id(thing)] = (number, thing)
        return known[0]


def _frozen(store: Store) -> tuple[tuple[Key, Item], ...]:
    return tuple(sorted(store.items.items(), key=lambda pair: pair[0]))


def _thawed(items: tuple[tuple[Key, Item], ...]) -> Store:
    store = Store()
    store.items = dict(items)
    for key, item in items:
        store.partitions.setdefault(key.pk, {})[key.sk] = item
    return store


def _perform(store: Store, method: str, argument: Any) -> Reply:
    try:
        return Reply(getattr(store, method)(argument))
    except (Cancelled, ConditionFailed) as refusal:
        return Reply(None, refusal)


def _buyer(name: str, *verbs: str) -> tuple[Command, ...]:
    return tuple((verb, name) for verb in verbs)


FOLD: Command = ("fold", "kettle")
ONE = {"a": {"kettle": 1}, "b": {"kettle": 1}}
TWO_LINES = {"a": {"kettle": 1, "cup": 1}, "b": {"cup": 1, "kettle": 1}}

SHOPS = (
    Shop(name="the last unit, both pay", stock={"kettle": 1}, baskets=ONE,
         scripts=(_buyer("a", "hold", "pay"), _buyer("b", "hold", "pay"))),
    Shop(name="the last unit, one pays while it is folded and wanted", stock={"kettle": 1}, baskets=ONE,
         scripts=(_buyer("a", "hold", "pay"), _buyer("b", "hold"), (FOLD,))),
    Shop(name="the last unit, one gives it back", stock={"kettle": 1}, baskets=ONE,
         scripts=(_buyer("a", "hold", "release"), _buyer("b", "hold", "pay"))),
    Shop(name="two units, begin payment beside a fold", stock={"kettle": 2}, baskets=ONE,
         scripts=(_buyer("a", "hold", "begin", "pay"), _buyer("b", "hold"), (FOLD,)), faults=1, times=3),
    Shop(name="two units, one minute shared by a payer and one who gives back", stock={"kettle": 2}, baskets=ONE,
         scripts=(_buyer("a", "hold", "pay"), _buyer("b", "hold", "release"), (FOLD,)), faults=1, times=3),
    Shop(name="two lines in opposite order", stock={"kettle": 1, "cup": 1}, baskets=TWO_LINES,
         scripts=(_buyer("a", "hold", "pay"), _buyer("b", "hold"), (FOLD,))),
    Shop(name="one payment told twice, and shipped", stock={"kettle": 1}, baskets=ONE,
         scripts=(_buyer("a", "hold", "pay", "ship"), _buyer("a", "pay"), (FOLD,))),
    Shop(name="one buyer asks for two holds at once and may have one", stock={"kettle": 2}, baskets=ONE,
         scripts=(_buyer("a", "hold", "pay"), _buyer("b", "hold")), times=1, most_open=1),
    Shop(name="he asks for one twice at once, and gives it back beside another", stock={"kettle": 2}, baskets=ONE,
         scripts=(_buyer("a", "hold", "release"), _buyer("a", "hold"), _buyer("b", "hold")), times=1, most_open=1),
    Shop(name="he comes back late from two windows, and holds another", stock={"kettle": 2}, baskets=ONE,
         scripts=(_buyer("a", "begin"), _buyer("a", "begin"), _buyer("b", "hold")), faults=0, times=2, most_open=1,
         held_before=("a",)),
)  # fmt: skip
