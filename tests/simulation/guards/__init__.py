"""Every guard, by what it guards."""

from .budget import BUDGET
from .guard import Guard
from .ledger import LEDGER
from .marketplaces import MARKETPLACES

GUARDS: tuple[Guard, ...] = (*LEDGER, *MARKETPLACES, *BUDGET)

__all__ = ["GUARDS", "Guard"]
