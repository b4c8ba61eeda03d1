"""The guards of the ledger."""

# ruff: noqa: E501 - pieces of the source stand here as they stand there

from .guard import COMMANDS, HOLD, RUN, Guard, code, condition

CONDITIONS = (
    condition(
        "enough_free",
        'Condition("enough_free", ("available",), ">=", quantity)',
        "a buyer can never make `available` negative",
    ),
    condition(
        "still_in_its_entry",
        'Condition("still_in_its_entry", ("wheel", str(minute)), ">=", quantity)',
        "held units are the reservation's own",
    ),
    condition(
        "not_folded_to",
        'Condition("not_folded_to", ("folded_to",), "<", minute)',
        "a folded minute never comes back",
    ),
    condition(
        "entry_unchanged",
        'Condition("entry_unchanged", ("wheel", str(minute)), "=", quantity)',
        "a fold gives back exactly what it read",
    ),
    condition(
        "folded_no_further",
        'Condition("folded_no_further", ("folded_to",), "<=", minute)',
        "the fold mark never goes back",
        backed="it takes a hold that arrives after its minute between two folds: TLC finds it (docs/model, WithoutBack)",
    ),
    condition(
        "enough_committed",
        'Condition("enough_committed", ("committed",), ">=", quantity)',
        "only what was committed is shipped or given back",
        backed="state and version of the record let each reservation ship or give back once, so too little is never met",
    ),
    condition(
        "enough_unavailable",
        'Condition("enough_unavailable", ("unavailable",), ">=", quantity)',
        "only units set aside are restored",
    ),
    condition(
        "enough_on_hand",
        'Condition("enough_on_hand", ("on_hand",), ">=", quantity)',
        "goods that are not in the building neither leave nor break",
    ),
    condition(
        "available_is",
        'Condition("available_is", ("available",), "=", quantity)',
        "a fact that oversells tells the shortage that is so",
    ),
    condition(
        "on_hand_is",
        'Condition("on_hand_is", ("on_hand",), "=", quantity)',
        "a count corrects the figure it was compared with",
    ),
    condition(
        "outstanding_is",
        'Condition("outstanding_is", ("outstanding",), "=", quantity)',
        "two parts of one receipt that arrive at once are each counted",
    ),
    condition(
        "level_version_is",
        'Condition("level_version_is", ("version",), "=", version)',
        "a repair replaces exactly the level that was found wrong",
    ),
    condition("id_not_used", 'Condition("id_not_used", ("pk",), "absent")', "the first writer of an id wins"),
    condition(
        "item_exists",
        'Condition("item_exists", ("pk",), "exists")',
        "an update brings no half item into being",
        backed="an incident is looked for before it is closed; a refund's incident is there since the refund became due",
    ),
    condition(
        "state_is",
        'Condition("state_is", ("state",), "=", state)',
        "a transition starts from the state it was decided on",
        backed="`version_is` alone: every change of state is a change of version",
    ),
    condition(
        "version_is",
        'Condition("version_is", ("version",), "=", version)',
        "a command that read before another's change cannot act after it",
    ),
    condition(
        "wheel_has_room",
        'Condition("wheel_has_room", ("wheel",), "size<", limit)',
        "the level stays under 1 KB",
        backed="it is about cost: a level that is too large is dearer and no less right",
    ),
)


def cell(row: str, command: str, there: str, instead: str, protects: str, backed: str = "") -> Guard:
    return Guard(
        name=f"state table: {row}, {command.lower()}",
        protects=protects,
        source="domain/reservation.py",
        there=f"({row}, Command.{command}): {there}",
        instead=f"({row}, Command.{command}): {instead}",
        backed=backed,
    )


