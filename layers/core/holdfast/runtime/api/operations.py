"""What each route takes and answers, as data, for the OpenAPI document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pydantic import BaseModel

from holdfast.domain.errors import OfMarketplace
from holdfast.domain.reservation import TABLE, Command, Refuse

from . import fields, models, models_sync, queries, shown, shown_sync
from .fields import Rule

JsonSchema = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Of the query."""

    name: str
    schema: JsonSchema
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`answers`: status to model. `problems`: the codes that this route alone has, by status."""

    id: str
    tag: str
    summary: str
    answers: Mapping[int, type[BaseModel]]
    body: type[BaseModel] | None = None
    query: tuple[Parameter, ...] = ()
    problems: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def _refusals(command: Command) -> tuple[str, ...]:
    """The state table's named refusals of a command, and what it says of an order that is not ours to change."""
    rules = (rule for (_, asked), rule in TABLE.items() if asked is command)
    return (*sorted({rule.code for rule in rules if isinstance(rule, Refuse)}), OfMarketplace.code)


def _command(command: Command, summary: str) -> Operation:
    return Operation(
        id=command.value,
        tag="reservations",
        summary=summary,
        body=models.EmptyBody,
        answers={200: shown.ReservationShown},
        problems={404: ("unknown_reservation",), 409: _refusals(command)},
    )


def _parameter(name: str, rule: Rule[str] | Rule[int] | Rule[date], description: str) -> Parameter:
    return Parameter(name=name, schema=rule.schema, description=description)


_LIMIT = _parameter("limit", queries.LIMIT, f"Items a page, {queries.LIMIT_USUAL} if not said.")
_CURSOR = Parameter(name="cursor", schema={"type": "string"}, description="From the page before.")
_SKUS = Parameter(
    name="sku",
    schema={"type": "array", "items": fields.SKU.schema, "minItems": 1, "maxItems": queries.MOST_SKUS},
    description="The SKUs, each as a parameter of its own.",
    required=True,
)
_NO_SHOP = {404: ("unknown_shop",)}
_NO_LISTING = {404: ("unknown_listing",)}
_NO_SKU = {404: ("unknown_sku",)}
_STATE = fields.choice("open", "closed")

