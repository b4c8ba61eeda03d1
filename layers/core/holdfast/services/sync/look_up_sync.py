"""Listings with their targets and what the marketplace acknowledged, for operators."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.domain.listing import Listing
from holdfast.domain.push import PushState
from holdfast.domain.shop import Shop, ShopKey
from holdfast.domain.shop_sync import ShopSync

from .syncing import Planning
from .targets import Looks, Made, make, places_of


@dataclass(frozen=True, slots=True, kw_only=True)
class InStep:
    """`made` None: its shop is not connected, or one of its levels does not add up."""

    listing: Listing
    state: PushState
    made: Made | None


def in_step(planning: Planning, listings: Sequence[Listing]) -> list[InStep]:
    """Each of the listings, in their order."""
    ledger = planning.context.ledger
    states = ledger.pushes.get_many([each.key for each in listings])
    shops = {key: (ledger.shops.get(key), ledger.syncs.get(key)) for key in {each.key.shop for each in listings}}
    looks = Looks(planning.context)
    for key, (shop, _) in shops.items():
        if shop is not None:
            looks.at(places_of(planning.context, shop, [each for each in listings if each.key.shop == key]))
    return [
        InStep(listing=each, state=states[each.key], made=_made(planning, looks, shops, each, states[each.key]))
        for each in listings
    ]


def _made(
    planning: Planning,
    looks: Looks,
    shops: dict[ShopKey, tuple[Shop | None, ShopSync]],
    listing: Listing,
    state: PushState,
) -> Made | None:
    shop, sync = shops[listing.key.shop]
    if shop is None:
        return None
    sheet = planning.sheet(listing.key.shop)
    return make(looks, shop=shop, sync=sync, sheet=sheet, listing=listing, state=state, now=planning.now())
