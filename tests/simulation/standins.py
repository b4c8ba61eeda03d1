"""What the code at work says and draws by itself, for the length of a seed: nothing is printed, all is drawn."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from functions.push_listings import handler as push_handler
from functions.receive_webhook import handler as webhook_handler
from holdfast.runtime import working_off
from holdfast.runtime.telemetry import logger
from holdfast.services.orders import shop_account
from holdfast.services.stock import look_up

NOTHING_IS_SAID = "CRITICAL"


class _Numbers:
    """In the place of `secrets`: owners of locks that differ, and are the same when the seed is run again."""

    def __init__(self, draw: Callable[[], float]) -> None:
        self._draw = draw

    def token_hex(self, _bytes: int) -> str:
        return f"{self._draw():.12f}"


class _OneAfterTheOther:
    """In the place of a pool of threads: who moves is the stage's to say, and one SKU is asked for anyway."""

    def __init__(self, *, max_workers: int) -> None:
        del max_workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to wait for."""

    def map(self, act: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [act(item) for item in items]


@contextmanager
def stand_in(draw: Callable[[], float], count: Callable[[str, int], None]) -> Iterator[None]:
    """`draw()` gives numbers of the seed, from 0 to 1; `count` hears what handlers count."""
    places: list[tuple[Any, str, Any]] = [
        (working_off, "count", count),
        (push_handler, "count", count),
        (webhook_handler, "tell", _silent),
        (shop_account, "secrets", _Numbers(draw)),
        (look_up, "ThreadPoolExecutor", _OneAfterTheOther),
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
