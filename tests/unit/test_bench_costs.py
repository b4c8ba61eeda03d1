"""The bench on an in-process table: which calls each command makes. Units and time are left to `make bench`."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws

from bench import commands, expiry, own_time, plain, world
from bench.meter import Cost


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    with mock_aws():
        yield SimpleNamespace(endpoint_url=None)


@pytest.fixture(scope="module")
def costs(engine: Any) -> dict[str, Cost]:
    return commands.costs(world.open_world(engine, name="commands", clock=world.Clock()))


@pytest.mark.parametrize(
    ("command", "sequence"),
    [
        ("hold, busy SKU", "TransactWrite"),
        ("hold, 10 lines", "TransactWrite"),
        ("hold, sent again", "TransactWrite!"),
        ("submit, on_payment", "GetItem → TransactWrite"),
        ("refused, the first to find it sold out", "TransactWrite! → GetItem"),
        ("refused, within a second of that look", "GetItem"),
        ("begin payment", "GetItem → TransactWrite"),
        ("commit, held", "GetItem → TransactWrite"),
        ("commit, sent again", "GetItem"),
        ("release, held", "GetItem → TransactWrite"),
        ("ship", "GetItem → TransactWrite"),
        ("hold with a budget, buyer never seen", "TransactWrite"),
        ("hold with a budget, buyer seen before", "GetItem → TransactWrite"),
        ("commit, with a budget", "GetItem → GetItem → TransactWrite"),
        ("release, with a budget", "GetItem → GetItem → TransactWrite"),
        ("refused by the budget, noted once a minute", "GetItem → BatchGetItem → GetItem → PutItem"),
        ("refused by the budget again", "GetItem → BatchGetItem → GetItem"),
    ],
)
def test_each_command_makes_the_calls_it_needs_and_no_more(costs: dict[str, Cost], command: str, sequence: str) -> None:
    assert costs[command].sequence == sequence


def test_a_minute_with_many_holds_ends_in_one_fold_and_one_removed_row(engine: Any) -> None:
    many = expiry.minute_of(world.open_world(engine, name="many", clock=world.Clock()), holds=7, sku="mug")
    assert (many.folds, many.writes_in_sweep) == (1, 2)


def test_the_plain_alternative_ends_each_hold_by_a_transaction_of_its_own(engine: Any) -> None:
    assert plain.costs(engine, holds=7)["expiry"].write_calls == 7


def test_the_timed_event_is_a_hold_of_one_line() -> None:
    event = own_time.event_of("order-1")
    assert event["routeKey"] == "PUT /v1/reservations/{id}"
    assert event["pathParameters"] == {"id": "order-1"}
