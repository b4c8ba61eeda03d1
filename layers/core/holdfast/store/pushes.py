"""The state of each listing's pushes, and what a listing has otherwise than its shop. One item a listing."""

from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from holdfast.domain.conditions import Path, asked_is, fence_is, nothing_asked
from holdfast.domain.errors import Unavailable
from holdfast.domain.listing import ListingKey
from holdfast.domain.push import Asked, Blocked, PushState
from holdfast.domain.shop import ShopKey
from holdfast.domain.sync import Overrides, SyncMode

from . import shop_keys
from .table import Action, Cancelled, ConditionFailed, Delete, Item, Page, Query, Table, Update
from .times import from_ms, to_ms

_PLAIN = ("acknowledged", "failed")
_COUNTS = ("touched", "acknowledged_touched", "attempts")
_TIMES = ("lease_until", "unsettled_until", "acknowledged_at", "applied_by")
_PRICES = ("price", "approved_price")
# Written by others than the worker that has the lease: a settlement leaves them alone.
_OTHERS = ("touched", "approved_price", "own")


def state_from(item: Item) -> PushState:
    own = dict(item.get("own", {}))
    if "mode" in own:
        own["mode"] = SyncMode(own["mode"])
    plain: dict[str, Any] = {name: item.get(name) for name in _PLAIN}
    plain |= {name: item.get(name, 0) for name in _COUNTS}
    plain |= {name: from_ms(item.get(name)) for name in _TIMES}
    plain |= {name: Decimal(item[name]) if name in item else None for name in _PRICES}
    return PushState(
        key=shop_keys.push_of(item["pk"], item["sk"]),
        fence=item.get("fence", 0),
        asked=_asked_from(item["asked"]) if "asked" in item else None,
        blocked=_blocked_from(item["blocked"]) if "blocked" in item else None,
        own=Overrides(**own),
        **plain,
    )


def _asked_from(item: Item) -> Asked:
    return Asked(id=item["id"], why=item["why"], at=from_ms(item["at"]), due=from_ms(item["due"]))


def _asked_item(asked: Asked) -> Item:
    # Rounded down: what is due now must not become due in half a millisecond.
    due = int(asked.due.timestamp() * 1000)
    return {"id": asked.id, "why": asked.why, "at": to_ms(asked.at), "due": due}


def _blocked_from(item: Item) -> Blocked:
    return Blocked(code=item["code"], why=item["why"], at=from_ms(item["at"]))


def _own_item(own: Overrides) -> Item:
    told = {each.name: getattr(own, each.name) for each in fields(own)}
    return {name: str(value) if name == "mode" else value for name, value in told.items() if value is not None}


def item_of(state: PushState) -> Item:
    """Its attributes; what has no value is absent."""
    told: dict[str, Any] = {"fence": state.fence}
    told |= {name: getattr(state, name) for name in _PLAIN}
    told |= {name: getattr(state, name) or None for name in _COUNTS}
    told |= {name: _ms(getattr(state, name)) for name in _TIMES}
    told |= {name: _text(getattr(state, name)) for name in _PRICES}
    told["asked"] = state.asked and _asked_item(state.asked)
    blocked = state.blocked
    told["blocked"] = blocked and {"code": blocked.code, "why": blocked.why, "at": to_ms(blocked.at)}
    told["own"] = _own_item(state.own) or None
    return {name: value for name, value in told.items() if value is not None}


def _ms(at: Any) -> int | None:
    return None if at is None else to_ms(at)


def _text(price: Decimal | None) -> str | None:
    return None if price is None else str(price)


