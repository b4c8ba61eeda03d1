"""Money that is to be paid back: its incident opens again at half the time, at the deadline, and every day after it."""

from holdfast.domain import incident
from holdfast.domain.errors import HoldfastError
from holdfast.domain.reservation import State
from holdfast.services.context import Context
from holdfast.store.register import DueRefund, refund_row

ROWS_AT_ONCE = 100
MOST_PAGES = 20
DAY_SECONDS = 86_400


def remind_refunds(context: Context) -> int:
    """Answers how many reminders there were. One row's failure stops no other; the next sweep tries it again."""
    now_s = context.clock().timestamp()
    reminded = 0
    start = None
    for _ in range(MOST_PAGES):
        up_to = now_s + context.policy.refund_seconds / 2
        rows, start = context.ledger.register.refunds(up_to_s=up_to, limit=ROWS_AT_ONCE, start=start)
        for row in rows:
            if row.remind_at > now_s:
                continue
            try:
                reminded += _remind(context, row)
            except HoldfastError:
                context.count("SweepFailures", 1)
        if start is None:
            break
    context.count("RefundReminders", reminded)
    return reminded


def _remind(context: Context, row: DueRefund) -> bool:
    record = context.ledger.reservations.get(row.reservation_id)
    if record is None or record.state is not State.REFUND_DUE or record.refund_by is None:
        context.ledger.register.remove([row.row])
        return False
    now = context.clock()
    reminders = row.reminders + 1
    told = incident.refund_overdue(
        record.id, payment_id=record.payment_id, by=record.refund_by, reminders=reminders, at=now
    )
    if not context.ledger.reservations.remind(record, told):
        return False  # it was paid back at this moment
    by, now_s = int(record.refund_by.timestamp()), int(now.timestamp())
    following = by if now_s < by else now_s + DAY_SECONDS
    context.ledger.register.write(
        [refund_row(record.id, refund_by=record.refund_by, remind_at=following, reminders=reminders)]
    )
    context.count("RefundOverdue", int(now_s >= by))
    return True