OPERATIONS: dict[str, Operation] = {
    "PUT /v1/reservations/{id}": Operation(
        id="submit",
        tag="reservations",
        summary="Submit an order: its units are held, committed or only looked at, as its mode says. Safe to repeat.",
        body=models.ReservationBody,
        answers={201: shown.ReservationShown, 200: shown.ReservationShown},
        problems={
            403: ("refused_by_policy",),
            404: ("unknown_sku",),
            409: ("insufficient_stock", "id_reused"),
            429: ("hold_budget",),
        },
    ),
    "GET /v1/reservations/{id}": Operation(
        id="show",
        tag="reservations",
        summary="A reservation as it is now.",
        answers={200: shown.ReservationShown},
        problems={404: ("unknown_reservation",)},
    ),
    "PATCH /v1/reservations/{id}": Operation(
        id="change",
        tag="reservations",
        summary="All lines as they shall be, while the hold lasts; it does not get longer. Safe to repeat.",
        body=models.ChangeBody,
        answers={200: shown.ReservationShown},
        problems={
            403: ("refused_by_policy",),
            404: ("unknown_reservation", "unknown_sku"),
            409: (*_refusals(Command.CHANGE), "hold_ended", "version_changed", "insufficient_stock"),
            429: ("hold_budget",),
        },
    ),
    "POST /v1/reservations/{id}/payment": Operation(
        id="begin_payment",
        tag="reservations",
        summary="The buyer goes to pay: the hold is lengthened to cover the payment, or taken anew.",
        body=models.EmptyBody,
        answers={200: shown.ReservationShown},
        problems={
            403: ("refused_by_policy",),
            404: ("unknown_reservation",),
            409: (*_refusals(Command.BEGIN_PAYMENT), "insufficient_stock"),
            429: ("hold_budget",),
        },
    ),
    "POST /v1/reservations/{id}/commit": Operation(
        id="commit",
        tag="reservations",
        summary="Money has moved. Answers what became of it; whatever is neither 200 nor 409 is to be sent again.",
        body=models.PaymentBody,
        answers={200: shown.CommitShown},
        problems={409: (OfMarketplace.code,), 503: ("payment_unmatched",)},
    ),
    "POST /v1/reservations/{id}/release": _command(Command.RELEASE, "Give the units back."),
    "POST /v1/reservations/{id}/ship": _command(Command.SHIP, "The goods left the building."),
    "POST /v1/reservations/{id}/refunded": _command(Command.REFUNDED, "The money went back."),
    "GET /v1/reservations": Operation(
        id="list_reservations",
        tag="reservations",
        summary="Reservations, newest first. One appears a moment after it was made; a page may be empty and go on.",
        query=(_LIMIT, _CURSOR, _parameter("sku", fields.SKU, "Only those with a line of this SKU.")),
        answers={200: shown.ReservationPage},
    ),
    "GET /v1/skus": Operation(
        id="list_skus",
        tag="stock",
        summary="SKUs by name.",
        query=(_LIMIT, _CURSOR),
        answers={200: shown.SkuPage},
    ),
    "GET /v1/availability": Operation(
        id="get_availability",
        tag="stock",
        summary="What a product page needs, over all locations: free, back soon, incoming.",
        query=(_SKUS,),
        answers={200: shown.AvailabilityShown},
    ),
    "PUT /v1/skus/{sku}": Operation(
        id="put_sku",
        tag="stock",
        summary="Create a SKU, or replace its settings. They act everywhere within 30 seconds.",
        body=models.SkuBody,
        answers={200: shown.SkuShown},
    ),
    "GET /v1/skus/{sku}": Operation(
        id="get_sku", tag="stock", summary="Settings of a SKU.", answers={200: shown.SkuShown}, problems=_NO_SKU
    ),
    "GET /v1/skus/{sku}/levels": Operation(
        id="get_levels",
        tag="stock",
        summary="Counters of a SKU, by location and in sum.",
        answers={200: shown.LevelsShown},
        problems=_NO_SKU,
    ),
    "POST /v1/skus/{sku}/movements": Operation(
        id="post_movement",
        tag="stock",
        summary="Record a movement, once per id.",
        body=models.MovementBody,
        answers={201: shown.MovementShown, 200: shown.MovementShown},
        problems={404: ("unknown_sku",), 409: ("more_than_on_hand", "insufficient_stock", "id_reused")},
    ),
    "POST /v1/movements": Operation(
        id="post_movements",
        tag="stock",
        summary="Record movements of any SKUs, answered one by one. A field that is wrong refuses the whole body.",
        body=models.MovementsBody,
        answers={200: shown.ResultsShown},
    ),
    "GET /v1/shops": Operation(
        id="list_shops",
        tag="sync",
        summary="Shops by channel and name.",
        query=(_LIMIT, _CURSOR),
        answers={200: shown_sync.ShopPage},
    ),
    "PUT /v1/shops/{channel}/{shop}": Operation(
        id="put_shop",
        tag="sync",
        summary="Connect a shop, or replace its settings. Its credentials stand in the secret that the answer names.",
        body=models_sync.ShopBody,
        answers={200: shown_sync.ShopShown},
    ),
    "GET /v1/shops/{channel}/{shop}": Operation(
        id="get_shop",
        tag="sync",
        summary="Settings of a shop, how polling it goes, and how late its orders come.",
        answers={200: shown_sync.ShopShown},
        problems=_NO_SHOP,
    ),
    "DELETE /v1/shops/{channel}/{shop}": Operation(
        id="delete_shop",
        tag="sync",
        summary="Listen to a shop no more. Its listings, orders and secret stay. Answers it as it was.",
        answers={200: shown_sync.ShopShown},
        problems=_NO_SHOP,
    ),
    "GET /v1/shops/{channel}/{shop}/stock": Operation(
        id="get_shop_stock",
        tag="sync",
        summary="One page of what the shop shows now, as its marketplace tells it.",
        query=(_CURSOR,),
        answers={200: shown_sync.OnShowPage},
        problems={
            404: ("unknown_shop",),
            409: ("marketplace_refused",),
            503: ("marketplace_unavailable", "no_secret"),
        },
    ),
    "POST /v1/shops/{channel}/{shop}/sync": Operation(
        id="sync_shop",
        tag="sync",
        summary="Push now what differs, and try again what was given up. Safe to repeat.",
        body=models_sync.SyncNowBody,
        answers={200: shown_sync.SyncNowShown},
        problems=_NO_SHOP,
    ),
    "GET /v1/listings": Operation(
        id="list_listings",
        tag="sync",
        summary="Listings of a shop.",
        query=(
            _LIMIT,
            _CURSOR,
            Parameter(name="channel", schema=fields.CHANNEL.schema, description="Of the shop.", required=True),
            Parameter(name="shop", schema=fields.NAME.schema, description="The shop.", required=True),
        ),
        answers={200: shown_sync.ListingPage},
    ),
    "PUT /v1/listings/{channel}/{shop}/{listing}": Operation(
        id="put_listing",
        tag="sync",
        summary="Say which SKUs a listing sells, and how it is kept in step. Orders that waited for it are applied.",
        body=models_sync.ListingBody,
        answers={200: shown_sync.ListingShown},
        problems={404: ("unknown_shop", "unknown_sku")},
    ),
    "GET /v1/listings/{channel}/{shop}/{listing}": Operation(
        id="get_listing",
        tag="sync",
        summary="What a listing sells, its target, and what its marketplace acknowledged.",
        answers={200: shown_sync.ListingShown},
        problems=_NO_LISTING,
    ),
    "DELETE /v1/listings/{channel}/{shop}/{listing}": Operation(
        id="delete_listing",
        tag="sync",
        summary="New orders for the listing wait until it is mapped again. Answers it as it was.",
        answers={200: shown_sync.ListingShown},
        problems=_NO_LISTING,
    ),
    "GET /v1/listings/{channel}/{shop}/{listing}/passport": Operation(
        id="get_passport",
        tag="sync",
        summary="Why a listing shows its number, or showed it then.",
        query=(
            Parameter(name="at", schema=fields.TIME.schema, description="When it was shown; now if it is not said."),
        ),
        answers={200: shown_sync.ExplanationShown},
        problems={404: ("unknown_listing", "never_pushed")},
    ),
    "GET /v1/dead-letters": Operation(
        id="list_dead_letters",
        tag="operations",
        summary="A look at what could not be done and was put aside, with why. Bodies are never shown.",
        query=(_LIMIT,),
        answers={200: shown_sync.DeadLettersShown},
    ),
    "POST /v1/dead-letters/redrive": Operation(
        id="redrive_dead_letters",
        tag="operations",
        summary="Send what was put aside on its way again. Safe to repeat.",
        body=models_sync.RedriveBody,
        answers={200: shown_sync.RedrivenShown},
    ),
    "GET /v1/refunds": Operation(
        id="list_refunds",
        tag="operations",
        summary="Reservations whose refund is due, the most urgent first. One appears a moment late.",
        query=(_LIMIT, _CURSOR),
        answers={200: shown.ReservationPage},
    ),
    "GET /v1/buyers/{id}": Operation(
        id="get_buyer",
        tag="operations",
        summary="What a buyer ties up, which limits he has reached, and why he was refused.",
        answers={200: shown.BuyerBudgetShown},
    ),
    "PUT /v1/buyers/{id}": Operation(
        id="put_buyer",
        tag="operations",
        summary="Put a buyer on the allow-list, or take him off it.",
        body=models.BuyerBody,
        answers={200: shown.BuyerBudgetShown},
    ),
    "GET /v1/risk": Operation(
        id="list_ruled",
        tag="operations",
        summary="Orders of a day on which rules had something to say, newest first: what they did, or would have done.",
        query=(_LIMIT, _CURSOR, _parameter("day", fields.DAY, "A day in UTC, today if not said.")),
        answers={200: shown.RuledPage},
    ),
    "GET /v1/incidents": Operation(
        id="list_incidents",
        tag="operations",
        summary="What a person must see, newest first.",
        query=(_LIMIT, _CURSOR, _parameter("state", _STATE, "Open ones if not said.")),
        answers={200: shown.IncidentPage},
    ),
    "POST /v1/incidents/{id}/close": Operation(
        id="close_incident",
        tag="operations",
        summary="Nothing more is to be done.",
        body=models.CloseBody,
        answers={200: shown.IncidentShown},
        problems={404: ("unknown_incident",)},
    ),
    "GET /v1/health": Operation(
        id="health", tag="operations", summary="Whether the API starts.", answers={200: shown.HealthShown}
    ),
}
