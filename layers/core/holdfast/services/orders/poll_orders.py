"""Ask each shop what changed, and find what its webhooks missed.

The cursor is the newest change that was seen, never the present time: an empty answer moves nothing. A part of what
was seen is asked for again each time, and a longer past several times a day: a page may be empty, or short, by mistake.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from holdfast.channels.protocol import (
    Account,
    Channel,
    ChannelError,
    Notice,
    OrderChanged,
    OrderPage,
    OrderTold,
    ShopSaid,
    StockChanged,
)
from holdfast.domain import incident
from holdfast.domain.errors import Unavailable
from holdfast.domain.orders import RANK, may_have_changed_again, newest, reservation_id
from holdfast.domain.reservation import Reservation
from holdfast.domain.shop import Shop, ShopHealth, ShopKey
from holdfast.store.shops import shop_from

from . import messages
from .intake import Intake
from .shop_account import call_shop

if TYPE_CHECKING:
    from holdfast.store.table import Item

SWEEP_EVERY = timedelta(hours=6)
SWEEP_BACK = timedelta(days=3)
MOST_PAGES = 60
MOST_PULLS = 20
MOST_WAITING = 100
POLLED = "poll"


@dataclass(slots=True)
class Polled:
    """`seen` orders told or named; `sent` of them were news; `missed` were never heard of before."""

    seen: int = 0
    sent: int = 0
    missed: int = 0
    pulled: int = 0


def plan_polls(work: Intake) -> list[ShopKey]:
    """Shops whose time to be polled has come. Each is noted as planned, so that two planners do not both send it."""
    now, shops = work.now(), work.context.ledger.shops
    due: list[ShopKey] = []
    start: Item | None = None
    while True:
        page = shops.all(limit=100, start=start)
        for shop in map(shop_from, page.items):
            planned = shops.health(shop.key).planned_at
            # Half a minute early rather than a minute late: the planner runs once a minute.
            if planned is None or now - planned >= timedelta(seconds=shop.poll_seconds - 30):
                shops.note(shop.key, planned_at=now)
                due.append(shop.key)
        start = page.next
        if start is None:
            return due


def poll_shop(work: Intake, key: ShopKey) -> Polled:
    """Raises ChannelError, Unavailable: the shop's health says so, and the poll is to come again."""
    shops = work.context.ledger.shops
    shop = shops.get(key)
    polled = Polled()
    if shop is None:
        return polled
    health = shops.health(key)
    try:
        _send_what_waits(work, shop)
        _pull(work, shop, health, polled)
        _list(work, shop, health, polled)
    except (ChannelError, Unavailable) as error:
        code = error.code
        shops.note(key, failing_since=health.failing_since or work.now(), error=code)
        work.context.count("PollsFailed", 1)
        raise
    shops.note(key, polled_at=work.now(), failing_since=None, error=None)
    work.context.count("OrdersMissedByPush", polled.missed)
    return polled


def _send_what_waits(work: Intake, shop: Shop) -> None:
    """Orders whose listing was mapped since: whoever mapped it may have died before saying so."""
    ledger = work.context.ledger
    waiting, _ = ledger.orders.waiting(shop.key, limit=MOST_WAITING)
    if waiting:
        known = ledger.listings.parts_of(shop.key, [listing for listing, _ in waiting])
        for name in dict.fromkeys(name for listing, name in waiting if listing in known):
            work.orders.send(messages.mapped(shop.key, name))


def _pull(work: Intake, shop: Shop, health: ShopHealth, polled: Polled) -> None:
    """The marketplace's own queue. Its position moves only after our queue has what it told."""
    channel = work.channel(shop.key.channel)
    position = health.position
    for _ in range(MOST_PULLS):
        at = position
        pulled = call_shop(work, shop.key, lambda account: channel.pull(account, at, work.send, work.now()))  # noqa: B023 - called at once
        _send(work, shop, pulled.notices, polled)
        polled.pulled += len(pulled.notices)
        if pulled.position is not None and pulled.position != position:
            position = pulled.position
            if pulled.notices:
                reached = position
                call_shop(
                    work,
                    shop.key,
                    lambda account: channel.acknowledge(account, reached, work.send, work.now()),  # noqa: B023
                )
            work.context.ledger.shops.note(shop.key, position=position)
        if not pulled.more:
            return


