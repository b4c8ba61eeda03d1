"""Buyers' budgets and what rules did, as the API shows them to an operator."""

from collections.abc import Iterable
from datetime import UTC, datetime

from holdfast.domain.budget import Clock, Entry
from holdfast.domain.risk import Hit
from holdfast.services.reservations.look_at_buyer import BuyerSeen
from holdfast.store.buyers import Refusal, Ruled

from .views import View, maybe_time, time_view


def _at(epoch_s: int) -> str:
    return time_view(datetime.fromtimestamp(epoch_s, UTC))


def buyer_view(seen: BuyerSeen) -> View:
    entries = sorted(seen.buyer.entries.values(), key=lambda each: each.since, reverse=True)
    return {
        "id": seen.buyer.id,
        "allowed": seen.buyer.allowed,
        "note": seen.buyer.note,
        "entries": [_entry_view(each, seen.clock) for each in entries],
        "reached": [
            {
                "limit": each.limit,
                "sku": each.sku,
                "most": each.most,
                "retry_at": None if each.retry_at is None else _at(each.retry_at),
            }
            for each in seen.reached
        ],
        "refusals": [_refusal_view(each) for each in seen.refusals],
    }


def _entry_view(entry: Entry, clock: Clock) -> View:
    return {
        "reservation": entry.reservation_id,
        "lines": [{"sku": sku, "quantity": units} for sku, units in entry.lines.items()],
        "since": _at(entry.since),
        "until": _at(entry.until),
        "open": entry.is_open(clock),
        "ended": entry.end and entry.end.value,
        "lapses": [_at(each) for each in entry.lapses],
    }


def _hits_view(hits: Iterable[Hit]) -> list[View]:
    return [{"rule": hit.code, "acted": hit.acted, "action": hit.action.value} for hit in hits]


def _refusal_view(refusal: Refusal) -> View:
    return {
        "at": time_view(refusal.at),
        "code": refusal.code,
        "reasons": list(refusal.reasons),
        "skus": list(refusal.skus),
        "retry_at": maybe_time(refusal.retry_at),
        "hits": _hits_view(refusal.hits),
    }


def ruled_view(ruled: Ruled) -> View:
    return {
        "at": time_view(ruled.at),
        "buyer": {"id": ruled.buyer_id},
        "reservation": ruled.reservation_id,
        "code": ruled.code,
        "reasons": list(ruled.reasons),
        "skus": list(ruled.skus),
        "hits": _hits_view(ruled.hits),
    }
