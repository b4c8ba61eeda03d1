"""Shopee's capability sheet, and what its codes and words mean."""

from holdfast.channels.sheet import GivesBack, Kind, Sheet, StockMeaning, WebhookSheet

SHEET = Sheet(
    channel="shopee",
    title="Shopee",
    listing_parts=("item_id", "model_id"),
    meaning=StockMeaning.AVAILABLE,
    batch=50,
    batch_of_one_product=True,
    zero=True,
    zero_substitute=None,
    compare_and_swap=False,
    delta=False,
    read_back=True,
    most_quantity=999_999,
    unit_rows=False,
    webhook=WebhookSheet(
        header="authorization",
        base="callback_url + '|' + body",
        encoding="hex",
        answer_within_s=3.0,
        redelivery_s=(300, 1_800, 10_800),
        has_lines=False,
        shop_member="shop_id",
    ),
    cancel_gives_back=GivesBack.ALWAYS,
    return_gives_back=GivesBack.NEVER,
    orders_page=100,
    orders_window_days=15,
    orders_in_order=False,
    calls_per_second=10.0,
    token_life_s=14_400,
    refresh_rotates=True,
    whole_prices=True,
    quota_resets="00:00 UTC+8",
    can_be_stock_home=False,
    errors={
        "error_rate_limit": Kind.PASSING,
        "error_inner": Kind.PASSING,
        "error_server": Kind.PASSING,
        "error_system_busy": Kind.PASSING,
        "error_network": Kind.PASSING,
        "error_limit": Kind.DAILY_QUOTA,
        "invalid_acceess_token": Kind.TOKEN,  # so spelled
        "invalid_access_token": Kind.TOKEN,
        "refresh_token_expired": Kind.REAUTHORISE,
        "error_shop_refresh_token": Kind.REAUTHORISE,
        "shop_access_expired": Kind.REAUTHORISE,
        "shop_no_linked": Kind.REAUTHORISE,
        "error_cannt_edit_stock_in_promotion": Kind.PROMOTION_LOCK,
        "error_promotion_cantnot_update_stock": Kind.PROMOTION_LOCK,
        "error_model_update_stock_model_in_promotion": Kind.PROMOTION_LOCK,
        "error_cannt_edit_price_in_promotion": Kind.PROMOTION_LOCK,
        "error_in_item_promotion_item_price_lock": Kind.PROMOTION_LOCK,
        "error_cannot_update_price_in_promotion": Kind.PROMOTION_LOCK,
        "error_holiday_mode_change_stock": Kind.FINAL,
        "error_item_not_found": Kind.FINAL,
        "error_item_not_belong_shop": Kind.FINAL,
        "error_item_uneditable": Kind.FINAL,
        "error_edit_item_stock_for_item_has_model": Kind.FINAL,
        "error_busi_cannot_edit_vsku": Kind.FINAL,
        "error_wms_shop_block_upate_stock": Kind.FINAL,  # so spelled
        "error_seller_under_penalty": Kind.FINAL,
        "error_partner_key_expired": Kind.FINAL,
        "error_sign": Kind.FINAL,
        "shop_banned": Kind.FINAL,
        "source_ip_undeclared": Kind.FINAL,
    },
)

# One code says many things here (`error_auth`, `error_param`), and a failed row has only a sentence: the words decide.
SAYINGS: tuple[tuple[str, Kind], ...] = (
    ("refresh_token", Kind.REAUTHORISE),
    ("refresh token", Kind.REAUTHORISE),
    ("access_token", Kind.TOKEN),
    ("reserved stock", Kind.PROMOTION_LOCK),
    ("reserve stock", Kind.PROMOTION_LOCK),
    ("promotion", Kind.PROMOTION_LOCK),
    ("try later", Kind.PASSING),
    ("try again later", Kind.PASSING),
)
# What broke behind the door may have been applied before it broke.
IN_DOUBT = frozenset({"error_inner", "error_server", "error_network"})
NOT_FOUND = ("not found", "not exist")
SOME_FAILED = "error_busi_update_stock_failed"
