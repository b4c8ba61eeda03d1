"""Shops: a merchant's accounts on the channels, how they are doing, and what they show."""

from aws_lambda_powertools.event_handler import Response

from holdfast.domain.shop import Shop
from holdfast.runtime import cursors
from holdfast.runtime.models_sync import ShopBody
from holdfast.runtime.queries import Query
from holdfast.runtime.resolver import Routes, reply, shop_in_path
from holdfast.runtime.stock_views import page_view
from holdfast.runtime.sync_views import on_show_view, shop_settings_view, shop_view
from holdfast.runtime.wiring import settings
from holdfast.services import connect_shop
from holdfast.services.read_stock import read_stock

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
    found = connect_shop.put_shop(work, wanted, orders_from=told.orders_from)
    return reply(shop_view(found, stage=settings().stage))


@routes.get("/v1/shops/<channel>/<shop>")
def get_shop(channel: str, shop: str) -> Response[str]:
    found = connect_shop.get_shop(routes.work, shop_in_path(channel, shop))
    return reply(shop_view(found, stage=settings().stage))


@routes.delete("/v1/shops/<channel>/<shop>")
def delete_shop(channel: str, shop: str) -> Response[str]:
    """Answers the shop as it was."""
    key = shop_in_path(channel, shop)
    found = connect_shop.get_shop(routes.work, key)
    connect_shop.delete_shop(routes.work, key)
    return reply(shop_view(found, stage=settings().stage))


@routes.get("/v1/shops/<channel>/<shop>/stock")
def get_stock(channel: str, shop: str) -> Response[str]:
    key, query = shop_in_path(channel, shop), Query(routes.request_read)
    cursor = query.one("cursor")
    query.end()
    page = read_stock(routes.intake, key, cursor=cursors.marketplace_start(cursor))
    return reply(page_view(page.shown, on_show_view, cursor=cursors.marketplace_cursor(page.next)))
