"""Movements: facts that change levels outside reservations."""

from aws_lambda_powertools.event_handler import Response

from holdfast.domain.errors import HoldfastError
from holdfast.domain.movement import Movement, Type
from holdfast.runtime.api.models import AnyMovement, MovementBody, MovementsBody
from holdfast.runtime.api.problems import problem
from holdfast.runtime.api.resolver import Routes, reply, sku_in_path
from holdfast.runtime.api.stock_views import movement_view
from holdfast.runtime.api.views import View
from holdfast.services.stock.move_stock import MovementAnswer, move_many, move_stock

routes = Routes()


@routes.post("/v1/skus/<sku>/movements")
def post_movement(sku: str) -> Response[str]:
    movement = _movement(sku_in_path(sku), routes.body(MovementBody).root)
    answer = move_stock(routes.work, movement)
    return reply(movement_view(answer), status=_status(answer))


@routes.post("/v1/movements")
def post_movements() -> Response[str]:
    """Fields that are wrong refuse the whole body; after that each movement is answered on its own, in its order."""
    told = routes.body(MovementsBody)
    answers = move_many(routes.work, [_movement(each.sku, each) for each in told.movements])
    return reply({"results": [_result(answer) for answer in answers]})


def _movement(sku: str, told: AnyMovement) -> Movement:
    return Movement(sku=sku, type=Type(told.type), **told.model_dump(exclude={"sku", "type"}))


def _status(answer: MovementAnswer) -> int:
    return 201 if answer.first else 200


def _result(answer: MovementAnswer | HoldfastError) -> View:
    if isinstance(answer, MovementAnswer):
        return {"status": _status(answer), "movement": movement_view(answer)}
    refused = problem(answer, request_id=routes.request_read.id)
    return {"status": refused.status, "problem": refused.body}
