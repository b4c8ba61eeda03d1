"""`python -m bench`: measure, print, write .local/bench.json; exit status 1 if a figure is not what it must be."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "layers/core"))  # in Lambda the layer is on the path

from rich.console import Console  # noqa: E402

from bench import commands, expiry, own_time, plain, refusals, report, startup, sync  # noqa: E402
from bench.targets import missed  # noqa: E402
from bench.world import Clock, open_world  # noqa: E402
from local import engine  # noqa: E402
from local.failure import Failure  # noqa: E402

WRITTEN_TO = ROOT / ".local" / "bench.json"
HOLDS = 100
WIDTH = 140  # where nobody watches, nothing need be cut


def main() -> int:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    try:
        figures, rows, in_step = measure(console)
    except Failure as failure:
        console.print(f"[bold red]Failed.[/] {failure}")
        return 1
    WRITTEN_TO.parent.mkdir(exist_ok=True)
    WRITTEN_TO.write_text(json.dumps({**figures, "commands": rows, "machine": machine()}, indent=2) + "\n", "utf-8")
    report.show(console, figures, rows, in_step.tables())
    console.print(f"Written to {os.path.relpath(WRITTEN_TO)}")
    return 1 if missed(figures) else 0


def measure(console: Console) -> tuple[dict[str, float], list[dict[str, Any]], sync.InStep]:
    """The figures by their keys in bench.json, a row for each command, and how listings were kept in step."""
    with console.status("Starting a DynamoDB engine …") as status, engine.start() as running:
        status.update("Measuring what commands cost …")
        ours = commands.costs(open_world(running, name="commands", clock=Clock()))
        status.update(f"Letting a minute with {HOLDS} holds end …")
        many = expiry.minute_of(open_world(running, name="many", clock=Clock()), holds=HOLDS, sku="mug")
        one = expiry.minute_of(open_world(running, name="one", clock=Clock()), holds=1, sku="lamp")
        status.update("Measuring the plain alternative …")
        theirs = plain.costs(running, holds=HOLDS)
        status.update("Asking for what is sold out …")
        refused = refusals.under_load(open_world(running, name="refusals"))
        in_step = sync.measure(running, say=status.update)
    with console.status("Starting fresh processes …"):
        start, webhook = startup.of_hold_stock(), startup.of_receive_webhook()
    with console.status("Timing the handler …"):
        own = own_time.measure()
    figures = report.figures(ours=ours, many=many, one=one, theirs=theirs, refused=refused)
    figures |= {
        "startup_ratio": round(start.ratio, 3),
        "startup_hold_stock_ms": round(start.ours_ms, 1),
        "startup_bare_ms": round(start.bare_ms, 1),
        "webhook_startup_ratio": round(webhook.ratio, 3),
        "webhook_startup_ms": round(webhook.ours_ms, 1),
        "webhook_startup_bare_ms": round(webhook.bare_ms, 1),
        **asdict(own),
        **in_step.figures(),
    }
    return figures, report.rows(ours, theirs), in_step


def machine() -> dict[str, object]:
    return {"python": platform.python_version(), "processors": os.cpu_count(), "processor": platform.machine()}


if __name__ == "__main__":
    sys.exit(main())
