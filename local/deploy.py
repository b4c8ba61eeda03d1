"""Build and deploy the real template with the SAM CLI, onto a local engine."""

from __future__ import annotations

import compileall
import contextlib
import fcntl
import hashlib
import json
import os
import platform
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from local import engine, places
from local.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STACK_NAME = "holdfast-local"
BUCKET = "holdfast-local"
BUILD_SECONDS = 600
DEPLOY_SECONDS = 300
_SOURCES = ("template.yaml", "samconfig.toml", "layers", "functions")
_OLDEST, _NEWEST = (3, 11), (3, 14)
# The services that functions call, in botocore's own words.
CALLED = frozenset({"dynamodb", "scheduler", "secretsmanager", "sqs", "sts"})


def local_parameters() -> dict[str, str]:
    """Parameters that make the template run here: this machine's Python and processor."""
    version = sys.version_info[:2]
    if not _OLDEST <= version <= _NEWEST:
        raise Failure(
            f"Functions cannot run on Python {version[0]}.{version[1]}: Lambda offers 3.11 to 3.14.",
            advice="Run `make clean`, then make again with PYTHON=python3.13 or another of these.",
        )
    arm = platform.machine().lower() in {"arm64", "aarch64"}
    return {
        "Stage": "local",
        "PythonRuntime": f"python{version[0]}.{version[1]}",
        "Architecture": "arm64" if arm else "x86_64",
    }


def fingerprint(parameters: Mapping[str, str]) -> str:
    """A hash of all that a deployment is made of: equal means that deploying again changes nothing."""
    found = hashlib.sha256(json.dumps(dict(sorted(parameters.items()))).encode())
    for source in _SOURCES:
        for path in sorted(_files(places.ROOT / source)):
            found.update(str(path.relative_to(places.ROOT)).encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for each in path.rglob("*"):
        if each.is_file() and "__pycache__" not in each.parts:
            yield each


def build(parameters: Mapping[str, str]) -> None:
    """`sam build` into .aws-sam/build, with the Python of this clone's tools (SAM looks for it on PATH)."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PYTHON"))}
    path = f"{places.TOOLS / 'uv' / 'bin'}{os.pathsep}{own.get('PATH', os.defpath)}"
    _sam("build", [], parameters, environment=own | {"PATH": path}, limit_seconds=BUILD_SECONDS)
    _lighten(places.BUILD / "VendorLayer" / "python")


def _lighten(layer: Path) -> None:
    """Leave out the descriptions of services that no function calls, and compile the rest.

    The engine unpacks the whole layer for each process that it starts, and does nothing else meanwhile: a few cold
    starts at once would hold up every call for seconds.
    """
    for each in (layer / "botocore" / "data").iterdir():
        if each.is_dir() and each.name not in CALLED:
            shutil.rmtree(each)
    # By no date of the sources: unpacking gives each file a new one.
    compileall.compile_dir(layer, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def deploy(target: engine.Engine, parameters: Mapping[str, str]) -> None:
    """`sam deploy` what was built onto the engine."""
    storage = target.client("s3")
    if BUCKET not in {each["Name"] for each in storage.list_buckets()["Buckets"]}:
        storage.create_bucket(Bucket=BUCKET)
    environment = {
        "PATH": os.defpath,
        "HOME": str(Path(target.folder) / "tmp"),
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": target.endpoint_url,
        "AWS_ACCESS_KEY_ID": engine.CREDENTIALS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": engine.CREDENTIALS["aws_secret_access_key"],
    }
    _sam(
        "deploy",
        ["--template-file", str(_deployable())],
        parameters,
        environment=environment,
        limit_seconds=DEPLOY_SECONDS,
    )


def _deployable() -> Path:
    """What was built, without the policies of queues: they refuse plain HTTP, and the engine speaks nothing else."""
    built = yaml.safe_load((places.BUILD / "template.yaml").read_text(encoding="utf-8"))
    built["Resources"] = {
        name: resource for name, resource in built["Resources"].items() if resource["Type"] != "AWS::SQS::QueuePolicy"
    }
    deployable = places.BUILD / "deployable.yaml"  # beside the other, whose paths it shares
    deployable.write_text(yaml.safe_dump(built, sort_keys=False), encoding="utf-8")
    return deployable


def outputs(target: engine.Engine) -> dict[str, str]:
    """The stack's outputs, by name."""
    [stack] = target.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """One build at a time in this clone: stacks side by side share the folder that SAM builds into."""
    places.STATE.mkdir(exist_ok=True)
    with (places.STATE / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sam(
    command: str,
    options: list[str],
    parameters: Mapping[str, str],
    *,
    environment: Mapping[str, str],
    limit_seconds: int,
) -> None:
    overrides = [f"ParameterKey={key},ParameterValue={value}" for key, value in parameters.items()]
    called = [str(places.tool("sam", "sam")), command, "--config-file", str(places.ROOT / "samconfig.toml")]
    called += ["--config-env", "local", *options]
    always = {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": engine.REGION, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    try:
        ended = subprocess.run(
            [*called, "--parameter-overrides", *overrides],
            env={**environment, **always},
            cwd=places.ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise Failure(f"`sam {command}` did not end within {limit_seconds} s.", advice="Try again.") from late
    if ended.returncode:
        said = (ended.stdout + ended.stderr).strip().splitlines()[-30:]
        raise Failure(f"`sam {command}` failed:\n" + "\n".join(said))
