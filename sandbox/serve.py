"""Ports and lifecycle: every face and the door in one process, until it is told to stop or its parent is gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
from typing import TYPE_CHECKING

import httpx
import uvicorn

from sandbox.clocks import Clocks
from sandbox.door import Door
from sandbox.faces.all import FACES
from sandbox.fair import Fair
from sandbox.waiting import Waiting
from sandbox.webhooks import Office, over_http
from sandbox.wire import application

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp

log = logging.getLogger("sandbox")

DOOR = "door"
LOOPBACK = "127.0.0.1"
STOP_S = 5.0
LOOK_FOR_PARENT_S = 0.5


class _Server(uvicorn.Server):
    """Many servers share the process: its signals are handled once, here below."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    *, seed: int, speed: float, ports: Mapping[str, int], json_file: Path | None, die_with: int | None
) -> None:
    """Run until SIGTERM or SIGINT, or until the process `die_with` is gone. Writes the addresses when all is ready."""
    clocks = Clocks()
    waiting = Waiting(clocks.seconds, speed=speed)
    fair = Fair(FACES, seed=seed, now=clocks.now, waiting=waiting)
    fair.leap = clocks.leap
    async with httpx.AsyncClient(trust_env=False) as client:
        office = Office(fair, over_http(client))
        fair.post = office.post
        apps: dict[str, ASGIApp] = {DOOR: Door(fair, office).app()}
        apps |= {channel: application(fair, face) for channel, face in FACES.items()}
        sockets = {name: _listen(ports.get(name, 0)) for name in apps}
        fair.urls = {name: f"http://{LOOPBACK}:{bound.getsockname()[1]}" for name, bound in sockets.items()}
        await _run(apps, sockets, waiting, urls=fair.urls, json_file=json_file, die_with=die_with)
        await office.close()


async def _run(
    apps: Mapping[str, ASGIApp],
    sockets: Mapping[str, socket.socket],
    waiting: Waiting,
    *,
    urls: Mapping[str, str],
    json_file: Path | None,
    die_with: int | None,
) -> None:
    servers = {name: _Server(_config(app)) for name, app in apps.items()}
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = [
        asyncio.create_task(server.serve(sockets=[sockets[name]]), name=name) for name, server in servers.items()
    ]
    keeper = asyncio.create_task(keep(waiting))
    if await _all_started(servers.values(), stop):
        _tell(urls, json_file)
        await _until_told(stop, die_with, [*running, keeper])
    for server in servers.values():
        server.should_exit = True
        server.force_exit = True
    keeper.cancel()
    done, _ = await asyncio.wait([*running, keeper], timeout=STOP_S)
    for task in done:
        if not task.cancelled() and (problem := task.exception()):
            log.error("%s ended: %r", task.get_name(), problem)
    for bound in sockets.values():
        bound.close()


async def keep(waiting: Waiting) -> None:
    """Do what waits when it is due."""
    changed = asyncio.Event()
    waiting.on_change = changed.set
    while True:
        changed.clear()
        waiting.run_due()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), timeout=waiting.seconds_left())


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", http="h11", ws="none")


def _listen(port: int) -> socket.socket:
    # Named TCP, so that what is accepted does not wait for full packets (TCP_NODELAY): else 40 ms a call.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((LOOPBACK, port))
    return bound


async def _all_started(servers: Collection[_Server], stop: asyncio.Event) -> bool:
    while not stop.is_set():
        if all(server.started for server in servers):
            return True
        await asyncio.sleep(0.01)
    return False


def _tell(urls: Mapping[str, str], json_file: Path | None) -> None:
    if json_file is None:
        for name, url in urls.items():
            log.warning("%-12s %s", name, url)
        return
    # Whoever waits for the file must never read half of it.
    half = json_file.with_name(json_file.name + ".half")
    half.write_text(json.dumps(dict(urls), indent=2) + "\n", encoding="utf-8")
    half.replace(json_file)


async def _until_told(stop: asyncio.Event, die_with: int | None, tasks: list[asyncio.Task[None]]) -> None:
    """Until told to stop, until the parent is gone, or until a part of the sandbox ends by itself."""
    while not stop.is_set() and not any(task.done() for task in tasks):
        if die_with is not None and not _lives(die_with):
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=LOOK_FOR_PARENT_S)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
