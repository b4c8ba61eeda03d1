"""The marketplace of one shop, at the protocol's own place: its orders, its shelf, its tokens, and its moods.

It speaks the truth, late, twice or not at all. What it was sent is applied by the horizon or never.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

from holdfast.channels.protocol import (
    Account,
    ChannelError,
    ItemResult,
    Notice,
    OrderChanged,
    OrderPage,
    OrderTold,
    PriceItem,
    Pulled,
    Send,
    Shown,
    ShownPage,
    StockItem,
    Tokens,
)
from holdfast.channels.sheet import Kind, Sheet
from holdfast.domain.market import MarketOrder
from holdfast.domain.push import Limits
from holdfast.domain.shop import ShopKey

from .account import Item
from .stage import Actor, Crash
from .world import World

LIMITS = Limits()
# How far behind a copy of the marketplace's own data may be, from which it answers.
STALE_SECONDS = 60.0
TOKEN_LIFE_SECONDS = 14_400
LOCK_SECONDS = 30.0
FOR_EVER = float("inf")
TURNS_OF_OTHERS = 6
# Longer than a poll looks back.
LEFT_OUT_SECONDS = 3_600.0
RANK = {"unpaid": 0, "paid": 1, "shipped": 2, "cancelled": 3}


class NextPush(Enum):
    """How a push ends that is applied as late as can be."""

    CRASH = "who sent it dies of it"
    SILENCE = "no answer comes"
    YES = "it is answered at once"


class Flight(NamedTuple):
    """A number on its way: applied at `at`, in the order of that; `number` counts in the order of sending."""

    at: float
    number: int
    listing: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What the marketplace of a shop is like. `rates`: fault → its share of the calls.

    `tells_lines`: pushes tell the whole order, else that it changed. `lists_whole`: so do lists. `oversells`: it
    sells what it does not show. `lasting`: an old access token serves on after a
    refresh. `forgiving`: a refresh whose answer was lost may be repeated. `token_life`: seconds.
    """

    key: ShopKey
    sheet: Sheet
    rates: Mapping[str, float]
    tells_lines: bool
    lists_whole: bool
    oversells: bool
    lasting: bool
    forgiving: bool
    token_life: float = TOKEN_LIFE_SECONDS


