"""Reservations as the API shows them. What else it shows is in `stock_views.py`: hold_stock imports only this."""

from datetime import UTC, datetime
from typing import Any

from holdfast.domain.reservation import Reservation
from holdfast.services.reservations.answers import ReservationAnswer
from holdfast.store.times import to_ms

View = dict[str, Any]


def time_view(at: datetime) -> str:
    """To the millisecond, as it is stored: the first answer and every later one say the same."""
    ms = to_ms(at)
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def maybe_time(at: datetime | None) -> str | None:
    return None if at is None else time_view(at)


def reservation_view(record: Reservation, *, now: datetime) -> View:
    return {
        "id": record.id,
        "state": record.reads_as(now),
        "mode": record.mode.value,
        "buyer": {"id": record.buyer_id},
        "channel": record.channel,
        "lines": [{"sku": ln.sku, "quantity": ln.quantity, "location": ln.location} for ln in record.lines],
        "expires_at": maybe_time(record.expires_at),
        "paid": record.paid,
        "payment_id": record.payment_id,
        "pay_by": maybe_time(record.pay_by),
        "refund_by": maybe_time(record.refund_by),
        "payment_begun": record.payment_begun,
        "created_at": time_view(record.created_at),
        "changed_at": time_view(record.changed_at),
        "version": record.version,
        "history": [{"at": time_view(event.at), "what": event.what} for event in record.history],
    }


def outcome_view(answer: ReservationAnswer, *, now: datetime) -> View:
    """Of a commit: what became of the payment stands first."""
    return {"outcome": answer.outcome, **reservation_view(answer.record, now=now)}
