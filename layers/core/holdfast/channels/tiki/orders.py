"""Tiki's orders in our words. Sources and doubts: docs/channels/tiki.md."""

from datetime import datetime, timedelta, timezone

from holdfast.channels.protocol import OrderChanged
from holdfast.channels.reading import Told
from holdfast.channels.rest import clock_time
from holdfast.channels.settled import LineFacts, settled_order
from holdfast.domain.market import MarketOrder

# Tiki's times have no offset; its clocks are in Vietnam.
VIETNAM = timezone(timedelta(hours=7))

NOT_YET_ACCEPTED = frozenset({"waiting_payment", "payment_review", "processing"})
WAITING = frozenset({"queueing", "paid", "holded", "picking", "packaging", "finished_packing", "ready_to_ship"})
ON_ITS_WAY = frozenset({"handover_to_partner", "shipping", "delivered", "successful_delivery", "complete", "returned"})
ENDED = frozenset({"canceled", "closed"})
KNOWN = NOT_YET_ACCEPTED | WAITING | ON_ITS_WAY | ENDED

# These lie in Tiki's own warehouse and are none of the merchant's level.
KEPT_BY_TIKI = "instock"


def read_order(told: Told) -> MarketOrder | None:
    """None if no line is served from the merchant's stock.

    An order that ended after it was handed over keeps its units: they are on their way, or on their way back. Of one
    that ended before, a cancelled one gives them back, a closed one leaves it to a person.
    """
    status = told["status"].text()
    if status not in KNOWN:
        raise told["status"].wrong("a status of the documents")
    lines = [line for line in told["items"].rows() if _is_ours(line)]
    if not lines:
        return None
    sent = status in ON_ITS_WAY or (status in ENDED and _was_on_its_way(told))
    return settled_order(
        [_facts(line, sent=sent, restocked=status == "canceled") for line in lines],
        order_id=told["code"].id(),
        created_at=clock_time(told["created_at"], VIETNAM),
        updated_at=clock_time(told.get("updated_at") or told["created_at"], VIETNAM),
        paid=status not in NOT_YET_ACCEPTED,
        over=status in ENDED,
    )


def read_changed(told: Told) -> OrderChanged:
    return OrderChanged(order_id=told["code"].id())


def query_time(at: datetime) -> str:
    return at.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M:%S")


def _facts(line: Told, *, sent: bool, restocked: bool) -> LineFacts:
    quantity = (line.get("qty") or line["invoice"]["quantity"]).whole(least=0)
    return LineFacts(
        listing=line["product"]["id"].id(),
        ordered=quantity,
        shipped=quantity if sent else 0,
        restocked_unsent=quantity if restocked and not sent else 0,
    )


def _is_ours(line: Told) -> bool:
    told = line.get("inventory_type") or line["product"].get("inventory_type")
    return told is None or told.code() != KEPT_BY_TIKI


def _was_on_its_way(told: Told) -> bool:
    return any(
        (passed := each.get("status")) is not None and passed.code() in ON_ITS_WAY
        for each in told.rows_of("status_histories")
    )
