"""What the document cannot say of a good request, for schemathesis: loaded by it, not by pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import schemathesis
from schemathesis import GenerationMode

if TYPE_CHECKING:
    from schemathesis import Case, HookContext

A_PAST_TIME = "2026-01-02T03:04:05Z"


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:  # noqa: ARG001  # its signature
    """A cursor comes from the page before, a buyer registered in the past, and a time zone is one that there is."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    case.query.pop("cursor", None)
    buyer = case.body.get("buyer") if isinstance(case.body, dict) else None
    if isinstance(buyer, dict):
        for name in {"registered_at", "last_active_at"} & set(buyer):
            buyer[name] = A_PAST_TIME
    if isinstance(case.body, dict) and isinstance(case.body.get("sync"), dict):
        # Names of zones, and which settings go together, are in no schema.
        case.body["sync"] = {"mode": "session"}
