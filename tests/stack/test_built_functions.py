"""Each function as it was built, imported with nothing of this clone on its path.

The local AWS shows functions its own packages too, so a package missing from the layer would go unnoticed there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from local import places, template

if TYPE_CHECKING:
    from local.stack import Stack

FUNCTIONS = template.resources(template.read(), "AWS::Serverless::Function")
LAYERS = ("VendorLayer", "CoreLayer")

every_function = pytest.mark.parametrize("name", sorted(FUNCTIONS))

PROGRAM = """
import importlib, json, sys
paths, module = json.loads(sys.argv[1]), sys.argv[2]
sys.path = [each for each in sys.path if "site-packages" not in each] + paths
handler = importlib.import_module(module)
known = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
print(json.dumps({"callable": callable(handler.handle), "modules": known}))
"""


def imported(name: str) -> dict[str, Any]:
    """Import the built function in a fresh, isolated interpreter; which modules it loaded, and from where."""
    paths = [str(places.BUILD / layer / "python") for layer in LAYERS] + [str(places.BUILD / name)]
    module = FUNCTIONS[name]["Handler"].removesuffix(".handle")
    ended = subprocess.run(
        [sys.executable, "-I", "-B", "-c", PROGRAM, json.dumps(paths), module],
        capture_output=True,
        text=True,
        env={},
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@every_function
def test_a_built_function_can_be_imported_alone_without_an_environment(stack: Stack, name: str) -> None:
    assert stack.functions
    assert imported(name)["callable"] is True


@every_function
def test_a_built_function_loads_only_what_was_built_and_the_standard_library(stack: Stack, name: str) -> None:
    assert stack.functions
    modules = imported(name)["modules"]
    elsewhere = [
        file for file in modules.values() if file and "site-packages" in file and not file.startswith(str(places.BUILD))
    ]
    assert elsewhere == []
    assert modules["holdfast"].startswith(str(places.BUILD / "CoreLayer"))


@pytest.mark.parametrize("heavy", ["pydantic", "aws_xray_sdk", "boto3"])
def test_the_function_buyers_wait_for_starts_without(stack: Stack, heavy: str) -> None:
    assert stack.functions
    assert heavy not in imported("HoldStock")["modules"]
