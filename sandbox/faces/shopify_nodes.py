"""What the GraphQL of a Shopify shop answers for its products, stock and orders: trees of plain values.

A node that leads to others holds a function for them, which the executor calls only where a query asks. Money is VND:
`Money` is "199000", `MoneyV2.amount` "199000.0", as Shopify writes a currency without decimals (the second form is
taken from answers seen, not from a page). Cancelled units are a refund, also of
an order nobody paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sandbox.faces.records import Record, fulfilments, refunds
from sandbox.faces.shopify_graphql import Sorted, bounded, matches, page
from sandbox.faces.shopify_words import (
    QUANTITY_NAMES,
    financial_status,
    fulfillment_status,
    gid,
    item_number,
    moment,
    money_bag,
    number_of,
    quantity_node,
    restock_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from sandbox.booth import Booth
    from sandbox.trade import Shop
    from sandbox.world import Line, Listing, Order

Node = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Store:
    """One shop with its only location. `opened_at`: when everything of it was created."""

    booth: Booth
    opened_at: datetime

    @property
    def shop(self) -> Shop:
        return self.booth.shop

    @property
    def domain(self) -> str:
        return self.booth.members["shop_domain"]

    @property
    def location(self) -> str:
        return self.booth.members["location_id"]

    def root(self) -> dict[str, Callable[..., Any]]:
        """The resolvers of the queries."""
        found = {
            name: lambda _info, kind=kind, **told: self._of(kind, told["id"])
            for name, kind in {
                "order": "Order",
                "product": "Product",
                "productVariant": "ProductVariant",
                "inventoryItem": "InventoryItem",
                "inventoryLevel": "InventoryLevel",
            }.items()
        }
        return found | {
            "node": lambda _info, **told: self._node(told["id"]),
            "nodes": self._nodes,
            "shop": lambda _info: self._shop(),
            "orders": self._orders,
            "productVariants": self._variants,
            "inventoryItems": self._items,
            "location": lambda _info, **told: self._of("Location", told.get("id") or gid("Location", self.location)),
            "locations": lambda _info, **told: page([Sorted(("", 1), self.location_node)], told),
        }

    # --- finding

    def listing_of_item(self, told: str) -> Listing | None:
        return self._by_item.get(number_of("InventoryItem", told))

    def listing_of_variant(self, told: str) -> Listing | None:
        return self._by_variant.get(number_of("ProductVariant", told))

    @cached_property
    def _by_item(self) -> dict[str, Listing]:
        return {str(item_number(it)): it for it in self.shop.listings.values()}

    @cached_property
    def _by_variant(self) -> dict[str, Listing]:
        return {it.variant_id: it for it in self.shop.listings.values()}

    def _nodes(self, _info: Any, ids: list[str]) -> list[Node | None]:
        bounded(ids)
        return [self._node(told) for told in ids]

    def _node(self, told: str) -> Node | None:
        kind = told.removeprefix("gid://shopify/").partition("/")[0]
        return self._of(kind, told)

    def _of(self, kind: str, told: str) -> Node | None:
        finders: dict[str, Callable[[str], Node | None]] = {
            "Order": self._order,
            "Product": self._product,
            "ProductVariant": lambda it: _or_none(self.listing_of_variant(it), self.variant_node),
            "InventoryItem": lambda it: _or_none(self.listing_of_item(it), self.item_node),
            "InventoryLevel": self._level,
            "Location": lambda it: self.location_node() if it == gid("Location", self.location) else None,
        }
        return finders[kind](told) if kind in finders else None

    def _order(self, told: str) -> Node | None:
        return _or_none(self.shop.orders.get(number_of("Order", told)), self.order_node)

    def _product(self, told: str) -> Node | None:
        number = number_of("Product", told)
        of_product = [it for it in self.shop.listings.values() if it.product_id == number]
        return self.product_node(of_product[0]) if number and of_product else None

    def _level(self, told: str) -> Node | None:
        _, _, item = told.partition("?inventory_item_id=")
        return _or_none(self.listing_of_item(gid("InventoryItem", item)), self.level_node)

    # --- pages

    def _orders(self, info: Any, *, empty: bool = False, **arguments: Any) -> Node:
        fits = matches(
            arguments.get("query"),
            known={
                "updated_at": lambda it: it.updated_at.replace(microsecond=0),
                "created_at": lambda it: it.created_at.replace(microsecond=0),
                "id": lambda it: int(it.id),
                "financial_status": lambda it: financial_status(it).lower(),
                "fulfillment_status": lambda it: fulfillment_status(it).lower(),
            },
            info=info,
        )
        sort = arguments["sortKey"]

        def place(order: Order) -> tuple[str, int]:
            by = order.updated_at if sort == "UPDATED_AT" else order.created_at
            return "" if sort == "ID" else moment(by) or "", int(order.id)

        found = [] if empty else [it for it in self.shop.orders.values() if fits(it)]
        return page((Sorted(place(it), partial(self.order_node, it)) for it in found), arguments)

    def _variants(self, info: Any, **arguments: Any) -> Node:
        fits = matches(
            arguments.get("query"),
            known={
                "id": lambda it: int(it.variant_id),
                "product_id": lambda it: int(it.product_id),
                "sku": lambda it: it.merchant_sku,
                "updated_at": lambda it: it.updated_at.replace(microsecond=0),
            },
            info=info,
        )
        return self._variant_page((it for it in self.shop.listings.values() if fits(it)), arguments)

    def _variant_page(self, listings: Iterable[Listing], arguments: Mapping[str, Any]) -> Node:
        return page((Sorted(("", int(it.variant_id)), partial(self.variant_node, it)) for it in listings), arguments)

    def _items(self, info: Any, **arguments: Any) -> Node:
        known = {"id": item_number, "sku": lambda it: it.merchant_sku}
        fits = matches(arguments.get("query"), known=known, info=info)
        found = [it for it in self.shop.listings.values() if fits(it)]
        return page((Sorted(("", item_number(it)), partial(self.item_node, it)) for it in found), arguments)

    # --- nodes

    def _shop(self) -> Node:
        return {
            "id": gid("Shop", 1),
            "name": self.domain.partition(".")[0],
            "myshopifyDomain": self.domain,
            "currencyCode": "VND",
            "ianaTimezone": "Asia/Ho_Chi_Minh",
        }

    def location_node(self) -> Node:
        told = {"name": "Main", "isActive": True, "fulfillsOnlineOrders": True}
        return _identity("Location", self.location) | told

    def product_node(self, listing: Listing) -> Node:
        number = listing.product_id
        of_product = [it for it in self.shop.listings.values() if it.product_id == number]
        return _identity("Product", number) | {
            "title": listing.title,
            "handle": f"product-{number}",
            "status": "ACTIVE",
            "createdAt": moment(self.opened_at),
            "updatedAt": moment(max(it.updated_at for it in of_product)),
            "variants": lambda _info, **arguments: self._variant_page(of_product, arguments),
        }

    def variant_node(self, listing: Listing) -> Node:
        return _identity("ProductVariant", listing.variant_id) | {
            "title": "Default Title",
            "displayName": f"{listing.title} - Default Title",
            "sku": listing.merchant_sku,
            "price": str(listing.price),
            "position": 1,
            "availableForSale": listing.buyable > 0,
            "inventoryQuantity": listing.quantity,
            "sellableOnlineQuantity": listing.quantity,
            "inventoryPolicy": "DENY",
            "inventoryItem": lambda _info: self.item_node(listing),
            "product": lambda _info: self.product_node(listing),
            "createdAt": moment(self.opened_at),
            "updatedAt": moment(listing.updated_at),
        }

    def item_node(self, listing: Listing) -> Node:
        def level(_info: Any, locationId: str, **_more: Any) -> Node | None:  # noqa: N803 - named by the schema
            return self.level_node(listing) if locationId == gid("Location", self.location) else None

        return _identity("InventoryItem", item_number(listing)) | {
            "sku": listing.merchant_sku,
            "tracked": True,
            "variant": lambda _info: self.variant_node(listing),
            "variants": lambda _info, **arguments: self._variant_page([listing], arguments),
            "createdAt": moment(self.opened_at),
            "updatedAt": moment(listing.updated_at),
            "inventoryLevel": level,
            "inventoryLevels": lambda _info, **arguments: page(
                [Sorted(("", 1), partial(self.level_node, listing))], arguments
            ),
        }

    def level_node(self, listing: Listing) -> Node:
        return {
            "__typename": "InventoryLevel",
            "id": f"{gid('InventoryLevel', self.location)}?inventory_item_id={item_number(listing)}",
            "item": lambda _info: self.item_node(listing),
            "location": self.location_node(),
            "isActive": True,
            "createdAt": moment(self.opened_at),
            "updatedAt": moment(listing.updated_at),
            "quantities": lambda _info, names: [
                quantity_node(listing, name) for name in names if name in QUANTITY_NAMES
            ],
        }

    def order_node(self, order: Order) -> Node:
        lines = {line.id: self._line_node(line) for line in order.lines}
        total, current = (
            sum(line.price * count for line, count in _counts(order, what)) for what in ("all", "current")
        )
        return _identity("Order", order.id) | {
            "name": f"#{1000 + order.number}",
            "number": order.number,
            "test": False,
            "createdAt": moment(order.created_at),
            "updatedAt": moment(order.updated_at),
            "processedAt": moment(order.created_at),
            "cancelledAt": moment(order.cancelled_at),
            "cancelReason": "CUSTOMER" if order.cancelled_at else None,
            "closed": False,
            "closedAt": None,
            "confirmed": True,
            "fullyPaid": order.paid,
            "unpaid": not order.paid,
            "currencyCode": "VND",
            "displayFinancialStatus": financial_status(order),
            "displayFulfillmentStatus": fulfillment_status(order),
            "sourceName": "web",
            "tags": [],
            "paymentGatewayNames": ["Cash on Delivery (COD)" if order.cod else "Bank Deposit"],
            "subtotalLineItemsQuantity": sum(line.ordered for line in order.lines),
            "currentSubtotalLineItemsQuantity": sum(count for _, count in _counts(order, "current")),
            "totalPriceSet": money_bag(total),
            "currentTotalPriceSet": money_bag(current),
            "lineItems": lambda _info, **arguments: page(
                (Sorted(("", at), partial(dict, node)) for at, node in enumerate(lines.values())), arguments
            ),
            "refunds": lambda _info, first=None, **_more: [
                self._refund_node(order, refund, lines) for refund in refunds(self.booth, order)[: first or None]
            ],
            "fulfillments": lambda _info, first=None, **_more: [
                self._fulfilment_node(order, shipment, lines, number=number)
                for number, shipment in enumerate(fulfilments(self.booth, order)[: first or None], 1)
            ],
        }

    def _line_node(self, line: Line) -> Node:
        listing = self.shop.listings[line.listing]
        return {
            "__typename": "LineItem",
            "id": gid("LineItem", line.id),
            "name": listing.title,
            "title": listing.title,
            "sku": listing.merchant_sku,
            "quantity": line.ordered,
            "currentQuantity": line.ordered - line.cancelled - line.returned,
            "unfulfilledQuantity": line.open,
            "refundableQuantity": line.ordered - line.cancelled - line.returned,
            "nonFulfillableQuantity": line.cancelled,
            "requiresShipping": True,
            "restockable": True,
            "product": lambda _info: self.product_node(listing),
            "variant": lambda _info: self.variant_node(listing),
            "originalUnitPriceSet": money_bag(line.price),
        }

    def _refund_node(self, order: Order, refund: Record, lines: Mapping[str, Node]) -> Node:
        told = [
            {
                "id": gid("RefundLineItem", f"{refund.id}{at:02d}"),
                "lineItem": lines[line.id],
                "quantity": count,
                "location": self.location_node() if refund.restocked else None,
                "restocked": refund.restocked,
                "restockType": restock_type(refund).upper(),
            }
            for at, (line, count) in enumerate(refund.lines)
        ]
        return _identity("Refund", refund.id) | {
            "createdAt": moment(refund.at),
            "updatedAt": moment(refund.at),
            "order": lambda _info: self.order_node(order),
            "refundLineItems": lambda _info, **arguments: page(
                (Sorted(("", at), partial(dict, item)) for at, item in enumerate(told)), arguments
            ),
        }

    def _fulfilment_node(self, order: Order, shipment: Record, lines: Mapping[str, Node], *, number: int) -> Node:
        told = [
            {"id": gid("FulfillmentLineItem", f"{shipment.id}{at:02d}"), "lineItem": lines[line.id], "quantity": count}
            for at, (line, count) in enumerate(shipment.lines)
        ]
        return _identity("Fulfillment", shipment.id) | {
            "name": f"#{1000 + order.number}-F{number}",
            "status": "SUCCESS",
            "createdAt": moment(shipment.at),
            "updatedAt": moment(shipment.at),
            "totalQuantity": shipment.units,
            "location": self.location_node(),
            "order": lambda _info: self.order_node(order),
            "fulfillmentLineItems": lambda _info, **arguments: page(
                (Sorted(("", at), partial(dict, item)) for at, item in enumerate(told)), arguments
            ),
        }


def _identity(kind: str, number: object) -> Node:
    return {"__typename": kind, "id": gid(kind, number), "legacyResourceId": str(number)}


def _counts(order: Order, what: str) -> list[tuple[Line, int]]:
    return [(line, line.ordered - (line.cancelled + line.returned if what == "current" else 0)) for line in order.lines]


def _or_none(found: Any, told: Callable[[Any], Node]) -> Node | None:
    return told(found) if found else None
