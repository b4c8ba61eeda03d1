"""TikTok Shop's capability sheet, and what its codes and words mean."""

from holdfast.channels.sheet import GivesBack, Kind, Sheet, StockMeaning, WebhookSheet

SHEET = Sheet(
    channel="tiktok_shop",
    title="TikTok Shop",
    listing_parts=("product_id", "sku_id"),
    meaning=StockMeaning.AVAILABLE,
    batch=50,
    batch_of_one_product=True,
    zero=True,  # beyond what the reference promises; a refusal is `zero_refused`
    zero_substitute=None,
    compare_and_swap=False,
    delta=False,
    read_back=True,
    most_quantity=99_999,
    unit_rows=True,
    webhook=WebhookSheet(
        header="authorization",
        base="app_key + body",
        encoding="hex",
        answer_within_s=3.0,
        redelivery_s=(120, 1_800, 10_800, 43_200),
        has_lines=False,
        shop_member="shop_id",
    ),
    cancel_gives_back=GivesBack.ALWAYS,
    return_gives_back=GivesBack.NEVER,
    orders_page=50,
    orders_window_days=None,
    orders_in_order=True,
    calls_per_second=20.0,
    token_life_s=7 * 86_400,
    refresh_rotates=True,
    whole_prices=True,
    quota_resets=None,
    can_be_stock_home=False,
    errors={
        "36009002": Kind.PASSING,
        "36009003": Kind.PASSING,
        "36009007": Kind.PASSING,
        "10002014": Kind.PASSING,
        "10002015": Kind.PASSING,
        "10037002": Kind.PASSING,
        "10037003": Kind.PASSING,
        "10037004": Kind.PASSING,
        "105002": Kind.TOKEN,
        "36004004": Kind.REAUTHORISE,
        "98001006": Kind.REAUTHORISE,
        "12052393": Kind.PROMOTION_LOCK,
        "12052038": Kind.PROMOTION_LOCK,
        "12019045": Kind.PROMOTION_LOCK,
        "12052371": Kind.PROMOTION_LOCK,  # an auction in a live show
        "101000": Kind.FINAL,
        "105005": Kind.FINAL,
        "106001": Kind.FINAL,
        "36009004": Kind.FINAL,
        "36009033": Kind.FINAL,
        "12019024": Kind.FINAL,
        "12019028": Kind.FINAL,
        "12052032": Kind.FINAL,
        "12052037": Kind.FINAL,
        "12052048": Kind.FINAL,
        "12052055": Kind.FINAL,
        "12052141": Kind.FINAL,
        "12052260": Kind.FINAL,
        "12052533": Kind.FINAL,
        "12052556": Kind.FINAL,
        "12052557": Kind.FINAL,
        "12052700": Kind.FINAL,
        "12052850": Kind.FINAL,
        "12052901": Kind.FINAL,
        "12052921": Kind.FINAL,
    },
)

# `36009004` and `101000` are for everything that is wrong with a request's head, the token among it.
SAYINGS: tuple[tuple[str, Kind], ...] = (
    ("access_token", Kind.TOKEN),
    ("access-token", Kind.TOKEN),
    ("access token is invalid", Kind.TOKEN),
    ("access token has expired", Kind.TOKEN),
    ("refresh_token", Kind.REAUTHORISE),
    ("refresh token", Kind.REAUTHORISE),
    ("too many requests", Kind.PASSING),
    ("internal error", Kind.PASSING),
)
# What broke behind the door may have been applied before it broke.
IN_DOUBT = frozenset({"36009003", "36009007"})
NOT_FOUND = frozenset({"21008111"})
CHECK_FAILED = "12052990"
"""Says only that something did; what it was stands in the rows beneath."""
ZERO_REFUSED = frozenset({"12052055", "12019024"})
"""The quantity is out of its limits: said of a 0, it means that 0 cannot be written."""
