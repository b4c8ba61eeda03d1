"""How long a call may still take."""

from collections.abc import Callable
from typing import Any

# A page of work takes less; what is begun is finished before Lambda ends the call.
NEEDED_MS = 10_000


def time_is_short(context: Any, *, needed_ms: int = NEEDED_MS) -> Callable[[], bool]:
    """Without Lambda's own context there is no limit, and time is never short."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return (lambda: remaining() < needed_ms) if remaining else (lambda: False)
