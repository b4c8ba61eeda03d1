"""Access tokens and refresh tokens of one shop, as OAuth servers keep them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

MOST_REMEMBERED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    access: str
    expires_at: datetime
    refresh: str
    refresh_expires_at: datetime


@dataclass(slots=True, kw_only=True)
class Tokens:
    """`spent`: refresh tokens already used, with the time of use and the pair they brought."""

    sequence: random.Random
    current: Pair
    access: dict[str, datetime] = field(default_factory=dict)
    spent: dict[str, tuple[datetime, Pair]] = field(default_factory=dict)

    def accepts(self, token: str, now: datetime) -> bool:
        return self.access.get(token, now) > now

    def knows(self, token: str) -> bool:
        """Whether it was a token of this shop once, good or not any more."""
        return token in self.access

    def issue(self, now: datetime, *, life_s: float, refresh: str | None, refresh_expires_at: datetime) -> Pair:
        """A new access token; `refresh` None makes a new refresh token too. Earlier access tokens live on."""
        pair = Pair(
            access=f"{self.sequence.getrandbits(128):032x}",
            expires_at=now + timedelta(seconds=life_s),
            refresh=refresh or f"{self.sequence.getrandbits(128):032x}",
            refresh_expires_at=refresh_expires_at,
        )
        self.access[pair.access] = pair.expires_at
        self.current = pair
        _forget_oldest(self.access)
        return pair

    def refresh(
        self,
        token: str,
        now: datetime,
        *,
        life_s: float,
        refresh_life_s: float,
        rotates: bool,
        resets: bool,
        grace_s: float,
    ) -> Pair | None:
        """The next pair, or None if the refresh token is not good (any more).

        Where tokens rotate, a spent one brings the same pair again within `grace_s` of its use, then nothing. `resets`:
        the next refresh token lives its whole life again, not only what the first one had left.
        """
        if token in self.spent:
            used_at, brought = self.spent[token]
            return brought if now - used_at < timedelta(seconds=grace_s) else None
        if token != self.current.refresh or now >= self.current.refresh_expires_at:
            return None
        until = now + timedelta(seconds=refresh_life_s) if resets else self.current.refresh_expires_at
        if not rotates:
            return self.issue(now, life_s=life_s, refresh=token, refresh_expires_at=until)
        pair = self.issue(now, life_s=life_s, refresh=None, refresh_expires_at=until)
        self.spent[token] = (now, pair)
        _forget_oldest(self.spent)
        return pair

    def shorten(self, until: datetime) -> None:
        """No access token that is there now outlives that time."""
        self.access = {token: min(ends, until) for token, ends in self.access.items()}
        self.current = replace(self.current, expires_at=min(self.current.expires_at, until))

    def expire(self) -> None:
        """No access token is good any more; the refresh token is."""
        self.access = dict.fromkeys(self.access, datetime.min.replace(tzinfo=UTC))


def first_tokens(sequence: random.Random, now: datetime, *, life_s: float, refresh_life_s: float) -> Tokens:
    nothing = Pair(access="", expires_at=now, refresh="", refresh_expires_at=now)
    tokens = Tokens(sequence=sequence, current=nothing)
    tokens.issue(now, life_s=life_s, refresh=None, refresh_expires_at=now + timedelta(seconds=refresh_life_s))
    return tokens


def _forget_oldest(remembered: dict[str, object] | dict[str, datetime] | dict[str, tuple[datetime, Pair]]) -> None:
    while len(remembered) > MOST_REMEMBERED:
        del remembered[next(iter(remembered))]
