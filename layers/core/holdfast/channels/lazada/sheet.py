"""Lazada's capability sheet, and what its codes and words mean."""

from holdfast.channels.sheet import GivesBack, Kind, Sheet, StockMeaning, WebhookSheet

SHEET = Sheet(
    channel="lazada",
    title="Lazada",
    listing_parts=("item_id", "sku_id"),
    meaning=StockMeaning.AVAILABLE,
    batch=20,
    batch_of_one_product=False,
    zero=True,
    zero_substitute=None,
    compare_and_swap=False,
    delta=True,
    read_back=True,
    most_quantity=999_999,
    unit_rows=True,
    webhook=WebhookSheet(
        header="authorization",
        base="app_key + body",
        encoding="hex",
        answer_within_s=0.5,
        redelivery_s=(1_800,) * 12,
        has_lines=False,
        empty_body=False,
        shop_member="seller_id",
    ),
    cancel_gives_back=GivesBack.ALWAYS,
    return_gives_back=GivesBack.NEVER,
    orders_page=100,
    orders_window_days=None,
    orders_in_order=True,
    calls_per_second=20.0,
    token_life_s=30 * 86_400,
    refresh_rotates=True,
    whole_prices=True,
    quota_resets="as the answer says (its ban, in seconds)",
    can_be_stock_home=False,
    errors={
        "6": Kind.PASSING,
        "513": Kind.PASSING,
        "901": Kind.PASSING,
        "998": Kind.PASSING,  # the API is off while a big campaign starts
        "1000": Kind.PASSING,
        "ApiCallLimit": Kind.PASSING,
        "AppCallLimit": Kind.PASSING,
        "ServiceTimeout": Kind.PASSING,
        "ServiceUnavailable": Kind.PASSING,
        "SystemBusy": Kind.PASSING,
        "4170": Kind.PROMOTION_LOCK,
        "212": Kind.PROMOTION_LOCK,
        "THD_IC_ERR_F_IC_ABILITY_PG_003": Kind.PROMOTION_LOCK,
        "THD_IC_ERR_F_IC_ABILITY_PG_004": Kind.PROMOTION_LOCK,
        "IllegalAccessToken": Kind.TOKEN,
        "IllegalRefreshToken": Kind.REAUTHORISE,
        "AUTH_TYPE_UNSUPPORTED": Kind.REAUTHORISE,
        "16": Kind.FINAL,
        "204": Kind.FINAL,
        "207": Kind.FINAL,
        "208": Kind.FINAL,
        "501": Kind.FINAL,
        "4104": Kind.FINAL,
        "4128": Kind.FINAL,
        "4171": Kind.FINAL,
        "4225": Kind.FINAL,
        "EDIT_ITEM_NOT_BELONG_SELLER": Kind.FINAL,
        "IncompleteSignature": Kind.FINAL,
        "InsufficientPermission": Kind.FINAL,
        "SELLER_NOT_PERMITTED": Kind.FINAL,
        "SellerNotVerified": Kind.FINAL,
        "UnsupportedHTTPMethod": Kind.FINAL,
    },
)

# `501` is one code for everything; what happened stands in the words of its `detail`.
SAYINGS: tuple[tuple[str, Kind], ...] = (
    ("negative sellable", Kind.PROMOTION_LOCK),
    ("campaign", Kind.PROMOTION_LOCK),
    *((code, kind) for code, kind in SHEET.errors.items() if code.startswith("THD_")),
    ("too frequent", Kind.PASSING),
)
# What broke behind the door may have been applied before it broke.
IN_DOUBT = frozenset({"6", "513", "1000", "ServiceTimeout", "ServiceUnavailable"})
NOT_FOUND = frozenset({"16", "37", "39", "207", "208", "EDIT_ITEM_NOT_BELONG_SELLER"})
# A ban of seconds is for calls a second; a longer one means that the day's calls are used up.
LONGEST_PASSING_BAN_S = 600
