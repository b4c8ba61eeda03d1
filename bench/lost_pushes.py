"""Pushes that fail or get lost in every way there is: how long a listing is wrong after the cause is gone.

Shops with runs, of which the stream is never read: what a run finds is all there is. Nobody waits: the clocks here and
at the marketplaces are put forward to the next thing that is due. The queue is one in memory for that, as the engine's
knows the machine's clock only; the table and the marketplaces are real.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.hot_sku import push_alone
from holdfast.channels.protocol import Answer, ChannelError, Request
from holdfast.domain.channel_names import CHANNELS
from holdfast.domain.listing import ListingKey
from holdfast.domain.movement import Movement, Type
from holdfast.domain.push import LONGEST_WAIT_S, Limits
from holdfast.domain.sync import Rules, SyncMode
from holdfast.services.stock.move_stock import move_stock
from holdfast.services.sync.push_listings import Delivery, push_listings
from holdfast.services.sync.sync_shop import REFUSED_AGAIN_AFTER, sync_shop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.fair import Fair
    from holdfast.domain.shop import ShopKey
    from holdfast.services.sync.syncing import PushMessage, Syncing

LIMITS = Limits()
SESSION = Rules(mode=SyncMode.SESSION)
RUN_EVERY_S, HIDDEN_S = 900.0, 360.0
# A cause lasts so long: long enough for the longest wait between two tries.
LASTS = timedelta(minutes=30)
# How exactly "how long" is known: it is looked so many times a cycle. What a worker adds to a wait by chance.
LOOKS, SLACK_S = 30, 10.0
BEFORE, DURING, AFTER = 9, 4, 6


class Killed(BaseException):
    """The worker's end. Not an Exception: nothing that it runs may go on after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """`faults` of the sandbox, or what happens to the `queue` instead. `cycle_s`: the longest wait between two tries.

    `at`: where it can happen. `changes`: the stock changes once more when the cause is gone.
    """

    name: str
    cycle_s: float = LONGEST_WAIT_S
    faults: dict[str, Any] = field(default_factory=dict)
    queue: str = ""
    at: tuple[str, ...] = CHANNELS
    changes: bool = False

    @property
    def step_s(self) -> float:
        return min(RUN_EVERY_S, self.cycle_s / LOOKS)


# An item that fails within a 200 is final by the words of these two; the others say that it may be sent again.
SAY_FOR_GOOD = ("tiki", "shopify")
SAY_IT_PASSES = tuple(each for each in CHANNELS if each not in SAY_FOR_GOOD)
# Its answer holds the number it shows; one that is applied later is refused by that.
TELLS_WHAT_IT_SHOWS = "woocommerce"
STOCK = {"on": ["stock"]}
CAUSES = (
    Cause(name="throttled", faults={"throttled": 1, **STOCK}),
    Cause(name="error of the server", faults={"server_error": 1, **STOCK}),
    Cause(name="down", faults={"down": True}),
    Cause(name="call lost", faults={"timeout_before": 1, "timeout_s": 0, **STOCK}),
    Cause(name="answer lost", faults={"timeout_after": 1, "timeout_s": 0, **STOCK}),
    Cause(name="refused within a 200", faults={"partial_failure": 1, **STOCK}, at=SAY_IT_PASSES),
    Cause(
        name="refused for good, then set right there",
        faults={"partial_failure": 1, **STOCK},
        at=SAY_FOR_GOOD,
        cycle_s=REFUSED_AGAIN_AFTER.total_seconds() + RUN_EVERY_S,
    ),
    Cause(
        name="applied late, over a newer one",
        faults={"applied_late_s": 100, **STOCK},
        at=tuple(each for each in CHANNELS if each != TELLS_WHAT_IT_SHOWS),
        changes=True,
    ),
    Cause(
        name="promotion lock",
        faults={"promotion_lock": 1},
        at=("shopee", "lazada", "tiktok_shop"),
        cycle_s=1.1 * LIMITS.parked_s,
    ),
    Cause(name="token ended", faults={"token_expiry_s": 0, "server_error": 1, "on": ["token"]}),
    Cause(name="message lost", queue="lost", cycle_s=LIMITS.lost_s + RUN_EVERY_S),
    Cause(name="worker killed after its call", queue="killed", cycle_s=max(HIDDEN_S, LONGEST_WAIT_S)),
)


@dataclass(frozen=True, slots=True)
class Healed:
    """`tries`: calls while it lasted. `longest_s`: the longest a listing was wrong once the cause was gone.

    `wrong`: listings that were wrong at the end. `plain_wrong`: the same where nobody pushes again; None:
    there is no queue and no worker to lose.
    """

    name: str
    shops: int
    tries: int
    longest_s: float
    cycle_s: float
    wrong: int
    plain_wrong: int | None

    @property
    def cycles(self) -> float:
        return self.longest_s / (self.cycle_s + min(RUN_EVERY_S, self.cycle_s / LOOKS) + SLACK_S)


@dataclass
class Box:
    """The queue by the fair's clock: a message is out of sight until its time. `loses`: none is kept."""

    clock: Callable[[], datetime]
    waiting: dict[int, tuple[PushMessage, datetime]] = field(default_factory=dict)
    loses: bool = False
    sent: int = 0

    def send_many(self, messages: Sequence[PushMessage], *, delay_seconds: int = 0) -> None:
        for message in messages:
            self.sent += 1
            if not self.loses:
                self.waiting[self.sent] = (message, self.clock() + timedelta(seconds=delay_seconds))

    def visible(self) -> list[int]:
        return [number for number, (_, at) in self.waiting.items() if at <= self.clock()]

    def hide(self, number: int, seconds: float) -> None:
        self.waiting[number] = (self.waiting[number][0], self.clock() + timedelta(seconds=seconds))


