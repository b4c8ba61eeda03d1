"""One stack for the run, started and stopped by it; or, with STACK_NAME set, the one of that name that already runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import httpx
import pytest

from local import stack as stacks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack import Stack

OWN = "test"
# What may be applied late is waited out, so that nobody waits for two minutes here. Longer than the longest call.
PARAMETERS = {"PushHorizonSeconds": "45"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "stack" in item.path.parts:
            item.add_marker(pytest.mark.stack)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    named = os.environ.get("STACK_NAME")
    if named is not None:
        running = stacks.read(named)
        assert running is not None, f"no stack named {named!r} is running; start it with `python -m local up`"
        yield running
        return
    terminal = request.config.get_terminal_writer()
    yield stacks.up(OWN, parameters=PARAMETERS, ends_with_caller=True, say=lambda line: terminal.line(f"{line} …"))
    stacks.down(OWN)


@pytest.fixture(scope="session")
def everything(stack: Stack) -> Iterator[httpx.Client]:
    """A client of the API whose token has every scope."""
    with httpx.Client(
        base_url=stack.api_url, headers={"Authorization": f"Bearer {stack.token()}"}, timeout=30, trust_env=False
    ) as client:
        yield client
