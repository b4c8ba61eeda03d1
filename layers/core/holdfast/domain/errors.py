"""What can go wrong, in three families that say what the caller should do.

`Refused`: the answer is no, and asking again gives the same answer.
`Conflict`: somebody else was writing; asking again at once is right.
`Unavailable`: we could not find out; asking again later is right. Never read it as "sold out".

Anything else that is raised is a bug and stays loud.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from .budget import Over


class HoldfastError(Exception):
    """Base of every error that Holdfast raises on purpose.

    `code` is stable and for programs; `detail` is a sentence for people that says what to do.
    """

    code: ClassVar[str] = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def members(self) -> Mapping[str, object]:
        """Further members of the problem document (RFC 9457 section 3.2)."""
        return {}


class Refused(HoldfastError):
    """No, and it will stay no until something else changes."""


class Conflict(HoldfastError):
    """Others kept writing the same items; nothing was written. Ask again."""

    code = "conflict"


class Unavailable(HoldfastError):
    """Whether it can be done could not be found out. Ask again later."""

    code = "unavailable"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of the input that is wrong: where it is, and what was expected there."""

    field: str
    expected: str


class BadInput(Refused):
    """The request cannot be read. `fields` names each field and what was expected."""

    code = "bad_input"

    def __init__(self, fields: Sequence[FieldError], detail: str | None = None) -> None:
        super().__init__(detail or "; ".join(f"{wrong.field}: {wrong.expected}" for wrong in fields))
        self.fields = tuple(fields)

    def members(self) -> Mapping[str, object]:
        return {"errors": [{"field": wrong.field, "expected": wrong.expected} for wrong in self.fields]}


class UnknownSku(Refused):
    code = "unknown_sku"

    def __init__(self, skus: Sequence[str]) -> None:
        names = ", ".join(repr(sku) for sku in skus)
        super().__init__(f"no such SKU: {names}; create it with PUT /v1/skus/{{sku}}")
        self.skus = tuple(skus)

    def members(self) -> Mapping[str, object]:
        return {"skus": list(self.skus)}


class UnknownReservation(Refused):
    code = "unknown_reservation"

    def __init__(self, reservation_id: str) -> None:
        super().__init__(f"no reservation has the id {reservation_id!r}")


class UnknownIncident(Refused):
    code = "unknown_incident"

    def __init__(self, incident_id: str) -> None:
        super().__init__(f"no incident has the id {incident_id!r}")


class UnknownShop(Refused):
    code = "unknown_shop"

    def __init__(self, shop: str) -> None:
        super().__init__(f"no such shop: {shop}; connect it with PUT /v1/shops/{{channel}}/{{shop}}")


class UnknownListing(Refused):
    code = "unknown_listing"

    def __init__(self, listing: str) -> None:
        super().__init__(f"no such listing: {listing}; map it with PUT /v1/listings/{{channel}}/{{shop}}/{{listing}}")


class NeverPushed(Refused):
    """Nothing was pushed for the listing by then, or it is so long ago that its passport is gone."""

    code = "never_pushed"

    def __init__(self, listing: str) -> None:
        super().__init__(f"nothing is known of a number pushed for {listing} by then; passports are kept for 30 days")


@dataclass(frozen=True, slots=True)
class Shortage:
    """A line that cannot be served: `wanted` units against `available` free ones at `location`."""

    sku: str
    location: str
    wanted: int
    available: int


class InsufficientStock(Refused):
    code = "insufficient_stock"

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        lines = "; ".join(f"{short.sku}: wanted {short.wanted}, available {short.available}" for short in shortages)
        super().__init__(f"not enough units are free ({lines}); ask for less, or leave these lines out")
        self.shortages = tuple(shortages)

    def members(self) -> Mapping[str, object]:
        return {
            "shortages": [
                {"sku": s.sku, "location": s.location, "wanted": s.wanted, "available": s.available}
                for s in self.shortages
            ]
        }


class IdReused(Refused):
    """An id that is known came with another body. Whoever made the id made it twice."""

    code = "id_reused"


