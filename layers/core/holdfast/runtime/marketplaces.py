"""What the functions that speak with marketplaces work with, made once a process, at its first use."""

import functools
import os
from typing import Any

from botocore.config import Config
from botocore.session import Session

from holdfast.channels.registry import channel
from holdfast.channels.transport import open_send
from holdfast.services.orders.dead_letters import Aside
from holdfast.services.orders.intake import Intake
from holdfast.store.queue import SqsQueue

from .settings import read_texts
from .shop_accounts import SecretAccounts
from .shop_secrets import ShopSecrets
from .wiring import open_context, settings
from .working_off import WorkQueue

# A new token that could not be stored may be the only one a shop has: more attempts than the table gets.
SDK_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2.5,
    retries={"mode": "standard", "total_max_attempts": 4},
    tcp_keepalive=True,
)


@functools.cache
def _session() -> Session:
    return Session()


@functools.cache
def make_client(service: str) -> Any:
    return _session().create_client(service, config=SDK_CONFIG)


def _queue(variable: str) -> SqsQueue:
    """Raises BadSettings."""
    (url,) = read_texts(os.environ, variable)
    return SqsQueue(make_client("sqs"), url)


@functools.cache
def open_intake() -> Intake:
    """Raises BadSettings."""
    secrets = ShopSecrets(make_client("secretsmanager"), stage=settings().stage)
    return Intake(
        context=open_context(),
        accounts=SecretAccounts(secrets, needs=lambda name: channel(name).needs()),
        orders=_queue("ORDERS_QUEUE_URL"),
        send=open_send(),
        channel=channel,
    )


def orders_work() -> WorkQueue:
    """For apply_order. Raises BadSettings."""
    return WorkQueue(queue=_queue("ORDERS_QUEUE_URL"), aside=_queue("ORDERS_FAILURES_URL"))


def polls_queue() -> SqsQueue:
    """For poll_orders. Raises BadSettings."""
    return _queue("POLL_QUEUE_URL")


def open_dead_letters() -> dict[str, Aside]:
    """Every queue of work with what was put aside of it, by the name the API gives it. Raises BadSettings."""
    return {
        "orders": Aside(kept=_queue("ORDERS_FAILURES_URL"), work=_queue("ORDERS_QUEUE_URL")),
        "polls": Aside(kept=_queue("POLL_FAILURES_URL"), work=_queue("POLL_QUEUE_URL")),
        "pushes": Aside(kept=_queue("PUSH_FAILURES_URL"), work=_queue("PUSH_QUEUE_URL")),
    }
