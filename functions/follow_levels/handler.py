"""The table's stream: what falls due goes into the register, and listings whose stock changed are asked to be pushed.

All or nothing, and no partial answers: every row is safe to write again, and what was raised is delivered again until
it succeeds. Lambda halves a batch that keeps failing, so that one bad record is put aside alone.
"""

from collections.abc import Mapping
from typing import Any

from holdfast.runtime.pushing import open_planning
from holdfast.runtime.telemetry import count, logger, observed
from holdfast.runtime.tracing import traced
from holdfast.services.sync.syncing import Planning
from holdfast.services.upkeep.follow_levels import Change, follow_levels
from holdfast.store.marshal import unmarshal_item


@observed
@traced
def handle(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return respond(event, open_planning())


def respond(event: Mapping[str, Any], planning: Planning) -> dict[str, Any]:
    """Raises whatever goes wrong: the batch is to come again."""
    records = event["Records"]
    try:
        rows = follow_levels(planning.context, map(_change, records), planning=planning)
    except Exception:
        count("FollowFailures", 1)
        logger.exception("the batch is to come again", records=len(records))
        raise
    logger.debug("followed", records=len(records), rows=rows)
    return {"batchItemFailures": []}


def _change(record: Mapping[str, Any]) -> Change:
    told = record["dynamodb"]
    before, after = told.get("OldImage"), told.get("NewImage")
    return Change(
        before=before and unmarshal_item(before),
        after=after and unmarshal_item(after),
        id=told.get("SequenceNumber", ""),
    )
