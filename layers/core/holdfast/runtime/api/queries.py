"""Queries of the lists, read by hand: there are few, and all of them are text."""

import re
from collections.abc import Sequence

from holdfast.domain.errors import BadInput, FieldError

from . import fields
from .fields import Rule, Wrong
from .http import Request

LIMIT = fields.whole(1, 100)
LIMIT_USUAL = 50
MOST_SKUS = 100


class Query:
    """The parameters of one request. `end()` raises BadInput with all that is wrong, unknown parameters included."""

    def __init__(self, request: Request) -> None:
        self._left = list(request.query)
        self._wrong: list[FieldError] = []

    def _take(self, name: str) -> list[str]:
        taken = [value for key, value in self._left if key == name]
        self._left = [(key, value) for key, value in self._left if key != name]
        return taken

    def one(self, name: str, rule: Rule[str] | None = None) -> str | None:
        """The parameter, if it is there."""
        taken = self._take(name)
        if len(taken) > 1:
            self._wrong.append(FieldError(name, "one value"))
        if not taken:
            return None
        return taken[0] if rule is None else self._read(name, rule, taken[0])

    def several(self, name: str, rule: Rule[str], *, most: int) -> tuple[str, ...]:
        """The parameter's values in their order, each once; at least one."""
        taken = self._take(name)
        if not 1 <= len(taken) <= most:
            self._wrong.append(FieldError(name, f"1 to {most} values, as in ?{name}=a&{name}=b"))
            return ()
        read = [self._read(f"{name}[{number}]", rule, value) for number, value in enumerate(taken)]
        return tuple(dict.fromkeys(value for value in read if value is not None))

    def limit(self) -> int:
        told = self.one("limit")
        if told is None:
            return LIMIT_USUAL
        try:
            return LIMIT.read(int(told) if re.fullmatch("[0-9]{1,9}", told) else None)
        except Wrong as wrong:
            self._wrong.append(FieldError("limit", wrong.expected))
            return LIMIT_USUAL

    def end(self, *, ignore: Sequence[str] = ()) -> None:
        unknown = dict.fromkeys(name for name, _ in self._left if name not in ignore)
        self._wrong.extend(FieldError(name, "nothing: there is no such parameter") for name in unknown)
        if self._wrong:
            raise BadInput(self._wrong)

    def _read(self, name: str, rule: Rule[str], value: str) -> str | None:
        try:
            return rule.read(value)
        except Wrong as wrong:
            self._wrong.append(FieldError(name, wrong.expected))
            return None
