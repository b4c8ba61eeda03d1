"""Buyers and the shop's people: submit, repeat, begin payment, release, ship, refund. Each answer is judged at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from holdfast.domain.errors import (
    ClockAhead,
    Conflict,
    HoldfastError,
    IdReused,
    InsufficientStock,
    LedgerBroken,
    NotInThisState,
    Unavailable,
    UnknownReservation,
)
from holdfast.domain.level import Place
from holdfast.domain.movement import Movement, Type
from holdfast.domain.reservation import Wanted
from holdfast.domain.risk import Facts
from holdfast.services.context import Context
from holdfast.services.reservations import command_reservation as commands
from holdfast.services.reservations.answers import ReservationAnswer
from holdfast.services.reservations.hold_units import Order, hold_units
from holdfast.services.stock.fold_level import fold_level
from holdfast.services.stock.look_up import availability
from holdfast.services.stock.move_stock import move_stock

from .account import Changed, Item
from .parts import Act
from .stage import Actor
from .stock import is_false, sellable
from .world import World

MEMORY_SECONDS = 1.0
STRANGER = "nobody"

# A refusal, and the states in which it may be given, whenever during the call.
REFUSED_IN: dict[str, frozenset[str]] = {
    "not_committed": frozenset({"open", "held"}),
    "no_refund_due": frozenset({"open", "held", "committed", "shipped", "released"}),
    "already_paid": frozenset({"committed"}),
    "already_shipped": frozenset({"shipped"}),
    "already_released": frozenset({"released"}),
    "refund_is_due": frozenset({"refund_due"}),
    "already_refunded": frozenset({"refunded"}),
}
LEADS_TO = {"release": {"released", "refund_due", "refunded"}, "ship": {"shipped"}, "refunded": {"refunded"}}
COMMANDS: dict[str, Callable[[Context, str], ReservationAnswer]] = {
    "release": commands.release,
    "ship": commands.ship,
    "refunded": commands.refunded,
}


class Shopping:
    """Orders of one seed: few of them, so that the same ones are met again and again."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.first_told: set[str] = set()
        self._orders: dict[str, Order] = {}
        self._names = [f"o{number}" for number in range(world.profile.orders)]
        self._more = 0
        self.facts: Mapping[str, Facts] = {}
        self._waits = world.profile.clocks_far_off
        world.on_write.append(self._watch)

    def begin(self) -> None:
        """Nobody has ordered yet."""

    def acts(self) -> Sequence[Act]:
        return [
            Act(10, self.submit),
            Act(4, self.begin_payment),
            Act(2, lambda: self.command("release")),
            Act(3, lambda: self.command("ship")),
            Act(1, lambda: self.command("refunded")),
            Act(1, self.look),
        ]

    def settle(self) -> bool:
        """Where clocks are far off somebody holds by one that is behind, what was folded by one that is ahead."""
        world = self.world
        if not self._waits or world.ended:
            return False
        self._waits = False
        place = Place(world.chance.choice(list(world.profile.skus)), world.policy.locations[0])
        goods = Movement(
            id="last goods", type=Type.RECEIVE, sku=place.sku, location=place.location, quantity=LAST_HOLDS
        )
        world.at_once("manage_stock", lambda context: move_stock(context, goods))
        for number in range(LAST_HOLDS):
            line = Wanted(place.sku, 1, place.location)
            order = Order(id=f"last hold {number}", buyer_id="lan", lines=(line,), hold_seconds=1)
            world.at_once("hold_stock", lambda context: self._hold_at_last(context, order))  # noqa: B023
            with suppress(HoldfastError):
                world.at_once("sweep_expired", lambda context: _fold(context, place))
        return False

    def _hold_at_last(self, context: Context, order: Order) -> None:
        try:
            hold_units(context, order)
        except Conflict as error:
            self.world.blame(f"{order.id} never came through, and nobody is in its way: {error.detail}", order.id)
        except HoldfastError:
            return  # one of the clocks is said to be wrong, or there is a budget

    def at_rest(self) -> Iterator[str]:
        for name, record in self.world.account.records.items():
            if record["state"] == "refund_due" and not any(
                each["kind"] == "refund_due" and each["subject"] == name[12:] and each["list"].endswith("open")
                for each in self.world.account.incidents.values()
            ):
                yield f"{name} is refund_due, and no open incident says so"

    def _watch(self, changes: list[Changed]) -> None:
        """Count what the contested moments are."""
        for before, after in changes:
            if before is not None and after is None:
                self.first_told.discard(before["pk"][12:])  # cleared away: its id may be used anew
            if after is None or before is None or after["sk"][:6] != "LEVEL#":
                continue
            if before["available"] > 0 == after["available"] and self.world.at_work_on("submit"):
                self.world.met("last_unit_contended")

    # ---- submit

    def submit(self) -> Actor | None:
        order = self._order()
        world = self.world
        return world.enter("hold_stock", f"submit {order.id} ", lambda context: self._submit(context, order))

    def _order(self) -> Order:
        chance = self.world.chance
        name = self._names[int(chance.random() * len(self._names))]
        known = self._orders.get(name)
        if known is not None and chance.random() < SAME_AGAIN:
            return known
        if known is not None and chance.random() < NEW_NAME:
            self._more += 1
            self._names[self._names.index(name)] = name = f"n{self._more}"
        buyer = chance.choice(("lan", "minh"))
        order = Order(
            id=name,
            buyer_id=buyer,
            lines=self._lines(),
            hold_seconds=chance.choice((None, None, None, 1, 45, 300, 3_000, 86_400)),
            facts=self.facts.get(buyer, NO_FACTS),
        )
        self._orders[name] = order
        return order

    def _lines(self) -> tuple[Wanted, ...]:
        chance, profile = self.world.chance, self.world.profile
        skus = list(profile.skus)
        chosen = chance.sample(skus, 2) if len(skus) > 1 and chance.random() < TWO_LINES else [chance.choice(skus)]
        where = chance.choice(profile.locations) if chance.random() < SOMEWHERE else None
        lines = [Wanted(sku, 1 + int(chance.random() * profile.stock_up_to * 0.7), where) for sku in chosen]
        if chance.random() < SPLIT_LINE:
            lines.append(Wanted(lines[0].sku, 1, where))
            self.world.met("one_sku_on_two_lines")
        return tuple(lines)

    def _submit(self, context: Context, order: Order) -> None:
        world, since = self.world, self.world.now
        try:
            answer = hold_units(context, order)
        except InsufficientStock as refusal:
            if self._raw(order.id) is not None:
                world.blame(f"{order.id} was told 'sold out' while it has its reservation", order.id)
            for short in refusal.shortages:
                told = f"{order.id} was told that {short.wanted} of {short.sku} are too many"
                if self._is_false(order, short, since - MEMORY_SECONDS):
                    world.blame(f"{told}, and all the time as many were free", order.id, short.sku)
        except IdReused:
            record = self._raw(order.id)
            if record is None or record["body_hash"] == order.fingerprint():
                world.blame(f"{order.id} was told that its id is used with another body", order.id)
        except HoldfastError as error:
            self.passing(error, order.id, order.buyer_id)
        else:
            self._held(order, answer)

    def _is_false(self, order: Order, short: object, since: float) -> bool:
        line = next(each for each in order.lines if each.sku == getattr(short, "sku"))  # noqa: B009  # any shortage
        locations = () if line.location else self.world.profile.locations
        return is_false(self.world, short, since=since, locations=locations)

    def _held(self, order: Order, answer: ReservationAnswer) -> None:
        world, record = self.world, self.world.account.last_known(order.id)
        if record is None:
            world.blame(f"{order.id} was told that it is {answer.record.state}, and there is no record", order.id)
            return
        if record["body_hash"] != order.fingerprint():
            world.blame(f"{order.id} was answered with another order's reservation", order.id)
        if answer.first:
            if order.id in self.first_told:
                world.blame(f"{order.id} was made twice", order.id)
            self.first_told.add(order.id)
            wanted: dict[str, int] = {}
            for line in order.lines:
                wanted[line.sku] = wanted.get(line.sku, 0) + line.quantity
            got: dict[str, int] = {}
            for each in answer.record.lines:
                got[each.sku] = got.get(each.sku, 0) + each.quantity
            if got != wanted:
                world.blame(f"{order.id} wanted {wanted} and got {got}", order.id)

    # ---- commands

    def any_name(self) -> str:
        chance = self.world.chance
        if chance.random() < UNKNOWN_NAME:
            self.world.met("command_before_submit")
            return STRANGER if chance.random() < HALF else chance.choice(self._names)
        names = [each[12:] for each in self.world.account.records if ":" not in each] or self._names
        return names[-1 - int(chance.random() * min(len(names), RECENT))]

    def begin_payment(self, name: str | None = None) -> Actor | None:
        name = name or self.any_name()
        return self.world.enter("hold_stock", f"begin payment {name} ", lambda context: self._begin(context, name))

    def _begin(self, context: Context, name: str) -> None:
        world, since, before = self.world, self.world.now, self._raw(name)
        in_time = self.in_time(before)
        try:
            answer = commands.begin_payment(context, name)
        except InsufficientStock as refusal:
            if in_time:
                world.blame(f"{name} began to pay in time, and its units were gone", name)
            for short in refusal.shortages:
                if is_false(world, short, since=since, locations=()):
                    world.blame(f"{name} began to pay, was told that too few are free; enough were", name, short.sku)
        except NotInThisState as refusal:
            self._refused(name, refusal, before)
        except HoldfastError as error:
            self.passing(error, name)
        else:
            self._began(context, name, answer, since=since)

    def _began(self, context: Context, name: str, answer: ReservationAnswer, *, since: float) -> None:
        world, minute, skew = self.world, answer.record.minute, self.world.profile.skew_seconds
        if minute is not None and answer.first:
            window = context.policy.payment_window_seconds - skew
            if minute - since < window:
                world.blame(f"{name} began to pay and has {minute - since:.0f} s for it, not {window:.0f}", name)
        if minute is not None and minute + skew < since:
            world.blame(f"{name} began to pay, and its hold ended {since - minute:.0f} s ago", name)
        if world.account.last_known(name) is None:
            world.blame(f"{name} began to pay and is not there", name)

    def command(self, verb: str) -> Actor | None:
        name = self.any_name()
        return self.world.enter("hold_stock", f"{verb} {name} ", lambda context: self._command(context, verb, name))

    def _command(self, context: Context, verb: str, name: str) -> None:
        before = self._raw(name)
        try:
            answer = COMMANDS[verb](context, name)
        except NotInThisState as refusal:
            self._refused(name, refusal, before)
        except HoldfastError as error:
            self.passing(error, name)
        else:
            record = self.world.account.last_known(name)
            state = record["state"] if record else None
            if answer.record.state.value not in LEADS_TO[verb] or state not in LEADS_TO[verb]:
                self.world.blame(f"{verb} of {name} was answered {answer.record.state}, and it is {state}", name)

    def _refused(self, name: str, refusal: NotInThisState, before: Item | None) -> None:
        """The state named in a refusal must have been the record's, at the call's beginning or since."""
        states = REFUSED_IN.get(refusal.code, frozenset())
        if refusal.state not in states:
            self.world.blame(f"{name} was refused as {refusal.code} while it was {refusal.state}", name)
        after = self._raw(name)
        if before is not None and after is before and after["state"] != refusal.state:
            self.world.blame(f"{name} is {after['state']} and was refused as {refusal.state}", name)

    # ---- availability

    def look(self) -> Actor | None:
        sku = self.world.chance.choice(list(self.world.profile.skus))
        return self.world.enter("manage_stock", f"look at {sku}", lambda context: self._look(context, sku))

    def _look(self, context: Context, sku: str) -> None:
        world = self.world
        try:
            [seen] = availability(context, [sku])
        except HoldfastError as error:
            self.passing(error, sku)
            return
        if not seen.known:
            world.blame(f"{sku} is said to be unknown", sku)
        levels = [level for at, level in world.account.levels.items() if at[0] == sku]
        for early, late in ((world.profile.skew_seconds, -world.profile.skew_seconds),):
            margin = world.policy.margin_seconds
            least = sum(max(0, sellable(each, at=world.now, margin_seconds=margin + early + 1)) for each in levels)
            most = sum(max(0, sellable(each, at=world.now, margin_seconds=margin + late - 1)) for each in levels)
            if not least <= seen.free <= most:
                world.blame(f"{sku} is said to have {seen.free} free, it has {least} to {most}", sku)

    # ---- for all

    def in_time(self, record: Item | None) -> bool:
        """Whether a payer who comes now must get his units: held, not past its end, and no clock is far off."""
        return (
            record is not None
            and record["state"] == "held"
            and not self.world.profile.clocks_far_off
            and self.world.now <= record["minute"]
        )

    def passing(self, error: HoldfastError, about: str, buyer: str = "") -> None:
        """What says "ask again" is honest while there are faults; everything else is not expected."""
        world = self.world
        if world.on_refusal(error, about, buyer):
            return
        if isinstance(error, UnknownReservation):
            if self._raw(about) is not None:
                world.blame(f"{about} is said to be unknown", about)
        elif isinstance(error, Conflict) or isinstance(error.__cause__, Conflict):
            if world.undisturbed():
                world.blame(f"{about} never came through, and nobody was in its way: {error.detail}", about)
        elif isinstance(error, LedgerBroken):
            world.blame(f"a level does not add up: {error.detail}", about)
        elif isinstance(error, ClockAhead):
            if not world.profile.clocks_far_off:
                world.blame(f"a clock is said to be ahead: {error.detail}", about)
        elif not isinstance(error, Unavailable):
            world.blame(f"{about} was answered {error.code}: {error.detail}", about)

    def _raw(self, name: str) -> Item | None:
        return self.world.account.records.get(f"RESERVATION#{name}")


def _fold(context: Context, place: Place) -> None:
    level = context.ledger.levels.get(place)
    if level is not None:
        fold_level(context, level, now=context.clock())


NO_FACTS = Facts()
LAST_HOLDS = 3
SAME_AGAIN = 0.55
NEW_NAME = 0.8
TWO_LINES = 0.45
SOMEWHERE = 0.3
SPLIT_LINE = 0.12
UNKNOWN_NAME = 0.06
HALF = 0.5
RECENT = 5
