"""What every HTTP function does around its own work: read the event, answer, turn errors into problems."""

from collections.abc import Callable
from typing import Any

from holdfast.domain.errors import ClockAhead, HoldfastError, LedgerBroken
from holdfast.runtime.telemetry import count, logger

from .http import Answer, Request, request_from
from .problems import problem

# Errors that a person must hear of, and the metric whose alarm tells him.
ALARMING: dict[type[HoldfastError], str] = {ClockAhead: "ClockAhead", LedgerBroken: "LedgerBroken"}


def answer_http(event: dict[str, Any], respond: Callable[[Request], Answer]) -> dict[str, Any]:
    """The gateway's answer. Whatever is raised is answered by a problem document; a bug is logged with its trace."""
    request = request_from(event)
    try:
        answer = respond(request)
    except Exception as error:  # noqa: BLE001 - the last place where a caller can still be told something
        answer = answer_error(error, request)
    log_answer(request, answer.status)
    return answer.to_gateway()


def log_answer(request: Request, status: int) -> None:
    logger.info("answered", route=request.route, status=status)


def answer_error(error: Exception, request: Request) -> Answer:
    if isinstance(error, HoldfastError):
        logger.info("refused", code=error.code, detail=error.detail)
    else:
        logger.exception("a bug, or the environment", exc_info=error)
    count_alarming(error)
    return problem(error, request_id=request.id)


def count_alarming(error: BaseException | None) -> None:
    """Count what an alarm waits for, also where another error was made of it."""
    while error is not None:
        for kind, metric in ALARMING.items():
            if isinstance(error, kind):
                count(metric, 1)
        error = error.__cause__
