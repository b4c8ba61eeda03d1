"""Shopify's words for the fate of an order, its ids, times and money; the same in GraphQL and in webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.faces.records import Record
    from sandbox.world import Listing, Order

ITEM_OFFSET: Final = 40_000_000_000_000
"""An inventory item has a number of its own, never that of its variant: a client has to look it up."""

QUANTITY_NAMES: Final = (
    "available",
    "committed",
    "damaged",
    "incoming",
    "on_hand",
    "quality_control",
    "reserved",
    "safety_stock",
)


def gid(kind: str, number: object) -> str:
    return f"gid://shopify/{kind}/{number}"


def number_of(kind: str, told: str) -> str:
    """The number in a global id of that kind; "" for anything else."""
    head, _, number = told.rpartition("/")
    return number if head == f"gid://shopify/{kind}" and number.isdigit() else ""


def moment(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def item_number(listing: Listing) -> int:
    return int(listing.variant_id) + ITEM_OFFSET


def financial_status(order: Order) -> str:
    ended = [unit.cancelled or unit.returned for unit in order.units]
    if not order.paid:
        return "VOIDED" if all(ended) else "PENDING"
    if all(ended):
        return "REFUNDED"
    return "PARTIALLY_REFUNDED" if any(ended) else "PAID"


def fulfillment_status(order: Order) -> str:
    if not any(unit.shipped for unit in order.units):
        return "UNFULFILLED"
    return "PARTIALLY_FULFILLED" if any(unit.open for unit in order.units) else "FULFILLED"


def restock_type(refund: Record) -> str:
    if not refund.restocked:
        return "no_restock"
    return "return" if refund.returned else "cancel"


def quantity_node(listing: Listing, name: str) -> dict[str, Any]:
    figures = {"available": listing.quantity, "committed": listing.committed, "on_hand": listing.on_hand}
    return {
        "__typename": "InventoryQuantity",
        "id": f"{gid('InventoryQuantity', item_number(listing))}?name={name}",
        "name": name,
        "quantity": figures.get(name, 0),
        "updatedAt": moment(listing.updated_at) if name != "on_hand" else None,
    }


def money_bag(amount: int) -> dict[str, Any]:
    told = {"amount": f"{amount}.0", "currencyCode": "VND"}
    return {"shopMoney": told, "presentmentMoney": told}
