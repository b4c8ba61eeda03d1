"""Every route of the API as data: the functions serve it, the document tells of it, tests hold the template to it."""

import re
from dataclasses import dataclass

HOLD, MANAGE, RECEIVE = "hold_stock", "manage_stock", "receive_webhook"


@dataclass(frozen=True, slots=True)
class Route:
    """`scope` without its prefix; None: no token is asked for."""

    method: str
    path: str
    scope: str | None
    function: str

    @property
    def key(self) -> str:
        """As the template and the gateway name it."""
        return f"{self.method} {self.path}"


ROUTES = (
    Route("PUT", "/v1/reservations/{id}", "reservations", HOLD),
    Route("GET", "/v1/reservations/{id}", "reservations", HOLD),
    Route("PATCH", "/v1/reservations/{id}", "reservations", HOLD),
    Route("POST", "/v1/reservations/{id}/payment", "reservations", HOLD),
    Route("POST", "/v1/reservations/{id}/commit", "reservations", HOLD),
    Route("POST", "/v1/reservations/{id}/release", "reservations", HOLD),
    Route("POST", "/v1/reservations/{id}/ship", "reservations", HOLD),
    Route("POST", "/v1/reservations/{id}/refunded", "reservations", HOLD),
    Route("GET", "/v1/reservations", "read", MANAGE),
    Route("GET", "/v1/skus", "read", MANAGE),
    Route("GET", "/v1/availability", "read", MANAGE),
    Route("PUT", "/v1/skus/{sku}", "stock", MANAGE),
    Route("GET", "/v1/skus/{sku}", "stock", MANAGE),
    Route("GET", "/v1/skus/{sku}/levels", "stock", MANAGE),
    Route("POST", "/v1/skus/{sku}/movements", "stock", MANAGE),
    Route("POST", "/v1/movements", "stock", MANAGE),
    Route("GET", "/v1/shops", "read", MANAGE),
    Route("PUT", "/v1/shops/{channel}/{shop}", "sync", MANAGE),
    Route("GET", "/v1/shops/{channel}/{shop}", "sync", MANAGE),
    Route("DELETE", "/v1/shops/{channel}/{shop}", "sync", MANAGE),
    Route("GET", "/v1/shops/{channel}/{shop}/stock", "sync", MANAGE),
    Route("POST", "/v1/shops/{channel}/{shop}/sync", "sync", MANAGE),
    Route("GET", "/v1/listings", "read", MANAGE),
    Route("PUT", "/v1/listings/{channel}/{shop}/{listing}", "sync", MANAGE),
    Route("GET", "/v1/listings/{channel}/{shop}/{listing}", "sync", MANAGE),
    Route("DELETE", "/v1/listings/{channel}/{shop}/{listing}", "sync", MANAGE),
    Route("GET", "/v1/listings/{channel}/{shop}/{listing}/passport", "sync", MANAGE),
    Route("GET", "/v1/refunds", "operate", MANAGE),
    Route("GET", "/v1/buyers/{id}", "operate", MANAGE),
    Route("PUT", "/v1/buyers/{id}", "operate", MANAGE),
    Route("GET", "/v1/risk", "operate", MANAGE),
    Route("GET", "/v1/incidents", "operate", MANAGE),
    Route("POST", "/v1/incidents/{id}/close", "operate", MANAGE),
    Route("GET", "/v1/dead-letters", "operate", MANAGE),
    Route("POST", "/v1/dead-letters/redrive", "operate", MANAGE),
    Route("GET", "/v1/health", None, MANAGE),
)

# The marketplaces' door: their own formats, and no part of the API's document.
WEBHOOKS = (
    Route("POST", "/webhooks/{channel}/{shop}", None, RECEIVE),
    Route("GET", "/webhooks/{channel}/{shop}", None, RECEIVE),
)

# What the gateway calls when no route fits. It asks for no token, so nothing but "no" is answered there.
UNKNOWN = "$default"


def methods_of(path: str) -> tuple[str, ...]:
    """The methods that the API has for a path; none: the path is unknown."""
    return tuple(sorted({route.method for route in (*ROUTES, *WEBHOOKS) if _shape(route.path).fullmatch(path)}))


def _shape(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", re.escape(template).replace(r"\{", "{").replace(r"\}", "}")))
