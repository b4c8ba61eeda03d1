"""Import SKUs, levels and listings from CSV: the whole file is checked before the first write, and a run that was cut
off goes on where it was.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.api import Refused
from cli.csv_files import MOST_MISTAKES_TOLD, Checked, Step, check_file
from cli.import_home import import_home
from cli.names import listing_path
from cli.talk import Talk, talk_of

app = typer.Typer(no_args_is_help=True, help="Import from CSV.")

FileName = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
MaybeFile = Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, readable=True)]
Home = Annotated[str | None, typer.Option("--from", help="A shop where the stock is kept, as in haravan/hanoi.")]
Location = Annotated[str, typer.Option(help="With --from: the location whose levels the shop's stock becomes.")]
CheckOnly = Annotated[bool, typer.Option(help="Check the file and write nothing.")]
Anew = Annotated[bool, typer.Option(help="Begin at the first row, also if an earlier run was cut off.")]

ASKED_AT_ONCE = 100
# Rows that are written by one call, and lost to a progress file that could not be written: at most sent again.
MOVED_AT_ONCE = 50


@app.command("skus")
def skus(context: typer.Context, file: FileName, check: CheckOnly = False, anew: Anew = False) -> None:
    """Columns: sku, name*, deduction_mode*, hold_seconds*, max_quantity*."""
    _import(talk_of(context), file, "skus", check=check, anew=anew)


@app.command("levels")
def levels(
    context: typer.Context,
    file: MaybeFile = None,
    home: Home = None,
    location: Location = "main",
    check: CheckOnly = False,
    anew: Anew = False,
) -> None:
    """Columns: sku, location, quantity. Each row is a stock count. Or --from a shop where the stock is kept."""
    talk = talk_of(context)
    if (file is None) == (home is None):
        talk.fail("name a file, or a shop with --from haravan/hanoi")
    if home is not None:
        import_home(talk, home, location=location, check=check)
    elif file is not None:
        _import(talk, file, "levels", check=check, anew=anew)


@app.command("listings")
def listings(context: typer.Context, file: FileName, check: CheckOnly = False, anew: Anew = False) -> None:
    """Columns: channel, shop, listing, sku, quantity*, price*, currency*. A bundle has a row for each SKU."""
    _import(talk_of(context), file, "listings", check=check, anew=anew)


def _import(talk: Talk, file: Path, kind: str, *, check: bool, anew: bool) -> None:
    try:
        checked = check_file(file, kind)
    except UnicodeDecodeError:
        talk.fail(f"{file} is not in UTF-8")
    _end_if_wrong(talk, checked)
    unknown = _unknown_skus(talk, checked.steps)
    checked.mistakes += [
        f"line {step.line}: no such SKU: {sku!r}" for step in checked.steps for sku in step.skus if sku in unknown
    ]
    _end_if_wrong(talk, checked)
    if check:
        talk.show({"rows": len(checked.steps), "written": 0}, f"{len(checked.steps)} to write, nothing is wrong.")
        return
    bookmark = Bookmark(file, kind, checked.digest)
    done = 0 if anew else bookmark.read()
    if done:
        talk.err.print(f"going on after {done} of {len(checked.steps)}")
    _write(talk, kind, checked.steps, bookmark, done=done)
    bookmark.clear()
    written = {"rows": len(checked.steps), "written": len(checked.steps) - done}
    talk.show(written, f"{written['written']} written, {done} had been before.")


def _end_if_wrong(talk: Talk, checked: Checked) -> None:
    if not checked.mistakes:
        return
    for mistake in checked.mistakes[:MOST_MISTAKES_TOLD]:
        talk.err.print(mistake, markup=False)
    count, more = len(checked.mistakes), len(checked.mistakes) - MOST_MISTAKES_TOLD
    told = f"nothing was written: {count} mistake{'' if count == 1 else 's'}"
    talk.fail(told + (f", {more} of them not shown" if more > 0 else ""))


def _unknown_skus(talk: Talk, steps: Sequence[Step]) -> set[str]:
    wanted = sorted({sku for step in steps for sku in step.skus})
    unknown: set[str] = set()
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        part = wanted[start : start + ASKED_AT_ONCE]
        try:
            answer = talk.api.ask_many("/v1/availability", "sku", part)
        except Refused as refused:
            talk.refuse(refused)
        unknown |= {each["sku"] for each in answer["skus"] if not each["known"]}
    return unknown


def _write(talk: Talk, kind: str, steps: Sequence[Step], bookmark: "Bookmark", *, done: int) -> None:
    columns = (TextColumn(f"{kind}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=talk.err, disable=talk.as_json) as progress:
        task = progress.add_task(kind, total=len(steps), completed=done)
        for part in _parts(steps[done:], MOVED_AT_ONCE if kind == "levels" else 1):
            try:
                _write_part(talk, kind, part)
            except Refused as refused:
                progress.stop()
                talk.err.print(f"line {part[0].line}: stopped after {done} of {len(steps)}; run it again to go on")
                talk.refuse(refused)
            done += len(part)
            bookmark.write(done)
            progress.update(task, completed=done)


def _parts(steps: Sequence[Step], size: int) -> Iterator[Sequence[Step]]:
    for start in range(0, len(steps), size):
        yield steps[start : start + size]


def _write_part(talk: Talk, kind: str, part: Sequence[Step]) -> None:
    """Raises Refused."""
    if kind == "levels":
        answer = talk.api.ask("POST", "/v1/movements", {"movements": [step.body for step in part]})
        for step, result in zip(part, answer["results"], strict=True):
            if result["status"] >= 400:  # noqa: PLR2004  # an HTTP status
                problem = dict(result["problem"])
                raise Refused(problem | {"detail": f"line {step.line}: {problem.get('detail', '')}"})
        return
    [step] = part
    if kind == "skus":
        talk.api.ask("PUT", "/v1/skus/-", step.body, sku=step.name)
    else:
        talk.api.ask("PUT", listing_path(step.name), step.body)


class Bookmark:
    """How far an import came, beside its file. It is for this content only: a file that was changed begins anew."""

    def __init__(self, file: Path, kind: str, digest: str) -> None:
        self._path = file.with_name(f"{file.name}.{kind}-import")
        self._digest = digest

    def read(self) -> int:
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0
        same = isinstance(told, dict) and told.get("digest") == self._digest
        return int(told["done"]) if same and isinstance(told.get("done"), int) else 0

    def write(self, done: int) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({"digest": self._digest, "done": done}), encoding="utf-8")
        fresh.replace(self._path)

    def clear(self) -> None:
        self._path.unlink(missing_ok=True)
