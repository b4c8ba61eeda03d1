"""One shop in the sandbox with all that belongs to it: its trade, tokens, keys, faults and counts."""

from __future__ import annotations

import random
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from sandbox.faults import Faults
    from sandbox.tokens import Tokens
    from sandbox.trade import Shop


@dataclass(slots=True, kw_only=True)
class Booth:
    """`members`: the credentials of its secret, by the names there. `tokens` None: the marketplace has none.

    `kept` is the face's own: what a marketplace remembers beside orders and stock (a queue, lost pushes).
    """

    channel: str
    name: str
    seed: str
    shop: Shop
    faults: Faults
    members: dict[str, str]
    tokens: Tokens | None
    webhook_key: str | None
    webhook_key_previous: str | None = None
    webhook_url: str | None = None
    webhook_disabled: bool = False
    signs_with_previous: bool = False
    failures_in_a_row: int = 0
    locations: tuple[str, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)
    calls: Counter[tuple[str, int]] = field(default_factory=Counter)
    calls_of_day: tuple[date | None, int] = (None, 0)
    writes_now: Counter[str] = field(default_factory=Counter)
    most_writes_at_once: int = 0
    pushes: Counter[str] = field(default_factory=Counter)
    last_pushes: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=100))
    sequences: dict[str, random.Random] = field(default_factory=dict)

    def sequence(self, concern: str) -> random.Random:
        """Random numbers for one concern; the same for the same seed, whatever else draws."""
        return self.sequences.setdefault(concern, random.Random(f"{self.seed}:{concern}"))

    def hexadecimal(self, concern: str, digits: int = 32) -> str:
        return f"{self.sequence(concern).getrandbits(4 * digits):0{digits}x}"

    def digits(self, concern: str, count: int) -> str:
        """A number as marketplaces give ids: that many digits, the first not 0."""
        return str(self.sequence(concern).randrange(10 ** (count - 1), 10**count))

    def signing_key(self) -> str:
        """What pushes are signed with now; the previous key for a while after some rotations."""
        if self.signs_with_previous and self.webhook_key_previous:
            return self.webhook_key_previous
        return self.webhook_key or ""

    def count_call(self, endpoint: str, status: int) -> None:
        self.calls[endpoint, status] += 1

    def begin_writes(self, listings: Iterable[str]) -> None:
        """The stock of these listings was written by a call that has no answer yet."""
        self.writes_now.update(listings)
        self.most_writes_at_once = max([self.most_writes_at_once, *self.writes_now.values()])

    def end_writes(self, listings: Iterable[str]) -> None:
        self.writes_now.subtract(listings)
        self.writes_now += Counter()  # without those that are at 0

    def calls_today(self, day: date) -> int:
        """Counts one more call of the day and answers how many there are."""
        known, count = self.calls_of_day
        self.calls_of_day = (day, count + 1 if known == day else 1)
        return self.calls_of_day[1]

    def secret(self, *, api_url: str, auth_url: str) -> dict[str, str]:
        """The secret document that opens this shop."""
        document: dict[str, str] = {"api_url": api_url, "auth_url": auth_url, **self.members}
        if self.tokens is not None:
            document |= _shown(self.tokens)
        if self.webhook_key is not None:
            document["webhook_key"] = self.webhook_key
        if self.webhook_key_previous is not None:
            document["webhook_key_previous"] = self.webhook_key_previous
        return document


def utc_text(at: datetime) -> str:
    """ISO 8601 in UTC, whole seconds, with a Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(tokens: Tokens) -> Mapping[str, str]:
    pair = tokens.current
    return {
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "token_expires_at": utc_text(pair.expires_at),
    }
