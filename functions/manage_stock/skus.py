"""SKUs: how they are sold, what there is of them."""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from holdfast.domain.policy import LIMIT_NAMES, Mode, Sku
from holdfast.runtime.api import cursors, fields
from holdfast.runtime.api.models import Limits, SkuBody
from holdfast.runtime.api.queries import MOST_SKUS, Query
from holdfast.runtime.api.resolver import Routes, reply, sku_in_path
from holdfast.runtime.api.stock_views import availability_view, levels_view, page_view, sku_view
from holdfast.services.stock import look_up

routes = Routes()


@routes.put("/v1/skus/<sku>")
def put_sku(sku: str) -> Response[str]:
    name, told = sku_in_path(sku), routes.body(SkuBody)
    sku_now = Sku(
        sku=name,
        name=told.name or "",
        mode=Mode(told.deduction_mode) if told.deduction_mode else None,
        hold_seconds=told.hold_seconds,
        max_quantity=told.limits.max_quantity if told.limits else None,
        **_budget(told.limits),
    )
    return reply(sku_view(look_up.put_sku(routes.work, sku_now)))


def _budget(told: Limits | None) -> dict[str, Any]:
    """The members of a Sku that speak of its buyers' budget."""
    if told is None:
        return {}
    own = {name: most for name in LIMIT_NAMES if (most := getattr(told, name)) is not None}
    return {"scarce": told.scarce, "own_limits": own, "floor": told.floor}


@routes.get("/v1/skus/<sku>")
def get_sku(sku: str) -> Response[str]:
    return reply(sku_view(look_up.get_sku(routes.work, sku_in_path(sku))))


@routes.get("/v1/skus/<sku>/levels")
def get_levels(sku: str) -> Response[str]:
    name, work = sku_in_path(sku), routes.work
    found = look_up.levels_of(work, name)
    return reply(levels_view(name, found, now=work.clock(), margin_seconds=work.policy.margin_seconds))


@routes.get("/v1/skus")
def list_skus() -> Response[str]:
    query = Query(routes.request_read)
    limit, cursor = query.limit(), query.one("cursor")
    query.end()
    found, following = look_up.list_skus(routes.work, limit=limit, start=cursors.skus_start(cursor))
    return reply(page_view(found, sku_view, cursor=cursors.skus_cursor(following)))


@routes.get("/v1/availability")
def get_availability() -> Response[str]:
    query = Query(routes.request_read)
    names = query.several("sku", fields.SKU, most=MOST_SKUS)
    query.end()
    return reply(availability_view(look_up.availability(routes.work, names)))
