"""The twenty-five faults that Holdfast must survive, and the counters that say whether a run has met them.

A fault counts as met only if every one of its counters is above zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`met_by`: counters of the simulator that must all have been incremented."""

    number: int
    what: str
    met_by: tuple[str, ...]

    def is_met(self, counters: Mapping[str, int]) -> bool:
        return all(counters.get(name, 0) for name in self.met_by)


FAULTS = (
    Fault(1, "a hold is written, its reply lost, and the SDK or the buyer asks again",
          ("submit: repeated_transact", "submit: lost_transact")),
    Fault(2, "a release or a fold is written, its reply lost, and asked again",
          ("release: lost_transact", "release: repeated_transact", "sweep: repeated_write", "sweep: lost_write")),
    Fault(3, "the process dies, or runs out of time, right after the write",
          ("submit: crash_after_write", "commit: crash_after_write", "timed_out")),
    Fault(4, "many want the last unit at once; one SKU stands on two lines of an order",
          ("last_unit_contended", "one_sku_on_two_lines")),
    Fault(5, "a payment and the fold of its minute at the same moment", ("fold_beside_payment",)),
    Fault(6, "a payment after the hold has ended and its units were sold again", ("paid_after_resold",)),
    Fault(7, "one payment told twice at once, and once more three days later",
          ("one_payment_told_at_once", "payment_told_days_later")),
    Fault(8, "paid or refunded before it was reserved; an old version of an order after a newer one",
          ("command_before_submit", "apply: order_told_out_of_order")),
    Fault(9, "a webhook that is two hours old and signed, and one that is played again",
          ("webhook: webhook_two_hours_old", "webhook: webhook_replayed")),
    Fault(10, "a secret changes while webhooks are under way",
          ("webhook: webhook_of_the_previous_key", "webhook: webhook_of_a_key_not_yet_remembered")),
    Fault(11, "a queue delivers one message to two processes at once", ("queue_copy", "one_payment_told_at_once")),
    Fault(12, "the visibility time runs out while a message is still being worked on", ("queue_visibility_ran_out",)),
    Fault(13, "a batch with one poisoned record; a batch whose process dies half-way",
          ("stream_poison", "stream_retried", "follow: crash_after_write")),
    Fault(14, "dead letters a week old come back", ("queue_redriven_after_a_week",)),
    Fault(15, "a push times out after the marketplace applied it",
          ("push: push_stock_answer_lost", "push: call_never_arrived")),
    Fault(16, "two pushes of one listing arrive in reverse", ("applied_late", "pushes_arrived_in_reverse")),
    Fault(17, "a marketplace is down for hours, then limits the rate",
          ("market_down_for_hours", "push: market_down", "push: market_limits_the_rate")),
    Fault(18, "a marketplace sells while a push is under way", ("sold_while_pushed",)),
    Fault(19, "a storm of conflicting and throttled transactions", ("storm_conflict", "half_judged", "throttled")),
    Fault(20, "the writes of one hot SKU are throttled", ("hot_key_throttle",)),
    Fault(21, "TTL deletes days late; what has expired is still read", ("cleared_by_ttl", "expired_item_read")),
    Fault(22, "the sweeper is late, runs twice at once, or is down for a day; clocks are five minutes off",
          ("sweeper_down", "sweeper_doubled", "clock_far_off")),
    Fault(23, "a record blocks the stream until all behind it is lost", ("stream_poison", "stream_gave_up")),
    Fault(24, "the table is out of reach for three hours", ("outage_of_hours", "commit: outage")),
    Fault(25, "two versions and two settings at once; a restore with transactions in half",
          ("newer_version", "policy_changed", "torn_repaired")),
)  # fmt: skip


def met(counters: Mapping[str, int]) -> list[int]:
    """The numbers of the faults that were met."""
    return [fault.number for fault in FAULTS if fault.is_met(counters)]
