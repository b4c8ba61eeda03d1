"""After the day: does every level, and every reservation, say what the demo knows it did?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.ledger import Outcome, differences

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.ledger import Ledger, Result
    from demo.shop import Shop


@dataclass(frozen=True, slots=True)
class Checked:
    """`off`: what is otherwise than it must be, by SKU; `oversold_units`: as the levels themselves show it."""

    levels: int
    off: dict[str, dict[str, str]]
    oversold_units: int


async def check_levels(shop: Shop, ledger: Ledger, step: Callable[[], None]) -> Checked:
    """Asks the API for every level. Independent of the auditor: what is compared is the demo's own ledger."""
    expected = ledger.expected()

    async def look(sku: str) -> tuple[str, dict[str, str], int, int]:
        shown = (await shop.levels(sku)).body
        step()
        return sku, differences(expected[sku], shown["sum"]), shown["sum"]["oversold"], len(shown["levels"])

    looks = await asyncio.gather(*map(look, expected))
    return Checked(
        levels=sum(levels for *_, levels in looks),
        off={sku: wrong for sku, wrong, *_ in looks if wrong},
        oversold_units=sum(oversold for _, _, oversold, _ in looks),
    )


async def check_states(shop: Shop, results: list[Result]) -> dict[str, str]:
    """Reservations whose state is not what their order's outcome says, by id."""
    held = [result for result in results if result.outcome is not Outcome.REFUSED]
    replies = await asyncio.gather(*(shop.read(result.id) for result in held))
    return {
        result.id: f"is {reply.body['state']}, must be {result.state}"
        for result, reply in zip(held, replies, strict=True)
        if reply.body["state"] != result.state
    }
