"""WooCommerce's orders in our words. Sources and doubts: docs/channels/woocommerce.md.

The order names its refunds without their lines; those are asked for by themselves.
"""

from collections import Counter
from collections.abc import Sequence

from holdfast.channels.protocol import JOINER
from holdfast.channels.reading import Told
from holdfast.channels.rest import clock_time
from holdfast.channels.settled import LineFacts, settled_order
from holdfast.domain.market import MarketOrder

UNPAID = frozenset({"pending", "on-hold"})
OVER = frozenset({"cancelled", "failed", "refunded", "trash"})
# WooCommerce puts cancelled units back itself. A failed order's buyer has no claim; if he pays later after all, the
# order comes back as a newer one that wants its units again.
GIVES_ALL_BACK = frozenset({"cancelled", "failed"})
NO_ORDER_YET = frozenset({"checkout-draft", "auto-draft"})

# How WooCommerce notes at the order's line how many of its refunded units it put back, and how many it still keeps off
# its own number.
RESTOCKED = "_restock_refunded_items"
KEPT_OFF = "_reduced_stock"
REFUNDED_LINE = "_refunded_item_id"
LONGEST = 9


def is_order(told: Told) -> bool:
    return told["status"].code() not in NO_ORDER_YET


def has_refunds(told: Told) -> bool:
    return bool(told.rows_of("refunds"))


def read_order(told: Told, refunds: Sequence[Told] = ()) -> MarketOrder:
    """`refunds`: the order's refunds with their lines; all of them, or what they took is taken as still wanted.

    A status that a plugin made up holds its units: nothing is given back by a word nobody has explained.
    """
    status = told["status"].code()
    was_sent = told.get("date_completed_gmt") is not None
    sent = status == "completed" or (status in OVER and was_sent)
    refunded = _refunded(refunds)
    return settled_order(
        [
            _facts(line, sent=sent, all_back=status in GIVES_ALL_BACK, refunded=refunded[line["id"].id()])
            for line in told["line_items"].rows()
            if line["product_id"].whole(least=0) > 0
        ],
        order_id=told["id"].id(),
        created_at=clock_time(told["date_created_gmt"]),
        updated_at=clock_time(told.get("date_modified_gmt") or told["date_created_gmt"]),
        paid=status not in UNPAID,
        over=status in OVER,
    )


def _facts(line: Told, *, sent: bool, all_back: bool, refunded: int) -> LineFacts:
    ordered = line["quantity"].whole(least=0)
    restocked = min(refunded, _restocked(line, ordered))
    variation = line.get("variation_id")
    return LineFacts(
        listing=JOINER.join((line["product_id"].id(), "0" if variation is None else variation.id())),
        ordered=ordered,
        shipped=ordered if sent else 0,
        restocked_unsent=0 if sent else (ordered if all_back else restocked),
        restocked_sent=restocked if sent else 0,
        not_restocked=refunded - restocked,
    )


def _refunded(refunds: Sequence[Told]) -> Counter[str]:
    """Units by the order's line. A refund tells them below 0."""
    units: Counter[str] = Counter()
    for refund in refunds:
        for line in refund.rows_of("line_items"):
            of = _noted(line, REFUNDED_LINE)
            if of is not None:
                units[of] += abs(line["quantity"].whole())
    return units


def _restocked(line: Told, ordered: int) -> int:
    """Without either note WooCommerce does not count the product, and put nothing back."""
    restocked, kept_off = _units(_noted(line, RESTOCKED)), _units(_noted(line, KEPT_OFF))
    if restocked is None:
        return 0 if kept_off is None else max(0, ordered - kept_off)
    return restocked


def _units(told: str | None) -> int | None:
    return int(told) if told is not None and told.isascii() and told.isdigit() and len(told) < LONGEST else None


def _noted(line: Told, key: str) -> str | None:
    """A note at a line (`meta_data`); its value may be a text or a number."""
    for each in line.rows_of("meta_data"):
        value = each.get("value")
        if each["key"].code() == key and value is not None:
            return value.code()
    return None
