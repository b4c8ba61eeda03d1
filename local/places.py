"""Where things lie: one folder a stack, one for each tool."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from local.failure import Failure

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".local"
TOOLS = ROOT / ".tools"
BUILD = ROOT / ".aws-sam" / "build"
TEMPLATE = ROOT / "template.yaml"

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_RESERVED = {"engine", "sandbox"}


@dataclass(frozen=True)
class Places:
    """The files of one stack. The name "" is the clone's main stack."""

    name: str

    def __post_init__(self) -> None:
        if self.name and (not _NAME.fullmatch(self.name) or self.name in _RESERVED):
            raise Failure(
                f"{self.name!r} cannot name a stack.",
                advice="Use up to 31 small letters, digits and hyphens, starting with a letter.",
            )

    @property
    def folder(self) -> Path:
        return STATE / self.name if self.name else STATE

    @property
    def facts(self) -> Path:
        """What callers read: addresses, credentials, names."""
        return self.folder / "stack.json"

    @property
    def engine(self) -> Path:
        """Everything the engine writes. Gone when it stops."""
        return self.folder / "engine"

    @property
    def sandbox(self) -> Path:
        """Everything the sandbox writes. Gone when the stack stops."""
        return self.folder / "sandbox"

    def clear(self) -> None:
        """Remove the stack's state. Files that others put beside it (a summary of the demo) stay."""
        self.facts.unlink(missing_ok=True)
        shutil.rmtree(self.engine, ignore_errors=True)
        shutil.rmtree(self.sandbox, ignore_errors=True)
        if self.name and self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()


def all_names() -> list[str]:
    """Names of all stacks of this clone that left a trace."""
    engines = [*STATE.glob("engine"), *STATE.glob("*/engine")]
    return sorted("" if each.parent == STATE else each.parent.name for each in engines)


def tool(environment: str, program: str) -> Path:
    """Path of a program in one of the environments that `make` makes."""
    path = TOOLS / environment / "bin" / program
    if not path.exists():
        raise Failure(f"{program} is not installed in .tools/{environment}.", advice="Run `make setup` first.")
    return path
