"""The certificate: what was run, which faults were met, and that nothing was oversold, lost or done twice."""

from __future__ import annotations

import json
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.runtime.version import VERSION

from .survived import FAULTS, met

if TYPE_CHECKING:
    from .many import Totals

ROOT = Path(__file__).resolve().parents[2]
WHERE = ROOT / ".local" / "certificate.json"


def certificate(totals: Totals, *, seconds: float, first_seed: int, workers: int) -> dict[str, Any]:
    """Plain values, ready to be written."""
    numbers = met(totals.faults)
    return {
        "seeds": totals.seeds,
        "steps": totals.steps,
        "steps_per_second": round(totals.steps / seconds),
        "faults": dict(sorted(totals.faults.items())),
        "faults_covered": numbers,
        "faults_not_covered": {
            str(fault.number): "not met in this run" for fault in FAULTS if fault.number not in numbers
        },
        "violations": [{"seed": each.seed, "what": each.what} for each in totals.found],
        "versions": {
            "holdfast": VERSION,
            "commit": _commit(),
            "python": platform.python_version(),
            "botocore": version("botocore"),
        },
        "seconds": round(seconds, 1),
        "workers": workers,
        "first_seed": first_seed,
        "fewest_steps_of_a_seed": totals.shortest_seed if totals.seeds else 0,
        "steps_that_only_read_the_clock": totals.clock_reads,
        "outcomes": dict(sorted(totals.counted.items())),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write(told: dict[str, Any], where: Path = WHERE) -> None:
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _commit() -> str:
    """The commit that was run, with a mark if the tree has changes; `unknown` outside a clone."""
    try:
        head = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],  # noqa: S607  # git as the caller has it
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip()
