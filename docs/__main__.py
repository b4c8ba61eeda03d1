"""`python -m docs` (or `make docs`): write the generated tables of the documents anew from the code."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "layers/core"))  # in Lambda the layer is on the path

from docs.tables import BLOCKS, ROOT, current


def main() -> None:
    for name in sorted({block.document for block in BLOCKS}):
        document = ROOT / name
        before = document.read_text(encoding="utf-8")
        after = current(name, before)
        if after != before:
            document.write_text(after, encoding="utf-8")
            sys.stdout.write(f"{name} written\n")


main()
