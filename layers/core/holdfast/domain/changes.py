"""Every change a level can undergo, each with the conditions that keep it true.

Units move between counters; each function says from where to where. `minute` is a wheel minute, `quantity` in units.
"""

from .conditions import (
    Condition,
    available_is,
    enough_committed,
    enough_free,
    enough_on_hand,
    enough_unavailable,
    entry_unchanged,
    folded_no_further,
    id_not_used,
    more_than_the_floor,
    not_folded_to,
    on_hand_is,
    still_in_its_entry,
    wheel_has_room,
)
from .level import Level, LevelChange, Place


def hold(place: Place, quantity: int, *, minute: int, floor: int = 0) -> LevelChange:
    """Free → reserved until `minute`, as long as more than `floor` units stay free."""
    return LevelChange(
        place=place,
        add={"available": -quantity},
        turn={minute: quantity},
        conditions=(_free_above(quantity, floor), not_folded_to(minute), wheel_has_room()),
    )


def hold_in_crowd(place: Place, quantity: int, *, minute: int, floor: int = 0) -> LevelChange:
    """As `hold`, on a wheel that was just folded and is still crowded: size is a matter of cost, the hold is not."""
    return LevelChange(
        place=place,
        add={"available": -quantity},
        turn={minute: quantity},
        conditions=(_free_above(quantity, floor), not_folded_to(minute)),
    )


def hold_more(place: Place, quantity: int, *, minute: int, held: int, floor: int = 0) -> LevelChange:
    """Free → reserved until `minute`, beside the `held` units that are in that entry already."""
    return LevelChange(
        place=place,
        add={"available": -quantity},
        turn={minute: quantity},
        conditions=(_free_above(quantity, floor), still_in_its_entry(minute, held)),
    )


def hold_fewer(place: Place, quantity: int, *, minute: int, held: int) -> LevelChange:
    """Reserved until `minute` → free, `quantity` of the `held` units."""
    return LevelChange(
        place=place,
        add={"available": quantity},
        turn={minute: -quantity},
        conditions=(still_in_its_entry(minute, held),),
    )


def commit_held(place: Place, quantity: int, *, minute: int) -> LevelChange:
    """Reserved until `minute` → committed."""
    return LevelChange(
        place=place,
        add={"committed": quantity},
        turn={minute: -quantity},
        conditions=(still_in_its_entry(minute, quantity),),
    )


def commit_free(place: Place, quantity: int, *, floor: int = 0) -> LevelChange:
    """Free → committed: `on_order` at submit, `on_payment` at payment, and the grace claim of a late payer."""
    add = {"available": -quantity, "committed": quantity}
    return LevelChange(place=place, add=add, conditions=(_free_above(quantity, floor),))


def give_back_held(place: Place, quantity: int, *, minute: int) -> LevelChange:
    """Reserved until `minute` → free."""
    return LevelChange(
        place=place,
        add={"available": quantity},
        turn={minute: -quantity},
        conditions=(still_in_its_entry(minute, quantity),),
    )


def give_back_committed(place: Place, quantity: int) -> LevelChange:
    """Committed → free."""
    return LevelChange(
        place=place, add={"available": quantity, "committed": -quantity}, conditions=(enough_committed(quantity),)
    )


def lengthen(place: Place, quantity: int, *, minute: int, until: int) -> LevelChange:
    """Reserved until `minute` → reserved until `until`, which is later."""
    return LevelChange(
        place=place,
        turn={minute: -quantity, until: quantity},
        conditions=(still_in_its_entry(minute, quantity), not_folded_to(until)),
    )


def still_held(place: Place, quantity: int, *, minute: int) -> LevelChange:
    """Nothing moves; the units must still be in their entry.

    A change of an entry by itself (minus and plus in one expression) is refused by DynamoDB, and makes units on an
    engine that lets it pass.
    """
    return LevelChange(place=place, conditions=(still_in_its_entry(minute, quantity),))


def ship(place: Place, quantity: int) -> LevelChange:
    """Committed → out of the building."""
    return LevelChange(
        place=place, add={"committed": -quantity, "on_hand": -quantity}, conditions=(enough_committed(quantity),)
    )


def fold(level: Level, minutes: tuple[int, ...]) -> LevelChange:
    """Reserved until any of `minutes` → free, all of them in one write, however many holds they were.

    The fold mark becomes the larger of the newest minute folded and the mark that was read: otherwise an entry that
    slipped in below it could never be folded.
    """
    entries = {minute: level.wheel[minute] for minute in minutes}
    newest = max(level.folded_to, *minutes)
    return LevelChange(
        place=level.place,
        add={"available": sum(entries.values())},
        clear=entries,
        folded_to=newest,
        conditions=(
            *(entry_unchanged(minute, units) for minute, units in entries.items()),
            folded_no_further(newest),
        ),
    )


def receive(place: Place, quantity: int, *, expected: int = 0) -> LevelChange:
    """Into the building → free; `expected` of the units had been announced and leave `incoming`."""
    add = {"available": quantity, "on_hand": quantity} | ({"incoming": -expected} if expected else {})
    return LevelChange(place=place, add=add, creates=True)


def announce(place: Place, quantity: int) -> LevelChange:
    """Nothing in the building changes; `quantity` more (or fewer) units are on their way."""
    return LevelChange(place=place, add={"incoming": quantity}, creates=True)


def take_out(place: Place, quantity: int, *, oversells_from: int | None) -> LevelChange:
    """Free → out of the building. A fact: where only `oversells_from` units are free, `available` becomes negative."""
    return LevelChange(
        place=place,
        add={"available": -quantity, "on_hand": -quantity},
        conditions=(enough_on_hand(quantity), _free_or_known(quantity, oversells_from)),
    )


def set_aside(place: Place, quantity: int, *, oversells_from: int | None) -> LevelChange:
    """Free → unavailable (damaged, in quality control). A fact, as `take_out`."""
    return LevelChange(
        place=place,
        add={"available": -quantity, "unavailable": quantity},
        conditions=(enough_on_hand(quantity), _free_or_known(quantity, oversells_from)),
    )


def restore(place: Place, quantity: int) -> LevelChange:
    """Unavailable → free."""
    return LevelChange(
        place=place, add={"available": quantity, "unavailable": -quantity}, conditions=(enough_unavailable(quantity),)
    )


def move_out(place: Place, quantity: int) -> LevelChange:
    """Free → on its way to another location. A plan, not a fact: what is promised stays where it was promised."""
    return LevelChange(
        place=place, add={"available": -quantity, "on_hand": -quantity}, conditions=(enough_free(quantity),)
    )


def correct(place: Place, difference: int, *, seen_on_hand: int, oversells_from: int | None) -> LevelChange:
    """A stock count found `difference` units more (or fewer) than `seen_on_hand`."""
    leaving = max(0, -difference)
    return LevelChange(
        place=place,
        add={"available": difference, "on_hand": difference},
        conditions=(on_hand_is(seen_on_hand), *((_free_or_known(leaving, oversells_from),) if leaving else ())),
    )


def first_count(place: Place, quantity: int) -> LevelChange:
    """A stock count where no level is yet: it opens the location."""
    return LevelChange(
        place=place, add={"available": quantity, "on_hand": quantity}, conditions=(id_not_used(),), creates=True
    )


def _free_above(quantity: int, floor: int) -> Condition:
    return more_than_the_floor(quantity, floor) if floor else enough_free(quantity)


def _free_or_known(leaving: int, oversells_from: int | None) -> Condition:
    return enough_free(leaving) if oversells_from is None else available_is(oversells_from)
