"""What the demo itself knows it did: the outcome of every order, and what each level must therefore be."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from demo.orders import Line


class Outcome(StrEnum):
    """How an order ended. `unpaid`: an order that took its units at submit and still waits for its payment."""

    REFUSED = "refused"
    COMMITTED_IN_TIME = "committed_in_time"
    COMMITTED_LATE = "committed_late"
    REFUND_DUE = "refund_due"
    EXPIRED = "expired"
    RELEASED = "released"
    UNPAID = "unpaid"


# These keep their units until they are shipped.
KEEPS = frozenset({Outcome.COMMITTED_IN_TIME, Outcome.COMMITTED_LATE, Outcome.UNPAID})
READS_AS = {
    Outcome.COMMITTED_IN_TIME: "committed",
    Outcome.COMMITTED_LATE: "committed",
    Outcome.UNPAID: "committed",
    Outcome.REFUND_DUE: "refund_due",
    Outcome.EXPIRED: "expired",
    Outcome.RELEASED: "released",
}


@dataclass(slots=True)
class Result:
    """One order's end. `id`: under which it was last submitted; `lines`: as last submitted."""

    id: str
    lines: tuple[Line, ...]
    outcome: Outcome
    sent_again: bool = False
    shipped: bool = False

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def state(self) -> str:
        """What the API must call it."""
        return "shipped" if self.shipped else READS_AS[self.outcome]


@dataclass(slots=True)
class Ledger:
    """Units by SKU as they were received, and the results of all orders."""

    stocked: dict[str, int] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    def expected(self) -> dict[str, dict[str, int]]:
        """Counters by SKU once every hold has ended and was given back."""
        kept, gone = self._units(shipped=False), self._units(shipped=True)
        return {
            sku: {
                "on_hand": units - gone[sku],
                "available": units - gone[sku] - kept[sku],
                "reserved": 0,
                "committed": kept[sku],
                "unavailable": 0,
            }
            for sku, units in self.stocked.items()
        }

    def oversold_units(self) -> int:
        """Units promised to buyers beyond what was received, whatever the levels say."""
        kept, gone = self._units(shipped=False), self._units(shipped=True)
        return sum(max(0, kept[sku] + gone[sku] - units) for sku, units in self.stocked.items())

    def _units(self, *, shipped: bool) -> dict[str, int]:
        units: dict[str, int] = defaultdict(int)
        for result in self.results:
            if result.outcome in KEEPS and result.shipped is shipped:
                for line in result.lines:
                    units[line.sku] += line.quantity
        return units


def differences(expected: Mapping[str, int], shown: Mapping[str, Any]) -> dict[str, str]:
    """Counters of one SKU that the API shows otherwise than they must be."""
    return {
        name: f"is {shown.get(name)}, must be {units}" for name, units in expected.items() if shown.get(name) != units
    }


def tally(results: Iterable[Result]) -> dict[str, int]:
    """Orders by outcome. `held` = all that were not refused in the end."""
    counted = Counter(result.outcome for result in results)
    outcomes = [each for each in Outcome if each is not Outcome.UNPAID]
    held = sum(number for outcome, number in counted.items() if outcome is not Outcome.REFUSED)
    return {"held": held, **{each.value: counted[each] for each in outcomes}}