STATES = (
    cell("_OPEN", "SHIP", 'Refuse("not_committed")', "Go(State.SHIPPED)", "what took no units is not shipped"),
    cell("_HELD", "SHIP", 'Refuse("not_committed")', "Go(State.SHIPPED)", "what is not paid is not shipped"),
    cell(
        "_HELD",
        "REFUNDED",
        'Refuse("no_refund_due")',
        "Go(State.REFUNDED)",
        "only what is due is refunded",
        "`item_exists`: the incident that a refund closes is not there",
    ),
    cell("_PAID", "RELEASE", "Go(State.REFUND_DUE)", "Go(State.RELEASED)", "paid and released is a refund"),
    cell("_PAID", "BEGIN_PAYMENT", 'Refuse("already_paid")', "Go(State.HELD)", "who has paid does not pay again"),
    cell("_UNPAID", "SHIP", "Go(State.SHIPPED)", "Go(State.RELEASED)", "what is shipped is shipped"),
    cell("_SHIPPED", "SHIP", "Same()", "Go(State.SHIPPED)", "shipped once"),
    cell("_SHIPPED", "RELEASE", 'Refuse("already_shipped")', "Go(State.RELEASED)", "what has left does not come back"),
    cell("_RELEASED", "RELEASE", "Same()", "Go(State.RELEASED)", "given back once"),
    cell("_RELEASED", "SHIP", 'Refuse("already_released")', "Go(State.SHIPPED)", "what was given back is not shipped"),
    cell(
        "_RELEASED",
        "BEGIN_PAYMENT",
        'Refuse("already_released")',
        "Go(State.HELD)",
        "what was given back is not paid for",
    ),
    cell("_DUE", "RELEASE", "Same()", "Go(State.RELEASED)", "a refund that is due stays due"),
    cell("_DUE", "SHIP", 'Refuse("refund_is_due")', "Go(State.SHIPPED)", "who is refunded gets no goods"),
    cell("_DUE", "REFUNDED", "Go(State.REFUNDED)", "Go(State.RELEASED)", "a refund is written down"),
    cell("_REFUNDED", "REFUNDED", "Same()", "Go(State.REFUNDED)", "refunded once"),
    cell("_REFUNDED", "RELEASE", "Same()", "Go(State.RELEASED)", "what is refunded has ended"),
)

FOLD = "services/stock/fold_level.py"
CHANGES = "domain/changes.py"

DECISIONS = (
    code(
        "a payment is written once", "a repeated payment answers what happened the first time", COMMANDS,
        "if record.payment_id is not None:", "if False:",
    ),
    code(
        "another payment is told", "a second payment is an incident, not a silence", COMMANDS,
        "if record.payment_id == payment_id:", "if True:",
    ),
    code(
        "paid after release is a refund", "money for units that were given back is paid back", COMMANDS,
        "if record.state is State.RELEASED:", "if False:",
    ),
    code(
        "a paid order takes nothing twice", "the payment of a committed order moves no units", COMMANDS,
        "if record.state in (State.COMMITTED, State.SHIPPED):\n        paid", "if False:\n        paid",
    ),
    code(
        "fold first when paying", "units of ended holds are looked for before a refund", COMMANDS,
        "elif situation.has_due(level):",
        "elif False:",
    ),
    code(
        "what is still held goes back with a refund", "a line that is in its entry is given back", COMMANDS,
        'for ln in sources.entry)\n        return _refund(record, "paid too late, units gone", back',
        'for ln in sources.entry)\n        return _refund(record, "paid too late, units gone", ()',
    ),
    code(
        "units come from where they are", "an entry that was folded is not taken from", COMMANDS,
        "elif held is not None and level.wheel.get(held, 0) >= line.quantity:", "elif held is not None:",
    ),
    code(
        "free units are looked at", "a late payer takes only what is free", COMMANDS,
        "elif level.available >= line.quantity + situation.floor(line):", "elif False:",
    ),
    code(
        "begin payment asks the record once", "the second begin payment moves nothing", COMMANDS,
        "if record.payment_begun and not record.expired(situation.now):", "if record.payment_begun:",
    ),
    code(
        "beyond the fold mark", "a hold taken anew is beyond every fold mark it meets", COMMANDS,
        "if (anew or until != minute) and mark >= until:", "if False:",
        backed="it takes a clock that is further ahead than the payment window is long, and nobody else at work",
    ),
    code(
        "never shorter", "begin payment never shortens a hold", COMMANDS,
        "until = max(minute, boundary(", "until = max(0, boundary(",
    ),
    code(
        "the payment window", "who begins to pay has the payment window for it", COMMANDS,
        "length_seconds=window, step_seconds=step))\n", "length_seconds=1, step_seconds=step))\n",
    ),
    code(
        "an unpaid order has its time", "nobody who can still pay in time is released", COMMANDS,
        "situation.now < record.pay_by + margin", "situation.now < record.pay_by - timedelta(hours=2)",
    ),
    code(
        "only unpaid orders", "the sweeper releases nothing that is paid", COMMANDS,
        "if not record.awaits_payment or record.pay_by is None or", "if record.pay_by is None or",
        backed="a payment takes `pay_by` away in the same write",
    ),
    code(
        "payment ends the time to pay", "a paid order is not released as unpaid", COMMANDS,
        'paid = record.became(record.state, "paid", now, paid=True, payment_id=payment_id, pay_by=None)',
        'paid = record.became(record.state, "paid", now, payment_id=payment_id)',
    ),
    code(
        "released means given back", "a folded line is not given back a second time", COMMANDS,
        "if line.place not in seen or seen[line.place].wheel.get(minute, 0) >= line.quantity",
        "if True",
    ),
    code(
        "a refund closes its incident", "what was paid back is not asked for again", COMMANDS,
        "closes=(told.id,))", "closes=())",
    ),
    code(
        "a refund is told", "a refund that is due is an incident", COMMANDS,
        'return Write(record=due, changes=back, incidents=(told,), outcome="refund_due")',
        'return Write(record=due, changes=back, outcome="refund_due")',
    ),
    code(
        "duplicate payment is told", "a second payment reaches a person", COMMANDS,
        'return Stay(record=record, incidents=(twice,), outcome="duplicate_payment")',
        'return Stay(record=record, outcome="duplicate_payment")',
    ),
)  # fmt: skip

