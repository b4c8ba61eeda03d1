"""A shop whose listings are kept in step: a marketplace that may be slow, a queue with visibility, a stream."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from holdfast.channels.protocol import Account, ChannelError, ItemResult, PriceItem, Send, Shown, StockItem
from holdfast.domain.errors import Unavailable
from holdfast.domain.listing import ListingKey
from holdfast.domain.movement import Type
from holdfast.domain.push import Limits, PushState
from holdfast.domain.shop import ShopKey
from holdfast.domain.shop_sync import ShopSync
from holdfast.domain.sync import Rules, SyncMode
from holdfast.services.context import Context
from holdfast.services.sync.push_listings import Delivery, push_listings
from holdfast.services.sync.sync_shop import Ran, sync_shop
from holdfast.services.sync.syncing import Planning, PushMessage, Syncing
from holdfast.services.upkeep.follow_levels import Change, follow_levels

from .market import Fair, FakeMarket

LIMITS = Limits()
LISTING = "1~0"


@dataclass(slots=True)
class Shelf(FakeMarket):
    """A marketplace's stock. `pushed`: every number that reached it, with when it was applied.

    `refuses[listing]`: errors for single items, one each. `meanwhile`: done once, during the next call. `lag`: seconds
    until a push is applied although it was answered, or was not. `lose`: so many answers are lost after they are given.
    """

    pushed: list[tuple[str, int]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    refuses: dict[str, list[ChannelError]] = field(default_factory=dict)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    late: list[tuple[datetime, str, int]] = field(default_factory=list)
    lag: list[float] = field(default_factory=list)
    lose: list[ChannelError] = field(default_factory=list)
    prices: dict[str, str] = field(default_factory=dict)
    in_flight: int = 0

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        del send
        self._called("push_stock", account)
        assert len({item.listing for item in items}) == len(items) <= self.sheet.batch
        if self.sheet.batch_of_one_product:
            assert len({item.listing.split("~")[0] for item in items}) == 1
        self.batches.append(len(items))
        if self.meanwhile:
            self.meanwhile.pop(0)()
        lag = self.lag.pop(0) if self.lag else 0.0
        results = [self._one(item, now + timedelta(seconds=lag)) for item in items]
        if not lag:
            self.apply(now)
        if self.lose:
            raise self.lose.pop(0)
        return tuple(results)

    def _one(self, item: StockItem, at: datetime) -> ItemResult:
        if self.refuses.get(item.listing):
            return ItemResult(listing=item.listing, written=False, error=self.refuses[item.listing].pop(0))
        self.late.append((at, item.listing, item.quantity))
        return ItemResult(listing=item.listing, written=True)

    def apply(self, now: datetime) -> None:
        """Let everything happen that is due by now."""
        for each in sorted(self.late, key=lambda each: each[0]):
            at, listing, quantity = each
            if at <= now:
                self.late.remove(each)
                self.pushed.append((listing, quantity))
                self.shown[listing] = replace(
                    self.shown.get(listing, Shown(listing=listing, quantity=0)), quantity=quantity
                )

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        del send, now
        self._called("push_prices", account)
        self.prices |= {item.listing: f"{item.amount} {item.currency}" for item in items}
        return tuple(ItemResult(listing=item.listing, written=True) for item in items)


@dataclass(slots=True)
class Waiting:
    """A message and when it can be seen again."""

    number: int
    message: PushMessage
    visible_at: datetime
    receives: int = 0


@dataclass(slots=True)
class PushBox:
    """SQS in memory: at least once, out of sight while it is worked on."""

    clock: Callable[[], datetime]
    waiting: list[Waiting] = field(default_factory=list)
    down: int = 0
    sent: int = 0

    def send_many(self, messages: Sequence[PushMessage], *, delay_seconds: int = 0) -> None:
        for message in messages:
            if self.down:
                self.down -= 1
                raise Unavailable("the queue is down")
            self.sent += 1
            visible_at = self.clock() + timedelta(seconds=delay_seconds)
            self.waiting.append(Waiting(number=self.sent, message=message, visible_at=visible_at))

    def visible(self) -> list[Waiting]:
        return [each for each in self.waiting if each.visible_at <= self.clock()]


VISIBILITY = timedelta(seconds=360)


@dataclass(slots=True)
class SyncFloor:
    """`fair` is the shop with its marketplace; `box` the queue of pushes."""

    rules: Rules = field(default_factory=lambda: Rules(mode=SyncMode.CONTINUOUS))
    shelf: Shelf = field(default_factory=Shelf)
    fair: Fair = field(init=False)
    box: PushBox = field(init=False)
    slept: list[float] = field(default_factory=list)
    chance: float = 0.5
    _streamed: int = 0

    def __post_init__(self) -> None:
        self.fair = Fair(market=self.shelf)
        self.box = PushBox(self.clock)
        self.set(self.rules)

    @property
    def clock(self) -> Any:
        return self.fair.world.clock

    @property
    def world(self) -> Any:
        return self.fair.world

    @property
    def shop(self) -> ShopKey:
        return self.fair.key

    def set(self, rules: Rules, **more: object) -> None:
        """The shop's sync settings."""
        settings = replace(ShopSync(rules=rules), **more)  # type: ignore[arg-type]  # fields of the settings
        self.world.context.ledger.syncs.put(self.shop, settings)

    def planning(self, context: Context | None = None) -> Planning:
        return Planning(
            context=context or self.world.context, queue=self.box, channel=lambda _name: self.shelf, limits=LIMITS
        )

    def syncing(self, context: Context | None = None) -> Syncing:
        return Syncing(
            planning=self.planning(context), intake=self.fair.intake, chance=lambda: self.chance, sleep=self._sleep
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.forward(seconds=seconds)

    def stock(self, sku: str = "kettle", units: int = 10, *, listing: str = LISTING, takes: int = 1) -> None:
        """A SKU with units, and a listing that sells it."""
        self.world.sell(sku, main=units)
        self.fair.map(listing, **{sku: takes})

    def move(self, name: str, sku: str, kind: Type, units: int) -> None:
        self.world.move(name, sku, kind, units)

    def count(self, units: int, sku: str = "kettle") -> None:
        """The stock of the SKU is counted anew."""
        self.world.move(f"count-{len(self.world.raw.changes)}", sku, Type.COUNT, units)

    def news(self) -> list[Change]:
        """What the stream has to tell since it was asked last."""
        changes = self.world.raw.changes
        fresh, start = changes[self._streamed :], self._streamed
        self._streamed = len(changes)
        return [Change(before, after, id=str(start + number)) for number, (before, after) in enumerate(fresh)]

    def stream(self, news: list[Change] | None = None) -> None:
        follow_levels(self.world.context, self.news() if news is None else news, planning=self.planning())

    def work(self, *, most: int = 100, by: Syncing | None = None) -> int:
        """One call of push_listings on what can be seen; answers how many messages it took."""
        taken = self.box.visible()[:most]
        for each in taken:
            each.visible_at = self.clock() + VISIBILITY
            each.receives += 1
        put_back = push_listings(
            by or self.syncing(), [Delivery(id=str(each.number), message=each.message) for each in taken]
        )
        for each in taken:
            if str(each.number) in put_back:
                each.visible_at = self.clock() + timedelta(seconds=put_back[str(each.number)])
            elif each in self.box.waiting:
                self.box.waiting.remove(each)
        return len(taken)

    def settle(self, *, rounds: int = 150) -> None:
        """Let time pass until nothing waits any more. A lease of a dead worker is looked at every few seconds."""
        for _ in range(rounds):
            self.stream()
            self.shelf.apply(self.clock())
            if self.work():
                continue
            times = [each.visible_at for each in self.box.waiting] + [at for at, *_ in self.shelf.late]
            if not times:
                return
            self.clock.now = max(self.clock(), min(times))
        raise AssertionError(f"still waiting: {self.box.waiting}")

    def run(self, name: str = "run-1") -> Ran:
        return sync_shop(self.syncing(), self.shop, run=name)

    def shows(self, listing: str = LISTING) -> int | None:
        found = self.shelf.shown.get(listing)
        return found.quantity if found else None

    def state(self, listing: str = LISTING) -> PushState:
        found: PushState = self.world.context.ledger.pushes.get(ListingKey(self.shop, listing))
        return found

    def open_incidents(self) -> list[str]:
        """Their kinds."""
        items = [item for key, item in self.world.raw.items.items() if key.sk == "INCIDENT"]
        return [item["kind"] for item in items if item["list"].endswith("#open")]
