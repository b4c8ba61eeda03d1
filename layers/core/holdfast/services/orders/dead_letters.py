"""What was put aside: look at it, and send it on its way again once its cause is gone.

A queue cannot be leafed through. A look receives messages, hides them for its own length and lets them show again; two
looks at once see different ones.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from holdfast.store.queue import Received

MOST_AT_ONCE = 10
LOOK_SECONDS = 20
REDRIVE_SECONDS = 60
# An answer without messages may be short by mistake; two in a row are the end.
EMPTY_ANSWERS = 2

MOVED_BY_SQS = "it came again and again and no call with it ever ended"


class Kept(Protocol):
    """A queue of what was put aside."""

    def receive(self, most: int, *, hidden_seconds: int) -> list[Received]: ...

    def delete(self, receipt: str) -> None: ...

    def postpone(self, receipt: str, seconds: int) -> None: ...

    def waiting(self) -> int: ...


class Work(Protocol):
    """The queue it came from."""

    def send_again(self, body: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A queue of work and what was put aside of it."""

    kept: Kept
    work: Work


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message, without its body: that may hold more than ids. `sent_ms`: since the epoch."""

    queue: str
    id: str
    channel: str | None
    shop: str | None
    kind: str | None
    order_id: str | None
    reason: str
    sent_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriven:
    """`left`: about how many are still aside."""

    redriven: int
    left: int


def look(queues: Mapping[str, Aside], *, limit: int) -> list[DeadLetter]:
    """At most `limit` letters of all queues. Raises Unavailable."""
    found: list[DeadLetter] = []
    for name, aside in queues.items():
        seen: dict[str, Received] = {}

        def note(letter: Received, seen: dict[str, Received] = seen) -> None:
            seen[letter.id] = letter

        _each(aside.kept, note, limit=limit - len(found), hidden_seconds=LOOK_SECONDS, stop=lambda: False)
        for letter in seen.values():
            aside.kept.postpone(letter.receipt, 0)
        found.extend(_letter(name, letter) for letter in seen.values())
    return found


def redrive(queues: Mapping[str, Aside], *, limit: int, time_is_short: Callable[[], bool]) -> Redriven:
    """Send up to `limit` letters to where they came from. Raises Unavailable; what was sent by then stays sent.

    Sent first and deleted after: a call that dies in between sends a letter twice, which every reader can take.
    """
    done = 0
    for aside in queues.values():

        def send(letter: Received, aside: Aside = aside) -> None:
            aside.work.send_again(letter.body)
            aside.kept.delete(letter.receipt)

        done += _each(aside.kept, send, limit=limit - done, hidden_seconds=REDRIVE_SECONDS, stop=time_is_short)
    return Redriven(redriven=done, left=sum(aside.kept.waiting() for aside in queues.values()))


def _each(
    kept: Kept, do: Callable[[Received], None], *, limit: int, hidden_seconds: int, stop: Callable[[], bool]
) -> int:
    """How many letters were done. Each answer but the empty ones brings it nearer to its limit."""
    done, empty = 0, 0
    while done < limit and empty < EMPTY_ANSWERS and not stop():
        letters = kept.receive(min(MOST_AT_ONCE, limit - done), hidden_seconds=hidden_seconds)
        empty = 0 if letters else empty + 1
        for letter in letters:
            do(letter)
        done += len(letters)
    return done


def _letter(queue: str, letter: Received) -> DeadLetter:
    told = _members(letter.body)
    order = told.get("order")
    nested = order.get("order_id") if isinstance(order, dict) else None
    return DeadLetter(
        queue=queue,
        id=letter.id,
        channel=_text(told.get("channel")),
        shop=_text(told.get("shop")),
        kind=_text(told.get("kind")),
        order_id=_text(told.get("order_id")) or _text(nested),
        reason=letter.reason or MOVED_BY_SQS,
        sent_ms=letter.sent_ms,
    )


def _members(body: str) -> Mapping[str, object]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
