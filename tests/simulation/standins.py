"""What the code at work says and draws by itself, for the length of a seed: nothing is printed, all is drawn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from functions.push_listings import handler as push_handler
from functions.receive_webhook import handler as webhook_handler
from holdfast.runtime import working_off
from holdfast.runtime.telemetry import logger
from holdfast.services.orders import shop_account

NOTHING_IS_SAID = "CRITICAL"


class _Numbers:
    """In the place of `secrets`: owners of locks that differ, and are the same when the seed is run again."""

    def __init__(self, draw: Callable[[], float]) -> None:
        self._draw = draw

    def token_hex(self, _bytes: int) -> str:
        return f"{self._draw():.12f}"


@contextmanager
def stand_in(draw: Callable[[], float], count: Callable[[str, int], None]) -> Iterator[None]:
    """`draw()` gives numbers of the seed, from 0 to 1; `count` hears what handlers count."""
    places: list[tuple[Any, str, Any]] = [
        (working_off, "count", count),
        (push_handler, "count", count),
        (webhook_handler, "tell", _silent),
        (shop_account, "secrets", _Numbers(draw)),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in places]
    level = logger.log_level
    for owner, name, other in places:
        setattr(owner, name, other)
    logger.setLevel(NOTHING_IS_SAID)
    try:
        yield
    finally:
        logger.setLevel(level)
        for owner, name, other in before:
            setattr(owner, name, other)


def _silent(*_: object, **__: object) -> None:
    """In the place of a log line."""
