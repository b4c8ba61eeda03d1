"""The sandbox of marketplaces beside the local AWS: a process of its own, which ends when the engine does."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import httpx

from local import places, processes
from local.failure import Failure, tail

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

START_SECONDS = 60
SEED = 7
DOOR = "door"


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox. `urls`: the door and each marketplace, by name."""

    pid: int
    folder: str
    urls: dict[str, str] = field(default_factory=dict)

    def is_running(self) -> bool:
        return processes.is_ours(self.pid, mark=self.folder)

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.urls[DOOR]}/health", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False


def launch(folder: Path, *, ends_with: int, speed: float = 1.0, seed: int = SEED) -> Sandbox:
    """Start a sandbox that ends when the process `ends_with` does. Raises Failure, and leaves nothing then."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    addresses, log = folder / "addresses.json", folder / "sandbox.log"
    options = ["--seed", str(seed), "--speed", str(speed), "--json-file", str(addresses), "--die-with", str(ends_with)]
    process = processes.start(
        [sys.executable, "-m", "sandbox", *options],
        log=log,
        environment={"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", "TZ": "UTC"},
        folder=places.ROOT,
    )
    started = Sandbox(pid=process.pid, folder=str(folder))
    try:
        sandbox = Sandbox(pid=process.pid, folder=str(folder), urls=_addresses(addresses, process, log))
        (folder / "sandbox.json").write_text(json.dumps(asdict(sandbox)), encoding="utf-8")
    except BaseException:
        stop(started)
        raise
    return sandbox


def _addresses(file: Path, process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    """What the sandbox writes when all of it is ready."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if file.exists():
            found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
            return found
        if process.poll() is not None:
            raise Failure(f"The sandbox ended as soon as it had started. Its last words:\n{tail(log)}")
        time.sleep(0.05)
    raise Failure(f"The sandbox was not ready within {START_SECONDS} s. Its last words:\n{tail(log)}")


def find(folder: Path) -> Sandbox | None:
    """The sandbox that was launched with this folder, if it still runs."""
    try:
        sandbox = Sandbox(**json.loads((folder / "sandbox.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return sandbox if sandbox.is_running() else None


def stop(sandbox: Sandbox) -> None:
    processes.stop(sandbox.pid, mark=sandbox.folder)
