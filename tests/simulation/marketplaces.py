"""Orders of marketplaces: shoppers buy and change their minds, webhooks come late, twice, forged or never, polls run.

What was answered with 200 is applied, waits, or was put aside: that is looked at whenever a message leaves its queue.
"""

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from functions.poll_orders import handler as poll_orders
from functions.receive_webhook import handler as receive_webhook
from holdfast.channels.protocol import ChannelError, OrderTold
from holdfast.channels.sheet import GivesBack
from holdfast.domain.errors import Conflict, HoldfastError, Refused, Unavailable
from holdfast.domain.market import MarketOrder, OrderLine, Stage
from holdfast.runtime.shop_secrets import REMEMBERED_S
from holdfast.runtime.working_off import WorkQueue, work_off
from holdfast.services.context import Context
from holdfast.services.orders.apply_order import apply_delivery
from holdfast.services.orders.dead_letters import Aside, redrive
from holdfast.services.orders.messages import order_from
from holdfast.store.table import Key

from .account import Changed, Item
from .market import STALE_SECONDS, Market, age, age_told, notices_of, second
from .order_book import next_of
from .parts import Act
from .queues import WEEK_SECONDS, Message
from .shopping import Shopping
from .shops import PULLED, Shops
from .stage import Actor, Crash
from .world import World

