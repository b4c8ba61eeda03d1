"""Tables of the documents that are generated from the code, each between two markers in its document.

`python -m docs` writes them; `tests/architecture/test_docs.py` fails while one of them is not current.
"""

import ast
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs import cost, sheets
from holdfast.domain import conditions
from holdfast.domain.conditions import Condition
from holdfast.domain.reservation import TABLE, Command, Go, Refuse, Rule, State
from holdfast.domain.sync import Rules, Stock, SyncMode, act_on, target
from holdfast.store import keys

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "layers" / "core" / "holdfast"


@dataclass(frozen=True)
class Block:
    """A generated table: where it stands, and what writes it."""

    document: str
    name: str
    table: Callable[[], str]


def current(document: str, text: str) -> str:
    """The document's text with every generated table as the code has it now. Raises ValueError without its markers."""
    for block in BLOCKS:
        if block.document != document:
            continue
        begin, end = f"<!-- generated: {block.name} -->\n", f"<!-- end: {block.name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"{document} has no markers for the table {block.name!r}")
        text = f"{before}{begin}\n{block.table()}\n\n{end}{after}"
    return text


def state_table() -> str:
    """(state, command) as rows and columns, from `holdfast.domain.reservation.TABLE`."""
    rows = dict.fromkeys(state for state, _ in TABLE)
    commands = list(Command)
    header = ["state", *(f"`{command.value}`" for command in commands)]
    return _table(header, ([f"**{row}**", *(_cell(TABLE[row, each], row) for each in commands)] for row in rows))


def _cell(rule: Rule, row: str) -> str:
    if isinstance(rule, Refuse):
        return f"refused: `{rule.code}`"
    if isinstance(rule, Go):
        stays = rule.state.value == row
        told = f"{rule.state.value}, changed" if stays else f"→ {rule.state.value}"
        if rule.without_units is None:
            return told
        without = rule.without_units
        return told + (f"; without units → {without.value}" if isinstance(without, State) else _refusal(without))
    return "as it is"


def _refusal(code: str) -> str:
    return f"; without units refused: `{code}`"


def keys_table() -> str:
    """The table in the docstring of `holdfast.store.keys`."""
    written = [line for line in (keys.__doc__ or "").splitlines() if line.startswith("|")]
    header, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in written)
    return _table(header, ([row[0], f"`{row[1]}`", f"`{row[2]}`"] for row in rows))


def conditions_table() -> str:
    """Every named condition: its expression, what it protects, and what carries it."""
    carried = _carriers({name for name, _ in _named_conditions()})
    rows = (
        [f"`{name}`", f"`{_expression(condition)}`", _sentence(condition), ", ".join(carried[name])]
        for name, condition in _named_conditions()
    )
    return _table(["name", "expression", "what it protects", "carried by"], rows)


def _named_conditions() -> list[tuple[str, Callable[..., Condition]]]:
    found = inspect.getmembers(conditions, inspect.isfunction)
    own = [(name, each) for name, each in found if inspect.signature(each).return_annotation is Condition]
    return sorted(own, key=lambda pair: pair[1].__code__.co_firstlineno)


def _expression(condition: Callable[..., Condition]) -> str:
    """As DynamoDB reads it, with `:name` where a value stands."""
    parameters = inspect.signature(condition).parameters.values()
    given: list[Any] = [f":{each.name}" if each.default is each.empty else each.default for each in parameters]
    made = condition(*given)
    path = ".".join(made.path).replace(":", "")
    match made.test:
        case "exists":
            return f"attribute_exists({path})"
        case "absent":
            return f"attribute_not_exists({path})"
        case "size<":
            return f"size({path}) < {made.value}"
        case "absent or <":
            return f"attribute_not_exists({path}) OR {path} < {made.value}"
        case comparison:
            return f"{path} {comparison} {made.value}"


def _sentence(condition: Callable[..., Condition]) -> str:
    return " ".join((inspect.getdoc(condition) or "").split())


