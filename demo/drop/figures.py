"""What a drop came to, in figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from demo.drop.people import Sale

FEWEST_FOR_REGULARS, MOST_UNSOLD = 0.95, 2


def figures(sale: Sale, *, bottles: int, committed: int, oversold: int) -> dict[str, Any]:
    """Shares are of the bottles paid for; `regular_share` is of all honest buyers, newcomers among them."""
    paid = Counter(hold.kind for hold in sale.holds if hold.paid)
    total = max(1, paid.total())
    held = sum(max(0.0, hold.ends - hold.began) for hold in sale.holds)
    return {
        "bottles": bottles,
        "paid": paid.total(),
        "regular_share": round((paid["regular"] + paid["newcomer"]) / total, 4),
        "newcomer_share": round(paid["newcomer"] / total, 4),
        "scalper_share": round(paid["scalper"] / total, 4),
        "oversold_units": oversold + max(0, committed - bottles),
        "unsold_units": bottles - committed,
        "held_minutes_per_unit": round(held / bottles, 1),
        "expired": sum(1 for hold in sale.holds if not hold.paid),
        "holds": len(sale.holds),
        "refund_due": sum(1 for hold in sale.holds if hold.outcome == "refund_due"),
        "holds_by_kind": dict(sorted(Counter(hold.kind for hold in sale.holds).items())),
        "refused": dict(sorted(sale.codes.items())),
    }


def failures(found: dict[str, Any]) -> list[str]:
    """What is not as it must be."""
    wrong: list[str] = []
    for name, each in found.items():
        if each["oversold_units"]:
            wrong.append(f"{name}: {each['oversold_units']} oversold")
        if each["paid"] != each["bottles"] - each["unsold_units"]:
            wrong.append(f"{name}: the buyers paid for {each['paid']}, the level says otherwise")
    ruled = found["with_rules"]
    if ruled["regular_share"] < FEWEST_FOR_REGULARS:
        wrong.append(f"with rules regular buyers got {ruled['regular_share']:.0%}")
    if ruled["unsold_units"] > MOST_UNSOLD:
        wrong.append(f"with rules {ruled['unsold_units']} bottles stayed unsold")
    if not ruled["newcomer_share"]:
        wrong.append("with rules no newcomer got a bottle")
    return wrong


def table(found: dict[str, Any]) -> Table:
    shown = Table(title="Who got the bottles", title_justify="left")
    shown.add_column("")
    names = list(found)
    for name in names:
        shown.add_column(name.replace("_", " "), justify="right")
    for key in ("regular_share", "newcomer_share", "scalper_share"):
        shown.add_row(key.replace("_", " "), *(f"{found[name][key]:.0%}" for name in names))
    for key in ("paid", "unsold_units", "oversold_units", "holds", "expired", "refund_due", "held_minutes_per_unit"):
        shown.add_row(key.replace("_", " "), *(str(found[name][key]) for name in names))
    return shown
