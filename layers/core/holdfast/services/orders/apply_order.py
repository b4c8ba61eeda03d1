"""Work off what marketplaces say: each order's news is applied exactly once, however late, doubled or disordered."""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from holdfast.channels.protocol import ChannelError, Notice, OrderChanged, OrderTold, ShopSaid, StockChanged
from holdfast.domain import incident
from holdfast.domain.commands import FoldFirst, Situation
from holdfast.domain.errors import Conflict, Unavailable, UnreadableMessage
from holdfast.domain.market import MarketOrder
from holdfast.domain.orders import News, Nothing, Settled, may_have_changed_again, reservation_id, settle
from holdfast.domain.reservation import Reservation
from holdfast.domain.shop import Shop, ShopKey
from holdfast.services.stock.fold_level import fold_level

from . import messages
from .intake import Intake, Message
from .shop_account import call_shop
from .stock_home import count_home

if TYPE_CHECKING:
    from holdfast.domain.level import Level, Place

APPLY_TRIES = 12


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an order's news. `first`: of the order at all. `changed`: something was written."""

    record: Reservation | None
    first: bool = False
    changed: bool = False


def apply_delivery(work: Intake, message: Message) -> None:
    """One message of the queue. Safe to repeat.

    Raises Unavailable, Conflict, ChannelError: the message is to come again. Raises Refused for one that never will do.
    """
    shop = work.context.ledger.shops.get(messages.shop_of(message))
    if shop is None:
        # The operator removed the shop; what it still says is for nobody.
        work.context.count("ForRemovedShop", 1)
        return
    match message["kind"]:
        case messages.WEBHOOK:
            _apply_notices(work, shop, _notices(work, shop, message), heard_by="webhook")
        case messages.TOLD:
            apply_order(work, shop, messages.order_from(message["order"]), heard_by=message["heard_by"])
        case messages.CHANGED:
            _fetch_and_apply(work, shop, [message["order_id"]], heard_by=message["heard_by"])
        case messages.MAPPED:
            _apply_again(work, shop, message["reservation_id"])
        case messages.STOCK:
            count_home(work, shop, message["items"])
        case kind:
            raise UnreadableMessage(f"no message is of the kind {kind!r}")


