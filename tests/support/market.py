"""A marketplace to test with, at the protocol's own place: orders that shoppers change, told late, twice or never."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from holdfast.channels.protocol import (
    Account,
    Answer,
    ChannelError,
    ItemResult,
    Notice,
    OrderChanged,
    OrderPage,
    OrderTold,
    PriceItem,
    Pulled,
    Request,
    Send,
    Shown,
    ShownPage,
    StockItem,
    Tokens,
)
from holdfast.channels.sheet import GivesBack, Kind, Sheet, StockMeaning
from holdfast.domain.errors import Unavailable
from holdfast.domain.listing import Listing, ListingKey
from holdfast.domain.market import MarketOrder, OrderLine, Part, Stage
from holdfast.domain.shop import Shop, ShopKey
from holdfast.services.orders.connect_shop import put_listing
from holdfast.services.orders.intake import Intake, Message

from .world import World

SHEET = Sheet(
    channel="shopee",
    title="A market of our own",
    listing_parts=("item_id", "model_id"),
    meaning=StockMeaning.AVAILABLE,
    batch=50,
    batch_of_one_product=False,
    zero=True,
    zero_substitute=None,
    compare_and_swap=False,
    delta=False,
    read_back=True,
    most_quantity=999_999,
    unit_rows=False,
    webhook=None,
    cancel_gives_back=GivesBack.ALWAYS,
    return_gives_back=GivesBack.IF_RESTOCKED,
    orders_page=2,
    orders_window_days=15,
    orders_in_order=True,
    calls_per_second=10,
    token_life_s=14_400,
    refresh_rotates=True,
    whole_prices=True,
    quota_resets=None,
    can_be_stock_home=True,
    errors={},
)

HANOI = ShopKey("shopee", "hanoi")


def no_network(_request: Request) -> Answer:
    raise AssertionError("the fake marketplace sends nothing")


@dataclass(slots=True)
class FakeAccounts:
    """Secrets. `remembered`: what a process answers that does not read afresh."""

    now: datetime
    kept: dict[ShopKey, Account] = field(default_factory=dict)
    remembered: dict[ShopKey, Account] = field(default_factory=dict)

    def read(self, shop: ShopKey, *, fresh: bool = False) -> Account:
        if not fresh and shop in self.remembered:
            return self.remembered[shop]
        return self.kept.setdefault(
            shop,
            Account(
                channel=shop.channel,
                shop=shop.shop,
                api_url="http://market.test",
                auth_url="http://market.test",
                members={},
                access_token="access-0",
                refresh_token="refresh-0",
                token_expires_at=self.now + timedelta(hours=4),
            ),
        )

    def store(self, shop: ShopKey, tokens: Tokens, *, instead_of: Account) -> Account:
        if self.read(shop, fresh=True).access_token != instead_of.access_token:
            return self.kept[shop]
        self.kept[shop] = replace(
            self.read(shop),
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            token_expires_at=tokens.expires_at,
        )
        return self.kept[shop]


@dataclass(slots=True)
class FakeQueue:
    """Messages in the order they were sent; none is taken while it is `down`."""

    sent: list[Message] = field(default_factory=list)
    down: bool = False

    def send(self, message: Message, *, delay_seconds: int = 0) -> None:
        del delay_seconds
        if self.down:
            raise Unavailable("the queue is down")
        self.sent.append(message)

    def take(self) -> list[Message]:
        taken, self.sent[:] = list(self.sent), []
        return taken


@dataclass(slots=True)
class FakeMarket:
    """A channel with orders of its own. `accepts`: the access token that is good, None: any.

    `fails` are errors that the next calls raise, one each; `empty_pages` lists that are empty by mistake.
    """

    sheet: Sheet = SHEET
    orders: dict[str, MarketOrder] = field(default_factory=dict)
    shown: dict[str, Shown] = field(default_factory=dict)
    queued: list[Notice] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    accepts: str | None = None
    good_refresh: str = "refresh-0"
    refreshed: int = 0
    fails: list[ChannelError] = field(default_factory=list)
    empty_pages: int = 0
    calls: list[str] = field(default_factory=list)
    deliveries: list[tuple[Notice, ...]] = field(default_factory=list)

    def needs(self) -> tuple[str, ...]:
        return ()

    def _called(self, what: str, account: Account) -> None:
        self.calls.append(what)
        if self.fails:
            raise self.fails.pop(0)
        if self.accepts is not None and account.access_token != self.accepts:
            raise ChannelError(Kind.TOKEN, "invalid_access_token", "expired")

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        del send
        self.calls.append("refresh")
        if account.refresh_token != self.good_refresh:
            raise ChannelError(Kind.REAUTHORISE, "refresh_token_expired", "used before")
        if self.fails:
            raise self.fails.pop(0)
        self.refreshed += 1
        self.good_refresh, self.accepts = f"refresh-{self.refreshed}", f"access-{self.refreshed}"
        return Tokens(access_token=self.accepts, refresh_token=self.good_refresh, expires_at=now + timedelta(hours=4))

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        del headers
        return self.deliveries[int(body)]

    def fetch_orders(
        self, account: Account, order_ids: Sequence[str], send: Send, now: datetime
    ) -> tuple[MarketOrder, ...]:
        del send, now
        self._called("fetch_orders", account)
        return tuple(self.orders[each] for each in order_ids if each in self.orders)

    def list_orders(
        self, account: Account, *, since: datetime, until: datetime, cursor: str | None, send: Send, now: datetime
    ) -> OrderPage:
        del send, now
        self._called("list_orders", account)
        if self.empty_pages:
            self.empty_pages -= 1
            return OrderPage()
        found = sorted(
            (order for order in self.orders.values() if since <= order.updated_at <= until),
            key=lambda order: order.updated_at,
        )
        start = int(cursor or 0)
        size = self.sheet.orders_page
        changed = tuple(OrderChanged(order_id=o.order_id, at=o.updated_at) for o in found[start : start + size])
        return OrderPage(changed=changed, next=str(start + size) if start + size < len(found) else None)

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        del send, now
        self._called("pull", account)
        start = int(position or 0)
        return Pulled(notices=tuple(self.queued[start:]), position=str(len(self.queued)), more=False)

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        del send, now
        self._called("acknowledge", account)
        self.acknowledged.append(position)

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        del send, now
        self._called("push_stock", account)
        for item in items:
            self.shown[item.listing] = Shown(listing=item.listing, quantity=item.quantity)
        return tuple(ItemResult(listing=item.listing, written=True) for item in items)

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        del send, now
        self._called("push_prices", account)
        return tuple(ItemResult(listing=item.listing, written=True) for item in items)

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        del send, now
        self._called("read_back", account)
        return tuple(self.shown[each] for each in listings if each in self.shown)

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        del send, now, cursor
        self._called("list_stock", account)
        return ShownPage(shown=tuple(self.shown.values()))


@dataclass(slots=True)
class Fair:
    """A world with one shop on one marketplace."""

    world: World = field(default_factory=World)
    market: FakeMarket = field(default_factory=FakeMarket)
    queue: FakeQueue = field(default_factory=FakeQueue)
    key: ShopKey = HANOI
    accounts: FakeAccounts = field(init=False)
    intake: Intake = field(init=False)
    shop: Shop = field(init=False)

    def __post_init__(self) -> None:
        self.accounts = FakeAccounts(now=self.world.clock())
        self.intake = Intake(
            context=self.world.context,
            accounts=self.accounts,
            orders=self.queue,
            send=no_network,
            channel=lambda _name: self.market,
        )
        self.connect()

    def connect(self, **more: object) -> Shop:
        """Connect the shop, or change its settings."""
        shop = Shop(key=self.key, orders_from=self.world.clock() - timedelta(hours=1))
        self.shop = replace(shop, **more)  # type: ignore[arg-type]  # fields of a shop
        self.world.context.ledger.shops.put(self.shop)
        return self.shop

    def map(self, listing: str, **parts: int) -> Listing:
        """`map("1~0", kettle=1)`."""
        key = ListingKey(self.key, listing)
        return put_listing(self.intake, Listing(key=key, parts=tuple(Part(sku, n) for sku, n in parts.items())))

    def order(self, order_id: str, stage: Stage = Stage.PAID, **lines: object) -> MarketOrder:
        """An order of listing `1~0` unless `lines={listing: OrderLine or units}` says otherwise, changed just now."""
        told = lines.pop("lines", {"1~0": 1})
        at = lines.pop("at", self.world.clock())
        before = self.market.orders.get(order_id)
        order = MarketOrder(
            order_id=order_id,
            stage=stage,
            created_at=before.created_at if before else at,  # type: ignore[arg-type]
            updated_at=at,  # type: ignore[arg-type]
            lines=tuple(
                line if isinstance(line, OrderLine) else OrderLine(listing=listing, ordered=line)
                for listing, line in told.items()  # type: ignore[attr-defined]
            ),
        )
        self.market.orders[order_id] = order
        return order

    def tell(self, *orders: MarketOrder) -> Message:
        """The verified webhook that tells these orders."""
        self.market.deliveries.append(tuple(OrderTold(order=order) for order in orders))
        return self.delivered()

    def delivered(self) -> Message:
        """The message of the delivery that was added last."""
        number = str(len(self.market.deliveries) - 1).encode()
        body = base64.b64encode(number).decode()
        return {"channel": self.key.channel, "shop": self.key.shop, "kind": "webhook", "headers": {}, "body": body}
