"""Shopify's orders in our words, as its pushes tell them (REST) and as its API does.

Sources and doubts: docs/channels/shopify.md.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from holdfast.channels.protocol import JOINER
from holdfast.channels.reading import Told
from holdfast.channels.settled import LineFacts, settled_order
from holdfast.domain.market import MarketOrder

from .calls import number_of
from .queries import SHIPMENTS_MOST

PAID = frozenset({"authorized", "partially_paid", "paid", "partially_refunded", "refunded"})
CASH_ON_DELIVERY = re.compile(r"\bcod\b|cash on delivery|thanh toán khi (giao|nhận) hàng")
SENT = frozenset({"success", "open", "pending"})


@dataclass(slots=True)
class Removals:
    """What left an order, and what left the building, in units by line."""

    unsent: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    unsaid: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    shipped: Counter[str] = field(default_factory=Counter)
    all_shipments: bool = True

    def refunded(self, line: str, restock_type: str, units: int) -> None:
        """`cancel` was never sent and put back, `return` came back; an old refund only says that it was put back."""
        by_type = {"cancel": self.unsent, "return": self.sent, "legacy_restock": self.unsaid}
        by_type.get(restock_type.lower(), self.lost)[line] += units


def read_pushed(told: Told) -> MarketOrder:
    """The order of a push: everything stands in it."""
    removals = Removals()
    for refund in told.rows_of("refunds"):
        for line in refund.rows_of("refund_line_items"):
            kind = line.get("restock_type")
            removals.refunded(
                line["line_item_id"].id(), "" if kind is None else kind.code(), line["quantity"].whole(least=0)
            )
    for each in told.rows_of("fulfillments"):
        if _word(each, "status") in SENT:
            for line in each.rows_of("line_items"):
                removals.shipped[line["id"].id()] += line["quantity"].whole(least=0)
    return settled_order(
        [
            _facts(
                line["id"].id(),
                JOINER.join((product.id(), variant.id())),
                ordered=line["quantity"].whole(least=0),
                shipped=removals.shipped[line["id"].id()],
                to_ship=_units(line, "fulfillable_quantity"),
                removals=removals,
            )
            for line in told["line_items"].rows()
            if (variant := line.get("variant_id")) is not None and (product := line.get("product_id")) is not None
        ],
        order_id=told["id"].id(),
        created_at=told["created_at"].iso(),
        updated_at=told["updated_at"].iso(),
        paid=_is_paid(_word(told, "financial_status"), told.rows_of("payment_gateway_names")),
        over=told.get("cancelled_at") is not None,
    )


def read_fetched(order: Told, lines: Sequence[Told], removals: Removals | None) -> MarketOrder:
    """The order of the API with all its lines. `removals`: None if `has_removals` is false."""
    over = order.get("cancelledAt") is not None
    return settled_order(
        [
            _facts(
                number_of(line["id"]),
                JOINER.join((number_of(variant["product"]["id"]), number_of(variant["id"]))),
                ordered=line["quantity"].whole(least=0),
                shipped=_shipped(line, removals, over=over),
                to_ship=line["unfulfilledQuantity"].whole(),
                removals=removals or Removals(),
            )
            for line in lines
            if (variant := line.get("variant")) is not None and variant.get("product") is not None
        ],
        order_id=number_of(order["id"]),
        created_at=order["createdAt"].iso(),
        updated_at=order["updatedAt"].iso(),
        paid=_is_paid(_word(order, "displayFinancialStatus"), order.rows_of("paymentGatewayNames")),
        over=over,
    )


def has_removals(order: Told, lines: Iterable[Told]) -> bool:
    """Whether units were refunded or taken out of the order, so that more must be asked."""
    return order.get("cancelledAt") is not None or any(
        line["currentQuantity"].whole() != line["quantity"].whole() for line in lines
    )


def read_removals(order: Told) -> Removals:
    removals = Removals()
    for refund in order.rows_of("refunds"):
        for line in refund["refundLineItems"]["nodes"].rows():
            removals.refunded(
                number_of(line["lineItem"]["id"]), line["restockType"].code(), line["quantity"].whole(least=0)
            )
    shipments = order.rows_of("fulfillments")
    removals.all_shipments = len(shipments) < SHIPMENTS_MOST
    for each in shipments:
        if _word(each, "status") in SENT:
            told = each["fulfillmentLineItems"]
            removals.all_shipments &= not told["pageInfo"]["hasNextPage"].flag()
            for line in told["nodes"].rows():
                removals.shipped[number_of(line["lineItem"]["id"])] += _units(line, "quantity") or 0
    return removals


def _shipped(line: Told, removals: Removals | None, *, over: bool) -> int:
    """Units that left. Where nothing was removed, what need not be shipped any more was shipped.

    Where something was, the shipments say it. Are there more of them than were asked for, all units but those put back
    unsent count as sent: that gives nothing back.
    """
    ordered = line["quantity"].whole(least=0)
    not_waiting = max(0, ordered - line["unfulfilledQuantity"].whole())
    if removals is None or (line["currentQuantity"].whole() == ordered and not over):
        return not_waiting
    name = number_of(line["id"])
    return removals.shipped[name] if removals.all_shipments else max(0, not_waiting - removals.unsent[name])


def _facts(  # units of one line, each named
    line: str, listing: str, *, ordered: int, shipped: int, to_ship: int | None, removals: Removals
) -> LineFacts:
    return LineFacts(
        listing=listing,
        ordered=ordered,
        shipped=shipped,
        to_ship=None if to_ship is None else max(0, to_ship),
        restocked_unsent=removals.unsent[line],
        restocked_sent=removals.sent[line],
        restocked=removals.unsaid[line],
        not_restocked=removals.lost[line],
    )


def _is_paid(status: str, gateways: Sequence[Told]) -> bool:
    """Cash on delivery stays `pending` until the parcel is paid for, yet is an order that will be packed."""
    return status in PAID or any(CASH_ON_DELIVERY.search(each.code().lower()) is not None for each in gateways)


def _units(line: Told, name: str) -> int | None:
    found = line.get(name)
    return None if found is None else found.whole()


def _word(told: Told, name: str) -> str:
    found = told.get(name)
    return "" if found is None else found.code().lower()
