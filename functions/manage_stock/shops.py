"""Shops: a merchant's accounts on the channels, how they are doing, and what they show."""

from datetime import time

from aws_lambda_powertools.event_handler import Response

from holdfast.domain.shop import Shop
from holdfast.domain.shop_sync import ShopSync
from holdfast.domain.sync import Rules, SyncMode
from holdfast.runtime.api import cursors
from holdfast.runtime.api.models_sync import ShopBody, SyncBody, SyncNowBody
from holdfast.runtime.api.queries import Query
from holdfast.runtime.api.resolver import Routes, reply, shop_in_path
from holdfast.runtime.api.stock_views import page_view
from holdfast.runtime.api.sync_views import on_show_view, shop_settings_view, shop_view
from holdfast.runtime.pushing import open_schedules
from holdfast.runtime.wiring import settings
from holdfast.services.orders import connect_shop
from holdfast.services.orders.read_stock import read_stock
from holdfast.services.sync import set_sync
from holdfast.services.sync.sync_shop import sync_now

routes = Routes()


@routes.get("/v1/shops")
def list_shops() -> Response[str]:
    query, stage = Query(routes.request_read), settings().stage
    limit, cursor = query.limit(), query.one("cursor")
    query.end()
    found, following = connect_shop.list_shops(routes.work, limit=limit, start=cursors.shops_start(cursor))
    view = page_view(found, lambda shop: shop_settings_view(shop, stage=stage), cursor=cursors.shops_cursor(following))
    return reply(view)


@routes.put("/v1/shops/<channel>/<shop>")
def put_shop(channel: str, shop: str) -> Response[str]:
    key, told, work = shop_in_path(channel, shop), routes.body(ShopBody), routes.work
    wanted = Shop(
        key=key,
        orders_from=told.orders_from or work.clock(),
        name=told.name or "",
        paused=told.paused,
        location=told.location,
        stock_home=told.stock_home,
        poll_seconds=told.poll_seconds,
        overlap_seconds=told.overlap_seconds,
    )
    sync = _sync(told.sync) if told.sync else None
    if sync is not None:
        set_sync.check_sync(sync)
    before = work.ledger.shops.get(key)
    found = connect_shop.put_shop(work, wanted, orders_from=told.orders_from)
    if sync is not None:
        set_sync.set_sync(work, open_schedules(), key, sync)
    else:
        set_sync.keep_schedule(work, open_schedules(), key)
    if before is not None and before.paused and not wanted.paused:
        sync_now(routes.planning, key, why="the shop was resumed")
    return reply(shop_view(found, set_sync.view_sync(work, key), stage=settings().stage))


@routes.get("/v1/shops/<channel>/<shop>")
def get_shop(channel: str, shop: str) -> Response[str]:
    key = shop_in_path(channel, shop)
    found = connect_shop.get_shop(routes.work, key)
    return reply(shop_view(found, set_sync.view_sync(routes.work, key), stage=settings().stage))


@routes.delete("/v1/shops/<channel>/<shop>")
def delete_shop(channel: str, shop: str) -> Response[str]:
    """Answers the shop as it was."""
    key = shop_in_path(channel, shop)
    found, sync = connect_shop.get_shop(routes.work, key), set_sync.view_sync(routes.work, key)
    # The schedule first: a shop that is gone can not be asked to give it back.
    set_sync.end_sync(routes.work, open_schedules(), key)
    connect_shop.delete_shop(routes.work, key)
    return reply(shop_view(found, sync, stage=settings().stage))


@routes.post("/v1/shops/<channel>/<shop>/sync")
def sync_shop(channel: str, shop: str) -> Response[str]:
    key, told = shop_in_path(channel, shop), routes.body(SyncNowBody)
    ran = sync_now(routes.planning, key, listing=told.listing)
    return reply({"listings": ran.listings, "differ": ran.differ, "asked": ran.asked, "left": ran.left})


def _sync(told: SyncBody) -> ShopSync:
    rules = Rules(
        mode=SyncMode(told.mode),
        ratio=told.ratio,
        threshold=told.threshold,
        maximum=told.maximum,
        push_at_threshold=told.push_at_threshold,
        largest_price_fall=told.largest_price_fall,
    )
    return ShopSync(
        rules=rules,
        every_minutes=told.every_minutes,
        at=time.fromisoformat(told.at),
        zone=told.time_zone,
        verify_percent=told.verify_percent,
    )


@routes.get("/v1/shops/<channel>/<shop>/stock")
def get_stock(channel: str, shop: str) -> Response[str]:
    key, query = shop_in_path(channel, shop), Query(routes.request_read)
    cursor = query.one("cursor")
    query.end()
    page = read_stock(routes.intake, key, cursor=cursors.marketplace_start(cursor))
    return reply(page_view(page.shown, on_show_view, cursor=cursors.marketplace_cursor(page.next)))
