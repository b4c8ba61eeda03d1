"""Ask for pushes: at most one is outstanding per listing, however often its stock changes.

The request is written first and the message sent after it. Whoever dies in between comes again with the same id and
sends again; whoever never comes again leaves a request that is taken for lost after a while.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from holdfast.channels.protocol import JOINER
from holdfast.channels.sheet import Sheet
from holdfast.domain.errors import Unavailable
from holdfast.domain.push import Asked, PushState, is_lost
from holdfast.domain.shop import ShopKey

from .syncing import Planning, message_of

T = TypeVar("T")
R = TypeVar("R")

MOST_IN_MESSAGE = 50
AT_ONCE = 8
# Fewer are written one after the other: threads cost more than they save.
WORTH_THREADS = 16
LONGEST_WHY = 200
# Each look but the first follows a write of somebody else to the same listing.
MOST_LOOKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A push that is wanted. `id`: of what wants it, the same when that comes again; `again`: ids that came again.

    `quantity`: the target as the planner sees it, so that scarce listings go first. `hurry`: what was asked for before
    is not waited for.
    """

    state: PushState
    id: str
    why: str
    quantity: int = 0
    again: frozenset[str] = frozenset()
    hurry: bool = False


def ask(planning: Planning, wishes: Sequence[Wish], *, delay_seconds: int = 0, unblock: bool = False) -> int:
    """Write the requests and send the messages; answers how many pushes were asked for.

    Raises Unavailable: then the same wishes are to come again. `unblock`: also of listings that were given up, and now
    of those that failed and wait for their next try.
    """
    open_wishes = [wish for wish in wishes if unblock or wish.state.blocked is None]
    marked = each_of(open_wishes, lambda wish: _mark(planning, wish, delay_seconds=delay_seconds, unblock=unblock))
    asked = [(wish, asked_id) for wish, asked_id in zip(open_wishes, marked, strict=True) if asked_id is not None]
    try:
        for (shop, asked_id), scarce_first in _by_shop(asked).items():
            messages = [message_of(shop, group, asked=asked_id) for group in groups(planning.sheet(shop), scarce_first)]
            planning.queue.send_many(messages, delay_seconds=delay_seconds)
    except Unavailable:
        # Take the requests back, as far as that goes: nobody waits for a message that was not sent. One that was sent
        # finds nothing to do.
        for wish, asked_id in asked:
            planning.context.ledger.pushes.take_back(wish.state.key, asked_id)
        raise
    planning.context.count("PushesAsked", len(asked))
    return len(asked)


def _mark(planning: Planning, wish: Wish, *, delay_seconds: int, unblock: bool) -> str | None:
    """The id of the request for which a message is to be sent; None: none is."""
    pushes, state = planning.context.ledger.pushes, wish.state
    for _ in range(MOST_LOOKS):
        now, outstanding = planning.now(), state.asked
        given_up = unblock and state.blocked is not None
        ours = outstanding is not None and outstanding.id in {wish.id, *wish.again}
        hurries = (unblock and state.waits_after_failure) or (wish.hurry and not ours)
        replaced = given_up or hurries or state.confirming(now)
        if outstanding is not None and not replaced and not is_lost(outstanding, now=now, limits=planning.limits):
            return outstanding.id if ours else None
        asked = Asked(id=wish.id, why=wish.why[:LONGEST_WHY], at=now, due=now + timedelta(seconds=delay_seconds))
        if pushes.ask(state, asked, unblock=given_up):
            return wish.id
        # Somebody else was first. Their request will do, unless all it waits for is to confirm an older number.
        state = pushes.get(state.key)
        if state.blocked is not None and not unblock:
            return None
    return None


def _by_shop(asked: Iterable[tuple[Wish, str]]) -> dict[tuple[ShopKey, str], list[tuple[int, str]]]:
    """(quantity, listing) of each shop and request: a message is one request's."""
    found: dict[tuple[ShopKey, str], list[tuple[int, str]]] = {}
    for wish, asked_id in asked:
        found.setdefault((wish.state.key.shop, asked_id), []).append((wish.quantity, wish.state.key.listing))
    return found


def groups(sheet: Sheet, wanted: Iterable[tuple[int, str]], *, most: int = MOST_IN_MESSAGE) -> list[list[str]]:
    """Listings in groups of at most `most` that fit one call of the marketplace; what is about to sell out comes first.

    `wanted`: (quantity, listing). Where a call takes listings of one product only, a group has one product.
    """
    products: dict[str, list[tuple[int, str]]] = {}
    for quantity, listing in sorted(wanted):
        product = listing.split(JOINER)[0] if sheet.batch_of_one_product else ""
        products.setdefault(product, []).append((quantity, listing))
    size = min(sheet.batch, most)
    made = [each[start : start + size] for each in products.values() for start in range(0, len(each), size)]
    return [[listing for _, listing in group] for group in sorted(made)]


def each_of(items: Sequence[T], act: Callable[[T], R]) -> list[R]:
    """What `act` makes of each, in their order; many of them at once where there are many."""
    if len(items) < WORTH_THREADS:
        return [act(item) for item in items]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(act, items))
