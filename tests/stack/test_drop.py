"""The short form of the drop, on a stack of its own whose minutes last a second."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from demo.drop import on_stack
from demo.drop.crowd import SHORT
from demo.drop.on_stack import Drop
from demo.drop.parameters import stack_parameters
from demo.stage import Stage
from local import stack as stacks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack import Stack

NAME, FASTER = "test-drop", 60


@pytest.fixture
def quick() -> Iterator[Stack]:
    yield stacks.up(NAME, parameters=stack_parameters(FASTER), ends_with_caller=True)
    stacks.down(NAME)


@pytest.mark.timeout(900)
def test_with_rules_no_scalper_gets_a_bottle_and_without_them_some_do(quick: Stack) -> None:
    """Both sales at once. How many bottles are sold in time is left to `make drop`: that depends on the machine."""
    stage = Stage(Console(file=io.StringIO()))

    async def both() -> list[dict[str, Any]]:
        drops = [
            Drop(name=name, size=SHORT, ruled=name == "ruled", faster=FASTER, seed=1) for name in ("free", "ruled")
        ]
        return await asyncio.gather(*(on_stack.run(quick, stage, each) for each in drops))

    free, ruled = asyncio.run(both())
    assert (free["oversold_units"], ruled["oversold_units"]) == (0, 0)
    assert [each["paid"] for each in (free, ruled)] == [
        each["bottles"] - each["unsold_units"] for each in (free, ruled)
    ]
    assert ruled["paid"] > 0
    assert ruled["scalper_share"] == 0
    assert free["scalper_share"] > 0
    assert ruled["refused"]["scalper: refused_by_policy"] >= SHORT.scalpers