APPLY_NEEDS_MS = 25_000
TWO_HOURS, SWEEP_SECONDS, DAY_SECONDS = 7_200.0, 6.5 * 3_600.0, 90_000.0
MOST_ORDERS = 10
MOST_DELIVERIES = 4
RETRY_PAUSES = (30.0, 300.0, TWO_HOURS)
LOOKED_AT_SECONDS = receive_webhook.READ_AGAIN_AFTER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A webhook under way, signed with `key` at `since`. `forged`: by nobody who may. `tries`: so often it failed."""

    market: Market
    number: int
    body: bytes
    headers: Mapping[str, str]
    key: str
    since: float
    at: float
    tries: int = 0
    forged: bool = False
    replayed: bool = False

    @property
    def name(self) -> str:
        return f"{self.market.manner.key.channel} {self.number}"


def signed(channel: str, key: str, body: bytes, secret: Mapping[str, str]) -> dict[str, str]:
    """The header with the signature, as each marketplace writes it down (docs/channels)."""
    first = {"shopee": f"{secret['callback_url']}|", "tiktok_shop": secret["app_key"]}.get(channel, "")
    digest = hmac.new(key.encode(), first.encode() + body, hashlib.sha256).digest()
    if channel in {"shopee", "tiktok_shop"}:
        return {"authorization": digest.hex()}
    header = {"haravan": "x-haravan-hmacsha256", "woocommerce": "x-wc-webhook-signature"}[channel]
    return {header: base64.b64encode(digest).decode()}


class Marketplaces:
    """Orders coming in. `queued` counts how often a delivery went on the queue."""

    def __init__(self, world: World, shopping: Shopping, shops: Shops) -> None:
        self.world = world
        self.shopping = shopping
        self.shops = shops
        chance = world.chance
        self.under_way: list[Posted] = []
        self.accepted: list[Posted] = []
        self.queued: Counter[str] = Counter()
        self._orders = 0
        self._signing = dict.fromkeys(shops.markets, "key-0")
        self._valid = dict.fromkeys(((channel, "key-0") for channel in shops.markets), 0.0)
        self._ended: dict[tuple[str, str], float] = {}
        self._keys = 0
        self._loss = chance.choice((0.2, 0.6, 0.6) if world.profile.still else (0.0, 0.2, 0.6))
        self._doubled = chance.choice((0.0, 0.2))
        self._crashes = chance.choice((0.0, 0.03))
        self._delays = chance.choice(((0.0,), (0.0, 3.0, 60.0), (0.0, 20.0, TWO_HOURS + 60.0)))
        self._rounds = 0
        shops.orders.sent = self._note_queued
        shops.vault.meanwhile = self._rotate
        shops.orders.taken_back = lambda letter: self._is_over(letter, world.now)
        # What a list leaves out, and what happened in a time without polls, only the long look finds.
        leaves_out = any("short" in market.manner.rates for market in shops.markets.values())
        passes = world.profile.months or world.profile.has("leap")
        self._sweeps = chance.random() < HALF or passes or (world.profile.still and leaves_out)
        long = (900.0, 2_400.0, 2_400.0) if leaves_out else (900.0, 900.0, DAY_SECONDS, LONG_SECONDS)
        self._quiet = chance.choice(((20.0, 80.0, 80.0), long))
        if shops.markets:
            world.on_write.append(self._watch)
        for market in shops.markets.values():
            market.buy = lambda market=market: self._buy(market)  # type: ignore[misc]  # bound now

    def begin(self) -> None:
        self.shops.begin()

    def acts(self) -> Sequence[Act]:
        if not self.shops.markets:
            return []
        still = self.world.profile.still
        return [
            Act(8, self.buy),
            Act(7, self.change),
            Act(12, self.arrive),
            Act(16, self.work),
            Act(2, self.plan),
            Act(12 if still else 5, self.poll),
            Act(1, self.rotate),
            Act(1, self.replay),
            Act(1, self.forge),
            Act(1, self.redrive),
            Act(1, self.weather),
            Act(2, self.map),
            *([Act(5, self.wait)] if still else []),
        ]

    # ---- shoppers

    def _market(self) -> Market:
        return self.world.chance.choice(list(self.shops.markets.values()))

    def buy(self) -> Actor | None:
        return self._buy(self._market())

    def _buy(self, market: Market) -> Actor | None:
        world = self.world
        if len(market.orders) >= MOST_ORDERS or not market.shown:
            return None
        world.steps += 1
        market.apply()
        chance = world.chance
        before = chance.random() < BEFORE_START
        lines = []
        for listing in chance.sample(sorted(market.shown), min(len(market.shown), chance.choice((1, 1, 2)))):
            units = 1 + int(chance.random() * 2)
            if market.shown[listing] < units and not market.manner.oversells:
                continue
            if market.shown[listing] < units:
                world.met("marketplace_oversold")
            if not before:
                market.sell(listing, units)
            lines.append(OrderLine(listing=listing, ordered=units))
        if not lines:
            return None
        self._orders += 1
        # What was sold before the shop was connected was counted with its stock.
        now = self._started(market) - timedelta(hours=1) if before else second(world)
        stage = chance.choice((Stage.UNPAID, Stage.PAID, Stage.PAID))
        order = MarketOrder(
            order_id=f"A{self._orders}", stage=stage, created_at=now, updated_at=now, lines=tuple(lines)
        )
        self._changed(market, order)
        return None

    def change(self) -> Actor | None:
        world, market = self.world, self._market()
        open_ones = [order for order in market.orders.values() if order.stage is not Stage.CANCELLED]
        if not open_ones:
            return None
        lately = [order for order in open_ones if order.updated_at == second(world)] if world.profile.still else []
        if lately and world.chance.random() < HALF:
            order = world.chance.choice(lately)
            self._go_on(market, order)
            self._map_one(market, [line.listing for line in order.lines])
            return None
        order = world.chance.choice(open_ones)
        while self._go_on(market, order) and world.chance.random() < AT_ONCE:
            order = market.orders[order.order_id]
        return None

    def _go_on(self, market: Market, order: MarketOrder) -> bool:
        """One more change of the order; False: there was none to make."""
        world = self.world

        def gives_back(listing: str, units: int) -> None:
            if market.sheet.cancel_gives_back is GivesBack.ALWAYS and order.created_at >= self._started(market):
                market.give_back(listing, units)

        after = next_of(world.chance, order, gives_back)
        if after is order:
            return False
        world.steps += 1
        at = max(order.updated_at, second(world))
        if world.profile.clocks_far_off:
            # Two changes of one second cannot be told apart where clocks differ by minutes.
            at = max(at, order.updated_at + timedelta(seconds=1))
        if at == order.updated_at:
            world.met("changed_twice_in_a_second")
        self._changed(market, replace(after, updated_at=at))
        return True

    def _changed(self, market: Market, order: MarketOrder) -> None:
        market.keep(order)
        self.world.tell("the marketplace", "says", f"{market.manner.key}:{order.order_id} {order.stage} {order.lines}")
        if market.manner.key.channel == PULLED:
            market.events += notices_of(market.manner, order)
            return
        chance = self.world.chance
        market.deliveries.append(notices_of(market.manner, order))
        if chance.random() < self._loss:
            self.world.met("webhook_lost")
            return
        for _ in range(2 if chance.random() < self._doubled else 1):
            self._post(market, len(market.deliveries) - 1)

    # ---- webhooks

    def _post(self, market: Market, number: int, *, key: str | None = None) -> None:
        world, channel = self.world, market.manner.key.channel
        body = f"{market.manner.key} {number}".encode()
        by = key or self._signing[channel]
        self.under_way.append(
            Posted(
                market=market,
                number=number,
                body=body,
                headers=signed(channel, by, body, self.shops.vault.secret(self.shops.secret_name(market))),
                key=by,
                since=world.now,
                at=world.now + world.chance.choice(self._delays),
                forged=key is not None,
            )
        )

    def arrive(self) -> Actor | None:
        """One of the webhooks that are due, in no order."""
        world = self.world
        due = [each for each in self.under_way if each.at <= world.now]
        if not due or world.is_full():
            return None
        posted = world.chance.choice(due)
        if posted is not due[0]:
            world.met("webhooks_out_of_order")
        self.under_way.remove(posted)
        return world.enter("receive_webhook", f"webhook {posted.name} ", lambda context: self._receive(context, posted))

    def _receive(self, context: Context, posted: Posted) -> None:
        tools, world, status = self.shops.tools(context), self.world, 0
        name = self.shops.secret_name(posted.market)
        known, queued, began = tools.door.last_read.get(name), self.queued[posted.name], world.now
        key = posted.market.manner.key
        delivery = receive_webhook.Delivery(
            channel=key.channel, shop=key.shop, headers=posted.headers, query={}, body=posted.body, request_id=""
        )
        try:
            answer = receive_webhook.respond("POST /webhooks/{channel}/{shop}", delivery, tools.doorway)
            status = answer["statusCode"]
        except Unavailable:
            status = 503
        finally:
            if status != 200:
                self._send_again(posted)
        if status == 200:
            if self.queued[posted.name] <= queued:
                world.blame(f"webhook {posted.name} was answered 200, and is in no queue", posted.name)
            self._was_taken(posted, known)
        elif status == 401:
            self._was_refused(posted, began)

    def _was_taken(self, posted: Posted, known: Mapping[str, str] | None) -> None:
        world = self.world
        if posted.forged or self._ended_long_ago(posted):
            world.blame(f"webhook {posted.name} was taken, and no valid key signed it", posted.name)
        if posted.replayed:
            world.met("webhook_replayed")
        elif world.now - posted.since >= TWO_HOURS:
            world.met("webhook_two_hours_old")
        present = self.shops.vault.secret(self.shops.secret_name(posted.market))["webhook_key"]
        if posted.key != present:
            world.met("webhook_of_the_previous_key")
        if known is not None and posted.key not in known.values():
            world.met("webhook_of_a_key_not_yet_remembered")
        self.accepted.append(posted)

    def _ended_long_ago(self, posted: Posted) -> bool:
        """A key that was taken out of the secret is known for as long as a secret is remembered."""
        ended = self._ended.get((posted.market.manner.key.channel, posted.key))
        return ended is not None and self.shops.vault.fault_rate == 0 and self.world.now - ended > REMEMBERED_S

    def _was_refused(self, posted: Posted, began: float) -> None:
        """By a key that was there for long enough: even a process that remembers older ones must have looked."""
        world = self.world
        since = self._valid.get((posted.market.manner.key.channel, posted.key))
        if posted.forged:
            world.met("webhook_forged")
        elif since is None or began - since <= LOOKED_AT_SECONDS:
            world.met("webhook_refused")
        else:
            world.blame(f"webhook {posted.name} was refused, and a valid key signed it", posted.name)

    def _send_again(self, posted: Posted) -> None:
        if posted.forged or posted.tries >= len(RETRY_PAUSES):
            self.world.met("webhook_given_up")
            return
        at = self.world.now + RETRY_PAUSES[posted.tries]
        self.under_way.append(replace(posted, at=at, tries=posted.tries + 1))

    def _note_queued(self, body: str) -> None:
        message = json.loads(body)
        if message["kind"] == "webhook":
            told = base64.b64decode(message["body"])
            self.queued[f"{message['channel']} {int(told.rpartition(b' ')[2])}"] += 1

    def rotate(self) -> Actor | None:
        """A new key for webhooks: in our secret first, or at the marketplace first."""
        self._rotate(self.shops.secret_name(self._market()))
        return None

    def _rotate(self, name: str) -> None:
        world, channel = self.world, name.split("/")[2]
        world.steps += 1
        present = self.shops.vault.secret(name)["webhook_key"]
        if self._signing[channel] != present:
            self._signing[channel] = present  # the marketplace follows
            return
        self._keys += 1
        key = f"key-{self._keys}"
        self.shops.vault.change(name, webhook_key=key, webhook_key_previous=present)
        for its in [its for its in self._valid if its[0] == channel and its[1] != present]:
            del self._valid[its]
            self._ended[its] = world.now
        self._valid[channel, key] = world.now
        if world.chance.random() < HALF:
            self._signing[channel] = key
        world.met("webhook_key_changed")

    def replay(self) -> Actor | None:
        """Somebody who listened in, or the marketplace, sends what was taken before."""
        world = self.world
        if self.accepted:
            again = world.chance.choice(self.accepted)
            self.under_way.append(replace(again, at=world.now, tries=len(RETRY_PAUSES), replayed=True))
        return None

    def forge(self) -> Actor | None:
        """Signed by nobody we know; or signed well, and nobody can read it."""
        world, market = self.world, self._market()
        if market.manner.key.channel == PULLED or not market.deliveries:
            return None
        if world.chance.random() < HALF:
            self._post(market, int(world.chance.random() * len(market.deliveries)), key="guessed")
        elif sum(each is None for each in market.deliveries) < 2:
            market.deliveries.append(None)
            self._post(market, len(market.deliveries) - 1)
        return None

    # ---- the queue of orders

    def work(self) -> Actor | None:
        world, orders = self.world, self.shops.orders
        if world.is_full() or not orders.work.waiting:
            return None
        world.steps += 1
        taken = orders.take(1 + int(world.chance.random() * 9))
        if not taken:
            return None
        return world.enter("apply_order", "apply", lambda context: self._apply(context, taken))

    def _apply(self, context: Context, taken: Sequence[tuple[Message, int]]) -> None:
        world, orders, tools = self.world, self.shops.orders, self.shops.tools(context)
        who = self.shops.name_of(context)
        began: dict[str, float] = {}

        def do(message: Mapping[str, Any]) -> None:
            began[json.dumps(message)] = world.now
            self._one(tools.intake, message)

        work = WorkQueue(queue=orders.post(who), aside=orders.post_aside(who))
        is_short = self.shops.time_is_short(APPLY_NEEDS_MS)
        answer = work_off(orders.event(taken), do, work, time_is_short=is_short)
        again = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        if again and len(again) < len(taken):
            world.met("part_of_a_batch_again")
        for message, handle in taken:
            if f"m{handle}" in again:
                continue
            world.step(who, "orders: done", message.body)
            if not world.calm and world.chance.random() < self._crashes:
                world.met("crash_before_delete", who)
                raise Crash
            self._is_over(message, began.get(json.dumps(json.loads(message.body)), world.now))
            orders.work.delete(message, handle)

    def _one(self, intake: Any, message: Mapping[str, Any]) -> None:
        world = self.world
        self._meets_newer(message)
        try:
            apply_delivery(intake, message)
        except Conflict as error:
            self.shopping.passing(error, "apply")
            raise
        except Refused as error:
            if not _is_unreadable(message, self.shops):
                world.blame(f"{message} was answered {error.code}: {error.detail}", "apply")
            raise
        except HoldfastError as error:
            self.shopping.passing(error, "apply")
            raise
        except ChannelError:
            raise
        except Exception as bug:
            world.blame(f"apply: {type(bug).__name__}: {bug}", *(str(each) for each in message.values()))
            raise

    def _meets_newer(self, message: Mapping[str, Any]) -> None:
        """Count an order that is told as it was before what is applied already."""
        market = self.shops.markets[message["channel"]]
        if message["kind"] in {"told", "webhook"} and not _is_unreadable(message, self.shops):
            for order in self._says(market, message, self.world.now):
                record = self._record(market, order.order_id)
                if record is not None and age_told(record["told"]) > age(order):
                    self.world.met("order_told_out_of_order")

    def _is_over(self, message: Message, began: float) -> None:
        """The message goes: what it says is applied, or the same waits elsewhere, as a dead letter or a copy."""
        told = json.loads(message.body)
        market = self.shops.markets[told["channel"]]
        missing = (
            "it cannot be read" if _is_poison(message.body, self.shops) else self._not_applied(market, told, began)
        )
        if missing and not any(each.body == message.body and each is not message for each in self._all_waiting()):
            self.world.blame(f"{told} left its queue: {missing}", *map(str, told.values()))

    def _not_applied(self, market: Market, message: Mapping[str, Any], began: float) -> str:
        for order in self._says(market, message, began):
            record = self._record(market, order.order_id)
            if record is None and not self._is_not_ours(market, order):
                return f"{order} is not there"
            if (
                record is not None
                and age_told(record["told"]) < age(order)
                and not self._is_told_instead(market, order)
            ):
                return f"{order} is not applied, the record says {record['told']}"
        return ""

    def _says(self, market: Market, message: Mapping[str, Any], began: float) -> Iterator[MarketOrder]:
        """The least that the message makes known."""
        if message["kind"] == "told":
            yield order_from(message["order"])
        elif message["kind"] == "changed":
            known = market.known_at(message["order_id"], began - STALE_SECONDS)
            yield known or market.past[message["order_id"]][0][1]
        elif message["kind"] == "webhook":
            for notice in market.read_delivery({}, base64.b64decode(message["body"])):
                if isinstance(notice, OrderTold):
                    yield notice.order
                else:
                    name = getattr(notice, "order_id")  # noqa: B009  # it tells that an order changed
                    yield market.known_at(name, began - STALE_SECONDS) or market.past[name][0][1]

    def _watch(self, changes: Sequence[Changed]) -> None:
        """An order takes what is not there only once the units of ended holds are taken."""
        world, actor = self.world, self.world.stage.current
        # What arrives late was judged when it was sent, and what has ended since is for the next fold to take.
        if world.landing or not any(each and each["sk"] == "RESERVATION" and "told" in each for _, each in changes):
            return
        started = actor.started if actor else world.now - 1.0
        latest = started - world.policy.margin_seconds - world.profile.skew_seconds
        for before, after in changes:
            if after is None or before is None or after["sk"][:6] != "LEVEL#" or after["available"] >= 0:
                continue
            due = [minute for minute in after["wheel"] if int(minute) < latest]
            if due and after["available"] < before["available"]:
                world.blame(f"{after['pk']} was oversold by an order while {due} had ended", after["pk"])

    def _record(self, market: Market, order_id: str) -> Item | None:
        return self.world.account.last_known(f"{market.manner.key.channel}:{market.manner.key.shop}:{order_id}")

    def _started(self, market: Market) -> datetime:
        return self.shops.started[market.manner.key.channel]

    def _is_not_ours(self, market: Market, order: MarketOrder) -> bool:
        """From before the shop was connected, or so old that a person was told instead."""
        subject = f"{market.manner.key.channel}:{market.manner.key.shop}:{order.order_id}"
        if order.created_at < self._started(market):
            self.world.met("order_from_before")
            return True
        incidents = self.world.account.incidents.values()
        return any(each["kind"] == "order_not_applied" and each["subject"] == subject for each in incidents)

    def _market_of(self, pk: str) -> Market:
        return self.shops.markets[pk.split("#")[1]]

    def _is_forgotten(self, market: Market, order: MarketOrder) -> bool:
        """Its record was cleared away after months."""
        name = f"{market.manner.key.channel}:{market.manner.key.shop}:{order.order_id}"
        return Key(f"RESERVATION#{name}", "RESERVATION") not in self.world.store.items

    def _is_told_instead(self, market: Market, order: MarketOrder) -> bool:
        """It was forgotten, and a person was told of what came after that."""
        return self._is_forgotten(market, order) and self._is_not_ours(market, order)

    # ---- polling

    def plan(self) -> Actor | None:
        return self.world.enter("poll_orders", "plan", self._plan)

    def _plan(self, context: Context) -> None:
        tools = self.shops.tools(context)
        try:
            poll_orders.respond({}, tools.intake, self.shops.polls.post(self.shops.name_of(context)))
        except HoldfastError as error:
            self.shopping.passing(error, "plan")

    def poll(self) -> Actor | None:
        world, polls = self.world, self.shops.polls
        if world.is_full():
            return None
        if not polls.work.waiting:
            if not world.profile.still:
                return None
            self._poll_now()
        world.steps += 1
        taken = polls.take(1)
        return world.enter("poll_orders", "poll", lambda context: self._poll(context, taken)) if taken else None

    def _poll_now(self) -> None:
        """An operator has the shop polled."""
        key = self._market().manner.key
        self.shops.polls.work.send(json.dumps({"channel": key.channel, "shop": key.shop}), now=self.world.now)

    def _poll(self, context: Context, taken: Sequence[tuple[Message, int]]) -> None:
        tools, polls = self.shops.tools(context), self.shops.polls
        poll_orders.respond(polls.event(taken), tools.intake, polls.post(self.shops.name_of(context)))
        for message, handle in taken:
            self.world.steps += 1
            polls.work.delete(message, handle)

    # ---- people and weather

    def redrive(self) -> Actor | None:
        if not self.shops.orders.aside.waiting:
            return None
        return self.world.enter("manage_stock", "redrive", self._redrive)

    def _redrive(self, context: Context) -> None:
        orders, who, now = self.shops.orders, self.shops.name_of(context), self.world.now
        if any(now - each.sent_at >= WEEK_SECONDS for each in orders.aside.waiting):
            self.world.met("queue_redriven_after_a_week")
        aside = Aside(kept=orders.post_aside(who), work=orders.post(who))
        try:
            redrive({"orders": aside}, limit=100, time_is_short=lambda: False)
        except HoldfastError as error:
            self.shopping.passing(error, "redrive")

    def weather(self) -> Actor | None:
        """A marketplace goes down; when it is up again everybody comes at once, and it limits the rate."""
        world, market = self.world, self._market()
        if world.chance.random() < OFTEN:
            lasts = world.chance.choice((60.0, 600.0, 6 * 3_600.0))
            market.down_until = world.now + lasts
            market.limits_until = market.down_until + 90.0
            if lasts > TWO_HOURS:
                world.met("market_down_for_hours")
        return None

    def wait(self) -> Actor | None:
        """A quiet time: as long as a lease, longer than a poll looks back, or than the long look does."""
        self.world.pass_time(self.world.chance.choice(self._quiet))
        return None

    def map(self) -> Actor | None:
        """A listing is mapped, or sells something else from now on."""
        market = self._market()
        self._map_one(market, sorted(market.shown))
        return None

    def _map_one(self, market: Market, listings: Sequence[str]) -> None:
        """One that waits for it, if there is any."""
        world = self.world
        waiting = [each for each in listings if self.shops.listing_key(market, each) not in world.store.items]
        if not world.is_full():
            self.shops.map(market, world.chance.choice(waiting or listings))

    # ---- after the faults

    def settle(self) -> bool:
        """What is under way arrives or is lost; polls find the rest; queues are worked off, dead letters come back."""
        world, shops = self.world, self.shops
        if not shops.markets:
            return False
        self._rounds += 1
        worked = self._rounds == 1 or any(not _is_poison(each.body, shops) for each in self._all_waiting())
        for posted in self.under_way:
            if world.chance.random() < HALF and not posted.forged:
                world.at_once("receive_webhook", lambda context: self._receive(context, posted))  # noqa: B023
        self.under_way.clear()
        if self._rounds == 1:
            for market in shops.markets.values():
                market.left_out.clear()
            world.now += SWEEP_SECONDS if self._sweeps else 0.0
        self._redrive_all()
        if worked or self._rounds <= POLLED_ROUNDS:
            # First of all, whoever is not let in any more is authorised anew: no message is done without.
            for market in shops.markets.values():
                self.poll_in_calm(market)
        self.drain()
        return worked

    def _all_waiting(self) -> list[Message]:
        return [*self.shops.orders.work.waiting, *self.shops.orders.aside.waiting]

    def _redrive_all(self) -> None:
        orders = self.shops.orders
        back = [each for each in orders.aside.waiting if not _is_poison(each.body, self.shops)]
        for each in back:
            each.hidden_until = 0.0
            self.world.steps += 1
        if back:
            self.world.at_once("manage_stock", self._redrive)

    def drain(self) -> None:
        """Until the queue is empty; whoever is to come again comes when its time is up."""
        world, orders = self.world, self.shops.orders
        for _ in range(MOST_TURNS):
            if world.ended or not orders.work.waiting:
                return
            world.now = max(world.now, min(each.hidden_until for each in orders.work.waiting))
            taken = orders.take(10)
            if taken:
                world.at_once("apply_order", lambda context: self._apply(context, taken))  # noqa: B023
        world.blame(f"the queue of orders does not drain: {[each.body for each in orders.work.waiting][:2]}")

    def poll_in_calm(self, market: Market) -> None:
        world, key = self.world, market.manner.key
        self.shops.polls.work.waiting.clear()
        body, health = json.dumps({"channel": key.channel, "shop": key.shop}), dict[str, Any]()
        for _ in range(2):
            self.shops.polls.work.send(body, now=world.now)
            taken = self.shops.polls.take(1)
            world.at_once("poll_orders", lambda context: self._poll(context, taken))  # noqa: B023
            health = world.store.items.get(self.shops.health_key(market)) or {}
            if "error" not in health:
                return
            if self.shops.lost_to(market) is None:
                world.blame(f"{key} cannot be polled ({health['error']}), and no incident says so", str(key))
            self.shops.authorise_the_lost()
        world.blame(f"{key} cannot be polled in calm: {health}", str(key))

    def at_rest(self) -> Iterator[str]:
        for market in self.shops.markets.values():
            for order in market.orders.values():
                yield from self._order_at_rest(market, order)
        for each in self._all_waiting():
            if not _is_poison(each.body, self.shops):
                yield f"{each.body} still waits"
        for key in self.world.store.items:
            if (
                key.pk.startswith("WAITING#")
                and self.shops.listing_key(self._market_of(key.pk), key.sk.partition("#")[0]) in self.world.store.items
            ):
                yield f"{key} waits for a listing that is mapped"

    def _order_at_rest(self, market: Market, order: MarketOrder) -> Iterator[str]:
        record = self._record(market, order.order_id)
        if record is None:
            if not self._is_not_ours(market, order):
                yield f"{market.manner.key}: {order} is not there"
            return
        if order.created_at < self._started(market):
            yield f"{record['pk']} is from before the shop was connected, and was applied"
        if age_told(record["told"]) != age(order) and not self._is_told_instead(market, order):
            yield f"{record['pk']} says {record['told']}, the marketplace {order}"
        for line in [] if self._is_forgotten(market, order) else record["told"]["lines"]:
            if "parts" not in line and self.shops.listing_key(market, line["listing"]) in self.world.store.items:
                yield f"{record['pk']} still waits for {line['listing']}"


MOST_TURNS = 400
# What a second poll does not find, a third does not either.
POLLED_ROUNDS = 2
BEFORE_START = 0.04
LONG_SECONDS = 5 * DAY_SECONDS
OFTEN = 0.4
AT_ONCE = 0.3
HALF = 0.5


def _is_unreadable(message: Mapping[str, Any], shops: Shops) -> bool:
    """Whether the message is a delivery that nobody can read."""
    return _is_poison(json.dumps(message), shops)


def _is_poison(body: str, shops: Shops) -> bool:
    message = json.loads(body)
    if message.get("kind") != "webhook":
        return False
    told = base64.b64decode(message["body"])
    return shops.markets[message["channel"]].deliveries[int(told.rpartition(b" ")[2])] is None
