"""One call to a marketplace that speaks plain REST: JSON out, JSON back, its no as a ChannelError."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TypeVar

from holdfast.domain.market import MarketOrder

from .protocol import Account, Answer, ChannelError, ItemResult, OrderChanged, PriceItem, StockItem, Tokens
from .reading import Told, hide_secrets, http_failure, read_json
from .sheet import Kind

FIRST_FAILURE = 300
DEEPEST = 4
LONGEST_LIFE_S = 10 * 365 * 86_400

# Whoever gets one of these would get it again with the next line of the same batch.
OF_THE_SHOP = frozenset({Kind.PASSING, Kind.TOKEN, Kind.REAUTHORISE, Kind.DAILY_QUOTA, Kind.UNKNOWN})

Item = TypeVar("Item", StockItem, PriceItem)


def json_body(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def read_success(
    answer: Answer,
    *,
    account: Account,
    writes: bool,
    errors: Mapping[str, Kind],
    unauthorised: Kind = Kind.TOKEN,
) -> Told:
    """The answer's JSON. Raises ChannelError for every status from 300 on, of the kind that the code or status says.

    `unauthorised`: what 401 means where there is no token to refresh. Something that is no JSON in a success of a read
    is a page of the host in between, and may be gone the next time.
    """
    if answer.status >= FIRST_FAILURE:
        raise refusal(answer, account=account, writes=writes, errors=errors, unauthorised=unauthorised)
    return read_json(answer.body, kind=Kind.UNKNOWN if writes else Kind.PASSING, at="answer")


def refusal(
    answer: Answer, *, account: Account, writes: bool, errors: Mapping[str, Kind], unauthorised: Kind
) -> ChannelError:
    """What the marketplace says against it: `code` its own if it has one, else `http_404`."""
    plain = http_failure(answer, writes=writes)
    code, words = _told(answer.body)
    kind = errors.get(code) or (unauthorised if answer.status == 401 else plain.kind)  # noqa: PLR2004
    detail = hide_secrets(words, account) if words else plain.detail
    return ChannelError(kind, code or plain.code, detail, retry_after_s=plain.retry_after_s)


def _told(body: bytes) -> tuple[str, str]:
    """Code and words, as far as there are any: no two marketplaces, and not every call of one, put them alike."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(value, dict):
        return "", _first_text(value)
    code = value.get("code") or value.get("error")
    words = (_first_text(value.get(name)) for name in ("message", "errors", "error_description", "error"))
    return (code if isinstance(code, str) else ""), next(filter(None, words), "")


def _first_text(value: object, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    if depth == DEEPEST or not isinstance(value, dict | list):
        return ""
    parts = value.values() if isinstance(value, dict) else value
    return next(filter(None, (_first_text(each, depth + 1) for each in parts)), "")


def clock_time(told: Told, zone: tzinfo = UTC) -> datetime:
    """A time without an offset, as a clock in `zone` shows it; in UTC. One with an offset keeps its own."""
    try:
        found = datetime.fromisoformat(told.text())
    except ValueError:
        raise told.wrong("a date with a time") from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def read_tokens(told: Told, now: datetime) -> Tokens:
    """OAuth's answer (RFC 6749 section 5.1): without a new refresh token the old one stays good."""
    renewed, life = told.get("refresh_token"), told.get("expires_in")
    return Tokens(
        access_token=told["access_token"].text(),
        refresh_token=None if renewed is None else renewed.text(),
        expires_at=None if life is None else now + timedelta(seconds=min(life.whole(least=0), LONGEST_LIFE_S)),
    )


def read_orders(
    rows: Iterable[Told], read: Callable[[Told], MarketOrder | None], *, named: Callable[[Told], OrderChanged]
) -> tuple[tuple[MarketOrder, ...], tuple[OrderChanged, ...]]:
    """The orders of a page; of one that cannot be read only its name: it must not stop the others for ever."""
    orders: list[MarketOrder] = []
    changed: list[OrderChanged] = []
    for row in rows:
        try:
            order = read(row)
        except ChannelError:
            changed.append(named(row))
        else:
            orders += [] if order is None else [order]
    return tuple(orders), tuple(changed)


def one_by_one(items: Sequence[Item], write: Callable[[Item], None]) -> tuple[ItemResult, ...]:
    """One call for each item. After an error that is the whole shop's the rest is not sent, and says so.

    Raises that error if nothing was sent before it; UNKNOWN is never raised, since it holds for one item only.
    """
    results: list[ItemResult] = []
    for item in items:
        try:
            write(item)
        except ChannelError as error:
            if error.kind in OF_THE_SHOP and error.kind is not Kind.UNKNOWN and not results:
                raise
            results.append(ItemResult(listing=item.listing, written=False, error=error))
            if error.kind in OF_THE_SHOP:
                break
        else:
            results.append(ItemResult(listing=item.listing, written=True))
    left: Sequence[Item] = items[len(results) :]
    return (*results, *(not_sent(item.listing, results[-1].error) for item in left))


def not_sent(listing: str, after: ChannelError | None) -> ItemResult:
    wait_s = None if after is None else after.retry_after_s
    error = ChannelError(Kind.PASSING, "not_sent", "an earlier one of the batch failed", retry_after_s=wait_s)
    return ItemResult(listing=listing, written=False, error=error)
