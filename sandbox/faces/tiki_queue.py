"""Tiki's event queue: events in the order they happened, kept for seven days, given until they are acknowledged.

From open.tiki.vn (guides Event queues, Event type). An acknowledgement rides on the next pull, and a pull without one
gives the same events again. Doubtful: the members of an event beside `type` and `payload`, how many a pull brings, and
what an unknown `ack_id` gets. The few seconds between an event and its queue are not played.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.booth import Booth

CREATED = "ORDER_CREATED_SUCCESSFULLY"
CHANGED = "ORDER_STATUS_UPDATED"
EVENT_TYPES = (
    CREATED,
    CHANGED,
    "PRODUCT_PRICE_UPDATED",
    "PRODUCT_MARKET_PRICE_UPDATED",
    "PRODUCT_INVENTORY_UPDATED",
)
KEPT = timedelta(days=7)
MOST_A_PULL = 50
MOST_EVENTS = 100_000
MOST_ACKS = 1_000
MOST_QUEUES = 10


class UnknownAck(Exception):
    """No pull brought this acknowledgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    number: int
    at: datetime
    event: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Queue:
    """`acks`: what was brought up to which number, by the acknowledgement that came with it."""

    code: str
    name: str
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    acks: dict[str, int] = field(default_factory=dict)
    last: int = 0

    def told(self) -> dict[str, str]:
        return {"code": self.code, "name": self.name, "status": "ACTIVE"}

    def subscribe(self, booth: Booth, event_type: str) -> dict[str, Any]:
        """Once for each type; asking again changes nothing."""
        fresh = {
            "code": booth.hexadecimal("subscription"),
            "active": True,
            "event_type": event_type,
            "sid": booth.hexadecimal("sid", 40).upper(),
        }
        return self.subscriptions.setdefault(event_type, fresh)

    def add(self, booth: Booth, event_type: str, payload: dict[str, Any], at: datetime) -> None:
        subscription = self.subscriptions.get(event_type)
        if subscription is None or not subscription["active"]:
            return
        self.last += 1
        event = {
            "id": booth.hexadecimal("event"),
            "sid": subscription["sid"],
            "type": event_type,
            "version": "v1",
            "created_at": int(at.timestamp() * 1000),
            "payload": payload,
        }
        self.entries.append(Entry(number=self.last, at=at, event=event))

    def pull(self, booth: Booth, ack_id: str | None, now: datetime) -> dict[str, Any]:
        """The oldest events that are not acknowledged. Raises UnknownAck."""
        if ack_id is not None:
            self.acknowledge(ack_id)
        while self.entries and self.entries[0].at < now - KEPT:
            self.entries.popleft()
        page = [entry for entry, _ in zip(self.entries, range(MOST_A_PULL), strict=False)]
        if page:
            ack_id = booth.hexadecimal("ack")
            self.acks[ack_id] = page[-1].number
            while len(self.acks) > MOST_ACKS:
                del self.acks[next(iter(self.acks))]
        return {"ack_id": ack_id, "events": [entry.event for entry in page]}

    def acknowledge(self, ack_id: str) -> None:
        if ack_id not in self.acks:
            raise UnknownAck(ack_id)
        while self.entries and self.entries[0].number <= self.acks[ack_id]:
            self.entries.popleft()


def queues(booth: Booth) -> dict[str, Queue]:
    """By code. A new shop has one, subscribed to orders."""
    kept: dict[str, Queue] = booth.kept.setdefault("queues", {})
    code = booth.members.get("queue_code")
    if code and code not in kept:
        first = kept[code] = Queue(code=code, name="orders")
        first.subscribe(booth, CREATED)
        first.subscribe(booth, CHANGED)
    return kept
