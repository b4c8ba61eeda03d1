"""The functions on a table in memory (moto), with the environment that the template gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from tests.support.gateway import Api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from holdfast.services.context import Context

ENVIRONMENT = {
    "TABLE_NAME": "holdfast",
    "STAGE": "test",
    "STEP_SECONDS": "60",
    "MARGIN_SECONDS": "30",
    "HOLD_SECONDS": "1200",
    "PAYMENT_WINDOW_SECONDS": "1800",
    "UNPAID_ORDER_SECONDS": "86400",
    "DEFAULT_MODE": "reserve",
    "LOCATIONS": "main,spare",
    "KEEP_ENDED_DAYS": "90",
    "POWERTOOLS_SERVICE_NAME": "under_test",
    "POWERTOOLS_METRICS_NAMESPACE": "Holdfast/test",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "AWS_DEFAULT_REGION": "ap-southeast-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def work(environment: None) -> Iterator[Context]:
    """What the functions work with, as they make it themselves."""
    from holdfast.runtime import telemetry, wiring

    caches: list[Any] = [wiring.settings, wiring.open_context, telemetry.metrics]
    for cache in caches:
        cache.cache_clear()
    with mock_aws():
        import boto3

        from local import table

        table.create(boto3.client("dynamodb"))
        yield wiring.open_context()
    for cache in caches:
        cache.cache_clear()


@pytest.fixture
def api(work: Context) -> Api:
    from functions.hold_stock.handler import handle as hold_stock
    from functions.manage_stock.handler import handle as manage_stock
    from holdfast.runtime.routes import HOLD, ROUTES, UNKNOWN

    handlers = {route.key: hold_stock if route.function == HOLD else manage_stock for route in ROUTES}
    return Api({**handlers, UNKNOWN: manage_stock})


@pytest.fixture
def shop(api: Api) -> Api:
    """The API of a shop that has ten mugs."""
    api("PUT /v1/skus/{sku}", {"name": "Mug"}, sku="mug")
    received = {"id": "receipt-1", "type": "receive", "location": "main", "quantity": 10}
    assert api("POST /v1/skus/{sku}/movements", received, sku="mug").status == 201
    return api
