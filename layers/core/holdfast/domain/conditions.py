"""Conditions of conditional writes: each has a name and says what it protects.

A condition is a value. The store renders it as a DynamoDB expression; tests evaluate it on a plain dict. Both read
the same object, so what is proved about one holds for the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Test = Literal[">=", "<", "<=", "=", "exists", "absent", "size<", "absent or <"]
Path = tuple[str, ...]

# Normal use needs at most 44 entries (the ladder in `wheel.py`); beyond this many the level is folded first, so that
# a sweeper that was down for a day cannot leave a 17 KB level behind.
WHEEL_ROOM = 64


@dataclass(frozen=True, slots=True)
class Condition:
    """`path` of the item compared by `test` with `value`. A missing attribute fails all but the `absent` tests."""

    name: str
    path: Path
    test: Test
    value: int | str | None = None

    def holds(self, item: Mapping[str, Any] | None) -> bool:
        """Whether `item` (None: no such item) satisfies the condition, as DynamoDB would judge it."""
        found: Any = item
        for step in self.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        if self.test == "absent":
            return found is None
        if found is None:
            return self.test == "absent or <"
        match self.test:
            case "exists":
                return True
            case "=":
                return bool(found == self.value)
            case ">=":
                return bool(found >= self.value)
            case "<" | "absent or <":
                return bool(found < self.value)
            case "<=":
                return bool(found <= self.value)
            case "size<":
                return isinstance(self.value, int) and len(found) < self.value


def enough_free(quantity: int) -> Condition:
    """A buyer can never make `available` negative."""
    return Condition("enough_free", ("available",), ">=", quantity)


def more_than_the_floor(quantity: int, floor: int) -> Condition:
    """The last units are for trusted buyers: whoever is untrusted takes from what lies above the floor."""
    return Condition("more_than_the_floor", ("available",), ">=", quantity + floor)


def still_in_its_entry(minute: int, quantity: int) -> Condition:
    """The held units were not folded: an entry that exists was never folded, so these are the reservation's own."""
    return Condition("still_in_its_entry", ("wheel", str(minute)), ">=", quantity)


def not_folded_to(minute: int) -> Condition:
    """A folded minute never comes back; otherwise a late commit takes another buyer's units."""
    return Condition("not_folded_to", ("folded_to",), "<", minute)


def wheel_has_room(limit: int = WHEEL_ROOM) -> Condition:
    """The level stays under 1 KB: whoever meets a crowded wheel folds what is due before adding to it."""
    return Condition("wheel_has_room", ("wheel",), "size<", limit)


def entry_unchanged(minute: int, quantity: int) -> Condition:
    """A fold gives back exactly what it read: a commit or hold in between makes it read again."""
    return Condition("entry_unchanged", ("wheel", str(minute)), "=", quantity)


def folded_no_further(minute: int) -> Condition:
    """`folded_to` never goes back."""
    return Condition("folded_no_further", ("folded_to",), "<=", minute)


def enough_committed(quantity: int) -> Condition:
    """Only what was committed can be shipped or given back: a second time finds too little and shows a bug."""
    return Condition("enough_committed", ("committed",), ">=", quantity)


def enough_unavailable(quantity: int) -> Condition:
    """Only set-aside units can be restored."""
    return Condition("enough_unavailable", ("unavailable",), ">=", quantity)


def enough_on_hand(quantity: int) -> Condition:
    """Goods that are not in the building can neither leave it nor break in it."""
    return Condition("enough_on_hand", ("on_hand",), ">=", quantity)


def available_is(quantity: int) -> Condition:
    """A fact that oversells is written with the shortage it was judged with, so that its incident tells what is so."""
    return Condition("available_is", ("available",), "=", quantity)


def on_hand_is(quantity: int) -> Condition:
    """A count corrects the figure it was compared with, not one that moved meanwhile."""
    return Condition("on_hand_is", ("on_hand",), "=", quantity)


def outstanding_is(quantity: int) -> Condition:
    """Two parts of one announced receipt that arrive together are each counted against what is then outstanding."""
    return Condition("outstanding_is", ("outstanding",), "=", quantity)


def level_version_is(version: int) -> Condition:
    """A repair replaces exactly the level that was found wrong."""
    return Condition("level_version_is", ("version",), "=", version)


def id_not_used() -> Condition:
    """The first writer of an id wins; everybody later meets his record."""
    return Condition("id_not_used", ("pk",), "absent")


def item_exists() -> Condition:
    """An update must not bring half an item into being."""
    return Condition("item_exists", ("pk",), "exists")


def state_is(state: str) -> Condition:
    """A transition starts from the state it was decided on."""
    return Condition("state_is", ("state",), "=", state)


def version_is(version: int) -> Condition:
    """A command that read before another one's change cannot act after it."""
    return Condition("version_is", ("version",), "=", version)


def lock_over(now_ms: int) -> Condition:
    """A lock whose holder died is taken over once its time is over, not before."""
    return Condition("lock_over", ("until",), "<=", now_ms)


def lock_is(owner: str) -> Condition:
    """Only the holder gives a lock back: a late one must not open another's."""
    return Condition("lock_is", ("owner",), "=", owner)


def nothing_asked() -> Condition:
    """One outstanding push per listing: who finds one asked for leaves it at that."""
    return Condition("nothing_asked", ("asked",), "absent")


def asked_is(asked: str) -> Condition:
    """A request that was lost is replaced once, by the first who finds it lost."""
    return Condition("asked_is", ("asked", "id"), "=", asked)


def fence_is(fence: int) -> Condition:
    """One push in flight per listing, and an old answer is not taken for the answer to a newer push."""
    return Condition("fence_is", ("fence",), "=", fence)


def next_call_is(next_ms: int) -> Condition:
    """Two workers of one shop do not take the same place in its budget of calls."""
    return Condition("next_call_is", ("next_ms",), "=", next_ms)


def past_counts_no_more(now: int) -> Condition:
    """A buyer who was never seen, or whose past counts for nothing any more, is written without being read."""
    return Condition("past_counts_no_more", ("counts_until",), "absent or <", now)
