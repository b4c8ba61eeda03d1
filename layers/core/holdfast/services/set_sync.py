"""How a shop and its listings are synced, as operators set it. A shop's schedule follows its settings."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from holdfast.domain.errors import BadInput, UnknownListing, UnknownShop
from holdfast.domain.listing import ListingKey
from holdfast.domain.push import PushState
from holdfast.domain.schedules import Schedule, next_run, schedule
from holdfast.domain.shop import ShopKey
from holdfast.domain.shop_sync import ShopSync, wrong_overrides, wrong_sync
from holdfast.domain.sync import Overrides
from holdfast.store.shop_syncs import Pushing

from .context import Context
from .sync_shop import sync_now
from .syncing import Planning


class Schedules(Protocol):
    """Where runs are scheduled. Raises Unavailable."""

    def put(self, shop: ShopKey, schedule: Schedule) -> None: ...

    def delete(self, shop: ShopKey) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncView:
    """A shop's settings, how its pushing goes, and when it runs next."""

    sync: ShopSync
    pushing: Pushing
    next_run: datetime


def set_sync(context: Context, schedules: Schedules, key: ShopKey, sync: ShopSync) -> SyncView:
    """Write the settings, then the schedule. Raises UnknownShop, BadInput; Unavailable: send it again."""
    if context.ledger.shops.get(key) is None:
        raise UnknownShop(str(key))
    wrong = wrong_sync(sync)
    if wrong:
        raise BadInput(wrong)
    context.ledger.syncs.put(key, sync)
    schedules.put(key, schedule(sync.plan, shop=str(key)))
    return view_sync(context, key)


def keep_schedule(context: Context, schedules: Schedules, key: ShopKey) -> None:
    """The schedule of a shop that was connected, by its settings or by the usual ones."""
    schedules.put(key, schedule(context.ledger.syncs.get(key).plan, shop=str(key)))


def end_sync(context: Context, schedules: Schedules, key: ShopKey) -> None:
    """The shop was removed: its schedule goes, then its settings."""
    schedules.delete(key)
    context.ledger.syncs.delete(key)


def view_sync(context: Context, key: ShopKey) -> SyncView:
    sync = context.ledger.syncs.get(key)
    return SyncView(
        sync=sync,
        pushing=context.ledger.syncs.pushing(key),
        next_run=next_run(sync.plan, shop=str(key), after=context.clock()),
    )


def set_overrides(
    planning: Planning, key: ListingKey, own: Overrides, *, approved_price: Decimal | None = None
) -> PushState:
    """What a listing has otherwise than its shop; what that changes is pushed now. Raises UnknownListing, BadInput."""
    ledger = planning.context.ledger
    if ledger.listings.get(key) is None:
        raise UnknownListing(str(key))
    wrong = wrong_overrides(own, ledger.syncs.get(key.shop))
    if wrong:
        raise BadInput(wrong)
    ledger.pushes.put_own(key, own)
    if approved_price is not None:
        ledger.pushes.approve(key, approved_price)
    sync_now(planning, key.shop, listing=key.listing, why="its settings changed")
    return ledger.pushes.get(key)
