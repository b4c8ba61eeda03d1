"""The Powertools resolver as manage_stock uses it: routes get the request and the context, errors become problems."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel

from holdfast.domain.errors import BadInput, FieldError
from holdfast.domain.listing import ListingKey
from holdfast.domain.shop import ShopKey
from holdfast.services.context import Context
from holdfast.services.orders.intake import Intake
from holdfast.services.sync.syncing import Planning

from . import fields
from .edge import answer_error, log_answer
from .fields import Rule, Wrong
from .http import Answer, Request, json_body, request_from
from .validation import validated
from .views import View

Body = TypeVar("Body", bound=BaseModel)

REQUEST, OPEN, OPEN_INTAKE, OPEN_PLANNING = "request", "open_context", "open_intake", "open_planning"
# Stands for an empty parameter (`/v1/skus/-?sku=`), which no path can: a blank, that no rule lets pass.
NAMELESS = "%20"


class Routes(APIGatewayHttpRouter):
    """A group of routes. What is at hand while one of them runs: the request, and the context to work with."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Powertools does not type its routers

    @property
    def request_read(self) -> Request:
        request: Request = self.context[REQUEST]
        return request

    @property
    def work(self) -> Context:
        context: Context = self.context[OPEN]()
        return context

    @property
    def intake(self) -> Intake:
        """What routes about marketplaces work with."""
        intake: Intake = self.context[OPEN_INTAKE]()
        return intake

    @property
    def planning(self) -> Planning:
        """What routes that ask for pushes work with."""
        planning: Planning = self.context[OPEN_PLANNING]()
        return planning

    def body(self, shape: type[Body]) -> Body:
        """The body as a model. Raises BadInput, and what `json_body` raises."""
        return validated(shape, json_body(self.request_read), now=self.work.clock())


def in_path(name: str, escaped: str, rule: Rule[str]) -> str:
    """A path parameter as the resolver hands it to a route. Raises BadInput."""
    try:
        return rule.read(unquote(escaped))
    except Wrong as wrong:
        raise BadInput([FieldError(name, wrong.expected)]) from None


def sku_in_path(escaped: str) -> str:
    return in_path("sku", escaped, fields.SKU)


def shop_in_path(channel: str, shop: str) -> ShopKey:
    """Raises BadInput naming both if both are wrong."""
    return ShopKey(*_all_in_path((("channel", channel, fields.CHANNEL), ("shop", shop, fields.NAME))))


def listing_in_path(channel: str, shop: str, listing: str) -> ListingKey:
    """Raises BadInput naming all that is wrong."""
    parts = (("channel", channel, fields.CHANNEL), ("shop", shop, fields.NAME), ("listing", listing, fields.LISTING))
    channel, shop, listing = _all_in_path(parts)
    return ListingKey(ShopKey(channel, shop), listing)


def _all_in_path(parts: Sequence[tuple[str, str, Rule[str]]]) -> list[str]:
    read: list[str] = []
    wrong: list[FieldError] = []
    for name, escaped, rule in parts:
        try:
            read.append(in_path(name, escaped, rule))
        except BadInput as bad:
            wrong.extend(bad.fields)
    if wrong:
        raise BadInput(wrong)
    return read


def reply(view: View, *, status: int = 200) -> Response[str]:
    return to_response(Answer(status=status, body=view))


def to_response(answer: Answer) -> Response[str]:
    told = answer.to_gateway()
    return Response(status_code=told["statusCode"], headers=told["headers"], body=told["body"])


def resolver(*groups: Routes) -> APIGatewayHttpResolver:
    app = APIGatewayHttpResolver()
    for group in groups:
        app.include_router(group)

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def _problem(error: Exception) -> Response[str]:
        return to_response(answer_error(error, app.context[REQUEST]))

    return app


def resolve(
    app: APIGatewayHttpResolver,
    event: dict[str, Any],
    lambda_context: Any,
    *,
    open_context: Callable[[], Context],
    open_intake: Callable[[], Intake],
    open_planning: Callable[[], Planning],
) -> dict[str, Any]:
    request = request_from(event)
    opens = {OPEN: open_context, OPEN_INTAKE: open_intake, OPEN_PLANNING: open_planning}
    app.append_context(**{REQUEST: request, **opens})  # type: ignore[no-untyped-call]
    answer: dict[str, Any] = app.resolve({**event, "rawPath": _matchable(request)}, lambda_context)
    log_answer(request, answer["statusCode"])
    return answer


def _matchable(request: Request) -> str:
    """The path anew from the gateway's own route and its parameters, escaped.

    The resolver knows few characters in a path, and the gateway has decoded all of them; and what it matched is what
    is served, whatever a second matching might think of.
    """
    path = request.route.split(" ", 1)[1]
    for name, value in request.params.items():
        path = path.replace("{" + name + "}", quote(value, safe="") or NAMELESS)
    return path
