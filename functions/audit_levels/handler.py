"""Daily: add every level up again from its facts, and repair what is off."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from holdfast.domain.errors import BadInput, FieldError
from holdfast.runtime.api import fields
from holdfast.runtime.api.fields import Wrong
from holdfast.runtime.telemetry import logger, observed
from holdfast.runtime.time_left import time_is_short
from holdfast.runtime.tracing import traced
from holdfast.runtime.wiring import open_context
from holdfast.services.context import Context
from holdfast.services.upkeep.audit_levels import audit_all, audit_skus


@observed
@traced
def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return respond(event, open_context(), time_is_short=time_is_short(context))


def respond(event: Mapping[str, Any], context: Context, *, time_is_short: Callable[[], bool]) -> dict[str, Any]:
    """`{"skus": [...]}`: these; anything else, as the schedule sends it: all, from where the last audit stopped.

    Raises BadInput if `skus` names no SKUs.
    """
    if "skus" in event:
        audited = audit_skus(context, _skus(event["skus"]))
    else:
        audited = audit_all(context, time_is_short=time_is_short)
    told = asdict(audited)
    (logger.error if audited.off else logger.info)("audited", **told)
    return told


def _skus(told: object) -> list[str]:
    if not isinstance(told, list):
        raise BadInput([FieldError("skus", "a list of SKUs")])
    try:
        return [fields.SKU.read(each) for each in told]
    except Wrong as wrong:
        raise BadInput([FieldError("skus", wrong.expected)]) from None
