"""When a shop's runs are: as an expression of EventBridge Scheduler, and as the next time for people.

Scheduler takes nonsense on some engines and tells it late on others, so only what is rendered here is ever sent, and
it is checked here. Runs of many shops are spread by an offset that follows from the shop's name alone.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import FieldError

SESSION_MINUTES = (15, 60, 240)
# Shops with one daily time start within so many minutes after it.
DAILY_SPREAD_MINUTES = 10
# A shop that is pushed on each change is still looked at so often: what the stream lost is found then.
CATCH_UP_MINUTES = 60
HOUR_MINUTES, DAY_HOURS = 60, 24
DAY_MINUTES = DAY_HOURS * HOUR_MINUTES

_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+){0,2}")
_CRON = re.compile(r"cron\((\d{1,2})(?:/(15))? (?:(\d{1,2})(?:/(4))?|(\*)) \* \* \? \*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A run every 15, 60 or 240 minutes."""

    every_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """A run a day, at a local time. `zone`: a name of the IANA time zone database, such as `Asia/Ho_Chi_Minh`."""

    at: time
    zone: str


Plan = Session | Daily


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """As EventBridge Scheduler is told. `delay_s`: how much later than the minute the shop's pushes may begin."""

    expression: str
    zone: str
    delay_s: int


def wrong_plan(plan: Plan) -> list[FieldError]:
    if isinstance(plan, Session):
        allowed = ", ".join(map(str, SESSION_MINUTES))
        return [] if plan.every_minutes in SESSION_MINUTES else [FieldError("every_minutes", f"one of {allowed}")]
    wrong: list[FieldError] = []
    if plan.at.second or plan.at.microsecond or plan.at.tzinfo is not None:
        wrong.append(FieldError("at", "a local time in hours and minutes, as in 04:00"))
    if not known_zone(plan.zone):
        wrong.append(FieldError("time_zone", "a time zone's name, as in Asia/Ho_Chi_Minh"))
    return wrong


def known_zone(name: str) -> bool:
    if not _ZONE.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # a folder of the database is no zone, and its error depends on the system
        return False
    return True


def offset_s(shop: str, *, within_s: int) -> int:
    """The same for the same shop at any time and in any process, and spread evenly over many."""
    digest = hashlib.sha256(shop.encode()).digest()
    return int.from_bytes(digest[:8], "big") % within_s


def schedule(plan: Plan, *, shop: str) -> Schedule:
    """`shop`: what names the shop everywhere, as in `shopee/123`. Raises ValueError for a plan that is wrong."""
    wrong = wrong_plan(plan)
    if wrong:
        raise ValueError("; ".join(f"{each.field}: {each.expected}" for each in wrong))
    minute, zone, within = _start(plan, shop)
    hour, minute_of_hour = divmod(minute, HOUR_MINUTES)
    if isinstance(plan, Daily):
        when = f"{minute_of_hour} {hour}"
    else:
        when = {15: f"{minute_of_hour}/15 *", 60: f"{minute_of_hour} *", 240: f"{minute_of_hour} {hour}/4"}[within]
    expression = f"cron({when} * * ? *)"
    if not valid_expression(expression):
        raise ValueError(expression)
    return Schedule(expression=expression, zone=zone, delay_s=offset_s(f"{shop} second", within_s=60))


def _start(plan: Plan, shop: str) -> tuple[int, str, int]:
    """The minute of the day of the first run, its zone, and after how many minutes the runs repeat."""
    if isinstance(plan, Daily):
        spread = offset_s(shop, within_s=DAILY_SPREAD_MINUTES)
        return (plan.at.hour * HOUR_MINUTES + plan.at.minute + spread) % DAY_MINUTES, plan.zone, DAY_MINUTES
    return offset_s(shop, within_s=plan.every_minutes), "UTC", plan.every_minutes


def valid_expression(expression: str) -> bool:
    """Whether it is one of the forms made here, with its figures in range."""
    found = _CRON.fullmatch(expression)
    if not found:
        return False
    minute, quarter, hour, four, every_hour = found.groups()
    if quarter:
        return int(minute) < int(quarter) and bool(every_hour)
    return int(minute) < HOUR_MINUTES and (bool(every_hour) or int(hour) < (int(four) if four else DAY_HOURS))


def next_run(plan: Plan, *, shop: str, after: datetime) -> datetime:
    """The first run after this time, in UTC, as Scheduler has it.

    Where the clocks go forward over the time of a daily run, that day has none; where they go back, it runs once, the
    first time. (Time zones in EventBridge Scheduler, user guide: skipped in spring, not repeated in autumn.)
    """
    minute, zone, within = _start(plan, shop)
    if isinstance(plan, Session):
        midnight = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        passed = (after - midnight - timedelta(minutes=minute)) // timedelta(minutes=within)
        return midnight + timedelta(minutes=minute + (passed + 1) * within)
    local = ZoneInfo(zone)
    day = after.astimezone(local).date() - timedelta(days=1)
    for _ in range(5):  # yesterday, as the offset may pass midnight; and a day that is skipped
        at = datetime.combine(day, time(*divmod(minute, HOUR_MINUTES)), tzinfo=local)
        told = at.astimezone(UTC)
        if told > after and told.astimezone(local).replace(fold=0) == at:
            return told
        day += timedelta(days=1)
    raise ValueError(f"no run of {plan} within four days of {after}")  # no zone leaves out more than a day
