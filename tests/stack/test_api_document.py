"""The API on the local stack answers as docs/openapi.json says: 3,000 requests, good and bad, made by schemathesis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.stack import Stack

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "openapi.json"

# With these the run ends in a minute or two: the local API serves 25 to 40 requests a second.
EXAMPLES = 8
SEED = 20_260_302
LIMIT_SECONDS = 280


def test_schemathesis_finds_nothing(stack: Stack, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("schemathesis")
    environment = {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "API_URL": stack.api_url,
        "TOKEN": stack.token(),
        "HOOKS": str(HERE / "schemathesis_hooks.py"),
    }
    arguments = ["--config-file", str(HERE / "schemathesis.toml"), "run", str(DOCUMENT)]
    limits = ["--phases", "coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", str(SEED)]

    done = subprocess.run(
        [str(program), *arguments, *limits, "--continue-on-failure", "--no-color"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    assert f"Tested: {sum(map(len, paths.values()))}" in done.stdout
