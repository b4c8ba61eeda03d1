"""All access patterns of one table, together."""

# ruff: noqa: PLC0415 - buyers wait for hold_stock to start, and it asks for a third of these: the rest is not imported

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from .buyers import Buyers
from .incidents import Incidents
from .levels import Levels
from .reservations import Reservations

if TYPE_CHECKING:
    from .listings import Listings
    from .movements import Movements
    from .orders import Orders
    from .passports import Passports
    from .pushes import Pushes
    from .register import Register
    from .shop_syncs import ShopSyncs
    from .shops import Shops
    from .table import Table


class Ledger:
    """One attribute for each kind of item; what buyers' commands do not need is imported at its first use."""

    def __init__(self, table: Table, *, keep_ended_seconds: int) -> None:
        self.table = table
        self.levels = Levels(table)
        self.reservations = Reservations(table, keep_ended_seconds=keep_ended_seconds)
        self.incidents = Incidents(table)
        self.buyers = Buyers(table)

    @cached_property
    def movements(self) -> Movements:
        from .movements import Movements

        return Movements(self.table)

    @cached_property
    def register(self) -> Register:
        from .register import Register

        return Register(self.table)

    @cached_property
    def orders(self) -> Orders:
        from .orders import Orders

        return Orders(self.reservations, self.table)

    @cached_property
    def shops(self) -> Shops:
        from .shops import Shops

        return Shops(self.table)

    @cached_property
    def listings(self) -> Listings:
        from .listings import Listings

        return Listings(self.table)

    @cached_property
    def pushes(self) -> Pushes:
        from .pushes import Pushes

        return Pushes(self.table)

    @cached_property
    def passports(self) -> Passports:
        from .passports import Passports

        return Passports(self.table)

    @cached_property
    def syncs(self) -> ShopSyncs:
        from .shop_syncs import ShopSyncs

        return ShopSyncs(self.table)
