"""Push: make listings show their targets, read at that moment, one push in flight per listing.

A message names listings only. Whoever gets it takes the lease of each listing that waits for a push, then reads its
levels, so that an older number is never read late; what the marketplace says is written under the lease's fence. A
worker that dies leaves the lease: its message comes again, and what it sent is settled as one that may come late.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from holdfast.channels.protocol import Account, ChannelError, ItemResult, StockItem
from holdfast.channels.sheet import Kind
from holdfast.domain import incident
from holdfast.domain.errors import HoldfastError, Unavailable
from holdfast.domain.listing import ListingKey
from holdfast.domain.passport import ACKNOWLEDGED, SENT, Passport
from holdfast.domain.push import LONGEST_PARK_S, Asked, PushState, begun, may_begin_at, may_send
from holdfast.domain.shop import Shop, ShopKey
from holdfast.domain.sync import Rules, may_push
from holdfast.services.orders.shop_account import call_shop
from holdfast.store.incidents import open_action
from holdfast.store.shop_syncs import Pushing
from holdfast.store.table import Action

from . import settle_push
from .ask_pushes import LONGEST_WHY, each_of, groups
from .call_budget import end_rest, rest_after, take_places
from .push_prices import push_prices
from .settle_push import Settlement, Situation
from .syncing import PushMessage, Syncing, listings_in
from .targets import Looks, Made, make, places_of

SOON_S, BROKEN_S = 5.0, 60.0
# Listings of one shop that one round takes; the rest come again at once.
MOST_IN_ROUND = 500
# Failures that are the shop's, not the listing's: the shop is left alone for a while.
OF_THE_SHOP = frozenset({Kind.PASSING, Kind.UNKNOWN, Kind.REAUTHORISE, Kind.DAILY_QUOTA, Kind.TOKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message, with what names it in its batch."""

    id: str
    message: PushMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A listing whose lease we have: the state we took it from, the state as it is, and its target."""

    asked: Asked
    state: PushState
    made: Made

    @property
    def quantity(self) -> int:
        return self.made.target.quantity

    @property
    def name(self) -> str:
        return self.state.key.listing

    @property
    def rules(self) -> Rules:
        return self.made.rules

    @property
    def price(self) -> tuple[Decimal, str] | None:
        listing = self.made.listing
        return None if listing.price is None or listing.currency is None else (listing.price, listing.currency)


Later = dict[ListingKey, datetime]


def push_listings(
    sync: Syncing, deliveries: Sequence[Delivery], *, time_is_short: Callable[[], bool] = lambda: False
) -> dict[str, float]:
    """Work off messages. Answers which of them are to come again, and in how many seconds.

    What fails for one shop stops no other. Raises only what is a bug.
    """
    wanted = {delivery.id: listings_in(delivery.message) for delivery in deliveries}
    by_shop: dict[ShopKey, dict[ListingKey, set[str | None]]] = {}
    for delivery in deliveries:
        for key in wanted[delivery.id]:
            by_shop.setdefault(key.shop, {}).setdefault(key, set()).add(delivery.message.get("asked"))
    later: Later = {}
    for shop, keys_of_shop in by_shop.items():
        try:
            later |= _Round(sync, shop, time_is_short).push(keys_of_shop)
        except HoldfastError:
            sync.context.count("PushRoundsFailed", 1)
            later |= dict.fromkeys(keys_of_shop, sync.now() + timedelta(seconds=SOON_S * (1 + sync.chance())))
    now = sync.now()
    return {
        name: min(LONGEST_PARK_S, max(1.0, min((later[key] - now).total_seconds() for key in keys if key in later)))
        for name, keys in wanted.items()
        if any(key in later for key in keys)
    }


def reason_of(sync: Syncing, message: PushMessage) -> str:
    """Why the listings of a message still wait, for people."""
    keys = listings_in(message)
    states = sync.context.ledger.pushes.get_many(keys)
    told = [f"{key}: {state.failed}" for key, state in states.items() if state.failed and state.outstanding]
    rests = sync.context.ledger.syncs.pushing(keys[0].shop).held_why
    return "; ".join([*([f"{keys[0].shop} rests: {rests}"] if rests else []), *told]) or "it waited for its turn"


def _is_for(state: PushState, asked: set[str | None]) -> bool:
    """Whether these messages have something to do: a request that was replaced has left it to its successor's."""
    if state.asked is None or None in asked or state.lease_until is not None:
        return state.outstanding
    return state.asked.id in asked


