"""What changes of levels mean for listings: which are pushed now, which wait for their shop's run.

Read from the table's stream, at least once and in any order. Nothing is taken from the images but that something
changed: the target is made of the levels as they are now, and made again by whoever pushes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.channels.sheet import Kind as Refusal
from holdfast.domain.incident import Kind
from holdfast.domain.listing import Listing, ListingKey
from holdfast.domain.push import PushState, is_lost
from holdfast.domain.shop import Shop, ShopKey
from holdfast.domain.shop_sync import ShopSync
from holdfast.domain.sync import Act, act_on
from holdfast.store import keys
from holdfast.store.pushes import state_from

from .ask_pushes import Wish, ask
from .syncing import Planning
from .targets import Looks, make, places_of

Image = Mapping[str, Any]

# Of a level, what a listing's number is made of. `wheel`: units whose hold ended count as free.
TELLING = ("available", "incoming", "wheel")
# What a marketplace says of its promotions (`ShopSaid.what`).
PROMOTION = "promotion"
PAGE = 500


@dataclass(slots=True)
class Changed:
    """One SKU, or one listing, that changed: the newest cause, and the ids of all its records."""

    id: str
    why: str
    again: set[str] = field(default_factory=set)


@dataclass(slots=True)
class News:
    """What a batch of the stream says: SKUs whose levels changed, listings whose orders changed.

    `mapped`: listings that an operator has set. `promotions`: shops where one began, ended or changed.
    """

    skus: dict[str, Changed] = field(default_factory=dict)
    sold: dict[ListingKey, Changed] = field(default_factory=dict)
    mapped: dict[ListingKey, Changed] = field(default_factory=dict)
    promotions: dict[ShopKey, Changed] = field(default_factory=dict)

    def note_level(self, before: Image | None, after: Image | None, *, id: str) -> None:  # noqa: A002  # as in Asked
        image = after or before
        if image is None or (before and after and all(before.get(each) == after.get(each) for each in TELLING)):
            return
        place = keys.place_of_level(image["pk"], image["sk"])
        version = image.get("version", 0)
        _note(self.skus, place.sku, id, f"{place.sku} at {place.location} changed (version {version})")

    def note_order(self, before: Image | None, after: Image | None, *, id: str) -> None:  # noqa: A002  # as in Asked
        """An order of a marketplace moves the number that the marketplace itself shows, by units we do not know."""
        told = (after or {}).get("told")
        if told is None or (before or {}).get("told") == told:
            return
        name = (after or {})["pk"].removeprefix("RESERVATION#")
        channel, shop, _ = name.split(":", 2)
        for line in told["lines"]:
            key = ListingKey(ShopKey(channel, shop), line["listing"])
            _note(self.sold, key, id, f"order {name} changed")

    def note_incident(self, before: Image | None, after: Image | None, *, id: str) -> None:  # noqa: A002  # as in Asked
        """Marketplaces that tell of their promotions tell their ends, too: nobody need wait for the next try."""
        if after is None or after["kind"] != Kind.SHOP_SAID.value or after["facts"]["what"] != PROMOTION:
            return
        if (before or {}).get("at") == after["at"]:
            return  # a person has closed it
        channel, shop = after["facts"]["shop"].split("/", 1)
        _note(self.promotions, ShopKey(channel, shop), id, "a promotion began, ended or changed")


def _note(found: dict[Any, Changed], key: Any, id: str, why: str) -> None:  # noqa: A002  # as in Asked
    known = found.setdefault(key, Changed(id=id, why=why))
    known.id, known.why = id, why
    known.again.add(id)


def plan_pushes(planning: Planning, news: News) -> int:
    """Ask for the pushes that do not wait; answers how many. Raises Unavailable: then the batch is to come again."""
    ledger = planning.context.ledger
    wanted: dict[ListingKey, Changed] = news.mapped | news.sold
    for sku, changed in news.skus.items():
        for key in ledger.listings.of_sku(sku):
            known = wanted.get(key)
            again = changed.again | known.again if known else changed.again
            wanted[key] = Changed(id=changed.id, why=changed.why, again=again)
    unlocked = [wish for shop, changed in news.promotions.items() for wish in _locked(planning, shop, changed)]
    if not wanted:
        return ask(planning, unlocked)
    listings = {listing.key: listing for listing in ledger.listings.get_many(list(wanted))}
    ledger.pushes.note_touched([key for key in news.sold if key in listings])
    states = ledger.pushes.get_many(list(listings))
    wishes: list[Wish] = []
    looks = Looks(planning.context)
    for shop_key in dict.fromkeys(key.shop for key in listings):
        shop = ledger.shops.get(shop_key)
        if shop is None or shop.stock_home:
            continue  # a stock home tells us its stock, and is told nothing
        sync = ledger.syncs.get(shop_key)
        mine = [listing for key, listing in listings.items() if key.shop == shop_key]
        wishes += _wishes(planning, looks, shop, sync, [(each, states[each.key]) for each in mine], wanted)
    asked = {wish.state.key for wish in wishes}
    return ask(planning, wishes + [wish for wish in unlocked if wish.state.key not in asked])


def _locked(planning: Planning, shop: ShopKey, why: Changed) -> Iterator[Wish]:
    """The shop's listings that a promotion keeps as they are, which are tried now and not in half an hour."""
    errors, start = planning.sheet(shop).errors, None
    while True:
        page = planning.context.ledger.pushes.of_shop(shop, limit=PAGE, start=start)
        for state in map(state_from, page.items):
            if state.asked is not None and errors.get(state.failed or "") is Refusal.PROMOTION_LOCK:
                yield Wish(state=state, id=why.id, why=why.why, again=frozenset(why.again), hurry=True)
        start = page.next
        if start is None:
            return


def _wishes(
    planning: Planning,
    looks: Looks,
    shop: Shop,
    sync: ShopSync,
    listings: Iterable[tuple[Listing, PushState]],
    wanted: Mapping[ListingKey, Changed],
) -> list[Wish]:
    """The listings of one shop that are to be pushed at once."""
    # One that waits for its push already is not looked at again, however hot its SKU.
    open_now = [(listing, state) for listing, state in listings if _may_need(planning, state, wanted[listing.key])]
    looks.at(places_of(planning.context, shop, [listing for listing, _ in open_now]))
    sheet, now = planning.sheet(shop.key), planning.now()
    found: list[Wish] = []
    for listing, state in open_now:
        made = make(looks, shop=shop, sync=sync, sheet=sheet, listing=listing, state=state, now=now)
        why = wanted[listing.key]
        # Our own request of a try that failed: its message may never have been sent, so it is sent whatever is so now.
        ours = state.asked is not None and state.asked.id in why.again
        if ours or (made and act_on(made.rules, made.target, acknowledged=state.shown(now)) is Act.PUSH_NOW):
            quantity = made.target.quantity if made else 0
            found.append(Wish(state=state, id=why.id, why=why.why, quantity=quantity, again=frozenset(why.again)))
    return found


def _may_need(planning: Planning, state: PushState, why: Changed) -> bool:
    if state.blocked is not None:
        return False
    asked = state.asked
    if state.confirming(planning.now()):
        return True
    return asked is None or asked.id in why.again or is_lost(asked, now=planning.now(), limits=planning.limits)
