"""Listings are kept in step on the running stack: every marketplace of the sandbox shows what it should."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.faces.all import FACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.stack import Stack

WAIT_SECONDS = 120

every_channel = pytest.mark.parametrize("channel", sorted(FACES))
on_shopee = pytest.mark.parametrize("channel", ["shopee"])


def said(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}"
    return answer.json()


@dataclass(frozen=True)
class Stall:
    """One shop that is pushed on each change, with one listing of ten teas."""

    stack: Stack
    api: httpx.Client
    door: httpx.Client
    channel: str
    shop: str
    sku: str
    listing: str

    @property
    def path(self) -> str:
        return f"/shops/{self.channel}/{self.shop}"

    @property
    def listing_path(self) -> str:
        return f"/v1/listings/{self.channel}/{self.shop}/{self.listing}"

    def count(self, units: int) -> None:
        body = {"id": f"count-{uuid.uuid4().hex}", "type": "count", "location": "main", "quantity": units}
        said(self.api.post(f"/v1/skus/{self.sku}/movements", json=body))

    def set(self, **sync: object) -> dict[str, Any]:
        found: dict[str, Any] = said(self.api.put(f"/v1{self.path}", json={"poll_seconds": 86_400, "sync": sync}))
        return found

    def shows(self) -> int:
        [found] = said(self.door.get(f"{self.path}/listings"))["listings"]
        return int(found["quantity"])

    def sync(self) -> dict[str, Any]:
        found: dict[str, Any] = said(self.api.get(self.listing_path))["sync"]
        return found

    def run(self, name: str) -> dict[str, Any]:
        """As the shop's schedule does."""
        event = json.dumps({"channel": self.channel, "shop": self.shop, "run": name})
        answer = self.stack.aws("lambda").invoke(FunctionName=self.stack.functions["sync_shop"], Payload=event)
        assert "FunctionError" not in answer, answer["Payload"].read()
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        return found

    def wait_for(self, true: Callable[[], bool], *, what: str) -> None:
        ends = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < ends:
            if true():
                return
            time.sleep(0.5)
        calls = self.door.get(f"{self.path}/calls").text
        pytest.fail(f"not within {WAIT_SECONDS} s: {what}; shows {self.shows()}; sync {self.sync()}; calls {calls}")


