"""Something a person must see. An incident is written in the same transaction as what it tells of."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    OVERSOLD = "oversold"
    REFUND_DUE = "refund_due"
    DUPLICATE_PAYMENT = "duplicate_payment"
    PAYMENT_UNMATCHED = "payment_unmatched"
    DRIFT_FOUND = "drift_found"
    LISTING_UNKNOWN = "listing_unknown"
    ORDER_NOT_APPLIED = "order_not_applied"
    SHOP_UNAUTHORISED = "shop_unauthorised"
    SHOP_SAID = "shop_said"
    LISTING_BLOCKED = "listing_blocked"
    LISTING_LOCKED = "listing_locked"
    PRICE_WAITS = "price_waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`subject` names what it is about; the same kind and subject are the same incident.

    `reopens`: seen again after it was closed, it is open again (a shortage); otherwise a repeat changes nothing (one
    payment is refunded once). `orders`: of a shortage, the reservations that cannot be served, found when it is read.
    """

    kind: Kind
    subject: str
    at: datetime
    detail: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    open: bool = True
    reopens: bool = False
    closed_at: datetime | None = None
    note: str | None = None
    orders: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Safe in a path, and the same for the same kind and subject."""
        return f"{self.kind.value}-{hashlib.sha256(self.subject.encode()).hexdigest()[:16]}"


def refund_due(reservation_id: str, *, payment_id: str | None, why: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.REFUND_DUE,
        subject=reservation_id,
        at=at,
        detail=f"reservation {reservation_id} is paid and cannot be served ({why}): refund it, then report that",
        facts={"reservation": reservation_id, "payment_id": payment_id or "", "why": why},
    )


def refund_overdue(
    reservation_id: str, *, payment_id: str | None, by: datetime, reminders: int, at: datetime
) -> Incident:
    """The same incident as `refund_due`, open again and louder."""
    when = (
        f"is to be paid back by {by:%Y-%m-%d %H:%M} UTC"
        if at < by
        else f"was to be paid back by {by:%Y-%m-%d %H:%M} UTC"
    )
    return Incident(
        kind=Kind.REFUND_DUE,
        subject=reservation_id,
        at=at,
        detail=f"reservation {reservation_id} {when} and is not (reminder {reminders}): refund it, then report that",
        facts={"reservation": reservation_id, "payment_id": payment_id or "", "reminders": reminders},
        reopens=True,
    )


def duplicate_payment(reservation_id: str, *, payment_id: str, first_payment_id: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.DUPLICATE_PAYMENT,
        subject=f"{reservation_id}|{payment_id}",
        at=at,
        detail=f"reservation {reservation_id} is paid by {first_payment_id}, again by {payment_id}: refund that",
        facts={"reservation": reservation_id, "payment_id": payment_id, "first_payment_id": first_payment_id},
    )


def payment_unmatched(reservation_id: str, *, payment_id: str, why: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.PAYMENT_UNMATCHED,
        subject=f"{reservation_id}|{payment_id}",
        at=at,
        detail=f"payment {payment_id} for reservation {reservation_id} could not be written ({why}): send it again",
        facts={"reservation": reservation_id, "payment_id": payment_id, "why": why},
    )


def oversold(sku: str, location: str, *, units: int, because: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.OVERSOLD,
        subject=f"{sku}|{location}",
        at=at,
        detail=f"{units} units of {sku} at {location} are promised and not there, since {because}",
        facts={"sku": sku, "location": location, "units": units, "because": because},
        reopens=True,
    )


def drift_found(sku: str, location: str, *, version: int, differences: Mapping[str, str], at: datetime) -> Incident:
    told = ", ".join(f"{name} {difference}" for name, difference in differences.items())
    return Incident(
        kind=Kind.DRIFT_FOUND,
        subject=f"{sku}|{location}|{version}",
        at=at,
        detail=f"the level of {sku} at {location} did not match its facts and was repaired: {told}",
        facts={"sku": sku, "location": location, **differences},
    )


def listing_unknown(shop: str, listing: str, *, order_id: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.LISTING_UNKNOWN,
        subject=f"{shop}|{listing}",
        at=at,
        detail=f"order {order_id} sells {listing} of {shop}, and nobody has said which SKUs that is: map the listing",
        facts={"shop": shop, "listing": listing, "order": order_id},
        reopens=True,
    )


def order_not_applied(reservation_id: str, *, why: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.ORDER_NOT_APPLIED,
        subject=reservation_id,
        at=at,
        detail=f"order {reservation_id} was not applied: {why}",
        facts={"reservation": reservation_id, "why": why},
    )


def shop_unauthorised(shop: str, *, why: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.SHOP_UNAUTHORISED,
        subject=shop,
        at=at,
        detail=f"{shop} does not accept our credentials any more ({why}): authorise it anew, then store its secret",
        facts={"shop": shop, "why": why},
        reopens=True,
    )


def shop_said(shop: str, *, what: str, detail: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.SHOP_SAID,
        subject=f"{shop}|{what}",
        at=at,
        detail=f"{shop} says: {detail}",
        facts={"shop": shop, "what": what},
        reopens=True,
    )


def listing_blocked(listing: str, *, code: str, why: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.LISTING_BLOCKED,
        subject=listing,
        at=at,
        detail=f"{listing} is not pushed any more, as the marketplace refuses it for good ({code}: {why}): "
        "set it right there, then sync the listing",
        facts={"listing": listing, "code": code, "why": why},
        reopens=True,
    )


def listing_locked(listing: str, *, quantity: int, code: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.LISTING_LOCKED,
        subject=listing,
        at=at,
        detail=f"{listing} should show {quantity}, and a promotion keeps it as it is ({code}); tried until it ends",
        facts={"listing": listing, "quantity": quantity, "code": code},
        reopens=True,
    )


def price_refused(listing: str, *, price: str, code: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.PRICE_WAITS,
        subject=f"{listing}|{price}",
        at=at,
        detail=f"{listing} does not take the price {price} ({code}): set another one",
        facts={"listing": listing, "price": price, "code": code},
    )


def price_waits(listing: str, *, price: str, shown: str, at: datetime) -> Incident:
    return Incident(
        kind=Kind.PRICE_WAITS,
        subject=f"{listing}|{price}",
        at=at,
        detail=f"{listing} is to fall from {shown} to {price}, further than its shop allows: approve that price, "
        "or set another one",
        facts={"listing": listing, "price": price, "shown": shown},
    )
