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

SALE_MINUTES = 120
# Scalpers' programs fire when the sale opens; people come within the first half hour, most of them early.
SCALPERS_WITHIN_MINUTES, PEOPLE_WITHIN_MINUTES = 2.0, 30.0
# How often someone who got nothing looks at the page again.
SCALPER_LOOKS_EVERY, PERSON_LOOKS_EVERY = (2.0, 4.0), (3.0, 7.0)
# So many scalpers pay what they hold; the others hold again and again until a buyer turns up.
PAYING_SCALPERS = 0.6


@dataclass(frozen=True, slots=True)
class Size:
    bottles: int
    scalpers: int
    regulars: int
    newcomers: int


FULL = Size(bottles=50, scalpers=700, regulars=240, newcomers=60)
SHORT = Size(bottles=10, scalpers=70, regulars=48, newcomers=12)


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
    """Delays of payment are real ones: those of people spread evenly over all quantiles, dealt out by chance."""
    dealt = random.Random(seed)
    regular: Kind = "regular"
    newcomer: Kind = "newcomer"
    kinds = [regular] * size.regulars + [newcomer] * size.newcomers
    people = _paying(kinds, delays, dealt)
    persons = [_person(number, kind, after, now=now, dealt=dealt) for number, (kind, after) in enumerate(people)]
    paying = round(PAYING_SCALPERS * size.scalpers)
    shares = [(number + 0.5) / paying for number in range(paying)]
    dealt.shuffle(shares)
    afters: list[float | None] = [delays.minutes(share) for share in shares]
    afters += [None] * (size.scalpers - paying)
    dealt.shuffle(afters)
    first = len(persons)
    persons += [_person(first + at, "scalper", after, now=now, dealt=dealt) for at, after in enumerate(afters)]
    return tuple(persons)


def _paying(kinds: list[Kind], delays: Delays, dealt: random.Random) -> list[tuple[Kind, float]]:
    shares = [(number + 0.5) / len(kinds) for number in range(len(kinds))]
    dealt.shuffle(shares)
    return [(kind, delays.minutes(share)) for kind, share in zip(kinds, shares, strict=True)]


def _person(number: int, kind: Kind, after: float | None, *, now: datetime, dealt: random.Random) -> Person:
    scalper = kind == "scalper"
    within = SCALPERS_WITHIN_MINUTES if scalper else PEOPLE_WITHIN_MINUTES
    return Person(
        id=f"{kind}-{number:04d}",
        kind=kind,
        facts=_facts(kind, now, dealt),
        arrives_at=within * dealt.random() ** (1 if scalper else 2),
        looks_every=SCALPER_LOOKS_EVERY if scalper else PERSON_LOOKS_EVERY,
        pays_after=after,
        seed=dealt.randrange(2**32),
    )


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
