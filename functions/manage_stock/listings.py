"""Listings: which SKUs a product variant on a shop sells."""

from decimal import Decimal
from typing import Any

from aws_lambda_powertools.event_handler import Response

from holdfast.domain.errors import BadInput, FieldError
from holdfast.domain.listing import Listing
from holdfast.domain.market import Part
from holdfast.domain.shop import ShopKey
from holdfast.domain.sync import Overrides, SyncMode
from holdfast.runtime.api import cursors, fields
from holdfast.runtime.api.models_sync import ListingBody, OverridesBody
from holdfast.runtime.api.queries import Query
from holdfast.runtime.api.resolver import Routes, listing_in_path, reply
from holdfast.runtime.api.stock_views import page_view
from holdfast.runtime.api.sync_views import explanation_view, listing_view
from holdfast.services.orders import connect_shop
from holdfast.services.sync import set_sync
from holdfast.services.sync.explain import explain
from holdfast.services.sync.look_up_sync import in_step

routes = Routes()

REQUIRED = "one value: listings are listed by shop"


@routes.get("/v1/listings")
def list_listings() -> Response[str]:
    query = Query(routes.request_read)
    limit, cursor = query.limit(), query.one("cursor")
    channel, name = query.one("channel", fields.CHANNEL), query.one("shop", fields.NAME)
    query.end()
    missing = [FieldError(field, REQUIRED) for field, told in (("channel", channel), ("shop", name)) if told is None]
    if missing:
        raise BadInput(missing)
    shop = ShopKey(channel or "", name or "")
    found, following = connect_shop.list_listings(
        routes.work, shop, limit=limit, start=cursors.listings_start(cursor, shop=shop)
    )
    told = in_step(routes.planning, found)
    return reply(page_view(told, listing_view, cursor=cursors.listings_cursor(following)))


@routes.put("/v1/listings/<channel>/<shop>/<listing>")
def put_listing(channel: str, shop: str, listing: str) -> Response[str]:
    key, told = listing_in_path(channel, shop, listing), routes.body(ListingBody)
    wanted = Listing(
        key=key,
        parts=tuple(Part(each.sku, each.quantity) for each in told.components),
        price=Decimal(told.price.amount) if told.price else None,
        currency=told.price.currency if told.price else None,
        location=told.location,
    )
    own = Overrides(**_overrides(told.overrides)) if told.overrides else None
    if own is not None:
        set_sync.check_overrides(routes.work, key, own)
    put = connect_shop.put_listing(routes.intake, wanted)
    approved = Decimal(told.approved_price) if told.approved_price else None
    set_sync.set_listing(routes.planning, key, own=own, approved_price=approved)
    return _reply(put)


@routes.get("/v1/listings/<channel>/<shop>/<listing>")
def get_listing(channel: str, shop: str, listing: str) -> Response[str]:
    return _reply(connect_shop.get_listing(routes.work, listing_in_path(channel, shop, listing)))


@routes.get("/v1/listings/<channel>/<shop>/<listing>/passport")
def get_passport(channel: str, shop: str, listing: str) -> Response[str]:
    key, query = listing_in_path(channel, shop, listing), Query(routes.request_read)
    at = query.one("at", fields.TIME_TEXT)
    query.end()
    moment = fields.read_time(at) if at else routes.work.clock()
    return reply(explanation_view(explain(routes.work, key, at=moment)))


@routes.delete("/v1/listings/<channel>/<shop>/<listing>")
def delete_listing(channel: str, shop: str, listing: str) -> Response[str]:
    """Answers the listing as it was."""
    key = listing_in_path(channel, shop, listing)
    [found] = in_step(routes.planning, [connect_shop.get_listing(routes.work, key)])
    connect_shop.delete_listing(routes.work, key)
    return reply(listing_view(found))


def _reply(listing: Listing) -> Response[str]:
    [found] = in_step(routes.planning, [listing])
    return reply(listing_view(found))


def _overrides(told: OverridesBody) -> dict[str, Any]:
    return told.model_dump() | {"mode": SyncMode(told.mode) if told.mode else None}
