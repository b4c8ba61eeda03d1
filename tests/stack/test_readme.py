"""The README's curl block, run as it stands there on the stack."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.places import Places

if TYPE_CHECKING:
    from local.stack import Stack

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"<!-- tried by tests/stack/test_readme\.py -->\n```sh\n(.*?)```", re.DOTALL)
PROBLEM = re.compile(r"```json\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="the README's block needs bash and curl"
)


@pytest.fixture(scope="module")
def answers(stack: Stack) -> list[dict[str, Any]]:
    [block] = BLOCK.findall(README.read_text(encoding="utf-8"))
    ended = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", block],  # noqa: S607 - whichever bash the reader has
        env={**os.environ, "STACK_FILE": str(Places(stack.name).facts), "no_proxy": "*"},
        cwd=README.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_each_request_of_the_readme_answers_what_the_readme_says(answers: list[dict[str, Any]]) -> None:
    sku, movement, held, begun, committed, levels, refused = answers
    assert sku["sku"] == "TEA-500"
    assert movement["effect"]["on_hand"] == {"main": 10}
    assert held["lines"] == [{"sku": "TEA-500", "quantity": 2, "location": "main"}]
    # On a stack where the block ran before, the reservation is paid already.
    assert begun.get("payment_begun") or begun["code"] == "already_paid"
    assert committed["outcome"] == "committed"
    assert (levels["sum"]["available"], levels["sum"]["committed"]) == (8, 2)
    assert refused["code"] == "insufficient_stock"


def test_the_problem_document_in_the_readme_is_the_one_that_comes(answers: list[dict[str, Any]]) -> None:
    [shown] = PROBLEM.findall(README.read_text(encoding="utf-8"))
    written = json.loads(shown)
    came = {**answers[-1], "instance": written["instance"]}  # another request has another one
    assert came == written
