"""What takes part in a seed: people, machinery, and whatever joins them. Each brings its acts and its judgement."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from .stage import Actor
from .world import World


class Act(NamedTuple):
    """Something that may happen next; `weight` says how often. It answers an actor that has begun, or None."""

    weight: int
    happens: Callable[[], Actor | None]


class Part(Protocol):
    """One kind of participant of one seed. Made anew for each seed, with its world."""

    def __init__(self, world: World) -> None: ...

    def begin(self) -> None:
        """What is there before the faults begin."""

    def acts(self) -> Sequence[Act]:
        """What may happen while there are faults."""

    def settle(self) -> bool:
        """One round after the faults have stopped; False once there was nothing left to do."""

    def at_rest(self) -> Iterator[str]:
        """What is wrong when all has come to rest, in words."""
