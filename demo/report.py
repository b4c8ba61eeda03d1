"""The table at the end, and where to look next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from local.stack import Stack

DAY = {
    "orders": "orders of the day",
    "lines": "their lines, lines of one SKU summed",
    "sent_again": "refused at first, and sent again without the short lines",
    "refused": "refused in the end",
    "held": "held",
    "committed_in_time": "… paid in time",
    "committed_late": "… paid after the hold had ended, and served all the same",
    "refund_due": "… paid after the hold had ended, units gone: refund due",
    "expired": "… never paid: given back",
    "released": "… released by the buyer",
    "units_shipped": "units shipped",
    "levels_checked": "levels compared with the demo's own ledger",
    "levels_audited": "levels added up again by the auditor",
    "levels_off": "levels that were off",
    "oversold_units": "units oversold",
}
RUSH = {
    "orders": "orders, of 30 buyers; some of those who were refused came again",
    "held": "held",
    "refused": "refused",
    "committed_in_time": "… paid in time",
    "committed_late": "… paid late, and served all the same",
    "refund_due": "… paid and units gone: refund due",
    "expired": "… never paid: given back",
    "released": "… released by the buyer",
    "unpaid": "… not paid yet, and keeping their units",
    "repeated": "requests sent twice",
    "differing": "of them answered otherwise the second time",
}

NOTES = """\
The rush is not in the day's figures, only in the levels and in what is oversold; what was paid in it stays committed.

Seeds fix who buys what, who pays when, and the stock. Calls arrive when the machine lets them: which lines are \
refused, and with them the units shipped, and the split between in time, late, refund due and expired can differ by \
a few. The sums always hold, and nothing is ever oversold or off."""


def broken_identities(figures: dict[str, Any]) -> list[str]:
    """Sums that must hold, and do not."""
    ended = ("committed_in_time", "committed_late", "refund_due", "expired", "released")
    claims = {
        "orders = held + refused": figures["orders"] == figures["held"] + figures["refused"],
        "held = " + " + ".join(ended): figures["held"] == sum(figures[each] for each in ended),
    }
    return [claim for claim, holds in claims.items() if not holds]


def failures(figures: dict[str, Any]) -> list[str]:
    """Why the demo is not as it must be; none if it is."""
    zero = ("levels_off", "oversold_units", "states_off")
    wrong = [f"{name} is {figures[name]}, not 0" for name in zero if figures[name]]
    differing = {mode: rush["differing"] for mode, rush in figures["rush"].items()}
    wrong += [f"{number} repeats were answered otherwise in {mode}" for mode, number in differing.items() if number]
    return [*wrong, *broken_identities(figures), *figures["market"]["failures"]]


def show(console: Console, figures: dict[str, Any]) -> None:
    console.print()
    console.print(_day(figures), _rush(figures["rush"]), NOTES, sep="\n\n")
    console.print(_channels(figures["channels"]), _sync(figures["sync"]), sep="\n\n")
    for wrong in failures(figures):
        console.print(f"[bold red]Wrong:[/] {wrong}")


def _day(figures: dict[str, Any]) -> Table:
    table = Table(title="1 December 2010, three minutes a second", title_justify="left", show_header=False)
    table.add_column(justify="right")
    table.add_column()
    for key, meaning in DAY.items():
        table.add_row(str(figures[key]), meaning)
    return table


def _rush(rush: dict[str, dict[str, int]]) -> Table:
    table = Table(title="A rush in each deduction mode: 30 buyers, 10 units", title_justify="left")
    for mode in rush:
        table.add_column(mode, justify="right")
    table.add_column()
    for key, meaning in RUSH.items():
        table.add_row(*(str(figures[key]) for figures in rush.values()), meaning)
    return table


def _channels(channels: dict[str, dict[str, Any]]) -> Table:
    """Delays as measured here: those that the marketplaces make are divided as the day is, ours are not."""
    names = ("placed", "by_push", "by_poll", "applied", "delay_p50_s", "delay_p95_s")
    table = Table(title="Orders of seven marketplaces, webhooks late, lost and doubled", title_justify="left")
    table.add_column("channel")
    for name in names:
        table.add_column(name, justify="right")
    for channel, figures in channels.items():
        table.add_row(channel, *(_figure(figures[name]) for name in names))
    return table


def _sync(sync: dict[str, Any]) -> Table:
    table = Table(title="Listings kept in step, in three modes", title_justify="left", show_header=False)
    for name, figure in sync.items():
        table.add_row(name, _figure(figure))
    return table


def _figure(figure: object) -> str:
    if isinstance(figure, dict):
        return ", ".join(f"{name} {count}" for name, count in figure.items())
    return f"{figure:.2f}" if isinstance(figure, float) else "-" if figure is None else str(figure)


def where_to_look(stack: Stack, *, kept: bool, summary: str) -> str:
    if not kept:
        return (
            f"The figures are in {summary}, the orders in demo/data. The stack was stopped; KEEP=1 make demo\n"
            "leaves it running to look around in, make up starts an empty one. README.md shows how to call it, and\n"
            "docs/domain.md explains what you saw."
        )
    facts = f".local/{stack.name}/stack.json"
    read = f'python3 -c \'import json; print(json.load(open("{facts}"))["%s"])\''
    return (
        f"The figures are in {summary}. The stack runs on; its addresses and its client are in {facts}:\n"
        f"  API=$({read % 'api_url'})\n"
        f"  TOKEN=$(curl -s -u $({read % 'client_id'}):$({read % 'client_secret'}) \\\n"
        f"    -d grant_type=client_credentials $({read % 'token_url'}) | python3 -c 'import json, sys;"
        ' print(json.load(sys.stdin)["access_token"])\')\n'
        '  curl -s -H "authorization: Bearer $TOKEN" "$API/v1/incidents?state=open"\n'
        f"  make down STACK={stack.name}   stops it"
    )
