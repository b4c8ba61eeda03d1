"""A shop's run, as its schedule calls it; and each hour, pushes that were put aside go on their way again."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from holdfast.domain.shop import ShopKey
from holdfast.runtime.pushing import open_syncing, pushes_aside
from holdfast.runtime.telemetry import logger, observed
from holdfast.runtime.time_left import time_is_short
from holdfast.runtime.tracing import traced
from holdfast.services.orders.dead_letters import Aside, redrive
from holdfast.services.sync.sync_shop import sync_shop
from holdfast.services.sync.syncing import Syncing

# Reading fifty listings back, and writing down what differs.
NEEDED_MS = 60_000
# An hour's worth; a shop that is down for a day does not bring all of its listings back at once.
MOST_REDRIVEN = 1_000


@observed
@traced
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    is_short = time_is_short(context, needed_ms=NEEDED_MS)
    if event.get("redrive"):
        return put_back(pushes_aside(), time_is_short=is_short)
    return respond(event, open_syncing(), time_is_short=is_short)


def respond(event: Mapping[str, Any], sync: Syncing, *, time_is_short: Callable[[], bool]) -> dict[str, Any]:
    """`{"channel", "shop", "run"}`. Raises what goes wrong: the run is tried again, under the same id."""
    shop = ShopKey(event["channel"], event["shop"])
    ran = asdict(sync_shop(sync, shop, run=event["run"], time_is_short=time_is_short))
    logger.info("ran", shop=str(shop), **ran)
    return ran


def put_back(aside: Aside, *, time_is_short: Callable[[], bool]) -> dict[str, Any]:
    """What is passing has passed by then, or is put aside again; what is final is in no queue, but blocked."""
    done = redrive({"pushes": aside}, limit=MOST_REDRIVEN, time_is_short=time_is_short)
    logger.info("redriven", redriven=done.redriven, left=done.left)
    return asdict(done)
