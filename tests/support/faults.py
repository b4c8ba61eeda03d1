"""A table that misbehaves on order: replies lost, writes refused, crashes, and another actor at the worst moment."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from holdfast.domain.errors import Unavailable
from holdfast.store.table import Action, Delete, Item, Key, Page, Put, Query, Table, Update


class Crash(BaseException):
    """The process dies here. Not an Exception, so that nothing on the way can survive it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the table: its method, and the actions it would write."""

    method: str
    actions: tuple[Action, ...] = ()

    @property
    def writes(self) -> bool:
        return bool(self.actions)


Which = Callable[[Call], bool]


@dataclass(slots=True)
class _Hook:
    which: Which
    skip: int
    when: str
    do: Callable[[], object]


def any_call(_call: Call) -> bool:
    return True


def any_write(call: Call) -> bool:
    return call.writes


def any_transaction(call: Call) -> bool:
    return call.method == "transact"


def single_write(call: Call) -> bool:
    """A write of its own, such as a fold."""
    return call.method == "write"


def lose_reply() -> None:
    raise Unavailable("the reply was lost; the write may have happened")


def refuse() -> None:
    raise Unavailable("throttled; nothing was written")


def crash() -> None:
    raise Crash


class WatchedTable:
    """Passes every call on; `calls` remembers them, hooks come in between. A hook acts once, and none within it."""

    def __init__(self, table: Table) -> None:
        self.inner = table
        self.calls: list[Call] = []
        self._hooks: list[_Hook] = []
        self._in_hook = False

    def before(self, which: Which, do: Callable[[], object], *, skip: int = 0) -> None:
        """Before the call that `which` picks, after `skip` others of its kind, do this; what it raises is answered."""
        self._hooks.append(_Hook(which, skip, "before", do))

    def after(self, which: Which, do: Callable[[], object], *, skip: int = 0) -> None:
        """As `before`, once the call has had its effect (a call that failed has none, and is passed over)."""
        self._hooks.append(_Hook(which, skip, "after", do))

    @property
    def waiting(self) -> int:
        """Hooks that have not acted."""
        return len(self._hooks)

    def forget(self) -> None:
        """Drop the hooks that have not acted."""
        self._hooks.clear()

    def written(self) -> list[Call]:
        return [call for call in self.calls if call.writes]

    def _through(self, call: Call, act: Callable[[], Any]) -> Any:
        if self._in_hook:
            return act()
        self.calls.append(call)
        due = self._due(call)
        self._run(due, "before")
        answer = act()
        self._run(due, "after")
        return answer

    def _due(self, call: Call) -> list[_Hook]:
        due: list[_Hook] = []
        for hook in [each for each in self._hooks if each.which(call)]:
            if hook.skip:
                hook.skip -= 1
                continue
            self._hooks.remove(hook)
            due.append(hook)
        return due

    def _run(self, due: list[_Hook], when: str) -> None:
        for hook in due:
            if hook.when != when:
                continue
            self._in_hook = True
            try:
                hook.do()
            finally:
                self._in_hook = False

    def get(self, key: Key) -> Item | None:
        found: Item | None = self._through(Call("get"), lambda: self.inner.get(key))
        return found

    def get_many(self, keys: Sequence[Key]) -> list[Item]:
        found: list[Item] = self._through(Call("get_many"), lambda: self.inner.get_many(keys))
        return found

    def query(self, query: Query) -> Page:
        page: Page = self._through(Call("query"), lambda: self.inner.query(query))
        return page

    def scan(self, *, start: Item | None = None) -> Page:
        page: Page = self._through(Call("scan"), lambda: self.inner.scan(start=start))
        return page

    def write(self, action: Put | Update | Delete) -> Item | None:
        new: Item | None = self._through(Call("write", (action,)), lambda: self.inner.write(action))
        return new

    def transact(self, actions: Sequence[Action]) -> None:
        self._through(Call("transact", tuple(actions)), lambda: self.inner.transact(actions))

    def write_many(self, actions: Iterable[Put | Delete]) -> None:
        rows = tuple(actions)
        self._through(Call("write_many", rows), lambda: self.inner.write_many(rows))
