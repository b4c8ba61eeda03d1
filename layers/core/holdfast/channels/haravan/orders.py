"""Haravan's orders in our words. Sources and doubts: docs/channels/haravan.md."""

from collections import Counter

from holdfast.channels.protocol import JOINER, OrderChanged
from holdfast.channels.reading import Told
from holdfast.channels.settled import LineFacts, settled_order
from holdfast.domain.market import MarketOrder

# Cash on delivery stays `pending` until the parcel is paid for, yet is an order that will be packed.
PAID = frozenset({"authorized", "partially_paid", "partiallypaid", "paid", "partially_refunded", "refunded"})
CASH_ON_DELIVERY = "cod"
SENT = frozenset({"success", "pending", "open"})


def read_order(told: Told) -> MarketOrder:
    """A refund says for all its lines whether they were put back; a cancelled order without one put nothing back."""
    shipped = _shipped(told)
    restocked, not_restocked = _refunded(told)
    return settled_order(
        [
            LineFacts(
                listing=JOINER.join((line["product_id"].id(), variant.id())),
                ordered=line["quantity"].whole(least=0),
                shipped=shipped[line["id"].id()],
                to_ship=_units(line, "fulfillable_quantity"),
                restocked=restocked[line["id"].id()],
                not_restocked=not_restocked[line["id"].id()],
            )
            for line in told["line_items"].rows()
            if (variant := line.get("variant_id")) is not None
        ],
        order_id=told["id"].id(),
        created_at=told["created_at"].iso(),
        updated_at=(told.get("updated_at") or told["created_at"]).iso(),
        paid=_is_paid(told),
        over=_word(told, "cancelled_status") == "cancelled" or told.get("cancelled_at") is not None,
    )


def read_changed(told: Told) -> OrderChanged:
    return OrderChanged(order_id=told["id"].id(), at=told["updated_at"].iso())


def _is_paid(told: Told) -> bool:
    return (
        _word(told, "financial_status") in PAID
        or _word(told, "confirmed_status") == "confirmed"
        or _word(told, "gateway_code") == CASH_ON_DELIVERY
    )


def _shipped(told: Told) -> Counter[str]:
    """Units by line: Haravan takes them out of its own stock when they are fulfilled."""
    shipped: Counter[str] = Counter()
    for each in told.rows_of("fulfillments"):
        if _word(each, "status") in SENT and _word(each, "carrier_status_code") != "cancel":
            for line in each.rows_of("line_items"):
                shipped[line["id"].id()] += line["quantity"].whole(least=0)
    return shipped


def _refunded(told: Told) -> tuple[Counter[str], Counter[str]]:
    """Units by line, put back and not."""
    restocked: Counter[str] = Counter()
    not_restocked: Counter[str] = Counter()
    for each in told.rows_of("refunds"):
        flag = each.get("restock")
        units = restocked if flag is not None and flag.flag() else not_restocked
        for line in each.rows_of("refund_line_items"):
            units[line["line_item_id"].id()] += line["quantity"].whole(least=0)
    return restocked, not_restocked


def _units(line: Told, name: str) -> int | None:
    found = line.get(name)
    return None if found is None else max(0, found.whole())


def _word(told: Told, name: str) -> str:
    found = told.get(name)
    return "" if found is None else found.code().lower()
