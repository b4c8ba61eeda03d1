"""The plain alternative: the same transactions, but each hold has an expiry entry of its own in an index.

What a careful team writes without the wheel: a counter of reserved units in the level, a record for each reservation
with `due_at` in a sparse index, and a job that asks the index for what is due and ends one hold a transaction.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.meter import Cost, Meter
from bench.world import client_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.engine import Engine

BUCKETS = 4
KEYS = ("pk", "sk", "due", "due_at")


@dataclass(frozen=True)
class Plain:
    """One table of its own. Quantities in units, times in epoch seconds."""

    client: Any
    meter: Meter
    table: str

    def stock(self, sku: str, units: int) -> None:
        counters = {"available": units, "reserved": 0, "committed": 0, "on_hand": units, "version": 0}
        item = {name: {"N": str(value)} for name, value in counters.items()}
        self.client.put_item(TableName=self.table, Item={**_level(sku), **item})

    def hold(self, reservation_id: str, sku: str, quantity: int, *, due_at: int) -> Cost:
        record = {
            **_reservation(reservation_id),
            "state": {"S": "held"},
            "sku": {"S": sku},
            "quantity": {"N": str(quantity)},
            "buyer_id": {"S": "buyer-4711"},
            "version": {"N": "1"},
            "due": {"S": f"due#{zlib.crc32(reservation_id.encode()) % BUCKETS}"},
            "due_at": {"N": str(due_at)},
        }
        put = {"TableName": self.table, "Item": record, "ConditionExpression": "attribute_not_exists(pk)"}
        level = self._move(sku, "available", "reserved", quantity)
        return self._cost(lambda: self.client.transact_write_items(TransactItems=[{"Put": put}, level]))

    def commit(self, reservation_id: str) -> Cost:
        return self._end(reservation_id, state="committed", to="committed")

    def release(self, reservation_id: str) -> Cost:
        return self._end(reservation_id, state="released", to="available")

    def expire(self, *, now_s: int) -> Cost:
        """Everything that is due: asked for bucket by bucket, each hold ended by a transaction."""

        def work() -> None:
            for bucket in range(BUCKETS):
                self._expire_bucket(bucket, now_s=now_s)

        return self._cost(work)

    def _expire_bucket(self, bucket: int, *, now_s: int) -> None:
        due = self.client.query(
            TableName=self.table,
            IndexName="due",
            KeyConditionExpression="due = :due AND due_at <= :now",
            ExpressionAttributeValues={":due": {"S": f"due#{bucket}"}, ":now": {"N": str(now_s)}},
        )
        for row in due["Items"]:
            self._transition(row["pk"]["S"], row, state="expired", to="available")

    def _end(self, reservation_id: str, *, state: str, to: str) -> Cost:
        def work() -> None:
            key = _reservation(reservation_id)
            record = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)["Item"]
            self._transition(key["pk"]["S"], record, state=state, to=to)

        return self._cost(work)

    def _transition(self, pk: str, record: dict[str, Any], *, state: str, to: str) -> None:
        update = {
            "TableName": self.table,
            "Key": {"pk": {"S": pk}, "sk": {"S": "RESERVATION"}},
            "UpdateExpression": "SET #state = :state, version = version + :one REMOVE due, due_at",
            "ConditionExpression": "#state = :held",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":state": {"S": state}, ":held": {"S": "held"}, ":one": {"N": "1"}},
        }
        level = self._move(record["sku"]["S"], "reserved", to, int(record["quantity"]["N"]))
        self.client.transact_write_items(TransactItems=[{"Update": update}, level])

    def _move(self, sku: str, source: str, target: str, quantity: int) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self.table,
                "Key": _level(sku),
                "UpdateExpression": "SET #from = #from - :q, #to = #to + :q, version = version + :one",
                "ConditionExpression": "#from >= :q",
                "ExpressionAttributeNames": {"#from": source, "#to": target},
                "ExpressionAttributeValues": {":q": {"N": str(quantity)}, ":one": {"N": "1"}},
            }
        }

    def _cost(self, work: Callable[[], object]) -> Cost:
        return self.meter.cost_of(work)


def open_plain(engine: Engine, *, name: str) -> Plain:
    client = client_of(engine)
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "N" if each == "due_at" else "S"} for each in KEYS
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [
                    {"AttributeName": "due", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                # What ending a hold needs, so that the job need not read each record.
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["sku", "quantity"]},
            }
        ],
    )
    return Plain(client, Meter(client), name)


def _level(sku: str) -> dict[str, Any]:
    return {"pk": {"S": f"SKU#{sku}"}, "sk": {"S": "LEVEL#main#0"}}


def _reservation(reservation_id: str) -> dict[str, Any]:
    return {"pk": {"S": f"RESERVATION#{reservation_id}"}, "sk": {"S": "RESERVATION"}}


def costs(engine: Engine, *, holds: int) -> dict[str, Cost]:
    """By the name that the same command has for ours; `expiry` for a minute with so many holds."""
    plain = open_plain(engine, name="plain")
    plain.stock("mug", 1_000_000)
    due_at, late = 1_767_604_800, 1_767_604_900
    found = {"hold, busy SKU": plain.hold("first", "mug", 1, due_at=due_at), "commit, held": plain.commit("first")}
    plain.hold("second", "mug", 1, due_at=due_at)
    found["release, held"] = plain.release("second")
    for number in range(holds):
        plain.hold(f"unpaid-{number}", "mug", 1, due_at=due_at)
    found["expiry"] = plain.expire(now_s=late)
    return found
