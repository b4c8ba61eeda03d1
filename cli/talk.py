"""What every part of the command has at hand: the API, and two ways to print."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from cli.api import Api, Refused, open_api
from cli.stack_file import find_stack


@dataclass
class Talk:
    """`api` is opened at its first use, so that help and mistakes in the input need no stack."""

    stack_file: Path | None = None
    as_json: bool = False
    out: Console = field(default_factory=lambda: Console(soft_wrap=True, highlight=False))
    err: Console = field(default_factory=lambda: Console(stderr=True, soft_wrap=True, highlight=False))
    _api: Api | None = None

    @property
    def api(self) -> Api:
        if self._api is None:
            try:
                self._api = open_api(find_stack(self.stack_file))
            except (OSError, ValueError) as error:
                self.fail(str(error))
        return self._api

    def ask(self, method: str, path: str, body: object = None, **query: str | int | None) -> dict[str, Any]:
        """The API's answer. What it refuses is told, and ends the command with 1."""
        try:
            return self.api.ask(method, path, body, **query)
        except Refused as refused:
            self.refuse(refused)

    def pages(self, path: str, *, most: int, **query: str | int | None) -> list[dict[str, Any]]:
        """Up to `most` items of a list."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while len(items) < most:
            page = self.ask("GET", path, cursor=cursor, limit=min(100, most - len(items)), **query)
            items.extend(page["items"])
            cursor = page.get("cursor")
            if cursor is None:
                break
        return items

    def show(self, told: Mapping[str, Any] | Sequence[Mapping[str, Any]], table: Table | str) -> None:
        """`told` as JSON, or the table or sentence for people."""
        if self.as_json:
            self.out.print_json(json.dumps(told, ensure_ascii=False, default=str))
        else:
            self.out.print(table)

    def refuse(self, refused: Refused) -> NoReturn:
        if self.as_json:
            self.out.print_json(json.dumps(refused.problem, ensure_ascii=False))
        else:
            self.err.print(f"[red]{refused.code}[/red]: {_plain(refused.detail)}")
        raise typer.Exit(1)

    def fail(self, sentence: str) -> NoReturn:
        self.err.print(f"[red]{_plain(sentence)}[/red]")
        raise typer.Exit(2)


def talk_of(context: typer.Context) -> Talk:
    talk = context.find_root().obj
    if not isinstance(talk, Talk):
        raise TypeError(talk)
    return talk


def rows(title: str, columns: Sequence[str], lines: Sequence[Sequence[object]]) -> Table:
    """A table; numbers to the right."""
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for number, column in enumerate(columns):
        numeric = bool(lines) and all(isinstance(line[number], int | float) for line in lines)
        table.add_column(column, justify="right" if numeric else "left")
    for line in lines:
        table.add_row(*(_plain("" if cell is None else str(cell)) for cell in line))
    return table


def facts(title: str, told: Mapping[str, object]) -> Table:
    """Names and values, one a line."""
    return rows(title, ("", ""), [(name, value) for name, value in told.items() if value is not None])


def _plain(text: str) -> str:
    """What comes from outside is no markup."""
    return text.replace("[", "\\[")
