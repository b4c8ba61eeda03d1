"""Listings: which SKUs a product variant on a shop sells."""

from decimal import Decimal

from aws_lambda_powertools.event_handler import Response

from holdfast.domain.errors import BadInput, FieldError
from holdfast.domain.listing import Listing
from holdfast.domain.market import Part
from holdfast.domain.shop import ShopKey
from holdfast.runtime import cursors, fields
from holdfast.runtime.models_sync import ListingBody
from holdfast.runtime.queries import Query
from holdfast.runtime.resolver import Routes, listing_in_path, reply
from holdfast.runtime.stock_views import page_view
from holdfast.runtime.sync_views import listing_view
from holdfast.services import connect_shop

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
    return reply(page_view(found, listing_view, cursor=cursors.listings_cursor(following)))


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
    return reply(listing_view(connect_shop.put_listing(routes.intake, wanted)))


@routes.get("/v1/listings/<channel>/<shop>/<listing>")
def get_listing(channel: str, shop: str, listing: str) -> Response[str]:
    return reply(listing_view(connect_shop.get_listing(routes.work, listing_in_path(channel, shop, listing))))


@routes.delete("/v1/listings/<channel>/<shop>/<listing>")
def delete_listing(channel: str, shop: str, listing: str) -> Response[str]:
    """Answers the listing as it was."""
    key = listing_in_path(channel, shop, listing)
    found = connect_shop.get_listing(routes.work, key)
    connect_shop.delete_listing(routes.work, key)
    return reply(listing_view(found))
