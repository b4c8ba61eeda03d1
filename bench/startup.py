"""What a fresh process of a function that somebody waits for costs before its first request, beside a bare client.

Before its first request: its handler imported, its settings read, its clients made. hold_stock is held against a
botocore client of DynamoDB, receive_webhook (which makes two clients) against one of SQS.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from holdfast.domain.policy import Policy
from local import template

ROOT = Path(__file__).resolve().parent.parent
PAIRS = 15

BARE = """
from botocore.session import Session
Session().create_client("dynamodb")
"""
HOLD_STOCK = """
import functions.hold_stock.handler
from holdfast.runtime.wiring import open_context
open_context()
"""


BARE_SQS = """
from botocore.session import Session
Session().create_client("sqs")
"""
RECEIVE_WEBHOOK = """
import functions.receive_webhook.handler
from holdfast.runtime.doorway import open_doorway
open_doorway()
"""


@dataclass(frozen=True, slots=True)
class Startup:
    """Processor time, user and system, in milliseconds: medians. `ratio` is the median of the pairs' ratios."""

    ours_ms: float
    bare_ms: float
    ratio: float


def budget_environment() -> dict[str, str]:
    """As the template has it."""
    parameters = template.read()["Parameters"]
    variables = template.read()["Globals"]["Function"]["Environment"]["Variables"]
    names = ["REFUND_SECONDS", "HOLD_BUDGET", "BUYER_LIMITS", "SKU_LIMITS", "BUDGET_WINDOW_SECONDS"]
    names += ["RISK_RULES", "RISK_ACTIONS", "SHORT_HOLD_SECONDS"]
    return {name: str(parameters[variables[name]["Ref"]]["Default"]) for name in names}


def environment() -> dict[str, str]:
    """What Lambda and the template give the function, and nothing of the caller's."""
    policy = Policy()
    return {
        "PATH": os.defpath,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": "hold_stock",
        "TABLE_NAME": "holdfast",
        "STAGE": "bench",
        "STEP_SECONDS": str(policy.step_seconds),
        "MARGIN_SECONDS": str(policy.margin_seconds),
        "HOLD_SECONDS": str(policy.hold_seconds),
        "PAYMENT_WINDOW_SECONDS": str(policy.payment_window_seconds),
        "UNPAID_ORDER_SECONDS": str(policy.unpaid_order_seconds),
        "DEFAULT_MODE": policy.default_mode.value,
        "LOCATIONS": ",".join(policy.locations),
        "KEEP_ENDED_DAYS": str(policy.keep_ended_seconds // 86_400),
        **budget_environment(),
        "LOG_LEVEL": "INFO",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_SERVICE_NAME": "hold_stock",
        "POWERTOOLS_METRICS_NAMESPACE": "Holdfast",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "ORDERS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/orders",
    }


def on_path(code: str) -> list[str]:
    """The command that runs the code with the project and its packages on the path, as the layers put them there."""
    path = [str(ROOT), str(ROOT / "layers/core")]
    return [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {path!r}\n{code}"]


def processor_ms(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(on_path(code), env=environment(), cwd=ROOT, check=True, stdout=subprocess.DEVNULL, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def of_hold_stock(*, pairs: int = PAIRS) -> Startup:
    return measure(HOLD_STOCK, BARE, pairs=pairs)


def of_receive_webhook(*, pairs: int = PAIRS) -> Startup:
    return measure(RECEIVE_WEBHOOK, BARE_SQS, pairs=pairs)


def measure(ours: str, bare: str, *, pairs: int) -> Startup:
    """Fresh processes, one of each kind in turn; a first of each, not counted, writes the byte code."""
    processor_ms(ours)
    processor_ms(bare)
    found = [(processor_ms(ours), processor_ms(bare)) for _ in range(pairs)]
    return Startup(
        ours_ms=statistics.median(own for own, _ in found),
        bare_ms=statistics.median(plain for _, plain in found),
        ratio=statistics.median(own / plain for own, plain in found),
    )
