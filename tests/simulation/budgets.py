"""What each buyer ties up, counted from the raw records: his limits, and what the ledger keeps of him.

It shares no line with the domain it examines. Where the ledger may be generous for a moment, the difference is exact:
a clock that is behind sees an end later (`changed_at` of a record says by which clock it was judged), and a release or
a payment that others were in the way of is written without the budget.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .account import At, Changed, Item

# More are kept as one where they are alike.
MOST_ENTRIES = 40

NAMES = ("open_holds", "units", "reholds", "held_minutes", "pause_seconds")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Limits by name, of one buyer over all SKUs and of each SKU; times in seconds.

    `exact`: no clock is further off than what is forgiven that much later. `doubt`: how much later, at most.
    """

    of_buyer: Mapping[str, int]
    of_sku: Mapping[str, int]
    window: int
    margin: float
    skew: float
    doubt: float
    exact: bool

    def of(self, sku: str | None) -> Mapping[str, int]:
        return self.of_buyer if sku is None else self.of_sku


@dataclass
class Stretch:
    """Units held, from its beginning to its minute; `given`: when units were added to it, of which SKU, how many."""

    since: float
    until: float
    given: list[tuple[float, str, int]] = field(default_factory=list)
    # What a change took out again: by SKU, and when by the clock of who did it.
    taken_out: list[tuple[str, float]] = field(default_factory=list)

    def units(self, sku: str | None, since: float) -> int:
        return sum(units for at, of, units in self.given if at > since and sku in (None, of))

    def has(self, sku: str | None) -> bool:
        return any(units for _, of, units in self.given if sku in (None, of))

    def given_up(self, sku: str | None) -> list[float]:
        return [at for of, at in self.taken_out if of == sku]


@dataclass
class Tied:
    """One reservation with a budget. `unnoted`: its end was written without the budget, which may be.

    `doubtful`: clocks do not agree on whether it ran out. `dropped`: so many of its stretches count no more.
    """

    name: str
    buyer: str
    record: Item
    stretches: list[Stretch]
    paid_at: float | None = None
    paid_clock: float = 0.0
    released_at: float | None = None
    released_clock: float = 0.0
    unnoted: bool = False
    doubtful: bool = False
    dropped: int = 0

    def skus(self) -> set[str]:
        return {line["sku"] for line in self.record["lines"]}

    def ever(self, sku: str | None) -> bool:
        return sku is None or any(of == sku for each in self.stretches for _, of, _ in each.given)


