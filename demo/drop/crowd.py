"""Who comes to the drop, what the shop knows of him, and how he pays. The same every time for a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from demo.delays import Delays

Kind = Literal["regular", "newcomer", "scalper"]

# Scalpers' programs fire when the sale opens; people come within the first half hour, most of them early.
SCALPERS_WITHIN_MINUTES, PEOPLE_WITHIN_MINUTES = 2.0, 30.0
# How often someone who got nothing looks at the page again.
SCALPER_LOOKS_EVERY, PERSON_LOOKS_EVERY = (2.0, 4.0), (3.0, 7.0)
# So many scalpers pay what they hold; the others hold again and again until a buyer turns up.
PAYING_SCALPERS = 0.6


@dataclass(frozen=True, slots=True)
class Size:
    """Who comes for how many bottles, and for how many minutes they are on sale."""

    minutes: int
    bottles: int
    scalpers: int
    regulars: int
    newcomers: int


FULL = Size(minutes=120, bottles=50, scalpers=700, regulars=240, newcomers=60)
SHORT = Size(minutes=60, bottles=10, scalpers=70, regulars=48, newcomers=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Times in minutes of the sale. `pays_after` his hold began; None: never."""

    id: str
    kind: Kind
    facts: dict[str, Any]
    arrives_at: float
    looks_every: tuple[float, float]
    pays_after: float | None
    seed: int

    @property
    def holds_again(self) -> bool:
        """A scalper who does not pay takes the bottle anew when his hold is over."""
        return self.kind == "scalper" and self.pays_after is None


def crowd(size: Size, delays: Delays, *, now: datetime, seed: int) -> tuple[Person, ...]:
    """Delays of payment are real ones. Of each kind of people they are spread evenly over all quantiles, and so are the
    times of arrival; who gets which is dealt out by chance.
    """
    dealt = random.Random(seed)
    paying = round(PAYING_SCALPERS * size.scalpers)
    never: list[float | None] = [None] * (size.scalpers - paying)
    persons = [
        *_of_kind("regular", _spread(size.regulars, delays), now=now, dealt=dealt),
        *_of_kind("newcomer", _spread(size.newcomers, delays), now=now, dealt=dealt),
        *_of_kind("scalper", [*_spread(paying, delays), *never], now=now, dealt=dealt),
    ]
    return tuple(sorted(persons, key=lambda each: each.arrives_at))


def _spread(people: int, delays: Delays) -> list[float | None]:
    return [delays.minutes((number + 0.5) / people) for number in range(people)]


def _of_kind(kind: Kind, pays_after: list[float | None], *, now: datetime, dealt: random.Random) -> list[Person]:
    scalper = kind == "scalper"
    within = SCALPERS_WITHIN_MINUTES if scalper else PEOPLE_WITHIN_MINUTES
    dealt.shuffle(pays_after)
    return [
        Person(
            id=f"{kind}-{number:04d}",
            kind=kind,
            facts=_facts(kind, now, dealt),
            arrives_at=within * ((number + 0.5) / len(pays_after)) ** (1 if scalper else 2),
            looks_every=SCALPER_LOOKS_EVERY if scalper else PERSON_LOOKS_EVERY,
            pays_after=after,
            seed=dealt.randrange(2**32),
        )
        for number, after in enumerate(pays_after)
    ]


def _facts(kind: Kind, now: datetime, dealt: random.Random) -> dict[str, Any]:
    """What the shop sends along. Scalpers' accounts were registered in bulk and have lain idle since."""
    if kind == "regular":
        registered, active, orders = dealt.uniform(60, 2_000), dealt.uniform(0, 20), dealt.randint(1, 30)
    elif kind == "newcomer":
        registered, active, orders = dealt.uniform(0.01, 6), 0.005, 0
    else:
        registered, active, orders = dealt.uniform(3.5, 6), dealt.uniform(2.5, 3.4), 0
    return {
        "registered_at": _told(now - timedelta(days=registered)),
        "last_active_at": _told(now - timedelta(days=active)),
        "paid_orders": orders,
    }


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
