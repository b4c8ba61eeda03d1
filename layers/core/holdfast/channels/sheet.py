"""The capability sheet: what a marketplace can do and how it says no, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a marketplace's no means for the one who asked."""

    PASSING = "passing"
    """Ask again later: throttled, broken, down."""
    FINAL = "final"
    """Asking again gives the same answer; a person has to change something."""
    TOKEN = "token"  # noqa: S105 - the word for a kind of refusal
    """The access token is not accepted: refresh it, then ask once more."""
    REAUTHORISE = "reauthorise"
    """No refresh helps: the merchant has to connect the shop anew."""
    PROMOTION_LOCK = "promotion_lock"
    """A promotion holds the stock or the price; possible again when it ends."""
    DAILY_QUOTA = "daily_quota"
    """The day's calls are used up; `Sheet.quota_resets` says when there are new ones."""
    UNKNOWN = "unknown"
    """The call may have been applied, now or later: time-out, lost answer. Read back, or push the present number."""


class StockMeaning(StrEnum):
    """What the number in a stock write says."""

    AVAILABLE = "available"
    """What buyers can buy; what the marketplace holds for its own unpaid orders and promotions is inside or besides."""
    ON_HAND = "on_hand"


class GivesBack(StrEnum):
    """Who makes cancelled or returned units sellable again in our level."""

    ALWAYS = "always"
    NEVER = "never"
    IF_RESTOCKED = "if_restocked"
    """The marketplace's order says for each unit whether it was put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSheet:
    """How the marketplace calls us. `answer_within_s`: until it gives up; `redelivery_s`: the pauses after a failure.

    `header`: where the signature stands, lower case. `base`: words for what is signed. `has_lines`: the push itself
    tells the order's lines. `shop_member`: the member of the secret that a push names its shop by, where the address
    belongs to the app and hears of other shops too.
    """

    header: str
    base: str
    encoding: str
    answer_within_s: float
    redelivery_s: tuple[int, ...]
    has_lines: bool
    empty_body: bool = True
    address_check: str | None = None
    shop_member: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One marketplace. Each figure's source is named in docs/channels/{channel}.md.

    `listing_parts` names the ids that a listing's key is made of, joined by `~`. `batch`: most listings in one stock
    write; `batch_of_one_product`: all of one product. `zero`: whether 0 may be written, else what is written instead
    (words; the module does it). `orders_in_order`: a list of orders comes oldest change first. `calls_per_second`: our
    own budget per shop. `errors`: the marketplace's code → kind.
    """

    channel: str
    title: str
    listing_parts: tuple[str, ...]
    meaning: StockMeaning
    batch: int
    batch_of_one_product: bool
    zero: bool
    zero_substitute: str | None
    compare_and_swap: bool
    delta: bool
    read_back: bool
    most_quantity: int
    unit_rows: bool
    webhook: WebhookSheet | None
    cancel_gives_back: GivesBack
    return_gives_back: GivesBack
    orders_page: int
    orders_window_days: int | None
    orders_in_order: bool
    calls_per_second: float
    token_life_s: int | None
    refresh_rotates: bool
    whole_prices: bool
    quota_resets: str | None
    can_be_stock_home: bool
    errors: Mapping[str, Kind]
