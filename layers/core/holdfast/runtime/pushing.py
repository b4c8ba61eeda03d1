"""What the functions that keep listings in step work with, made once a process, at its first use."""

import functools
import os
import random
import time

from holdfast.channels.registry import channel
from holdfast.domain.push import Limits
from holdfast.services.orders.dead_letters import Aside
from holdfast.services.sync.syncing import Planning, Syncing
from holdfast.store.push_queue import SqsPushQueue
from holdfast.store.queue import SqsQueue
from holdfast.store.scheduler import ShopSchedules, Target

from . import marketplaces
from .settings import BadSettings, read_texts
from .wiring import open_context
from .working_off import WorkQueue

QUEUE, FAILURES, HORIZON = "PUSH_QUEUE_URL", "PUSH_FAILURES_URL", "PUSH_HORIZON_SECONDS"


@functools.cache
def open_planning() -> Planning:
    """Raises BadSettings."""
    url, horizon = read_texts(os.environ, QUEUE, HORIZON)
    return Planning(
        context=open_context(),
        queue=SqsPushQueue(marketplaces.make_client("sqs"), url),
        channel=channel,
        limits=Limits(horizon_s=_seconds(horizon)),
    )


@functools.cache
def open_syncing() -> Syncing:
    """Raises BadSettings."""
    return Syncing(planning=open_planning(), intake=marketplaces.open_intake(), chance=random.random, sleep=time.sleep)


def open_schedules() -> ShopSchedules:
    """For manage_stock. Raises BadSettings."""
    names = (
        "SYNC_FUNCTION_ARN",
        "SYNC_SCHEDULE_ROLE_ARN",
        "SYNC_FAILURES_ARN",
        "SYNC_SCHEDULE_GROUP",
        "SYNC_SCHEDULE_PREFIX",
    )
    arn, role_arn, failures_arn, group, prefix = read_texts(os.environ, *names)
    target = Target(arn=arn, role_arn=role_arn, failures_arn=failures_arn, group=group, prefix=prefix)
    return ShopSchedules(marketplaces.make_client("scheduler"), target)


def pushes_work() -> WorkQueue:
    """For push_listings. Raises BadSettings."""
    url, failures = read_texts(os.environ, QUEUE, FAILURES)
    sqs = marketplaces.make_client("sqs")
    return WorkQueue(queue=SqsQueue(sqs, url), aside=SqsQueue(sqs, failures))


def pushes_aside() -> Aside:
    """What was put aside of the pushes. Raises BadSettings."""
    url, failures = read_texts(os.environ, QUEUE, FAILURES)
    sqs = marketplaces.make_client("sqs")
    return Aside(kept=SqsQueue(sqs, failures), work=SqsQueue(sqs, url))


def _seconds(told: str) -> float:
    if not told.isdigit() or int(told) < 1:
        raise BadSettings([f"{HORIZON} is {told!r}, not whole seconds, at least 1"])
    return float(told)
