"""Events of Tiki's queue."""

from datetime import datetime

from holdfast.channels.protocol import ChannelError, Notice, OrderChanged
from holdfast.channels.reading import Told
from holdfast.channels.rest import clock_time

from .orders import VIETNAM

ORDER_EVENTS = frozenset({"ORDER_CREATED_SUCCESSFULLY", "ORDER_STATUS_UPDATED"})
MILLIS_FROM = 10**11


def read_event(event: Told) -> Notice | None:
    """Events of products tell what we wrote ourselves, or what no count of ours follows."""
    if event["type"].code() not in ORDER_EVENTS:
        return None
    at = event.get("created_at")
    return OrderChanged(order_id=event["payload"]["order_code"].id(), at=None if at is None else _event_time(at))


def _event_time(at: Told) -> datetime:
    """Seconds, milliseconds or a clock's time: the documents show no example of all."""
    try:
        number = at.whole(least=0)
    except ChannelError:
        return clock_time(at, VIETNAM)
    return at.millis() if number >= MILLIS_FROM else at.seconds()