def _list(work: Intake, shop: Shop, health: ShopHealth, polled: Polled) -> None:
    now = work.now()
    seen_to = health.seen_to or shop.orders_from
    since = seen_to - timedelta(seconds=shop.overlap_seconds)
    sweeps = health.swept_at is None or now - health.swept_at >= SWEEP_EVERY
    if sweeps:
        since = min(since, now - SWEEP_BACK, health.again_from or since)
    newest = _list_from(work, shop, max(since, shop.orders_from - timedelta(days=1)), now=now, polled=polled)
    changed: dict[str, datetime | None] = {}
    if sweeps:
        # After a long silence one window may be empty by mistake while later ones move the cursor: it is listed twice.
        first = since < now - SWEEP_BACK and health.again_from is None
        changed = {"swept_at": now, "again_from": since if first else None}
    if newest is not None and newest > seen_to:
        changed["seen_to"] = newest
    if changed:
        work.context.ledger.shops.note(shop.key, **changed)


def _list_from(work: Intake, shop: Shop, since: datetime, *, now: datetime, polled: Polled) -> datetime | None:
    """All orders changed since, window by window. The newest change of the complete answer, if there was any."""
    channel = work.channel(shop.key.channel)
    days = channel.sheet.orders_window_days
    window = timedelta(days=days) if days else now - since + timedelta(seconds=1)
    newest: datetime | None = None
    pages = 0
    while since < now:
        until = min(since + window, now)
        cursor: str | None = None
        while True:
            page = _page(work, shop, channel, since=since, until=until, cursor=cursor)
            latest = _send(work, shop, _notices_of(page), polled)
            newest = max(filter(None, (newest, latest)), default=None)
            cursor, pages = page.next, pages + 1
            if cursor is None:
                break
            if pages >= MOST_PAGES:
                # The rest comes with the next poll: the cursor moves to what was seen only where that is in order.
                return newest if channel.sheet.orders_in_order else None
        since = until
    return newest


def _page(
    work: Intake, shop: Shop, channel: Channel, *, since: datetime, until: datetime, cursor: str | None
) -> OrderPage:
    def ask(account: Account) -> OrderPage:
        return channel.list_orders(account, since=since, until=until, cursor=cursor, send=work.send, now=work.now())

    return call_shop(work, shop.key, ask)


def _notices_of(page: OrderPage) -> list[Notice]:
    return [*(OrderTold(order=order) for order in page.orders), *page.changed]


def _send(work: Intake, shop: Shop, notices: Iterable[Notice], polled: Polled) -> datetime | None:
    """Put on the queue what is news. Answers the newest change among the orders, if they tell it."""
    told = {notice.order.order_id: notice for notice in notices if isinstance(notice, OrderTold)}
    named = {notice.order_id: notice for notice in notices if isinstance(notice, OrderChanged)}
    times = {order_id: each.order.updated_at for order_id, each in told.items()}
    times |= {order_id: each.at for order_id, each in named.items() if each.at is not None}
    known = _known(work, shop, {**told, **named})
    for order_id in {**told, **named}:
        polled.seen += 1
        before = known.get(order_id)
        if before is not None and not _is_news(before, times.get(order_id), told.get(order_id)):
            continue
        polled.sent += 1
        polled.missed += before is None
        if order_id in told:
            work.orders.send(messages.told(shop.key, told[order_id].order, heard_by=POLLED))
        else:
            work.orders.send(messages.changed(shop.key, order_id, heard_by=POLLED))
    for notice in notices:
        if isinstance(notice, StockChanged) and shop.stock_home:
            work.orders.send(messages.stock(shop.key, [notice.item]))
        elif isinstance(notice, ShopSaid):
            said = incident.shop_said(str(shop.key), what=notice.what, detail=notice.detail, at=work.now())
            work.context.ledger.incidents.open(said)
    return max(times.values(), default=None)


def _is_news(record: Reservation, changed_at: datetime | None, told: OrderTold | None) -> bool:
    """Whether a list tells more than is applied. Marketplaces tell whole seconds, and two changes may share one."""
    before = record.told
    if before is None or changed_at is None or changed_at > before.updated_at:
        return True
    if changed_at < before.updated_at:
        return False
    if told is None:
        return may_have_changed_again(record)
    off = sum(line.cancelled + line.withheld + line.returned for line in told.order.lines)
    return (told.order.updated_at.timestamp(), RANK[told.order.stage], off) > newest(before)


def _known(work: Intake, shop: Shop, order_ids: Iterable[str]) -> dict[str, Reservation]:
    """What is applied of each of the orders."""
    names = {reservation_id(shop.key, each): each for each in order_ids}
    records = work.context.ledger.reservations.get_many(list(names)) if names else []
    return {names[record.id]: record for record in records}
