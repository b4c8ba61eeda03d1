"""How a shop is synced: its rules, and when its runs are."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from .errors import FieldError
from .schedules import CATCH_UP_MINUTES, Daily, Plan, Session, next_run, wrong_plan
from .sync import Overrides, Rules, SyncMode, wrong_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSync:
    """`every_minutes` is for sessions; `at` and `zone` for daily runs, and for listings that are pushed daily.

    `verify_percent`: how many of the listings are read back each day and compared; 100: all of them.
    """

    rules: Rules = field(default_factory=Rules)
    every_minutes: int = 15
    at: time = time(4, 0)
    zone: str = "Asia/Ho_Chi_Minh"
    verify_percent: int = 10

    @property
    def daily(self) -> Daily:
        return Daily(at=self.at, zone=self.zone)

    @property
    def plan(self) -> Plan:
        """When runs are. A shop that is pushed on each change has them too: they find what got lost."""
        match self.rules.mode:
            case SyncMode.DAILY:
                return self.daily
            case SyncMode.SESSION:
                return Session(every_minutes=self.every_minutes)
            case SyncMode.CONTINUOUS:
                return Session(every_minutes=CATCH_UP_MINUTES)


def wrong_sync(sync: ShopSync) -> list[FieldError]:
    """Every field that cannot be."""
    wrong = [*wrong_rules(sync.rules), *wrong_plan(Session(every_minutes=sync.every_minutes)), *wrong_plan(sync.daily)]
    if not 0 <= sync.verify_percent <= 100:  # noqa: PLR2004  # percent
        wrong.append(FieldError("verify_percent", "a whole number from 0 to 100"))
    return wrong


def wrong_overrides(own: Overrides, shop: ShopSync) -> list[FieldError]:
    wrong = wrong_rules(own)
    if own.mode is SyncMode.SESSION and shop.rules.mode is SyncMode.DAILY:
        wrong.append(FieldError("mode", "daily or continuous: the shop has one run a day"))
    return wrong


def in_this_run(mode: SyncMode, sync: ShopSync, *, shop: str, since: datetime | None, now: datetime) -> bool:
    """Whether a listing of this mode takes part in the shop's run of `now`, the one before having been at `since`.

    A listing that is pushed daily in a shop with more runs waits for the first one after the time of day.
    """
    if mode is not SyncMode.DAILY or sync.rules.mode is SyncMode.DAILY:
        return True
    return next_run(sync.daily, shop=shop, after=since or now - timedelta(days=1)) <= now
