"""The orders of a day, as the shop wrote them down."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ORDERS = Path(__file__).with_name("data") / "online-retail-2010-12-01.csv"
# One invoice names no customer.
SOMEBODY = "walk-in"


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Order:
    """An invoice; lines of one SKU are summed. `at` is to the minute."""

    number: str
    at: datetime
    customer: str
    lines: tuple[Line, ...]

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)


def read_sales(path: Path = ORDERS) -> tuple[Order, ...]:
    """The sale invoices in the order of their time. Cancellations, of orders of earlier days, are left out."""
    invoices: dict[str, list[dict[str, str]]] = {}
    for row in _rows(path):
        if not row["InvoiceNo"].startswith("C"):
            invoices.setdefault(row["InvoiceNo"], []).append(row)
    return tuple(sorted((_order(number, rows) for number, rows in invoices.items()), key=lambda o: (o.at, o.number)))


def read_goods(path: Path = ORDERS) -> dict[str, str]:
    """Every stock code of the day, with its description."""
    return {row["StockCode"]: row["Description"].strip() for row in _rows(path)}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as text:
        return list(csv.DictReader(text))


def _order(number: str, rows: list[dict[str, str]]) -> Order:
    units: dict[str, int] = {}
    for row in rows:
        units[row["StockCode"]] = units.get(row["StockCode"], 0) + int(row["Quantity"])
    return Order(
        number=number,
        at=datetime.strptime(rows[0]["InvoiceDate"], "%m/%d/%y %H:%M").replace(tzinfo=UTC),
        customer=rows[0]["CustomerID"] or SOMEBODY,
        lines=tuple(Line(sku, quantity) for sku, quantity in units.items()),
    )
