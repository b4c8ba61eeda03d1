"""Tiki's capability sheet. Each figure's source is named in docs/channels/tiki.md."""

from types import MappingProxyType

from holdfast.channels.sheet import GivesBack, Kind, Sheet, StockMeaning

SHEET = Sheet(
    channel="tiki",
    title="Tiki",
    listing_parts=("product_id",),
    meaning=StockMeaning.AVAILABLE,
    # Tiki takes one SKU in the call whose answer is known; these are written one after the other.
    batch=20,
    batch_of_one_product=False,
    zero=True,
    zero_substitute=None,
    compare_and_swap=False,
    delta=False,
    read_back=True,
    most_quantity=1_000_000,
    unit_rows=False,
    webhook=None,
    cancel_gives_back=GivesBack.ALWAYS,
    return_gives_back=GivesBack.NEVER,
    orders_page=50,
    orders_window_days=None,
    orders_in_order=False,
    # Of batches, each up to 40 calls one after the other (a read and a write a SKU): below the 200 a second it takes.
    calls_per_second=4.0,
    token_life_s=None,
    refresh_rotates=True,
    whole_prices=True,
    quota_resets=None,
    can_be_stock_home=False,
    errors=MappingProxyType(
        {
            "invalid_grant": Kind.REAUTHORISE,
            "invalid_client": Kind.REAUTHORISE,
            "unauthorized_client": Kind.REAUTHORISE,
            "invalid_token": Kind.TOKEN,
        }
    ),
)
