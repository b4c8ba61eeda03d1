"""The figures of the risk report, from what the API says. No network, no drawing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TOP_HOLDERS = 10
PAID_STATES = frozenset({"committed", "shipped", "refund_due", "refunded"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuLine:
    """`hold_to_pay`: holds for each that was paid (None: none was). `unpaid_share`: per cent of the units on hand."""

    sku: str
    holds: int
    paid: int
    expired: int
    released: int
    hold_to_pay: float | None
    unpaid_units: int
    on_hand: int
    unpaid_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whoever ties up most: minutes of holds that were not paid, by buyer."""

    buyer: str
    holds: int
    paid: int
    units_held_now: int
    unpaid_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """How often a rule applied, and by action what it did (`did`) or would have done (`would`)."""

    rule: str
    applied: int
    did: dict[str, int]
    would: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`refused` by code; `cut_short`: there were more reservations than it looked at."""

    since: datetime
    until: datetime
    reservations: int
    cut_short: bool
    skus: tuple[SkuLine, ...]
    holders: tuple[Holder, ...]
    rules: tuple[RuleLine, ...]
    refused: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        told = asdict(self)
        return told | {"since": self.since.isoformat(), "until": self.until.isoformat()}


def report_of(
    reservations: Sequence[Mapping[str, Any]],
    levels: Mapping[str, Mapping[str, int]],
    ruled: Iterable[Mapping[str, Any]],
    *,
    since: datetime,
    now: datetime,
    cut_short: bool = False,
) -> Report:
    rows = list(ruled)
    return Report(
        since=since,
        until=now,
        reservations=len(reservations),
        cut_short=cut_short,
        skus=_skus(reservations, levels),
        holders=_holders(reservations, now=now),
        rules=_rules(rows),
        refused=dict(Counter(row["code"] for row in rows if row["code"]).most_common()),
    )


def _skus(reservations: Sequence[Mapping[str, Any]], levels: Mapping[str, Mapping[str, int]]) -> tuple[SkuLine, ...]:
    states: dict[str, Counter[str]] = defaultdict(Counter)
    for each in reservations:
        for sku in {line["sku"] for line in each["lines"]}:
            states[sku]["holds"] += 1
            states[sku]["paid"] += _is_paid(each)
            states[sku][each["state"]] += 1
    lines = [
        SkuLine(
            sku=sku,
            holds=counted["holds"],
            paid=counted["paid"],
            expired=counted["expired"],
            released=counted["released"],
            hold_to_pay=round(counted["holds"] / counted["paid"], 2) if counted["paid"] else None,
            unpaid_units=levels[sku]["reserved"] - levels[sku]["due"],
            on_hand=levels[sku]["on_hand"],
            unpaid_share=_percent(levels[sku]["reserved"] - levels[sku]["due"], levels[sku]["on_hand"]),
        )
        for sku, counted in states.items()
    ]
    return tuple(sorted(lines, key=lambda line: (-line.unpaid_share, -line.holds, line.sku)))


def _is_paid(reservation: Mapping[str, Any]) -> bool:
    return bool(reservation["paid"]) and reservation["state"] in PAID_STATES


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole > 0 else 0.0


def _holders(reservations: Sequence[Mapping[str, Any]], *, now: datetime) -> tuple[Holder, ...]:
    by_buyer: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for each in reservations:
        by_buyer[each["buyer"]["id"]].append(each)
    holders = [
        Holder(
            buyer=buyer,
            holds=len(theirs),
            paid=sum(map(_is_paid, theirs)),
            units_held_now=sum(
                line["quantity"] for each in theirs if each["state"] == "held" for line in each["lines"]
            ),
            unpaid_minutes=round(sum(_unpaid_minutes(each, now=now) for each in theirs)),
        )
        for buyer, theirs in by_buyer.items()
    ]
    holders.sort(key=lambda each: (-each.unpaid_minutes, -each.units_held_now, each.buyer))
    return tuple(each for each in holders[:TOP_HOLDERS] if each.unpaid_minutes or each.units_held_now)


def _unpaid_minutes(reservation: Mapping[str, Any], *, now: datetime) -> float:
    """How long it held units without being paid in the end: until now, its end, or its release."""
    if _is_paid(reservation) or reservation["mode"] != "reserve":
        return 0.0
    began = datetime.fromisoformat(reservation["created_at"])
    ended = reservation["expires_at"] or reservation["changed_at"]
    return max(0.0, (min(now, datetime.fromisoformat(ended)) - began).total_seconds() / 60)


def _rules(rows: Iterable[Mapping[str, Any]]) -> tuple[RuleLine, ...]:
    did: dict[str, Counter[str]] = defaultdict(Counter)
    would: dict[str, Counter[str]] = defaultdict(Counter)
    applied: Counter[str] = Counter()
    for row in rows:
        for hit in row["hits"]:
            applied[hit["rule"]] += 1
            (did if hit["acted"] else would)[hit["rule"]][hit["action"]] += 1
    return tuple(
        RuleLine(rule=rule, applied=times, did=dict(did[rule]), would=dict(would[rule]))
        for rule, times in applied.most_common()
    )
