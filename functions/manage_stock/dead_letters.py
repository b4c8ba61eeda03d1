"""Dead letters: what was put aside and why, and back to work once the cause is gone."""

from aws_lambda_powertools.event_handler import Response

from holdfast.runtime.api.models_sync import RedriveBody
from holdfast.runtime.api.queries import Query
from holdfast.runtime.api.resolver import Routes, reply
from holdfast.runtime.api.sync_views import dead_letter_view, redriven_view
from holdfast.runtime.marketplaces import open_dead_letters
from holdfast.runtime.time_left import time_is_short
from holdfast.services.orders import dead_letters

routes = Routes()

# The gateway's caller waits: what is left goes with the next call.
NEEDED_MS = 8_000


@routes.get("/v1/dead-letters")
def look() -> Response[str]:
    query = Query(routes.request_read)
    limit = query.limit()
    query.end()
    found, now = dead_letters.look(open_dead_letters(), limit=limit), routes.work.clock()
    return reply({"items": [dead_letter_view(letter, now=now) for letter in found]})


@routes.post("/v1/dead-letters/redrive")
def redrive() -> Response[str]:
    told, queues = routes.body(RedriveBody), open_dead_letters()
    if told.queue is not None:
        queues = {told.queue: queues[told.queue]}
    is_short = time_is_short(routes.lambda_context, needed_ms=NEEDED_MS)
    return reply(redriven_view(dead_letters.redrive(queues, limit=told.limit, time_is_short=is_short)))
