"""The commands of docs/operations.md are run as they stand there, on the local stack; those it cannot run are named."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from local.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = [each for each in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL) if "output() {" not in each]

# Words of a command, and why it cannot be run here.
NOT_HERE = {
    "aws logs tail": "the engine has no live tail",
    "restore-table-to-point-in-time": "the engine restores nothing; the copy that follows is run",
    "user-pool-client-secret": "the engine keeps one secret for a client",
    "provisioned-concurrency": "the engine provisions nothing",
    "publish-version": "the engine provisions nothing",
    "apigatewayv2": "the engine takes no settings of single routes",
    "sam deploy": "a deployment to AWS",
    "aws lambda put-function-concurrency": "it would stop the stack that other tests use",
}
PROLOGUE = """
set -euo pipefail
stack='{stack}'
api='{api}'
call() {{ curl --silent --show-error --fail-with-body --noproxy '*' -H "Authorization: Bearer $TOKEN" \\
    -H 'content-type: application/json' "$@"; }}
output() {{ aws cloudformation describe-stacks --stack-name "$stack" --output text \\
    --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"; }}
"""
# `aws` as far as the runbook speaks it, for machines that have none: the same operation, by botocore.
AWS = """#!{python}
import sys
sys.path.insert(0, {root!r})
from tests.support.aws_cli import main
main(sys.argv[1:])
"""


def why_not(block: str) -> str | None:
    return next((reason for words, reason in NOT_HERE.items() if words in block), None)


RUN = [block for block in BLOCKS if why_not(block) is None]


@pytest.fixture
def shell(stack: Stack, tmp_path: Path) -> dict[str, str]:
    """The environment in which a person would type the commands."""
    aws = tmp_path / "aws"
    aws.write_text(AWS.format(python=sys.executable, root=str(ROOT)), encoding="utf-8")
    aws.chmod(0o755)
    return {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "TOKEN": stack.token(),
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ACCESS_KEY_ID": stack.credentials["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": stack.credentials["aws_secret_access_key"],
        "HOME": str(tmp_path),
    }


def typed(stack: Stack, environment: dict[str, str], commands: str) -> str:
    name = stack.functions["hold_stock"].removesuffix("-hold_stock")
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run(
        [bash, "-c", PROLOGUE.format(stack=name, api=stack.api_url) + commands],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_command_is_run_or_named_with_its_reason() -> None:
    assert len(RUN) >= 4
    assert [words for words in NOT_HERE if not any(words in block for block in BLOCKS)] == []


@pytest.mark.parametrize("block", RUN, ids=lambda each: " ".join(each.split()[:6]))
def test_a_command_of_the_runbook_does_what_it_says(
    stack: Stack, everything: httpx.Client, shell: dict[str, str], block: str
) -> None:
    _make_what_it_speaks_of(everything, block)
    if "COPY" in block:
        shell["table"] = stack.table
        block = block.replace('"$table-restored"', '"$table"')  # the engine made no second table: onto itself
    told = typed(stack, shell, block)
    if "audit" in block.lower():
        answers = [each for each in _every_json(told) if "finished" in each]
        assert [each["finished"] for each in answers] == [True] * block.count("lambda invoke")
    if block.startswith("call"):
        assert json.loads(told)


def _every_json(text: str) -> list[dict[str, Any]]:
    """The objects that stand in the text one after the other."""
    found: list[dict[str, Any]] = []
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    return found


def _make_what_it_speaks_of(api: httpx.Client, block: str) -> None:
    """The SKU and the order that the runbook's examples name."""
    if "TEA-500" in block or "order-1" in block:
        api.put("/v1/skus/TEA-500", json={"name": "Tea"}).raise_for_status()
        receipt = {"id": uuid.uuid4().hex, "type": "receive", "location": "main", "quantity": 5}
        api.post("/v1/skus/TEA-500/movements", json=receipt).raise_for_status()
    if "order-1" in block:
        order = {"buyer": {"id": "anna"}, "lines": [{"sku": "TEA-500", "quantity": 1}]}
        made = api.put("/v1/reservations/order-1", json=order)
        # Other documents speak of an order of this name, too, and the tests of all of them share a stack.
        assert made.is_success or made.json()["code"] == "id_reused"
        api.post("/v1/reservations/order-1/commit", json={"payment_id": "p1"}).raise_for_status()
        api.post("/v1/reservations/order-1/release").raise_for_status()
