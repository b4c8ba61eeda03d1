"""What a shop shows, page by page: for a first import, and to see whether its credentials open it."""

from holdfast.channels.protocol import ChannelError, ShownPage
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import MarketplaceRefused, MarketplaceUnavailable, UnknownShop
from holdfast.domain.shop import ShopKey

from .intake import Intake
from .shop_account import call_shop

FOR_A_PERSON = frozenset({Kind.FINAL, Kind.REAUTHORISE, Kind.TOKEN})


def read_stock(work: Intake, key: ShopKey, *, cursor: str | None) -> ShownPage:
    """Raises UnknownShop, MarketplaceRefused, Unavailable. `cursor`: the marketplace's own."""
    if work.context.ledger.shops.get(key) is None:
        raise UnknownShop(str(key))
    channel = work.channel(key.channel)
    try:
        return call_shop(work, key, lambda account: channel.list_stock(account, cursor, work.send, work.now()))
    except ChannelError as error:
        refused = MarketplaceRefused if error.kind in FOR_A_PERSON else MarketplaceUnavailable
        raise refused(str(key), code=error.code, detail=error.detail) from error