@pytest.fixture(scope="module")
def door(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.sandbox["door"], timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def stall(stack: Stack, everything: httpx.Client, door: httpx.Client, channel: str) -> Iterator[Stall]:
    with opened_stall(stack, everything, door, channel, sku=f"TEA-{uuid.uuid4().hex[:8]}") as made:
        yield made


@contextlib.contextmanager
def opened_stall(
    stack: Stack, everything: httpx.Client, door: httpx.Client, channel: str, *, sku: str
) -> Iterator[Stall]:
    name = f"step-{uuid.uuid4().hex[:8]}"
    address = f"{stack.api_url}/webhooks/{channel}/{name}"
    opened = said(door.post("/shops", json={"channel": channel, "shop": name, "webhook_url": address}))
    secret = f"holdfast/{stack.parameters['Stage']}/{channel}/{name}"
    stack.aws("secretsmanager").create_secret(Name=secret, SecretString=json.dumps(opened["secret"]))
    said(everything.put(f"/v1/skus/{sku}", json={"name": "Tea"}))
    goods = {"title": "Tea", "merchant_sku": sku, "quantity": 10, "price": 199_000}
    listing = said(door.post(f"/shops/{channel}/{name}/listings", json={"listings": [goods]}))["listings"][0]
    key = listing["key"] if isinstance(listing, dict) else listing
    made = Stall(stack, everything, door, channel, name, sku, key)
    made.count(10)
    made.set(mode="continuous")
    said(everything.put(made.listing_path, json={"components": [{"sku": sku, "quantity": 1}]}))
    yield made
    said(everything.delete(f"/v1{made.path}"))
    stack.aws("secretsmanager").delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


@every_channel
def test_a_change_of_stock_is_shown_by_the_marketplace_and_so_is_nothing(stall: Stall) -> None:
    stall.count(4)
    stall.wait_for(lambda: stall.shows() == 4, what="four")
    stall.count(0)
    stall.wait_for(lambda: stall.shows() == 0, what="none")
    stall.count(7)
    stall.wait_for(lambda: stall.shows() == 7 and stall.sync()["acknowledged"] == 7, what="seven")
    told = said(stall.api.get(f"{stall.listing_path}/passport"))
    assert told["sentence"].startswith(f"{stall.channel}/{stall.shop}/{stall.listing} shows 7: all 7 that {stall.sku}")


@on_shopee
def test_the_shops_schedule_is_stored_as_it_was_set_and_goes_with_the_shop(stall: Stall) -> None:
    scheduler, group = stall.stack.aws("scheduler"), stall.stack.functions["sync_shop"].removesuffix("-sync_shop")
    name = f"{group}-{stall.channel}-{stall.shop}"
    stall.set(mode="daily", at="04:00", time_zone="Europe/Berlin")
    stored = scheduler.get_schedule(Name=name, GroupName=group)
    assert stored["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert stored["ScheduleExpression"].endswith(" 4 * * ? *)")
    assert stored["Target"]["DeadLetterConfig"]["Arn"]
    stall.set(mode="session", every_minutes=240)
    assert scheduler.get_schedule(Name=name, GroupName=group)["ScheduleExpression"].endswith("/4 * * ? *)")


@on_shopee
def test_a_shop_with_runs_shows_what_it_should_after_its_run_and_zero_at_once(stall: Stall) -> None:
    stall.wait_for(lambda: stall.sync()["state"] == "in_step", what="in step before the test")
    stall.set(mode="session", threshold=2)
    stall.count(6)
    time.sleep(3)  # long enough for a push that should not be
    assert stall.shows() == 10
    assert stall.run(f"run-{uuid.uuid4().hex}")["asked"] == 1
    stall.wait_for(lambda: stall.shows() == 6, what="six, after the run")
    stall.count(2)
    stall.wait_for(lambda: stall.shows() == 0, what="none, at the threshold")


@on_shopee
def test_a_shop_that_is_down_is_brought_up_to_date_when_it_is_back(stall: Stall) -> None:
    stall.wait_for(lambda: stall.sync()["state"] == "in_step", what="in step before the test")
    said(stall.door.put(f"{stall.path}/faults", json={"down": True}))
    for units in (9, 8, 3):
        stall.count(units)
        time.sleep(0.5)
    stall.wait_for(lambda: stall.sync()["attempts"] > 0, what="a push that failed")
    said(stall.door.put(f"{stall.path}/faults", json={"down": False}))
    stall.wait_for(lambda: stall.shows() == 3, what="three, once it is back")


def test_a_sku_that_many_change_at_once_has_one_push_in_flight_in_each_shop_and_ends_at_its_number(
    stack: Stack, everything: httpx.Client, door: httpx.Client
) -> None:
    sku, changes = f"TEA-{uuid.uuid4().hex[:8]}", 60
    with contextlib.ExitStack() as street:
        stalls = [
            street.enter_context(opened_stall(stack, everything, door, channel, sku=sku))
            for channel in ("shopee", "lazada", "woocommerce")
        ]
        for each in stalls:
            each.wait_for(lambda each=each: each.sync()["state"] == "in_step", what="in step before the test")  # type: ignore[misc]  # bound now
            said(door.put(f"{each.path}/faults", json={"answer_after_s": 0.5, "on": ["stock"]}))

        def receive(numbers: range) -> None:
            of_one = {"type": "receive", "sku": sku, "location": "main", "quantity": 1}
            body = {"movements": [{"id": f"{sku}-{number}", **of_one} for number in numbers]}
            # A local stack that is busy with all of it takes its time.
            told = said(everything.post("/v1/movements", json=body, timeout=90))["results"]
            assert {each["status"] for each in told} == {201}

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(receive, [range(start, start + 5) for start in range(0, changes, 5)]))
        for each in stalls:
            each.wait_for(lambda each=each: each.shows() == 10 + changes, what="all that came")  # type: ignore[misc]  # bound now
            counted = said(door.get(f"{each.path}/calls"))
            assert counted["most_writes_at_once"] == 1
            assert sum(call["count"] for call in counted["calls"]) < changes
