"""The part of Shopify's GraphQL Admin schema, version 2026-04, that an inventory app asks for.

Names, types and nullability are those of the public reference (shopify.dev/docs/api/admin-graphql); whatever a query
names beyond them is refused as an unknown field, as Shopify does with a misspelt one. A field that exists there and is
missing here would be refused wrongly: add it, it is one line. Public pages do not print the declaration of the
directive `@idempotent`; its shape is read off their examples.
"""

from typing import Final

from graphql import GraphQLSchema, build_schema

_PAGE: Final = "first: Int, after: String, last: Int, before: String, reverse: Boolean = false"

_SDL: Final = """
schema { query: QueryRoot, mutation: Mutation }

directive @idempotent(key: String!) on FIELD

scalar DateTime
scalar Decimal
scalar Money
scalar UnsignedInt64

enum CurrencyCode { VND USD SGD THB MYR }
enum OrderSortKeys { CREATED_AT CURRENT_TOTAL_PRICE CUSTOMER_NAME DESTINATION FINANCIAL_STATUS FULFILLMENT_STATUS ID
  ORDER_NUMBER PO_NUMBER PROCESSED_AT RELEVANCE TOTAL_ITEMS_QUANTITY TOTAL_PRICE UPDATED_AT }
enum ProductVariantSortKeys { FULL_TITLE ID INVENTORY_LEVELS_AVAILABLE INVENTORY_MANAGEMENT INVENTORY_POLICY
  INVENTORY_QUANTITY NAME POPULAR POSITION RELEVANCE SKU TITLE }
enum OrderDisplayFinancialStatus { AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED }
enum OrderDisplayFulfillmentStatus { FULFILLED IN_PROGRESS ON_HOLD OPEN PARTIALLY_FULFILLED PENDING_FULFILLMENT
  REQUEST_DECLINED RESTOCKED SCHEDULED UNFULFILLED }
enum OrderCancelReason { CUSTOMER DECLINED FRAUD INVENTORY OTHER STAFF }
enum RefundLineItemRestockType { CANCEL LEGACY_RESTOCK NO_RESTOCK RETURN }
enum FulfillmentStatus { CANCELLED ERROR FAILURE SUCCESS }
enum ProductVariantInventoryPolicy { CONTINUE DENY }
enum ProductStatus { ACTIVE ARCHIVED DRAFT UNLISTED }
enum InventorySetQuantitiesUserErrorCode { CHANGE_FROM_QUANTITY_STALE COMPARE_QUANTITY_REQUIRED COMPARE_QUANTITY_STALE
  IDEMPOTENCY_CONCURRENT_REQUEST IDEMPOTENCY_KEY_PARAMETER_MISMATCH INVALID_INVENTORY_ITEM INVALID_LOCATION INVALID_NAME
  INVALID_QUANTITY_NEGATIVE INVALID_QUANTITY_TOO_HIGH INVALID_QUANTITY_TOO_LOW INVALID_REASON
  INVALID_REFERENCE_DOCUMENT ITEM_NOT_STOCKED_AT_LOCATION NON_MUTABLE_INVENTORY_ITEM
  NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR }
enum ProductVariantsBulkUpdateUserErrorCode { CANNOT_SPECIFY_BOTH GREATER_THAN_OR_EQUAL_TO INVALID INVALID_INPUT
  INVALID_VALUE MUST_BE_FOR_THIS_PRODUCT NEGATIVE_PRICE_VALUE PRODUCT_DOES_NOT_EXIST PRODUCT_SUSPENDED
  PRODUCT_VARIANT_DOES_NOT_EXIST PRODUCT_VARIANT_ID_MISSING }

interface Node { id: ID! }
interface DisplayableError { field: [String!], message: String! }

type PageInfo { hasNextPage: Boolean!, hasPreviousPage: Boolean!, startCursor: String, endCursor: String }
type MoneyV2 { amount: Decimal!, currencyCode: CurrencyCode! }
type MoneyBag { shopMoney: MoneyV2!, presentmentMoney: MoneyV2! }
type Shop implements Node { id: ID!, name: String!, myshopifyDomain: String!, currencyCode: CurrencyCode!
  ianaTimezone: String! }

type Location implements Node { id: ID!, legacyResourceId: UnsignedInt64!, name: String!, isActive: Boolean!
  fulfillsOnlineOrders: Boolean! }
type LocationEdge { cursor: String!, node: Location! }
type LocationConnection { edges: [LocationEdge!]!, nodes: [Location!]!, pageInfo: PageInfo! }

type Product implements Node { id: ID!, legacyResourceId: UnsignedInt64!, title: String!, handle: String!
  status: ProductStatus!, createdAt: DateTime!, updatedAt: DateTime!, variants(PAGE): ProductVariantConnection! }
type ProductVariant implements Node { id: ID!, legacyResourceId: UnsignedInt64!, title: String!, displayName: String!
  sku: String, barcode: String, price: Money!, compareAtPrice: Money, position: Int!, availableForSale: Boolean!
  inventoryQuantity: Int, sellableOnlineQuantity: Int!, inventoryPolicy: ProductVariantInventoryPolicy!
  inventoryItem: InventoryItem!, product: Product!, createdAt: DateTime!, updatedAt: DateTime! }
type ProductVariantEdge { cursor: String!, node: ProductVariant! }
type ProductVariantConnection { edges: [ProductVariantEdge!]!, nodes: [ProductVariant!]!, pageInfo: PageInfo! }

type InventoryItem implements Node { id: ID!, legacyResourceId: UnsignedInt64!, sku: String, tracked: Boolean!
  variant: ProductVariant! @deprecated(reason: "Use `variants` instead."), variants(PAGE): ProductVariantConnection
  createdAt: DateTime!, updatedAt: DateTime!
  inventoryLevel(locationId: ID!, includeInactive: Boolean = false): InventoryLevel
  inventoryLevels(PAGE, includeInactive: Boolean = false, query: String): InventoryLevelConnection! }
type InventoryItemEdge { cursor: String!, node: InventoryItem! }
type InventoryItemConnection { edges: [InventoryItemEdge!]!, nodes: [InventoryItem!]!, pageInfo: PageInfo! }
type InventoryLevel implements Node { id: ID!, item: InventoryItem!, location: Location!, isActive: Boolean!
  createdAt: DateTime!, updatedAt: DateTime!, quantities(names: [String!]!): [InventoryQuantity!]! }
type InventoryLevelEdge { cursor: String!, node: InventoryLevel! }
type InventoryLevelConnection { edges: [InventoryLevelEdge!]!, nodes: [InventoryLevel!]!, pageInfo: PageInfo! }
type InventoryQuantity implements Node { id: ID!, name: String!, quantity: Int!, updatedAt: DateTime }

type Order implements Node { id: ID!, legacyResourceId: UnsignedInt64!, name: String!, number: Int!, test: Boolean!
  createdAt: DateTime!, updatedAt: DateTime!, processedAt: DateTime!, cancelledAt: DateTime, closedAt: DateTime
  cancelReason: OrderCancelReason, closed: Boolean!, confirmed: Boolean!, fullyPaid: Boolean!, unpaid: Boolean!
  currencyCode: CurrencyCode!, displayFinancialStatus: OrderDisplayFinancialStatus
  displayFulfillmentStatus: OrderDisplayFulfillmentStatus!, sourceName: String, note: String, tags: [String!]!
  paymentGatewayNames: [String!]!
  subtotalLineItemsQuantity: Int!, currentSubtotalLineItemsQuantity: Int!
  totalPriceSet: MoneyBag!, currentTotalPriceSet: MoneyBag!
  lineItems(PAGE): LineItemConnection!, refunds(first: Int, query: String): [Refund!]!
  fulfillments(first: Int, query: String): [Fulfillment!]! }
type OrderEdge { cursor: String!, node: Order! }
type OrderConnection { edges: [OrderEdge!]!, nodes: [Order!]!, pageInfo: PageInfo! }
type LineItem implements Node { id: ID!, name: String!, title: String!, variantTitle: String, sku: String
  quantity: Int!, currentQuantity: Int!, unfulfilledQuantity: Int!, refundableQuantity: Int!
  nonFulfillableQuantity: Int!, requiresShipping: Boolean!, restockable: Boolean!
  product: Product, variant: ProductVariant, originalUnitPriceSet: MoneyBag! }
type LineItemEdge { cursor: String!, node: LineItem! }
type LineItemConnection { edges: [LineItemEdge!]!, nodes: [LineItem!]!, pageInfo: PageInfo! }
type Refund implements Node { id: ID!, legacyResourceId: UnsignedInt64!, createdAt: DateTime, updatedAt: DateTime!
  note: String, order: Order!, refundLineItems(PAGE): RefundLineItemConnection! }
type RefundLineItem { id: ID, lineItem: LineItem!, quantity: Int!, location: Location
  restocked: Boolean!, restockType: RefundLineItemRestockType! }
type RefundLineItemEdge { cursor: String!, node: RefundLineItem! }
type RefundLineItemConnection { edges: [RefundLineItemEdge!]!, nodes: [RefundLineItem!]!, pageInfo: PageInfo! }
type Fulfillment implements Node { id: ID!, legacyResourceId: UnsignedInt64!, name: String!, createdAt: DateTime!
  updatedAt: DateTime!, status: FulfillmentStatus!, totalQuantity: Int!, location: Location, order: Order!
  fulfillmentLineItems(PAGE): FulfillmentLineItemConnection! }
type FulfillmentLineItem implements Node { id: ID!, lineItem: LineItem!, quantity: Int }
type FulfillmentLineItemEdge { cursor: String!, node: FulfillmentLineItem! }
type FulfillmentLineItemConnection { edges: [FulfillmentLineItemEdge!]!, nodes: [FulfillmentLineItem!]!
  pageInfo: PageInfo! }

type QueryRoot {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  shop: Shop!
  order(id: ID!): Order
  orders(PAGE, query: String, savedSearchId: ID, sortKey: OrderSortKeys = PROCESSED_AT): OrderConnection!
  product(id: ID!): Product
  productVariant(id: ID!): ProductVariant
  productVariants(PAGE, query: String, savedSearchId: ID
    sortKey: ProductVariantSortKeys = ID): ProductVariantConnection!
  inventoryItem(id: ID!): InventoryItem
  inventoryItems(PAGE, query: String): InventoryItemConnection!
  inventoryLevel(id: ID!): InventoryLevel
  location(id: ID): Location
  locations(PAGE, query: String, includeInactive: Boolean = false, includeLegacy: Boolean = false): LocationConnection!
}

input InventoryQuantityInput { inventoryItemId: ID!, locationId: ID!, quantity: Int!, changeFromQuantity: Int }
input InventorySetQuantitiesInput { name: String!, reason: String!, referenceDocumentUri: String
  quantities: [InventoryQuantityInput!]! }
type InventoryChange { name: String!, delta: Int!, quantityAfterChange: Int, ledgerDocumentUri: String
  item: InventoryItem, location: Location }
type InventoryAdjustmentGroup implements Node { id: ID!, createdAt: DateTime!, reason: String!
  referenceDocumentUri: String
  changes(inventoryItemIds: [ID!], locationIds: [ID!], quantityNames: [String!]): [InventoryChange!]! }
type InventorySetQuantitiesUserError implements DisplayableError { code: InventorySetQuantitiesUserErrorCode
  field: [String!], message: String! }
type InventorySetQuantitiesPayload { inventoryAdjustmentGroup: InventoryAdjustmentGroup
  userErrors: [InventorySetQuantitiesUserError!]! }

input ProductVariantsBulkInput { id: ID, price: Money, compareAtPrice: Money, barcode: String }
type ProductVariantsBulkUpdateUserError implements DisplayableError { code: ProductVariantsBulkUpdateUserErrorCode
  field: [String!], message: String! }
type ProductVariantsBulkUpdatePayload { product: Product, productVariants: [ProductVariant!]
  userErrors: [ProductVariantsBulkUpdateUserError!]! }

type Mutation {
  inventorySetQuantities(input: InventorySetQuantitiesInput!): InventorySetQuantitiesPayload
  productVariantsBulkUpdate(productId: ID!, variants: [ProductVariantsBulkInput!]!
    allowPartialUpdates: Boolean = false): ProductVariantsBulkUpdatePayload
}
"""

SCHEMA: Final[GraphQLSchema] = build_schema(_SDL.replace("(PAGE", f"({_PAGE}"))
