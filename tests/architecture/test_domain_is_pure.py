"""What the import contract cannot say: the domain imports the standard library and itself, and nothing else."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest

from local.places import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOMAIN = ROOT / "layers" / "core" / "holdfast" / "domain"
# Where the domain would no longer be a function of its arguments.
REACHES_OUT = {"os", "socket", "subprocess", "random", "secrets", "threading", "asyncio", "logging", "urllib", "http"}


def imported(module: Path) -> Iterator[str]:
    """Dotted names of what a module imports from outside its own package."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


@pytest.mark.parametrize("module", sorted(DOMAIN.glob("*.py")), ids=lambda path: path.stem)
def test_the_domain_imports_only_the_standard_library_and_itself(module: Path) -> None:
    outside = {each.split(".")[0] for each in imported(module) if not each.startswith("holdfast.domain")}
    assert outside - set(sys.stdlib_module_names) == set()


@pytest.mark.parametrize("module", sorted(DOMAIN.glob("*.py")), ids=lambda path: path.stem)
def test_the_domain_reaches_for_nothing_outside_its_arguments(module: Path) -> None:
    assert {each.split(".")[0] for each in imported(module)} & REACHES_OUT == set()
