"""Scenes on the running stack: shops of the sandbox with their faults, played side by side.

Most of a scene is waiting, so all of them together take little longer than one. A scene opens its shops, says `begin`,
and goes on once all are ready. What it asserts, it asserts by the marketplace's own records and by what the API says.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Barrier, BoundedSemaphore, BrokenBarrierError
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from demo.market.door import Door
from demo.market.judge import Verdict, judge
from demo.market.stalls import LOCATION, Market, Refused, Stall

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from ssl import SSLContext

    from local.stack import Stack

# Longer than any scene takes; whatever waits, waits no longer than this.
WAIT_SECONDS = 200
LOOK_EVERY_SECONDS = 1.0
# One call; while all scenes open, the local engine starts a process for each that is waited for.
PATIENCE_SECONDS = 120
OPENING_SECONDS = 240
# So many requests of all scenes are at the API at once: the local engine has a process for each.
AT_ONCE = 4
CONTINUOUS = {"mode": "continuous", "verify_percent": 0}

Scenes = Mapping[str, "Future[None]"]


@dataclass(frozen=True)
class Shop:
    """One shop of a scene. `goods`: the name of its listing → the listing's key. `in_step`: on each change.

    `before`: how many numbers of each listing were sent when the scene began, and how many webhooks not taken.
    """

    scene: Scene
    stall: Stall
    goods: Mapping[str, str]
    in_step: bool = False
    before: dict[str, int] = field(default_factory=dict)

    @property
    def _name(self) -> tuple[str, str]:
        return self.stall.channel, self.stall.shop

    @property
    def _door(self) -> Door:
        return self.scene.market.door

    # -- at the marketplace

    def faults(self, **faults: Any) -> None:
        self._door.faults(*self._name, **faults)

    def buy(self, units: int, what: str = "tea", *, paid: bool = True) -> str:
        """The order's id."""
        order = self._door.buy(*self._name, {self.goods[what]: units}, paid=paid)
        assert order is not None, f"{self.stall.channel} shows too little"
        return order

    def change(self, order: str, what: str, **asked: Any) -> None:
        self._door.change(*self._name, order, what, **asked)

    def post(self, path: str, **asked: Any) -> dict[str, Any]:
        return self._door.post(*self._name, path, **asked)

    def shows(self, what: str = "tea") -> int:
        return int(self._door.listings(*self._name)[self.goods[what]]["quantity"])

    def answered(self, status: int, about: str = "") -> int:
        """How many calls it answered so (0: not at all), by its own records; of those addresses that hold `about`."""
        calls = self._door.calls(*self._name)["calls"]
        return sum(each["count"] for each in calls if each["status"] == status and about in each["endpoint"])

    def told(self) -> dict[str, Any]:
        """What became of its webhooks, by its own records."""
        found: dict[str, Any] = self._door.calls(*self._name)
        return found

    def untold(self) -> int:
        """How many of its webhooks are still to come. One that nobody took in time is not: polling finds its news."""
        pushes = self.told()["pushes"]
        return int(pushes["made"] - pushes["lost"] + pushes["doubled"] - pushes["answered"] - pushes["failed"])

    def has_told_all(self) -> bool:
        """Whether every webhook since the scene began has come."""
        return self.untold() <= self.before["webhooks"]

    def secret_there(self) -> dict[str, str]:
        """What opens it now, by its own word."""
        found: dict[str, str] = self._door.call("GET", f"/shops/{'/'.join(self._name)}/secret")["secret"]
        return found

    # -- at the stack

    def poll(self) -> None:
        self.scene.market.poll(self.stall)

    def view(self) -> dict[str, Any]:
        return self.scene.market.call("GET", self.stall.path)

    def state_of(self, order: str) -> str | None:
        """The state of an order here; None: it has not arrived."""
        found = self.scene.market.find(self.stall.order_path(order))
        return None if found is None else str(found["state"])

    def sync(self, what: str = "tea") -> dict[str, Any]:
        found: dict[str, Any] = self.scene.market.call("GET", self._listing_path(what))["sync"]
        return found

    def shows_its_first_numbers(self) -> bool:
        return all(self.passports(what) and self.sync(what)["state"] == "in_step" for what in self.goods)

    def sync_now(self) -> None:
        self.scene.market.call("POST", f"{self.stall.path}/sync", {})

    def map(self, what: str, sku: str) -> None:
        self.scene.market.map(self.stall, self.goods[what], {self.scene.market.sku(sku): 1})

    def secret(self) -> dict[str, str]:
        return self.scene.market.read_secret(self.stall)

    def store_secret(self, secret: Mapping[str, str]) -> None:
        self.scene.market.store_secret(self.stall, secret)

    def passports(self, what: str = "tea") -> list[dict[str, Any]]:
        """Every number that was sent since the scene began, oldest first, as the table keeps it. Times in ms."""
        name = f"PASSPORT#{self.stall.channel}#{self.stall.shop}#{self.goods[what]}"
        found = self.scene.table.query(
            TableName=self.scene.market.stack.table,
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": name}},
            ConsistentRead=True,
        )
        read: dict[str, Callable[[str], Any]] = {"S": str, "N": int}
        plain = [
            {name: read[kind](value) for name, told in item.items() for kind, value in told.items() if kind in read}
            for item in found["Items"][self.before.get(what, 0) :]
        ]
        return [{**each, "sent_at": int(each["sk"].split("#")[0])} for each in plain]

    def incident(self, kind: str, *, is_open: bool = True) -> dict[str, Any] | None:
        """The incident of that kind about this shop or one of its listings."""
        found = self.scene.incidents(kind, is_open=is_open)
        mine = f"{self.stall.channel}/{self.stall.shop}"
        return next((each for each in found if each["subject"].startswith(mine)), None)

    def _listing_path(self, what: str) -> str:
        return f"/v1/listings/{self.stall.channel}/{self.stall.shop}/{quote(self.goods[what], safe='')}"