class Budgets:
    """`written(changes, now, excused)`: what is wrong with a write. `excused()`: whether it may go without the budget.

    `level_of(at)` gives a level as it is.
    """

    def __init__(self, terms: Terms, level_of: Callable[[At], Item | None]) -> None:
        self.terms = terms
        self.judged = 0
        self.tied: dict[str, Tied] = {}
        self._by_buyer: defaultdict[str, dict[str, Tied]] = defaultdict(dict)
        self._kept: dict[str, Item] = {}
        self._allowed_since: dict[str, float] = {}
        self._level_of = level_of

    def allowed_before(self, buyer: str, since: float) -> bool:
        """Whether he stands on the allow-list, and has since before then."""
        return self._allowed_since.get(buyer, since) < since

    def held_at(self, now: float) -> list[str]:
        """Reservations that are held and not over."""
        return [
            name for name, tied in self.tied.items() if tied.record["state"] == "held" and tied.record["minute"] > now
        ]

    def over_at(self, now: float) -> list[str]:
        """Reservations whose hold has ended, and that nobody paid or released."""
        return [
            name for name, tied in self.tied.items() if tied.record["state"] == "held" and tied.record["minute"] <= now
        ]

    def of_buyer(self, buyer: str) -> list[Tied]:
        return list(self._by_buyer[buyer].values())

    def written(self, changes: list[Changed], now: float, excused: Callable[[], bool]) -> Iterator[str]:
        touched: set[str] = set()
        with_budget = False
        for before, after in changes:
            item = after or before or {}
            if item["sk"] == "BUDGET":
                with_budget = True
                buyer = item["pk"][6:]
                kept = after["entries"] if after is not None else {}
                yield from self._dropped(buyer, self._kept.get(buyer, {"entries": {}})["entries"], kept, now)
                self._kept[buyer] = after or {"entries": {}}
                if not self._kept[buyer].get("allowed"):
                    self._allowed_since.pop(buyer, None)
                else:
                    self._allowed_since.setdefault(buyer, now)
                if after is not None:
                    touched.add(buyer)
        for before, after in changes:
            if (after or before or {})["sk"] == "RESERVATION":
                yield from self._record(before, after, now, with_budget=with_budget, excused=excused)
        for buyer in touched:
            yield from self._as_kept(buyer, now)

    def _dropped(self, buyer: str, before: Item, after: Item, now: float) -> Iterator[str]:
        """What is no longer there, or was written over unread, or taken by TTL, had stopped to count."""
        for name in before:
            tied = self.tied.get(name)
            if tied is None or name in after:
                continue
            tied.dropped = len(tied.stretches)
            if self.terms.exact and len(after) < MOST_ENTRIES and self._end(tied) > now - self.terms.window:
                yield f"the budget of {buyer} has lost {name}, which still counts"

    # ---- what happened, told from the records

    def _record(
        self, before: Item | None, after: Item | None, now: float, *, with_budget: bool, excused: Callable[[], bool]
    ) -> Iterator[str]:
        if after is None:
            gone = self.tied.pop(before["pk"][12:], None) if before else None
            if gone is not None:
                del self._by_buyer[gone.buyer][gone.name]
            return
        name = after["pk"][12:]
        if before is None:
            if after.get("budgeted"):
                tied = Tied(name, after["buyer_id"], after, [_begun(after, now)])
                self.tied[name] = self._by_buyer[tied.buyer][name] = tied
                yield from self._within(tied, now, set(tied.skus()) | {None})
            return
        known = self.tied.get(name)
        if known is None:
            return
        known.record = after
        if before["state"] == "held" and after["state"] == "held":
            yield from self._still_held(known, before, after, now)
        else:
            yield from self._ended(known, after, now, with_budget=with_budget, excused=excused)

    def _ended(
        self, known: Tied, after: Item, now: float, *, with_budget: bool, excused: Callable[[], bool]
    ) -> Iterator[str]:
        """Paid or released: the budget hears of it in the same write."""
        name = known.name
        noted = self._kept.get(known.buyer, {"entries": {}})["entries"].get(name)
        if after.get("paid") and known.paid_at is None:
            known.paid_at, known.paid_clock = now, _clock(after)
            needless = noted is None or noted.get("e") == "paid"
        elif after["state"] == "released" and known.released_at is None:
            known.released_at, known.released_clock = now, _clock(after)
            is_over = known.stretches[-1].until + self.terms.margin <= _clock(after)
            by_itself = str(after["history"][-1]["what"]) == "released unpaid"
            needless = noted is None or "e" in noted or is_over or by_itself
        else:
            return
        if not with_budget:
            known.unnoted = True
            if not (needless or excused()):
                yield f"{name} became {after['state']}, and its buyer's budget does not know"

    def _still_held(self, tied: Tied, before: Item, after: Item, now: float) -> Iterator[str]:
        last = tied.stretches[-1]
        if after["lines"] != before["lines"]:
            if after["minute"] != before["minute"]:
                yield f"{tied.name}: a change of lines moved its end from {before['minute']} to {after['minute']}"
            grown = _regiven(last, before, after, now)
            new = tied.skus() - {line["sku"] for line in before["lines"]}
            yield from self._within(tied, now, new, units_of=grown)
        elif after["minute"] != before["minute"] or after["history"][-1]["what"] == "held again, payment begun":
            if before["minute"] <= _clock(after):
                tied.stretches.append(_begun(after, now))
                yield from self._within(tied, now, set(tied.skus()) | {None})
            elif after["history"][-1]["what"] == "held again, payment begun":
                # Some clock was so far ahead that its units were given back: it is a new hold.
                tied.stretches.append(_begun(after, now))
                tied.doubtful = True
            else:
                last.until = float(after["minute"])

    # ---- limits

    def _within(self, own: Tied, now: float, scopes: set[Any], units_of: set[str] | None = None) -> Iterator[str]:
        """Whether this hold was one that the buyer might have; `units_of`: more units were added of these."""
        if not self.terms.exact:
            return
        self.judged += 1
        for scope in scopes:
            limits = self.terms.of(scope)
            for name, over in (
                ("open_holds", self._open),
                ("reholds", self._reholds),
                ("held_minutes", self._minutes),
                ("pause_seconds", self._pause),
            ):
                most = limits.get(name, 0)
                if most and (told := over(own, scope, most, now)):
                    yield f"{own.buyer} has {own.name} over his limit {name}={most} of {scope}: {told}"
        for scope in scopes if units_of is None else {*units_of, *((None,) if units_of else ())} | scopes:
            most = self.terms.of(scope).get("units", 0)
            if most and (told := self._units(own, scope, most, now)):
                yield f"{own.buyer} has {own.name} over his limit units={most} of {scope}: {told}"

    def _all(self, own: Tied, scope: str | None) -> list[Tied]:
        return [each for each in self._by_buyer[own.buyer].values() if each.ever(scope)]

    def is_open(self, tied: Tied, now: float) -> bool:
        """Whether it ties up units at this moment, whatever clocks say: neither over, nor given back by anybody."""
        record = tied.record
        if record["state"] == "committed":
            return not record.get("paid") and record.get("pay_by", 0) / 1000 > now
        if record["state"] != "held" or record["minute"] <= now:
            return False
        levels = (self._level_of((line["sku"], line["location"])) for line in record["lines"])
        return any(level is not None and str(record["minute"]) in level["wheel"] for level in levels)

    def _open(self, own: Tied, scope: str | None, most: int, now: float) -> str:
        ones = [
            each.name
            for each in self._by_buyer[own.buyer].values()
            if each is not own and (scope is None or scope in each.skus()) and self.is_open(each, now)
        ]
        return f"beside it he has {ones}" if len(ones) + 1 > most else ""

    def lapses(self, tied: Tied, scope: str | None, clock: float) -> list[float]:
        """When holds of it ran out, as far as this clock knows."""
        past = [each.until for each in tied.stretches[tied.dropped : -1] if each.has(scope)]
        last = tied.stretches[-1]
        ran_out = tied.paid_at is None and last.until + self.terms.margin <= clock
        given_back = (
            tied.released_at is not None and not tied.unnoted and tied.released_clock < last.until + self.terms.margin
        )
        return [*past, last.until] if ran_out and not given_back and last.has(scope) else past

    def _reholds(self, own: Tied, scope: str | None, most: int, now: float) -> str:
        since, clock = now - self.terms.window, _clock(own.record)
        ends: list[float] = []
        for each in self._all(own, scope):
            if not each.doubtful:
                ends += self.lapses(each, scope, clock)
            given_back = each.released_at is not None and each.paid_at is None and not each.unnoted
            if given_back and each.released_clock < each.stretches[-1].until:
                ends += [each.released_clock] if scope is None or scope in each.skus() else []
            ends += [at for stretch in each.stretches for at in stretch.given_up(scope)]
        counted = [each for each in ends if each > since]
        return f"{len(counted)} of his holds ended unpaid" if len(counted) > most else ""

    def _minutes(self, own: Tied, scope: str | None, most: int, now: float) -> str:
        since, seconds, allowed = now - self.terms.window, 0.0, 60.0 * most + 1
        if own.record["state"] != "held":
            return ""
        for each in self._all(own, scope):
            if each.paid_at is not None or each.record["mode"] != "reserve" or each.doubtful:
                continue
            for stretch in each.stretches:
                end = stretch.until
                if stretch is each.stretches[-1] and each.released_at is not None:
                    end = min(end, each.released_clock)
                if not stretch.has(scope):
                    end = max(stretch.given_up(scope), default=stretch.since)
                if end > since:
                    seconds += max(0.0, end - stretch.since)
                    allowed += self.terms.skew + 1
        return f"{seconds / 60:.1f} minutes in all" if seconds > allowed else ""

    def _pause(self, own: Tied, scope: str | None, base: int, now: float) -> str:
        since, clock = now - self.terms.window, _clock(own.record)
        if own.doubtful:
            return ""
        paid = max((each.paid_at for each in self._all(own, scope) if each.paid_at is not None), default=0.0)
        strikes: list[float] = []
        for each in self._all(own, scope):
            lapses = [] if each.doubtful else self.lapses(each, scope, clock)
            strikes += [] if each is own and len(lapses) == 1 else lapses
        strikes = [each for each in strikes if each > max(since, paid + self.terms.skew + 1)]
        if not strikes:
            return ""
        ends = max(strikes) + min(base * 2 ** (len(strikes) - 1), self.terms.window)
        return f"{len(strikes)} ran out, the pause lasts {ends - now:.0f} s more" if now < ends else ""

    def _units(self, own: Tied, scope: str | None, most: int, now: float) -> str:
        since, units = now - self.terms.window + self.terms.skew + 1, 0
        for each in self._all(own, scope):
            for stretch in each.stretches:
                given_back = stretch is each.stretches[-1] and each.released_at is not None and each.paid_at is None
                units += 0 if given_back else stretch.units(scope, since)
        return f"{units} units in all" if units > most else ""

    # ---- what is kept of him

    def _as_kept(self, buyer: str, now: float) -> Iterator[str]:
        kept = self._kept[buyer]
        for name, entry in kept["entries"].items():
            if entry.get("p"):
                continue
            tied = self.tied.get(name)
            if tied is None or tied.buyer != buyer:
                yield f"the budget of {buyer} counts {name}, which is none of his reservations"
            else:
                yield from self._entry(tied, entry)
        for tied in self._by_buyer[buyer].values():
            if tied.name not in kept["entries"] and self.is_open(tied, now):
                yield f"the budget of {buyer} does not know his hold {tied.name}"

    def _entry(self, tied: Tied, entry: Item) -> Iterator[str]:
        record, end = tied.record, entry.get("e")
        what = f"the budget of {tied.buyer} says of {tied.name}"
        if record["state"] == "held" and end is None:
            lines: dict[str, int] = {}
            for line in record["lines"]:
                lines[line["sku"]] = lines.get(line["sku"], 0) + line["quantity"]
            if entry["l"] != lines or entry["u"] != record["minute"]:
                yield f"{what} {entry['l']} until {entry['u']}; it holds {lines} until {record['minute']}"
            # What ran out before may be of a reservation that had this id before.
            own = [at for at in entry.get("x", ()) if at >= tied.stretches[0].until]
            ends = [each.until for each in tied.stretches[:-1]]
            if ends and not own and tied.stretches[-1].since - ends[-1] > self.terms.window:
                tied.dropped = len(ends)  # so long ago that it counts for nothing
            if len(own) != len(tied.stretches) - 1 - tied.dropped:
                yield f"{what} that it ran out at {entry.get('x', [])}; it was held {len(tied.stretches)} times"
        elif end == "paid" and tied.paid_at is None:
            yield f"{what} that it is paid; it is {record['state']}"
        elif end == "released" and tied.released_at is None:
            yield f"{what} that it was released; it is {record['state']}"
        elif end is None and not tied.unnoted and (tied.paid_at or tied.released_at):
            yield f"{what} that it has not ended; it is {record['state']}"

    def _end(self, tied: Tied) -> float:
        if tied.paid_at is not None and not tied.unnoted:
            return tied.paid_clock
        return min(tied.stretches[-1].until, tied.released_clock or tied.stretches[-1].until)

    # ---- refusals

    def held_before(self, name: str, since: float) -> bool:
        """Whether he had this reservation when the call began."""
        tied = self.tied.get(name)
        return tied is not None and tied.stretches[0].since < since

    def begun_before(self, name: str, since: float) -> bool:
        """Whether it was by then as it is now."""
        tied = self.tied.get(name)
        return tied is not None and _clock(tied.record) + self.terms.skew + 1 < since

    def is_false(
        self, buyer: str, own: str, limit: str, scope: str | None, most: int, *, since: float, now: float
    ) -> str:
        """Why a refusal, given between `since` and `now`, was none that any clock could give; empty if it may be so."""
        terms, others = self.terms, [each for each in self._by_buyer[buyer].values() if each.ever(scope)]
        if limit == "open_holds":
            ones = [each for each in others if each.name != own and self._may_be_open(each, since)]
            return "" if len(ones) >= most else f"beside it he may have {[each.name for each in ones]}"
        lapses = {each.name: [stretch.until for stretch in each.stretches] for each in others}
        from_ = since - terms.window - terms.doubt - terms.skew - 1
        lapses = {name: [at for at in ends if at <= now + terms.skew + 1] for name, ends in lapses.items()}
        if limit == "reholds":
            ends = [at for each in lapses.values() for at in each if at > from_]
            ends += [at for each in others if (at := each.released_at) is not None and at not in lapses[each.name]]
            ends += [at for each in others for stretch in each.stretches for _, at in stretch.taken_out if at > from_]
            return "" if len(ends) > most else f"only {len(ends)} of his holds ended unpaid"
        if limit == "pause_seconds":
            seen = [each for each in others if each.paid_at is not None and each.paid_at < since]
            # By the clock of who wrote it down, which may have looked at it a while before.
            paid = max((each.paid_clock for each in seen if each.stretches[-1].has(scope)), default=0.0)
            strikes = [at for name, all_ in lapses.items() if not (name == own and len(all_) == 1) for at in all_]
            strikes = [at for at in strikes if at > max(from_, paid - terms.skew - 1)]
            pause = min(most * 2 ** (len(strikes) - 1), terms.window) if strikes else 0
            ends_at = max(strikes, default=0.0) + pause + terms.doubt + terms.skew + 1
            return "" if strikes and since <= ends_at else f"after {len(strikes)} that ran out the pause was over"
        return ""

    def _may_be_open(self, tied: Tied, since: float) -> bool:
        if any(at is not None and at < since for at in (tied.paid_at, tied.released_at)):
            return False
        if tied.record["state"] in {"shipped", "refund_due", "refunded"}:
            return True  # it happened meanwhile
        end = max(tied.stretches[-1].until, tied.record.get("pay_by", 0) / 1000)
        return bool(end + self.terms.doubt + self.terms.skew + 1 > since)