@dataclass
class Street:
    """One shop on each marketplace, all of them selling one SKU."""

    fair: Fair
    shops: list[ShopKey]
    sku: str
    box: Box
    kills: bool = False
    next_run: datetime | None = None
    runs: int = 0
    syncing: Syncing = field(init=False)

    def __post_init__(self) -> None:
        syncing, send = self.fair.syncing(self.box, LIMITS), self.fair.send

        def send_or_die(request: Request) -> Answer:
            answer: Answer = send(request)
            if self.kills and request.method != "GET":
                raise Killed
            return answer

        intake = replace(syncing.intake, send=send_or_die)
        self.syncing = replace(syncing, intake=intake, sleep=self.fair.sleep)

    def count(self, units: int) -> None:
        told = Movement(id=f"{self.sku}-{units}", type=Type.COUNT, sku=self.sku, location="main", quantity=units)
        move_stock(self.fair.world.context, told)

    def pass_time(self, *, most_s: float = RUN_EVERY_S) -> None:
        """To what is due next: a message, or the runs."""
        now = self.fair.clock()
        self.next_run = self.next_run or now
        due = [at for _, at in self.box.waiting.values()] + [self.next_run]
        wait_s = min(most_s, max(0.0, (min(due) - now).total_seconds()))
        if wait_s:
            self.fair.leap(wait_s + 0.01)

    def work(self) -> None:
        if self.next_run is not None and self.fair.clock() >= self.next_run:
            self._run()
        for number in self.box.visible():
            self._deliver(number)

    def _run(self) -> None:
        self.runs += 1
        self.next_run = self.fair.clock() + timedelta(seconds=RUN_EVERY_S)
        for shop in self.shops:
            sync_shop(self.syncing, shop, run=f"{self.sku} {self.runs}")

    def _deliver(self, number: int) -> None:
        message, _ = self.box.waiting[number]
        self.box.hide(number, HIDDEN_S)
        try:
            later = push_listings(self.syncing, [Delivery(id=str(number), message=message)])
        except Killed:
            return
        if str(number) in later:
            self.box.hide(number, later[str(number)])
        else:
            del self.box.waiting[number]

    def wrong(self, units: int) -> list[ShopKey]:
        return [shop for shop in self.shops if any(shown != units for shown in self.fair.shown(shop).values())]


