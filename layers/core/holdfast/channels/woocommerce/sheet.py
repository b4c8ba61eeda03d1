"""WooCommerce's capability sheet. Each figure's source is named in docs/channels/woocommerce.md."""

from types import MappingProxyType

from holdfast.channels.sheet import GivesBack, Kind, Sheet, StockMeaning, WebhookSheet

MOST_ROWS = 100

SHEET = Sheet(
    channel="woocommerce",
    title="WooCommerce",
    listing_parts=("product_id", "variation_id"),
    meaning=StockMeaning.AVAILABLE,
    batch=100,
    batch_of_one_product=True,
    zero=True,
    zero_substitute=None,
    compare_and_swap=False,
    delta=False,
    read_back=True,
    most_quantity=1_000_000,
    unit_rows=False,
    webhook=WebhookSheet(
        header="x-wc-webhook-signature",
        base="the raw body",
        encoding="base64",
        answer_within_s=60.0,
        redelivery_s=(),
        has_lines=True,
        address_check="POST of webhook_id=…, not signed; 200 is the answer",
    ),
    cancel_gives_back=GivesBack.IF_RESTOCKED,
    return_gives_back=GivesBack.IF_RESTOCKED,
    orders_page=MOST_ROWS,
    orders_window_days=None,
    orders_in_order=True,
    # WooCommerce sets no limit; what stands in front of it does, and says so only by refusing.
    calls_per_second=2.0,
    token_life_s=None,
    refresh_rotates=False,
    whole_prices=True,
    quota_resets=None,
    can_be_stock_home=True,
    errors=MappingProxyType(
        {
            "woocommerce_rest_authentication_error": Kind.REAUTHORISE,
            "woocommerce_rest_cannot_view": Kind.REAUTHORISE,
            "woocommerce_rest_cannot_edit": Kind.REAUTHORISE,
            "woocommerce_rest_cannot_batch": Kind.REAUTHORISE,
            "woocommerce_rest_request_entity_too_large": Kind.FINAL,
            "woocommerce_rest_product_invalid_id": Kind.FINAL,
            "woocommerce_rest_product_variation_invalid_id": Kind.FINAL,
        }
    ),
)
