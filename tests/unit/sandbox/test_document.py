"""The sandbox's document names every fault and every call of the door."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.routing import Route

from sandbox.door import Door
from sandbox.faces.shopee import Shopee
from sandbox.faults import Settings
from tests.unit.sandbox.stall import Stall

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_fault_is_in_the_table() -> None:
    table = DOCUMENT.partition("## Faults")[2].partition("## What is assumed")[0]
    assert set(re.findall(r"`([a-z0-9_]+)`", table)) >= set(Settings.model_fields)


def test_every_call_of_the_door_is_in_the_table_and_no_other() -> None:
    table = DOCUMENT.partition("## The door")[2].partition("## Faults")[0]
    named = set(re.findall(r"`((?:GET|PUT|POST) /[^` ]*)`", table))
    routes = [route for route in Door(Stall(Shopee()).fair, None).app().routes if isinstance(route, Route)]
    there = {
        f"{method} {route.path}".replace("{channel}", "{c}").replace("{shop}", "{s}").replace("{order:path}", "{id}")
        for route in routes
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert named == there
