"""A queue as SQS has them: at least once, in no order, with a visibility time, a limit of receives and dead letters."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Message:
    """`body` is the sender's. `hidden_until`: epoch seconds; `receives` counts deliveries since it was (re)sent."""

    body: Any
    sent_at: float
    hidden_until: float = 0.0
    receives: int = 0
    handle: int = 0


@dataclass(slots=True)
class Queue:
    """`copies_per_100`: how many of a hundred messages are there twice. `met(fault)` counts what was met.

    Nothing leaves but by `delete` with the newest handle, or to the dead letters after `most_receives`.
    """

    name: str
    chance: random.Random
    visibility_seconds: float
    most_receives: int
    met: Callable[[str], None]
    copies_per_100: int = 0
    waiting: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    _handles: int = 0

    def send(self, body: Any, *, now: float, delay_seconds: float = 0.0) -> None:
        copies = 2 if self.chance.random() * 100 < self.copies_per_100 else 1
        if copies > 1:
            self.met("queue_copy")
        for _ in range(copies):
            self.waiting.append(Message(body, now, now + delay_seconds))

    def receive(self, *, now: float) -> Message | None:
        """Any message that is visible, not always the oldest; hidden from others for the visibility time."""
        visible = [each for each in self.waiting if each.hidden_until <= now]
        if not visible:
            return None
        message = visible[int(self.chance.random() * len(visible))]
        if message is not visible[0]:
            self.met("queue_reordered")
        message.receives += 1
        if message.receives > self.most_receives:
            self.waiting.remove(message)
            self.dead.append(message)
            self.met("queue_dead_letter")
            return None
        if message.receives > 1:
            self.met("queue_received_again")
        self._handles += 1
        message.handle = self._handles
        message.hidden_until = now + self.visibility_seconds
        return message

    def delete(self, message: Message, handle: int) -> bool:
        """False: the visibility time ran out and another receiver has it; it comes again."""
        if message.handle != handle or message not in self.waiting:
            self.met("queue_visibility_ran_out")
            return False
        self.waiting.remove(message)
        return True

    def redrive(self, *, now: float) -> int:
        """The dead letters back into the queue, however old they are."""
        moved = len(self.dead)
        for message in self.dead:
            if now - message.sent_at >= WEEK_SECONDS:
                self.met("queue_redriven_after_a_week")
            message.receives, message.hidden_until = 0, 0.0
            self.waiting.append(message)
        self.dead.clear()
        return moved


WEEK_SECONDS = 7 * 86_400.0
