"""What can go wrong on the way to a running stack, said so that a person can act on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Failure(Exception):
    """Something did not start. `why` says what happened, `advice` what to do about it."""

    def __init__(self, why: str, *, advice: str = "") -> None:
        super().__init__(f"{why}\n{advice}" if advice else why)
        self.why = why
        self.advice = advice


def tail(log: Path, *, lines: int = 15) -> str:
    """The last lines of a log, or a sentence saying that there is none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "(it wrote no log)"
    return "\n".join(text.splitlines()[-lines:]) or "(its log is empty)"
