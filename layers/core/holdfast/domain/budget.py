"""The hold budget: how much of the stock one buyer may tie up without paying, over a rolling time.

A buyer's past is a map from reservation to what it took and until when. Nothing in it is counted down: an entry stops
counting by its time alone, so that nothing leaks and a killed request leaves nothing behind. Times in epoch seconds.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

# The item of a buyer stays small: beyond this many entries the oldest that are alike become one, and if none are alike
# the oldest goes. No limit counts more holds than `MOST_COUNTED`, so that none is passed by what became one.
MOST_ENTRIES = 40
MOST_LAPSES = 32
MOST_COUNTED = 30
MOST_WAITS = 100
NEVER = 253_402_300_799  # the end of the year 9999


class Kept(StrEnum):
    """For which orders a budget is kept."""

    NONE = "none"
    SCARCE = "scarce"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a buyer may do within the window; 0 is no limit.

    `open_holds` at once; `units` taken, bought ones included; `reholds` after holds that ended unpaid; `held_minutes`
    without paying; `pause_seconds` after a hold that ran out, doubled by each further one.
    """

    open_holds: int = 0
    units: int = 0
    reholds: int = 0
    held_minutes: int = 0
    pause_seconds: int = 0

    @property
    def any(self) -> bool:
        return any((self.open_holds, self.units, self.reholds, self.held_minutes, self.pause_seconds))


