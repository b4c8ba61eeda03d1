"""Actors in threads of their own, of whom exactly one moves at a time; whoever stops chooses who goes on.

Threads, because the code under test is plain calls; one at a time, so that a seed decides everything.
"""

import threading
from collections.abc import Callable

MOST_AT_ONCE = 8


class Crash(BaseException):
    """The process dies here. Not an Exception, so that nothing on the way can survive it."""


class Actor:
    """One call of a function at work. `deadline`: true epoch seconds after which it is killed at its next step.

    `disturbed`: a fault befell it. `writes_before` counts everybody's writes when it began, `own_writes` its own since.
    """

    __slots__ = (
        "act", "deadline", "disturbed", "doing", "go", "killed", "name", "own_writes", "started", "writes_before",
    )  # fmt: skip

    def __init__(self, name: str, act: Callable[[], None], *, started: float, limit_seconds: float) -> None:
        self.name = name
        self.act = act
        self.started = started
        self.deadline = started + limit_seconds
        self.doing = ""
        self.killed = False
        self.disturbed = False
        self.writes_before = self.own_writes = 0
        self.go: threading.Lock | None = None


class _Worker:
    """A thread that plays one actor after another."""

    def __init__(self, stage: "Stage") -> None:
        self.go = threading.Lock()
        self.go.acquire()
        self.actor: Actor | None = None
        self._stage = stage
        threading.Thread(target=self._play, daemon=True).start()

    def _play(self) -> None:
        stage = self._stage
        while True:
            self.go.acquire()
            actor = self.actor
            if actor is None:
                return
            try:
                if not actor.killed:
                    actor.act()
            except Crash:
                pass
            except BaseException as bug:  # noqa: BLE001  # whatever it is, it is told as a violation
                stage.bug(actor, bug)
            self.actor = None
            stage.left(actor, self)


class Stage:
    """`choose()` answers the actor that goes on, or None to hand back to whoever called `play`.

    `bug(actor, error)` is told what an actor raised and nobody caught.
    """

    def __init__(self) -> None:
        self.at_work: list[Actor] = []
        self.current: Actor | None = None
        self.choose: Callable[[], Actor | None] = lambda: None
        self.bug: Callable[[Actor, BaseException], None] = lambda _actor, _bug: None
        self._idle: list[_Worker] = []
        self._main = threading.Lock()
        self._main.acquire()
        self._ending = False

    def enter(self, actor: Actor) -> Actor:
        """Put an actor on the stage; it moves when it is chosen."""
        worker = self._idle.pop() if self._idle else _Worker(self)
        worker.actor = actor
        actor.go = worker.go
        self.at_work.append(actor)
        return actor

    def play(self) -> None:
        """Let actors move until `choose` answers None. Called by the main thread."""
        if self._hand_on(self.choose()):
            self._main.acquire()
        self.current = None

    def turn(self) -> None:
        """Called by the actor that moves, before each of its steps: others may go first. Raises Crash if killed."""
        me = self.current
        if me is None:
            return
        following = self.choose()
        if following is not me:
            if not self._hand_on(following):
                self._main.release()
            _lock_of(me).acquire()
        if me.killed:
            raise Crash

    def left(self, actor: Actor, worker: _Worker) -> None:
        """The actor is done; its worker is free."""
        self.at_work.remove(actor)
        self._idle.append(worker)
        self.current = None
        if self._ending or not self._hand_on(self.choose()):
            self._main.release()

    def _hand_on(self, following: Actor | None) -> bool:
        self.current = following
        if following is None:
            return False
        _lock_of(following).release()
        return True

    def clear(self) -> None:
        """Kill whoever is still at work. Called by the main thread."""
        self._ending = True
        while self.at_work:
            actor = self.at_work[0]
            actor.killed = True
            self.current = actor
            _lock_of(actor).release()
            self._main.acquire()
        self.current = None
        self._ending = False

    def close(self) -> None:
        """End the threads."""
        self.clear()
        for worker in self._idle:
            worker.go.release()
        self._idle.clear()


def _lock_of(actor: Actor) -> threading.Lock:
    if actor.go is None:
        raise RuntimeError(f"{actor.name} is not on the stage")
    return actor.go
