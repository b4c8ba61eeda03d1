"""The rest of the API: SKUs, movements, shops, listings, lists, incidents, health, and what no route knows."""

from typing import Any

from functions.manage_stock import buyers, dead_letters, incidents, listings, reservations, shops, skus, stock
from holdfast.runtime.api.edge import answer_http
from holdfast.runtime.api.http import Answer, MethodNotAllowed, Request, UnknownPath
from holdfast.runtime.api.resolver import resolve, resolver
from holdfast.runtime.api.routes import UNKNOWN, methods_of
from holdfast.runtime.marketplaces import open_intake
from holdfast.runtime.pushing import open_planning
from holdfast.runtime.telemetry import observed
from holdfast.runtime.tracing import traced
from holdfast.runtime.version import VERSION
from holdfast.runtime.wiring import open_context, settings

app = resolver(
    skus.routes,
    stock.routes,
    reservations.routes,
    shops.routes,
    listings.routes,
    incidents.routes,
    buyers.routes,
    dead_letters.routes,
)


@observed
@traced
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if event["routeKey"] == UNKNOWN:
        return answer_http(event, refuse)
    if event["routeKey"] == "GET /v1/health":
        return answer_http(event, health)
    return resolve(app, event, context, open_context=open_context, open_intake=open_intake, open_planning=open_planning)


def health(_request: Request) -> Answer:
    """Whether the function starts with what the environment says. It asks for no token and looks at no stock."""
    return Answer(status=200, body={"status": "ok", "stage": settings().stage, "version": VERSION})


def refuse(request: Request) -> Answer:
    """No route fits, and no token was looked at: whatever the path says, nothing is served."""
    methods = methods_of(request.path)
    if methods and request.method not in methods:
        raise MethodNotAllowed(request.method, methods)
    advice = "; a SKU with a slash goes into the query, as in /v1/skus/-/levels?sku=a%2Fb"
    raise UnknownPath(f"there is nothing at {request.path}{advice if request.path.startswith('/v1/skus/') else ''}")
