"""A shop's run: ask for a push of every listing whose target differs from what was acknowledged.

It builds on the table alone, so it finds what the stream lost. Once a day a part of the listings, or all, is read
back: what the marketplace shows otherwise than it acknowledged is taken as what is shown.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from holdfast.channels.protocol import ChannelError, Shown
from holdfast.channels.sheet import Kind
from holdfast.domain import incident
from holdfast.domain.errors import Unavailable, UnknownShop
from holdfast.domain.listing import Listing, ListingKey
from holdfast.domain.push import Blocked, PushState, is_lost, left_after_failure
from holdfast.domain.schedules import schedule
from holdfast.domain.shop import Shop, ShopKey
from holdfast.domain.shop_sync import ShopSync, in_this_run
from holdfast.domain.sync import may_push, price_step
from holdfast.services.orders.shop_account import call_shop
from holdfast.store.incidents import open_action
from holdfast.store.listings import listing_from
from holdfast.store.table import Put

from .ask_pushes import Wish, ask
from .syncing import Planning, Syncing
from .targets import Looks, Made, make, places_of

if TYPE_CHECKING:
    from holdfast.store.table import Item

PAGE = 500
MOST_ASKED_AT_ONCE = 1_000
READ_BACK_AT_ONCE = 50
VERIFY_EVERY = timedelta(hours=23)
# What was refused for good is tried again once a day: whoever has set it right there may not tell us.
REFUSED_AGAIN_AFTER = timedelta(hours=23)


@dataclass(slots=True)
class Ran:
    """`listings` looked at, `differ` in their targets, pushes `asked` for, `left` for another call.

    `read_back`, of them `drifted`. `levels` read, each once. `finished`: nothing was cut short.
    """

    listings: int = 0
    differ: int = 0
    asked: int = 0
    left: int = 0
    levels: int = 0
    read_back: int = 0
    drifted: int = 0
    finished: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What asks for pushes, and how long after it they begin."""

    id: str
    why: str
    delay_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A listing with its state and its target (None: one of its levels does not add up).

    `behind`: it was just seen to show less than its target. It may have sold what nobody has told us yet, and raising
    it now would sell that again: the next run does.
    """

    listing: Listing
    state: PushState
    made: Made | None
    behind: bool = False


def sync_shop(sync: Syncing, key: ShopKey, *, run: str, time_is_short: Callable[[], bool] = lambda: False) -> Ran:
    """The scheduled run. `run`: its id, the same when Scheduler tries it again. A removed shop has none.

    Raises Unavailable, ChannelError: what was not done is done by the next try.
    """
    shop = sync.context.ledger.shops.get(key)
    if shop is None or shop.stock_home:
        return Ran()
    settings, now = sync.context.ledger.syncs.get(key), sync.now()
    pushing = sync.context.ledger.syncs.pushing(key)
    ran = Ran()
    rows = _rows(sync.planning, shop, settings, ran)
    if pushing.verified_at is None or now - pushing.verified_at >= VERIFY_EVERY:
        rows = _verified(sync, shop, settings, rows, ran, time_is_short)
    due = [
        row
        for row in rows
        if row.made is not None
        and not row.behind
        and not _was_just_refused(row.state, now)
        and in_this_run(row.made.rules.mode, settings, shop=str(key), since=pushing.ran_at, now=now)
    ]
    delay_s = schedule(settings.plan, shop=str(key)).delay_s
    cause = Cause(id=f"run {run}", why=f"the run of {now:%Y-%m-%d %H:%M} UTC", delay_s=delay_s)
    ran.asked = _ask(sync.planning, due, ran, cause, unblock=True)
    sync.context.ledger.syncs.note(key, ran_at=now, **({"verified_at": now} if ran.read_back and ran.finished else {}))
    return ran


def _was_just_refused(state: PushState, now: datetime) -> bool:
    return state.blocked is not None and now - state.blocked.at < REFUSED_AGAIN_AFTER


def sync_now(planning: Planning, key: ShopKey, *, listing: str | None = None, why: str = "sync now") -> Ran:
    """Push what differs, now, and try again what was given up or failed; at most so many that a caller can wait for it.

    Safe to repeat: what waits for its first try is passed over. Raises UnknownShop, Unavailable.
    """
    shop = planning.context.ledger.shops.get(key)
    if shop is None:
        raise UnknownShop(str(key))
    ran = Ran()
    if shop.stock_home:
        return ran
    settings = planning.context.ledger.syncs.get(key)
    now = planning.now()
    rows = [
        row
        for row in _rows(planning, shop, settings, ran, only=listing)
        if row.state.asked is None
        or row.state.blocked
        or row.state.confirming(now)
        or row.state.waits_after_failure
        or is_lost(row.state.asked, now=now, limits=planning.limits)
    ]
    cause = Cause(id=f"now {now.timestamp()}", why=why)
    ran.asked = _ask(planning, rows, ran, cause, unblock=True, most=MOST_ASKED_AT_ONCE)
    return ran


def _ask(
    planning: Planning,
    rows: Iterable[Row],
    ran: Ran,
    cause: Cause,
    *,
    unblock: bool = False,
    most: int | None = None,
) -> int:
    differing = [row for row in rows if row.made is not None and _differs(planning, row, row.made)]
    ran.differ = len(differing)
    ran.left = max(0, len(differing) - most) if most is not None else 0
    differing.sort(key=lambda row: row.made.target.quantity if row.made else 0)
    wishes = [
        Wish(state=row.state, id=cause.id, why=cause.why, quantity=row.made.target.quantity)
        for row in differing[:most]
        if row.made is not None
    ]
    return ask(planning, wishes, delay_seconds=cause.delay_s, unblock=unblock)


def _differs(planning: Planning, row: Row, made: Made) -> bool:
    now = planning.now()
    quantity = made.target.quantity
    if not may_push(made.rules, quantity):
        return False
    if row.state.shown(now) != quantity or left_after_failure(row.state, now=now, limits=planning.limits):
        return True
    step = price_step(
        wanted=row.listing.price,
        shown=row.state.price,
        largest_fall=made.rules.largest_price_fall,
        approved=row.state.approved_price,
    )
    return step.push is not None and row.listing.currency is not None and not made.rules.paused


def _rows(planning: Planning, shop: Shop, settings: ShopSync, ran: Ran, *, only: str | None = None) -> list[Row]:
    """Every listing of the shop with its target; each level is read once, however many listings sell it."""
    looks, sheet, now = Looks(planning.context), planning.sheet(shop.key), planning.now()
    rows: list[Row] = []
    for listings in _pages(planning, shop.key, only=only):
        states = planning.context.ledger.pushes.get_many([listing.key for listing in listings])
        looks.at(places_of(planning.context, shop, listings))
        for listing in listings:
            state = states[listing.key]
            made = make(looks, shop=shop, sync=settings, sheet=sheet, listing=listing, state=state, now=now)
            rows.append(Row(listing=listing, state=state, made=made))
    ran.listings, ran.levels = len(rows), len(looks.levels)
    return rows


def _pages(planning: Planning, shop: ShopKey, *, only: str | None) -> Iterator[list[Listing]]:
    ledger = planning.context.ledger
    if only is not None:
        found = ledger.listings.get(ListingKey(shop, only))
        yield [found] if found else []
        return
    start: Item | None = None
    while True:
        page = ledger.listings.of_shop(shop, limit=PAGE, start=start)
        if page.items:
            yield [listing_from(item) for item in page.items]
        start = page.next
        if start is None:
            return


# ---- Reading back


def _verified(
    sync: Syncing,
    shop: Shop,
    settings: ShopSync,
    rows: Sequence[Row],
    ran: Ran,
    time_is_short: Callable[[], bool],
) -> list[Row]:
    """The rows with what the marketplace shows of those that were chosen. A failure leaves them as they are."""
    channel = sync.planning.channel(shop.key.channel)
    if not channel.sheet.read_back:
        return list(rows)
    day = sync.now().date().isoformat()
    chosen = [row for row in rows if _is_chosen(row, settings.verify_percent, day, now=sync.now())]
    seen: dict[ListingKey, PushState] = {}
    for start in range(0, len(chosen), READ_BACK_AT_ONCE):
        part = chosen[start : start + READ_BACK_AT_ONCE]
        if time_is_short():
            ran.finished = False
            break
        names = [row.listing.key.listing for row in part]
        try:
            shown = call_shop(
                sync.intake,
                shop.key,
                lambda account, names=names: channel.read_back(account, names, sync.intake.send, sync.now()),  # type: ignore[misc]  # bound now
            )
        except (ChannelError, Unavailable):
            sync.context.count("ReadBackFailed", 1)
            ran.finished = False
            break
        seen |= _compared(sync, part, shown, ran)
    return [_looked_at(row, seen.get(row.state.key)) for row in rows]


def _looked_at(row: Row, seen: PushState | None) -> Row:
    if seen is None or row.made is None:
        return row
    shown, wanted = seen.acknowledged, row.made.target.quantity
    return replace(row, state=seen, behind=shown is not None and shown < wanted)


def _is_chosen(row: Row, percent: int, day: str, *, now: datetime) -> bool:
    """Another part of the listings each day, and the same for whoever asks.

    What is in flight is not judged, nor what was acknowledged so lately that the marketplace may not show it yet.
    """
    shown_by = row.state.applied_by
    if row.state.outstanding or row.state.blocked is not None or (shown_by is not None and now < shown_by):
        return False
    digest = hashlib.sha256(f"{day} {row.state.key}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < percent


def _compared(sync: Syncing, rows: Sequence[Row], shown: Iterable[Shown], ran: Ran) -> dict[ListingKey, PushState]:
    found = {each.listing: each for each in shown}
    changed: dict[ListingKey, PushState] = {}
    for row in rows:
        ran.read_back += 1
        there = found.get(row.listing.key.listing)
        after = _after_look(row.state, there, now=sync.now())
        if after is None:
            continue
        ran.drifted += 1
        if sync.context.ledger.pushes.settle(row.state, after, _tells(after)):
            changed[row.state.key] = after
    sync.context.count("ListingsDrifted", len(changed))
    return changed


def _tells(after: PushState) -> list[Put]:
    if after.blocked is None:
        return []
    name, blocked = str(after.key), after.blocked
    return [open_action(incident.listing_blocked(name, code=blocked.code, why=blocked.why, at=blocked.at))]


def _after_look(state: PushState, there: Shown | None, *, now: datetime) -> PushState | None:
    """None: the marketplace shows what it acknowledged, or the listing was never pushed."""
    if there is None:
        if state.fence == 0:
            return None
        # It shows nothing, whatever it acknowledged: a person who has set it right and syncs it is not told "equal".
        blocked = Blocked(code="not_there", why="the marketplace does not know it", at=now)
        return replace(state, blocked=blocked, failed=blocked.code, acknowledged=None)
    if state.acknowledged == there.quantity or state.fence == 0:
        return None
    # What it shows is known for certain now. A target that differs is pushed by this run.
    return replace(state, acknowledged=there.quantity, acknowledged_touched=state.touched)


def is_passing(error: Exception) -> bool:
    """Whether the run is to be tried again."""
    return isinstance(error, Unavailable) or (isinstance(error, ChannelError) and error.kind is Kind.PASSING)
