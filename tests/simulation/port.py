"""The table as one process of a function sees it: each call is a step, others may go first, and faults come in."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from holdfast.domain.errors import Conflict, Unavailable
from holdfast.store.table import Action, Cancelled, Delete, Item, Key, Page, Put, Query, Update

from .profile import ON_READS, ON_WRITES
from .stage import Crash

if TYPE_CHECKING:
    from .world import World

# A call of the table takes about this long; a slow one up to the SDK's own limit of two attempts.
LATENCY_SECONDS = 0.008
SLOWEST_SECONDS = 5.0
# A request that the SDK gave up on may still be under way for as long as its signature is good.
LATEST_SECONDS = (1.0, 20.0, 70.0, 290.0)


class Port:
    """`newer`: the process runs a later version of the code, which adds an attribute of its own to records."""

    __slots__ = ("_reads", "_writes", "name", "newer", "world")

    def __init__(self, world: "World", name: str, *, newer: bool = False) -> None:
        self.world = world
        self.name = name
        self.newer = newer
        self._writes = _thresholds(world.profile.rates, ON_WRITES)
        self._reads = _thresholds(world.profile.rates, ON_READS)

    def get(self, key: Key) -> Item | None:
        found: Item | None = self._read(lambda: self.world.store.get(key), "get", key)
        if found is not None and found.get("ttl", self.world.now) < self.world.now:
            self.world.met("expired_item_read", self.name)
        return found

    def get_many(self, keys: Sequence[Key]) -> list[Item]:
        found: list[Item] = self._read(lambda: self.world.store.get_many(keys), "get_many", keys)
        return found

    def query(self, query: Query) -> Page:
        page: Page = self._read(lambda: self.world.store.query(query), "query", query)
        return page

    def scan(self, *, start: Item | None = None) -> Page:
        page: Page = self._read(lambda: self.world.store.scan(start=start), "scan", start)
        return page

    def write(self, action: Put | Update | Delete) -> Item | None:
        if self.newer:
            action = _with_more(action)
        new: Item | None = self._write("write", (action,), lambda: self.world.store.write(action))
        return new

    def transact(self, actions: Sequence[Action]) -> None:
        if self.newer:
            actions = [_with_more(action) for action in actions]
        self._write("transact", actions, lambda: self.world.store.transact(actions))

    def write_many(self, actions: Iterable[Put | Delete]) -> None:
        rows = list({action.key: action for action in actions}.values())
        if not rows:
            return  # nothing is asked of the table
        self._write("write_many", rows, lambda: self.world.store.write_many(rows))

    def _read(self, do: Callable[[], Any], method: str, asked: object) -> Any:
        world = self.world
        world.step(self.name, method, asked)
        if world.calm:
            return do()
        if world.out_of_reach(self.name):
            raise Unavailable("the table is out of reach")
        fault = _drawn(self._reads, world.chance.random())
        if fault is None:
            return do()
        world.met(f"read_{fault}", self.name)
        if fault == "crash_before":
            raise Crash
        if fault == "slow":
            world.pass_time(world.chance.random() * SLOWEST_SECONDS)
            return do()
        world.pass_time(world.chance.random() * SLOWEST_SECONDS)
        raise Unavailable("the table did not answer")

    def _write(self, method: str, actions: Sequence[Action], do: Callable[[], Any]) -> Any:
        world = self.world
        world.step(self.name, method, actions)
        if world.calm:
            return do()
        if world.out_of_reach(self.name):
            raise Unavailable("the table is out of reach")
        if world.storm_until > world.now and method == "transact" and world.chance.random() < STORM_SHARE:
            world.met("storm_conflict", self.name)
            raise Conflict("others kept writing the same SKU")
        if world.hot_until > world.now and world.is_hot(actions) and world.chance.random() < STORM_SHARE:
            world.met("hot_key_throttle", self.name)
            raise Unavailable("throttled")
        fault = _drawn(self._writes, world.chance.random())
        return do() if fault is None else self._faulty(fault, method, actions, do)

    def _faulty(self, fault: str, method: str, actions: Sequence[Action], do: Callable[[], Any]) -> Any:
        world = self.world
        match fault:
            case "conflict":
                world.met("conflict", self.name)
                raise Conflict("others kept writing the same SKU")
            case "throttled":
                world.met("throttled", self.name)
                raise Unavailable("throttled; nothing was written")
            case "half_judged" if method == "transact":
                self._half_judged(actions)
            case "lost":
                do()
                world.met(f"lost_{method}", self.name)
                raise Unavailable("the reply was lost; it was written")
            case "repeated":
                return self._repeated(method, do)
            case "late":
                world.met("late_write", self.name)
                world.write_later(method, actions, world.chance.choice(LATEST_SECONDS) * world.chance.random())
                raise Unavailable("timed out; it may still be written")
            case "crash_before":
                world.met("crash_before_write", self.name)
                raise Crash
            case "crash_after":
                do()
                world.met("crash_after_write", self.name)
                raise Crash
            case _:
                world.met("slow", self.name)
                world.pass_time(world.chance.random() * SLOWEST_SECONDS)
        return do()

    def _half_judged(self, actions: Sequence[Action]) -> None:
        """Some actions met another transaction and were not judged; what failed of the rest is told."""
        world = self.world
        reasons = [each if world.chance.random() < HALF else None for each in world.store.judged(actions)]
        world.met("half_judged", self.name)
        if any(reasons):
            raise Cancelled(reasons, busy=True)
        raise Conflict("others kept writing the same SKU")

    def _repeated(self, method: str, do: Callable[[], Any]) -> Any:
        """The reply is lost and the SDK asks again: its token covers a transaction, nothing covers a single write."""
        world = self.world
        answer = do()
        world.met(f"repeated_{method}", self.name)
        return answer if method == "transact" else do()


STORM_SHARE = 0.7
HALF = 0.5


def _thresholds(rates: Any, faults: Sequence[str]) -> list[tuple[float, str]]:
    total, found = 0.0, []
    for fault in faults:
        if rates.get(fault):
            total += rates[fault]
            found.append((total, fault))
    return found


def _drawn(thresholds: list[tuple[float, str]], number: float) -> str | None:
    if not thresholds or number >= thresholds[-1][0]:
        return None
    return next(fault for limit, fault in thresholds if number < limit)


def _with_more(action: Any) -> Any:
    if action.key.sk != "RESERVATION":
        return action
    if isinstance(action, Put):
        return Put(key=action.key, item={**action.item, "added_later": 1}, conditions=action.conditions)
    if isinstance(action, Update):
        return Update(
            key=action.key,
            put={**action.put, ("added_later",): 1},
            remove=action.remove,
            conditions=action.conditions,
        )
    return action
