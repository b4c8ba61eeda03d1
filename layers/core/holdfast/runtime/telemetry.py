"""Logs and metrics: JSON lines with a correlation id, and figures of the business in the same stream (EMF).

The tracer is in `tracing.py`: its import costs what hold_stock has not got.
"""

import functools
import os
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

NAMESPACE = "Holdfast"

logger = Logger()

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


@functools.cache
def metrics() -> Metrics:
    """The only dimension is `service`, the function's name: ids and SKUs would make a metric of each."""
    return Metrics(
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE),
        service=os.environ.get("POWERTOOLS_SERVICE_NAME", "unnamed"),
    )


def count(name: str, n: int) -> None:
    """Counts what happened, for `Context.count`. Nothing happened: nothing is told."""
    if n:
        metrics().add_metric(name=name, unit=MetricUnit.Count, value=n)


def measure(name: str, seconds: float) -> None:
    """One figure in seconds, for `Context.measure`: CloudWatch tells its quantiles."""
    metrics().add_metric(name=name, unit=MetricUnit.Seconds, value=seconds)


def tell() -> None:
    """Write down what was counted."""
    if metrics().provider.metric_set:
        metrics().flush_metrics()


def observed(handle: Handler) -> Handler:
    """Every log line of a call carries its correlation id; its figures are written at its end, however it ends."""

    @functools.wraps(handle)
    def observing(event: dict[str, Any], context: Any) -> dict[str, Any]:
        logger.set_correlation_id(_correlation_id(event, context))
        try:
            return handle(event, context)
        finally:
            tell()

    return observing


def _correlation_id(event: dict[str, Any], context: Any) -> str | None:
    """The gateway's request id, which its access log and the caller have too; otherwise the call's own."""
    http = event.get("requestContext") or {}
    return http.get("requestId") or getattr(context, "aws_request_id", None)
