"""What receive_webhook works with, made once a process. Not in `wiring.py`: that opens the table, not needed here."""

import functools
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from botocore.config import Config
from botocore.session import Session

from holdfast.store.queue import SqsQueue

from .settings import read_texts
from .shop_secrets import ShopSecrets

# Three calls at most (the secret, the secret again, the queue) of two attempts each end before the function does.
SDK_CONFIG = Config(
    connect_timeout=0.5,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
    parameter_validation=False,  # the requests are made in two places, and judged by AWS anyway
)


@dataclass(frozen=True, slots=True)
class Doorway:
    """`clock` gives the seconds since the epoch."""

    secrets: ShopSecrets
    orders: SqsQueue
    clock: Callable[[], float] = time.time


@functools.cache
def open_doorway() -> Doorway:
    """Made at the first call, not at import. Raises BadSettings."""
    stage, orders_url = read_texts(os.environ, "STAGE", "ORDERS_QUEUE_URL")
    session = Session()
    return Doorway(
        secrets=ShopSecrets(session.create_client("secretsmanager", config=SDK_CONFIG), stage=stage),
        orders=SqsQueue(session.create_client("sqs", config=SDK_CONFIG), orders_url),
    )