CHANGES_GUARDS = (
    code(
        "the fold mark keeps up", "an entry that slipped in below the mark can still be folded", CHANGES,
        "newest = max(level.folded_to, *minutes)", "newest = max(minutes)",
        backed="it takes a hold that arrives after its minute between two folds, as for `folded_no_further`",
    ),
    code(
        "the fold moves its mark", "what was folded stays folded", CHANGES,
        "        folded_to=newest,\n", "        folded_to=level.folded_to,\n",
    ),
    code(
        "a change adds up", "a change that makes or loses units is never written", "domain/level.py",
        'if self.add.get("on_hand", 0) != inside + reserved:', "if False:",
        backed="every change of `changes.py` adds up; it is there for the one that will be written wrongly",
    ),
    code(
        "a level adds up", "nothing is written on top of a level that does not add up", "domain/level.py",
        "        if not self.adds_up():\n            raise", "        if False:\n            raise",
    ),
    code(
        "the margin", "who pays in time finds his units, whatever the clocks say", "domain/wheel.py",
        "if minute + margin_seconds <= now_s", "if minute - 25 <= now_s",
    ),
    code(
        "round up", "a hold never ends earlier than asked", "domain/wheel.py",
        "return -int(-(now_s + length_seconds) // every) * every", "return int((now_s + length_seconds) // every) * every",
    ),
    code(
        "lines are summed", "one SKU on two lines is judged as one", "domain/placing.py",
        "units[line.sku, line.location] = units.get((line.sku, line.location), 0) + line.quantity",
        "units[line.sku, line.location] = line.quantity",
    ),
    code(
        "the whole line", "a line is served whole or not at all", "domain/placing.py",
        "if sellable.get(Place(line.sku, at), line.quantity) >= line.quantity)", "if True)",
    ),
)  # fmt: skip

