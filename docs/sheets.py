"""The marketplaces side by side, from their capability sheets."""

from importlib.util import find_spec

from holdfast.channels.registry import NAMES, channel
from holdfast.channels.sheet import Kind, Sheet


def table() -> tuple[list[str], list[list[str]]]:
    """Header and rows: one row a fact, one column a marketplace."""
    sheets = [channel(name).sheet for name in NAMES if find_spec(f"holdfast.channels.{name}")]
    rows = [[what, *(say(sheet) for sheet in sheets)] for what, say in FACTS]
    return ["", *(f"[{sheet.title}]({sheet.channel}.md)" for sheet in sheets)], rows


def _webhook(sheet: Sheet) -> str:
    if sheet.webhook is None:
        return "none"
    return f"within {_seconds(sheet.webhook.answer_within_s)}"


def _redelivery(sheet: Sheet) -> str:
    if sheet.webhook is None:
        return "-"
    waits = sheet.webhook.redelivery_s
    if not waits:
        return "never"
    if len(set(waits)) == 1 and len(waits) > 1:
        return f"{len(waits)} times, every {_seconds(waits[0])}"
    return "after " + ", ".join(_seconds(wait) for wait in waits)


def _seconds(seconds: float) -> str:
    """In the largest unit that leaves a whole number."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:g} s"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _codes(sheet: Sheet, kind: Kind) -> str:
    return str(sum(1 for each in sheet.errors.values() if each is kind))


FACTS = (
    ("a listing's key", lambda sheet: "`" + "~".join(sheet.listing_parts) + "`"),
    ("a stock write sets", lambda sheet: sheet.meaning.value.replace("_", " ")),
    (
        "listings in one write",
        lambda sheet: f"{sheet.batch}" + (", of one product" if sheet.batch_of_one_product else ""),
    ),
    ("0 may be written", lambda sheet: "yes" if sheet.zero else f"no: {sheet.zero_substitute}"),
    ("most units", lambda sheet: f"{sheet.most_quantity:,}"),
    ("compare and swap", lambda sheet: _yes(sheet.compare_and_swap)),
    ("a write of a difference", lambda sheet: _yes(sheet.delta)),
    ("can be read back", lambda sheet: _yes(sheet.read_back)),
    ("a row for each unit", lambda sheet: _yes(sheet.unit_rows)),
    ("webhook, to be answered", _webhook),
    ("told again", _redelivery),
    ("the webhook tells the lines", lambda sheet: "-" if sheet.webhook is None else _yes(sheet.webhook.has_lines)),
    ("cancelled units come back", lambda sheet: sheet.cancel_gives_back.value.replace("_", " ")),
    ("returned units come back", lambda sheet: sheet.return_gives_back.value.replace("_", " ")),
    ("orders in a page", lambda sheet: str(sheet.orders_page)),
    ("longest span of orders", lambda sheet: f"{sheet.orders_window_days} d" if sheet.orders_window_days else "any"),
    ("oldest change first", lambda sheet: _yes(sheet.orders_in_order)),
    ("our calls a second", lambda sheet: f"{sheet.calls_per_second:g}"),
    ("an access token lives", lambda sheet: _seconds(sheet.token_life_s) if sheet.token_life_s else "not said"),
    ("a refresh changes the refresh token", lambda sheet: _yes(sheet.refresh_rotates)),
    ("prices are whole", lambda sheet: _yes(sheet.whole_prices)),
    ("new calls after the day's are used up", lambda sheet: sheet.quota_resets or "no such limit known"),
    ("can be the home of the stock", lambda sheet: _yes(sheet.can_be_stock_home)),
    ("codes that pass", lambda sheet: _codes(sheet, Kind.PASSING)),
    ("codes of a promotion's lock", lambda sheet: _codes(sheet, Kind.PROMOTION_LOCK)),
)
