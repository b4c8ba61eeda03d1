"""All access patterns of one table, together."""

from dataclasses import dataclass

from .buyers import Buyers
from .incidents import Incidents
from .levels import Levels
from .listings import Listings
from .movements import Movements
from .orders import Orders
from .passports import Passports
from .pushes import Pushes
from .register import Register
from .reservations import Reservations
from .shop_syncs import ShopSyncs
from .shops import Shops
from .table import Table


@dataclass(frozen=True, slots=True)
class Ledger:
    table: Table
    levels: Levels
    reservations: Reservations
    movements: Movements
    incidents: Incidents
    register: Register
    orders: Orders
    shops: Shops
    listings: Listings
    pushes: Pushes
    passports: Passports
    syncs: ShopSyncs
    buyers: Buyers


def open_ledger(table: Table, *, keep_ended_seconds: int) -> Ledger:
    reservations = Reservations(table, keep_ended_seconds=keep_ended_seconds)
    return Ledger(
        table=table,
        levels=Levels(table),
        reservations=reservations,
        movements=Movements(table),
        incidents=Incidents(table),
        register=Register(table),
        orders=Orders(reservations, table),
        shops=Shops(table),
        listings=Listings(table),
        pushes=Pushes(table),
        passports=Passports(table),
        syncs=ShopSyncs(table),
        buyers=Buyers(table),
    )
