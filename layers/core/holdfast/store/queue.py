"""Queues on SQS, through botocore alone: what is sent comes out at least once, in any order."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from holdfast.domain.errors import Unavailable

# SQS's own limits.
MOST_RECEIVED = 10
LONGEST_DELAY_S = 900
LONGEST_HIDDEN_S = 12 * 3_600
LONGEST_REASON = 500

REASON, FIRST_SENT = "Reason", "FirstSentMs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message that is hidden from others for a while. `receipt` names this delivery of it.

    `body` as it was sent. `sent_ms`: since the epoch, when it first came to any queue. `reason`: why it was put aside.
    """

    id: str
    receipt: str
    body: str
    sent_ms: int
    times_received: int
    reason: str | None = None


class SqsQueue:
    """One queue. Every method raises Unavailable if SQS did not do it, or did not say so."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Mapping[str, object], *, delay_seconds: int = 0) -> None:
        """Returns once SQS has the message; if it raises, the message may be there all the same."""
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        delay = {"DelaySeconds": min(delay_seconds, LONGEST_DELAY_S)} if delay_seconds else {}
        self._call("send_message", MessageBody=body, **delay)

    def put_aside(self, body: str, *, reason: str, first_sent_ms: int) -> None:
        """Keep a message as it is, with why and since when."""
        told = {
            REASON: {"DataType": "String", "StringValue": reason[:LONGEST_REASON] or "unknown"},
            FIRST_SENT: {"DataType": "Number", "StringValue": str(first_sent_ms)},
        }
        self._call("send_message", MessageBody=body, MessageAttributes=told)

    def send_again(self, body: str) -> None:
        """Send a message as it was received."""
        self._call("send_message", MessageBody=body)

    def receive(self, most: int, *, hidden_seconds: int) -> list[Received]:
        """Up to ten messages of those that wait; none may be an accident: only an empty queue twice is empty."""
        answer = self._call(
            "receive_message",
            MaxNumberOfMessages=min(most, MOST_RECEIVED),
            VisibilityTimeout=hidden_seconds,
            MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
            MessageAttributeNames=[REASON, FIRST_SENT],
        )
        return [_received(each) for each in answer.get("Messages", [])]

    def delete(self, receipt: str) -> None:
        self._call("delete_message", ReceiptHandle=receipt)

    def postpone(self, receipt: str, seconds: int) -> None:
        """The message shows itself again in so many seconds from now; 0: at once."""
        self._call("change_message_visibility", ReceiptHandle=receipt, VisibilityTimeout=min(seconds, LONGEST_HIDDEN_S))

    def waiting(self) -> int:
        """About how many messages wait, hidden ones included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._call("get_queue_attributes", AttributeNames=names)
        return sum(int(answer["Attributes"][name]) for name in names)

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(QueueUrl=self._url, **request)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable(f"the queue did not do it ({_code(error)}); try again") from error
        return answer


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


def _received(message: Mapping[str, Any]) -> Received:
    told, further = message["Attributes"], message.get("MessageAttributes") or {}
    first = further.get(FIRST_SENT, {}).get("StringValue")
    return Received(
        id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"],
        sent_ms=int(first or told["SentTimestamp"]),
        times_received=int(told["ApproximateReceiveCount"]),
        reason=further.get(REASON, {}).get("StringValue"),
    )
