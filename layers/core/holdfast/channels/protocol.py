"""The protocol of a marketplace: what the services ask of it. Modules build requests, read answers, send nothing.

`Send` is the port to the network (`transport.py` speaks it over HTTP, tests and the simulator speak it to a fake).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from holdfast.domain.market import MarketOrder

from .sheet import Kind, Sheet

JOINER = "~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. `url` with its query; `body` exactly as it is sent, since some of them are signed."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Send = Callable[[Request], Answer]
"""Raises ChannelError: PASSING if the request cannot have arrived, UNKNOWN if its answer is missing."""


class ChannelError(Exception):
    """The marketplace did not do what was asked. `code` is its own, or `http_503`, `timeout`, `unreadable`.

    `detail` holds no secret and no personal data. `retry_after_s`: as the marketplace said.
    """

    def __init__(self, kind: Kind, code: str, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{kind.value}: {code}: {detail}")
        self.kind = kind
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One shop with what opens it: the members of its secret. `members` differ by channel; each module names its own.

    `api_url` and `auth_url` without a slash at the end; they stand in the secret, beside what is sent there, so that
    nobody who may only change settings can send credentials elsewhere. `__repr__` shows no secret.
    """

    channel: str
    shop: str
    api_url: str
    auth_url: str
    members: Mapping[str, str] = field(repr=False)
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    token_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The answer to a refresh. `refresh_token` None: the old one stays good, or there is none."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged:
    """Something happened to this order: fetch it. `at`: when, as the marketplace says.

    `shop_there`: the marketplace's own id of the shop, where a push tells it: an app's address hears of all its shops.
    """

    order_id: str
    at: datetime | None = None
    shop_there: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTold:
    """The push tells the whole order."""

    order: MarketOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class StockChanged:
    """The marketplace's own stock is now `quantity` at its location. `item`: the listing's key, or any id from which
    `read_back` finds the listing.
    """

    item: str
    location: str | None
    quantity: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSaid:
    """Something a person must know: `deauthorised`, `authorisation_ending`, `webhook_disabled`, `promotion`."""

    what: str
    detail: str


Notice = OrderChanged | OrderTold | StockChanged | ShopSaid


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """Orders by update time. `orders` told whole, or `order_ids` to fetch; `next`: cursor of the next page, if any."""

    orders: tuple[MarketOrder, ...] = ()
    changed: tuple[OrderChanged, ...] = ()
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a marketplace kept for us. `position` is handed in again, or acknowledged, once the notices are safe."""

    notices: tuple[Notice, ...]
    position: str | None
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StockItem:
    """`quantity`: what the listing should show, 0 or more. `location`: the marketplace's id of its warehouse."""

    listing: str
    quantity: int
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceItem:
    listing: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """`written`: what the marketplace now shows for the listing (a substitute for 0 counts as 0). `error` else."""

    listing: str
    written: bool
    error: ChannelError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A listing as the marketplace shows it. `locked`: units a promotion keeps, below which nothing may be set.

    `on_hand`: units in its building, where the merchant keeps its stock there and the marketplace tells it.
    """

    listing: str
    quantity: int
    on_hand: int | None = None
    price: Decimal | None = None
    locked: int = 0
    title: str = ""
    merchant_sku: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPage:
    """One page of a shop's stock. `next`: cursor of the next page, if any."""

    shown: tuple[Shown, ...]
    next: str | None = None


class Channel(Protocol):
    """One marketplace. Every method that sends raises ChannelError; a `now` is aware and in UTC."""

    sheet: Sheet

    def needs(self) -> tuple[str, ...]:
        """The members its secret must have (`Account.members`), tokens and addresses aside."""
        ...

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        """New tokens. REAUTHORISE if the refresh token is not good any more; UNKNOWN if the answer is missing."""
        ...

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        """What a webhook says, once it was verified. Raises ChannelError(FINAL, "unreadable", …)."""
        ...

    def fetch_orders(
        self, account: Account, order_ids: Sequence[str], send: Send, now: datetime
    ) -> tuple[MarketOrder, ...]:
        """Up to 50 orders as they are now; one that does not exist, or is another shop's, is left out."""
        ...

    def list_orders(
        self, account: Account, *, since: datetime, until: datetime, cursor: str | None, send: Send, now: datetime
    ) -> OrderPage:
        """One page of the orders changed from `since` to `until`, oldest change first where the marketplace can."""
        ...

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        """What waits in the marketplace's own queue (Tiki), or was pushed and lost (Shopee); else nothing."""
        ...

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        """The notices up to `position` are safe. Nothing where the next pull says it."""
        ...

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """One batch (`Sheet.batch`, of one product where the sheet says so); a result for each item, in their order.

        Raises ChannelError only if it holds for all of them.
        """
        ...

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        """As `push_stock`."""
        ...

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        """Up to 50 listings as they are shown now; one that does not exist is left out."""
        ...

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        """One page of the whole shop's listings with their stock."""
        ...
