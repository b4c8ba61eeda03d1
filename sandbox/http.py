"""One HTTP call to a face and its reply, as values: a face is a function from one to the other."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`path` without the query, decoded once; `query` in the order sent; header names in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    now: datetime
    inside: Mapping[str, str] = field(default_factory=dict)
    """What the path's placeholders matched."""

    def asked(self, name: str, default: str = "") -> str:
        """The first such parameter of the query."""
        return next((value for key, value in self.query if key == name), default)

    def asked_all(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]

    def document(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none, which every face refuses for want of its fields."""
        try:
            told = json.loads(self.body)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A face says no; the reply says it in the marketplace's words."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def told(document: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON reply."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(status=status, body=body, headers={"content-type": "application/json", **(headers or {})})


def as_int(text: object, default: int | None = None) -> int | None:
    """A whole number, also where it is sent as text; the default for anything else."""
    if isinstance(text, bool) or not isinstance(text, int | str):
        return default
    try:
        return int(text)
    except ValueError:
        return default
