"""Incidents: what a person must see."""

from aws_lambda_powertools.event_handler import Response

from holdfast.runtime.api import cursors, fields
from holdfast.runtime.api.models import CloseBody
from holdfast.runtime.api.queries import Query
from holdfast.runtime.api.resolver import Routes, in_path, reply
from holdfast.runtime.api.stock_views import incident_view, page_view
from holdfast.services.stock import look_up

routes = Routes()

STATE = fields.choice("open", "closed")


@routes.get("/v1/incidents")
def list_incidents() -> Response[str]:
    query = Query(routes.request_read)
    limit, cursor, state = query.limit(), query.one("cursor"), query.one("state", STATE)
    query.end()
    is_open = state != "closed"
    start = cursors.incidents_start(cursor, is_open=is_open)
    found, following = look_up.list_incidents(routes.work, is_open=is_open, limit=limit, start=start)
    return reply(page_view(found, incident_view, cursor=cursors.incidents_cursor(following)))


@routes.post("/v1/incidents/<id>/close")
def close_incident(id: str) -> Response[str]:  # noqa: A002  # named as in the path
    incident_id, told = in_path("id", id, fields.ID), routes.body(CloseBody)
    return reply(incident_view(look_up.close_incident(routes.work, incident_id, note=told.note)))
