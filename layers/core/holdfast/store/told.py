"""What a marketplace last said of an order, as a part of its reservation's item. Names are short: items stay small."""

from typing import Any

from holdfast.domain.market import Part, Stage, Told, ToldLine

from .table import Item
from .times import from_ms, to_ms

_COUNTS = {"cancelled": "c", "withheld": "w", "returned": "r", "left": "l"}


def told_from(item: Item) -> Told:
    return Told(
        shop=item["shop"],
        heard_by=item["heard_by"],
        stage=Stage(item["stage"]),
        updated_at=from_ms(item["updated_at"]),
        lines=tuple(map(_line_from, item["lines"])),
    )


def _line_from(item: Item) -> ToldLine:
    parts = tuple(Part(sku, quantity) for sku, quantity in item["parts"]) if "parts" in item else None
    counts = {name: item.get(short, 0) for name, short in _COUNTS.items()}
    return ToldLine(listing=item["listing"], ordered=item["o"], parts=parts, **counts)


def told_item(told: Told) -> Item:
    return {
        "shop": told.shop,
        "heard_by": told.heard_by,
        "stage": told.stage.value,
        "updated_at": to_ms(told.updated_at),
        "lines": [_line_item(line) for line in told.lines],
    }


def _line_item(line: ToldLine) -> Item:
    item: dict[str, Any] = {"listing": line.listing, "o": line.ordered}
    item |= {short: units for name, short in _COUNTS.items() if (units := getattr(line, name))}
    if line.parts is not None:
        item["parts"] = [[part.sku, part.quantity] for part in line.parts]
    return item
