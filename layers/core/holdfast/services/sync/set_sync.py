"""How a shop and its listings are synced, as operators set it. A shop's schedule follows its settings."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from holdfast.domain.errors import BadInput, FieldError, UnknownListing, UnknownShop
from holdfast.domain.listing import ListingKey
from holdfast.domain.push import PushState
from holdfast.domain.schedules import Schedule, next_run, schedule
from holdfast.domain.shop import ShopKey
from holdfast.domain.shop_sync import ShopSync, wrong_overrides, wrong_sync
from holdfast.domain.sync import Overrides
from holdfast.services.context import Context
from holdfast.store.shop_syncs import Pushing

from .plan_pushes import Changed, News, plan_pushes
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
    check_sync(sync)
    context.ledger.syncs.put(key, sync)
    schedules.put(key, schedule(sync.plan, shop=str(key)))
    return view_sync(context, key)


def check_sync(sync: ShopSync) -> None:
    """Raises BadInput."""
    wrong = wrong_sync(sync)
    if wrong:
        raise BadInput([FieldError(f"sync.{each.field}", each.expected) for each in wrong])


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


def set_listing(
    planning: Planning, key: ListingKey, *, own: Overrides | None = None, approved_price: Decimal | None = None
) -> PushState:
    """What a listing has otherwise than its shop (None: as it is). What that changes is pushed now.

    Raises UnknownListing, BadInput; Unavailable: send it again.
    """
    ledger = planning.context.ledger
    if ledger.listings.get(key) is None:
        raise UnknownListing(str(key))
    if own is not None:
        check_overrides(planning.context, key, own)
        ledger.pushes.put_own(key, own)
    if approved_price is not None:
        ledger.pushes.approve(key, approved_price)
    if own is None and approved_price is None:
        # What it sells was set: pushed as any change of its stock would be.
        mapped = Changed(id=f"mapped {planning.now().timestamp()}", why="what it sells was set")
        plan_pushes(planning, News(mapped={key: mapped}))
    else:
        sync_now(planning, key.shop, listing=key.listing, why="its settings changed")
    return ledger.pushes.get(key)


def check_overrides(context: Context, key: ListingKey, own: Overrides) -> None:
    """Raises BadInput."""
    wrong = wrong_overrides(own, context.ledger.syncs.get(key.shop))
    if wrong:
        raise BadInput([FieldError(f"overrides.{each.field}", each.expected) for each in wrong])
