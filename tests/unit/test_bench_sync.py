"""What the bench says of listings kept in step: the worst of what it saw, never the best."""

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bench.fair import LevelReads
from bench.hot_sku import Hot
from bench.lost_pushes import CAUSES, Healed
from bench.market_costs import MarketCosts
from bench.meter import Cost
from bench.session_run import PlainRun, SessionRun
from bench.sync import InStep
from bench.targets import TARGETS
from holdfast.domain.channel_names import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Callable

HOT = Hot(1_000, 20.0, 7, at_once=1, calls=70, wrong=0, plain_at_once=4, plain_calls_per_change=1.0)
RUN = SessionRun("lazada", 10_000, 2_000, asked=10_000, level_reads=1, calls=500, wrong=0, planned_s=1.0, pushed_s=1.0)
HEALED = Healed("down", 7, tries=50, longest_s=800.0, cycle_s=900.0, wrong=0, plain_wrong=7)
GOOD = InStep(HOT, [RUN], PlainRun(200, 5, 200), [HEALED], MarketCosts(Cost(()), Cost(()), Cost(())))
OURS = [target for target in TARGETS if target.figure.startswith("sync_")]


def missed(seen: InStep) -> list[str]:
    figures = seen.figures()
    return [target.figure for target in OURS if not target.met(figures[target.figure])]


def test_what_is_as_it_should_be_meets_every_target() -> None:
    assert len(OURS) >= 8
    assert missed(GOOD) == []


@pytest.mark.parametrize(
    ("worse", "figure"),
    [
        (replace(GOOD, hot=replace(HOT, at_once=2)), "sync_hot_writes_at_once"),
        (replace(GOOD, hot=replace(HOT, wrong=1)), "sync_hot_wrong"),
        (replace(GOOD, runs=[RUN, replace(RUN, level_reads=2)]), "sync_run_level_reads"),
        (replace(GOOD, runs=[RUN, replace(RUN, listings=200, asked=200, calls=20)]), "sync_run_listings_per_call"),
        (replace(GOOD, runs=[replace(RUN, wrong=1), RUN]), "sync_run_wrong"),
        (replace(GOOD, runs=[replace(RUN, asked=9_999)]), "sync_run_wrong"),
        (replace(GOOD, runs=[replace(RUN, listings=9_999, asked=9_999)]), "sync_run_listings"),
        (replace(GOOD, healed=[HEALED, replace(HEALED, longest_s=1_000.0)]), "sync_longest_wrong_cycles"),
        (replace(GOOD, healed=[replace(HEALED, wrong=1), HEALED]), "sync_wrong_in_the_end"),
    ],
)
def test_one_thing_that_is_worse_misses_its_target(worse: InStep, figure: str) -> None:
    assert missed(worse) == [figure]


def test_reads_of_levels_are_counted_one_by_one_and_other_reads_are_not() -> None:
    listening: dict[str, Callable[..., None]] = {}
    events = SimpleNamespace(register=listening.__setitem__)
    reads = LevelReads(SimpleNamespace(meta=SimpleNamespace(events=events)))
    one, many = (listening[f"provide-client-params.dynamodb.{each}"] for each in ("GetItem", "BatchGetItem"))

    def key(sku: str, sort: str = "LEVEL#main#0") -> dict[str, Any]:
        return {"pk": {"S": f"SKU#{sku}"}, "sk": {"S": sort}}

    one(params={"Key": key("mug")})
    one(params={"Key": key("mug", "SETTINGS")})
    many(params={"RequestItems": {"table": {"Keys": [key("mug"), key("cup")]}}})
    assert reads.of == {"SKU#mug": 2, "SKU#cup": 1}


def test_every_marketplace_meets_nearly_every_cause() -> None:
    assert {at for cause in CAUSES for at in cause.at} == set(CHANNELS)
    assert all(sum(each in cause.at for cause in CAUSES) >= len(CAUSES) - 3 for each in CHANNELS)