class PolicyRefused(Refused):
    """A rule of the merchant forbids it; `reasons` are its stable codes. `retry_at`: when time alone changes that."""

    code = "refused_by_policy"

    def __init__(self, reasons: Sequence[str], detail: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(detail)
        self.reasons = tuple(reasons)
        self.retry_at = retry_at

    def members(self) -> Mapping[str, object]:
        at = {"retry_at": f"{self.retry_at:%Y-%m-%dT%H:%M:%SZ}"} if self.retry_at else {}
        return {"reasons": list(self.reasons), **at}


class HoldBudget(Refused):
    """The buyer ties up as much as he may. `over`: the limits that are reached; it fits after so many seconds."""

    code = "hold_budget"

    def __init__(self, over: Sequence[Over], *, retry_after_seconds: int) -> None:
        told = "; ".join(f"{each.limit} {each.most}{f' of {each.sku}' if each.sku else ''}" for each in over)
        advice = f"pay or release what he holds, or ask again in {retry_after_seconds} s"
        super().__init__(f"the buyer ties up as much as he may ({told}); {advice}")
        self.over = tuple(over)
        self.retry_after_seconds = retry_after_seconds

    def members(self) -> Mapping[str, object]:
        return {
            "reasons": list(dict.fromkeys(each.limit for each in self.over)),
            "limits": [{"limit": each.limit, "sku": each.sku, "most": each.most} for each in self.over],
            "retry_after_seconds": self.retry_after_seconds,
        }


class NotInThisState(Refused):
    """The reservation's state does not allow the command; `code` is the table's named refusal."""

    def __init__(self, code: str, *, state: str, command: str) -> None:
        super().__init__(f"{command} is not possible: the reservation is {state}")
        self.code = code  # type: ignore[misc]  # the class's code is a default; here the table gives it
        self.state = state

    def members(self) -> Mapping[str, object]:
        return {"state": self.state}


class OfMarketplace(Refused):
    """The reservation is a marketplace's order: it alone says what becomes of it, and commands would count twice."""

    code = "order_of_marketplace"

    def __init__(self, reservation_id: str, *, channel: str) -> None:
        super().__init__(f"{reservation_id!r} is an order of {channel}; cancel, ship or refund it there")


class VersionChanged(Refused):
    """The reservation is no longer the one that the caller saw."""

    code = "version_changed"

    def __init__(self, seen: int, version: int) -> None:
        super().__init__(f"the reservation has version {version} by now, not {seen}; read it and decide again")
        self.version = version

    def members(self) -> Mapping[str, object]:
        return {"version": self.version}


class MovementRefused(Refused):
    """The movement would move units that are not there."""

    code = "more_than_on_hand"


class OrderTooLarge(Refused):
    """One transaction takes a hundred actions; a marketplace's order that needs more is entered by a person."""

    code = "order_too_large"


class LedgerBroken(Unavailable):
    """A level does not add up. Nothing is written on top of it; the auditor repairs it."""

    code = "ledger_broken"


class ClockAhead(Unavailable):
    """A level was folded far in the future: some clock is, or was, wrong. An alarm, not a lead to follow."""

    code = "clock_ahead"


class PaymentUnmatched(Unavailable):
    """Money has moved for a reservation we do not know: kept as an incident, and to be sent again."""

    code = "payment_unmatched"


class MarketplaceRefused(Refused):
    """The marketplace said no, and a person has to change something there or in the shop's credentials."""

    code = "marketplace_refused"

    def __init__(self, shop: str, *, code: str, detail: str) -> None:
        super().__init__(f"{shop} answered {code}: {detail}")
        self.answered = code

    def members(self) -> Mapping[str, object]:
        return {"answered": self.answered}


class MarketplaceUnavailable(Unavailable):
    """The marketplace did not answer, or asks to be left alone for a while."""

    code = "marketplace_unavailable"

    def __init__(self, shop: str, *, code: str, detail: str) -> None:
        super().__init__(f"{shop} answered {code}: {detail}; try again later")
        self.answered = code

    def members(self) -> Mapping[str, object]:
        return {"answered": self.answered}


class NoSecret(Unavailable):
    """The shop has settings and no credentials yet, or not all of them."""

    code = "no_secret"


class UnreadableMessage(Refused):
    """A message of a queue that nobody who sends to it can have written."""

    code = "unreadable_message"
