"""The reservations API: hold, change, pay, commit, release, ship. The path that buyers wait on, so it imports little.

The gateway has found the route already: a table from its key is all the routing there is to do. A resolver, pydantic,
the tracer and boto3 stay out of here, for the sake of the first request after a start.
"""

from collections.abc import Callable
from typing import Any

from holdfast.runtime.api.edge import answer_http
from holdfast.runtime.api.http import Answer, Request, json_body
from holdfast.runtime.api.reading import read_change, read_id, read_nothing, read_order, read_payment
from holdfast.runtime.api.views import outcome_view, reservation_view
from holdfast.runtime.telemetry import observed
from holdfast.runtime.wiring import open_context
from holdfast.services.context import Context
from holdfast.services.reservations import command_reservation as commands
from holdfast.services.reservations.answers import ReservationAnswer
from holdfast.services.reservations.hold_units import hold_units

Respond = Callable[[Request, Context], Answer]


@observed
def handle(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return answer_http(event, lambda request: respond(request, open_context()))


def respond(request: Request, context: Context) -> Answer:
    return ROUTES[request.route](request, context)


def _submit(request: Request, context: Context) -> Answer:
    order = read_order(request.params["id"], json_body(request), now=context.clock())
    answer = hold_units(context, order)
    return Answer(status=201 if answer.first else 200, body=reservation_view(answer.record, now=context.clock()))


def _show(request: Request, context: Context) -> Answer:
    record = commands.read(context, read_id(request.params["id"]))
    return Answer(status=200, body=reservation_view(record, now=context.clock()))


def _change(request: Request, context: Context) -> Answer:
    reservation_id = read_id(request.params["id"])
    lines, version = read_change(json_body(request))
    answer = commands.change(context, reservation_id, lines=lines, version=version)
    return Answer(status=200, body=reservation_view(answer.record, now=context.clock()))


def _commit(request: Request, context: Context) -> Answer:
    reservation_id = read_id(request.params["id"])
    answer = commands.commit(context, reservation_id, payment_id=read_payment(json_body(request)))
    return Answer(status=200, body=outcome_view(answer, now=context.clock()))


def _plain(command: Callable[[Context, str], ReservationAnswer]) -> Respond:
    """A command whose body says nothing."""

    def run(request: Request, context: Context) -> Answer:
        reservation_id = read_id(request.params["id"])
        read_nothing(json_body(request))
        answer = command(context, reservation_id)
        return Answer(status=200, body=reservation_view(answer.record, now=context.clock()))

    return run


ROUTES: dict[str, Respond] = {
    "PUT /v1/reservations/{id}": _submit,
    "GET /v1/reservations/{id}": _show,
    "PATCH /v1/reservations/{id}": _change,
    "POST /v1/reservations/{id}/payment": _plain(commands.begin_payment),
    "POST /v1/reservations/{id}/commit": _commit,
    "POST /v1/reservations/{id}/release": _plain(commands.release),
    "POST /v1/reservations/{id}/ship": _plain(commands.ship),
    "POST /v1/reservations/{id}/refunded": _plain(commands.refunded),
}
