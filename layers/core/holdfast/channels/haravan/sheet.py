"""Haravan's capability sheet. Each figure's source is named in docs/channels/haravan.md."""

from types import MappingProxyType

from holdfast.channels.sheet import GivesBack, Sheet, StockMeaning, WebhookSheet

SHEET = Sheet(
    channel="haravan",
    title="Haravan",
    listing_parts=("product_id", "variant_id"),
    meaning=StockMeaning.AVAILABLE,
    batch=100,
    batch_of_one_product=False,
    zero=True,
    zero_substitute=None,
    compare_and_swap=False,
    delta=True,
    read_back=True,
    most_quantity=1_000_000,
    unit_rows=False,
    webhook=WebhookSheet(
        header="x-haravan-hmacsha256",
        base="the raw body",
        encoding="base64",
        # Published nowhere: what the strictest of the others asks is kept here too.
        answer_within_s=3.0,
        redelivery_s=(),
        has_lines=True,
        address_check="GET with hub.mode, hub.verify_token and hub.challenge; the challenge is the answer",
    ),
    cancel_gives_back=GivesBack.IF_RESTOCKED,
    return_gives_back=GivesBack.IF_RESTOCKED,
    orders_page=50,
    orders_window_days=None,
    orders_in_order=True,
    calls_per_second=3.0,
    token_life_s=None,
    refresh_rotates=False,
    whole_prices=True,
    quota_resets=None,
    can_be_stock_home=True,
    errors=MappingProxyType({}),
)