SERVICES = (
    code(
        "read last", "nobody is told 'sold out' while he holds", HOLD,
        "        if own is not None:\n", "        if False:\n",
    ),
    code(
        "the record answers", "the first writer's record answers every repeat", HOLD,
        "        if failure.existing is not None:\n", "        if False:\n",
    ),
    code(
        "same body", "an id that comes with another body is refused", HOLD,
        "if existing.body_hash != order.fingerprint():", "if False:",
    ),
    code(
        "fold before refusing", "units of ended holds are given back before anyone is refused", HOLD,
        "        level = fold_level(context, level, now=now)\n", "        pass\n",
    ),
    code(
        "never judged short while due", "a level that holds ended units is unknown, not short", HOLD,
        "    elif has_due(context, level, now=now):", "    elif False:",
        backed="a fold is tried six times; only a level that changes at each of them gets here",
    ),
    code(
        "one second of memory", "a shortage is remembered for a second at most", "services/context.py",
        "SHORTAGE_REMEMBERED = timedelta(seconds=1)", "SHORTAGE_REMEMBERED = timedelta(seconds=600)",
    ),
    code(
        "a hold enters beyond the mark", "a hold whose minute was folded takes a later one", HOLD,
        "    if mark < minute:\n", "    if True:\n",
    ),
    code(
        "levels belong to a version", "what was seen before another's change is not believed after it", RUN,
        "            seen.clear()\n", "",
    ),
    code(
        "learn from the failure", "what a failed write showed is used in the next decision", RUN,
        "        seen.update(failure.levels)\n", "",
    ),
    code(
        "no payment is lost", "a payment that could not be written is an incident", RUN,
        "        _keep_unmatched(context, reservation_id, payment_id=payment_id, error=error)\n        raise PaymentUnmatched", "        raise PaymentUnmatched",
    ),
    code(
        "a failed fold reads again", "a fold that lost its race is decided anew", FOLD,
        "            level = context.ledger.levels.get(level.place) or Level(place=level.place)\n            continue\n",
        "            return level\n",
        backed="whoever gets a level that still has units of ended holds treats it as unknown and tries again",
    ),
    code(
        "a movement happens once", "a repeated movement answers what it did the first time", "services/stock/move_stock.py",
        "        if failure.existing is not None:\n", "        if False:\n",
    ),
    code(
        "a movement's body", "a movement's id that comes with another body is refused", "services/stock/move_stock.py",
        "    if existing.body_hash != fingerprint(movement):", "    if False:",
    ),
    code(
        "refused is read last", "a repeat of a movement is never refused for what it did itself", "services/stock/move_stock.py",
        "        if existing is None:\n            raise\n", "        raise\n",
    ),
    code(
        "ended holds before a fact", "a fact oversells only what nobody could have given back",
        "services/stock/move_stock.py",
        "    folded = level and fold_level(context, level, now=now)\n", "    folded = level\n",
    ),
    code(
        "a count knows what moved", "what moved since a count is added on top of it", "services/stock/move_stock.py",
        "        moved = on_hand_moved_since(context, level, movement.as_of)\n", "        moved = 0\n",
    ),
    code(
        "a count waits for its facts", "a count whose past is not listed yet is not guessed", "services/stock/units_since.py",
        "    if told != level.on_hand:\n", "    if False:\n",
    ),
    code(
        "a row goes last", "a row of the register goes only once there is nothing left to do", "services/upkeep/sweep_expired.py",
        "if level is not None and row.minute not in level.wheel)", "if True)",
    ),
    code(
        "an unpaid row goes last", "an order's row goes only once it is released or paid", "services/upkeep/sweep_expired.py",
        "    return not answer.record.awaits_payment\n", "    return True\n",
    ),
    code(
        "a failed look keeps the row", "a level that could not be looked at is looked at again", "services/upkeep/sweep_expired.py",
        "        _count(context, error)\n        return None\n", "        return Level(place=place)\n",
    ),
    code(
        "new minutes are listed", "every minute of a wheel gets its row", "services/upkeep/follow_levels.py",
        'for minute in change.after["wheel"] if minute not in known]',
        'for minute in change.after["wheel"] if minute in known]',
    ),
    code(
        "unpaid orders are listed", "every unpaid order gets its row", "services/upkeep/follow_levels.py",
        "        rows.append(unpaid_row(record.id, pay_by=record.pay_by))\n", "        pass\n",
    ),
    code(
        "cleared rows go", "a record that TTL took takes its rows along", "services/upkeep/follow_levels.py",
        "        return [Delete(key=row.key) for row in reservation_rows(gone)]\n", "        return []\n",
    ),
    code(
        "recent is uncertain", "a record of a moment ago is no drift", "domain/audit.py",
        "    if record.changed_at >= certain_before:\n", "    if False:\n",
        backed="`off twice, unchanged` leaves alone every level that moved between two looks",
    ),
    code(
        "a look at the whole table", "what the stream has not told is found before an alarm", "services/upkeep/audit_levels.py",
        "        _list_what_is_not_listed(context, doubted)\n", "",
    ),
    code(
        "off twice, unchanged", "a level that moved between two looks is left alone", "services/upkeep/audit_levels.py",
        "    if not look.facts.exact or level.version != first_version:\n", "    if False:\n",
    ),
    code(
        "listed once", "an id that is listed twice counts once", "services/stock/units_since.py",
        "[each for each in ids if each not in seen]", "ids",
        backed="a batch of reads names each id once; only lists of more than a hundred reservations get here",
    ),
    code(
        "overdue is no obstacle", "an order that cannot be released keeps no level from repair", "services/upkeep/audit_levels.py",
        '            except HoldfastError:\n                context.count("AuditFailures", 1)\n\n\n',
        '            except ZeroDivisionError:\n                context.count("AuditFailures", 1)\n\n\n',
    ),
    code(
        "receipts are audited", "an announced receipt is as its movements say", "domain/audit.py",
        "        if not facts.outstanding(name).holds(announced.get(name, 0)):\n", "        if False:\n",
    ),
)  # fmt: skip

STORE = (
    code(
        "only what changed", "an attribute of a newer version of the code survives", "store/reservations.py",
        "            remove=tuple((name,) for name in old if name not in new),\n",
        '            remove=(*((name,) for name in old if name not in new), ("added_later",)),\n',
    ),
    code(
        "ttl only for what ends", "TTL takes no record that still counts", "store/reservations.py",
        "if record.state in ENDS else None", "if True else None",
    ),
    code(
        "levels of a failure", "the level's condition that failed is told", "store/reservations.py",
        "        if failed is not None\n", "        if False\n",
    ),
    code(
        "one incident, one fact", "a payment told twice is one incident", "store/incidents.py",
        "        with contextlib.suppress(ConditionFailed):  # seen before: the first writer told it\n",
        "        if True:\n",
    ),
)  # fmt: skip

LEDGER = (*CONDITIONS, *STATES, *DECISIONS, *CHANGES_GUARDS, *SERVICES, *STORE)