class End(StrEnum):
    """How a hold ended, where that is known for certain; otherwise only its time says so."""

    PAID = "paid"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How time is judged. `doubt_s`: how far two clocks may be apart without anybody gaining from it.

    Whatever is forgiven is forgiven so much later; a hold that others have folded has ended whatever clocks say.
    """

    now_s: float
    margin_s: float
    doubt_s: float
    window_s: int

    def left_at(self, at: int) -> int:
        """When something that happened then leaves the window."""
        return math.ceil(at + self.window_s + self.doubt_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One reservation: `lines` are units by SKU, of SKUs with a budget only.

    `since` and `until` are of its present hold. `lapses`: when it ran out before it was taken anew, with the units
    `lapsed` by SKU and `earlier_seconds` held until then. An unpaid order (`on_order`) has no time of its own to be
    counted: its `since` is its `until`. `part`: what was taken out of a reservation that went on; it concerns its SKU
    and nothing else.
    """

    id: str
    lines: Mapping[str, int]
    since: int
    until: int
    end: End | None = None
    ended_at: int | None = None
    lapses: tuple[int, ...] = ()
    lapsed: Mapping[str, int] = field(default_factory=dict)
    earlier_seconds: int = 0
    part: bool = False

    @property
    def reservation_id(self) -> str:
        return self.id.rpartition(f"#{next(iter(self.lines))}#")[0] if self.part else self.id

    def units(self, sku: str | None) -> int:
        return sum(self.lines.values()) if sku is None else self.lines.get(sku, 0)

    def lapsed_units(self, sku: str | None) -> int:
        return sum(self.lapsed.values()) if sku is None else self.lapsed.get(sku, 0)

    def concerns(self, sku: str | None) -> bool:
        return not self.part if sku is None else sku in self.lines

    def is_open(self, clock: Clock) -> bool:
        """Whether it may still tie up units, by any clock."""
        return self.end is None and clock.now_s < self.until + clock.doubt_s

    def ran_out(self, clock: Clock) -> bool:
        """Whether its time is over by this clock, or was seen to be over."""
        return self.end is End.EXPIRED or (self.end is None and self.until + clock.margin_s <= clock.now_s)

    def in_doubt(self, clock: Clock) -> bool:
        """Over by this clock, and not yet by every one."""
        return self.end is None and self.ran_out(clock) and self.is_open(clock)

    def all_lapses(self, clock: Clock) -> tuple[int, ...]:
        return (*self.lapses, self.until) if self.ran_out(clock) else self.lapses

    def last_at(self) -> int:
        return self.ended_at if self.ended_at is not None else self.until

    def held_seconds(self) -> int:
        """Of the present hold."""
        return max(0, min(self.until, self.last_at()) - self.since)

    def finished(self, end: End, at: int) -> "Entry":
        return replace(self, end=end, ended_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """What is kept of a buyer: ids and counts. `version` 0: nothing is stored. `allowed`: rules do not apply to him."""

    id: str
    version: int = 0
    entries: Mapping[str, Entry] = field(default_factory=dict)
    allowed: bool = False
    note: str | None = None

    def with_entry(self, entry: Entry) -> "Buyer":
        return replace(self, entries={**self.entries, entry.id: entry})

    def lapsed(self, reservation_id: str) -> "Buyer":
        """His hold under this id has ended: it is about to be taken anew."""
        own = self.entries.get(reservation_id)
        return self if own is None or own.end is not None else self.with_entry(own.finished(End.EXPIRED, own.until))

    def pruned(self, clock: Clock) -> "Buyer":
        """Without what counts for nothing any more."""
        alive = [each for each in self.entries.values() if clock.left_at(each.last_at()) > clock.now_s]
        alive.sort(key=lambda each: (each.is_open(clock), each.last_at()))
        while len(alive) > MOST_ENTRIES and _oldest_become_one(alive, clock):
            pass
        return replace(self, entries={each.id: each for each in alive[-MOST_ENTRIES:]})

    def counts_until(self, clock: Clock) -> int:
        """From then on nothing of it counts, and it may be written over unread."""
        if self.allowed:
            return NEVER
        return max((clock.left_at(each.last_at()) for each in self.entries.values()), default=0)


def _oldest_become_one(alive: list[Entry], clock: Clock) -> bool:
    """Two holds of the same goods that ended alike count as one, from the later end on. False: there are none."""
    first: dict[tuple[object, ...], int] = {}
    for place, later in enumerate(alive):
        if later.is_open(clock):
            break
        kind = (End.EXPIRED if later.ran_out(clock) else later.end, later.part, tuple(sorted(later.lines)))
        if kind not in first:
            first[kind] = place
            continue
        earlier = alive[first[kind]]
        alive[place] = replace(
            later,
            lines=_sum(earlier.lines, later.lines),
            lapses=tuple(sorted((*earlier.all_lapses(clock), *later.lapses)))[-MOST_LAPSES:],
            lapsed=_sum(earlier.lapsed, later.lapsed),
            earlier_seconds=earlier.earlier_seconds + earlier.held_seconds() + later.earlier_seconds,
        )
        del alive[first[kind]]
        return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reservation asks for: `lines` of SKUs with a budget, from now until `until`."""

    id: str
    lines: Mapping[str, int]
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Over:
    """A limit that would be passed. `sku` None: the buyer's own, over all SKUs. `retry_at` None: waiting is no help."""

    limit: str
    sku: str | None
    most: int
    retry_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The limits of one order: the buyer's over all SKUs, and those of each of its SKUs that has a budget."""

    of_buyer: Limits
    of_sku: Mapping[str, Limits]

    def scopes(self) -> Iterator[tuple[str | None, Limits]]:
        yield None, self.of_buyer
        yield from self.of_sku.items()


def judge(buyer: Buyer, asked: Asked, terms: Terms, clock: Clock) -> tuple[Over, ...]:
    """The limits that a new hold would pass; an earlier hold under the same id does not stand in its way."""
    found: list[Over] = []
    for sku, limits in terms.scopes():
        past = _Past(buyer, asked, sku, clock)
        checks = (
            ("open_holds", limits.open_holds, past.open_holds),
            ("units", limits.units, past.units),
            ("reholds", limits.reholds, past.reholds),
            ("held_minutes", limits.held_minutes, past.held_minutes),
            ("pause_seconds", limits.pause_seconds, past.pause),
        )
        for name, most, check in checks:
            over = check(most) if most else _FITS
            if over is not _FITS:
                found.append(Over(name, sku, most, over.at))
    return tuple(found)


def judge_change(buyer: Buyer, asked: Asked, terms: Terms, clock: Clock) -> tuple[Over, ...]:
    """The limits that a change of lines would pass: of its own hold only what is added counts, of new SKUs all."""
    own = buyer.entries.get(asked.id)
    if own is None or own.end is not None:
        return judge(buyer, asked, terms, clock)
    held = own.lines
    new = {sku for sku in asked.lines if sku not in held}
    judged = judge(buyer, asked, terms, clock)
    grows = any(units > held.get(sku, 0) for sku, units in asked.lines.items())
    return tuple(each for each in judged if each.sku in new or (grows and each.limit == "units"))


@dataclass(frozen=True, slots=True)
class _Answer:
    at: int | None


_FITS = _Answer(0)


@dataclass(frozen=True, slots=True)
class _Past:
    """What a buyer did, as far as it concerns one SKU (None: all). Each check answers whether one more fits."""

    buyer: Buyer
    asked: Asked
    sku: str | None
    clock: Clock

    def _entries(self) -> list[Entry]:
        return [each for each in self.buyer.entries.values() if each.concerns(self.sku)]

    def open_holds(self, most: int) -> _Answer:
        ends = sorted(
            math.ceil(each.until + self.clock.doubt_s)
            for each in self._entries()
            if each.id != self.asked.id and each.is_open(self.clock)
        )
        return _FITS if len(ends) < most else _Answer(ends[len(ends) - most])

    def units(self, most: int) -> _Answer:
        wanted = sum(units for sku, units in self.asked.lines.items() if self.sku in (None, sku))
        if wanted > most:
            return _Answer(None)
        taken = [(self.clock.left_at(at), units) for each in self._entries() for at, units in self._takings(each)]
        return self._fits(taken, most - wanted)

    def _takings(self, entry: Entry) -> Iterator[tuple[int, int]]:
        """Each counts from its end on: a hold may be longer than the window, and units may be added to it late."""
        if entry.lapses:
            yield (entry.lapses[-1], entry.lapsed_units(self.sku))
        own_and_held = entry.id == self.asked.id and not entry.ran_out(self.clock)
        if entry.end is not End.RELEASED and not own_and_held:
            yield (entry.last_at(), entry.units(self.sku))

    def _unpaid_ends(self) -> Iterator[int]:
        for each in self._entries():
            yield from each.all_lapses(self.clock)
            if each.end is End.RELEASED and each.ended_at is not None:
                yield each.ended_at

    def reholds(self, most: int) -> _Answer:
        return self._fits([(self.clock.left_at(at), 1) for at in self._unpaid_ends()], most)

    def held_minutes(self, most: int) -> _Answer:
        wanted = self.asked.until - self.asked.since
        if wanted > 60 * most:
            return _Answer(None)
        held: list[tuple[int, int]] = []
        for each in self._entries():
            if each.end is not End.PAID:
                own_and_held = each.id == self.asked.id and not each.ran_out(self.clock)
                seconds = each.earlier_seconds + (0 if own_and_held else each.held_seconds())
                held.append((self.clock.left_at(each.last_at()), seconds))
        return self._fits(held, 60 * most - wanted)

    def pause(self, base: int) -> _Answer:
        """Doubled by each hold that ran out, never longer than the window; a payment ends it.

        A late payer's own hold does not stand in his way: its first lapse is passed over when it is taken anew.
        """
        paid = max((each.last_at() for each in self._entries() if each.end is End.PAID), default=0)
        lapses = [at for each in self._entries() for at in self._strikes(each) if at > paid]
        lapses = [at for at in lapses if self.clock.left_at(at) > self.clock.now_s]
        if not lapses:
            return _FITS
        pause = min(base * 2 ** (len(lapses) - 1), self.clock.window_s)
        ends = math.ceil(max(lapses) + pause + self.clock.doubt_s)
        return _FITS if ends <= self.clock.now_s else _Answer(ends)

    def _strikes(self, entry: Entry) -> tuple[int, ...]:
        lapses = entry.all_lapses(self.clock)
        return () if entry.reservation_id == self.asked.id and len(lapses) == 1 else lapses

    def _fits(self, counted: Iterable[tuple[int, int]], room: int) -> _Answer:
        """`counted`: when it leaves the window, and how much it is. Fits if what has not left is at most `room`."""
        alive = sorted((at, amount) for at, amount in counted if at > self.clock.now_s and amount)
        left = sum(amount for _, amount in alive)
        if left <= room:
            return _FITS
        for at, amount in alive:
            left -= amount
            if left <= room:
                return _Answer(at)
        return _Answer(None)


def expired_and_paid(buyer: Buyer, clock: Clock) -> tuple[int, int]:
    """How many holds of his ran out within the window, and how many he paid."""
    entries = [each for each in buyer.entries.values() if clock.left_at(each.last_at()) > clock.now_s]
    return sum(len(each.all_lapses(clock)) for each in entries), sum(each.end is End.PAID for each in entries)


def take(buyer: Buyer, asked: Asked, clock: Clock) -> Buyer:
    """The buyer once he holds what he asked for. Taken anew under the same id, its earlier time stays counted.

    A SKU that is not among its lines any more was given back, and was held all the same.
    """
    own = buyer.entries.get(asked.id)
    if own is None or clock.left_at(own.last_at()) <= clock.now_s:
        # So long ago that it counts for nothing: an id may be used anew after months.
        entry = Entry(id=asked.id, lines=dict(asked.lines), since=asked.since, until=asked.until)
        return buyer.with_entry(entry).pruned(clock)
    anew = own.ran_out(clock)
    for sku in asked.lines:
        if sku not in own.lines:
            buyer = _is_back(buyer, own, sku)
    for sku, units in own.lines.items():
        if sku not in asked.lines and not anew:
            part = replace(own, id=f"{own.id}#{sku}#{int(clock.now_s)}", lines={sku: units}, part=True)
            buyer = buyer.with_entry(part.finished(End.RELEASED, int(clock.now_s)))
    entry = replace(
        own,
        lines=dict(asked.lines),
        since=asked.since if anew else own.since,
        until=asked.until,
        end=None,
        ended_at=None,
        lapses=own.all_lapses(clock)[-MOST_LAPSES:],
        lapsed=_sum(own.lapsed, own.lines) if anew else own.lapsed,
        earlier_seconds=own.earlier_seconds + (own.held_seconds() if anew else 0),
    )
    return buyer.with_entry(entry).pruned(clock)


def _is_back(buyer: Buyer, own: Entry, sku: str) -> Buyer:
    """What was taken out of `own` is among its lines again: what ran out before counts with them, and once."""
    for part in buyer.entries.values():
        if part.part and part.reservation_id == own.id and sku in part.lines:
            less = replace(
                part,
                lapses=tuple(at for at in part.lapses if at not in own.lapses),
                lapsed={sku: max(0, part.lapsed_units(sku) - own.lapsed_units(sku))},
                earlier_seconds=max(0, part.earlier_seconds - own.earlier_seconds),
            )
            buyer = buyer.with_entry(less)
    return buyer


def _sum(left: Mapping[str, int], right: Mapping[str, int]) -> Mapping[str, int]:
    return {sku: left.get(sku, 0) + right.get(sku, 0) for sku in dict.fromkeys([*left, *right])}


def fits_at(buyer: Buyer, asked: Asked, terms: Terms, clock: Clock) -> int | None:
    """When the same request will be let through if the buyer does nothing: his open holds run out meanwhile, too.

    None: waiting is no help, he asks for more than a limit ever allows.
    """
    at = math.ceil(clock.now_s)
    for _ in range(MOST_WAITS):
        over = judge(buyer, asked, terms, replace(clock, now_s=at))
        if not over:
            return at
        times = [each.retry_at for each in over if each.retry_at is not None]
        if len(times) < len(over):
            return None
        at = max(at + 1, *times)
    return at
