"""Signatures that others have computed: `tests/support/vectors/signatures.json`."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "vectors" / "signatures.json"


def known(channel: str, of: str) -> list[dict[str, Any]]:
    """The known answers of a channel; `of` is `request_signing` or `webhook`. Never empty."""
    found: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))[channel][of]
    assert found
    return found
