"""What a million reservations, and a million orders of marketplaces, cost on AWS: units of each step times list prices.

Estimates are named as such.

One reservation has one line, is held, begins payment, is paid in time and is shipped; every item is under 1 KB. The
SKU is sold so rarely that no other hold ends in the same minute: the dearest case, as the register's rows and the fold
are then paid for one reservation alone.
"""

from dataclasses import dataclass

# List prices in us-east-1, USD. Sources and their dates stand in the README.
PER_MILLION_WRITE_UNITS = 0.625
PER_MILLION_READ_UNITS = 0.125
PER_MILLION_API_REQUESTS = 1.00
PER_MILLION_LAMBDA_REQUESTS = 0.20
PER_LAMBDA_GB_SECOND_ARM64 = 0.0000133334
PER_GB_LOGS = 0.50
PER_MILLION_TRACES = 5.00
PER_MILLION_SQS_REQUESTS = 0.40

# Estimates: nothing here was measured on AWS.
SECONDS_PER_CALL = 0.02
# hold_stock writes 0.8 KB a call on the local stack, the access log comes on top; follow_levels writes 0.3.
LOG_KB_PER_COMMAND, LOG_KB_PER_BATCH = 1.5, 0.4
SHARE_TRACED = 0.05

COMMANDS = 4  # hold, begin payment, commit, ship
MINUTES = 2  # the hold's own, and the one that begin payment moves it to
FOLLOWED = COMMANDS + MINUTES + 1  # what the stream tells of: the commands, the folds, the record's end by TTL
HOLD_STOCK_GB, FOLLOW_LEVELS_GB = 1.0, 0.5

# An order of a marketplace: told twice (paid, shipped) by webhooks, each fetched there; one line, a SKU of its own.
TELLINGS = 2
# Two transactions and what the first leaves; the stream's consumer notes it, and lists it as it lists a reservation.
ORDER_WRITES, ORDER_READS, NOTED_WRITES, FOLLOWED_READS = 9, 4, 5, 12
# The SKU's listings that are pushed once for it, in batches as small as marketplaces have.
LISTINGS, LISTINGS_A_CALL = 3, 20
PUSH_WRITES, PUSH_READS = 5.13, 5.53
MESSAGE_REQUESTS = 3  # sent, received, deleted
ORDER_FOLLOWED = 4  # what the stream tells of: two changes of the order, two of the level
# Estimates: a call waits for its marketplace.
SECONDS_AT_MARKETPLACE = 0.4
WEBHOOK_GB, APPLY_GB, PUSH_GB = 1.0, 1.0, 1.0


@dataclass(frozen=True)
class Part:
    """`each`: how many of the unit one reservation takes; `price`: USD for a million of them."""

    what: str
    each: float
    unit: str
    price: float

    @property
    def usd(self) -> float:
        return self.each * self.price


def parts() -> list[Part]:
    write, read = PER_MILLION_WRITE_UNITS, PER_MILLION_READ_UNITS
    calls = COMMANDS + FOLLOWED  # so rare that each change wakes the stream's consumer alone
    gb_seconds = SECONDS_PER_CALL * (COMMANDS * HOLD_STOCK_GB + FOLLOWED * FOLLOW_LEVELS_GB)
    log_kb = COMMANDS * LOG_KB_PER_COMMAND + FOLLOWED * LOG_KB_PER_BATCH
    return [
        Part("hold, begin payment, commit, ship: one transaction each", 4 * COMMANDS, "write units", write),
        Part("rows by which it is found: two written, two removed after 90 days", 4, "write units", write),
        Part("register row written, minute folded, row removed, for two minutes", 3 * MINUTES, "write units", write),
        Part("the record before each command but the first, the SKU's settings", COMMANDS, "read units", read),
        Part("the level before each fold", MINUTES, "read units", read),
        Part("API Gateway (HTTP API)", COMMANDS, "requests", PER_MILLION_API_REQUESTS),
        Part("Lambda, calls", calls, "calls", PER_MILLION_LAMBDA_REQUESTS),
        Part(
            f"Lambda, time (estimate: {SECONDS_PER_CALL * 1000:.0f} ms a call)",
            gb_seconds,
            "GB-s (arm64)",
            PER_LAMBDA_GB_SECOND_ARM64 * 1e6,
        ),
        Part(f"logs (estimate: {log_kb:.1f} KB in all)", log_kb / 1e6, "GB", PER_GB_LOGS * 1e6),
        Part(
            f"traces (estimate: {SHARE_TRACED:.0%} of the requests)",
            COMMANDS * SHARE_TRACED,
            "traces",
            PER_MILLION_TRACES,
        ),
    ]


def order_parts() -> list[Part]:
    """One order of a marketplace and the pushes that follow it."""
    write, read = PER_MILLION_WRITE_UNITS, PER_MILLION_READ_UNITS
    push_calls = LISTINGS / LISTINGS_A_CALL
    calls = 2 * TELLINGS + ORDER_FOLLOWED + push_calls
    gb_seconds = SECONDS_PER_CALL * (
        TELLINGS * WEBHOOK_GB + ORDER_FOLLOWED * FOLLOW_LEVELS_GB
    ) + SECONDS_AT_MARKETPLACE * (TELLINGS * APPLY_GB + push_calls * PUSH_GB)
    messages = TELLINGS + push_calls
    log_kb = TELLINGS * 2 * LOG_KB_PER_COMMAND + (ORDER_FOLLOWED + push_calls) * LOG_KB_PER_BATCH
    return [
        Part("the order, paid and shipped", ORDER_WRITES, "write units", write),
        Part("rows by which it is found, and its listing's mark", NOTED_WRITES, "write units", write),
        Part(
            f"{LISTINGS} listings pushed once: asked, begun, settled, a passport",
            LISTINGS * PUSH_WRITES,
            "write units",
            write,
        ),
        Part(
            "reads: the order, what follows it, the pushes",
            ORDER_READS + FOLLOWED_READS + LISTINGS * PUSH_READS,
            "read units",
            read,
        ),
        Part("API Gateway (HTTP API), webhooks", TELLINGS, "requests", PER_MILLION_API_REQUESTS),
        Part(
            "SQS: each message sent, received, deleted",
            MESSAGE_REQUESTS * messages,
            "requests",
            PER_MILLION_SQS_REQUESTS,
        ),
        Part("Lambda, calls", calls, "calls", PER_MILLION_LAMBDA_REQUESTS),
        Part(
            f"Lambda, time (estimate: {SECONDS_AT_MARKETPLACE * 1000:.0f} ms where a marketplace is waited for)",
            gb_seconds,
            "GB-s (arm64)",
            PER_LAMBDA_GB_SECOND_ARM64 * 1e6,
        ),
        Part(f"logs (estimate: {log_kb:.1f} KB in all)", log_kb / 1e6, "GB", PER_GB_LOGS * 1e6),
    ]


def table() -> tuple[list[str], list[list[str]]]:
    """Header and rows; the last row is the sum."""
    return _summed("for one reservation", parts())


def order_table() -> tuple[list[str], list[list[str]]]:
    return _summed("for one order", order_parts())


def _summed(each: str, of: list[Part]) -> tuple[list[str], list[list[str]]]:
    rows = [[part.what, _figure(part.each), part.unit, f"{part.usd:.2f}"] for part in of]
    total = sum(part.usd for part in of)
    return ["what", each, "unit", "USD per million"], [*rows, ["**sum**", "", "", f"**{total:.2f}**"]]


def _figure(each: float) -> str:
    return f"{each:.6f}".rstrip("0").rstrip(".")
