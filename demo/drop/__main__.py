"""`python -m demo.drop`: a stack of its own, the sale without rules and with them, who got the bottles.

Writes .local/drop.json. SHORT=1 is a small crowd; FASTER=30 is how many times faster than life it runs; KEEP=1 leaves
the stack running.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "layers/core"))  # in Lambda the layer is on the path

from demo.drop import on_stack  # noqa: E402
from demo.drop.crowd import FULL, SHORT, Size  # noqa: E402
from demo.drop.figures import failures, table  # noqa: E402
from demo.drop.on_stack import Drop  # noqa: E402
from demo.drop.parameters import stack_parameters  # noqa: E402
from demo.shop import Unexpected  # noqa: E402
from demo.stage import Stage  # noqa: E402
from local import stack as stacks  # noqa: E402
from local.failure import Failure  # noqa: E402

if TYPE_CHECKING:
    from types import FrameType

NAME = "drop"
WRITTEN_TO = ROOT / ".local" / "drop.json"
# A minute of the sale is two seconds. A step of the wheel is whole seconds, so that 60 must be divisible by it.
USUALLY_FASTER = 30
PACES = (6, 10, 12, 15, 20, 30, 60)
SEED = 1


def main() -> int:
    keep = _is_set("KEEP")
    size = SHORT if _is_set("SHORT") else FULL
    stage = Stage()
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        found = _run(stage, size=size, faster=_pace(), keep=keep)
    except Failure as failure:
        stage.warn(failure)
        return 1
    except (Unexpected, httpx.HTTPError) as problem:
        stage.warn(f"The drop stopped: {type(problem).__name__}: {problem}")
        return 1
    except KeyboardInterrupt:
        stage.warn("Interrupted; nothing was left running.")
        return 130
    WRITTEN_TO.parent.mkdir(exist_ok=True)
    WRITTEN_TO.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    stage.console.print(table(found))
    stage.say(f"Written to {os.path.relpath(WRITTEN_TO)}")
    wrong = failures(found)
    for each in wrong:
        stage.warn(each)
    return 1 if wrong else 0


def _run(stage: Stage, *, size: Size, faster: int, keep: bool) -> dict[str, Any]:
    stacks.down(NAME)
    running = stacks.up(NAME, parameters=stack_parameters(faster), ends_with_caller=not keep, say=stage.say)
    kept = False
    try:
        found = {
            name: asyncio.run(
                on_stack.run(
                    running, stage, Drop(name=name, size=size, ruled=name == "with_rules", faster=faster, seed=SEED)
                )
            )
            for name in ("without_rules", "with_rules")
        }
        kept = keep
    finally:
        if not kept:
            stage.say("Stopping the stack")
            stacks.down(NAME)
    return found


def _pace() -> int:
    told = os.environ.get("FASTER", str(USUALLY_FASTER))
    if told not in map(str, PACES):
        raise Failure(f"FASTER is {told!r}.", advice=f"It is one of {', '.join(map(str, PACES))}.")
    return int(told)


def _is_set(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
