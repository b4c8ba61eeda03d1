"""`python -m demo`: a stack of its own, the day, the summary. KEEP=1 leaves the stack running."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from demo import report
from demo.day import FASTER, SEED, stack_parameters
from demo.market import afternoon
from demo.market.__main__ import market_of
from demo.replay import Replay
from demo.shop import Unexpected
from demo.stage import Stage
from local import stack as stacks
from local.failure import Failure

if TYPE_CHECKING:
    from types import FrameType

NAME = "demo"
SUMMARY = Path(".local/demo-summary.json")
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    keep = os.environ.get("KEEP", "") not in ("", "0")
    signal.signal(signal.SIGTERM, _interrupted)
    stage = Stage()
    began = time.monotonic()
    try:
        figures = _run(stage, keep=keep, began=began)
    except Failure as failure:
        stage.warn(failure)
        return 1
    except (Unexpected, httpx.HTTPError) as problem:
        stage.warn(f"The demo stopped: {type(problem).__name__}: {problem}")
        return 1
    except KeyboardInterrupt:
        stage.warn("Interrupted; nothing was left running.")
        return 130
    return 1 if report.failures(figures) else 0


def _run(stage: Stage, *, keep: bool, began: float) -> dict[str, Any]:
    stacks.down(NAME)  # one that an earlier demo left running has yesterday's stock
    running = stacks.up(
        NAME, parameters=stack_parameters(), ends_with_caller=not keep, sandbox_speed=FASTER, say=stage.say
    )
    kept = False
    try:
        stage.say(f"Ready after {time.monotonic() - began:.0f} s: {running.api_url}")
        figures = asyncio.run(Replay(running, stage).run())
        with stage.steps("Seven marketplaces sell", afternoon.ORDERS) as say:
            market = market_of(running, f"d{int(time.time()) % 100_000}")
            figures["market"] = afternoon.Afternoon(market, SEED, say).run()
        figures |= {name: figures["market"].pop(name) for name in ("channels", "sync")}
        figures["seconds"] = round(time.monotonic() - began, 1)
        kept = keep
    finally:
        if not kept:
            stage.say("Stopping the stack")
            stacks.down(NAME)
    _write(figures)
    report.show(stage.console, figures)
    stage.say(report.where_to_look(running, kept=kept, summary=str(SUMMARY)))
    return figures


def _write(figures: dict[str, Any]) -> None:
    path = ROOT / SUMMARY
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