def _carriers(names: set[str]) -> dict[str, list[str]]:
    """Condition → the functions that use it, in the order of their modules."""
    found: dict[str, list[str]] = {name: [] for name in names}
    for module in sorted(CORE.rglob("*.py")):
        if module.name == "conditions.py":
            continue
        for function in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for name in sorted(_called(function) & names):
                shown = f"`{module.stem}.{function.name}`"
                found[name] += [shown] if shown not in found[name] else []
    return found


def _called(function: ast.FunctionDef) -> set[str]:
    calls = (each.func for each in ast.walk(function) if isinstance(each, ast.Call))
    return {each.id for each in calls if isinstance(each, ast.Name)}


def _table(header: list[str], rows: Iterable[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


# Free units (with those on their way), and the rules of a listing; `docs/sync.md` shows what they make.
TARGET_EXAMPLES: tuple[tuple[Stock, Rules], ...] = (
    (Stock(free=10), Rules()),
    (Stock(free=13), Rules(ratio=50)),
    (Stock(free=10), Rules(ratio=50, threshold=5)),
    (Stock(free=12), Rules(ratio=50, threshold=5)),
    (Stock(free=1), Rules(ratio=99)),
    (Stock(free=80), Rules(ratio=50, maximum=20)),
    (Stock(free=80), Rules(maximum=5, threshold=5)),
    (Stock(free=1), Rules()),
    (Stock(free=0), Rules()),
    (Stock(free=-3), Rules()),
    (Stock(free=0, incoming=100), Rules()),
    (Stock(free=0, incoming=100), Rules(incoming_cap=5)),
    (Stock(free=-3, incoming=100), Rules(incoming_cap=5)),
)


def targets_table() -> str:
    """What `holdfast.domain.sync.target` makes of the examples."""
    header = ["free", "on their way", "ratio", "maximum", "threshold", "cap", "offered", "shown", "because of"]
    return _table(header, (_example(stock, rules) for stock, rules in TARGET_EXAMPLES))


def _example(stock: Stock, rules: Rules) -> list[str]:
    made = target({"sku": 1}, {"sku": stock}, rules)
    maximum = "" if rules.maximum is None else str(rules.maximum)
    told = [stock.free, stock.incoming, f"{rules.ratio} %", maximum, rules.threshold, rules.incoming_cap]
    return [*map(str, told), str(made.offered), f"**{made.quantity}**", f"`{made.rule.value}`"]


def acts_table() -> str:
    """What `holdfast.domain.sync.act_on` says of a change, in each mode."""
    some = target({"sku": 1}, {"sku": Stock(free=3)}, Rules())
    none = target({"sku": 1}, {"sku": Stock(free=0)}, Rules())
    owed = target({"sku": 1}, {"sku": Stock(free=-1)}, Rules())
    header = ["mode", "`push_at_threshold`", "paused", "to 3", "to 0", "to 0, and units are owed"]
    rows = (
        [f"`{mode.value}`", _yes(at_threshold), _yes(paused)]
        + [
            act_on(Rules(mode=mode, push_at_threshold=at_threshold, paused=paused), to, acknowledged=7).value.replace(
                "_", " "
            )
            for to in (some, none, owed)
        ]
        for mode in SyncMode
        for at_threshold in (True, False)
        for paused in (False, True)
    )
    return _table(header, rows)


def _yes(told: bool) -> str:
    return "yes" if told else "no"


BLOCKS = (
    Block("docs/sync.md", "targets", targets_table),
    Block("docs/sync.md", "acts", acts_table),
    Block("docs/domain.md", "states", state_table),
    Block("docs/table-design.md", "keys", keys_table),
    Block("docs/table-design.md", "conditions", conditions_table),
    Block("README.md", "cost", lambda: _table(*cost.table())),
    Block("README.md", "cost-orders", lambda: _table(*cost.order_table())),
    Block("docs/channels/README.md", "sheets", lambda: _table(*sheets.table())),
)
