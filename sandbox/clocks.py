"""The clocks of a sandbox that runs: the machine's, put forward by whoever cannot wait."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


class Clocks:
    """Both go forward only."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead_s)

    def seconds(self) -> float:
        """Of any origin."""
        return time.monotonic() + self._ahead_s

    def leap(self, seconds: float) -> None:
        self._ahead_s += seconds
