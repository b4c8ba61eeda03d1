"""The truth as the door tells it: what really happened, whatever a marketplace says or keeps to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.world import by_listing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.booth import Booth
    from sandbox.world import Listing, Order, Unit


def listing(each: Listing) -> dict[str, Any]:
    return {
        "listing": each.key,
        "title": each.title,
        "merchant_sku": each.merchant_sku,
        "price": each.price,
        "quantity": each.quantity,
        "buyable": each.buyable,
        "on_hand": each.on_hand,
        "committed": each.committed,
        "locked": each.locked,
        "active": each.active,
        "updated_at": each.updated_at.isoformat(),
    }


def order(each: Order) -> dict[str, Any]:
    """`units`: for each listing how many were placed, paid, shipped, cancelled, returned, restocked (after which)."""
    counted: dict[str, Iterable[Unit]] = {
        "placed": each.units,
        "paid": each.units if each.paid else (),
        "shipped": [unit for unit in each.units if unit.shipped],
        "cancelled": [unit for unit in each.units if unit.cancelled],
        "returned": [unit for unit in each.units if unit.returned],
        "restocked": [unit for unit in each.units if unit.restocked],
        "cancelled_restocked": [unit for unit in each.units if unit.restocked and unit.cancelled],
        "returned_restocked": [unit for unit in each.units if unit.restocked and unit.returned],
    }
    sums = {what: by_listing(units) for what, units in counted.items()}
    return {
        "order_id": each.id,
        "stage": each.stage,
        "cod": each.cod,
        "created_at": each.created_at.isoformat(),
        "updated_at": each.updated_at.isoformat(),
        "units": {key: {what: sums[what].get(key, 0) for what in sums} for key in sums["placed"]},
        "history": [{"at": at.isoformat(), "what": what} for at, what in each.history],
    }


def counts(booth: Booth) -> dict[str, Any]:
    """Status 0: the connection was dropped."""
    calls = [
        {"endpoint": endpoint, "status": status, "count": count}
        for (endpoint, status), count in sorted(booth.calls.items())
    ]
    pushes = {
        what: booth.pushes[what]
        for what in (
            "made",
            "sent",
            "answered",
            "failed",
            "lost",
            "doubled",
            "reordered",
            "badly_signed",
            "given_up",
            "not_subscribed",
        )
    }
    return {
        "calls": calls,
        "most_writes_at_once": booth.most_writes_at_once,
        "pushes": pushes,
        "webhook_disabled": booth.webhook_disabled,
        "last_pushes": list(booth.last_pushes),
    }
