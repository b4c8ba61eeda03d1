"""The documents say what is so: generated tables are current, links lead somewhere, commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.tables import BLOCKS, current

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
MOST_LINES_OF_A_DECISION = 50

LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.DOTALL)
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
MAKE = re.compile(r"\bmake ([a-z]+)\b(?=[^a-z]*(?:`|STACK=|$|#))", re.MULTILINE)

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))


def anchors(document: Path) -> set[str]:
    """The anchors that a code host gives to the document's headings."""
    headings = HEADING.findall(CODE.sub("", document.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", sorted({block.document for block in BLOCKS}))
def test_generated_tables_are_as_the_code_has_them(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text == current(name, text), "run `make docs`"


@every_document
def test_every_relative_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for link in LINK.findall(CODE.sub("", document.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_document
def test_every_make_command_named_in_a_document_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(MAKE.findall(document.read_text(encoding="utf-8"))) <= targets


def test_every_decision_is_in_the_list_of_decisions() -> None:
    listed = LINK.findall((ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == [each.name for each in DECISIONS]


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda each: each.stem)
def test_a_decision_is_told_on_a_page(decision: Path) -> None:
    assert len(decision.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_A_DECISION
