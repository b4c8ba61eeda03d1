"""Errors as problem documents (RFC 9457). The one place where an error gets its HTTP status."""

from http import HTTPStatus

from holdfast.domain.errors import (
    BadInput,
    Conflict,
    HoldBudget,
    HoldfastError,
    LedgerBroken,
    NeverPushed,
    PolicyRefused,
    Refused,
    Unavailable,
    UnknownIncident,
    UnknownListing,
    UnknownReservation,
    UnknownShop,
    UnknownSku,
)

from .http import Answer, BodyTooLarge, MethodNotAllowed, UnknownPath, UnreadableBody, WrongContentType

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:holdfast:problem:"
INTERNAL_ERROR = "internal_error"

# The first class that fits gives the status: special ones before their families.
STATUSES: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (UnreadableBody, HTTPStatus.BAD_REQUEST),
    (WrongContentType, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    (BodyTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (UnknownPath, HTTPStatus.NOT_FOUND),
    (MethodNotAllowed, HTTPStatus.METHOD_NOT_ALLOWED),
    (BadInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (UnknownSku, HTTPStatus.NOT_FOUND),
    (UnknownReservation, HTTPStatus.NOT_FOUND),
    (UnknownIncident, HTTPStatus.NOT_FOUND),
    (UnknownShop, HTTPStatus.NOT_FOUND),
    (UnknownListing, HTTPStatus.NOT_FOUND),
    (NeverPushed, HTTPStatus.NOT_FOUND),
    (PolicyRefused, HTTPStatus.FORBIDDEN),
    (HoldBudget, HTTPStatus.TOO_MANY_REQUESTS),
    (Refused, HTTPStatus.CONFLICT),
    (Conflict, HTTPStatus.SERVICE_UNAVAILABLE),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)

RETRY_AFTER_SECONDS = 1
# Nothing changes before the auditor has repaired the level.
RETRY_BROKEN_AFTER_SECONDS = 60


def status_of(error: Exception) -> HTTPStatus:
    return next((status for kind, status in STATUSES if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem(error: Exception, *, request_id: str) -> Answer:
    """The answer for an error. What was not raised on purpose tells nothing about the inside."""
    status = status_of(error)
    code, detail, members = INTERNAL_ERROR, "something went wrong on our side; the log has it under this instance", {}
    if isinstance(error, HoldfastError):
        code, detail, members = error.code, error.detail, dict(error.members())
    body = {
        "type": f"{TYPE_PREFIX}{code}",
        "title": title(code),
        "status": status.value,
        "detail": detail,
        "instance": f"urn:holdfast:request:{request_id}",
        "code": code,
        **members,
    }
    return Answer(status=status.value, body=body, headers=_headers(error, status), content_type=CONTENT_TYPE)


def title(code: str) -> str:
    """The same for every problem of a code, as RFC 9457 asks."""
    return code.replace("_", " ").capitalize()


def _headers(error: Exception, status: HTTPStatus) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed):
        return {"allow": ", ".join(error.allowed)}
    if isinstance(error, HoldBudget):
        return {"retry-after": str(error.retry_after_seconds)}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        seconds = RETRY_BROKEN_AFTER_SECONDS if isinstance(error, LedgerBroken) else RETRY_AFTER_SECONDS
        return {"retry-after": str(seconds)}
    return {}
