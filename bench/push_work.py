"""The work of push_listings and follow_levels on a real queue and a real stream, in threads instead of processes."""

from __future__ import annotations

import json
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.services.sync.push_listings import Delivery, push_listings
from holdfast.services.upkeep.follow_levels import Change, follow_levels
from holdfast.store.marshal import unmarshal_item
from holdfast.store.push_queue import SqsPushQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.fair import Fair
    from holdfast.services.sync.syncing import Planning, Syncing
    from holdfast.store.queue import Received

# As the template has it: messages of one call of the function, and how long they are out of sight.
BATCH, HIDDEN_S = 50, 360
WORKERS = 3
IDLE_S = 0.05


class TookTooLong(Exception):
    """It was not over within its bound."""


@dataclass
class PushWork:
    """A queue of pushes, and so many workers at it at once."""

    fair: Fair
    queue: SqsPushQueue

    def work_off(self, syncing: Syncing, *, over: Callable[[], bool], most_s: float) -> None:
        """Until it is `over` and nothing waits. Raises TookTooLong, and whatever a worker raises."""
        ends = time.monotonic() + most_s

        def work() -> None:
            while not (over() and self.queue.waiting() == 0):
                if time.monotonic() > ends:
                    raise TookTooLong(f"{self.queue.waiting()} messages wait after {most_s:.0f} s")
                if not self._one_call(syncing):
                    time.sleep(IDLE_S)

        with ThreadPoolExecutor(WORKERS) as pool:
            for done in [pool.submit(work) for _ in range(WORKERS)]:
                done.result()

    def _one_call(self, syncing: Syncing) -> int:
        taken = list(self._received())
        later = push_listings(syncing, [Delivery(id=each.id, message=json.loads(each.body)) for each in taken])
        for each in taken:
            if each.id in later:
                self.queue.postpone(each.receipt, math.ceil(later[each.id]))
            else:
                self.queue.delete(each.receipt)
        return len(taken)

    def _received(self) -> Iterator[Received]:
        left = BATCH
        while left:
            part = self.queue.receive(left, hidden_seconds=HIDDEN_S)
            yield from part
            left = left - len(part) if part else 0


class Stream:
    """The table's stream, from where it was opened. One reader."""

    def __init__(self, fair: Fair) -> None:
        self._client = fair.engine.client("dynamodbstreams")
        name = fair.world.table_name
        [told] = self._client.list_streams(TableName=name)["Streams"]
        shards = self._client.describe_stream(StreamArn=told["StreamArn"])["StreamDescription"]["Shards"]
        self._iterators = [
            self._client.get_shard_iterator(
                StreamArn=told["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="LATEST"
            )["ShardIterator"]
            for shard in shards
        ]

    def follow(self, planning: Planning) -> int:
        """What is new, as follow_levels is given it; answers how many records that were."""
        told = 0
        for number, iterator in enumerate(self._iterators):
            page = self._client.get_records(ShardIterator=iterator, Limit=100)
            self._iterators[number] = page["NextShardIterator"]
            changes = [_change(record) for record in page["Records"]]
            follow_levels(planning.context, changes, planning=planning)
            told += len(changes)
        return told


def _change(record: dict[str, Any]) -> Change:
    told = record["dynamodb"]
    before, after = told.get("OldImage"), told.get("NewImage")
    return Change(
        before=before and unmarshal_item(before),
        after=after and unmarshal_item(after),
        id=told.get("SequenceNumber", ""),
    )


class Follower(threading.Thread):
    """Reads the stream until it is told to end, and then to its end. `raised`: what stopped it before."""

    def __init__(self, stream: Stream, planning: Planning) -> None:
        super().__init__(daemon=True)
        self._stream, self._planning = stream, planning
        self._ending = threading.Event()
        self.raised: Exception | None = None
        self.records = 0

    def run(self) -> None:
        try:
            while True:
                ending = self._ending.is_set()
                told = self._stream.follow(self._planning)
                self.records += told
                if told == 0:
                    if ending:
                        return
                    time.sleep(IDLE_S)
        except Exception as error:  # noqa: BLE001 - told by whoever joins it
            self.raised = error

    def end(self) -> None:
        """Raises what it has raised."""
        self._ending.set()
        self.join()
        if self.raised:
            raise self.raised


def open_queue(fair: Fair, name: str) -> PushWork:
    """A queue of its own."""
    client = fair.engine.client("sqs")
    url = client.create_queue(QueueName=name, Attributes={"VisibilityTimeout": str(HIDDEN_S)})["QueueUrl"]
    return PushWork(fair, SqsPushQueue(client, url))