def _clock(record: Item) -> float:
    """The time of the clock by which the record was written."""
    return float(record["changed_at"] / 1000)


def _begun(record: Item, now: float) -> Stretch:
    until = float(record["minute"]) if "minute" in record else record.get("pay_by", 0) / 1000
    given = [(now, line["sku"], line["quantity"]) for line in record["lines"]]
    return Stretch(now, float(int(until)), given)


def _regiven(stretch: Stretch, before: Item, after: Item, now: float) -> set[str]:
    """Write down what a change of lines gave or took back; answers of which SKUs there are more units."""
    more: dict[str, int] = {}
    for record, sign in ((before, -1), (after, 1)):
        for line in record["lines"]:
            more[line["sku"]] = more.get(line["sku"], 0) + sign * line["quantity"]
    for sku, units in more.items():
        if units > 0:
            stretch.given.append((now, sku, units))
        elif units < 0:
            back = -units
            for place in range(len(stretch.given) - 1, -1, -1):
                at, of, given = stretch.given[place]
                if of == sku and back:
                    taken = min(given, back)
                    stretch.given[place] = (at, of, given - taken)
                    back -= taken
    wanted = {line["sku"] for line in after["lines"]}
    stretch.taken_out += [(sku, _clock(after)) for sku in more if sku not in wanted]
    return {sku for sku, units in more.items() if units > 0}
