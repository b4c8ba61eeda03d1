"""A table copied in the middle of traffic holds transactions in half: audited, it is in order, evidence kept."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from holdfast.services.reservations.command_reservation import commit, release, ship
from holdfast.services.upkeep.audit_levels import audit_skus
from holdfast.services.upkeep.follow_levels import Change, follow_levels
from holdfast.store.dynamodb import DynamoTable
from holdfast.store.table import Item, Key, Put
from local import table
from tests.support.engines import on_every_engine
from tests.support.oracle import faults_of
from tests.support.shop_floor import ShopFloor, all_at_once, told
from tests.support.world import make_context

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [on_every_engine, pytest.mark.timeout(180)]

MOST_AUDITS = 4


def everything(of: DynamoTable, mark: str) -> list[Item]:
    """As a scan finds it while others write: each item whole, no two of the same moment."""
    found: list[Item] = []
    page = of.scan()
    while True:
        found += [item for item in page.items if mark in str(item)]
        if page.next is None:
            return found
        page = of.scan(start=page.next)


def a_life(shop: ShopFloor, number: int, skus: list[str]) -> str:
    basket = {skus[number % len(skus)]: 1, skus[(number + 1) % len(skus)]: 1}
    told(partial(shop.hold, number, basket))
    order = shop.order_id(number)
    ends: list[Callable[[], object]] = [
        partial(commit, shop.context(), order, payment_id="pay"),
        partial(release, shop.context(), order),
        lambda: "left",
    ]
    answer = told(ends[number % 3])
    return told(partial(ship, shop.context(), order)) if number % 6 == 0 else answer


def test_a_copy_made_under_traffic_is_put_in_order_by_the_auditor(engine_client: Any) -> None:
    shop = ShopFloor(engine_client)
    skus = [shop.sell(name, 400) for name in ("kettle", "cup", "tea")]
    mark = skus[0].rsplit(" ", 1)[1]
    copies: list[list[Item]] = []
    stop = threading.Event()

    def copy_again_and_again() -> None:
        while not stop.is_set() and len(copies) < 40:
            copies.append(everything(shop.table(), mark))

    copier = threading.Thread(target=copy_again_and_again)
    copier.start()
    try:
        answers = all_at_once(partial(a_life, shop, number, skus) for number in range(90))
    finally:
        stop.set()
        copier.join()
    assert {"released", "left"} <= set(answers)
    torn = [copy for copy in copies if faults_of(copy)]
    # Whether a copy is torn is up to the moment; that one can be torn is made sure of.
    restored = torn[-1] if torn else _torn_by_hand(everything(shop.table(), mark))
    assert faults_of(restored) != []

    name = table.create(engine_client, f"restored-{uuid.uuid4().hex[:8]}")
    copied = DynamoTable(engine_client, name)
    copied.write_many(Put(key=Key(item["pk"], item["sk"]), item=item) for item in restored)
    clock = replace(shop.clock)
    clock.forward(hours=1)
    auditor = make_context(copied, clock=clock)
    follow_levels(auditor, [Change(None, item) for item in restored if item["sk"] == "RESERVATION"])
    found: list[int] = []
    for _ in range(MOST_AUDITS):
        audited = audit_skus(auditor, skus)
        found.append(len(audited.off) + audited.moving + audited.failed)
        clock.forward(minutes=5)
    assert found[-2:] == [0, 0], found

    now = everything(copied, mark)
    assert faults_of(now) == []
    told_of = [item for item in now if item.get("kind") == "drift_found"]
    assert told_of, "what was changed is written down"
    engine_client.delete_table(TableName=name)


def _torn_by_hand(items: list[Item]) -> list[Item]:
    """One level as it was a commit ago."""
    level = next(item for item in items if item["sk"].startswith("LEVEL#") and item["committed"])
    older = {**level, "committed": level["committed"] - 1, "available": level["available"] + 1}
    return [older if item is level else item for item in items]
