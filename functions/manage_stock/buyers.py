"""Buyers of scarce goods: their budgets, the allow-list, what the rules did, and refunds that are due."""

from datetime import UTC, date

from aws_lambda_powertools.event_handler import Response

from holdfast.domain.errors import BadInput, FieldError
from holdfast.runtime.api import cursors, fields
from holdfast.runtime.api.buyer_views import buyer_view, ruled_view
from holdfast.runtime.api.fields import Wrong
from holdfast.runtime.api.models import BuyerBody
from holdfast.runtime.api.queries import Query
from holdfast.runtime.api.resolver import Routes, in_path, reply
from holdfast.runtime.api.stock_views import page_view
from holdfast.runtime.api.views import reservation_view
from holdfast.services.reservations import look_at_buyer
from holdfast.services.stock import look_up

routes = Routes()


@routes.get("/v1/buyers/<id>")
def get_buyer(id: str) -> Response[str]:  # noqa: A002  # named as in the path
    return reply(buyer_view(look_at_buyer.look_at_buyer(routes.work, in_path("id", id, fields.ID))))


@routes.put("/v1/buyers/<id>")
def put_buyer(id: str) -> Response[str]:  # noqa: A002  # named as in the path
    buyer_id, told = in_path("id", id, fields.ID), routes.body(BuyerBody)
    seen = look_at_buyer.allow_buyer(routes.work, buyer_id, allowed=told.allowed, note=told.note)
    return reply(buyer_view(seen))


@routes.get("/v1/risk")
def list_ruled() -> Response[str]:
    query, work = Query(routes.request_read), routes.work
    limit, cursor, told = query.limit(), query.one("cursor"), query.one("day")
    query.end()
    day = work.clock().astimezone(UTC).date() if told is None else _day(told)
    found, start = look_at_buyer.list_ruled(work, day, limit=limit, start=cursors.ruled_start(cursor, day=day))
    return reply(page_view(found, ruled_view, cursor=cursors.ruled_cursor(start)))


def _day(told: str) -> date:
    try:
        return fields.DAY.read(told)
    except Wrong:
        raise BadInput([FieldError("day", fields.DAY.expected)]) from None


@routes.get("/v1/refunds")
def list_refunds() -> Response[str]:
    query, work = Query(routes.request_read), routes.work
    limit, cursor = query.limit(), query.one("cursor")
    query.end()
    found, start = look_up.list_refunds(work, limit=limit, start=cursors.refunds_start(cursor))
    now = work.clock()
    view = page_view(found, lambda record: reservation_view(record, now=now), cursor=cursors.refunds_cursor(start))
    return reply(view)