@dataclass
class Scene:
    """One scene: what it has in stock, and its shops. `stocked`: what came in of the goods that are only sold."""

    market: Market
    table: Any
    ready: Barrier
    shops: list[Shop] = field(default_factory=list)
    stocked: dict[str, int] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)

    def stock(self, **units: int) -> None:
        """Goods that come in once and are then sold."""
        named = {self.market.sku(name): quantity for name, quantity in units.items()}
        self.market.stock(named)
        self.stocked |= named

    def count(self, name: str, units: int) -> None:
        """Goods that nobody sells: there are so many now."""
        sku = self.market.sku(name)
        if name not in self.counted:
            self.market.call("PUT", f"/v1/skus/{sku}", {"name": name})
            self.counted.add(name)
        movement = {"id": f"count-{uuid.uuid4().hex}", "type": "count", "location": LOCATION, "quantity": units}
        self.market.call("POST", f"/v1/skus/{sku}/movements", movement)

    def open(
        self,
        channel: str,
        *,
        shown: int = 20,
        sells: Mapping[str, str | None] | None = None,
        product: str | None = None,
        in_step: bool = False,
        **members: str,
    ) -> Shop:
        """A shop. `sells`: listing → SKU, None for one that is not mapped. `members` replace those of its secret.

        `in_step`: it is pushed on each change; any other has its run half a day later, so that none is taken for news.
        """
        later = datetime.now(UTC) + timedelta(hours=12)
        sync = CONTINUOUS if in_step else {"mode": "daily", "at": f"{later:%H:%M}", "time_zone": "UTC"}
        settings = {"poll_seconds": 86_400, "overlap_seconds": 600, "sync": sync}
        stall = self.market.connect(channel, settings=settings)
        if members:
            self.market.store_secret(stall, {**self.market.read_secret(stall), **members})
        sells = sells or {"tea": "tea"}
        listed = [{"title": each, "merchant_sku": each, "quantity": shown, "product": product} for each in sells]
        keys = self.market.door.add_listings(channel, stall.shop, listed)
        shop = Shop(self, stall, dict(zip(sells, keys, strict=True)), in_step)
        for name, sku in sells.items():
            if sku is not None:
                shop.map(name, sku)
        self.shops.append(shop)
        return shop

    def begin(self) -> None:
        """All shops are open; go on when those of all scenes are, and what is kept in step shows its first number."""
        self.ready.wait(OPENING_SECONDS)
        for shop in self.shops:
            shop.before["webhooks"] = shop.untold()
            if shop.in_step:
                self.wait(shop.shows_its_first_numbers, "the first numbers")
                shop.before.update({what: len(shop.passports(what)) for what in shop.goods})

    def level(self, name: str = "tea") -> dict[str, Any]:
        found: dict[str, Any] = self.market.call("GET", f"/v1/skus/{self.market.sku(name)}/levels")["sum"]
        return found

    def incidents(self, kind: str, *, is_open: bool = True) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(20):
            page = self.market.call("GET", f"/v1/incidents?limit=100&state={'open' if is_open else 'closed'}{cursor}")
            found += [each for each in page["items"] if each["kind"] == kind]
            if page["cursor"] is None:
                break
            cursor = f"&cursor={page['cursor']}"
        return [each for each in found if self.market.run in each["subject"]]

    def wait(self, look: Callable[[], bool], what: str) -> None:
        ends = time.monotonic() + WAIT_SECONDS
        last: Exception | None = None
        while time.monotonic() < ends:
            try:
                if look():
                    return
            except (Refused, httpx.TransportError) as refused:
                # A busy machine may answer 503, "try again".
                last = refused
            time.sleep(LOOK_EVERY_SECONDS)
        raise AssertionError(f"not within {WAIT_SECONDS} s: {what}; {self._seen()}") from last

    def adds_up(self) -> None:
        """Each order is applied once and as it is now; levels are what came in, less what was sold."""
        with suppress(AssertionError):
            self.wait(lambda: self._verdict().good, "that")
        self.is_still_so()

    def is_still_so(self) -> None:
        """As `adds_up`, at once."""
        verdict = self._verdict()
        assert verdict.good, (verdict.missing, verdict.off, self._seen())

    def _verdict(self) -> Verdict:
        return judge(self.market, [shop.stall for shop in self.shops], self.stocked)

    def close(self) -> None:
        for shop in self.shops:
            self.market.call("DELETE", shop.stall.path)

    def _seen(self) -> str:
        told = {shop.stall.channel: shop.told() for shop in self.shops}
        return "; ".join(f"{channel}: {each['calls']}, {each['pushes']}" for channel, each in told.items())


