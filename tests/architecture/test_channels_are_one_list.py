"""A marketplace that is added in one place and forgotten in another is found here, not by a merchant."""

import tomllib
from pathlib import Path
from typing import get_args

from demo.market import stalls
from demo.market.judge import ASKS
from holdfast.channels.registry import NAMES, channel
from holdfast.channels.sheet import GivesBack
from holdfast.channels.webhooks import SCHEMES
from holdfast.domain.channel_names import CHANNELS
from holdfast.runtime.api.shown_sync import ChannelShown
from sandbox.faces.all import FACES

ROOT = Path(__file__).resolve().parents[2]
SHEETS = {name: channel(name).sheet for name in NAMES}


def test_every_list_of_marketplaces_is_the_same() -> None:
    assert NAMES == CHANNELS == stalls.CHANNELS == get_args(ChannelShown)
    assert set(FACES) == set(CHANNELS)
    assert [sheet.channel for sheet in SHEETS.values()] == list(NAMES)


def test_whoever_sends_webhooks_has_a_scheme_with_the_header_of_its_sheet() -> None:
    told = {name: sheet.webhook.header for name, sheet in SHEETS.items() if sheet.webhook is not None}
    assert told == {name: scheme.header for name, scheme in SCHEMES.items()}


def test_a_push_names_its_shop_by_a_member_that_the_secret_must_have() -> None:
    named = {name: sheet.webhook.shop_member for name, sheet in SHEETS.items() if sheet.webhook}
    assert any(named.values())
    for name, member in named.items():
        assert member is None or member in channel(name).needs(), name


def test_whoever_says_what_may_be_sold_again_is_judged_by_it() -> None:
    asked = {name for name, sheet in SHEETS.items() if sheet.cancel_gives_back is GivesBack.IF_RESTOCKED}
    assert asked == ASKS


def test_every_marketplace_has_its_document_its_tests_and_a_face_that_stands_alone() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    [alone] = [each["modules"] for each in contracts["contracts"] if each["id"] == "faces-stand-alone"]
    assert set(alone) == {f"sandbox.faces.{name}" for name in NAMES}
    for name in NAMES:
        for path in (
            f"docs/channels/{name}.md",
            f"tests/unit/channels/test_{name}.py",
            f"tests/unit/sandbox/test_{name}.py",
        ):
            assert (ROOT / path).is_file(), path
