"""SQS in memory, as far as one client's calls go: queues by address, messages that hide and show themselves again."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ReadTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable

NOW_MS = 1_772_418_612_500


@dataclass
class Kept:
    """`hidden_until_s` by the fake's own clock."""

    id: str
    body: str
    attributes: dict[str, Any]
    sent_ms: int
    hidden_until_s: float = 0.0
    times_received: int = 0
    receipt: str = ""


@dataclass
class FakeSqsClient:
    """`queues`: address to messages in the order they came. `error`: what every call raises, if set.

    `after_send`: called with each message once it is kept, so that a test can lose the reply.
    """

    queues: dict[str, list[Kept]] = field(default_factory=dict)
    error: Exception | None = None
    after_send: Callable[[Kept], None] | None = None
    now_s: float = 0.0
    _numbers: Any = field(default_factory=itertools.count)

    def send_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803  # names are AWS's, here and below
        MessageBody: str,  # noqa: N803
        DelaySeconds: int = 0,  # noqa: N803
        MessageAttributes: dict[str, Any] | None = None,  # noqa: N803
    ) -> dict[str, str]:
        self._answer()
        kept = Kept(
            id=f"message-{next(self._numbers)}",
            body=MessageBody,
            attributes=MessageAttributes or {},
            sent_ms=NOW_MS + int(self.now_s * 1000),
            hidden_until_s=self.now_s + DelaySeconds,
        )
        self.queues.setdefault(QueueUrl, []).append(kept)
        if self.after_send:
            self.after_send(kept)
        return {"MessageId": kept.id}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert 1 <= len(Entries) <= 10
        for entry in Entries:
            self.send_message(
                QueueUrl=QueueUrl, MessageBody=entry["MessageBody"], DelaySeconds=entry.get("DelaySeconds", 0)
            )
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries], "Failed": []}

    def receive_message(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        MaxNumberOfMessages: int,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
        **_: Any,
    ) -> dict[str, Any]:
        self._answer()
        assert 1 <= MaxNumberOfMessages <= 10
        shown = [kept for kept in self.queues.get(QueueUrl, []) if kept.hidden_until_s <= self.now_s]
        taken = shown[:MaxNumberOfMessages]
        for kept in taken:
            kept.times_received += 1
            kept.receipt = f"{kept.id}/{kept.times_received}"
            kept.hidden_until_s = self.now_s + VisibilityTimeout
        return {"Messages": [_told(kept) for kept in taken]} if taken else {}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        self._answer()
        self.queues[QueueUrl] = [kept for kept in self.queues[QueueUrl] if kept.receipt != ReceiptHandle]

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: N803
        self._answer()
        assert 0 <= VisibilityTimeout <= 43_200
        for kept in self.queues.get(QueueUrl, []):
            if kept.receipt == ReceiptHandle:
                kept.hidden_until_s = self.now_s + VisibilityTimeout

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803
        self._answer()
        kept = self.queues.get(QueueUrl, [])
        hidden = sum(each.hidden_until_s > self.now_s for each in kept)
        told = {
            "ApproximateNumberOfMessages": str(len(kept) - hidden),
            "ApproximateNumberOfMessagesNotVisible": str(hidden),
        }
        return {"Attributes": {name: told[name] for name in AttributeNames}}

    def lose_replies(self, times: int = 1) -> None:
        """The next messages are kept, and whoever sent them hears nothing."""
        left = [None] * times

        def lose(_: Kept) -> None:
            if left:
                left.pop()
                raise ReadTimeoutError(endpoint_url="https://queue")

        self.after_send = lose

    def messages(self, url: str) -> list[Any]:
        return [json.loads(kept.body) for kept in self.queues.get(url, [])]

    def _answer(self) -> None:
        if self.error:
            raise self.error


def _told(kept: Kept) -> dict[str, Any]:
    return {
        "MessageId": kept.id,
        "ReceiptHandle": kept.receipt,
        "Body": kept.body,
        "Attributes": {"SentTimestamp": str(kept.sent_ms), "ApproximateReceiveCount": str(kept.times_received)},
        "MessageAttributes": kept.attributes,
    }
