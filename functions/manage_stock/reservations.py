"""Lists of reservations. Everything else about them is hold_stock's."""

from aws_lambda_powertools.event_handler import Response

from holdfast.runtime.api import cursors, fields
from holdfast.runtime.api.queries import Query
from holdfast.runtime.api.resolver import Routes, reply
from holdfast.runtime.api.stock_views import page_view
from holdfast.runtime.api.views import reservation_view
from holdfast.services.stock import look_up

routes = Routes()


@routes.get("/v1/reservations")
def list_reservations() -> Response[str]:
    query, work = Query(routes.request_read), routes.work
    limit, cursor, sku = query.limit(), query.one("cursor"), query.one("sku", fields.SKU)
    query.end()
    if sku is None:
        found, start = look_up.list_reservations(work, limit=limit, start=cursors.reservations_start(cursor))
        following = cursors.reservations_cursor(start)
    else:
        at = cursors.reservations_of_sku_start(cursor, sku=sku)
        found, start = look_up.list_reservations_of_sku(work, sku, limit=limit, start=at)
        following = cursors.reservations_of_sku_cursor(start)
    now = work.clock()
    return reply(page_view(found, lambda record: reservation_view(record, now=now), cursor=following))
