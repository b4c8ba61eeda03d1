"""Pushes, from their queue: each listing is made to show its target, or comes again when the marketplace allows.

A message names listings and no number. What is to come again is put out of sight for as long as it has to wait; what
came again too often is put aside with what the marketplace said last, and comes from there by itself or by hand.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from holdfast.domain.errors import Unavailable
from holdfast.runtime.pushing import open_syncing, pushes_work
from holdfast.runtime.telemetry import count, logger, observed
from holdfast.runtime.time_left import time_is_short
from holdfast.runtime.tracing import traced
from holdfast.runtime.working_off import WorkQueue
from holdfast.services.sync.push_listings import Delivery, push_listings, reason_of
from holdfast.services.sync.syncing import Syncing

# A call to a marketplace may take 15 s, and what it says has to be written down.
NEEDED_MS = 20_000
# With pauses that grow to a quarter of an hour: more than half a day.
MOST_TRIES = 60


@observed
@traced
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    is_short = time_is_short(context, needed_ms=NEEDED_MS)
    return respond(event, open_syncing(), pushes_work(), time_is_short=is_short)


def respond(
    event: Mapping[str, Any], sync: Syncing, work: WorkQueue, *, time_is_short: Callable[[], bool]
) -> dict[str, Any]:
    records = {record["messageId"]: record for record in event["Records"]}
    messages = {name: json.loads(record["body"]) for name, record in records.items()}
    deliveries = [Delivery(id=name, message=message) for name, message in messages.items()]
    later = push_listings(sync, deliveries, time_is_short=time_is_short)
    again = [
        name
        for name, seconds in later.items()
        if not _is_put_aside(sync, work, records[name], messages[name]) and _postponed(work, records[name], seconds)
    ]
    logger.info("pushed", messages=len(records), again=len(again))
    return {"batchItemFailures": [{"itemIdentifier": name} for name in again]}


def _postponed(work: WorkQueue, record: Mapping[str, Any], seconds: float) -> bool:
    """True in any case: the message comes again, if not then, when the queue's own time is over."""
    try:
        work.queue.postpone(record["receiptHandle"], math.ceil(seconds))
    except Unavailable as error:
        logger.info("not postponed", detail=error.detail)
    return True


def _is_put_aside(sync: Syncing, work: WorkQueue, record: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    told = record["attributes"]
    if int(told["ApproximateReceiveCount"]) < MOST_TRIES:
        return False
    reason = reason_of(sync, message)
    try:
        work.aside.put_aside(record["body"], reason=reason, first_sent_ms=int(told["SentTimestamp"]))
    except Unavailable as error:
        logger.info("not put aside, it comes again", detail=error.detail)
        return False
    count("MessagesPutAside", 1)
    logger.warning("put aside", reason=reason)
    return True
