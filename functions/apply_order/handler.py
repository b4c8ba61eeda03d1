"""What marketplaces say, from the queue: applied exactly once, or again later, or put aside with a reason."""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.runtime.marketplaces import open_intake, orders_work
from holdfast.runtime.telemetry import observed
from holdfast.runtime.time_left import time_is_short
from holdfast.runtime.tracing import traced
from holdfast.runtime.working_off import WorkQueue, work_off
from holdfast.services.orders.apply_order import apply_delivery
from holdfast.services.orders.intake import Intake

# One message may mean two or three calls to a marketplace that answers slowly.
NEEDED_MS = 25_000


@observed
@traced
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    is_short = time_is_short(context, needed_ms=NEEDED_MS)
    return respond(event, open_intake(), orders_work(), time_is_short=is_short)


def respond(
    event: Mapping[str, Any], work: Intake, queue: WorkQueue, *, time_is_short: Callable[[], bool]
) -> dict[str, Any]:
    return work_off(event, lambda message: apply_delivery(work, message), queue, time_is_short=time_is_short)
