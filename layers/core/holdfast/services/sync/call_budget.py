"""A shop's budget of calls, kept in the table: all workers together stay below what the marketplace lets through.

And its rest: a shop that fails as a whole is left alone for a while, so that it holds up nobody else.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from holdfast.channels.protocol import ChannelError
from holdfast.channels.sheet import Kind, Sheet
from holdfast.domain.push import wait_s
from holdfast.domain.shop import ShopKey
from holdfast.services.context import Context
from holdfast.store.times import from_ms, to_ms

TAKE_TRIES = 6
# Further ahead than this no place is taken: the listings go back into the queue until then.
MOST_AHEAD_S = 2.0
REAUTHORISE_REST_S = 1_800.0
_RESETS = re.compile(r"(\d\d):(\d\d) UTC([+-]\d{1,2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """`calls` may be made from `start` on, one every `every`. `free_at`: when there are more."""

    calls: int
    start: datetime
    every: timedelta
    free_at: datetime


def take_places(context: Context, shop: ShopKey, sheet: Sheet, *, wanted: int, now: datetime) -> Places:
    """Up to `wanted` places in the shop's budget, as many as begin soon."""
    every_ms = max(1, round(1000 / sheet.calls_per_second))
    now_ms = to_ms(now)
    for _ in range(TAKE_TRIES):
        seen = context.ledger.syncs.pushing(shop)
        start_ms = max(now_ms, seen.next_ms)
        soon = (now_ms + int(MOST_AHEAD_S * 1000) - start_ms) // every_ms + 1
        calls = max(0, min(wanted, soon))
        following = start_ms + calls * every_ms
        if calls == 0 or context.ledger.syncs.take_calls(shop, seen, next_ms=following):
            return Places(
                calls=calls,
                start=from_ms(start_ms),
                every=timedelta(milliseconds=every_ms),
                free_at=from_ms(following),
            )
    return Places(calls=0, start=now, every=timedelta(milliseconds=every_ms), free_at=now + timedelta(seconds=1))


def rest_after(
    context: Context, shop: ShopKey, sheet: Sheet, error: ChannelError, *, chance: float, now: datetime
) -> datetime:
    """Leave the shop alone until the time that is answered."""
    seen = context.ledger.syncs.pushing(shop)
    seconds = wait_s(seen.failures, chance)
    if error.kind is Kind.REAUTHORISE:
        seconds = REAUTHORISE_REST_S
    if error.retry_after_s is not None:
        seconds = max(seconds, error.retry_after_s)
    until = now + timedelta(seconds=seconds)
    if error.kind is Kind.DAILY_QUOTA and error.retry_after_s is None:
        until = quota_reset(sheet.quota_resets, now=now)
    context.ledger.syncs.note(shop, held_until=until, held_why=error.code, failures=seen.failures + 1)
    context.count("ShopsHeld", 1)
    return until


def quota_reset(told: str | None, *, now: datetime) -> datetime:
    """When a day's calls are given anew, as in `00:00 UTC+8`; where the marketplace does not say, in an hour."""
    found = _RESETS.fullmatch(told or "")
    if not found:
        return now + timedelta(hours=1)
    hour, minute, ahead = (int(part or 0) for part in found.groups())
    local = now.astimezone(timezone(timedelta(hours=ahead)))
    reset = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (reset if reset > local else reset + timedelta(days=1)).astimezone(UTC)


def end_rest(context: Context, shop: ShopKey) -> None:
    """The shop answers again."""
    context.ledger.syncs.note(shop, held_until=None, held_why=None, failures=None)
