"""Queues of work with what was put aside of them, and how one process of a function sees them."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from holdfast.domain.errors import Unavailable
from holdfast.store.queue import Received

from .queues import Message, Queue
from .stage import Crash
from .world import World

SENT_AT_ONCE = 10
FOR_EVER = 10**9
# Of the faults of a call: the queue did not take it, took it and nobody heard, or the process died after it.
DOWN, UNHEARD, DIED = 0.5, 0.85, 1.0
PUT_ASIDE_FAILS = 0.4


class Mailbox:
    """One queue and its dead letters, which a person or an hourly run sends back. `sent` hears each body it takes.

    `taken_back` hears of each dead letter before it goes.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        visibility_seconds: float,
        most_receives: int,
        copies: int,
        fault_rate: float,
    ) -> None:
        self.world = world
        self.fault_rate = fault_rate
        self.sent: Callable[[str], None] = lambda _body: None
        self.taken_back: Callable[[Message], None] = lambda _letter: None
        self.work = Queue(
            name=name,
            chance=world.chance,
            visibility_seconds=visibility_seconds,
            most_receives=most_receives,
            met=world.met,
            copies_per_100=copies,
        )
        self.aside = Queue(
            name=f"{name}, put aside",
            chance=world.chance,
            visibility_seconds=60.0,
            most_receives=FOR_EVER,
            met=world.met,
        )

    def take(self, most: int) -> list[tuple[Message, int]]:
        """Up to so many messages with their handles, as Lambda's poller takes them."""
        taken = []
        for _ in range(most):
            message = self.work.receive(now=self.world.now)
            if message is not None:
                taken.append((message, message.handle))
        for dead in self.work.dead:
            self.aside.waiting.append(Message(dead.body, dead.sent_at))
        self.work.dead.clear()
        return taken

    def holds(self, is_it: Callable[[str], bool]) -> bool:
        """Whether such a body waits, or was put aside."""
        return any(is_it(each.body) for queue in (self.work, self.aside) for each in queue.waiting)

    def event(self, taken: Sequence[tuple[Message, int]]) -> dict[str, Any]:
        """What the function is called with."""
        return {
            "Records": [
                {
                    "messageId": f"m{handle}",
                    "receiptHandle": str(handle),
                    "body": message.body,
                    "attributes": {
                        "ApproximateReceiveCount": str(message.receives),
                        "SentTimestamp": str(int(message.sent_at * 1000)),
                    },
                }
                for message, handle in taken
            ]
        }

    def post(self, who: str) -> "Post":
        return Post(self, self.work, who)

    def post_aside(self, who: str) -> "Post":
        return Post(self, self.aside, who)


class Post:
    """One of a mailbox's queues as a process sees it: each call is a step, and may go wrong."""

    def __init__(self, mailbox: Mailbox, queue: Queue, who: str) -> None:
        self._mailbox = mailbox
        self._world = mailbox.world
        self._queue = queue
        self._who = who

    def send(self, message: Mapping[str, object], *, delay_seconds: int = 0) -> None:
        self._send([json.dumps(message, ensure_ascii=False)], delay_seconds)

    def send_many(self, messages: Sequence[Mapping[str, object]], *, delay_seconds: int = 0) -> None:
        bodies = [json.dumps(each, ensure_ascii=False) for each in messages]
        for start in range(0, len(bodies), SENT_AT_ONCE):
            self._send(bodies[start : start + SENT_AT_ONCE], delay_seconds)

    def send_again(self, body: str) -> None:
        self._send([body], 0)

    def put_aside(self, body: str, *, reason: str, first_sent_ms: int) -> None:
        del reason

        def keep() -> None:
            self._world.met("put_aside")
            self._queue.waiting.append(Message(body, first_sent_ms / 1000))

        self._call("put aside", body, keep)

    def postpone(self, receipt: str, seconds: int) -> None:
        def hide() -> None:
            for each in self._queue.waiting:
                if each.handle == int(receipt):
                    each.hidden_until = self._world.now + seconds

        self._call("postpone", f"{receipt} by {seconds} s", hide)

    def receive(self, most: int, *, hidden_seconds: int) -> list[Received]:
        taken: list[Message] = []

        def take() -> None:
            for _ in range(most):
                message = self._queue.receive(now=self._world.now)
                if message is None:
                    break
                message.hidden_until = self._world.now + hidden_seconds
                taken.append(message)

        self._call("receive", self._queue.name, take)
        return [
            Received(
                id=str(each.handle),
                receipt=str(each.handle),
                body=each.body,
                sent_ms=int(each.sent_at * 1000),
                times_received=each.receives,
            )
            for each in taken
        ]

    def delete(self, receipt: str) -> None:
        def take_away() -> None:
            for each in list(self._queue.waiting):
                if each.handle == int(receipt):
                    self._mailbox.taken_back(each)
                    self._queue.waiting.remove(each)

        self._call("delete", receipt, take_away)

    def waiting(self) -> int:
        return len(self._queue.waiting)

    def _send(self, bodies: Sequence[str], delay_seconds: int) -> None:
        def keep() -> None:
            for body in bodies:
                self._queue.send(body, now=self._world.now, delay_seconds=delay_seconds)
                self._mailbox.sent(body)

        self._call("send", bodies, keep)

    def _call(self, method: str, about: object, do: Callable[[], None]) -> None:
        world = self._world
        world.step(self._who, f"{self._queue.name}: {method}", about)
        # What is put aside is little: it fails more often, or nobody would see what happens then.
        rate = max(PUT_ASIDE_FAILS, self._mailbox.fault_rate) if method == "put aside" else self._mailbox.fault_rate
        if world.calm or world.chance.random() >= rate:
            do()
            return
        number = world.chance.random()
        if number < DOWN:
            world.met("queue_down", self._who)
            raise Unavailable("the queue did not do it")
        do()
        if number < UNHEARD:
            world.met("queue_reply_lost", self._who)
            raise Unavailable("the queue did not say so")
        world.met("crash_after_queue", self._who)
        raise Crash


class DyingPost(Post):
    """The process dies before its first message is sent."""

    def _send(self, bodies: Sequence[str], delay_seconds: int) -> None:
        del bodies, delay_seconds
        self._world.met("crash_before_send", self._who)
        raise Crash
