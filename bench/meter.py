"""What a piece of work costs on DynamoDB: calls in their order, and the capacity units that the engine reports."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
# A longer sequence is told by its number of calls.
TOLD_CALLS = 5
METERED = WRITES | {"GetItem", "BatchGetItem", "Query", "Scan"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `units` None: it was refused, and local engines report no units for a refused write."""

    operation: str
    units: float | None
    written: int

    @property
    def is_write(self) -> bool:
        return self.operation in WRITES

    @property
    def refused(self) -> bool:
        return self.units is None


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls in the order in which they were made, each after the answer of the one before."""

    calls: tuple[Call, ...]

    @property
    def write_units(self) -> float:
        return sum(call.units or 0 for call in self.calls if call.is_write)

    @property
    def read_units(self) -> float:
        return sum(call.units or 0 for call in self.calls if not call.is_write)

    @property
    def write_calls(self) -> int:
        return sum(call.is_write for call in self.calls)

    @property
    def items_written(self) -> int:
        """Puts, updates and deletes that took effect."""
        return sum(call.written for call in self.calls if call.is_write and not call.refused)

    @property
    def sequence(self) -> str:
        names = [call.operation.removesuffix("Items") + ("!" if call.refused else "") for call in self.calls]
        return " → ".join(names) if len(names) <= TOLD_CALLS else f"{len(names)} calls"

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.calls + other.calls)


class Meter:
    """Listens to a botocore client. Each thread's calls are its own."""

    def __init__(self, client: Any) -> None:
        self._here = threading.local()
        client.meta.events.register("provide-client-params.dynamodb", self._ask)
        client.meta.events.register("after-call.dynamodb", self._note)

    def cost_of(self, work: Callable[[], object]) -> Cost:
        """Do the work and answer what it cost. What it raises is raised."""
        self._here.calls = []
        work()
        return self.taken()

    def taken(self) -> Cost:
        """What this thread has called since it last asked."""
        calls: list[Call] = getattr(self._here, "calls", [])
        self._here.calls = []
        return Cost(tuple(calls))

    def _ask(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> dict[str, Any]:
        context["asked"] = params
        return {**params, "ReturnConsumedCapacity": "TOTAL"} if model.name in METERED else params

    def _note(self, model: Any, http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        asked = context["asked"]
        units = _units(model.name, asked, parsed) if http_response.status_code == HTTPStatus.OK else None
        calls: list[Call] | None = getattr(self._here, "calls", None)
        if calls is None:
            calls = self._here.calls = []
        calls.append(Call(model.name, units, _written(model.name, asked)))


def _units(operation: str, asked: dict[str, Any], parsed: dict[str, Any]) -> float:
    """As reported, indexes included. MiniStack is silent on BatchGetItem: consistent, so one unit a key up to 4 KB."""
    consumed = parsed.get("ConsumedCapacity")
    if consumed is None and operation == "BatchGetItem":
        return float(sum(len(each["Keys"]) for each in asked["RequestItems"].values()))
    parts: list[dict[str, Any]] = consumed if isinstance(consumed, list) else [consumed or {}]
    return float(sum(part["CapacityUnits"] for part in parts))


def _written(operation: str, asked: dict[str, Any]) -> int:
    if operation == "TransactWriteItems":
        return sum("ConditionCheck" not in each for each in asked["TransactItems"])
    if operation == "BatchWriteItem":
        return sum(len(each) for each in asked["RequestItems"].values())
    return int(operation in WRITES)
