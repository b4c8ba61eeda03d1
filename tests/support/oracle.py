"""Whether a table's counters are exactly what its records add up to, told from the raw items alone.

Written apart from the auditor and from the domain on purpose: it shares no line with what it examines.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

Item = dict[str, Any]


def faults_of(items: Iterable[Item]) -> list[str]:
    """Every level that is not exactly what the records say, in words. Empty: not one unit was lost or made.

    Holds at any moment between two writes, because every command is one transaction.
    """
    found: list[str] = []
    levels: dict[tuple[str, str], Item] = {}
    records: list[Item] = []
    movements: list[Item] = []
    incoming: Counter[tuple[str, str]] = Counter()
    for item in items:
        pk, sk = item["pk"], item["sk"]
        if sk.startswith("LEVEL#"):
            levels[pk.removeprefix("SKU#"), sk.split("#")[1]] = item
        elif pk.startswith("RESERVATION#"):
            records.append(item)
        elif pk.startswith("MOVEMENTS#"):
            movements.append(item)
        elif sk.startswith("INCOMING#"):
            incoming[pk.removeprefix("SKU#"), item["location"]] += item["outstanding"]
    believed = _believed(records, movements)
    for at in sorted(set(levels) | set(believed)):
        if at in levels:
            found += [f"{at}: {fault}" for fault in _level_faults(levels[at], believed[at], incoming[at])]
        elif any(believed[at].values()):
            found.append(f"{at}: has no level, its records say {dict(believed[at])}")
    return found


def _believed(records: list[Item], movements: list[Item]) -> dict[tuple[str, str], Counter[str]]:
    believed: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for movement in movements:
        sku = movement["pk"].removeprefix("MOVEMENTS#")
        for name in ("on_hand", "unavailable", "incoming"):
            for location, units in movement[name].items():
                believed[sku, location][name] += units
    for record in records:
        for line in record["lines"]:
            at = believed[line["sku"], line["location"]]
            match record["state"]:
                case "held":
                    at[f"wheel {record['minute']}"] += line["quantity"]
                case "committed":
                    at["committed"] += line["quantity"]
                case "shipped":
                    at["on_hand"] -= line["quantity"]
    return believed


def _level_faults(level: Item, believed: Counter[str], incoming: int) -> list[str]:
    faults = [
        f"{name} is {level[name]}, not {believed[name]}"
        for name in ("on_hand", "committed", "unavailable", "incoming")
        if level[name] != believed[name]
    ]
    if level["incoming"] != incoming:
        faults.append(f"incoming is {level['incoming']}, the open announcements say {incoming}")
    held = sum(level["wheel"].values())
    inside = level["available"] + held + level["committed"] + level["leased"] + level["unavailable"]
    if level["on_hand"] != inside:
        faults.append(f"on_hand is {level['on_hand']}, the parts add up to {inside}")
    entries = {name.removeprefix("wheel "): units for name, units in believed.items() if name.startswith("wheel ")}
    for minute in set(entries) | set(level["wheel"]):
        folded = minute not in level["wheel"] and int(minute) <= level["folded_to"]
        if not folded and level["wheel"].get(minute, 0) != entries.get(minute, 0):
            faults.append(f"wheel {minute} is {level['wheel'].get(minute)}, not {entries.get(minute, 0)}")
    return faults
