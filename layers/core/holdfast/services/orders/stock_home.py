"""A shop where the merchant keeps its stock: what it has on hand is a count for us.

A message that the stock changed is only a hint. The figure is read anew, and written as a count; if nothing differs,
nothing is written.
"""

from collections.abc import Sequence

from holdfast.channels.protocol import Shown
from holdfast.domain.level import Place
from holdfast.domain.movement import Movement, Type
from holdfast.domain.reservation import State
from holdfast.domain.shop import Shop
from holdfast.services.stock.move_stock import move_stock
from holdfast.services.stock.units_since import reservations_of_sku

from .intake import Intake
from .shop_account import call_shop


def count_home(work: Intake, shop: Shop, listings: Sequence[str]) -> int:
    """Read these listings in the shop and count their SKUs. Answers how many counts were written.

    A listing that is not mapped, or sells a bundle, tells nothing of a SKU.
    """
    channel = work.channel(shop.key.channel)
    shown = call_shop(work, shop.key, lambda account: channel.read_back(account, list(listings), work.send, work.now()))
    parts = work.context.ledger.listings.parts_of(shop.key, [each.listing for each in shown])
    return sum(
        _count(work, shop, each, sku=known[0].sku)
        for each in shown
        if len(known := parts.get(each.listing, ())) == 1 and known[0].quantity == 1
    )


def _on_hand(work: Intake, shop: Shop, shown: Shown, place: Place) -> int:
    """Where the shop tells only what is for sale, the units of its own paid orders are in the building besides."""
    if shown.on_hand is not None:
        return shown.on_hand
    own = (
        record
        for record in reservations_of_sku(work.context, place.sku)
        if record.state is State.COMMITTED
        and record.paid
        and record.channel == shop.key.channel
        and record.told is not None
        and record.told.shop == shop.key.shop
    )
    return shown.quantity + sum(line.quantity for record in own for line in record.lines if line.place == place)


def _count(work: Intake, shop: Shop, shown: Shown, *, sku: str) -> int:
    location = shop.location or work.context.policy.locations[0]
    on_hand = _on_hand(work, shop, shown, Place(sku, location))
    level = work.context.ledger.levels.get(Place(sku, location))
    if level is not None and level.on_hand == on_hand:
        return 0
    version = level.version if level else 0
    movement = Movement(
        # The same figure at the same version of the level is the same count.
        id=f"{shop.key.channel}:{shop.key.shop}:{shown.listing}:{version}:{on_hand}"[:128],
        type=Type.COUNT,
        sku=sku,
        location=location,
        quantity=max(0, on_hand),
        reason=f"on hand in {shop.key}",
    )
    move_stock(work.context, movement)
    return 1
