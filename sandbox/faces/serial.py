"""Ids that rise and never repeat, as a database gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.booth import Booth

MOST_STEP = 9


def next_id(booth: Booth, concern: str, digits: int) -> str:
    """The next number of so many digits; other shops of the same marketplace used up a few in between.

    It begins somewhere in the first half of the numbers, so that there is room for all that a shop may hold.
    """
    drawn = booth.sequence(concern)
    first = drawn.randrange(10 ** (digits - 1), 5 * 10 ** (digits - 1))
    last: int = booth.kept.setdefault("serials", {}).get(concern, first)
    booth.kept["serials"][concern] = last + drawn.randrange(1, MOST_STEP + 1)
    return str(booth.kept["serials"][concern])
