"""When runs are: expressions for EventBridge Scheduler, and the next run over both changes of the clocks."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest

from holdfast.domain.schedules import (
    DAILY_SPREAD_MINUTES,
    SESSION_MINUTES,
    Daily,
    Plan,
    Session,
    known_zone,
    next_run,
    offset_s,
    schedule,
    valid_expression,
    wrong_plan,
)

SHOPS = [f"shopee/{number}" for number in range(3_000)]
FOUR_IN_HANOI = Daily(at=time(4, 0), zone="Asia/Ho_Chi_Minh")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# A shop whose daily run starts on the minute, so that examples are easy to follow.
PUNCTUAL = next(shop for shop in SHOPS if offset_s(shop, within_s=DAILY_SPREAD_MINUTES) == 0)


def daily(at: time, zone: str, after: str) -> datetime:
    return next_run(Daily(at=at, zone=zone), shop=PUNCTUAL, after=utc(after))


# ---- The next run


def test_four_in_the_morning_in_vietnam_is_nine_in_the_evening_before_in_greenwich() -> None:
    assert daily(time(4, 0), "Asia/Ho_Chi_Minh", "2026-03-04T12:00") == utc("2026-03-04T21:00")
    assert daily(time(4, 0), "Asia/Ho_Chi_Minh", "2026-03-04T21:00") == utc("2026-03-05T21:00")
    assert daily(time(4, 0), "Asia/Ho_Chi_Minh", "2026-03-04T20:59:59") == utc("2026-03-04T21:00")


def test_where_clocks_go_forward_the_local_time_stays_and_the_day_is_an_hour_shorter() -> None:
    before = daily(time(4, 0), "Europe/Berlin", "2026-03-27T12:00")
    after = daily(time(4, 0), "Europe/Berlin", "2026-03-28T12:00")
    assert (before, after) == (utc("2026-03-28T03:00"), utc("2026-03-29T02:00"))


def test_where_clocks_go_back_the_local_time_stays_and_the_day_is_an_hour_longer() -> None:
    before = daily(time(4, 0), "America/New_York", "2026-10-31T00:00")
    after = daily(time(4, 0), "America/New_York", "2026-10-31T12:00")
    assert (before, after) == (utc("2026-10-31T08:00"), utc("2026-11-01T09:00"))


def test_a_time_that_the_clocks_leave_out_has_no_run_that_day() -> None:
    assert daily(time(2, 30), "Europe/Berlin", "2026-03-28T01:29") == utc("2026-03-28T01:30")
    assert daily(time(2, 30), "Europe/Berlin", "2026-03-28T02:00") == utc("2026-03-30T00:30")


def test_a_time_that_comes_twice_has_one_run() -> None:
    first = daily(time(2, 30), "Europe/Berlin", "2026-10-24T12:00")
    assert first == utc("2026-10-25T00:30")
    assert daily(time(2, 30), "Europe/Berlin", "2026-10-25T00:30") == utc("2026-10-26T01:30")


@pytest.mark.parametrize(
    "zone", ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
)
@pytest.mark.parametrize("at", [time(0, 0), time(2, 0), time(4, 0), time(23, 55)])
@pytest.mark.parametrize("shop", SHOPS[:4])
def test_over_a_year_there_is_a_run_on_every_local_day_but_those_without_the_time(
    zone: str, at: time, shop: str
) -> None:
    plan, now, runs = Daily(at=at, zone=zone), utc("2026-01-01T00:00"), 0
    while now < utc("2027-01-01T00:00"):
        following = next_run(plan, shop=shop, after=now)
        assert now < following <= now + timedelta(days=2, hours=2)
        now, runs = following, runs + 1
    assert 365 <= runs <= 366 or (runs == 364 and at == time(2, 0))


@pytest.mark.parametrize("minutes", SESSION_MINUTES)
def test_runs_of_a_session_are_as_far_apart_as_was_set(minutes: int) -> None:
    now = utc("2026-03-04T12:00")
    times = [now := next_run(Session(every_minutes=minutes), shop="lazada/7", after=now) for _ in range(100)]
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(minutes=minutes)}


# ---- Expressions


def matches(expression: str, at: datetime) -> bool:
    """Whether a cron of minutes and hours starts at this local time; written anew from AWS's description."""
    minutes, hours = expression.removeprefix("cron(").split()[:2]

    def fits(told: str, value: int) -> bool:
        if told == "*":
            return True
        start, _, every = told.partition("/")
        return value == int(start) if not every else value >= int(start) and (value - int(start)) % int(every) == 0

    return fits(minutes, at.minute) and fits(hours, at.hour)


