"""`holdfast risk report`: the figures, the tables, the picture, and how it finds its stack."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli import risk, risk_chart
from cli.app import app
from cli.risk_report import report_of
from cli.stack import Address, Api, address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HERE = Address("http://127.0.0.1:1/api", "http://127.0.0.1:1/token", "client", "test")


def at(minutes_ago: float) -> str:
    return (NOW - timedelta(minutes=minutes_ago)).isoformat()


def reservation(name: str, state: str, buyer: str = "lan", *, sku: str = "bottle", ago: float = 60) -> dict[str, Any]:
    paid = state in {"committed", "shipped"}
    held = state in {"held", "expired"}
    return {
        "id": name,
        "state": state,
        "mode": "reserve",
        "buyer": {"id": buyer},
        "lines": [{"sku": sku, "quantity": 2, "location": "main"}],
        "expires_at": at(ago - 20) if held else None,
        "paid": paid,
        "created_at": at(ago),
        "changed_at": at(ago - 5),
    }


RESERVATIONS = [
    reservation("1", "held", "minh", ago=10),
    reservation("2", "expired", "minh"),
    reservation("3", "expired", "minh", ago=100),
    reservation("4", "released", "lan"),
    reservation("5", "committed", "lan"),
    reservation("6", "shipped", "mai", sku="[bold]tea"),
]
LEVELS = {
    "bottle": {"reserved": 6, "due": 4, "on_hand": 8},
    "[bold]tea": {"reserved": 0, "due": 0, "on_hand": 0},
}
RULED: list[dict[str, Any]] = [
    {"code": None, "hits": [{"rule": "no_paid_order", "acted": False, "action": "floor"}]},
    {
        "code": "refused_by_policy",
        "hits": [
            {"rule": "no_paid_order", "acted": True, "action": "refuse"},
            {"rule": "inactive", "acted": True, "action": "refuse"},
        ],
    },
    {"code": "hold_budget", "hits": []},
]


def the_report() -> Any:
    return report_of(RESERVATIONS, LEVELS, RULED, since=NOW - timedelta(days=1), now=NOW)


def test_holds_are_counted_against_payments_by_sku() -> None:
    bottle, tea = the_report().skus

    assert (bottle.sku, bottle.holds, bottle.paid, bottle.expired, bottle.released) == ("bottle", 5, 1, 2, 1)
    assert bottle.hold_to_pay == 5.0
    assert (tea.holds, tea.paid, tea.hold_to_pay) == (1, 1, 1.0)


def test_the_share_of_the_stock_in_unpaid_holds_leaves_out_what_is_due() -> None:
    bottle, tea = the_report().skus

    assert (bottle.unpaid_units, bottle.unpaid_share) == (2, 25.0)
    assert tea.unpaid_share == 0.0


def test_the_top_holder_is_who_held_longest_without_paying() -> None:
    first, second = the_report().holders

    assert (first.buyer, first.holds, first.paid, first.units_held_now, first.unpaid_minutes) == ("minh", 3, 0, 2, 50)
    assert (second.buyer, second.unpaid_minutes) == ("lan", 5)


def test_each_rule_says_what_it_did_and_what_it_would_have_done() -> None:
    lines = {line.rule: line for line in the_report().rules}

    assert (lines["no_paid_order"].did, lines["no_paid_order"].would) == ({"refuse": 1}, {"floor": 1})
    assert lines["inactive"].applied == 1
    assert the_report().refused == {"refused_by_policy": 1, "hold_budget": 1}


def test_the_tables_show_names_as_they_are() -> None:
    console = Console(width=160, file=io.StringIO())
    risk_chart.show(console, the_report())
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO

    assert "[bold]tea" in shown
    assert "25 %" in shown
    assert "refuse 1" in shown


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    risk_chart.draw(the_report(), tmp_path / "new" / "risk.png")

    assert (tmp_path / "new" / "risk.png").read_bytes().startswith(b"\x89PNG")


# ---- Against an API that answers from memory


def answer(request: httpx.Request) -> httpx.Response:
    path, query = request.url.path, dict(request.url.params)
    if path == "/token":
        assert request.headers["authorization"].startswith("Basic ")
        return httpx.Response(200, json={"access_token": "t"})
    assert request.headers["authorization"] == "Bearer t"
    if path == "/api/v1/reservations":
        first = "cursor" not in query
        items = RESERVATIONS[:3] if first else [*RESERVATIONS[3:], reservation("old", "held", ago=3_000)]
        return httpx.Response(200, json={"items": items, "cursor": "more" if first else None})
    if path == "/api/v1/skus/-/levels":
        return httpx.Response(200, json={"sum": LEVELS[query["sku"]]})
    if path == "/api/v1/risk":
        return httpx.Response(200, json={"items": RULED if query["day"] == "2026-03-04" else [], "cursor": None})
    return httpx.Response(404)


@pytest.fixture
def api() -> Iterator[Api]:
    with Api(HERE, ("read",), transport=httpx.MockTransport(answer)) as opened:
        yield opened


def test_the_report_goes_back_as_many_days_as_were_asked_for(api: Api) -> None:
    found = risk.gathered(api, days=1, now=NOW)

    assert found.as_dict() | {"since": None, "until": None} == the_report().as_dict() | {"since": None, "until": None}
    assert found.reservations == 6


def test_what_is_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    answers = iter([200, 503, 429, 200])
    seen: list[int] = []

    def busy(_: httpx.Request) -> httpx.Response:
        seen.append(next(answers))
        return httpx.Response(seen[-1], json={"access_token": "t", "items": []})

    with Api(HERE, ("read",), transport=httpx.MockTransport(busy)) as opened:
        assert opened.get("v1/risk")["items"] == []
    assert seen == [200, 503, 429, 200]


def test_a_stack_is_found_by_its_file_or_by_the_environment(tmp_path: Path) -> None:
    told = {name: f"of the file: {name}" for name in ("api_url", "token_url", "client_id", "client_secret")}
    path = tmp_path / "stack.json"
    path.write_text(json.dumps(told | {"more": 1}), encoding="utf-8")

    assert address(path, {}).api_url == "of the file: api_url"
    assert address(path, {"HOLDFAST_API_URL": "https://api.example.com"}).api_url == "https://api.example.com"


def test_without_a_stack_the_command_says_how_to_name_one(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["risk", "report", "--stack-file", str(tmp_path / "none.json")])

    assert done.exit_code == 2
    assert "HOLDFAST_API_URL" in done.output


def test_figures_can_be_had_as_json(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(risk, "gathered", lambda *_, **__: the_report())
    monkeypatch.setattr(Api, "__enter__", lambda self: self)
    path = tmp_path / "stack.json"
    path.write_text(json.dumps(dict.fromkeys(("api_url", "token_url", "client_id", "client_secret"), "x")), "utf-8")
    done = CliRunner().invoke(app, ["risk", "report", "--json", "--stack-file", str(path)])

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["skus"][0]["hold_to_pay"] == 5.0
