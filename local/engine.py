"""The local AWS (MiniStack): one process a stack, on loopback, in an environment and folders of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from botocore.config import Config
from botocore.session import Session

from local import places, processes
from local.failure import Failure, tail

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

REGION = "us-east-1"
START_SECONDS = 60
# The engine's administrator: it takes these two words for its root account. They open nothing but a local process.
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
_clients: dict[tuple[object, ...], Any] = {}
_LAUNCHER = Path(__file__).with_name("launch_engine.py")


@dataclass(frozen=True)
class Engine:
    """A running engine: where it listens, its process, and the folder that holds all it writes."""

    port: int
    pid: int
    folder: str

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client for the engine, as its administrator. Nothing of the caller's AWS settings is used.

        The same one for the same options, and kept: one that is collected leaves open sockets behind.
        """
        known = (self.endpoint_url, service, *sorted(options.items()))
        if known not in _clients:
            config = options.pop("config", None) or Config(
                connect_timeout=2, read_timeout=60, retries={"total_max_attempts": 2, "mode": "standard"}
            )
            own = CREDENTIALS | {"endpoint_url": self.endpoint_url, "region_name": REGION} | options
            _clients[known] = Session().create_client(service, config=config, **own)
        return _clients[known]

    def is_running(self) -> bool:
        return processes.is_ours(self.pid, mark=self.folder)

    def answers(self) -> bool:
        try:
            return httpx.get(self.endpoint_url + "/_ministack/health", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False


def launch(folder: Path, *, port: int | None = None, ends_with_caller: bool = False) -> Engine:
    """Start an engine that keeps its state in `folder`; answers when it does. Raises Failure, leaves nothing then."""
    if port is not None and processes.is_taken(port):
        raise Failure(
            f"Port {port} is taken by another program.",
            advice="Stop that program, name another port, or name none: then a free one is used.",
        )
    python = places.tool("ministack", "python")
    shutil.rmtree(folder, ignore_errors=True)
    for each in ("state", "s3", "tmp"):
        (folder / each).mkdir(parents=True)
    port = port or processes.free_port()
    log = folder / "engine.log"
    process = processes.start(
        [str(python), "-I", str(_LAUNCHER), str(folder), str(os.getpid() if ends_with_caller else 0)],
        log=log,
        environment=_clean_environment(folder, port=port),
        folder=folder,
    )
    engine = Engine(port=port, pid=process.pid, folder=str(folder))
    try:
        (folder / "engine.json").write_text(json.dumps(asdict(engine)), encoding="utf-8")
        _wait(engine, process, log)
    except BaseException:
        stop(engine)
        raise
    return engine


def _clean_environment(folder: Path, *, port: int) -> dict[str, str]:
    """All that the engine sees of this machine: functions inherit it, so it holds nothing of the caller's."""
    return {
        "PATH": os.defpath,
        "HOME": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",  # it would listen on all interfaces
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_REGION": REGION,
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(folder / "tmp"),
    }


def _wait(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if engine.answers():
            return
        if process.poll() is not None:
            raise Failure(
                f"The local AWS ended as soon as it had started (exit status {process.returncode}). Its last words:\n"
                + tail(log),
                advice="If its packages look broken, remove .tools and run `make setup`.",
            )
        time.sleep(0.05)
    raise Failure(
        f"The local AWS did not answer within {START_SECONDS} s. Its last words:\n{tail(log)}",
        advice="Is the machine very busy? Try again.",
    )


def find(folder: Path) -> Engine | None:
    """The engine that was launched with this folder, if it still runs."""
    try:
        engine = Engine(**json.loads((folder / "engine.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return engine if engine.is_running() else None


def stop(engine: Engine) -> None:
    """End the engine and all functions it runs, and wait for it."""
    processes.stop(engine.pid, mark=engine.folder)


@contextlib.contextmanager
def start() -> Iterator[Engine]:
    """An engine with nothing deployed, for as long as the block lasts: for tests that go straight to a table."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-engine-")).resolve()
    engine = launch(folder / "engine", ends_with_caller=True)
    try:
        yield engine
    finally:
        stop(engine)
        shutil.rmtree(folder, ignore_errors=True)