def heal_all(fair: Fair, causes: Sequence[Cause] = CAUSES) -> list[Healed]:
    return [heal(fair, number, cause) for number, cause in enumerate(causes)]


def heal(fair: Fair, number: int, cause: Cause) -> Healed:
    """Let it happen, let it end at the worst moment (just after a try), and watch."""
    street = _open(fair, number, cause)
    _settle(street, BEFORE)
    _begin(street, cause)
    street.count(DURING)
    ends = fair.clock() + LASTS
    calls = sum(map(fair.calls, street.shops))
    while fair.clock() < ends:
        street.pass_time()
        street.work()
    tries = sum(map(fair.calls, street.shops)) - calls
    _end(street)
    units = DURING
    if cause.changes:
        units = AFTER
        street.count(units)
        for shop in street.shops:
            sync_shop(street.syncing, shop, run=f"{street.sku} at once")
    gone = right_since = fair.clock()
    was_wrong = True
    while fair.clock() < gone + timedelta(seconds=2 * cause.cycle_s):
        street.work()
        is_wrong = bool(street.wrong(units))
        if is_wrong or was_wrong:
            right_since = fair.clock()
        was_wrong = is_wrong
        if not is_wrong and not street.box.waiting and fair.is_quiet():
            break
        street.pass_time(most_s=cause.step_s)
    return Healed(
        name=cause.name,
        shops=len(street.shops),
        tries=tries,
        longest_s=round((right_since - gone).total_seconds(), 1),
        cycle_s=cause.cycle_s,
        wrong=len(street.wrong(units)),
        plain_wrong=_plain_wrong(fair, street, cause),
    )


def _open(fair: Fair, number: int, cause: Cause) -> Street:
    sku = f"goods-{number}"
    fair.world.stock(sku, BEFORE)
    shops = [fair.open_shop(f"lost-{number}", SESSION, marketplace=each) for each in cause.at]
    for shop in shops:
        fair.list_goods(shop, [sku], shown=1)
    return Street(fair, shops, sku, Box(fair.clock))


def _settle(street: Street, units: int) -> None:
    """Until all show it and nothing waits."""
    for _ in range(100):
        street.pass_time()
        street.work()
        if not street.wrong(units) and not street.box.waiting:
            return
    raise AssertionError(f"never in step: {street.wrong(units)}")


def _begin(street: Street, cause: Cause) -> None:
    for shop in street.shops:
        street.fair.door.faults(shop.channel, shop.shop, **cause.faults)
    street.box.loses = cause.queue == "lost"
    street.kills = cause.queue == "killed"


def _end(street: Street) -> None:
    for shop in street.shops:
        street.fair.door.calm(shop.channel, shop.shop)
        street.fair.door.faults(shop.channel, shop.shop, token_expiry_s=None)
    street.box.loses = street.kills = False


def _plain_wrong(fair: Fair, street: Street, cause: Cause) -> int | None:
    """Each change is pushed once, as it comes."""
    if cause.queue:
        return None
    listings = {shop: ListingKey(shop, next(iter(fair.shown(shop)))) for shop in street.shops}
    _begin(street, cause)
    for shop, listing in listings.items():
        _once(fair, shop, listing, DURING - 1)
    _end(street)
    if cause.changes:
        for shop, listing in listings.items():
            _once(fair, shop, listing, AFTER + 1)
    fair.leap(2 * cause.cycle_s)
    return len(street.wrong(AFTER + 1 if cause.changes else DURING - 1))


def _once(fair: Fair, shop: ShopKey, listing: ListingKey, units: int) -> None:
    with contextlib.suppress(ChannelError):
        push_alone(fair, shop, listing, units)
