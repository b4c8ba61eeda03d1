"""A batch of a queue, message by message: what is done, what comes again and when, what is put aside and why.

A message that fails comes again alone. The pause grows each time, so a marketplace that is down for hours costs a few
tries and loses nothing. Whoever can never succeed, or never did, is put aside with a reason; SQS itself puts aside what
ends the process.
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from holdfast.channels.protocol import ChannelError
from holdfast.channels.sheet import Kind
from holdfast.domain.errors import HoldfastError, Refused, Unavailable, UnreadableMessage

from .telemetry import count, logger

# With pauses of 30 s that double to an hour: about seven hours.
MOST_TRIES = 14
MOST_TRIES_OF_A_BUG = 6
FIRST_PAUSE_S, LONGEST_PAUSE_S = 30, 3_600


class Postponing(Protocol):
    def postpone(self, receipt: str, seconds: int) -> None: ...


class Keeping(Protocol):
    def put_aside(self, body: str, *, reason: str, first_sent_ms: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkQueue:
    """A queue that a function works off, and where it puts what cannot be done."""

    queue: Postponing
    aside: Keeping


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One record of the batch. `tries`: how many times it was delivered, this time included."""

    id: str
    receipt: str
    body: str
    tries: int
    sent_ms: int


def work_off(
    event: Mapping[str, Any],
    do: Callable[[Mapping[str, Any]], None],
    work: WorkQueue,
    *,
    time_is_short: Callable[[], bool],
) -> dict[str, Any]:
    """The answer to the mapping: which messages are to come again. What is not begun in time comes again at once."""
    again: list[str] = []
    for record in map(_delivered, event["Records"]):
        if time_is_short():
            _postpone(work, record, seconds=0)
            again.append(record.id)
        elif not _is_over(record, do, work):
            again.append(record.id)
    return {"batchItemFailures": [{"itemIdentifier": each} for each in again]}


def _is_over(record: Delivered, do: Callable[[Mapping[str, Any]], None], work: WorkQueue) -> bool:
    """Whether the message may be deleted: it is done, or kept elsewhere."""
    try:
        do(_message(record.body))
    except Exception as error:  # noqa: BLE001 - one message must not bring its whole batch back, whatever it did
        return _settle(record, error, work)
    return True


def _settle(record: Delivered, error: Exception, work: WorkQueue) -> bool:
    reason, most, pause_s = _judge(error, record)
    last = record.tries >= most
    if isinstance(error, (HoldfastError, ChannelError)):
        logger.info("not done", reason=reason, tries=record.tries, last=last)
    else:
        logger.exception("a bug, or the environment", exc_info=error, tries=record.tries, last=last)
    if not last:
        count("MessagesPostponed", 1)
        _postpone(work, record, seconds=pause_s)
        return False
    return _put_aside(record, work, reason=reason)


def _judge(error: Exception, record: Delivered) -> tuple[str, int, int]:
    """Why it failed, in words without secrets; how many tries it gets; the pause until the next."""
    pause_s = pause(record)
    match error:
        case ChannelError():
            tries = 1 if error.kind is Kind.FINAL else MOST_TRIES
            return f"{error.code}: {error.detail}", tries, max(pause_s, int(error.retry_after_s or 0))
        case Refused():
            return f"{error.code}: {error.detail}", 1, pause_s
        case HoldfastError():
            return f"{error.code}: {error.detail}", MOST_TRIES, pause_s
    return f"internal_error: {type(error).__name__}", MOST_TRIES_OF_A_BUG, pause_s


def pause(record: Delivered) -> int:
    """Seconds until the next try: doubling, and spread by the message's id, so that many do not come back together."""
    whole = min(FIRST_PAUSE_S * 2 ** (record.tries - 1), LONGEST_PAUSE_S)
    return int(whole * (0.75 + zlib.crc32(record.id.encode()) % 50 / 100))


def _postpone(work: WorkQueue, record: Delivered, *, seconds: int) -> None:
    try:
        work.queue.postpone(record.receipt, seconds)
    except Unavailable as error:
        # It comes again all the same, when the queue's own time is over.
        logger.info("not postponed", detail=error.detail)


def _put_aside(record: Delivered, work: WorkQueue, *, reason: str) -> bool:
    try:
        work.aside.put_aside(record.body, reason=reason, first_sent_ms=record.sent_ms)
    except Unavailable as error:
        logger.info("not put aside, it comes again", detail=error.detail)
        return False
    count("MessagesPutAside", 1)
    logger.warning("put aside", reason=reason, tries=record.tries)
    return True


def _message(body: str) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise UnreadableMessage("the message is no JSON object")
    return told


def _delivered(record: Mapping[str, Any]) -> Delivered:
    return Delivered(
        id=record["messageId"],
        receipt=record["receiptHandle"],
        body=record["body"],
        tries=int(record["attributes"]["ApproximateReceiveCount"]),
        sent_ms=int(record["attributes"]["SentTimestamp"]),
    )
