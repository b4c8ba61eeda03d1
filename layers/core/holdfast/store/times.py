"""Times in items: whole milliseconds since the epoch, UTC. Short, sortable, and free of any zone."""

from datetime import UTC, datetime, timedelta
from typing import overload

EPOCH, MS = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


def to_ms(at: datetime) -> int:
    """The whole milliseconds that are over: nothing is written down as later than it was."""
    return (at - EPOCH) // MS


@overload
def from_ms(ms: int) -> datetime: ...
@overload
def from_ms(ms: None) -> None: ...
def from_ms(ms: int | None) -> datetime | None:
    return None if ms is None else EPOCH + ms * MS