class _Round:
    """One shop's listings of one batch."""

    def __init__(self, sync: Syncing, shop: ShopKey, time_is_short: Callable[[], bool]) -> None:
        self._sync = sync
        self._shop = shop
        self._time_is_short = time_is_short
        self._ledger = sync.context.ledger
        self._channel = sync.planning.channel(shop.channel)
        self._later: Later = {}

    def push(self, keys: Mapping[ListingKey, set[str | None]]) -> Later:
        """When which of the listings are to come again. Each with the requests its messages were sent for."""
        shop, now = self._ledger.shops.get(self._shop), self._sync.now()
        states = [
            state for state in self._ledger.pushes.get_many(list(keys)).values() if _is_for(state, keys[state.key])
        ]
        if shop is None:
            # Removed: nobody is to be told anything, and whoever connects it anew asks anew.
            for state in states:
                if state.asked is not None:
                    self._ledger.pushes.take_back(state.key, state.asked.id)
            return {}
        pushing = self._ledger.syncs.pushing(self._shop)
        if pushing.held_until is not None and pushing.held_until > now:
            return {state.key: self._a_little_after(pushing.held_until) for state in states}
        taken = self._begin(states, keys, now)
        if taken:
            # Read anew like the levels: a pause that was saved before the lease was taken holds.
            self._send(self._jobs(self._ledger.shops.get(self._shop) or shop, taken), pushing)
        return self._later

    # ---- Taking

    def _begin(
        self, states: Sequence[PushState], keys: Mapping[ListingKey, set[str | None]], now: datetime
    ) -> list[tuple[Asked, PushState]]:
        """Take the lease of each that is due; levels are read after it, so that no later number is passed over."""
        due: list[PushState] = []
        for state in states:
            at = may_begin_at(state, now)
            if at > now:
                # Whoever has the lease gives it back long before its end, unless it died.
                soon = now + timedelta(seconds=SOON_S)
                self._later[state.key] = min(at, soon) if at == state.lease_until else at
            elif len(due) == MOST_IN_ROUND:
                self._later[state.key] = now + timedelta(seconds=1)
            else:
                due.append(state)

        def take(state: PushState) -> PushState | None:
            return self._ledger.pushes.begin(state, begun(state, now=self._sync.now(), limits=self._sync.limits))

        taken: list[tuple[Asked, PushState]] = []
        for before, after in zip(due, each_of(due, take), strict=True):
            if after is None:
                self._later[before.key] = now + timedelta(seconds=SOON_S)
            else:
                # The message that brings it on is the one that has to bring it on again.
                bringing = max((each for each in keys[before.key] if each), default="")
                died = Asked(id=bringing, why="a push that was cut off", at=now, due=now)
                taken.append((before.asked or died, after))
        return taken

    def _jobs(self, shop: Shop, taken: Sequence[tuple[Asked, PushState]]) -> list[Job]:
        """What is to be sent. What needs no push is settled here."""
        listings = {each.key: each for each in self._ledger.listings.get_many([state.key for _, state in taken])}
        looks, rules = Looks(self._sync.context), self._ledger.syncs.get(self._shop)
        looks.at(places_of(self._sync.context, shop, listings.values()))
        now, jobs = self._sync.now(), list[Job]()
        for asked, state in taken:
            listing = listings.get(state.key)
            if listing is None:
                self._ledger.pushes.forget(state.key)
                continue
            if state.blocked is not None or shop.stock_home:
                self._settle(state, settle_push.not_needed(state))
                continue
            made = make(looks, shop=shop, sync=rules, sheet=self._channel.sheet, listing=listing, state=state, now=now)
            if made is None:
                at = self._situation(asked)
                self._settle(state, settle_push.put_off(state, until=now + timedelta(seconds=BROKEN_S), at=at))
                continue
            jobs.append(Job(asked=asked, state=state, made=made))
        priced = push_prices(self._sync, self._shop, jobs)
        jobs = [replace(job, state=priced.get(job.name, job.state)) for job in jobs]
        return [job for job in jobs if not self._is_settled(job)]

    def _is_settled(self, job: Job) -> bool:
        """An equal target is not sent again, and a paused shop is told nothing but 0."""
        shown = replace(job.state, lease_until=None).known
        if shown != job.quantity and may_push(job.made.rules, job.quantity):
            return False
        if shown == job.quantity:
            self._sync.context.count("PushesEqual", 1)
            self._settle(job.state, settle_push.in_step(job.state), self._passed(job.state))
        else:
            self._settle(job.state, settle_push.not_needed(job.state))
        return True

    # ---- Sending

    def _send(self, jobs: Sequence[Job], pushing: Pushing) -> None:
        if not jobs:
            return
        sheet = self._channel.sheet
        by_name = {job.name: job for job in jobs}
        wanted = [(job.quantity, job.name) for job in jobs]
        calls = [[by_name[name] for name in group] for group in groups(sheet, wanted, most=sheet.batch)]
        places = take_places(self._sync.context, self._shop, sheet, wanted=len(calls), now=self._sync.now())
        for number, batch in enumerate(calls):
            if number >= places.calls:
                self._put_off(batch, until=places.free_at + (number - places.calls) * places.every)
                continue
            self._sync.sleep(max(0.0, (places.start + number * places.every - self._sync.now()).total_seconds()))
            rests_until = self._push(batch)
            if rests_until is not None:
                for rest in calls[number + 1 :]:
                    self._put_off(rest, until=self._a_little_after(rests_until))
                return
        if pushing.failures and places.calls:
            end_rest(self._sync.context, self._shop)

    def _push(self, batch: Sequence[Job]) -> datetime | None:
        """One call. None: the shop answered; otherwise until when it is left alone."""
        now = self._sync.now()
        if self._time_is_short() or not all(self._may_send(job) for job in batch):
            self._put_off(batch, until=now + timedelta(seconds=SOON_S))
            return None
        passports = {job.name: self._passport(job, now) for job in batch}
        self._write(passports.values())
        sent_at: list[datetime] = []
        try:
            results = self._call(batch, sent_at)
        except ChannelError as error:
            if error.kind is Kind.FINAL and len(batch) > 1:
                return self._push_alone(batch)
            results = tuple(ItemResult(listing=job.name, written=False, error=error) for job in batch)
            self._settle_results(batch, results, passports, sent_at=sent_at[-1] if sent_at else now)
            if error.kind not in OF_THE_SHOP:
                return None
            return self._rest(error)
        except Unavailable as error:
            # No time was left, the token is being refreshed, or its secret is out of reach: nothing was applied.
            until = now + timedelta(seconds=SOON_S * (1 + self._sync.chance()))
            self._write(
                replace(each, answer=error.code, detail=error.detail, answered_at=self._sync.now())
                for each in passports.values()
            )
            self._put_off(batch, until=until, why=f"{error.code}: {error.detail}"[:LONGEST_WHY])
            return None
        self._settle_results(batch, results, passports, sent_at=sent_at[-1])
        exhausted = [each.error for each in results if each.error and each.error.kind is Kind.DAILY_QUOTA]
        return self._rest(exhausted[0]) if exhausted else None

    def _push_alone(self, batch: Sequence[Job]) -> datetime | None:
        """The marketplace refused the whole call for good: the one it means must not take the others with it."""
        for number, job in enumerate(batch):
            rests_until = self._push([job])
            if rests_until is not None:
                self._put_off(batch[number + 1 :], until=self._a_little_after(rests_until))
                return rests_until
        return None

    def _call(self, batch: Sequence[Job], sent_at: list[datetime]) -> tuple[ItemResult, ...]:
        items = [
            StockItem(listing=job.name, quantity=job.quantity, location=job.made.listing.location) for job in batch
        ]
        work = self._sync.intake

        def call(account: Account) -> tuple[ItemResult, ...]:
            # Looked at here once more: tokens may have been refreshed since, and that takes its time.
            if not all(self._may_send(job) for job in batch):
                raise Unavailable("no time was left for the call")
            sent_at.append(self._sync.now())
            self._sync.context.count("PushCalls", 1)
            return self._channel.push_stock(account, items, work.send, sent_at[-1])

        return call_shop(work, self._shop, call)

    def _may_send(self, job: Job) -> bool:
        return may_send(job.state, now=self._sync.now(), limits=self._sync.limits)

    # ---- Settling

    def _settle_results(
        self,
        batch: Sequence[Job],
        results: Iterable[ItemResult],
        passports: Mapping[str, Passport],
        *,
        sent_at: datetime,
    ) -> None:
        told = {result.listing: result for result in results}
        untold = ChannelError(Kind.UNKNOWN, "no_result", "the answer says nothing of this listing")

        def settle(job: Job) -> Passport:
            result = told.get(job.name) or ItemResult(listing=job.name, written=False, error=untold)
            return self._settle_one(job, result, passports[job.name], sent_at=sent_at)

        self._write(each_of(batch, settle))

    def _settle_one(self, job: Job, result: ItemResult, passport: Passport, *, sent_at: datetime) -> Passport:
        at = self._situation(job.asked)
        if result.written:
            settlement = settle_push.acknowledged(job.state, job.quantity, sent_at=sent_at, at=at)
            self._settle(job.state, settlement, self._passed(job.state))
            self._sync.context.count("PushesAcknowledged", 1)
            return replace(passport, answer=ACKNOWLEDGED, answered_at=at.now)
        error = result.error or ChannelError(Kind.UNKNOWN, "not_written", "the marketplace gave no reason")
        settlement = settle_push.failed(job.state, error, sent_at=sent_at, at=at)
        self._settle(job.state, settlement, self._tells(job, error, now=at.now))
        self._sync.context.count("PushesFailed", 1)
        if error.kind is Kind.UNKNOWN:
            return replace(passport, detail=f"{error.code}: {error.detail}")
        return replace(passport, answer=error.code, detail=error.detail, answered_at=at.now)

    def _settle(self, state: PushState, settlement: Settlement, told: Sequence[Action] = ()) -> None:
        if not self._ledger.pushes.settle(state, settlement.after, told):
            # Our lease has passed to another worker, which knows that ours may come late. The message is kept: it may
            # be the very one that the other one works off.
            self._sync.context.count("LeasesLost", 1)
            self._later[state.key] = self._sync.now() + timedelta(seconds=self._sync.limits.lease_s)
            return
        if settlement.later is not None:
            self._later[state.key] = settlement.later

    def _put_off(self, batch: Sequence[Job], *, until: datetime, why: str | None = None) -> None:
        for job in batch:
            at = self._situation(job.asked)
            self._settle(job.state, settle_push.put_off(job.state, until=until, at=at, why=why))

    def _rest(self, error: ChannelError) -> datetime:
        sync = self._sync
        return rest_after(sync.context, self._shop, self._channel.sheet, error, chance=sync.chance(), now=sync.now())

    def _tells(self, job: Job, error: ChannelError, *, now: datetime) -> list[Action]:
        name = str(job.state.key)
        if error.kind is Kind.FINAL:
            self._sync.context.count("ListingsBlocked", 1)
            return [open_action(incident.listing_blocked(name, code=error.code, why=error.detail, at=now))]
        if error.kind is Kind.PROMOTION_LOCK and job.state.failed != error.code:
            return [open_action(incident.listing_locked(name, quantity=job.quantity, code=error.code, at=now))]
        return []

    def _passed(self, state: PushState) -> list[Action]:
        """What a person was told of has passed by itself."""
        if state.failed is None:
            return []
        now, name = self._sync.now(), str(state.key)
        told = (
            incident.listing_locked(name, quantity=0, code="", at=now),
            incident.listing_blocked(name, code="", why="", at=now),
        )
        return [*self._ledger.incidents.closing(told, at=now, note="the marketplace shows what it should")]

    # ---- What is told of it

    def _passport(self, job: Job, now: datetime) -> Passport:
        rules, made = job.made.rules, job.made.target
        return Passport(
            key=job.state.key,
            fence=job.state.fence,
            quantity=made.quantity,
            sent_at=now,
            answered_at=None,
            answer=SENT,
            detail="",
            because=job.asked.why,
            asked_at=job.asked.at,
            sellable=made.sellable,
            offered=made.offered,
            rule=made.rule,
            mode=rules.mode.value,
            ratio=rules.ratio,
            threshold=rules.threshold,
            maximum=rules.maximum,
            incoming_cap=rules.incoming_cap,
            levels=job.made.levels,
        )

    def _write(self, passports: Iterable[Passport]) -> None:
        self._ledger.passports.write(passports, kept=timedelta(days=self._sync.limits.kept_days))

    def _situation(self, asked: Asked) -> Situation:
        return Situation(asked=asked, now=self._sync.now(), limits=self._sync.limits, chance=self._sync.chance())

    def _a_little_after(self, at: datetime) -> datetime:
        return at + timedelta(seconds=SOON_S * self._sync.chance())
