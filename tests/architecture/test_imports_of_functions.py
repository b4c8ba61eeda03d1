"""What a function imports is what its first caller waits for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("hold_stock", "manage_stock", "follow_levels", "sweep_expired", "audit_levels")


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
    assert modules.isdisjoint({"holdfast.services.move_stock", "holdfast.services.look_up", "holdfast.runtime.models"})


@pytest.mark.parametrize("function", FUNCTIONS)
def test_importing_a_function_needs_no_environment(function: str) -> None:
    assert f"functions.{function}.handler" in imported_by(function)
