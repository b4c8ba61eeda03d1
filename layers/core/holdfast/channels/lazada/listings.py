"""Lazada's listings: what a write sends, the result for each of them, and what they show."""

from collections.abc import Mapping, Sequence
from html import escape

from holdfast.channels.batches import listing_ids, whole_dong
from holdfast.channels.protocol import JOINER, Account, ChannelError, ItemResult, PriceItem, Shown, StockItem
from holdfast.channels.reading import Told, hide_secrets
from holdfast.channels.sheet import Kind

from .calls import meaning_of
from .sheet import SHEET

SKU_MEMBERS = ("sku_id", "SkuId", "skuId")
ITEM_MEMBERS = ("item_id", "ItemId", "itemId")


def stock_payload(items: Sequence[StockItem]) -> str:
    """XML. With locations in the form for several warehouses, which a shop with one must not be sent."""
    places: dict[str, list[StockItem]] = {}
    for item in items:
        places.setdefault(item.listing, []).append(item)
    return _payload({listing: _quantities(found) for listing, found in places.items()})


def price_payload(items: Sequence[PriceItem]) -> str:
    return _payload({item.listing: f"<Price>{whole_dong(item)}</Price>" for item in items})


def _payload(inner: Mapping[str, str]) -> str:
    skus = "".join(_sku(listing, members) for listing, members in inner.items())
    return f"<Request><Product><Skus>{skus}</Skus></Product></Request>"


def _sku(listing: str, members: str) -> str:
    item_id, sku_id = listing_ids(listing, SHEET)
    return f"<Sku><ItemId>{item_id}</ItemId><SkuId>{sku_id}</SkuId>{members}</Sku>"


def _quantities(items: Sequence[StockItem]) -> str:
    if len(items) == 1 and items[0].location is None:
        return f"<SellableQuantity>{items[0].quantity}</SellableQuantity>"
    rows = "".join(
        "<MultiWarehouseInventory>"
        f"<WarehouseCode>{escape(item.location or 'dropshipping', quote=False)}</WarehouseCode>"
        f"<SellableQuantity>{item.quantity}</SellableQuantity>"
        "</MultiWarehouseInventory>"
        for item in items
    )
    return f"<MultiWarehouseInventories>{rows}</MultiWarehouseInventories>"


def results(items: Sequence[StockItem] | Sequence[PriceItem], told: Told, account: Account) -> tuple[ItemResult, ...]:
    """By the rows of `detail`, which may stand beside code 0 as well.

    A row that names no listing may mean any of them. Beside another code nothing is said of the listings that no row
    names: whether they were written is not known.
    """
    rows = [_Row(row, account) for row in told.rows_of("detail")]
    code = found.code() if (found := told.get("code")) else "0"
    listings = {item.listing for item in items}
    return tuple(_result(item.listing, rows, is_alone=len(listings) == 1, is_success=code == "0") for item in items)


class _Row:
    """One row of `detail`: what it says, and of which listing."""

    def __init__(self, row: Told, account: Account) -> None:
        self.sku = _first(row, SKU_MEMBERS)
        self.item = _first(row, ITEM_MEMBERS)
        code = row.get("code")
        message = row.get("message")
        words = hide_secrets(message.code() if message else "", account)
        name = code.code() if code else "failed"
        self.error = ChannelError(meaning_of(name, words) or Kind.FINAL, name, words)

    def is_about(self, listing: str) -> bool:
        item_id, sku_id = listing_ids(listing, SHEET)
        return self.sku == sku_id if self.sku else self.item == item_id

    def names_one(self) -> bool:
        return bool(self.sku or self.item)


def _first(row: Told, names: Sequence[str]) -> str | None:
    return next((found.id() for name in names if (found := row.get(name)) is not None), None)


def _result(listing: str, rows: Sequence[_Row], *, is_alone: bool, is_success: bool) -> ItemResult:
    about = [row for row in rows if row.is_about(listing) or (is_alone and not row.names_one())]
    if about:
        return ItemResult(listing=listing, written=False, error=about[0].error)
    if is_success and all(row.names_one() for row in rows):
        return ItemResult(listing=listing, written=True)
    not_told = ChannelError(Kind.UNKNOWN, "not_told", "some of the batch failed, and the answer does not say which")
    return ItemResult(listing=listing, written=False, error=not_told)


def read_product(told: Told) -> tuple[Shown, ...]:
    """One row for each SKU. Lazada's own warehouses are left out, as a write does not reach them."""
    item_id = _first(told, ITEM_MEMBERS)
    if item_id is None:
        raise told.wrong("a member item_id")
    attributes = told.get("attributes")
    name = attributes.get("name") if attributes else None
    title = name.text() if name else ""
    return tuple(_shown(row, item_id=item_id, title=title) for row in told.rows_of("skus"))


def _shown(row: Told, *, item_id: str, title: str) -> Shown:
    sku = row.get("SellerSku")
    price = row.get("price")
    return Shown(
        listing=JOINER.join((item_id, row["SkuId"].id())),
        quantity=_sellable(row),
        price=price.amount() if price else None,
        locked=sum(_kept(each) for each in row.rows_of("channelInventories")),
        title=title,
        merchant_sku=sku.text() if sku else "",
    )


def _kept(campaign: Told) -> int:
    """What a campaign keeps. The reference shows `sellableQuantity` in an example and lists no member."""
    quantity = campaign.get("sellableQuantity")
    return (quantity or campaign["quantity"]).whole(least=0)


def _sellable(row: Told) -> int:
    warehouses = row.rows_of("multiWarehouseInventories")
    if warehouses:
        return sum(each["sellableQuantity"].whole() for each in warehouses)
    available = row.get("Available")
    return (available or row["quantity"]).whole()
