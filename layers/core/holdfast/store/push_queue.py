"""The queue of pushes on SQS: many short messages, sent ten at a time."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.domain.errors import Unavailable

from .queue import LONGEST_DELAY_S, SqsQueue

# SQS's own limit.
SENT_AT_ONCE = 10
SEND_TRIES = 3


class SqsPushQueue(SqsQueue):
    """As any queue, and able to send many."""

    def send_many(self, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        """Raises Unavailable: some of them may have been sent."""
        for start in range(0, len(messages), SENT_AT_ONCE):
            part = messages[start : start + SENT_AT_ONCE]
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": json.dumps(message, ensure_ascii=False, separators=(",", ":")),
                    "DelaySeconds": min(delay_seconds, LONGEST_DELAY_S),
                }
                for number, message in enumerate(part)
            ]
            self._send_part(entries)

    def _send_part(self, entries: list[dict[str, Any]]) -> None:
        """A batch is answered entry by entry; what was not taken is sent again."""
        left = entries
        for _ in range(SEND_TRIES):
            answer = self._call("send_message_batch", Entries=left)
            refused = {each["Id"] for each in answer.get("Failed", [])}
            left = [entry for entry in left if entry["Id"] in refused]
            if not left:
                return
        raise Unavailable("the queue did not take all messages; try again")
