"""The passport of a pushed number: what it was made of, and what the marketplace said."""

from dataclasses import dataclass
from datetime import datetime

from .listing import ListingKey
from .sync import Rule

SENT = "sent"
"""Nothing came back yet, or ever: the number may be shown."""
ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSeen:
    """One level as it was read for a push. `takes`: units that one unit of the listing takes.

    `free` counts units of holds that had ended; `version` of the level's item.
    """

    sku: str
    location: str
    takes: int
    free: int
    reserved: int
    committed: int
    incoming: int
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """`answer`: `sent`, `acknowledged`, or the code with which the marketplace refused. `because`: what asked for it.

    `fence`: the listing's number of this push. Rules as they were.
    """

    key: ListingKey
    fence: int
    quantity: int
    sent_at: datetime
    answered_at: datetime | None
    answer: str
    detail: str
    because: str
    asked_at: datetime
    sellable: int
    offered: int
    rule: Rule
    mode: str
    ratio: int
    threshold: int
    maximum: int | None
    incoming_cap: int
    levels: tuple[LevelSeen, ...]


def sentence(passport: Passport) -> str:
    """Why it is that number, for people."""
    makes: dict[str, int] = {}
    for level in passport.levels:
        makes[level.sku] = makes.get(level.sku, 0) + level.free // level.takes
    scarcest = min(makes, key=lambda sku: makes[sku], default="its goods")
    all_of = scarcest if len(makes) == 1 else "its goods"
    why = {
        Rule.NOTHING_FREE: f"nothing of {scarcest} is free",
        Rule.EVERYTHING: f"all {passport.sellable} that {all_of} make are offered",
        Rule.RATIO: f"{passport.ratio} % of {passport.sellable} is {passport.offered}, rounded down",
        Rule.MAXIMUM: f"at most {passport.maximum} are offered, of {passport.sellable}",
        Rule.CHANNEL_LIMIT: f"the marketplace takes no more than {passport.offered}",
        Rule.THRESHOLD: f"{passport.offered} would be offered, which is not more than the threshold of "
        f"{passport.threshold}",
    }[passport.rule]
    return f"{passport.key} {_shown(passport)}: {why}. Pushed because of {passport.because}."


def _shown(passport: Passport) -> str:
    if passport.answer == ACKNOWLEDGED:
        return f"shows {passport.quantity}"
    if passport.answer == SENT:
        return f"may show {passport.quantity}"
    return f"was to show {passport.quantity}, which was refused ({passport.answer})"
