"""Every alarm has its section in docs/operations.md, and waits for a metric that its function counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local import template

ROOT = Path(__file__).resolve().parents[2]
ALARMS = {
    each["AlarmName"]["Fn::Sub"].removeprefix("${AWS::StackName}-"): each
    for each in template.resources(template.read(), "AWS::CloudWatch::Alarm").values()
}
BUSINESS = {name: each for name, each in ALARMS.items() if "Holdfast" in str(each["Namespace"])}
PARTS = ("Means", "Look at", "do")


def sections() -> dict[str, str]:
    """Alarm's name → text of the section whose heading names it."""
    whole = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    alarms_part = whole.split("\n# Runbook\n")[0]
    found = re.findall(r"^### ([^\n]*)\n(.*?)(?=^##|\Z)", alarms_part, re.MULTILINE | re.DOTALL)
    return {name: text for heading, text in found for name in heading.split(" · ")}


def test_the_sections_name_exactly_the_alarms_of_the_template() -> None:
    assert sorted(sections()) == sorted(ALARMS)


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_a_section_says_what_the_alarm_means_what_to_look_at_and_what_to_do(name: str) -> None:
    text = sections().get(name, "")
    for part in PARTS:
        assert re.search(rf"\*\*{part}\*\*", text, re.IGNORECASE), part


@pytest.mark.parametrize("name", sorted(BUSINESS))
def test_an_alarm_of_the_business_waits_for_a_metric_that_the_code_counts(name: str) -> None:
    metric = BUSINESS[name]["MetricName"]
    sources = [*(ROOT / "layers" / "core").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    assert any(f'"{metric}"' in each.read_text(encoding="utf-8") for each in sources)
