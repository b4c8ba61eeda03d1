"""The local stack itself: side by side, on loopback only, and gone without a trace."""

from __future__ import annotations

import json
import os
import socket
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from holdfast.domain.channel_names import CHANNELS
from local import engine, processes, sandbox, table
from local import stack as stacks
from local.failure import Failure
from local.places import Places

if TYPE_CHECKING:
    from pathlib import Path

    from local.stack import Stack


def test_starting_what_runs_already_answers_the_running_stack(stack: Stack) -> None:
    said: list[str] = []
    again = stacks.up(stack.name, parameters=stack.parameters, say=said.append)
    assert again == stack
    assert said == ["Already running, with the present code"]


def test_the_file_says_what_the_stack_is_and_only_its_owner_may_read_it(stack: Stack) -> None:
    facts = Places(stack.name).facts
    assert json.loads(facts.read_text(encoding="utf-8")) == stack.as_dict()
    assert stat.S_IMODE(facts.stat().st_mode) == 0o600
    assert not stack.api_url.endswith("/")


def test_engines_run_side_by_side_and_know_nothing_of_each_other() -> None:
    with engine.start() as one, engine.start() as other:
        table.create(one.client("dynamodb"), "kettles")
        assert one.client("dynamodb").list_tables()["TableNames"] == ["kettles"]
        assert other.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address only")
def test_an_engine_listens_on_loopback_only() -> None:
    with engine.start() as running:
        assert processes.is_taken(running.port)
        with socket.socket() as outside:
            # Free on another address of this machine: so it does not listen on all of them.
            outside.bind(("127.0.0.2", running.port))


def test_an_engine_that_was_stopped_leaves_neither_process_nor_folder(tmp_path: Path) -> None:
    running = engine.launch(tmp_path / "engine", ends_with_caller=True)
    assert engine.find(tmp_path / "engine") == running
    engine.stop(running)
    assert not running.is_running()
    assert not running.answers()
    assert engine.find(tmp_path / "engine") is None


def test_a_sandbox_opens_every_marketplace_and_leaves_no_process(tmp_path: Path) -> None:
    opened = sandbox.launch(tmp_path / "sandbox", ends_with=os.getpid())
    try:
        assert sandbox.find(tmp_path / "sandbox") == opened
        assert set(opened.urls) == {sandbox.DOOR, *CHANNELS}
        assert opened.answers()
    finally:
        sandbox.stop(opened)
    assert not opened.is_running()
    assert not opened.answers()
    assert sandbox.find(tmp_path / "sandbox") is None


def test_a_sandbox_that_cannot_open_says_why_and_leaves_no_process(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="ended as soon as it had started"):
        sandbox.launch(tmp_path / "sandbox", ends_with=os.getpid(), speed=-1)


def test_functions_see_nothing_of_the_callers_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET_OF_THE_CALLER", "kettle")
    running = engine.launch(tmp_path / "engine", ends_with_caller=True)
    try:
        environment = _environment_of(running.pid)
    finally:
        engine.stop(running)
    assert "AUTH=true" in environment
    assert "kettle" not in environment


def test_a_taken_port_is_said_with_what_to_do_about_it(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Failure) as failure:
            engine.launch(tmp_path / "engine", port=other.getsockname()[1])
    assert "is taken by another program" in failure.value.why
    assert failure.value.advice


def test_a_parameter_that_the_template_has_not_is_refused_before_anything_starts() -> None:
    with pytest.raises(Failure, match="no parameter StepsSeconds"):
        stacks.up("typo", parameters={"StepsSeconds": "1"})
    assert not Places("typo").folder.exists()


@pytest.mark.parametrize("name", ["engine", "A", "../x", "-x", "x" * 40])
def test_a_name_that_would_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(Failure, match="cannot name a stack"):
        Places(name)


def _environment_of(pid: int) -> str:
    """What a process was started with, as `ps` shows it or as Linux keeps it."""
    if os.path.exists(f"/proc/{pid}/environ"):  # noqa: PTH110 - a path of the kernel, not a file
        with open(f"/proc/{pid}/environ", encoding="utf-8") as text:  # noqa: PTH123
            return text.read().replace("\0", "\n")
    pytest.skip("this system shows no process's environment")
