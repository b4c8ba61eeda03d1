"""Operators: goods come, go, break, are counted while holds are open; settings of SKUs change."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from holdfast.domain.errors import (
    BadInput,
    HoldfastError,
    IdReused,
    InsufficientStock,
    MovementRefused,
)
from holdfast.domain.movement import Movement, Type
from holdfast.domain.policy import Mode, Sku
from holdfast.domain.reservation import Wanted
from holdfast.services.context import Context
from holdfast.services.reservations.command_reservation import commit, ship
from holdfast.services.reservations.hold_units import Order, hold_units
from holdfast.services.stock.look_up import close_incident, put_sku
from holdfast.services.stock.move_stock import fingerprint, move_stock

from .account import Item
from .parts import Act
from .shopping import Shopping
from .stage import Actor
from .stock import is_false
from .world import World

KINDS = (Type.COUNT, Type.DAMAGE, Type.SHIP_OUT, Type.RESTORE, Type.TRANSFER, Type.ANNOUNCE)


class Warehouse:
    """Movements of one seed; some are sent again as they were, some with another body."""

    def __init__(self, world: World, shopping: Shopping) -> None:
        self.world = world
        self.shopping = shopping
        self._sent: list[Movement] = []
        self._first: set[tuple[str, str]] = set()
        # Goods come in every seed; of the rest each seed has a few kinds, and those often.
        self._kinds = [Type.RECEIVE, Type.RECEIVE, *world.chance.sample(KINDS, world.chance.choice((1, 2, 4)))]
        if Type.RESTORE in self._kinds:
            self._kinds.append(Type.DAMAGE)
        self._played = False
        self._often = 6
        if world.chance.random() < SHARE_BUSY:
            # Little else goes on in these, so that movements meet each other: parts of receipts, or the last goods.
            self._often = 60
            self._kinds = world.chance.choice(
                ([Type.RECEIVE, Type.ANNOUNCE], [Type.RECEIVE, Type.DAMAGE, Type.SHIP_OUT, Type.COUNT])
            )

    def begin(self) -> None:
        world, profile = self.world, self.world.profile
        for sku, mode in profile.skus.items():
            world.at_once("manage_stock", lambda context: put_sku(context, self._sku(sku, mode=mode, name=sku)))  # noqa: B023
            for location in profile.locations:
                units = int(world.chance.random() * (profile.stock_up_to + 1))
                if units:
                    first = Movement(
                        id=f"first {location}", type=Type.RECEIVE, sku=sku, location=location, quantity=units
                    )
                    world.at_once("manage_stock", lambda context: move_stock(context, first))  # noqa: B023

    def acts(self) -> Sequence[Act]:
        return [Act(self._often, self.move), Act(1, self.set_sku), Act(1, self.close)]

    def settle(self) -> bool:
        """Once all holds are over, which is not to be hidden: what hardly comes about by chance."""
        if self._played or self.world.ended or not self.world.account.is_over():
            return False
        self._played = True
        scene = self.world.chance.choice((self._ship_meanwhile, self._count_before_the_stream))
        scene(self.world.chance.choice(list(self.world.profile.skus)))
        return True

    def _sold(self, sku: str) -> Item | None:
        """One unit is sold, and has not left yet: the line of its order. None: nothing was free."""
        world, order = self.world, Order(id=LAST_SOLD, buyer_id="lan", lines=(Wanted(sku, 1),))
        with suppress(HoldfastError):
            world.at_once("hold_stock", lambda context: hold_units(context, order))
            world.at_once("hold_stock", lambda context: commit(context, order.id, payment_id="last"))
        record = world.account.records.get(f"RESERVATION#{order.id}", {})
        line: Item | None = record["lines"][0] if record.get("state") == "committed" else None
        return line

    def _count_before_the_stream(self, sku: str) -> None:
        """It leaves after a count was taken; the count is sent before the stream tells of it."""
        world, line = self.world, self._sold(sku)
        if line is None:
            return
        found, taken = world.account.levels[sku, line["location"]]["on_hand"], world.now
        world.now += 60.0 + 2 * world.profile.skew_seconds
        world.at_once("hold_stock", lambda context: ship(context, LAST_SOLD))
        counted = Movement(
            id="last count",
            type=Type.COUNT,
            sku=sku,
            location=line["location"],
            quantity=max(0, found),
            as_of=datetime.fromtimestamp(taken, UTC),
        )
        with suppress(HoldfastError):
            world.at_once("manage_stock", lambda context: move_stock(context, counted))

    def _ship_meanwhile(self, sku: str) -> None:
        """All that is on hand is said to have left, an order's units among it; they leave while that is decided."""
        world, line = self.world, self._sold(sku)
        if line is None:
            return
        level = world.account.levels[sku, line["location"]]
        gone = Movement(
            id="last goods", type=Type.SHIP_OUT, sku=sku, location=line["location"], quantity=level["on_hand"]
        )

        def move(context: Context) -> None:
            movements, tries = context.ledger.movements, count()
            write = movements.write

            def second_time_shipped(*what: Any) -> Any:
                if next(tries) == 1:
                    world.at_once("hold_stock", lambda other: ship(other, LAST_SOLD))
                return write(*what)

            movements.write = second_time_shipped  # type: ignore[method-assign,assignment]  # for this call
            with suppress(HoldfastError):
                move_stock(context, gone)
            movements.write = write  # type: ignore[method-assign]  # as it was

        world.at_once("manage_stock", move)

    def at_rest(self) -> Iterator[str]:
        yield from ()

    def move(self) -> Actor | None:
        movement = self._movement()
        doing = f"{movement.type.value} {movement.sku} "
        return self.world.enter("manage_stock", doing, lambda context: self._move(context, movement))

    def _movement(self) -> Movement:
        world, chance, profile = self.world, self.world.chance, self.world.profile
        if self._sent and chance.random() < SAME_AGAIN:
            again = chance.choice(self._sent)
            return replace(again, quantity=again.quantity + 1) if chance.random() < ANOTHER_BODY else again
        kind, location = chance.choice(self._kinds), chance.choice(profile.locations)
        more: dict[str, Any] = {}
        if kind is Type.TRANSFER:
            elsewhere = [each for each in profile.locations if each != location]
            kind, more = (kind, {"to_location": elsewhere[0]}) if elsewhere else (Type.COUNT, {})
        if kind is Type.COUNT and chance.random() < AS_OF:
            taken = world.now - chance.choice((5.0, 90.0, 4_000.0))
            more = {"as_of": datetime.fromtimestamp(taken, UTC)}
        announced = [each for each in self._sent if each.type is Type.ANNOUNCE and each.announcement is None]
        if announced and kind in (Type.RECEIVE, Type.ANNOUNCE) and chance.random() < PART_OF_RECEIPT:
            of = chance.choice(announced)
            movement = Movement(
                id=f"m{len(self._sent)}",
                type=kind,
                sku=of.sku,
                location=of.location,
                quantity=1 + int(chance.random() * 3),
                announcement=of.id,
            )
        else:
            movement = Movement(
                id=f"m{len(self._sent)}",
                type=kind,
                sku=chance.choice(list(profile.skus)),
                location=location,
                quantity=max(0 if kind is Type.COUNT else 1, int(chance.random() * (profile.stock_up_to + 2))),
                **more,
            )
        self._sent.append(movement)
        return movement

    def _move(self, context: Context, movement: Movement) -> None:
        since = self.world.now
        try:
            answer = move_stock(context, movement)
        except (InsufficientStock, MovementRefused, BadInput) as refusal:
            self._refused(movement, refusal, since=since)
        except IdReused:
            known = self._raw(movement)
            if known is None or known["body_hash"] == fingerprint(movement):
                self._blame(movement, "was told that its id is used with another body")
        except HoldfastError as error:
            self.shopping.passing(error, movement.sku)
        else:
            self._recorded(movement, first=answer.first)

    def _refused(self, movement: Movement, refusal: HoldfastError, *, since: float) -> None:
        """A repeat is answered by what happened the first time, whatever the levels say now."""
        if self._raw(movement) is not None:
            self._blame(movement, f"is recorded and was refused as {refusal.code}")
        if isinstance(refusal, InsufficientStock):
            for short in refusal.shortages:
                if is_false(self.world, short, since=since, locations=()):
                    self._blame(movement, "was refused, and all the time enough units were free")
        elif isinstance(refusal, BadInput) and movement.announcement is None:
            self._blame(movement, f"was refused: {refusal.detail}")

    def _recorded(self, movement: Movement, *, first: bool) -> None:
        known, about = self._raw(movement), (movement.sku, movement.id)
        if known is None or known["body_hash"] != fingerprint(movement):
            self._blame(movement, f"was answered, and {known} is there")
        if first and about in self._first:
            self._blame(movement, "was recorded twice")
        if first:
            self._first.add(about)

    def _blame(self, movement: Movement, what: str) -> None:
        self.world.blame(f"movement {movement.id} {what}", movement.sku, movement.id)

    def _raw(self, movement: Movement) -> Item | None:
        return self.world.account.movements.get((movement.sku, movement.id))

    def _sku(self, sku: str, **more: Any) -> Sku:
        return Sku(sku=sku, floor=self.world.floor or None, **more)

    def set_sku(self) -> Actor | None:
        chance = self.world.chance
        mode = chance.choice((None, None, *Mode))
        sku = self._sku(
            chance.choice(list(self.world.profile.skus)),
            mode=mode,
            hold_seconds=chance.choice((None, 60, 600, 4_000)),
        )
        self.world.met("sku_settings_changed")
        return self.world.enter("manage_stock", f"settings of {sku.sku}", lambda context: self._set(context, sku))

    def _set(self, context: Context, sku: Sku) -> None:
        try:
            put_sku(context, sku)
        except HoldfastError as error:
            self.shopping.passing(error, sku.sku)

    def close(self) -> Actor | None:
        """Close an incident that needs no further act of the ledger."""
        open_ones = [
            each["id"]
            for each in self.world.account.incidents.values()
            if each["list"].endswith("open") and each["kind"] in {"oversold", "payment_unmatched"}
        ]
        if not open_ones:
            return None
        chosen = self.world.chance.choice(open_ones)
        return self.world.enter("manage_stock", f"close {chosen}", lambda context: self._close(context, chosen))

    def _close(self, context: Context, incident_id: str) -> None:
        try:
            close_incident(context, incident_id, note="seen")
        except HoldfastError as error:
            self.shopping.passing(error, incident_id)


LAST_SOLD = "at last sold"
SAME_AGAIN = 0.2
ANOTHER_BODY = 0.25
AS_OF = 0.3
PART_OF_RECEIPT = 0.5
SHARE_BUSY = 0.15
