"""All access patterns of one table, together."""

from dataclasses import dataclass

from .incidents import Incidents
from .levels import Levels
from .movements import Movements
from .register import Register
from .reservations import Reservations
from .table import Table


@dataclass(frozen=True, slots=True)
class Ledger:
    table: Table
    levels: Levels
    reservations: Reservations
    movements: Movements
    incidents: Incidents
    register: Register


def open_ledger(table: Table, *, keep_ended_seconds: int) -> Ledger:
    return Ledger(
        table=table,
        levels=Levels(table),
        reservations=Reservations(table, keep_ended_seconds=keep_ended_seconds),
        movements=Movements(table),
        incidents=Incidents(table),
        register=Register(table),
    )
