"""Orders of marketplaces: the reservation, its levels and all that goes with them in one transaction."""

from holdfast.domain.conditions import id_not_used
from holdfast.domain.errors import OrderTooLarge
from holdfast.domain.orders import Noted, Settled
from holdfast.domain.shop import ShopKey

from . import incidents, keys, shop_keys
from .movements import Recorded
from .movements import item_of as movement_item
from .reservations import Failure, Reservations
from .table import Action, Delete, Item, Put, Query, Table

MOST_ACTIONS = 100

WAITING_PAGE = 500


class Orders:
    """Access patterns of marketplaces' orders."""

    def __init__(self, reservations: Reservations, table: Table) -> None:
        self._reservations = reservations
        self._table = table

    def write(self, settled: Settled) -> Failure | None:
        """None: written. Raises OrderTooLarge."""
        record, before = settled.record, settled.before
        first = self._reservations.transition(before, record) if before else self._reservations.first_version(record)
        further: list[Action] = [
            *(_movement_action(noted, settled) for noted in settled.noted),
            *map(incidents.open_action, settled.incidents),
            *(Put(key=shop_keys.waiting(settled.shop, each, record.id), item={}) for each in settled.waiting),
            *(Delete(key=shop_keys.waiting(settled.shop, each, record.id)) for each in settled.mapped),
        ]
        if 1 + len(settled.changes) + len(further) > MOST_ACTIONS:
            raise OrderTooLarge(f"order {record.id} has too many lines for one transaction; enter it as movements")
        return self._reservations.transact(first, settled.changes, further)

    def waiting(
        self, shop: ShopKey, *, limit: int, start: Item | None = None
    ) -> tuple[list[tuple[str, str]], Item | None]:
        """(listing, reservation id) of orders that wait for a mapping, and where to go on."""
        page = self._table.query(Query(partition=shop_keys.waiting_partition(shop), limit=limit, start=start))
        rows = [item["sk"].partition("#") for item in page.items]
        return [(listing, reservation_id) for listing, _, reservation_id in rows], page.next

    def waits_no_more(self, shop: ShopKey, reservation_id: str) -> None:
        """Take the order off the lists of orders that wait."""
        start: Item | None = None
        while True:
            rows, start = self.waiting(shop, limit=WAITING_PAGE, start=start)
            for listing, its in rows:
                if its == reservation_id:
                    self._table.write(Delete(key=shop_keys.waiting(shop, listing, its)))
            if start is None:
                return


def _movement_action(noted: Noted, settled: Settled) -> Put:
    recorded = Recorded(
        movement=noted.movement,
        body_hash="",
        at=settled.record.changed_at,
        on_hand=noted.on_hand,
        unavailable=noted.unavailable,
        incoming={},
    )
    key = keys.movement(noted.movement.sku, noted.movement.id)
    return Put(key=key, item=movement_item(recorded), conditions=(id_not_used(),))
