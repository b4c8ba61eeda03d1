"""How commands reach a stack: where it is, and a client with a token.

A local stack is found by its `.local/stack.json`. Any other one is named by options or by these variables:
HOLDFAST_API_URL, HOLDFAST_TOKEN_URL, HOLDFAST_CLIENT_ID and HOLDFAST_CLIENT_SECRET.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import httpx
import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FACTS = Path(".local/stack.json")
TIMEOUT_SECONDS = 30.0
TRIES = 6
MOST_PAGES = 1_000
LATER = frozenset({429, 502, 503, 504})
NAMES = ("api_url", "token_url", "client_id", "client_secret")

FileOption = Annotated[
    Path | None, typer.Option("--stack-file", help="The stack.json of a local stack.", envvar="HOLDFAST_STACK_FILE")
]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a stack answers, and as whom we ask it."""

    api_url: str
    token_url: str
    client_id: str
    client_secret: str


def address(stack_file: Path | None, environment: Mapping[str, str] = os.environ) -> Address:
    """What the environment names, the rest from the file. Ends the command if something is missing."""
    told = {name: environment.get(f"HOLDFAST_{name.upper()}", "") for name in NAMES}
    if not all(told.values()):
        known = _facts(stack_file or FACTS)
        told = {name: value or known.get(name, "") for name, value in told.items()}
    missing = [name for name, value in told.items() if not value]
    if missing:
        names = ", ".join(f"HOLDFAST_{name.upper()}" for name in missing)
        complain(f"Which stack? Start one (make up), name its file (--stack-file), or set {names}.")
    return Address(**told)


def _facts(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def complain(problem: str) -> None:
    """Say what is wrong and end with status 2."""
    typer.echo(problem, err=True)
    raise typer.Exit(2)


class Api:
    """The API of a stack, with a token for the scopes named. Use it in a `with` block."""

    def __init__(self, where: Address, scopes: Sequence[str], *, transport: httpx.BaseTransport | None = None) -> None:
        self._where = where
        self._scopes = scopes
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, transport=transport)
        self._token = ""

    def __enter__(self) -> Self:
        self._token = self._fetched()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _fetched(self) -> str:
        scope = " ".join(f"holdfast/{each}" for each in self._scopes)
        answer = self._client.post(
            self._where.token_url,
            auth=(self._where.client_id, self._where.client_secret),
            data={"grant_type": "client_credentials", "scope": scope},
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def call(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        """The answer's body; asks again while it is "later". Raises httpx.HTTPError for anything but success."""
        answer = self._sent(method, path, **how)
        for attempt in range(TRIES):
            if answer.status_code not in LATER:
                break
            time.sleep(0.2 * 2**attempt)
            answer = self._sent(method, path, **how)
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body

    def _sent(self, method: str, path: str, **how: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._token}"}
        return self._client.request(method, f"{self._where.api_url}/{path}", headers=headers, **how)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self.call("GET", path, params={name: value for name, value in query.items() if value is not None})

    def items(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = self.get(path, cursor=cursor, limit=100, **query)
            yield from page["items"]
            cursor = page["cursor"]
            if cursor is None:
                return
