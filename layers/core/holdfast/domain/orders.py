"""Settle an order with what its marketplace says: the difference between what is applied and what is told.

A snapshot tells the whole order, so nothing depends on having seen the ones before it: late, doubled and disordered
news settle to the newest. An order already happened and is never refused: if units are missing, `available` becomes
negative and an incident says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from . import incident
from .commands import FoldFirst, Situation
from .conditions import Condition, available_is, enough_committed, enough_free, id_not_used
from .incident import Incident
from .level import Level, LevelChange, Place
from .market import MarketOrder, Part, Stage, Told, ToldLine
from .movement import Movement, Type
from .policy import Mode
from .reservation import Event, Line, Reservation, State
from .shop import ShopKey

RANK = {stage: rank for rank, stage in enumerate(Stage)}
# An order that was applied so soon after its change may have changed once more in that same second, untold: their clock
# and ours differ, and what they fetch for us may be a copy that is a minute behind.
SAME_SECOND = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A movement that an order brings with it, in units by location."""

    movement: Movement
    on_hand: Mapping[str, int]
    unavailable: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Write `record` over its last version (None: it is new), with all the rest, or nothing of it."""

    record: Reservation
    before: Reservation | None
    changes: tuple[LevelChange, ...]
    noted: tuple[Noted, ...]
    incidents: tuple[Incident, ...]
    shop: ShopKey

    @property
    def waiting(self) -> tuple[str, ...]:
        """Listings the order waits for."""
        return self.record.told.unknown if self.record.told else ()

    @property
    def mapped(self) -> tuple[str, ...]:
        """Listings the order waited for and now knows."""
        before = self.before.told.unknown if self.before and self.before.told else ()
        return tuple(listing for listing in before if listing not in self.waiting)


@dataclass(frozen=True, slots=True)
class Nothing:
    """The order is applied as told, or this is older news."""

    stale: bool


Outcome = Settled | FoldFirst | Nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An order as told, by whom, and the parts of those of its listings that are mapped."""

    shop: ShopKey
    order: MarketOrder
    heard_by: str
    parts: Mapping[str, tuple[Part, ...]]
    location: str | None = None


@dataclass(slots=True)
class _Flow:
    """What changes at one level, in units. `taken`: leave the free ones; `kept`: of the order's committed, given up."""

    available: int = 0
    committed: int = 0
    unavailable: int = 0
    on_hand: int = 0


@dataclass(slots=True)
class _Plan:
    """Flows by place while an order is settled, the record's lines, and what is noted."""

    situation: Situation
    locations: Sequence[str]
    lines: dict[Place, int] = field(default_factory=dict)
    flows: defaultdict[Place, _Flow] = field(default_factory=lambda: defaultdict(_Flow))
    returned: defaultdict[Place, int] = field(default_factory=lambda: defaultdict(int))
    withheld: defaultdict[Place, int] = field(default_factory=lambda: defaultdict(int))
    left: defaultdict[Place, int] = field(default_factory=lambda: defaultdict(int))

    def place_for(self, sku: str, quantity: int) -> Place | FoldFirst:
        """The first location that holds them all, by what is known; else the fullest: the order has happened."""
        places = [Place(sku, location) for location in self.locations]
        for place in places:
            level = self.situation.seen.get(place)
            if level is None or level.available + self.flows[place].available >= quantity:
                return place
            if _due(level, self.situation):
                return FoldFirst(level)
        seen = self.situation.seen
        return max(places, key=lambda place: (seen[place].version > 0, seen[place].available))


def _due(level: Level, situation: Situation) -> bool:
    return bool(level.due(now_s=situation.now.timestamp(), margin_seconds=situation.policy.margin_seconds))


def may_have_changed_again(record: Reservation) -> bool:
    """Whether it was applied so soon after a change that another one of the same second may be unknown."""
    return record.told is not None and record.changed_at - record.told.updated_at < SAME_SECOND


def newest(told: Told | None) -> tuple[float, int, int]:
    """What an order's news is compared by: its time, then its stage, then how many units are off it."""
    if told is None:
        return (0.0, -1, 0)
    off = sum(line.cancelled + line.withheld + line.returned for line in told.lines)
    return (told.updated_at.timestamp(), RANK[told.stage], off)


def settle(record: Reservation | None, news: News, situation: Situation) -> Outcome:
    """What is to be written so that the order is applied as told. Pure; asked anew after each failed write."""
    before = record.told if record else None
    told = _told(before, news)
    if newest(told) < newest(before):
        return Nothing(stale=True)
    if told == before:
        return Nothing(stale=False)
    plan = _Plan(situation, (news.location,) if news.location else situation.policy.locations)
    shipped = record is not None and record.state is State.SHIPPED
    moved = _after_shipping(plan, record, before, told) if shipped else _before_shipping(plan, record, before, told)
    if moved is not None:
        return moved
    told = _with_left(told, shipped=shipped or told.stage is Stage.SHIPPED)
    after = _record(record, news, told, plan, now=situation.now)
    changes = _changes(plan)
    return Settled(
        record=after,
        before=record,
        changes=changes,
        noted=_noted(plan, after),
        incidents=(*_oversold(changes, plan, after), *_unknown(after, before, news, now=situation.now)),
        shop=news.shop,
    )


