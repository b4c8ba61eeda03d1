"""What is asked of Shopify, in GraphQL. Calculated costs stay below the 1,000 points that one query may cost."""

ORDER = """query Order($id: ID!, $after: String) {
  order(id: $id) {
    id
    createdAt
    updatedAt
    cancelledAt
    displayFinancialStatus
    paymentGatewayNames
    lineItems(first: 50, after: $after) {
      nodes { id quantity currentQuantity unfulfilledQuantity variant { id product { id } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

# As many as one query may ask for.
SHIPMENTS_MOST = 10

# What left the order, and what left the building: asked for only when something was refunded or removed.
ORDER_REMOVALS = """query OrderRemovals($id: ID!) {
  order(id: $id) {
    id
    refunds(first: 10) {
      refundLineItems(first: 20) { nodes { quantity restockType lineItem { id } } }
    }
    fulfillments(first: 10) {
      status
      fulfillmentLineItems(first: 20) { nodes { quantity lineItem { id } } pageInfo { hasNextPage } }
    }
  }
}"""

ORDERS = """query Orders($first: Int!, $after: String, $query: String!) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}"""

VARIANTS_BY_ID = """query Variants($ids: [ID!]!, $locationId: ID!) {
  nodes(ids: $ids) {
    ... on ProductVariant {
      id
      title
      sku
      price
      product { id title }
      inventoryItem {
        id
        inventoryLevel(locationId: $locationId) {
          quantities(names: ["available", "on_hand"]) { name quantity updatedAt }
        }
      }
    }
  }
}"""

VARIANTS = """query AllVariants($first: Int!, $after: String, $locationId: ID!) {
  productVariants(first: $first, after: $after) {
    nodes {
      id
      title
      sku
      price
      product { id title }
      inventoryItem {
        id
        inventoryLevel(locationId: $locationId) {
          quantities(names: ["available", "on_hand"]) { name quantity updatedAt }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""

ITEMS_BY_ID = """query InventoryItems($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on InventoryItem { id variant { id product { id } } }
  }
}"""

SET_QUANTITIES = """mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { field message code }
  }
}"""

SET_PRICES = """mutation SetPrices($productId: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkUpdate(productId: $productId, variants: $variants, allowPartialUpdates: true) {
    productVariants { id price }
    userErrors { field message code }
  }
}"""
