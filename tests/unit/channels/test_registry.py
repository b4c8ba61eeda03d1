"""The marketplaces by name, each imported when it is asked for."""

import subprocess
import sys

import pytest

from holdfast.channels.registry import NAMES, channel


def test_importing_the_registry_imports_no_marketplace() -> None:
    script = "import holdfast.channels.registry, sys; print(*[n for n in sys.modules if n.startswith('holdfast')])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": "layers/core"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) == {
        "holdfast",
        "holdfast.channels",
        "holdfast.channels.registry",
        "holdfast.channels.protocol",
        "holdfast.channels.sheet",
        "holdfast.domain",
        "holdfast.domain.market",
        "holdfast.domain.channel_names",
    }


@pytest.mark.parametrize("name", ["sendo", "", "protocol", "..store"])
def test_a_name_that_is_no_channel_imports_nothing(name: str) -> None:
    with pytest.raises(ValueError, match="no such channel"):
        channel(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_channel_s_sheet_bears_its_name(name: str) -> None:
    assert channel(name).sheet.channel == name
