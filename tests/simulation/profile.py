"""What a seed is like: which faults it has and how many, how wrong its clocks are, how the shop is.

Each seed takes some of the faults and leaves others out, so that every pair of them meets somewhere and none is
drowned by the rest.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from holdfast.domain.policy import Mode, Policy

MARGIN_SECONDS = 30.0
# Any two clocks differ by at most twice this: with the ten seconds that a commit may take it stays below the margin.
TRUE_ENOUGH_SECONDS = 9.0
FAR_OFF_SECONDS = 300.0
SHARE_STILL, MONTHS_STILL = 0.4, 0.15

ON_WRITES = ("conflict", "half_judged", "throttled", "lost", "repeated", "late", "crash_before", "crash_after", "slow")
ON_READS = ("unanswered", "slow", "crash_before")
ON_THE_WORLD = (
    "boundary", "leap", "storm", "hot_key", "outage", "sweeper_down", "sweeper_doubled", "poison", "redelivered",
    "newer_version", "policy_change", "stale_index",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """`rates`: fault → its share of the calls it can befall. `skew_seconds`: how far the functions' clocks are off.

    `still`: table, clocks and queues (but for what is put aside) are without a flaw, so that what
    marketplaces do comes through.
    """

    rates: Mapping[str, float]
    skew_seconds: float
    clocks_far_off: bool
    at_once: int
    steadiness: float
    chaos_steps: int
    policy: Policy
    skus: Mapping[str, Mode | None]
    orders: int
    stock_up_to: int
    months: bool
    torn: bool
    locations: tuple[str, ...] = field(default=("main",))
    still: bool = False

    def has(self, fault: str) -> bool:
        return self.rates.get(fault, 0.0) > 0.0


def drawn(chance: random.Random) -> Profile:
    """The profile of a seed."""
    rates: dict[str, float] = {}
    for fault in (*ON_WRITES, *ON_READS):
        if chance.random() < 0.5:
            rates[fault] = chance.choice((0.01, 0.03, 0.08))
    for fault in ON_THE_WORLD:
        if chance.random() < 0.4:
            rates[fault] = 1.0
    rates["boundary"] = 1.0
    far_off = chance.random() < 0.2
    locations = ("main", "annex") if chance.random() < 0.35 else ("main",)
    step = chance.choice((60, 60, 60, 30, 300))
    modes: tuple[Mode | None, ...] = (None, None, None, Mode.ON_ORDER, Mode.ON_PAYMENT, Mode.RESERVE)
    names = ("kettle", "cup", "tea pot / ấm trà")[: chance.choice((1, 1, 2, 2, 3))]
    return Profile(
        rates=rates,
        skew_seconds=FAR_OFF_SECONDS if far_off else TRUE_ENOUGH_SECONDS * chance.choice((0.0, 1.0)),
        clocks_far_off=far_off,
        at_once=chance.choice((2, 3, 4, 6)),
        steadiness=chance.choice((0.3, 0.6, 0.85)),
        chaos_steps=chance.choice((100, 160, 320)),
        policy=Policy(
            step_seconds=step,
            margin_seconds=MARGIN_SECONDS,
            hold_seconds=chance.choice((step, 5 * step, 20 * step)),
            payment_window_seconds=chance.choice((step, step, 10 * step, 30 * step)),
            unpaid_order_seconds=chance.choice((600, 86_400)),
            locations=locations,
        ),
        skus={name: chance.choice(modes) for name in names},
        orders=chance.choice((2, 4, 8)),
        stock_up_to=chance.choice((1, 2, 4)),
        months=chance.random() < 0.06,
        torn=chance.random() < 0.15,
        locations=locations,
    )


def in_still_waters(profile: Profile, chance: random.Random) -> Profile:
    """The profile of a seed in which only marketplaces have faults, or as it was."""
    if chance.random() > SHARE_STILL:
        return profile
    return replace(
        profile,
        rates={"boundary": 1.0},
        skew_seconds=0.0,
        clocks_far_off=False,
        chaos_steps=chance.choice((160, 320)),
        orders=2,
        stock_up_to=chance.choice((2, 4, 8)),
        months=chance.random() < MONTHS_STILL,
        torn=False,
        still=True,
    )
