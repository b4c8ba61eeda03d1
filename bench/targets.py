"""The figures to reach, and whether they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Target:
    """`figure` is a key of bench.json; it is to be at most, at least, or exactly `limit`."""

    figure: str
    must_be: Literal["<=", ">=", "="]
    limit: float
    says: str

    def met(self, value: float) -> bool:
        match self.must_be:
            case "<=":
                return value <= self.limit
            case ">=":
                return value >= self.limit
            case "=":
                return value == self.limit


TARGETS = (
    Target("hold_write_units", "=", 4, "write units of a hold of one line"),
    Target("hold_calls_in_sequence", "=", 1, "calls of that hold, settings of the SKU remembered"),
    Target("commit_write_units", "=", 4, "write units of the commit of a held line"),
    Target("budget_hold_write_units", "=", 6, "write units of a hold with a budget"),
    Target("budget_hold_calls_in_sequence", "=", 1, "calls of that hold, the buyer never seen"),
    Target("budget_hold_seen_read_units", "=", 1, "reads more for a buyer seen before"),
    Target("expiry_folds_per_minute", "<=", 1, "writes that end a minute with 100 holds"),
    Target("expiry_writes_per_minute", "<=", 2, "the same with the removal of its register row"),
    Target("sold_out_zero_write_share", ">=", 0.99, "refusals of a sold-out SKU that made no write call"),
    Target("sync_hot_writes_at_once", "=", 1, "pushes of a listing under way at once, its SKU changing 1,000 times"),
    Target("sync_hot_wrong", "=", 0, "listings of that SKU that do not show its number at the end"),
    Target("sync_run_listings", ">=", 10_000, "listings of one session run"),
    Target("sync_run_level_reads", "<=", 1, "reads of any one level while a run is planned"),
    Target("sync_run_listings_per_call", ">=", 15, "listings a call, where a call takes 20 or more: the fewest"),
    Target("sync_run_wrong", "=", 0, "listings that do not show their target after the run"),
    Target("sync_longest_wrong_cycles", "<=", 1, "how long a listing is wrong after a cause is gone, in retry cycles"),
    Target("sync_wrong_in_the_end", "=", 0, "listings that stay wrong, whatever failed"),
    Target("startup_ratio", "<=", 1.5, "start of hold_stock against a bare botocore client, processor time"),
    Target("webhook_startup_ratio", "<=", 1.3, "start of receive_webhook against a bare SQS client, processor time"),
    Target("own_ms_p50", "<=", 2.5, "ms in the handler for a hold of one line, the table's answer replaced"),
)


def missed(figures: dict[str, float]) -> list[Target]:
    return [target for target in TARGETS if not target.met(figures[target.figure])]
