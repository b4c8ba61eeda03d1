"""Tables to test on: moto in this process, MiniStack in one of its own, DynamoDB Local where its address is given."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws

from holdfast.store.dynamodb import DynamoTable, make_client
from local import engine, table

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"


def wait_no_time(_attempt: int) -> None:
    """Between attempts of our own. No test depends on how long."""


@pytest.fixture(scope="session", autouse=True)
def _credentials() -> Iterator[None]:
    """Words that open nothing; no client of a test finds others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.delenv("AWS_PROFILE", raising=False)
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield


@pytest.fixture
def moto_client() -> Iterator[Any]:
    """The client as the functions make it, on an empty table named `holdfast`."""
    with mock_aws():
        client = make_client(region=REGION)
        table.create(client)
        yield client


@pytest.fixture
def moto_table(moto_client: Any) -> DynamoTable:
    return DynamoTable(moto_client, "holdfast", wait=wait_no_time)


@pytest.fixture(scope="session")
def ministack() -> Iterator[engine.Engine]:
    with engine.start() as running:
        table.create(running.client("dynamodb"))
        yield running


@pytest.fixture(scope="session")
def engine_client(request: pytest.FixtureRequest) -> Any:
    """A client of the engine that the test names: `ministack` or `dynamodb_local`."""
    if request.param == "ministack":
        running: engine.Engine = request.getfixturevalue("ministack")
        return make_client(endpoint_url=running.endpoint_url, region=REGION)
    address = os.environ.get("DYNAMODB_LOCAL_URL")
    if address is None:
        pytest.skip("DynamoDB Local is opt-in: DYNAMODB_LOCAL=1 make test")
    client = make_client(endpoint_url=address, region=REGION)
    if "holdfast" not in client.list_tables()["TableNames"]:
        table.create(client)
    return client
