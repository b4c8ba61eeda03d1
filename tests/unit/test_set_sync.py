"""Settings of sync: a shop's schedule follows them, and what cannot be is refused field by field."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from holdfast.domain.errors import BadInput, Unavailable, UnknownListing, UnknownShop
from holdfast.domain.listing import ListingKey
from holdfast.domain.schedules import Schedule, Session, schedule
from holdfast.domain.shop import ShopKey
from holdfast.domain.shop_sync import ShopSync
from holdfast.domain.sync import Overrides, Rules, SyncMode
from holdfast.services.sync.set_sync import end_sync, keep_schedule, set_listing, set_sync, view_sync
from holdfast.store.scheduler import ShopSchedules, Target
from tests.support.sync_floor import LISTING, SyncFloor

HANOI = ShopKey("shopee", "hanoi")
TARGET = Target(
    arn="arn:aws:lambda:ap-southeast-1:123456789012:function:shop-sync_shop",
    role_arn="arn:aws:iam::123456789012:role/shop-schedules",
    failures_arn="arn:aws:sqs:ap-southeast-1:123456789012:shop-failures",
    group="shop",
    prefix="shop",
)


@dataclass
class Written:
    """Schedules in memory."""

    kept: dict[ShopKey, Schedule] = field(default_factory=dict)

    def put(self, shop: ShopKey, schedule: Schedule) -> None:
        self.kept[shop] = schedule

    def delete(self, shop: ShopKey) -> None:
        self.kept.pop(shop, None)


def test_saving_settings_schedules_the_shops_runs() -> None:
    floor, written = SyncFloor(), Written()
    daily = ShopSync(rules=Rules(mode=SyncMode.DAILY), at=time(4, 0))
    view = set_sync(floor.world.context, written, floor.shop, daily)
    assert written.kept[floor.shop].zone == "Asia/Ho_Chi_Minh"
    assert view.sync == daily
    assert view.next_run.date() == datetime(2026, 3, 4, tzinfo=UTC).date()
    assert (21, 0) <= (view.next_run.hour, view.next_run.minute) < (21, 10)
    four_hours = ShopSync(every_minutes=240)
    set_sync(floor.world.context, written, floor.shop, four_hours)
    assert written.kept[floor.shop].expression.endswith("/4 * * ? *)")
    end_sync(floor.world.context, written, floor.shop)
    assert written.kept == {}
    assert view_sync(floor.world.context, floor.shop).sync == ShopSync()


def test_a_shop_that_was_connected_without_settings_runs_as_usual() -> None:
    floor, written = SyncFloor(), Written()
    floor.world.context.ledger.syncs.delete(floor.shop)
    keep_schedule(floor.world.context, written, floor.shop)
    assert written.kept[floor.shop] == schedule(Session(every_minutes=15), shop=str(floor.shop))


@pytest.mark.parametrize(
    ("sync", "wrong"),
    [
        (ShopSync(every_minutes=30), {"every_minutes"}),
        (ShopSync(zone="Hanoi"), {"time_zone"}),
        (ShopSync(verify_percent=101), {"verify_percent"}),
        (ShopSync(rules=Rules(ratio=0, maximum=0), at=time(4, 0, 30)), {"ratio", "maximum", "at"}),
    ],
)
def test_settings_that_cannot_be_are_refused_and_nothing_is_written(sync: ShopSync, wrong: set[str]) -> None:
    floor, written = SyncFloor(), Written()
    before = view_sync(floor.world.context, floor.shop)
    with pytest.raises(BadInput) as refused:
        set_sync(floor.world.context, written, floor.shop, sync)
    assert {each.field for each in refused.value.fields} == {f"sync.{name}" for name in wrong}
    assert view_sync(floor.world.context, floor.shop) == before
    assert written.kept == {}


def test_only_a_shop_that_is_connected_has_settings() -> None:
    with pytest.raises(UnknownShop):
        set_sync(SyncFloor().world.context, Written(), ShopKey("lazada", "nobody"), ShopSync())


def test_a_listings_own_settings_are_pushed_at_once() -> None:
    floor = SyncFloor(rules=Rules(mode=SyncMode.SESSION))
    floor.stock("kettle", 10)
    set_listing(floor.planning(), ListingKey(floor.shop, LISTING), own=Overrides(ratio=50), approved_price=Decimal(5))
    floor.settle()
    assert floor.shows() == 5
    assert floor.state().own == Overrides(ratio=50)
    assert floor.state().approved_price == Decimal(5)
    set_listing(floor.planning(), ListingKey(floor.shop, LISTING), own=Overrides())
    floor.settle()
    assert floor.shows() == 10


def test_a_listing_cannot_have_sessions_in_a_shop_with_one_run_a_day() -> None:
    floor = SyncFloor(rules=Rules(mode=SyncMode.DAILY))
    floor.stock("kettle", 10)
    with pytest.raises(BadInput, match="mode"):
        set_listing(floor.planning(), ListingKey(floor.shop, LISTING), own=Overrides(mode=SyncMode.SESSION))
    with pytest.raises(UnknownListing):
        set_listing(floor.planning(), ListingKey(floor.shop, "404~0"))


# ---- EventBridge Scheduler


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        made = boto3.client("scheduler", region_name="ap-southeast-1")
        made.create_schedule_group(Name="shop")
        yield made


def test_what_is_stored_is_the_expression_its_zone_its_retries_and_its_dead_letter_queue(client: Any) -> None:
    schedules = ShopSchedules(client, TARGET)
    made = schedule(ShopSync(rules=Rules(mode=SyncMode.DAILY)).plan, shop=str(HANOI))
    schedules.put(HANOI, made)
    stored = client.get_schedule(Name="shop-shopee-hanoi", GroupName="shop")
    assert (stored["ScheduleExpression"], stored["ScheduleExpressionTimezone"]) == (made.expression, made.zone)
    assert stored["State"] == "ENABLED"
    assert stored["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = stored["Target"]
    assert (target["Arn"], target["RoleArn"]) == (TARGET.arn, TARGET.role_arn)
    assert target["DeadLetterConfig"] == {"Arn": TARGET.failures_arn}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 10}
    assert json.loads(target["Input"]) == {
        "channel": "shopee",
        "shop": "hanoi",
        "run": "<aws.scheduler.execution-id>",
    }


def test_a_schedule_is_changed_in_place_and_goes_with_its_shop(client: Any) -> None:
    schedules = ShopSchedules(client, TARGET)
    schedules.put(HANOI, schedule(Session(every_minutes=15), shop=str(HANOI)))
    hourly = schedule(Session(every_minutes=60), shop=str(HANOI))
    schedules.put(HANOI, hourly)
    [listed] = client.list_schedules(GroupName="shop")["Schedules"]
    stored = client.get_schedule(Name=listed["Name"], GroupName="shop")
    assert stored["ScheduleExpression"] == hourly.expression
    schedules.delete(HANOI)
    schedules.delete(HANOI)
    assert client.list_schedules(GroupName="shop")["Schedules"] == []


def test_a_name_is_never_too_long_and_never_another_shops() -> None:
    schedules = ShopSchedules(None, replace(TARGET, prefix="holdfast-prod"))
    long = [ShopKey("tiktok_shop", "x" * 63 + last) for last in "ab"]
    names = [schedules.name(each) for each in long]
    assert len(set(names)) == 2
    assert all(len(name) <= 64 and name.startswith("holdfast-prod-") for name in names)
    assert schedules.name(HANOI) == "holdfast-prod-shopee-hanoi"


class Refusing:
    """A Scheduler whose calls fail as told."""

    def __init__(self, **errors: Exception) -> None:
        self.errors = errors
        self.called: list[str] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**_: object) -> None:
            self.called.append(operation)
            error = self.errors.get(operation)
            if error is not None:
                raise error

        return call


def coded(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "operation")


def test_two_that_create_the_same_schedule_at_once_both_succeed() -> None:
    client = Refusing(update_schedule=coded("ResourceNotFoundException"), create_schedule=coded("ConflictException"))
    with pytest.raises(Unavailable):
        ShopSchedules(client, TARGET).put(HANOI, schedule(Session(every_minutes=15), shop=str(HANOI)))
    assert client.called == ["update_schedule", "create_schedule", "update_schedule"]


@pytest.mark.parametrize("error", [coded("ThrottlingException"), EndpointConnectionError(endpoint_url="http://x")])
def test_what_scheduler_did_not_do_is_to_be_sent_again(error: Exception) -> None:
    schedules = ShopSchedules(Refusing(update_schedule=error, delete_schedule=error), TARGET)
    with pytest.raises(Unavailable):
        schedules.put(HANOI, schedule(Session(every_minutes=15), shop=str(HANOI)))
    with pytest.raises(Unavailable):
        schedules.delete(HANOI)
