"""Push the prices of listings whose leases are held, each with its guard: one that falls too far waits for a person."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from holdfast.channels.protocol import ChannelError, ItemResult, PriceItem
from holdfast.channels.sheet import Kind
from holdfast.domain import incident
from holdfast.domain.errors import Unavailable
from holdfast.domain.push import PushState, may_send
from holdfast.domain.shop import ShopKey
from holdfast.domain.sync import Rules, price_step
from holdfast.services.orders.shop_account import call_shop

from .ask_pushes import groups
from .call_budget import take_places
from .syncing import Syncing


class Priced(Protocol):
    """A listing whose lease is held, as far as its price goes."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> PushState: ...
    @property
    def price(self) -> tuple[Decimal, str] | None: ...
    @property
    def rules(self) -> Rules: ...


def push_prices(sync: Syncing, shop: ShopKey, jobs: Sequence[Priced]) -> dict[str, PushState]:
    """The states of those listings whose price the marketplace took, by listing. The others are tried again later."""
    due = {job.name: job for job in jobs if _is_due(sync, job)}
    channel, ledger = sync.planning.channel(shop.channel), sync.context.ledger
    calls = groups(channel.sheet, [(0, name) for name in due], most=channel.sheet.batch)
    if not calls:
        return {}
    places = take_places(sync.context, shop, channel.sheet, wanted=len(calls), now=sync.now())
    taken: dict[str, PushState] = {}
    for number, names in enumerate(calls[: places.calls]):
        sync.sleep(max(0.0, (places.start + number * places.every - sync.now()).total_seconds()))
        for result in _push(sync, shop, [due[name] for name in names]):
            job = due[result.listing]
            if not result.written or job.price is None:
                _tell(sync, job, result.error)
                continue
            after = replace(job.state, price=job.price[0])
            if ledger.pushes.settle(job.state, after):
                taken[job.name] = after
    sync.context.count("PricesAcknowledged", len(taken))
    return taken


def _is_due(sync: Syncing, job: Priced) -> bool:
    if job.price is None or job.rules.paused:
        return False
    state = job.state
    step = price_step(
        wanted=job.price[0],
        shown=state.price,
        largest_fall=job.rules.largest_price_fall,
        approved=state.approved_price,
    )
    if step.waits is not None:
        told = incident.price_waits(str(state.key), price=str(step.waits), shown=str(state.price), at=sync.now())
        sync.context.ledger.incidents.open(told)
    return step.push is not None


def _push(sync: Syncing, shop: ShopKey, jobs: Sequence[Priced]) -> tuple[ItemResult, ...]:
    items = [
        PriceItem(listing=job.name, amount=job.price[0], currency=job.price[1]) for job in jobs if job.price is not None
    ]
    channel = sync.planning.channel(shop.channel)
    if not all(may_send(job.state, now=sync.now(), limits=sync.limits) for job in jobs):
        return ()
    try:
        return call_shop(
            sync.intake,
            shop,
            lambda account: channel.push_prices(account, items, sync.intake.send, sync.now()),
        )
    except ChannelError as error:
        return tuple(ItemResult(listing=job.name, written=False, error=error) for job in jobs)
    except Unavailable:
        return ()


def _tell(sync: Syncing, job: Priced, error: ChannelError | None) -> None:
    sync.context.count("PricesFailed", 1)
    if error is not None and error.kind is Kind.FINAL and job.price is not None:
        told = incident.price_refused(str(job.state.key), price=str(job.price[0]), code=error.code, at=sync.now())
        sync.context.ledger.incidents.open(told)
