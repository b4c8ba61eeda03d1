"""Each minute: give back the units of holds that ended, release orders that were not paid in time."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from holdfast.runtime.telemetry import logger, observed
from holdfast.runtime.time_left import time_is_short
from holdfast.runtime.tracing import traced
from holdfast.runtime.wiring import open_context
from holdfast.services.context import Context
from holdfast.services.upkeep.sweep_expired import sweep_expired


@observed
@traced
def handle(_event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answers how much was done. What could not be settled stays in the register for the next minute."""
    return respond(open_context(), time_is_short=time_is_short(context))


def respond(context: Context, *, time_is_short: Callable[[], bool]) -> dict[str, Any]:
    swept = asdict(sweep_expired(context, time_is_short=time_is_short))
    clean = swept["finished"] and not swept["left"]
    (logger.info if clean else logger.warning)("swept", **swept)
    return swept
