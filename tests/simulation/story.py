"""What happened in a seed, for people: the lines that have to do with what went wrong, and the way to see it again."""

from collections.abc import Iterable, Sequence
from typing import Any

from holdfast.store.table import Check, Delete, Key, Put, Query, Update

from .seed import Result
from .world import NOON, Told

MOST_LINES = 60
WIDTH = 200


def shortened(result: Result) -> list[str]:
    """The lines about the first violation, its last moments in full."""
    if not result.violations:
        return []
    first = result.violations[0]
    words = [word for word in first.about if len(word) > 1] or ["VIOLATED"]
    chosen = [told for told in result.story if _is_about(told, words)]
    lines = [_line(told) for told in chosen[-MOST_LINES:]]
    left_out = len(chosen) - len(lines)
    return [*([f"({left_out} earlier lines about {', '.join(words)})"] if left_out else []), *lines]


def whole(result: Result) -> list[str]:
    return [_line(told) for told in result.story]


def _is_about(told: Told, words: Sequence[str]) -> bool:
    if told.what in {"VIOLATED", "FAULT"}:
        return True
    text = f"{told.about} "
    return any(word in text for word in words)


def _line(told: Told) -> str:
    return f"{told.now - NOON:12.3f}  {told.who:18} {told.what:10} {_shown(told.about)}"[:WIDTH]


def _shown(about: Any) -> str:
    if isinstance(about, str):
        return about
    if isinstance(about, Key):
        return f"{about.pk} {about.sk}"
    if isinstance(about, Query):
        return f"{about.partition} up to {about.up_to}" if about.up_to else about.partition
    if isinstance(about, Put | Update | Check | Delete):
        return _action(about)
    if isinstance(about, Iterable) and not isinstance(about, dict):
        return " + ".join(_shown(each) for each in about)
    return str(about)


def _action(action: Put | Update | Check | Delete) -> str:
    text = f"{type(action).__name__} {action.key.pk} {action.key.sk}"
    if isinstance(action, Put):
        text += (
            f" {{{', '.join(f'{name}={action.item[name]}' for name in ('state', 'minute') if name in action.item)}}}"
        )
    if isinstance(action, Update):
        parts = [f"{'.'.join(path)}={value}" for path, value in action.put.items() if path != ("history",)]
        moved = {**action.add, **action.start}
        parts += [f"{'.'.join(path)}{units:+d}" for path, units in moved.items() if path != ("version",)]
        parts += [f"-{'.'.join(path)}" for path in action.remove]
        text += f" [{', '.join(parts)}]"
    if action.conditions:
        text += f" if {', '.join(f'{each.name}({each.value})' for each in action.conditions)}"
    return text
