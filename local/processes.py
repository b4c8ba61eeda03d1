"""Processes this clone started, and only those: each is known by its id and by what its command line says."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What this process started itself and has to take note of when it ends.
_children: dict[int, subprocess.Popen[bytes]] = {}


def free_port() -> int:
    """A port of the loopback interface that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_ours(pid: int, *, mark: str) -> bool:
    """Whether a process of that id runs and its command line holds `mark`: ids are used again."""
    shown = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return mark in shown.stdout and not shown.stdout.lstrip().startswith("Z")


def start(command: list[str], *, log: Path, environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, so that neither it nor what it starts hears the terminal's Ctrl-C."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    return process


def stop(pid: int, *, mark: str, patience_seconds: float = 3) -> None:
    """Ask the process to end, wait a little, and only then insist. What it started is in its group and ends with it.

    Nothing is kept of what it had in hand, so that it need not be let finish.
    """
    if not is_ours(pid, mark=mark):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience_seconds
    while is_ours(pid, mark=mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    child = _children.pop(pid, None)
    if child:
        child.wait(timeout=patience_seconds)