@dataclass(slots=True)
class Market:
    """`orders` as they are, `past` as they were since when. `deliveries`: what each webhook says, by its number.

    `left_out`: until when lists leave out an order. `next_push`: how the next push ends, which is applied late
    then. `meanwhile`: happens once while a push is under way.
    """

    world: World
    manner: Manner
    sheet: Sheet = field(init=False)
    orders: dict[str, MarketOrder] = field(default_factory=dict)
    past: dict[str, list[tuple[float, MarketOrder]]] = field(default_factory=dict)
    deliveries: list[tuple[Notice, ...] | None] = field(default_factory=list)
    events: list[Notice] = field(default_factory=list)
    shown: dict[str, int] = field(default_factory=dict)
    flights: list[Flight] = field(default_factory=list)
    pushing: dict[str, list[tuple[float, object]]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    ever_broken: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    down_until: float = 0.0
    limits_until: float = 0.0
    quota_until: float = 0.0
    access: dict[str, float] = field(default_factory=dict)
    refresh_token: str = "refresh-0"
    last_refresh: str = ""
    newest_tokens: Tokens | None = None
    lock_by: Actor | None = None
    lock_at: dict[Actor | None, float] = field(default_factory=dict)
    locked_until: dict[Actor | None, float] = field(default_factory=dict)
    kept_at: float = FOR_EVER
    left_out: dict[str, float] = field(default_factory=dict)
    slow_once: bool = False
    crowded: bool = False
    next_push: NextPush | None = None
    meanwhile: Callable[[], object] | None = None
    judge: Callable[[StockItem], None] = lambda _item: None
    buy: Callable[[], object] = lambda: None
    _sent: int = 0
    _landed: dict[str, int] = field(default_factory=dict)
    _sold_at: dict[str, float] = field(default_factory=dict)
    _tokens: int = 0

    def __post_init__(self) -> None:
        self.sheet = self.manner.sheet

    @property
    def who(self) -> str:
        actor = self.world.stage.current
        return actor.name if actor else "in calm"

    # ---- moods

    def _fault(self, name: str) -> bool:
        """Whether this fault befalls the present call."""
        rate = self.manner.rates.get(name, 0.0)
        return bool(rate) and not self.world.calm and self.world.chance.random() < rate

    def _called(self, what: str, about: object, account: Account | None) -> None:
        """A call arrives. Raises what the marketplace says before it does anything."""
        world = self.world
        world.step(self.who, f"{self.manner.key.channel}: {what}", about)
        if world.calm:
            pass
        elif world.now < self.down_until:
            world.met("market_down", self.who)
            if world.chance.random() < HALF:
                world.pass_time(LIMITS.call_s)
                raise ChannelError(Kind.UNKNOWN, "timeout", "no answer")
            raise ChannelError(Kind.PASSING, "http_503", "down")
        elif world.now < self.limits_until:
            world.met("market_limits_the_rate", self.who)
            raise ChannelError(Kind.PASSING, "http_429", "too many", retry_after_s=7.0)
        elif self._fault("busy"):
            world.met("market_busy", self.who)
            raise ChannelError(Kind.PASSING, "busy", "try again")
        elif self._fault("unheard"):
            world.met("call_never_arrived", self.who)
            world.pass_time(LIMITS.call_s)
            raise ChannelError(Kind.UNKNOWN, "timeout", "no answer")
        if account is not None and self.access.get(account.access_token or "", 0.0) <= world.now:
            world.met("token_expired", self.who)
            raise ChannelError(Kind.TOKEN, "invalid_access_token", "expired")

    def _answered(self, what: str) -> None:
        """The answer is on its way: others may go first, and it may be lost, or nobody be there any more."""
        world, began = self.world, self.world.now
        world.step(self.who, f"{self.manner.key.channel}: {what}", "answered")
        if world.calm:
            return
        if self._fault("died"):
            world.met("crash_after_call", self.who)
            raise Crash
        if self._fault("lost"):
            world.met(f"{what}_answer_lost", self.who)
            world.pass_time(LIMITS.call_s)
        elif world.now - began <= LIMITS.call_s:
            return
        raise ChannelError(Kind.UNKNOWN, "timeout", "no answer")

    def needs(self) -> tuple[str, ...]:
        return ()

    # ---- tokens

    def new_tokens(self, life_seconds: float | None = None) -> Tokens:
        """The merchant authorises, or a refresh was taken."""
        if life_seconds is None:
            life_seconds = TOKEN_LIFE_SECONDS if self.world.calm else self.manner.token_life
        self._tokens += 1
        now, access = self.world.now, f"access-{self._tokens}"
        if not self.manner.lasting:
            self.access.clear()
        self.access[access] = now + life_seconds
        self.last_refresh = self.refresh_token
        if self.sheet.refresh_rotates:
            self.refresh_token = f"refresh-{self._tokens}"
            self.kept_at = FOR_EVER
        expires = datetime.fromtimestamp(now + life_seconds, UTC)
        self.newest_tokens = Tokens(access_token=access, refresh_token=self.refresh_token, expires_at=expires)
        return self.newest_tokens

    def refresh(self, account: Account, send: Send, now: datetime) -> Tokens:
        del send, now
        world, used = self.world, account.refresh_token or ""
        self._called("refresh", used, None)
        self._is_locked()
        if used != self.refresh_token:
            if not self.manner.forgiving or used != self.last_refresh:
                self._refuse_for_good()
            world.met("refresh_repeated", self.who)
        tokens = self.new_tokens()
        world.met("token_refreshed", self.who)
        slow, self.slow_once = self.slow_once or self._fault("slow_refresh"), False
        if slow:
            world.met("refresh_longer_than_its_lock", self.who)
            world.pass_time(LOCK_SECONDS + 1.0)
        if slow or self.crowded:
            for _ in range(TURNS_OF_OTHERS):
                world.step(self.who, f"{self.manner.key.channel}: refresh", "no answer yet")
        self._answered("refresh")
        self._is_locked()
        return tokens

    def _refuse_for_good(self) -> None:
        world = self.world
        if self.kept_at < self.lock_at.get(world.stage.current, 0.0):
            world.blame(f"{self.manner.key}: an old refresh token was used, the new one was kept", "secrets")
        world.met("shop_unauthorised", self.who)
        raise ChannelError(Kind.REAUTHORISE, "refresh_token_expired", "used before")

    def _is_locked(self) -> None:
        """Nobody refreshes but under the lock; one whose lock ran out may not know it yet."""
        world, me = self.world, self.world.stage.current
        if me is None or self.lock_by is me or world.profile.clocks_far_off:
            return
        if world.now < self.locked_until.get(me, FOR_EVER) - 2 * world.profile.skew_seconds:
            world.blame(f"{self.manner.key}: its token is refreshed without the lock", str(self.manner.key))

    def lock_written(self, before: Item | None, after: Item | None) -> None:
        """The raw lock changed."""
        world, me = self.world, self.world.stage.current
        if after is None:
            self.lock_by = None
            return
        early = (before["until"] / 1000 if before else 0.0) - world.now - 2 * world.profile.skew_seconds
        if early > 0 and before is not None and before["owner"] != after["owner"] and not world.profile.clocks_far_off:
            world.blame(f"{self.manner.key}: the lock of its token was taken {early:.1f} s early", "TOKEN")
        self.lock_by = me
        if me is not None:
            self.lock_at[me] = world.now
            # By its own clock: who was held up before the write has less of it.
            self.locked_until[me] = min(world.now + LOCK_SECONDS, after["until"] / 1000)

    # ---- orders

    def keep(self, order: MarketOrder) -> None:
        """An order is new, or changed."""
        self.orders[order.order_id] = order
        self.past.setdefault(order.order_id, []).append((self.world.now, order))

    def known_at(self, order_id: str, at: float) -> MarketOrder | None:
        """The order as it was then."""
        found = [order for since, order in self.past.get(order_id, ()) if since <= at]
        return found[-1] if found else None

    def read_delivery(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, ...]:
        del headers
        told = self.deliveries[int(body.rpartition(b" ")[2])]
        if told is None:
            raise ChannelError(Kind.FINAL, "unreadable", "no JSON")
        return told

    def fetch_orders(
        self, account: Account, order_ids: Sequence[str], send: Send, now: datetime
    ) -> tuple[MarketOrder, ...]:
        del send, now
        self._called("fetch_orders", order_ids, account)
        at = self.world.now
        if self._fault("stale"):
            self.world.met("order_fetched_stale", self.who)
            at -= self.world.chance.random() * STALE_SECONDS
        found = tuple(order for each in order_ids if (order := self.known_at(each, at)) is not None)
        self._answered("fetch_orders")
        return found

    def list_orders(
        self, account: Account, *, since: datetime, until: datetime, cursor: str | None, send: Send, now: datetime
    ) -> OrderPage:
        del send, now
        self._called("list_orders", f"from {since:%d %H:%M:%S} to {until:%d %H:%M:%S}, {cursor}", account)
        if cursor is None and self._fault("empty"):
            self.world.met("empty_order_page", self.who)
            return OrderPage()
        found = sorted(
            (order for order in self.orders.values() if since <= order.updated_at <= until),
            key=lambda order: (order.updated_at, order.order_id),
            reverse=not self.sheet.orders_in_order,
        )
        if len({order.updated_at for order in found}) < len(found):
            self.world.met("polling_tie", self.who)
        found = self._shortened(found)
        start, size = int(cursor or 0), self.sheet.orders_page
        part = found[start : start + size]
        following = str(start + size) if start + size < len(found) else None
        self._answered("list_orders")
        if self.manner.lists_whole:
            return OrderPage(orders=tuple(part), next=following)
        return OrderPage(
            changed=tuple(OrderChanged(order_id=o.order_id, at=o.updated_at) for o in part), next=following
        )

    def _shortened(self, found: list[MarketOrder]) -> list[MarketOrder]:
        """Lists leave out an order, and some go on to do so."""
        world = self.world
        if found and self._fault("short"):
            left_out = world.chance.choice(found)
            self.left_out[left_out.order_id] = world.now + world.chance.choice((0.0, LEFT_OUT_SECONDS))
        elif not self.left_out:
            return found
        whole = [order for order in found if self.left_out.get(order.order_id, -1.0) < world.now]
        if len(whole) < len(found):
            world.met("short_order_page", self.who)
        return whole

    def pull(self, account: Account, position: str | None, send: Send, now: datetime) -> Pulled:
        """The marketplace's own queue: what was told since the position."""
        del send, now
        self._called("pull", position, account)
        start = int(position or 0)
        told = tuple(self.events[start : start + 3])
        self._answered("pull")
        reached = start + len(told)
        return Pulled(notices=told, position=str(reached), more=reached < len(self.events))

    def acknowledge(self, account: Account, position: str, send: Send, now: datetime) -> None:
        del send, now
        self._called("acknowledge", position, account)

    # ---- the shelf

    def apply(self) -> None:
        """What was sent and is due by now is shown."""
        due = sorted(each for each in self.flights if each.at <= self.world.now)
        if not due:
            return
        self.flights = [each for each in self.flights if each.at > self.world.now]
        for each in due:
            if each.number < self._landed.get(each.listing, 0):
                self.world.met("pushes_arrived_in_reverse")
            self._landed[each.listing] = max(each.number, self._landed.get(each.listing, 0))
            self.shown[each.listing] = each.quantity

    def sell(self, listing: str, units: int) -> None:
        """Somebody buys here; a marketplace that oversells goes on at 0."""
        self.apply()
        self.shown[listing] = max(0, self.shown.get(listing, 0) - units)
        self._sold_at[listing] = self.world.now
        if listing in self.pushing:
            self.world.met("sold_while_pushed")

    def give_back(self, listing: str, units: int) -> None:
        self.apply()
        self.shown[listing] = self.shown.get(listing, 0) + units

    def push_stock(
        self, account: Account, items: Sequence[StockItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        del send
        world = self.world
        self._called("push_stock", [f"{each.listing} = {each.quantity}" for each in items], account)
        if len(items) > self.sheet.batch or len({each.listing for each in items}) < len(items):
            world.blame(f"{self.manner.key}: {items} in one call", str(self.manner.key))
        if world.now < self.quota_until and not world.calm:
            world.met("daily_quota", self.who)
            raise ChannelError(Kind.DAILY_QUOTA, "quota", "used up")
        if len(items) > 1 and any(each.listing in self.broken for each in items):
            world.met("whole_batch_refused", self.who)
            raise ChannelError(Kind.FINAL, "one_is_wrong", "one of them does not exist")
        self.apply()
        results = tuple(self._one(each, now) for each in items)
        mine = (world.now, world.stage.current)
        for each in items:
            self.pushing.setdefault(each.listing, []).append(mine)
        if self._fault("sells"):
            self.buy()
        try:
            if self.meanwhile is not None:
                happens, self.meanwhile = self.meanwhile, None
                happens()
            self._ends_as_said()
            late = any(each.at > world.now for each in self.flights)
            if world.profile.still and late and self._fault("late"):
                # Who is that slow with the number is slow with the answer: nobody waits for it, and it sells on.
                self.buy()
                world.met("crash_after_call", self.who)
                raise Crash
            self._answered("push_stock")
        finally:
            for each in items:
                self.pushing[each.listing].remove(mine)
                if not self.pushing[each.listing]:
                    del self.pushing[each.listing]
        return results

    def _ends_as_said(self) -> None:
        ending, self.next_push = self.next_push, None
        if ending is NextPush.CRASH:
            self.world.met("crash_after_call", self.who)
            raise Crash
        if ending is NextPush.SILENCE:
            self.world.met("push_stock_answer_lost", self.who)
            self.world.pass_time(LIMITS.call_s)
            raise ChannelError(Kind.UNKNOWN, "timeout", "no answer")

    def _one(self, item: StockItem, sent_at: datetime) -> ItemResult:
        world, listing = self.world, item.listing
        self.judge(item)
        error: ChannelError | None = None
        if listing in self.broken:
            error = ChannelError(Kind.FINAL, "not_there", "the listing does not exist")
        elif listing in self.locked and not world.calm:
            world.met("promotion_lock", self.who)
            error = ChannelError(Kind.PROMOTION_LOCK, "promotion", "locked")
        elif self._fault("item_refused"):
            world.met("one_item_refused", self.who)
            error = ChannelError(Kind.PASSING, "item_busy", "try again")
        elif self.sheet.compare_and_swap and not world.calm and world.now - self._sold_at.get(listing, 0.0) < 1.0:
            world.met("compare_and_swap_refused", self.who)
            error = ChannelError(Kind.PASSING, "changed", "it sold meanwhile")
        if error is not None:
            return ItemResult(listing=listing, written=False, error=error)
        self._sent += 1
        self.flights.append(Flight(self._applied_at(sent_at), self._sent, listing, item.quantity))
        self.apply()
        return ItemResult(listing=listing, written=True)

    def _applied_at(self, sent_at: datetime) -> float:
        """At once, or late, but within the horizon by the clocks of all who count it."""
        world = self.world
        if self.next_push is not None:
            world.met("applied_late", self.who)
            return world.now + LIMITS.horizon_s - 1.0
        if not self._fault("late"):
            return world.now
        world.met("applied_late", self.who)
        latest = sent_at.timestamp() + LIMITS.horizon_s - world.profile.skew_seconds - 1.0
        at = world.now + world.chance.choice((2.0, 20.0, 60.0, 90.0, 119.0))
        return max(world.now, min(at, latest))

    def push_prices(
        self, account: Account, items: Sequence[PriceItem], send: Send, now: datetime
    ) -> tuple[ItemResult, ...]:
        raise NotImplementedError("nothing has a price here")

    def read_back(self, account: Account, listings: Sequence[str], send: Send, now: datetime) -> tuple[Shown, ...]:
        del send, now
        self._called("read_back", listings, account)
        self.apply()
        told = tuple(
            Shown(listing=each, quantity=self.shown[each])
            for each in listings
            if each in self.shown and each not in self.broken
        )
        self._answered("read_back")
        return told

    def list_stock(self, account: Account, cursor: str | None, send: Send, now: datetime) -> ShownPage:
        raise NotImplementedError("nobody asks for it here")


HALF = 0.5


def age(order: MarketOrder) -> tuple[int, int, int]:
    """What two tellings of one order are compared by: time in ms, how far it has come, how much is off it."""
    off = sum(line.cancelled + line.withheld + line.returned for line in order.lines)
    return int(order.updated_at.timestamp() * 1000), RANK[order.stage.value], off


def age_told(told: Mapping[str, Any]) -> tuple[int, int, int]:
    """The same of a raw record."""
    off = sum(line.get("c", 0) + line.get("w", 0) + line.get("r", 0) for line in told["lines"])
    return told["updated_at"], RANK[told["stage"]], off


def second(world: World) -> datetime:
    """The marketplace's own time, in whole seconds."""
    return datetime.fromtimestamp(int(world.now), UTC)


def notices_of(manner: Manner, order: MarketOrder) -> tuple[Notice, ...]:
    if manner.tells_lines:
        return (OrderTold(order=order),)
    return (OrderChanged(order_id=order.order_id, at=order.updated_at),)
