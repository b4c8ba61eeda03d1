"""Every guard of the ledger, and how it is taken away: a piece of the source, and what stands there instead.

A guard is what keeps two things that happen at once, or one that happens twice, from doing harm. Each must be missed:
by the simulator within a minute, and by a test of the suite.
"""

# ruff: noqa: E501 - pieces of the source stand here as they stand there

from dataclasses import dataclass

NOTHING = 'Condition("gone", ("no such attribute",), "absent")'


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`source` in the core layer, or in `functions`; `there` stands in it exactly once, `instead` takes its place.

    `equal`: why nothing can be missed, for a guard that another one backs completely.
    """

    name: str
    protects: str
    source: str
    there: str
    instead: str
    tests: str = "tests/unit tests/property"
    backed: str = ""


def _condition(name: str, there: str, protects: str, backed: str = "") -> Guard:
    """A condition that always holds."""
    return Guard(
        name=f"condition {name}",
        protects=protects,
        source="domain/conditions.py",
        there=f"return {there}",
        instead=f"return {NOTHING}",
        backed=backed,
    )


CONDITIONS = (
    _condition(
        "enough_free",
        'Condition("enough_free", ("available",), ">=", quantity)',
        "a buyer can never make `available` negative",
    ),
    _condition(
        "still_in_its_entry",
        'Condition("still_in_its_entry", ("wheel", str(minute)), ">=", quantity)',
        "held units are the reservation's own",
    ),
    _condition(
        "not_folded_to",
        'Condition("not_folded_to", ("folded_to",), "<", minute)',
        "a folded minute never comes back",
    ),
    _condition(
        "entry_unchanged",
        'Condition("entry_unchanged", ("wheel", str(minute)), "=", quantity)',
        "a fold gives back exactly what it read",
    ),
    _condition(
        "folded_no_further",
        'Condition("folded_no_further", ("folded_to",), "<=", minute)',
        "the fold mark never goes back",
        backed="it takes a hold that arrives after its minute between two folds: TLC finds it (docs/model, WithoutBack)",
    ),
    _condition(
        "enough_committed",
        'Condition("enough_committed", ("committed",), ">=", quantity)',
        "only what was committed is shipped or given back",
        backed="state and version of the record let each reservation ship or give back once, so too little is never met",
    ),
    _condition(
        "enough_unavailable",
        'Condition("enough_unavailable", ("unavailable",), ">=", quantity)',
        "only units set aside are restored",
    ),
    _condition(
        "enough_on_hand",
        'Condition("enough_on_hand", ("on_hand",), ">=", quantity)',
        "goods that are not in the building neither leave nor break",
    ),
    _condition(
        "available_is",
        'Condition("available_is", ("available",), "=", quantity)',
        "a fact that oversells tells the shortage that is so",
    ),
    _condition(
        "on_hand_is",
        'Condition("on_hand_is", ("on_hand",), "=", quantity)',
        "a count corrects the figure it was compared with",
    ),
    _condition(
        "outstanding_is",
        'Condition("outstanding_is", ("outstanding",), "=", quantity)',
        "two parts of one receipt that arrive at once are each counted",
    ),
    _condition(
        "level_version_is",
        'Condition("level_version_is", ("version",), "=", version)',
        "a repair replaces exactly the level that was found wrong",
    ),
    _condition("id_not_used", 'Condition("id_not_used", ("pk",), "absent")', "the first writer of an id wins"),
    _condition(
        "item_exists",
        'Condition("item_exists", ("pk",), "exists")',
        "an update brings no half item into being",
        backed="an incident is looked for before it is closed; a refund's incident is there since the refund became due",
    ),
    _condition(
        "state_is",
        'Condition("state_is", ("state",), "=", state)',
        "a transition starts from the state it was decided on",
        backed="`version_is` alone: every change of state is a change of version",
    ),
    _condition(
        "version_is",
        'Condition("version_is", ("version",), "=", version)',
        "a command that read before another's change cannot act after it",
    ),
    _condition(
        "wheel_has_room",
        'Condition("wheel_has_room", ("wheel",), "size<", limit)',
        "the level stays under 1 KB",
        backed="it is about cost: a level that is too large is dearer and no less right",
    ),
)


def _cell(row: str, command: str, there: str, instead: str, protects: str, backed: str = "") -> Guard:
    return Guard(
        name=f"state table: {row}, {command.lower()}",
        protects=protects,
        source="domain/reservation.py",
        there=f"({row}, Command.{command}): {there}",
        instead=f"({row}, Command.{command}): {instead}",
        backed=backed,
    )


STATES = (
    _cell("_OPEN", "SHIP", 'Refuse("not_committed")', "Go(State.SHIPPED)", "what took no units is not shipped"),
    _cell("_HELD", "SHIP", 'Refuse("not_committed")', "Go(State.SHIPPED)", "what is not paid is not shipped"),
    _cell(
        "_HELD",
        "REFUNDED",
        'Refuse("no_refund_due")',
        "Go(State.REFUNDED)",
        "only what is due is refunded",
        "`item_exists`: the incident that a refund closes is not there",
    ),
    _cell("_PAID", "RELEASE", "Go(State.REFUND_DUE)", "Go(State.RELEASED)", "paid and released is a refund"),
    _cell("_PAID", "BEGIN_PAYMENT", 'Refuse("already_paid")', "Go(State.HELD)", "who has paid does not pay again"),
    _cell("_UNPAID", "SHIP", "Go(State.SHIPPED)", "Go(State.RELEASED)", "what is shipped is shipped"),
    _cell("_SHIPPED", "SHIP", "Same()", "Go(State.SHIPPED)", "shipped once"),
    _cell("_SHIPPED", "RELEASE", 'Refuse("already_shipped")', "Go(State.RELEASED)", "what has left does not come back"),
    _cell("_RELEASED", "RELEASE", "Same()", "Go(State.RELEASED)", "given back once"),
    _cell("_RELEASED", "SHIP", 'Refuse("already_released")', "Go(State.SHIPPED)", "what was given back is not shipped"),
    _cell(
        "_RELEASED",
        "BEGIN_PAYMENT",
        'Refuse("already_released")',
        "Go(State.HELD)",
        "what was given back is not paid for",
    ),
    _cell("_DUE", "RELEASE", "Same()", "Go(State.RELEASED)", "a refund that is due stays due"),
    _cell("_DUE", "SHIP", 'Refuse("refund_is_due")', "Go(State.SHIPPED)", "who is refunded gets no goods"),
    _cell("_DUE", "REFUNDED", "Go(State.REFUNDED)", "Go(State.RELEASED)", "a refund is written down"),
    _cell("_REFUNDED", "REFUNDED", "Same()", "Go(State.REFUNDED)", "refunded once"),
    _cell("_REFUNDED", "RELEASE", "Same()", "Go(State.RELEASED)", "what is refunded has ended"),
)


def _code(name: str, protects: str, source: str, there: str, instead: str, backed: str = "") -> Guard:
    return Guard(name=name, protects=protects, source=source, there=there, instead=instead, backed=backed)


RECEIVE = "functions/receive_webhook/handler.py"
COMMANDS = "domain/commands.py"
HOLD = "services/reservations/hold_units.py"
RUN = "services/reservations/command_reservation.py"
FOLD = "services/stock/fold_level.py"
CHANGES = "domain/changes.py"

DECISIONS = (
    _code(
        "a payment is written once", "a repeated payment answers what happened the first time", COMMANDS,
        "if record.payment_id is not None:", "if False:",
    ),
    _code(
        "another payment is told", "a second payment is an incident, not a silence", COMMANDS,
        "if record.payment_id == payment_id:", "if True:",
    ),
    _code(
        "paid after release is a refund", "money for units that were given back is paid back", COMMANDS,
        "if record.state is State.RELEASED:", "if False:",
    ),
    _code(
        "a paid order takes nothing twice", "the payment of a committed order moves no units", COMMANDS,
        "if record.state in (State.COMMITTED, State.SHIPPED):\n        paid", "if False:\n        paid",
    ),
    _code(
        "fold first when paying", "units of ended holds are looked for before a refund", COMMANDS,
        "elif situation.has_due(level):",
        "elif False:",
    ),
    _code(
        "what is still held goes back with a refund", "a line that is in its entry is given back", COMMANDS,
        'for ln in sources.entry)\n        return _refund(record, "paid too late, units gone", back',
        'for ln in sources.entry)\n        return _refund(record, "paid too late, units gone", ()',
    ),
    _code(
        "units come from where they are", "an entry that was folded is not taken from", COMMANDS,
        "elif held is not None and level.wheel.get(held, 0) >= line.quantity:", "elif held is not None:",
    ),
    _code(
        "free units are looked at", "a late payer takes only what is free", COMMANDS,
        "elif level.available >= line.quantity + situation.floor(line):", "elif False:",
    ),
    _code(
        "begin payment asks the record once", "the second begin payment moves nothing", COMMANDS,
        "if record.payment_begun and not record.expired(situation.now):", "if record.payment_begun:",
    ),
    _code(
        "beyond the fold mark", "a hold taken anew is beyond every fold mark it meets", COMMANDS,
        "if (anew or until != minute) and mark >= until:", "if False:",
        backed="it takes a clock that is further ahead than the payment window is long, and nobody else at work",
    ),
    _code(
        "never shorter", "begin payment never shortens a hold", COMMANDS,
        "until = max(minute, boundary(", "until = max(0, boundary(",
    ),
    _code(
        "the payment window", "who begins to pay has the payment window for it", COMMANDS,
        "length_seconds=window, step_seconds=step))\n", "length_seconds=1, step_seconds=step))\n",
    ),
    _code(
        "an unpaid order has its time", "nobody who can still pay in time is released", COMMANDS,
        "situation.now < record.pay_by + margin", "situation.now < record.pay_by - timedelta(hours=2)",
    ),
    _code(
        "only unpaid orders", "the sweeper releases nothing that is paid", COMMANDS,
        "if not record.awaits_payment or record.pay_by is None or", "if record.pay_by is None or",
        backed="a payment takes `pay_by` away in the same write",
    ),
    _code(
        "payment ends the time to pay", "a paid order is not released as unpaid", COMMANDS,
        'paid = record.became(record.state, "paid", now, paid=True, payment_id=payment_id, pay_by=None)',
        'paid = record.became(record.state, "paid", now, payment_id=payment_id)',
    ),
    _code(
        "released means given back", "a folded line is not given back a second time", COMMANDS,
        "if line.place not in seen or seen[line.place].wheel.get(minute, 0) >= line.quantity",
        "if True",
    ),
    _code(
        "a refund closes its incident", "what was paid back is not asked for again", COMMANDS,
        "closes=(told.id,))", "closes=())",
    ),
    _code(
        "a refund is told", "a refund that is due is an incident", COMMANDS,
        'return Write(record=due, changes=back, incidents=(told,), outcome="refund_due")',
        'return Write(record=due, changes=back, outcome="refund_due")',
    ),
    _code(
        "duplicate payment is told", "a second payment reaches a person", COMMANDS,
        'return Stay(record=record, incidents=(twice,), outcome="duplicate_payment")',
        'return Stay(record=record, outcome="duplicate_payment")',
    ),
)  # fmt: skip

CHANGES_GUARDS = (
    _code(
        "the fold mark keeps up", "an entry that slipped in below the mark can still be folded", CHANGES,
        "newest = max(level.folded_to, *minutes)", "newest = max(minutes)",
        backed="it takes a hold that arrives after its minute between two folds, as for `folded_no_further`",
    ),
    _code(
        "the fold moves its mark", "what was folded stays folded", CHANGES,
        "        folded_to=newest,\n", "        folded_to=level.folded_to,\n",
    ),
    _code(
        "a change adds up", "a change that makes or loses units is never written", "domain/level.py",
        'if self.add.get("on_hand", 0) != inside + reserved:', "if False:",
        backed="every change of `changes.py` adds up; it is there for the one that will be written wrongly",
    ),
    _code(
        "a level adds up", "nothing is written on top of a level that does not add up", "domain/level.py",
        "        if not self.adds_up():\n            raise", "        if False:\n            raise",
    ),
    _code(
        "the margin", "who pays in time finds his units, whatever the clocks say", "domain/wheel.py",
        "if minute + margin_seconds <= now_s", "if minute - 25 <= now_s",
    ),
    _code(
        "round up", "a hold never ends earlier than asked", "domain/wheel.py",
        "return -int(-(now_s + length_seconds) // every) * every", "return int((now_s + length_seconds) // every) * every",
    ),
    _code(
        "lines are summed", "one SKU on two lines is judged as one", "domain/placing.py",
        "units[line.sku, line.location] = units.get((line.sku, line.location), 0) + line.quantity",
        "units[line.sku, line.location] = line.quantity",
    ),
    _code(
        "the whole line", "a line is served whole or not at all", "domain/placing.py",
        "if sellable.get(Place(line.sku, at), line.quantity) >= line.quantity)", "if True)",
    ),
)  # fmt: skip

SERVICES = (
    _code(
        "read last", "nobody is told 'sold out' while he holds", HOLD,
        "        if own is not None:\n", "        if False:\n",
    ),
    _code(
        "the record answers", "the first writer's record answers every repeat", HOLD,
        "        if failure.existing is not None:\n", "        if False:\n",
    ),
    _code(
        "same body", "an id that comes with another body is refused", HOLD,
        "if existing.body_hash != order.fingerprint():", "if False:",
    ),
    _code(
        "fold before refusing", "units of ended holds are given back before anyone is refused", HOLD,
        "        level = fold_level(context, level, now=now)\n", "        pass\n",
    ),
    _code(
        "never judged short while due", "a level that holds ended units is unknown, not short", HOLD,
        "    elif has_due(context, level, now=now):", "    elif False:",
        backed="a fold is tried six times; only a level that changes at each of them gets here",
    ),
    _code(
        "one second of memory", "a shortage is remembered for a second at most", "services/context.py",
        "SHORTAGE_REMEMBERED = timedelta(seconds=1)", "SHORTAGE_REMEMBERED = timedelta(seconds=600)",
    ),
    _code(
        "a hold enters beyond the mark", "a hold whose minute was folded takes a later one", HOLD,
        "    if mark < minute:\n", "    if True:\n",
    ),
    _code(
        "levels belong to a version", "what was seen before another's change is not believed after it", RUN,
        "            seen.clear()\n", "",
    ),
    _code(
        "learn from the failure", "what a failed write showed is used in the next decision", RUN,
        "        seen.update(failure.levels)\n", "",
    ),
    _code(
        "no payment is lost", "a payment that could not be written is an incident", RUN,
        "        _keep_unmatched(context, reservation_id, payment_id=payment_id, error=error)\n", "",
    ),
    _code(
        "a failed fold reads again", "a fold that lost its race is decided anew", FOLD,
        "            level = context.ledger.levels.get(level.place) or Level(place=level.place)\n            continue\n",
        "            return level\n",
        backed="whoever gets a level that still has units of ended holds treats it as unknown and tries again",
    ),
    _code(
        "a movement happens once", "a repeated movement answers what it did the first time", "services/stock/move_stock.py",
        "        if failure.existing is not None:\n", "        if False:\n",
    ),
    _code(
        "a movement's body", "a movement's id that comes with another body is refused", "services/stock/move_stock.py",
        "    if existing.body_hash != fingerprint(movement):", "    if False:",
    ),
    _code(
        "refused is read last", "a repeat of a movement is never refused for what it did itself", "services/stock/move_stock.py",
        "        if existing is None:\n            raise\n", "        raise\n",
    ),
    _code(
        "ended holds before a fact", "a fact oversells only what nobody could have given back",
        "services/stock/move_stock.py",
        "    folded = level and fold_level(context, level, now=now)\n", "    folded = level\n",
    ),
    _code(
        "a count knows what moved", "what moved since a count is added on top of it", "services/stock/move_stock.py",
        "        moved = on_hand_moved_since(context, level, movement.as_of)\n", "        moved = 0\n",
    ),
    _code(
        "a count waits for its facts", "a count whose past is not listed yet is not guessed", "services/stock/units_since.py",
        "    if told != level.on_hand:\n", "    if False:\n",
    ),
    _code(
        "a row goes last", "a row of the register goes only once there is nothing left to do", "services/upkeep/sweep_expired.py",
        "if level is not None and row.minute not in level.wheel)", "if True)",
    ),
    _code(
        "an unpaid row goes last", "an order's row goes only once it is released or paid", "services/upkeep/sweep_expired.py",
        "    return not answer.record.awaits_payment\n", "    return True\n",
    ),
    _code(
        "a failed look keeps the row", "a level that could not be looked at is looked at again", "services/upkeep/sweep_expired.py",
        "        _count(context, error)\n        return None\n", "        return Level(place=place)\n",
    ),
    _code(
        "new minutes are listed", "every minute of a wheel gets its row", "services/upkeep/follow_levels.py",
        'for minute in change.after["wheel"] if minute not in known]',
        'for minute in change.after["wheel"] if minute in known]',
    ),
    _code(
        "unpaid orders are listed", "every unpaid order gets its row", "services/upkeep/follow_levels.py",
        "        rows.append(unpaid_row(record.id, pay_by=record.pay_by))\n", "        pass\n",
    ),
    _code(
        "cleared rows go", "a record that TTL took takes its rows along", "services/upkeep/follow_levels.py",
        "        return [Delete(key=row.key) for row in reservation_rows(gone)]\n", "        return []\n",
    ),
    _code(
        "recent is uncertain", "a record of a moment ago is no drift", "domain/audit.py",
        "    if record.changed_at >= certain_before:\n", "    if False:\n",
        backed="`off twice, unchanged` leaves alone every level that moved between two looks",
    ),
    _code(
        "a look at the whole table", "what the stream has not told is found before an alarm", "services/upkeep/audit_levels.py",
        "        _list_what_is_not_listed(context, doubted)\n", "",
    ),
    _code(
        "off twice, unchanged", "a level that moved between two looks is left alone", "services/upkeep/audit_levels.py",
        "    if not look.facts.exact or level.version != first_version:\n", "    if False:\n",
    ),
    _code(
        "listed once", "an id that is listed twice counts once", "services/stock/units_since.py",
        "[each for each in ids if each not in seen]", "ids",
        backed="a batch of reads names each id once; only lists of more than a hundred reservations get here",
    ),
    _code(
        "overdue is no obstacle", "an order that cannot be released keeps no level from repair", "services/upkeep/audit_levels.py",
        '            except HoldfastError:\n                context.count("AuditFailures", 1)\n\n\n',
        '            except ZeroDivisionError:\n                context.count("AuditFailures", 1)\n\n\n',
    ),
    _code(
        "receipts are audited", "an announced receipt is as its movements say", "domain/audit.py",
        "        if not facts.outstanding(name).holds(announced.get(name, 0)):\n", "        if False:\n",
    ),
)  # fmt: skip

STORE = (
    _code(
        "only what changed", "an attribute of a newer version of the code survives", "store/reservations.py",
        "            remove=tuple((name,) for name in old if name not in new),\n",
        '            remove=(*((name,) for name in old if name not in new), ("added_later",)),\n',
    ),
    _code(
        "ttl only for what ends", "TTL takes no record that still counts", "store/reservations.py",
        "if record.state in ENDS else None", "if True else None",
    ),
    _code(
        "levels of a failure", "the level's condition that failed is told", "store/reservations.py",
        "        if failed is not None\n", "        if False\n",
    ),
    _code(
        "one incident, one fact", "a payment told twice is one incident", "store/incidents.py",
        "        with contextlib.suppress(ConditionFailed):  # seen before: the first writer told it\n",
        "        if True:\n",
    ),
)  # fmt: skip

APPLY = "services/orders/apply_order.py"
ORDERS = "domain/orders.py"
POLL = "services/orders/poll_orders.py"
TOKENS = "services/orders/shop_account.py"
ORDER_TESTS = "tests/unit/test_orders.py tests/unit/test_poll_orders.py tests/unit/test_shop_account.py tests/unit/edge tests/property/test_order_news.py"
PUSH_TESTS = "tests/unit/test_push_listings.py tests/unit/test_sync_shop.py tests/unit/test_plan_pushes.py tests/property/test_pushes_in_any_order.py"


def _of_orders(name: str, protects: str, source: str, there: str, instead: str, backed: str = "") -> Guard:
    return Guard(
        name=f"intake: {name}",
        protects=protects,
        source=source,
        there=there,
        instead=instead,
        tests=ORDER_TESTS,
        backed=backed,
    )


def _of_pushes(name: str, protects: str, source: str, there: str, instead: str, backed: str = "") -> Guard:
    return Guard(
        name=f"push: {name}",
        protects=protects,
        source=source,
        there=there,
        instead=instead,
        tests=PUSH_TESTS,
        backed=backed,
    )


INTAKE = (
    _of_orders(
        "signed by the shop's key", "nobody but the marketplace is believed", "channels/webhooks.py",
        "    return True in fits\n", "    return True\n",
    ),
    _of_orders(
        "the previous key", "what was signed before a rotation is taken after it", "channels/webhooks.py",
        "for key in (present, secret.get(KEY_PREVIOUS)) if key]", "for key in (present,) if key]",
    ),
    _of_orders(
        "looked for again", "a key that was rotated is found by who remembers the old one", RECEIVE,
        "    again = doorway.secrets.read(delivery.channel, delivery.shop, at_most_s_old=READ_AGAIN_AFTER_S)\n",
        "    again = secret\n",
    ),
    _of_orders(
        "queued before 200", "what was answered with 200 is kept", RECEIVE,
        "    doorway.orders.send(_message(delivery, doorway))\n", "",
    ),
    _of_orders(
        "what failed comes again", "a message goes only once it is done", "runtime/working_off.py",
        "        elif not _is_over(record, do, work):\n            again.append(record.id)\n",
        "        else:\n            _is_over(record, do, work)\n",
    ),
    _of_orders(
        "what was not begun comes again", "no message is lost for want of time", "runtime/working_off.py",
        "            _postpone(work, record, seconds=0)\n            again.append(record.id)\n",
        "            _postpone(work, record, seconds=0)\n",
    ),
    _of_orders(
        "put aside is kept", "what cannot be done is kept for a person", "runtime/working_off.py",
        "        work.aside.put_aside(record.body, reason=reason, first_sent_ms=record.sent_ms)\n", "        pass\n",
    ),
    _of_orders(
        "not put aside comes again", "what the other queue did not take stays in its own", "runtime/working_off.py",
        'logger.info("not put aside, it comes again", detail=error.detail)\n        return False\n',
        'logger.info("not put aside, it comes again", detail=error.detail)\n        return True\n',
    ),
    _of_orders(
        "alone", "one message that fails brings no other back", "runtime/working_off.py",
        "    except Exception as error:", "    except ZeroDivisionError as error:",
    ),
    _of_orders(
        "sent before it is deleted", "a dead letter that goes back is never in no queue", "services/orders/dead_letters.py",
        "            aside.work.send_again(letter.body)\n            aside.kept.delete(letter.receipt)\n",
        "            aside.kept.delete(letter.receipt)\n            aside.work.send_again(letter.body)\n",
    ),
    _of_orders(
        "newest wins", "an old version of an order undoes no newer one", ORDERS,
        "    if newest(told) < newest(before):\n", "    if False:\n",
    ),
    _of_orders(
        "stages of one second", "of two changes of one second the later stage is newer", ORDERS,
        "    return (told.updated_at.timestamp(), RANK[told.stage], off)\n",
        "    return (told.updated_at.timestamp(), 0, off)\n",
    ),
    _of_orders(
        "units of one second", "of two changes of one second the one with more off it is newer", ORDERS,
        "    return (told.updated_at.timestamp(), RANK[told.stage], off)\n",
        "    return (told.updated_at.timestamp(), RANK[told.stage], 0)\n",
    ),
    _of_orders(
        "told again is nothing", "an order that is told twice is written once", ORDERS,
        "    if told == before:\n", "    if False:\n",
        backed="settling an order with what it says already moves no unit; it only costs a write",
    ),
    _of_orders(
        "returned once", "what came back is received once, however often it is told", ORDERS,
        "        more = units - had.get(sku, 0)\n", "        more = units\n",
    ),
    _of_orders(
        "set aside once", "what is held back is set aside once", ORDERS,
        "aside = max(0, withheld[sku] - withheld_before.get(sku, 0)) if sku in withheld else 0",
        "aside = withheld[sku] if sku in withheld else 0",
    ),
    _of_orders(
        "held back and mapped late", "what is held back of a listing that is mapped late is set aside", ORDERS,
        "        aside = 0 if sold.listing in counted else sold.withheld\n", "        aside = 0\n",
    ),
    _of_orders(
        "parts stay", "an order keeps what its listings sold when it was taken in", ORDERS,
        "parts = was.parts if was and was.parts is not None else news.parts.get(line.listing)",
        "parts = news.parts.get(line.listing)",
    ),
    _of_orders(
        "left once", "units of a shipped order leave once", ORDERS,
        "max(0, sold.wanted - sold.left) * part.quantity", "sold.wanted * part.quantity",
    ),
    _of_orders(
        "what left is remembered", "units that left are not taken for units to leave", ORDERS,
        "    told = _with_left(told, shipped=shipped or told.stage is Stage.SHIPPED)\n", "",
    ),
    _of_orders(
        "oversold is told", "a marketplace that sold what is not there is told to a person", ORDERS,
        "        incidents=(*_oversold(changes, plan, after), ", "        incidents=(*(), ",
    ),
    _of_orders(
        "the shortage that is so", "the shortage is told as it is when it is written", ORDERS,
        "        yield available_is(level.available) if short and level else enough_free(-flow.available)\n",
        "        yield enough_committed(0)\n",
    ),
    _of_orders(
        "ended holds before an order", "an order oversells only what nobody could have given back", ORDERS,
        "            if _due(level, self.situation):\n", "            if False:\n",
    ),
    _of_orders(
        "from before", "what was sold before the shop was connected was counted with its stock", APPLY,
        "    if order.created_at < shop.orders_from:\n", "    if False:\n",
    ),
    _of_orders(
        "too old", "an order that TTL may have taken is not applied again", APPLY,
        "    if age < work.context.policy.keep_ended_seconds:\n", "    if True:\n",
    ),
    _of_orders(
        "levels belong to a version", "what was seen before another's change is not believed after it", APPLY,
        "            seen.clear()\n", "",
        backed="an order's decision needs a level only where it is short of units, and the condition is judged again",
    ),
    _of_orders(
        "not told yet", "an order that cannot be fetched yet is fetched again", APPLY,
        "    if missing:\n", "    if False:\n",
    ),
    _of_orders(
        "the lists of waiting orders", "an order waits for its listing until it is mapped", "store/orders.py",
        "            *(Put(key=keys.waiting(settled.shop, each, record.id), item={}) for each in settled.waiting),\n", "",
    ),
    _of_orders(
        "who mapped and died", "an order whose listing was mapped is applied, though nobody said so", POLL,
        "        _send_what_waits(work, shop)\n", "",
    ),
    _of_orders(
        "two changes in a second", "a change within the second of the one before is found", POLL,
        "        return record.changed_at - before.updated_at < SAME_SECOND\n", "        return False\n",
    ),
    _of_orders(
        "the cursor is what was seen", "an empty answer moves nothing", POLL,
        '    if newest is not None and newest > seen_to:\n        changed["seen_to"] = newest\n',
        '    changed["seen_to"] = now\n',
    ),
    _of_orders(
        "the overlap", "what a list left out by mistake is asked for again", POLL,
        "    since = seen_to - timedelta(seconds=shop.overlap_seconds)\n", "    since = seen_to\n",
        backed="the long look of each six hours finds it too, only later",
    ),
    _of_orders(
        "the long look", "what a list left out is found after hours", POLL,
        "    if sweeps:\n        since", "    if False:\n        since",
    ),
    _of_orders(
        "the lock of the token", "two calls never use one refresh token", TOKENS,
        "        if work.context.ledger.shops.lock_token(shop, owner, now=work.now(), seconds=LOCK_SECONDS):\n",
        "        if True:\n",
    ),
    _of_orders(
        "read under the lock", "who has the lock sees the tokens of who had it before", TOKENS,
        "                current = work.accounts.read(shop, fresh=True)\n                return", "                return",
    ),
    _of_orders(
        "a lock in use", "a lock is taken over only once its time is over", "domain/conditions.py",
        'return Condition("lock_over", ("until",), "<=", now_ms)', f"return {NOTHING}",
    ),
    _of_orders(
        "a lock of one's own", "a late holder opens no other's lock", "domain/conditions.py",
        'return Condition("lock_is", ("owner",), "=", owner)', 'return Condition("lock_is", ("owner",), "exists")',
    ),
    _of_orders(
        "told to the merchant", "a shop that lets us in no more is told to a person", TOKENS,
        "        if refused.kind in (Kind.REAUTHORISE, Kind.FINAL):\n", "        if False:\n",
    ),
    _of_orders(
        "the rest of the secret", "new tokens leave a key that was rotated as it is", "runtime/shop_accounts.py",
        "        secret = {**self._secret(shop, at_most_s_old=0.0), **told}\n",
        "        secret = {**self._secret(shop, at_most_s_old=REMEMBERED_S), **told}\n",
    ),
)  # fmt: skip

PUSH = "services/sync/push_listings.py"
SETTLE = "services/sync/settle_push.py"
STATE = "domain/push.py"

PUSHING = (
    _of_pushes(
        "condition fence_is", "one push in flight, and no old answer is taken for a newer push's", "domain/conditions.py",
        'return Condition("fence_is", ("fence",), "=", fence)', f"return {NOTHING}",
    ),
    _of_pushes(
        "condition nothing_asked", "who finds a push asked for leaves it at that", "domain/conditions.py",
        'return Condition("nothing_asked", ("asked",), "absent")', f"return {NOTHING}",
        backed="a request that takes another's place has a message of its own: one push more than needed",
    ),
    _of_pushes(
        "condition asked_is", "a lost request is replaced once", "domain/conditions.py",
        'return Condition("asked_is", ("asked", "id"), "=", asked)', f"return {NOTHING}",
        backed="a request that is taken back though it is another's is asked for anew by the next run",
    ),
    _of_pushes(
        "condition next_call_is", "two workers take no place twice", "domain/conditions.py",
        'return Condition("next_call_is", ("next_ms",), "=", next_ms)', f"return {NOTHING}",
        backed="it is about pace: a marketplace that is asked too often says so, and is asked again",
    ),
    _of_pushes(
        "the lease is written", "nobody pushes what another one pushes", PUSH,
        "            return self._ledger.pushes.begin(state, begun(state, now=self._sync.now(), limits=self._sync.limits))\n",
        "            return begun(state, now=self._sync.now(), limits=self._sync.limits)\n",
    ),
    _of_pushes(
        "the lease is waited for", "a push begins only once the one before is over", PUSH,
        "            if at > now:\n", "            if False:\n",
    ),
    _of_pushes(
        "the fence counts", "each push has a number of its own", STATE,
        "        fence=state.fence + 1,\n", "        fence=state.fence,\n",
    ),
    _of_pushes(
        "time for the call", "a call ends before the next worker may begin", PUSH,
        "            if not all(self._may_send(job) for job in batch):\n                raise", "            if False:\n                raise",
        backed="the function is ended before its lease is; it is there for a slower function",
    ),
    _of_pushes(
        "a lease not given back", "what a dead worker sent may still come, and is pushed over", STATE,
        "    if state.lease_until is not None:\n        late", "    if False:\n        late",
    ),
    _of_pushes(
        "no answer is no no", "what was sent without an answer may still come", SETTLE,
        "    if error.kind is Kind.UNKNOWN:\n        late", "    if False:\n        late",
    ),
    _of_pushes(
        "a yes that comes late", "what was acknowledged may be applied after a newer number", SETTLE,
        "    if begun.applied_by is not None and begun.acknowledged != quantity:\n", "    if False:\n",
    ),
    _of_pushes(
        "once more", "the present number is sent again once no earlier one can come", SETTLE,
        "    if late is None or sent_at >= late:\n", "    if True:\n",
    ),
    _of_pushes(
        "unsettled is unknown", "a number that may be overwritten is not believed", STATE,
        "sure = self.lease_until is None and self.unsettled_until is None and self.touched == self.acknowledged_touched",
        "sure = self.lease_until is None and self.touched == self.acknowledged_touched",
    ),
    _of_pushes(
        "touched is unknown", "a number that the shop's own orders moved is not believed", STATE,
        "sure = self.lease_until is None and self.unsettled_until is None and self.touched == self.acknowledged_touched",
        "sure = self.lease_until is None and self.unsettled_until is None",
    ),
    _of_pushes(
        "orders touch", "an order moves the marketplace's own number", "services/sync/plan_pushes.py",
        "    ledger.pushes.note_touched([key for key in news.sold if key in listings])\n", "",
    ),
    _of_pushes(
        "touched since", "an order that came during a push makes its number unknown", SETTLE,
        "        acknowledged_touched=begun.touched,\n", "        acknowledged_touched=begun.touched + 1,\n",
    ),
    _of_pushes(
        "a newer request stays", "a request that came during a push is pushed", "store/pushes.py",
        "conditions=(ours, nothing_asked()))", "conditions=(ours,))",
        backed="what the settlement puts in its place is due for the same listing, only later",
    ),
    _of_pushes(
        "lost requests", "a request whose message was lost is replaced", STATE,
        "    return now - asked.due >= timedelta(seconds=limits.lost_s)\n", "    return False\n",
    ),
    _of_pushes(
        "paused is told 0 only", "a paused shop is told nothing that could sell", PUSH,
        "        if shown != job.quantity and may_push(job.made.rules, job.quantity):\n",
        "        if shown != job.quantity:\n",
    ),
    _of_pushes(
        "one at a time", "a listing that is refused takes no other with it", PUSH,
        "            if error.kind is Kind.FINAL and len(batch) > 1:\n", "            if False:\n",
    ),
    _of_pushes(
        "not there shows nothing", "a listing that is there again is pushed", "services/sync/sync_shop.py",
        "failed=blocked.code, acknowledged=None)", "failed=blocked.code)",
    ),
    _of_pushes(
        "its incident is closed", "what has passed is asked of nobody", PUSH,
        "            self._close_incidents(job.state)\n", "",
    ),
    _of_pushes(
        "not shown yet", "what was acknowledged a moment ago is not taken for drift", "services/sync/sync_shop.py",
        " or (shown_by is not None and now < shown_by):", ":",
    ),
    _of_pushes(
        "behind waits", "what may have been sold and not told is not raised at once", "services/sync/sync_shop.py",
        "        and not row.behind\n", "",
        backed="the simulator does not count what a marketplace sells and tells late as harm; nobody else raises it earlier",
    ),
)  # fmt: skip

BUDGET_OF = "domain/budget.py"
KEEP, SPEND = "services/reservations/keep_budget.py", "services/reservations/spend_budget.py"
ADMIT, BUYERS, RISK = "services/reservations/admit_buyer.py", "store/buyers.py", "domain/risk.py"

BUDGET = (
    _condition(
        "more_than_the_floor", 'Condition("more_than_the_floor", ("available",), ">=", quantity + floor)',
        "the last units are for trusted buyers",
    ),
    _condition(
        "past_counts_no_more", 'Condition("past_counts_no_more", ("counts_until",), "absent or <", now)',
        "no buyer is written over unread while something of him counts",
    ),
    _code(
        "a buyer's version", "two requests of one buyer at once are judged one after the other", BUYERS,
        "version_is(buyer.version) if seen", "past_counts_no_more(10**11) if seen",
    ),
    _code(
        "a buyer's past is kept as long as it counts", "no past is written over, or taken by TTL, too early", BUYERS,
        '        "counts_until": counts_until,\n', '        "counts_until": 0,\n',
    ),
    _code(
        "the failure tells the budget", "a budget that was run into is taken in", BUYERS,
        "    return buyer_from(failed.item) if failed.item else", "    return",
    ),
    _code(
        "limit: open holds", "no buyer has more open holds than he may", BUDGET_OF,
        '            ("open_holds", limits.open_holds, past.open_holds),\n', "",
    ),
    _code(
        "limit: units", "no buyer takes more units within the window than he may", BUDGET_OF,
        '            ("units", limits.units, past.units),\n', "",
    ),
    _code(
        "limit: re-holds", "no buyer holds again and again", BUDGET_OF,
        '            ("reholds", limits.reholds, past.reholds),\n', "",
    ),
    _code(
        "limit: held minutes", "no buyer ties up units for longer than he may", BUDGET_OF,
        '            ("held_minutes", limits.held_minutes, past.held_minutes),\n', "",
    ),
    _code(
        "limit: the pause", "after a hold that ran out there is a pause", BUDGET_OF,
        '            ("pause_seconds", limits.pause_seconds, past.pause),\n', "",
    ),
    _code(
        "the pause doubles", "each further hold that runs out doubles the pause", BUDGET_OF,
        "pause = min(base * 2 ** (len(lapses) - 1), self.clock.window_s)", "pause = min(base, self.clock.window_s)",
    ),
    _code(
        "a payment ends the pause", "who pays is not kept waiting for what ran out before", BUDGET_OF,
        "if each.end is End.PAID), default=0)", "if False), default=0)",
    ),
    _code(
        "a late payer's first lapse", "who comes back to pay is not kept waiting for his own hold", BUDGET_OF,
        "return () if entry.reservation_id == self.asked.id and len(lapses) == 1 else lapses", "return lapses",
    ),
    _code(
        "the buyer's limits are asked", "limits over all SKUs count", BUDGET_OF,
        "        yield None, self.of_buyer\n", "",
    ),
    _code(
        "each SKU's limits are asked", "limits of a SKU count", BUDGET_OF,
        "        yield from self.of_sku.items()\n", "        yield from ()\n",
    ),
    _code(
        "one's own hold is not in one's way", "a hold that is taken anew does not stand beside itself", BUDGET_OF,
        "            if each.id != self.asked.id and each.is_open(self.clock)\n", "            if each.is_open(self.clock)\n",
        backed="begin payment writes down the end of its own hold before it is judged; a repeat is answered by its record",
    ),
    _code(
        "a doubtful end is no end", "a clock five minutes ahead gains nobody a hold", BUDGET_OF,
        "clock.now_s < self.until + clock.doubt_s", "clock.now_s < self.until",
    ),
    _code(
        "forgiven a little later", "a clock that is ahead forgives nothing early", BUDGET_OF,
        "math.ceil(at + self.window_s + self.doubt_s)", "math.ceil(at + self.window_s)",
    ),
    _code(
        "lapses are kept", "a hold taken anew has run out before", BUDGET_OF,
        "        lapses=own.all_lapses(clock)[-MOST_LAPSES:],\n", "        lapses=(),\n",
    ),
    _code(
        "lapsed units are kept", "units of a hold taken anew were taken before", BUDGET_OF,
        "lapsed=_sum(own.lapsed, own.lines) if anew else own.lapsed", "lapsed=own.lapsed",
    ),
    _code(
        "earlier minutes are kept", "a hold taken anew was held before", BUDGET_OF,
        "earlier_seconds=own.earlier_seconds + (own.held_seconds() if anew else 0)", "earlier_seconds=0",
    ),
    _code(
        "what a change gives up was held", "goods that a change takes out were held all the same", BUDGET_OF,
        "if sku not in asked.lines and not anew:", "if False:",
    ),
    _code(
        "units count from their end on", "units added late to a long hold count", BUDGET_OF,
        "yield (entry.last_at(), entry.units(self.sku))", "yield (entry.since, entry.units(self.sku))",
    ),
    _code(
        "what counts is kept", "nothing is dropped that still counts", BUDGET_OF,
        "if clock.left_at(each.last_at()) > clock.now_s]\n        alive.sort", "if each.is_open(clock)]\n        alive.sort",
    ),
    _code(
        "a change is held to new goods", "goods that a change adds are judged", BUDGET_OF,
        "if each.sku in new or (grows", "if (grows",
    ),
    _code(
        "a change is held to the units", "units that a change adds are judged", BUDGET_OF,
        '(grows and each.limit == "units")', "False",
    ),
    _code(
        "begin payment anew is judged", "past its minute begin payment is a new hold", KEEP,
        "    if anew:\n        buyer = admit(context, buyer.lapsed(after.id), asked, terms, clock)\n", "    if anew:\n",
    ),
    _code(
        "begin payment lengthens", "the end that begin payment gives a hold is noted", KEEP,
        "    elif after.minute == before.minute:\n        return None\n", "    else:\n        return None\n",
    ),
    _code(
        "a change is judged", "what a change adds is judged", KEEP,
        "return take(admit(context, buyer, asked, terms, clock, change=True), asked, clock)", "return take(buyer, asked, clock)",
    ),
    _code(
        "a change is noted", "the lines that a change leaves are noted", RUN,
        'counted="Changed", spend=keep_budget.for_change', 'counted="Changed"',
    ),
    _code(
        "a payment is noted", "a payment makes room", RUN,
        "            spend=keep_budget.for_commit,\n", "            spend=None,\n",
    ),
    _code(
        "a release is noted", "a release makes room, and was a hold", RUN,
        "commands.release, spend=keep_budget.for_release,", "commands.release, spend=None,",
    ),
    _code(
        "bought late counts", "a payment of a hold long over heals, and counts as bought", KEEP,
        " or _bought_late(context, write.record, int(clock.now_s))", "",
    ),
    _code(
        "refused is read last, begun twice", "a request is not refused for what it was itself counted for", RUN,
        "if read(context, reservation_id).version == record.version:", "if True:",
    ),
    _code(
        "records are read before a refusal", "what has ended is not counted", SPEND,
        "    buyer = settled(context, buyer, clock)\n    over", "    over",
        backed="every end is written down by the command that brings it; the rest is only sooner",
    ),
    _code(
        "a hold is admitted", "a hold is held to the budget", ADMIT,
        "buyer = admit(context, self.buyer or Buyer(id=record.buyer_id), asked, self.terms, clock)",
        "buyer = self.buyer or Buyer(id=record.buyer_id)",
    ),
    _code(
        "an unpaid order is no hold", "nothing is held for whom the rules let pay first", ADMIT,
        "        if record.mode is Mode.ON_PAYMENT:\n            return None\n", "",
    ),
    _code(
        "the allow-list", "rules do not apply to whom a person allowed", ADMIT,
        "if self.buyer is not None and self.buyer.allowed:", "if False:",
    ),
    _code(
        "when to come back", "who comes back when he was told to is let in", SPEND,
        "math.ceil(at - clock.now_s))", "math.ceil(at - clock.now_s) - 60)",
    ),
    _code(
        "monitor only watches", "a rule in monitor mode changes nothing", RISK,
        "acting = [rule for rule in applied if rule.force is Force.ON]", "acting = applied",
    ),
    _code(
        "a rule that is on acts", "a rule that is on does what it is set to", RISK,
        "points = sum(rule.points for rule in acting)\n    action", "points = 0\n    action",
    ),
    _code(
        "the floor is for the untrusted", "the floor keeps the last units from those it is set for", RISK,
        "untrusted=bool(actions.floor) and points >= actions.floor", "untrusted=False",
    ),
    _code(
        "the rules refuse", "whom the rules refuse has no hold", HOLD,
        "        if admission is not None and submission.action is Action.REFUSE:\n            raise _refused_by_rules(admission)\n", "",
    ),
    _code(
        "a shorter hold is shorter", "whom the rules give a shorter hold has no longer one", HOLD,
        "return min(self.usual_seconds, self.short_seconds) if shorter else self.usual_seconds", "return self.usual_seconds",
    ),
    _code(
        "the floor of a hold", "an untrusted buyer's hold leaves the last units", HOLD,
        "            line.place, line.quantity, minute=record.minute, floor=submission.floor(line.sku)\n",
        "            line.place, line.quantity, minute=record.minute\n",
    ),
    _code(
        "the floor of a change", "more units for an untrusted buyer leave the last ones", "domain/change_lines.py",
        "    if before:\n        return changes.hold_more(place, more, minute=minute, held=before, floor=floor)\n",
        "    if before:\n        return changes.hold_more(place, more, minute=minute, held=before)\n",
    ),
    _code(
        "the floor of a hold taken anew", "what an untrusted buyer holds anew leaves the last units", COMMANDS,
        "minute=until, floor=situation.floor(line))", "minute=until)",
        backed="begin payment looks at the floor before it writes; this is for the buyer who comes between",
    ),
    _code(
        "the version the caller saw", "a late repeat of a change undoes nothing", "domain/change_lines.py",
        "if version is not None and version != record.version:", "if False:",
    ),
    _code(
        "an ended hold is not changed", "a change lengthens no hold", "domain/change_lines.py",
        "if record.expired(situation.now) or record.minute is None:", "if record.minute is None:",
    ),
)  # fmt: skip

GUARDS: tuple[Guard, ...] = (
    *CONDITIONS,
    *STATES,
    *DECISIONS,
    *CHANGES_GUARDS,
    *SERVICES,
    *STORE,
    *INTAKE,
    *PUSHING,
    *BUDGET,
)
