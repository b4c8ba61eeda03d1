"""What a function imports is what its first caller waits for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


def imported_by(function: str) -> set[str]:
    """Names of the modules that a fresh process, with no environment, has after importing the function."""
    script = f"import functions.{function}.handler, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'core'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_hold_stock_imports_neither_pydantic_nor_the_tracer_nor_boto3() -> None:
    packages = {name.split(".")[0] for name in imported_by("hold_stock")}

    assert packages.isdisjoint({"pydantic", "pydantic_core", "aws_xray_sdk", "wrapt", "boto3", "s3transfer"})
    assert packages >= {"holdfast", "botocore", "aws_lambda_powertools"}


def test_hold_stock_imports_no_resolver_and_no_other_functions_services() -> None:
    modules = imported_by("hold_stock")

    assert "aws_lambda_powertools.event_handler" not in modules
    assert modules.isdisjoint(
        {"holdfast.services.stock.move_stock", "holdfast.services.stock.look_up", "holdfast.runtime.api.models"}
    )
    assert modules.isdisjoint({f"holdfast.store.{name}" for name in ("movements", "register", "orders", "pushes")})


def test_receive_webhook_imports_botocore_the_standard_library_and_next_to_nothing_of_ours() -> None:
    modules = imported_by("receive_webhook")

    foreign = {"aws_lambda_powertools", "pydantic", "pydantic_core", "aws_xray_sdk", "boto3", "s3transfer", "wrapt"}
    assert {name.split(".")[0] for name in modules}.isdisjoint(foreign)
    assert not {name for name in modules if name.startswith(("holdfast.services", "holdfast.store.ledger"))}
    assert {name for name in modules if name.startswith("holdfast.channels")} == {
        "holdfast.channels",
        "holdfast.channels.webhooks",
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_importing_a_function_needs_no_environment(function: str) -> None:
    assert f"functions.{function}.handler" in imported_by(function)
