"""CSV files of SKUs, levels and listings: read and checked whole, before anything is written.

Each kind has its columns; one with a star may be left out. Quantities are whole numbers.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MOST_ROWS = 200_000
MOST_MISTAKES_TOLD = 50
MODES = ("reserve", "on_order", "on_payment")
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
LISTING = re.compile(r"[A-Za-z0-9._~-]{1,128}")
AMOUNT = re.compile(r"[0-9]{1,12}(?:[.][0-9]{1,4})?")
CURRENCY = re.compile(r"[A-Z]{3}")
LONGEST_SKU, MOST_UNITS = 128, 1_000_000


@dataclass(frozen=True)
class Step:
    """One thing to write. `skus` it speaks of must exist by then."""

    line: int
    name: str
    body: dict[str, Any]
    skus: tuple[str, ...] = ()


@dataclass
class Checked:
    """`steps` in the order of the file, or the mistakes, each with its line. `digest` names the file's content."""

    steps: list[Step] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    digest: str = ""


Row = dict[str, str]


def check_file(path: Path, kind: str) -> Checked:
    """Raises OSError, UnicodeDecodeError."""
    content = path.read_bytes()
    checked = Checked(digest=hashlib.sha256(content).hexdigest()[:16])
    columns, build = KINDS[kind]
    required = {name for name in columns if not name.endswith("*")}
    reader = csv.DictReader(content.decode("utf-8-sig").splitlines(), restkey="")
    found = set(reader.fieldnames or ())
    if not required <= found or not found <= {name.removesuffix("*") for name in columns}:
        checked.mistakes.append(f"line 1: expected the columns {', '.join(columns)} (* may be left out)")
        return checked
    rows = [(line, _trimmed(row)) for line, row in enumerate(reader, start=2)]
    if len(rows) > MOST_ROWS:
        checked.mistakes.append(f"at most {MOST_ROWS} rows, not {len(rows)}: split the file")
        return checked
    crooked = [line for line, row in rows if "" in row]
    checked.mistakes += [f"line {line}: more cells than columns" for line in crooked]
    mistakes = Mistakes(checked.mistakes)
    checked.steps = list(build([(line, row) for line, row in rows if line not in crooked], mistakes, checked.digest))
    return checked


def _trimmed(row: dict[str, str | list[str] | None]) -> Row:
    return {name: value.strip() if isinstance(value, str) else "" for name, value in row.items()}


class Mistakes:
    """Reads cells, and notes what cannot be with its line."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def add(self, line: int, what: str) -> None:
        self._told.append(f"line {line}: {what}")

    def sku(self, line: int, told: str) -> str:
        if not told or len(told) > LONGEST_SKU or not told.isprintable():
            self.add(line, f"sku: 1 to {LONGEST_SKU} printable characters, not {told!r}")
        return told

    def like(self, line: int, name: str, told: str, pattern: re.Pattern[str], expected: str) -> str:
        if not pattern.fullmatch(told):
            self.add(line, f"{name}: {expected}, not {told!r}")
        return told

    def whole(self, line: int, name: str, told: str, *, lowest: int, highest: int = MOST_UNITS) -> int:
        if not re.fullmatch("[0-9]{1,7}", told) or not lowest <= int(told) <= highest:
            self.add(line, f"{name}: a whole number from {lowest} to {highest}, not {told!r}")
            return lowest
        return int(told)


def _skus(rows: Iterable[tuple[int, Row]], mistakes: Mistakes, _digest: str) -> Iterator[Step]:
    seen: dict[str, int] = {}
    for line, row in rows:
        sku = mistakes.sku(line, row["sku"])
        if sku in seen:
            mistakes.add(line, f"sku: {sku!r} is in line {seen[sku]} already")
        seen.setdefault(sku, line)
        body: dict[str, Any] = {}
        if row.get("name"):
            body["name"] = row["name"]
        if row.get("deduction_mode"):
            mode = re.compile("|".join(MODES))
            told = mistakes.like(line, "deduction_mode", row["deduction_mode"], mode, f"one of {', '.join(MODES)}")
            body["deduction_mode"] = told
        if row.get("hold_seconds"):
            body["hold_seconds"] = mistakes.whole(line, "hold_seconds", row["hold_seconds"], lowest=1, highest=259_200)
        if row.get("max_quantity"):
            body["limits"] = {"max_quantity": mistakes.whole(line, "max_quantity", row["max_quantity"], lowest=1)}
        yield Step(line, sku, body)


def _levels(rows: Iterable[tuple[int, Row]], mistakes: Mistakes, digest: str) -> Iterator[Step]:
    """Each row is a stock count; its id follows from the file, so that a row never counts twice."""
    seen: dict[tuple[str, str], int] = {}
    for line, row in rows:
        sku = mistakes.sku(line, row["sku"])
        location = mistakes.like(line, "location", row["location"], NAME, "1 to 64 letters, digits or . _ -")
        first = seen.setdefault((sku, location), line)
        if first != line:
            mistakes.add(line, f"{sku!r} at {location} is in line {first} already")
        quantity = mistakes.whole(line, "quantity", row["quantity"], lowest=0)
        body = {
            "id": f"import-{digest}-{line}",
            "type": "count",
            "sku": sku,
            "location": location,
            "quantity": quantity,
            "reason": "import",
        }
        yield Step(line, sku, body, (sku,))


def _listings(rows: Iterable[tuple[int, Row]], mistakes: Mistakes, _digest: str) -> Iterator[Step]:
    """A bundle has a row for each of its SKUs, one after the other."""
    groups: dict[str, list[tuple[int, Row]]] = {}
    last = None
    for line, row in rows:
        name = f"{row['channel']}/{row['shop']}/{row['listing']}"
        if name in groups and name != last:
            mistakes.add(line, f"{name} is in line {groups[name][0][0]} already: rows of a bundle stand together")
        groups.setdefault(name, []).append((line, row))
        last = name
    for name, group in groups.items():
        line, head = group[0]
        mistakes.like(line, "channel", head["channel"], NAME, "a channel's name")
        mistakes.like(line, "shop", head["shop"], NAME, "1 to 64 letters, digits or . _ -")
        mistakes.like(line, "listing", head["listing"], LISTING, "the channel's ids, joined by ~")
        components = [_component(at, row, mistakes) for at, row in group]
        skus = tuple(each["sku"] for each in components)
        if len(set(skus)) != len(skus):
            mistakes.add(line, f"{name} names a SKU twice")
        body: dict[str, Any] = {"components": components}
        if head.get("price"):
            amount = mistakes.like(line, "price", head["price"], AMOUNT, "an amount as in 199000")
            currency = head.get("currency") or "VND"
            mistakes.like(line, "currency", currency, CURRENCY, "a currency as in VND")
            body["price"] = {"amount": amount, "currency": currency}
        yield Step(line, name, body, skus)


def _component(line: int, row: Row, mistakes: Mistakes) -> dict[str, Any]:
    units = mistakes.whole(line, "quantity", row.get("quantity") or "1", lowest=1, highest=10_000)
    return {"sku": mistakes.sku(line, row["sku"]), "quantity": units}


Build = Callable[[list[tuple[int, Row]], Mistakes, str], Iterator[Step]]

KINDS: dict[str, tuple[tuple[str, ...], Build]] = {
    "skus": (("sku", "name*", "deduction_mode*", "hold_seconds*", "max_quantity*"), _skus),
    "levels": (("sku", "location", "quantity"), _levels),
    "listings": (("channel", "shop", "listing", "sku", "quantity*", "price*", "currency*"), _listings),
}
