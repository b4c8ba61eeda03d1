"""A guard, and how it is taken away: a piece of the source, and what stands there instead.

A guard is what keeps two things that happen at once, or one that happens twice, from doing harm. Each must be missed:
by the simulator within a minute, and by a test of the suite.
"""

from dataclasses import dataclass

NOTHING = 'Condition("gone", ("no such attribute",), "absent")'


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`source` in the core layer, or in `functions`; `there` stands in it exactly once, `instead` takes its place.

    `backed`: why nothing can be missed, for a guard that another one backs completely.
    """

    name: str
    protects: str
    source: str
    there: str
    instead: str
    tests: str = "tests/unit tests/property"
    backed: str = ""


def condition(name: str, there: str, protects: str, backed: str = "") -> Guard:
    """A condition that always holds."""
    return Guard(
        name=f"condition {name}",
        protects=protects,
        source="domain/conditions.py",
        there=f"return {there}",
        instead=f"return {NOTHING}",
        backed=backed,
    )


def code(name: str, protects: str, source: str, there: str, instead: str, backed: str = "") -> Guard:
    return Guard(name=name, protects=protects, source=source, there=there, instead=instead, backed=backed)


# Files where guards of more than one part stand.
RECEIVE = "functions/receive_webhook/handler.py"
COMMANDS = "domain/commands.py"
HOLD = "services/reservations/hold_units.py"
RUN = "services/reservations/command_reservation.py"
