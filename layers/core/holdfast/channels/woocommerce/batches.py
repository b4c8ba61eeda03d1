"""WooCommerce's batches: HTTP 200 whatever happened, and an error in the row it is about."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from holdfast.channels.batches import listing_ids
from holdfast.channels.protocol import Account, ChannelError, ItemResult, Send
from holdfast.channels.reading import Told, hide_secrets, status_kind
from holdfast.channels.rest import OF_THE_SHOP, not_sent
from holdfast.channels.sheet import Kind

from .calls import post
from .listings import by_parent, floor_of, listing_key, products_path
from .sheet import SHEET


def push_batches(
    account: Account,
    changes: Mapping[str, Mapping[str, object]],
    send: Send,
    now: datetime,
    accepts: Callable[[str, Told], bool],
) -> tuple[ItemResult, ...]:
    """One batch call for each parent: the simple products together, the variations of each product together.

    `accepts(listing, row)`: whether the answer's row shows what was written.
    """
    results = _malformed(changes)
    parents = by_parent([listing for listing in changes if listing not in results])
    stopped: ChannelError | None = None
    for parent, ids in parents.items():
        listings = {each: listing_key(parent, each) for each in ids}
        if stopped is not None:
            results |= {listing: not_sent(listing, stopped) for listing in listings.values()}
            continue
        body = {"update": [{"id": int(each), **changes[listing]} for each, listing in listings.items()]}
        try:
            rows = post(account, f"{products_path(parent)}/batch", body, send, now)["update"].rows()
        except ChannelError as error:
            stopped = error if error.kind in OF_THE_SHOP else None
            if len(parents) == 1 or (not results and stopped is not None and error.kind is not Kind.UNKNOWN):
                raise
            results |= {each: ItemResult(listing=each, written=False, error=error) for each in listings.values()}
        else:
            told = {row["id"].id(): row for row in rows}
            for each, listing in listings.items():
                error_of = _error(account, told.get(each), accepts=partial(accepts, listing))
                results[listing] = ItemResult(listing=listing, written=error_of is None, error=error_of)
    return tuple(results[listing] for listing in changes)


def _malformed(listings: Iterable[str]) -> dict[str, ItemResult]:
    found: dict[str, ItemResult] = {}
    for listing in listings:
        try:
            listing_ids(listing, SHEET)
        except ChannelError as error:
            found[listing] = ItemResult(listing=listing, written=False, error=error)
    return found


def _error(account: Account, row: Told | None, *, accepts: Callable[[Told], bool]) -> ChannelError | None:
    """What a row of a batch says against it, though the batch was answered with 200. None: it was written."""
    if row is None:
        return ChannelError(Kind.UNKNOWN, "not_told", "the batch's answer leaves the line out")
    told = row.get("error")
    if told is not None:
        code, about = told["code"].code(), told.get("data")
        status = about.get("status") if about is not None and about.is_object() else None
        by_status = Kind.FINAL if status is None else status_kind(status.whole(), writes=True)
        words = told.get("message")
        detail = "" if words is None else hide_secrets(words.code(), account)
        return ChannelError(SHEET.errors.get(code) or by_status or Kind.FINAL, code, detail)
    if not accepts(row):
        return ChannelError(
            Kind.FINAL, "not_kept", "the shop answered yes and shows another number; does it count stock?"
        )
    return None


def shows(row: Told, quantity: int) -> bool:
    """An answer that leaves these members out is believed."""
    told, manages = row.get("stock_quantity"), row.get("manage_stock")
    if manages is not None and not _is_true(manages):
        return False
    return told is None or floor_of(told) == quantity


def _is_true(told: Told) -> bool:
    """A variation may answer the word "parent" where others say true or false."""
    try:
        return told.flag()
    except ChannelError:
        return False