def _notices(work: Intake, shop: Shop, message: Message) -> Sequence[Notice]:
    try:
        body = base64.b64decode(message["body"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableMessage("the message's body is not base64") from error
    return work.channel(shop.key.channel).read_delivery(message["headers"], body)


def _apply_notices(work: Intake, shop: Shop, notices: Sequence[Notice], *, heard_by: str) -> None:
    changed = {notice.order_id: notice for notice in notices if isinstance(notice, OrderChanged)}
    if changed:
        others = {order_id for order_id, notice in changed.items() if _names_another_shop(work, shop, notice)}
        _fetch_and_apply(work, shop, list(changed), heard_by=heard_by, others=others)
    for notice in notices:
        match notice:
            case OrderTold():
                apply_order(work, shop, notice.order, heard_by=heard_by)
            case StockChanged() if shop.stock_home:
                count_home(work, shop, [notice.item])
            case ShopSaid():
                told = incident.shop_said(str(shop.key), what=notice.what, detail=notice.detail, at=work.now())
                work.context.ledger.incidents.open(told)
            case _:
                pass


def _names_another_shop(work: Intake, shop: Shop, notice: OrderChanged) -> bool:
    """Where the address of a webhook belongs to the app, it hears of all shops that have given the app permission."""
    told_by = work.channel(shop.key.channel).sheet.webhook
    if notice.shop_there is None or told_by is None or told_by.shop_member is None:
        return False
    own = work.accounts.read(shop.key).members.get(told_by.shop_member)
    return own is not None and own != notice.shop_there


def _fetch_and_apply(
    work: Intake, shop: Shop, order_ids: Sequence[str], *, heard_by: str, others: Collection[str] = ()
) -> None:
    """Raises Unavailable for an order that cannot be fetched yet: marketplaces push before they can tell.

    `others`: said to be of other shops. If they cannot be fetched, that is so, and those shops are polled for them.
    """
    channel = work.channel(shop.key.channel)
    orders = call_shop(work, shop.key, lambda account: channel.fetch_orders(account, order_ids, work.send, work.now()))
    for order in orders:
        apply_order(work, shop, order, heard_by=heard_by)
    unknown = set(order_ids) - {order.order_id for order in orders}
    work.context.count("ForAnotherShop", len(unknown.intersection(others)))
    missing = unknown.difference(others)
    if missing:
        raise Unavailable(f"{shop.key} does not tell of order {', '.join(sorted(missing))} yet; try again")


def apply_order(work: Intake, shop: Shop, order: MarketOrder, *, heard_by: str) -> Applied:
    """Settle the order with what is told. Raises Conflict, Unavailable, OrderTooLarge."""
    context = work.context
    record = context.ledger.reservations.get(reservation_id(shop.key, order.order_id))
    if record is None and not _is_ours(work, shop, order):
        return Applied(None)
    return _settle(work, shop, order, record, heard_by=heard_by)


def _is_ours(work: Intake, shop: Shop, order: MarketOrder) -> bool:
    """Whether an order nobody has heard of is news. One from before the shop was connected was counted with the stock.

    One whose record TTL may have taken was applied long ago: it is told to a person instead of being applied again.
    """
    if order.created_at < shop.orders_from:
        work.context.count("OrdersBeforeStart", 1)
        return False
    age = (work.now() - order.created_at).total_seconds()
    if age < work.context.policy.keep_ended_seconds:
        return True
    told = incident.order_not_applied(
        reservation_id(shop.key, order.order_id),
        why="it is so old that it may have been applied and forgotten; compare the stock, then count it",
        at=work.now(),
    )
    work.context.ledger.incidents.open(told)
    return False


def _settle(work: Intake, shop: Shop, order: MarketOrder, record: Reservation | None, *, heard_by: str) -> Applied:
    context = work.context
    ledger = context.ledger
    seen: dict[Place, Level] = {}
    name = reservation_id(shop.key, order.order_id)
    for attempt in range(APPLY_TRIES):
        parts = ledger.listings.parts_of(shop.key, [line.listing for line in order.lines])
        news = News(shop=shop.key, order=order, heard_by=heard_by, parts=parts, location=shop.location)
        now = context.clock()
        outcome = settle(record, news, Situation(seen, now, context.policy))
        if isinstance(outcome, Nothing):
            context.count("OrderNewsStale" if outcome.stale else "OrderNewsRepeated", 1)
            return Applied(record)
        if isinstance(outcome, FoldFirst):
            seen[outcome.level.place] = fold_level(context, outcome.level, now=now)
            continue
        failure = ledger.orders.write(outcome)
        if failure is None:
            _count(work, shop, order, outcome, heard_by=heard_by, now=now)
            return Applied(outcome.record, first=record is None, changed=True)
        seen.update(failure.levels)
        if not failure.levels:
            context.wait(attempt)
        latest = failure.existing or ledger.reservations.get(name)
        if latest != record:
            # Levels seen before this version may have changed with it.
            seen.clear()
            record = latest
    raise Conflict(f"order {name!r} kept changing; nothing was written, try again")


def _count(work: Intake, shop: Shop, order: MarketOrder, settled: Settled, *, heard_by: str, now: datetime) -> None:
    context = work.context
    context.count("OrdersChanged" if settled.before else "OrdersApplied", 1)
    context.count("Oversold", sum(each.kind is incident.Kind.OVERSOLD for each in settled.incidents))
    if settled.mapped:
        _close_what_is_known(work, shop.key, settled.mapped)
    if settled.before is None:
        delay = (now - order.created_at).total_seconds()
        context.ledger.shops.note_delay(shop.key, delay, heard_by=heard_by, now=now)
        context.measure("OrderDelay", delay)
    if shop.stock_home and settled.record.shipped_at == now:
        # The home's figure and ours change in two messages; whichever comes first, a later look settles it.
        items = [line.listing for line in order.lines]
        work.orders.send(messages.stock(shop.key, items), delay_seconds=60)


def _close_what_is_known(work: Intake, shop: ShopKey, listings: Sequence[str]) -> None:
    for listing in listings:
        told = incident.listing_unknown(str(shop), listing, order_id="", at=work.now())
        work.context.ledger.incidents.close(told.id, at=work.now(), note="the listing was mapped")


def _apply_again(work: Intake, shop: Shop, name: str) -> None:
    """A listing that the order waited for is mapped: settle what was told last, with what is known now."""
    record = work.context.ledger.reservations.get(name)
    if record is None or record.told is None:
        # It ended long ago and was cleared away: what waited for its listing does not ask for it for ever.
        work.context.ledger.orders.waits_no_more(shop.key, name)
        return
    order = messages.order_told(record)
    if may_have_changed_again(record):
        # Once this has changed the record, no poll sees that any more: it is asked for now.
        work.orders.send(messages.changed(shop.key, order.order_id, heard_by=record.told.heard_by))
    _settle(work, shop, order, record, heard_by=record.told.heard_by)


def is_passing(error: Exception) -> bool:
    """Whether the same message may succeed later."""
    return isinstance(error, (Unavailable, Conflict, ChannelError))
