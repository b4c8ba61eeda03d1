"""The functions on a table in memory (moto), with the environment that the template gives them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from moto import mock_aws

from holdfast.channels.protocol import ChannelError, Request
from holdfast.channels.sheet import Kind
from tests.support.fake_scheduler import FakeSchedulerClient
from tests.support.fake_secrets import FakeSecretsClient
from tests.support.fake_sqs import FakeSqsClient
from tests.support.fake_table import FakeTable
from tests.support.gateway import Api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    "ORDERS_QUEUE_URL": "https://orders",
    "ORDERS_FAILURES_URL": "https://orders-failures",
    "POLL_QUEUE_URL": "https://polls",
    "POLL_FAILURES_URL": "https://poll-failures",
    "PUSH_QUEUE_URL": "https://pushes",
    "PUSH_FAILURES_URL": "https://push-failures",
    "PUSH_HORIZON_SECONDS": "120",
    "SYNC_FUNCTION_ARN": "arn:aws:lambda:ap-southeast-1:123456789012:function:test-sync_shop",
    "SYNC_SCHEDULE_ROLE_ARN": "arn:aws:iam::123456789012:role/test-schedules",
    "SYNC_FAILURES_ARN": "arn:aws:sqs:ap-southeast-1:123456789012:test-failures",
    "SYNC_SCHEDULE_GROUP": "test",
    "SYNC_SCHEDULE_PREFIX": "test",
    "REFUND_SECONDS": "259200",
    "HOLD_BUDGET": "scarce",
    "BUYER_LIMITS": "open_holds=5,reholds=10,held_minutes=480",
    "SKU_LIMITS": "open_holds=2,reholds=3,held_minutes=180,pause_seconds=300",
    "BUDGET_WINDOW_SECONDS": "86400",
    "RISK_RULES": "no_paid_order:monitor:30,just_registered:monitor:30:7,inactive:off:30:30,rarely_pays:on:30:75",
    "RISK_ACTIONS": "floor=60,shorter_hold=60,refuse=90",
    "SHORT_HOLD_SECONDS": "600",
    "POWERTOOLS_SERVICE_NAME": "under_test",
    "POWERTOOLS_METRICS_NAMESPACE": "Holdfast/test",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "AWS_DEFAULT_REGION": "ap-southeast-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """The client that the functions make, once: it takes longer than most tests. Made after moto was imported."""
    from holdfast.store.dynamodb import make_client

    with pytest.MonkeyPatch.context() as patch:
        _set(patch)
        yield make_client()


@pytest.fixture
def sqs() -> FakeSqsClient:
    return FakeSqsClient()


@pytest.fixture
def secrets() -> FakeSecretsClient:
    return FakeSecretsClient()


@pytest.fixture
def scheduler() -> FakeSchedulerClient:
    return FakeSchedulerClient()


@pytest.fixture
def work(
    monkeypatch: pytest.MonkeyPatch, sqs: FakeSqsClient, secrets: FakeSecretsClient, scheduler: FakeSchedulerClient
) -> Iterator[Context]:
    """What the functions work with, on a table that is held to DynamoDB's ways by tests of its own."""
    from holdfast.runtime import marketplaces, wiring

    fakes = {"sqs": sqs, "secretsmanager": secrets, "scheduler": scheduler}
    monkeypatch.setattr(marketplaces, "make_client", fakes.__getitem__)

    monkeypatch.setattr(wiring, "make_client", lambda: None)
    monkeypatch.setattr(wiring, "DynamoTable", lambda *_: FakeTable())
    yield from _opened(monkeypatch)


@pytest.fixture
def work_on_moto(
    client: Any,
    monkeypatch: pytest.MonkeyPatch,
    sqs: FakeSqsClient,
    secrets: FakeSecretsClient,
    scheduler: FakeSchedulerClient,
) -> Iterator[Context]:
    """What the functions work with, down to the client of the table; no marketplace is there."""
    from holdfast.runtime import marketplaces, wiring
    from local import table

    fakes = {"sqs": sqs, "secretsmanager": secrets, "scheduler": scheduler}
    monkeypatch.setattr(marketplaces, "make_client", fakes.__getitem__)
    monkeypatch.setattr(marketplaces, "open_send", lambda: no_marketplace)
    monkeypatch.setattr(wiring, "make_client", lambda: client)
    with mock_aws():
        table.create(client, "holdfast")
        yield from _opened(monkeypatch)


def no_marketplace(_: Request) -> NoReturn:
    raise ChannelError(Kind.PASSING, "no_connection", "there is no marketplace")


def _opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    from holdfast.runtime import marketplaces, pushing, telemetry, wiring

    _set(monkeypatch)
    caches: list[Any] = [wiring.settings, wiring.open_context, marketplaces.open_intake, telemetry.metrics]
    caches += [pushing.open_planning, pushing.open_syncing]
    for cache in caches:
        cache.cache_clear()
    yield wiring.open_context()
    for cache in caches:
        cache.cache_clear()


def _set(patch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)


@pytest.fixture
def api(work: Context) -> Api:  # noqa: ARG001  # it must be there first
    from functions.hold_stock.handler import handle as hold_stock
    from functions.manage_stock.handler import handle as manage_stock
    from holdfast.runtime.api.routes import HOLD, ROUTES, UNKNOWN

    handlers = {route.key: hold_stock if route.function == HOLD else manage_stock for route in ROUTES}
    return Api({**handlers, UNKNOWN: manage_stock})


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """The log lines written since the test began, parsed."""
    from holdfast.runtime.telemetry import logger

    stream = io.StringIO()
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def shop(api: Api) -> Api:
    """The API of a shop that has ten mugs."""
    api("PUT /v1/skus/{sku}", {"name": "Mug"}, sku="mug")
    received = {"id": "receipt-1", "type": "receive", "location": "main", "quantity": 10}
    assert api("POST /v1/skus/{sku}/movements", received, sku="mug").status == 201
    return api