@pytest.mark.parametrize("plan", [*(Session(every_minutes=each) for each in SESSION_MINUTES), FOUR_IN_HANOI])
@pytest.mark.parametrize("shop", SHOPS[:25])
def test_the_expression_starts_exactly_when_the_next_run_is_shown(plan: Plan, shop: str) -> None:
    made = schedule(plan, shop=shop)
    shift = timedelta(hours=7) if made.zone == "Asia/Ho_Chi_Minh" else timedelta(0)
    start = utc("2026-03-04T00:00")
    fired = [
        at
        for at in (start + timedelta(minutes=each) for each in range(1, 1 + 24 * 60))
        if matches(made.expression, at + shift)
    ]
    shown: list[datetime] = []
    now = start
    while (now := next_run(plan, shop=shop, after=now)) <= start + timedelta(days=1):
        shown.append(now)
    assert fired == shown
    assert shown


def test_a_daily_run_is_told_in_the_shops_own_zone_and_a_session_in_greenwich() -> None:
    assert schedule(FOUR_IN_HANOI, shop="shopee/1").zone == "Asia/Ho_Chi_Minh"
    assert schedule(Session(every_minutes=15), shop="shopee/1").zone == "UTC"


def test_a_daily_run_starts_within_minutes_after_the_time_also_over_midnight() -> None:
    late = Daily(at=time(23, 55), zone="UTC")
    starts = {next_run(late, shop=shop, after=utc("2026-03-04T12:00")) for shop in SHOPS}
    assert min(starts) == utc("2026-03-04T23:55")
    assert max(starts) == utc("2026-03-05T00:04")


@pytest.mark.parametrize("plan", [Session(every_minutes=15), Session(every_minutes=240), FOUR_IN_HANOI])
def test_three_thousand_shops_do_not_start_in_the_same_second(plan: Plan) -> None:
    begins = Counter(
        next_run(plan, shop=shop, after=utc("2026-03-04T00:00")) + timedelta(seconds=schedule(plan, shop=shop).delay_s)
        for shop in SHOPS
    )
    fair = len(SHOPS) / (60 * (DAILY_SPREAD_MINUTES if isinstance(plan, Daily) else plan.every_minutes))
    assert max(begins.values()) <= 4 * fair + 8


def test_a_shop_keeps_its_place_in_every_process() -> None:
    assert offset_s("shopee/123", within_s=900) == 222


@pytest.mark.parametrize(
    "expression",
    [
        "cron(60 * * * ? *)",
        "cron(15/15 * * * ? *)",
        "cron(7/15 3 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 4/4 * * ? *)",
        "cron(0 4 * * * *)",
        "cron(0 4 ? * * *)",
        "cron(0 4 * *)",
        "rate(0 minutes)",
        "rate(15 minutes)",
        "cron(a * * * ? *)",
        "every morning",
        "",
    ],
)
def test_an_expression_that_is_not_one_of_ours_is_never_sent(expression: str) -> None:
    assert not valid_expression(expression)


# ---- Plans


@pytest.mark.parametrize(
    ("plan", "wrong"),
    [
        (Session(every_minutes=15), set()),
        (Session(every_minutes=30), {"every_minutes"}),
        (Session(every_minutes=0), {"every_minutes"}),
        (FOUR_IN_HANOI, set()),
        (Daily(at=time(4, 0, 1), zone="UTC"), {"at"}),
        (Daily(at=time(4, 0, tzinfo=UTC), zone="UTC"), {"at"}),
        (Daily(at=time(4, 0), zone="Asia/Atlantis"), {"time_zone"}),
        (Daily(at=time(4, 0), zone="../../etc/passwd"), {"time_zone"}),
        (Daily(at=time(4, 0), zone="Asia"), {"time_zone"}),
        (Daily(at=time(4, 0), zone=""), {"time_zone"}),
        (Daily(at=time(4, 0, 1), zone="+07:00"), {"at", "time_zone"}),
    ],
)
def test_a_plan_that_is_wrong_is_told_field_by_field_and_never_scheduled(plan: Plan, wrong: set[str]) -> None:
    assert {each.field for each in wrong_plan(plan)} == wrong
    if wrong:
        with pytest.raises(ValueError, match="|".join(wrong)):
            schedule(plan, shop="shopee/1")


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC"])
def test_zones_of_the_database_are_known(zone: str) -> None:
    assert known_zone(zone)