def _told(before: Told | None, news: News) -> Told:
    """The order as told now. What is off an order stays off; a line that is not told any more is cancelled."""
    known = {line.listing: line for line in before.lines} if before else {}
    gone = news.order.stage is Stage.CANCELLED
    lines: list[ToldLine] = []
    for line in news.order.lines:
        was = known.pop(line.listing, None)
        parts = was.parts if was and was.parts is not None else news.parts.get(line.listing)
        lines.append(
            ToldLine(
                listing=line.listing,
                ordered=line.ordered,
                cancelled=line.ordered - line.withheld if gone else line.cancelled,
                withheld=line.withheld,
                returned=max(line.returned, was.returned if was else 0),
                left=was.left if was else 0,
                parts=parts,
            )
        )
    lines += [replace(was, cancelled=was.ordered - was.withheld) for was in known.values()]
    return Told(
        shop=news.shop.shop,
        heard_by=before.heard_by if before else news.heard_by,
        stage=news.order.stage,
        updated_at=news.order.updated_at,
        lines=tuple(lines),
    )


def _units(lines: Iterable[ToldLine], count: str) -> dict[str, int]:
    """Units by SKU of what `count` (an attribute of a line) says, over the lines whose parts are known."""
    units: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        for part in line.parts or ():
            units[part.sku] += part.quantity * getattr(line, count)
    return units


def _before_shipping(plan: _Plan, record: Reservation | None, before: Told | None, told: Told) -> FoldFirst | None:
    """Nothing of the order has left: what it has committed becomes what is wanted, and then leaves if it is shipped."""
    if record is not None and record.state is State.COMMITTED:
        for line in record.lines:
            plan.lines[line.place] = plan.lines.get(line.place, 0) + line.quantity
    wanted, withheld = _units(told.lines, "wanted"), _units(told.lines, "withheld")
    withheld_before = _units(before.lines if before else (), "withheld")
    for sku in sorted({place.sku for place in plan.lines} | set(wanted)):
        aside = max(0, withheld[sku] - withheld_before.get(sku, 0)) if sku in withheld else 0
        more = wanted.get(sku, 0) + aside - sum(units for place, units in plan.lines.items() if place.sku == sku)
        if more > 0:
            place = plan.place_for(sku, more)
            if isinstance(place, FoldFirst):
                return place
            _commit(plan, place, more)
        _give_up(plan, sku, max(0, -more), aside=aside)
    if told.stage is Stage.SHIPPED:
        for place, units in plan.lines.items():
            plan.flows[place].committed -= units
            plan.flows[place].on_hand -= units
        _take_back(plan, before, told)
    return None


def _commit(plan: _Plan, place: Place, units: int) -> None:
    plan.lines[place] = plan.lines.get(place, 0) + units
    plan.flows[place].available -= units
    plan.flows[place].committed += units


def _give_up(plan: _Plan, sku: str, units: int, *, aside: int) -> None:
    """Committed units become free again, `aside` others are set aside. The line added last gives first."""
    for place in [place for place in reversed(plan.lines) if place.sku == sku]:
        there = plan.lines[place]
        free = min(there, units)
        kept_aside = min(there - free, aside)
        units, aside = units - free, aside - kept_aside
        plan.lines[place] = there - free - kept_aside
        plan.flows[place].committed -= free + kept_aside
        plan.flows[place].available += free
        plan.flows[place].unavailable += kept_aside
        plan.withheld[place] += kept_aside
    plan.lines = {place: left for place, left in plan.lines.items() if left}


def _after_shipping(plan: _Plan, record: Reservation | None, before: Told | None, told: Told) -> FoldFirst | None:
    """The order has left. Units added to it leave too; what comes back is received; what is cancelled is outside."""
    for line in record.lines if record else ():
        plan.lines[line.place] = line.quantity
    counted = {line.listing for line in before.lines if line.parts is not None} if before else set()
    for sold in told.lines:
        # What is held back of a line that was mapped only now did not leave, and was set aside by nobody.
        aside = 0 if sold.listing in counted else sold.withheld
        for part in sold.parts or ():
            units, kept = max(0, sold.wanted - sold.left) * part.quantity, aside * part.quantity
            if units + kept:
                place = plan.place_for(part.sku, units + kept)
                if isinstance(place, FoldFirst):
                    return place
                plan.flows[place].available -= units + kept
                plan.flows[place].unavailable += kept
                plan.flows[place].on_hand -= units
                plan.left[place] += units
                plan.withheld[place] += kept
    _take_back(plan, before, told)
    return None


def _take_back(plan: _Plan, before: Told | None, told: Told) -> None:
    """Returned units are in the building again, where they left from."""
    back, had = _units(told.lines, "returned"), _units(before.lines if before else (), "returned")
    for sku, units in back.items():
        more = units - had.get(sku, 0)
        if more > 0:
            place = next((place for place in plan.lines if place.sku == sku), Place(sku, plan.locations[0]))
            plan.flows[place].available += more
            plan.flows[place].on_hand += more
            plan.returned[place] += more