class Pushes:
    """Access patterns of push states. A listing without an item has the state of one that was never pushed."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, key: ListingKey) -> PushState:
        item = self._table.get(shop_keys.push(key))
        return state_from(item) if item else PushState(key=key)

    def get_many(self, wanted: Sequence[ListingKey]) -> dict[ListingKey, PushState]:
        found = map(state_from, self._table.get_many([shop_keys.push(key) for key in wanted]))
        known = {state.key: state for state in found}
        return {key: known.get(key, PushState(key=key)) for key in wanted}

    def of_shop(self, shop: ShopKey, *, limit: int, start: Item | None = None) -> Page:
        """Items by listing; read with `state_from`."""
        return self._table.query(Query(partition=shop_keys.pushes_partition(shop), limit=limit, start=start))

    def ask(self, state: PushState, asked: Asked, *, unblock: bool = False) -> bool:
        """Write down that a push is asked for. False: somebody else was first, which is as good."""
        condition = nothing_asked() if state.asked is None else asked_is(state.asked.id)
        update = Update(
            key=shop_keys.push(state.key),
            put={("asked",): _asked_item(asked)},
            begin={("fence",): 0},
            remove=(("blocked",),) if unblock else (),
            conditions=(condition,),
        )
        return self._written(update) is not None

    def take_back(self, key: ListingKey, asked: str) -> None:
        """Forget a request, if it is still the one that waits."""
        self._written(Update(key=shop_keys.push(key), remove=(("asked",),), conditions=(asked_is(asked),)))

    def begin(self, state: PushState, after: PushState) -> PushState | None:
        """Take the lease of a push that was asked for. The state as it is then; None: another worker has it."""
        put, remove = _difference(state, after)
        item = self._written(
            Update(key=shop_keys.push(state.key), put=put, remove=remove, conditions=(fence_is(state.fence),))
        )
        return state_from(item) if item else None

    def settle(self, begun: PushState, after: PushState, told: Sequence[Action] = ()) -> bool:
        """Write what came of the push that was begun. False: the lease has passed to another worker.

        A request that came in meanwhile stays as it is: it is for a newer change, and waits for nothing of this push.

        `told`: incidents that open or close with it, in the same write: nobody looks again at a listing whose failure
        is already written down, or forgotten.
        """
        put, remove = _difference(begun, after)
        ours = fence_is(begun.fence)
        if ("asked",) in put:
            alone = Update(key=shop_keys.push(begun.key), put=put, remove=remove, conditions=(ours, nothing_asked()))
            if self._settled(alone, told):
                return True
            del put["asked",]
        return self._settled(Update(key=shop_keys.push(begun.key), put=put, remove=remove, conditions=(ours,)), told)

    def _settled(self, update: Update, told: Sequence[Action]) -> bool:
        if not told:
            return self._written(update) is not None
        try:
            self._table.transact([update, *told])
        except Cancelled as cancelled:
            if cancelled.reasons[0] is None:
                raise Unavailable("another writer was at an incident of the listing; try again") from cancelled
            return False
        return True

    def note_touched(self, wanted: Sequence[ListingKey]) -> None:
        """Orders moved the marketplace's own numbers of these listings. Once too often only costs a push."""
        for key in wanted:
            self._table.write(Update(key=shop_keys.push(key), start={("touched",): 1}, begin={("fence",): 0}))

    def put_own(self, key: ListingKey, own: Overrides) -> None:
        """What the listing has otherwise than its shop. The last one wins."""
        told = _own_item(own)
        put: dict[Path, Any] = {("own",): told} if told else {}
        remove: tuple[Path, ...] = () if told else (("own",),)
        self._table.write(Update(key=shop_keys.push(key), put=put, remove=remove, begin={("fence",): 0}))

    def approve(self, key: ListingKey, price: Decimal) -> None:
        self._table.write(Update(key=shop_keys.push(key), put={("approved_price",): str(price)}, begin={("fence",): 0}))

    def forget(self, key: ListingKey) -> None:
        self._table.write(Delete(key=shop_keys.push(key)))

    def _written(self, update: Update) -> Item | None:
        try:
            return self._table.write(update)
        except ConditionFailed:
            return None


def _difference(before: PushState, after: PushState) -> tuple[dict[Path, Any], tuple[Path, ...]]:
    """Only what changed is written, so that what others wrote meanwhile stays: a new request, an order's touch."""
    old, new = item_of(before), item_of(after)
    put: dict[Path, Any] = {
        (name,): value for name, value in new.items() if old.get(name) != value and name not in _OTHERS
    }
    return put, tuple((name,) for name in old if name not in new and name not in _OTHERS)
