"""Times in items: whole milliseconds since the epoch, UTC. Short, sortable, and free of any zone."""

from datetime import UTC, datetime
from typing import overload


def to_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


@overload
def from_ms(ms: int) -> datetime: ...
@overload
def from_ms(ms: None) -> None: ...
def from_ms(ms: int | None) -> datetime | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