def _with_left(told: Told, *, shipped: bool) -> Told:
    if not shipped:
        return told
    return replace(
        told,
        lines=tuple(
            line if line.parts is None else replace(line, left=max(line.left, line.wanted)) for line in told.lines
        ),
    )


def _record(before: Reservation | None, news: News, told: Told, plan: _Plan, *, now: datetime) -> Reservation:
    was_shipped = before is not None and before.state is State.SHIPPED
    state = _state(told, was_shipped=was_shipped, holds=bool(plan.lines))
    lines = tuple(Line(place.sku, units, place.location) for place, units in plan.lines.items())
    paid = told.stage in (Stage.PAID, Stage.SHIPPED) or (before is not None and before.paid)
    what = f"{told.stage.value} at {told.updated_at:%Y-%m-%dT%H:%M:%SZ}"
    if before is None:
        return Reservation(
            id=reservation_id(news.shop, news.order.order_id),
            state=state,
            mode=Mode.ON_ORDER,
            buyer_id=f"{news.shop.channel}:{news.shop.shop}",
            lines=lines,
            body_hash="",
            hold_seconds=0,
            created_at=now,
            changed_at=now,
            channel=news.shop.channel,
            paid=paid,
            shipped_at=now if state is State.SHIPPED else None,
            told=told,
            history=(Event(now, f"{what}, by {news.heard_by}"),),
        )
    # A released record keeps the lines it had, for people; they hold nothing.
    kept = before.lines if state is State.RELEASED and not lines else lines
    shipped_at = before.shipped_at if was_shipped else (now if state is State.SHIPPED else None)
    return before.became(
        state, what, now, lines=kept, paid=paid, shipped_at=shipped_at, told=told, minute=None, pay_by=None
    )


def _state(told: Told, *, was_shipped: bool, holds: bool) -> State:
    if was_shipped or (told.stage is Stage.SHIPPED and holds):
        return State.SHIPPED
    waits = any(line.wanted and line.parts is None for line in told.lines)
    return State.COMMITTED if holds or waits else State.RELEASED


def _changes(plan: _Plan) -> tuple[LevelChange, ...]:
    changes = []
    for place, flow in plan.flows.items():
        add = {
            name: getattr(flow, name)
            for name in ("available", "committed", "unavailable", "on_hand")
            if getattr(flow, name)
        }
        if not add:
            continue
        level = plan.situation.seen.get(place)
        new = level is not None and level.version == 0
        conditions = (id_not_used(),) if new else tuple(_conditions(flow, level))
        changes.append(LevelChange(place=place, add=add, conditions=conditions, creates=new))
    return tuple(changes)


def _conditions(flow: _Flow, level: Level | None) -> Iterable[Condition]:
    if flow.available < 0:
        short = level is not None and level.available + flow.available < 0
        yield available_is(level.available) if short and level else enough_free(-flow.available)
    if flow.committed < 0:
        yield enough_committed(-flow.committed)
    elif flow.available >= 0:
        # Nothing else says that the level is there.
        yield enough_committed(0)


def _noted(plan: _Plan, record: Reservation) -> tuple[Noted, ...]:
    """One movement for each kind and place. Its id carries the record's version: written once, with that version."""
    kinds = (
        (Type.RECEIVE, "returned", plan.returned, 1, 0),
        (Type.DAMAGE, "withheld", plan.withheld, 0, 1),
        (Type.SHIP_OUT, "added", plan.left, -1, 0),
    )
    return tuple(
        Noted(
            movement=Movement(
                # The space keeps the id apart from every id that may come in by the API.
                id=f"{record.id} {word} {record.version} {place.location}",
                type=kind,
                sku=place.sku,
                location=place.location,
                quantity=units,
                reason=f"{word}: {record.id}",
            ),
            on_hand={place.location: in_building * units} if in_building else {},
            unavailable={place.location: aside * units} if aside else {},
        )
        for kind, word, by_place, in_building, aside in kinds
        for place, units in by_place.items()
        if units
    )


def _oversold(changes: Iterable[LevelChange], plan: _Plan, record: Reservation) -> tuple[Incident, ...]:
    told = []
    for change in changes:
        level = plan.situation.seen.get(change.place)
        left = (level.available if level else 0) + change.add.get("available", 0)
        if level is not None and change.add.get("available", 0) < 0 and left < 0:
            told.append(
                incident.oversold(
                    change.place.sku,
                    change.place.location,
                    units=-left,
                    because=f"order {record.id}",
                    at=plan.situation.now,
                )
            )
    return tuple(told)


def _unknown(record: Reservation, before: Told | None, news: News, *, now: datetime) -> tuple[Incident, ...]:
    """Told once for each order and listing."""
    seen = set(before.unknown) if before else set()
    waiting = record.told.unknown if record.told else ()
    return tuple(
        incident.listing_unknown(str(news.shop), listing, order_id=news.order.order_id, at=now)
        for listing in waiting
        if listing not in seen
    )


def reservation_id(shop: ShopKey, order_id: str) -> str:
    return f"{shop.channel}:{shop.shop}:{order_id}"
