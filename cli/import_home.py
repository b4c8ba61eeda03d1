"""The first import: what a shop has on hand, where the merchant keeps its stock there, becomes our levels as counts."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cli.api import Refused
from cli.names import shop_path
from cli.talk import Talk

MOST_PAGES = 1_000
COUNTED_AT_ONCE = 50


def import_home(talk: Talk, name: str, *, location: str, check: bool) -> None:
    """Count every SKU that one listing of the shop sells alone. Safe to repeat: a count says what is there now."""
    path, (channel, shop) = shop_path(name), name.split("/")
    sold = {
        each["listing"]: each["components"]
        for each in talk.pages("/v1/listings", most=100_000, channel=channel, shop=shop)
    }
    mark = f"{datetime.now(UTC):%Y%m%dT%H%M}"
    counts: dict[str, dict[str, Any]] = {}
    left_out: list[str] = []
    for shown in _shown(talk, path):
        parts = sold.get(shown["listing"], [])
        if len(parts) != 1 or parts[0]["quantity"] != 1:
            left_out.append(shown["listing"])
            continue
        counts[parts[0]["sku"]] = {
            "id": f"{channel}:{shop}:{shown['listing']}:{mark}"[:128],
            "sku": parts[0]["sku"],
            "type": "count",
            "location": location,
            "quantity": max(0, shown["quantity"] if shown["on_hand"] is None else shown["on_hand"]),
            "reason": f"first import from {name}",
        }
    written = 0 if check else _write(talk, list(counts.values()))
    told = {"shop": name, "skus": len(counts), "written": written, "left_out": left_out}
    ignored = f" Left out, not mapped to one unit of one SKU: {', '.join(left_out[:20])}." if left_out else ""
    talk.show(told, f"{written} of {len(counts)} SKUs counted at {location} as {name} has them.{ignored}")


def _shown(talk: Talk, path: str) -> Iterator[dict[str, Any]]:
    """All pages of what the shop shows."""
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = talk.ask("GET", f"{path}/stock", cursor=cursor)
        yield from page["items"]
        cursor = page["cursor"]
        if cursor is None:
            return
    talk.fail(f"{path} has more pages than {MOST_PAGES}; count the rest by CSV")


def _write(talk: Talk, movements: list[dict[str, Any]]) -> int:
    columns = (TextColumn("counting"), BarColumn(), MofNCompleteColumn())
    done = 0
    with Progress(*columns, console=talk.err, disable=talk.as_json) as progress:
        task = progress.add_task("counting", total=len(movements))
        for start in range(0, len(movements), COUNTED_AT_ONCE):
            part = movements[start : start + COUNTED_AT_ONCE]
            answer = talk.ask("POST", "/v1/movements", {"movements": part})
            for movement, result in zip(part, answer["results"], strict=True):
                if result["status"] >= 400:  # noqa: PLR2004  # an HTTP status
                    progress.stop()
                    problem = dict(result["problem"])
                    talk.refuse(Refused(problem | {"detail": f"{movement['sku']}: {problem.get('detail', '')}"}))
            done += len(part)
            progress.update(task, completed=done)
    return done
