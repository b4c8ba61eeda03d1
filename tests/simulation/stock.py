"""How much was free when: told from the history of the raw levels, to judge what buyers were told."""

from .account import At, Item
from .world import World


def sellable(level: Item, *, at: float, margin_seconds: float) -> int:
    """Free units, counting those of holds that are past by the margin."""
    return int(
        level["available"]
        + sum(units for minute, units in level["wheel"].items() if int(minute) + margin_seconds <= at)
    )


def least_sellable(world: World, place: At, *, since: float) -> int:
    """The fewest units that were for sale at any moment from `since` to now, by the most backward of the clocks.

    A call may have read its clock at its very beginning, so only what was due by then counts as free.
    """
    history = world.account.history.get(place, [])
    margin_seconds = world.policy.margin_seconds + world.profile.skew_seconds
    least: int | None = None
    for moment, level in reversed(history):
        found = sellable(level, at=since, margin_seconds=margin_seconds)
        least = found if least is None else min(least, found)
        if moment <= since:
            return least
    return 0  # before its first write there was no level


def is_false(world: World, short: object, *, since: float, locations: tuple[str, ...]) -> bool:
    """Whether a shortage that was told never was one, at any of the locations that could have served the line."""
    sku, wanted, location = (getattr(short, name) for name in ("sku", "wanted", "location"))
    places = {location, *locations}
    floor = world.floor if world.floor_acts else 0
    return any(least_sellable(world, (sku, each), since=since) >= wanted + floor for each in places)
