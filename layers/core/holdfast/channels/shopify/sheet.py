"""Shopify's capability sheet. Each figure's source is named in docs/channels/shopify.md."""

from types import MappingProxyType

from holdfast.channels.sheet import GivesBack, Kind, Sheet, StockMeaning, WebhookSheet

SHEET = Sheet(
    channel="shopify",
    title="Shopify",
    listing_parts=("product_id", "variant_id"),
    meaning=StockMeaning.AVAILABLE,
    # 250 would be taken; reading their numbers first would then cost more than one query may.
    batch=50,
    batch_of_one_product=False,
    zero=True,
    zero_substitute=None,
    compare_and_swap=True,
    delta=True,
    read_back=True,
    most_quantity=1_000_000_000,
    unit_rows=False,
    webhook=WebhookSheet(
        header="x-shopify-hmac-sha256",
        base="the raw body",
        encoding="base64",
        answer_within_s=5.0,
        # 8 times within 4 hours; at which intervals is not published.
        redelivery_s=(1_800,) * 8,
        has_lines=True,
    ),
    cancel_gives_back=GivesBack.IF_RESTOCKED,
    return_gives_back=GivesBack.IF_RESTOCKED,
    orders_page=100,
    orders_window_days=None,
    orders_in_order=True,
    calls_per_second=2.0,
    token_life_s=3_600,
    refresh_rotates=True,
    whole_prices=True,
    quota_resets=None,
    can_be_stock_home=True,
    errors=MappingProxyType(
        {
            "THROTTLED": Kind.PASSING,
            "ACCESS_DENIED": Kind.REAUTHORISE,
            "SHOP_INACTIVE": Kind.FINAL,
            "MAX_COST_EXCEEDED": Kind.FINAL,
            "INTERNAL_SERVER_ERROR": Kind.UNKNOWN,
            "TIMEOUT": Kind.UNKNOWN,
            "IDEMPOTENCY_CONCURRENT_REQUEST": Kind.PASSING,
            "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": Kind.PASSING,
            "CHANGE_FROM_QUANTITY_STALE": Kind.PASSING,
            "COMPARE_QUANTITY_STALE": Kind.PASSING,
            "INVALID_INVENTORY_ITEM": Kind.FINAL,
            "INVALID_LOCATION": Kind.FINAL,
            "ITEM_NOT_STOCKED_AT_LOCATION": Kind.FINAL,
            "NON_MUTABLE_INVENTORY_ITEM": Kind.FINAL,
            "INVALID_QUANTITY_NEGATIVE": Kind.FINAL,
            "INVALID_QUANTITY_TOO_HIGH": Kind.FINAL,
            "INVALID_QUANTITY_TOO_LOW": Kind.FINAL,
            "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR": Kind.FINAL,
            "invalid_grant": Kind.REAUTHORISE,
            "invalid_client": Kind.REAUTHORISE,
            "invalid_request": Kind.REAUTHORISE,
        }
    ),
)
