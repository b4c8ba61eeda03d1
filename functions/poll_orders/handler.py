"""Finds what webhooks missed. Each minute: which shops are due; then one call for each of them, through a queue.

A poll that fails says so in the shop's health and is planned anew, so nothing is put aside for it. An error that
nobody expected is raised: SQS brings the message again, and after five times it keeps it for a person.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from holdfast.channels.protocol import ChannelError
from holdfast.domain.errors import HoldfastError
from holdfast.domain.shop import ShopKey
from holdfast.runtime.marketplaces import open_intake, polls_queue
from holdfast.runtime.telemetry import logger, observed
from holdfast.runtime.tracing import traced
from holdfast.services.orders.intake import Intake, Queue
from holdfast.services.orders.messages import shop_of
from holdfast.services.orders.poll_orders import plan_polls, poll_shop


@observed
@traced
def handle(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return respond(event, open_intake(), polls_queue())


def respond(event: Mapping[str, Any], work: Intake, polls: Queue) -> dict[str, Any]:
    """Records of the queue: poll these shops. Anything else, as the schedule sends it: plan."""
    if "Records" not in event:
        return _plan(work, polls)
    for record in event["Records"]:
        _poll(work, shop_of(json.loads(record["body"])))
    return {"batchItemFailures": []}


def _plan(work: Intake, polls: Queue) -> dict[str, Any]:
    due = plan_polls(work)
    for shop in due:
        polls.send({"channel": shop.channel, "shop": shop.shop})
    logger.info("planned", shops=len(due))
    return {"planned": len(due)}


def _poll(work: Intake, shop: ShopKey) -> None:
    try:
        polled = poll_shop(work, shop)
    except (ChannelError, HoldfastError) as error:
        logger.warning("not polled, it is planned again", shop=str(shop), code=error.code, detail=error.detail)
        return
    logger.info("polled", shop=str(shop), **asdict(polled))
