"""Where a stack is and who asks: a small JSON file, the same shape as the local stack's `.local/stack.json`."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

LOCAL = Path(".local/stack.json")
OWN = Path("~/.config/holdfast/stack.json")
NAMES = ("api_url", "token_url", "client_id", "client_secret")


@dataclass(frozen=True)
class StackFile:
    """Addresses without a slash at the end."""

    api_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)


def find_stack(named: Path | None) -> StackFile:
    """The file that was named, or the local stack's, or the one that `connect` wrote.

    Raises OSError if there is none, ValueError if it lacks something.
    """
    places = [named] if named else [LOCAL, OWN.expanduser()]
    found = next((place for place in places if place.is_file()), None)
    if found is None and named:
        raise FileNotFoundError(f"there is no file {named}; `holdfast connect` writes one, and so does `make up`")
    if found is None:
        raise FileNotFoundError("no stack is known: `holdfast connect`, or name its file with --stack")
    told = _object_in(found)
    texts = {name: text for name in NAMES if isinstance(text := told.get(name), str) and text}
    missing = [name for name in NAMES if name not in texts]
    if missing:
        raise ValueError(f"{found} says nothing of {', '.join(missing)}")
    return StackFile(**{name: text.rstrip("/") if name.endswith("_url") else text for name, text in texts.items()})


def _object_in(file: Path) -> dict[str, object]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ValueError(f"{file} is no JSON object; `holdfast connect` writes it anew")  # noqa: TRY004  # of its content
    return told


def keep_stack(stack: StackFile, path: Path) -> None:
    """Readable by nobody else from the moment it is there: it holds a secret."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(stack), file, indent=2)