# ---- Side by side

PLAYED: dict[str, Callable[[Scene], None]] = {}


def beside_the_others(play: Callable[[Scene], None]) -> Callable[[Scenes], None]:
    """A test that begins with all others of this kind and is waited for in its turn. It takes a fixture `scenes`."""
    PLAYED[play.__name__] = play

    def test(scenes: Scenes) -> None:
        scenes[play.__name__].result(timeout=2 * WAIT_SECONDS)

    test.__name__, test.__doc__, test.__module__ = play.__name__, play.__doc__, play.__module__
    return test


class _Gated(httpx.HTTPTransport):
    """At most so many requests at once, of all scenes together."""

    def __init__(self, gate: BoundedSemaphore, context: SSLContext) -> None:
        super().__init__(verify=context)
        self._gate = gate

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._gate:
            return super().handle_request(request)


@contextmanager
def playing(stack: Stack, chosen: Collection[str]) -> Iterator[tuple[Scenes, list[Scene]]]:
    """Play the chosen scenes at once, each with shops of its own."""
    gate, context, token = BoundedSemaphore(AT_ONCE), httpx.create_ssl_context(), stack.token()
    with ExitStack() as opened:

        def client(url: str, **headers: str) -> httpx.Client:
            # One for each scene: a connection that threads share may be closed by one while another one reads it.
            transport = _Gated(gate, context)
            made = httpx.Client(
                base_url=url, headers=headers, transport=transport, timeout=PATIENCE_SECONDS, trust_env=False
            )
            return opened.enter_context(made)

        def market(run: str) -> Market:
            api = client(stack.api_url, authorization=f"Bearer {token}")
            return Market(stack=stack, api=api, door=Door(client(stack.sandbox["door"])), run=run)

        def plan() -> None:
            """The first poll of every shop, now; the next is a day away, and scenes poll when they mean to."""
            everybody.invoke("poll_orders", {})
            everybody.wait_for_queues(time.monotonic() + OPENING_SECONDS, names=("polls",))

        everybody, ready, table = market("all"), Barrier(max(1, len(chosen)), action=plan), stack.aws("dynamodb")
        scenes = {name: Scene(market(f"f{uuid.uuid4().hex[:10]}"), table, ready) for name in sorted(chosen)}
        pool = opened.enter_context(ThreadPoolExecutor(max_workers=max(1, len(chosen))))
        try:
            yield {name: pool.submit(_play, PLAYED[name], scene) for name, scene in scenes.items()}, [*scenes.values()]
        finally:
            ready.abort()
            pool.shutdown(cancel_futures=True)
            list(map(Scene.close, scenes.values()))


def _play(play: Callable[[Scene], None], scene: Scene) -> None:
    try:
        play(scene)
    except BaseException:
        # Whoever waits for this one to open would wait in vain.
        with suppress(BrokenBarrierError):
            scene.ready.abort()
        raise
