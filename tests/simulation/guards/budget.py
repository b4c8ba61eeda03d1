"""The guards of the hold budget."""

# ruff: noqa: E501 - pieces of the source stand here as they stand there

from dataclasses import replace

from .guard import COMMANDS, HOLD, RUN, code, condition

BUDGET_OF = "domain/budget.py"
KEEP, SPEND = "services/reservations/keep_budget.py", "services/reservations/spend_budget.py"
ADMIT, BUYERS, RISK = "services/reservations/admit_buyer.py", "store/buyers.py", "domain/risk.py"
TESTS = (
    "tests/unit/test_hold_budget.py tests/unit/test_risk_rules.py tests/property/test_budget_search.py "
    "tests/property/test_budget_interleaving.py tests/unit/edge tests/unit/test_bench_costs.py tests/unit/test_guards.py"
)

_ALL = (
    condition(
        "more_than_the_floor", 'Condition("more_than_the_floor", ("available",), ">=", quantity + floor)',
        "the last units are for trusted buyers",
    ),
    condition(
        "past_counts_no_more", 'Condition("past_counts_no_more", ("counts_until",), "absent or <", now)',
        "no buyer is written over unread while something of him counts",
    ),
    code(
        "a buyer's version", "two requests of one buyer at once are judged one after the other", BUYERS,
        "version_is(buyer.version) if seen", "past_counts_no_more(10**11) if seen",
    ),
    code(
        "a buyer's past is kept as long as it counts", "no past is written over, or taken by TTL, too early", BUYERS,
        '        "counts_until": counts_until,\n', '        "counts_until": 0,\n',
    ),
    code(
        "the failure tells the budget", "a budget that was run into is taken in", BUYERS,
        "    return buyer_from(failed.item) if failed.item else", "    return",
    ),
    code(
        "limit: open holds", "no buyer has more open holds than he may", BUDGET_OF,
        '            ("open_holds", limits.open_holds, past.open_holds),\n', "",
    ),
    code(
        "limit: units", "no buyer takes more units within the window than he may", BUDGET_OF,
        '            ("units", limits.units, past.units),\n', "",
    ),
    code(
        "limit: re-holds", "no buyer holds again and again", BUDGET_OF,
        '            ("reholds", limits.reholds, past.reholds),\n', "",
    ),
    code(
        "limit: held minutes", "no buyer ties up units for longer than he may", BUDGET_OF,
        '            ("held_minutes", limits.held_minutes, past.held_minutes),\n', "",
    ),
    code(
        "limit: the pause", "after a hold that ran out there is a pause", BUDGET_OF,
        '            ("pause_seconds", limits.pause_seconds, past.pause),\n', "",
    ),
    code(
        "the pause doubles", "each further hold that runs out doubles the pause", BUDGET_OF,
        "pause = min(base * 2 ** (len(lapses) - 1), self.clock.window_s)", "pause = min(base, self.clock.window_s)",
    ),
    code(
        "a payment ends the pause", "who pays is not kept waiting for what ran out before", BUDGET_OF,
        "if each.end is End.PAID), default=0)", "if False), default=0)",
    ),
    code(
        "a late payer's first lapse", "who comes back to pay is not kept waiting for his own hold", BUDGET_OF,
        "return () if entry.reservation_id == self.asked.id and len(lapses) == 1 else lapses", "return lapses",
    ),
    code(
        "the buyer's limits are asked", "limits over all SKUs count", BUDGET_OF,
        "        yield None, self.of_buyer\n", "",
    ),
    code(
        "each SKU's limits are asked", "limits of a SKU count", BUDGET_OF,
        "        yield from self.of_sku.items()\n", "        yield from ()\n",
    ),
    code(
        "one's own hold is not in one's way", "a hold that is taken anew does not stand beside itself", BUDGET_OF,
        "            if each.id != self.asked.id and each.is_open(self.clock)\n", "            if each.is_open(self.clock)\n",
        backed="begin payment writes down the end of its own hold before it is judged; a repeat is answered by its record",
    ),
    code(
        "a doubtful end is no end", "a clock five minutes ahead gains nobody a hold", BUDGET_OF,
        "clock.now_s < self.until + clock.doubt_s", "clock.now_s < self.until",
    ),
    code(
        "forgiven a little later", "a clock that is ahead forgives nothing early", BUDGET_OF,
        "math.ceil(at + self.window_s + self.doubt_s)", "math.ceil(at + self.window_s)",
    ),
    code(
        "lapses are kept", "a hold taken anew has run out before", BUDGET_OF,
        "        lapses=own.all_lapses(clock)[-MOST_LAPSES:],\n", "        lapses=(),\n",
    ),
    code(
        "lapsed units are kept", "units of a hold taken anew were taken before", BUDGET_OF,
        "lapsed=_sum(own.lapsed, own.lines) if anew else own.lapsed", "lapsed=own.lapsed",
    ),
    code(
        "earlier minutes are kept", "a hold taken anew was held before", BUDGET_OF,
        "earlier_seconds=own.earlier_seconds + (own.held_seconds() if anew else 0)", "earlier_seconds=0",
    ),
    code(
        "what a change gives up was held", "goods that a change takes out were held all the same", BUDGET_OF,
        "if sku not in asked.lines and not anew:", "if False:",
    ),
    code(
        "units count from their end on", "units added late to a long hold count", BUDGET_OF,
        "yield (entry.last_at(), entry.units(self.sku))", "yield (entry.since, entry.units(self.sku))",
    ),
    code(
        "what counts is kept", "nothing is dropped that still counts", BUDGET_OF,
        "if clock.left_at(each.last_at()) > clock.now_s]\n        alive.sort", "if each.is_open(clock)]\n        alive.sort",
    ),
    code(
        "a change is held to new goods", "goods that a change adds are judged", BUDGET_OF,
        "if each.sku in new or (grows", "if (grows",
    ),
    code(
        "a change is held to the units", "units that a change adds are judged", BUDGET_OF,
        '(grows and each.limit == "units")', "False",
    ),
    code(
        "begin payment anew is judged", "past its minute begin payment is a new hold", KEEP,
        "    if anew:\n        buyer = admit(context, buyer.lapsed(after.id), asked, terms, clock)\n", "    if anew:\n",
    ),
    code(
        "begin payment lengthens", "the end that begin payment gives a hold is noted", KEEP,
        "    elif after.minute == before.minute:\n        return None\n", "    else:\n        return None\n",
    ),
    code(
        "a change is judged", "what a change adds is judged", KEEP,
        "return take(admit(context, buyer, asked, terms, clock, change=True), asked, clock)", "return take(buyer, asked, clock)",
    ),
    code(
        "a change is noted", "the lines that a change leaves are noted", RUN,
        'counted="Changed", spend=keep_budget.for_change', 'counted="Changed"',
    ),
    code(
        "a payment is noted", "a payment makes room", RUN,
        "            spend=keep_budget.for_commit,\n", "            spend=None,\n",
    ),
    code(
        "a release is noted", "a release makes room, and was a hold", RUN,
        "commands.release, spend=keep_budget.for_release,", "commands.release, spend=None,",
    ),
    code(
        "bought late counts", "a payment of a hold long over heals, and counts as bought", KEEP,
        " or _bought_late(context, write.record, int(clock.now_s))", "",
    ),
    code(
        "refused is read last, begun twice", "a request is not refused for what it was itself counted for", RUN,
        "if read(context, reservation_id).version == record.version:", "if True:",
    ),
    code(
        "records are read before a refusal", "what has ended is not counted", SPEND,
        "    buyer = settled(context, buyer, clock)\n    over", "    over",
        backed="every end is written down by the command that brings it; the rest is only sooner",
    ),
    code(
        "a hold is admitted", "a hold is held to the budget", ADMIT,
        "buyer = admit(context, self.buyer or Buyer(id=record.buyer_id), asked, self.terms, clock)",
        "buyer = self.buyer or Buyer(id=record.buyer_id)",
    ),
    code(
        "an unpaid order is no hold", "nothing is held for whom the rules let pay first", ADMIT,
        "        if record.mode is Mode.ON_PAYMENT:\n            return None\n", "",
    ),
    code(
        "the allow-list", "rules do not apply to whom a person allowed", ADMIT,
        "if self.buyer is not None and self.buyer.allowed:", "if False:",
    ),
    code(
        "when to come back", "who comes back when he was told to is let in", SPEND,
        "math.ceil(at - clock.now_s))", "math.ceil(at - clock.now_s) - 60)",
    ),
    code(
        "monitor only watches", "a rule in monitor mode changes nothing", RISK,
        "acting = [rule for rule in applied if rule.force is Force.ON]", "acting = applied",
    ),
    code(
        "a rule that is on acts", "a rule that is on does what it is set to", RISK,
        "points = sum(rule.points for rule in acting)\n    action", "points = 0\n    action",
    ),
    code(
        "the floor is for the untrusted", "the floor keeps the last units from those it is set for", RISK,
        "untrusted=bool(actions.floor) and points >= actions.floor", "untrusted=False",
    ),
    code(
        "the rules refuse", "whom the rules refuse has no hold", HOLD,
        "        if admission is not None and submission.action is Action.REFUSE:\n            raise _refused_by_rules(admission)\n", "",
    ),
    code(
        "a shorter hold is shorter", "whom the rules give a shorter hold has no longer one", HOLD,
        "return min(self.usual_seconds, self.short_seconds) if shorter else self.usual_seconds", "return self.usual_seconds",
    ),
    code(
        "the floor of a hold", "an untrusted buyer's hold leaves the last units", HOLD,
        "            line.place, line.quantity, minute=record.minute, floor=submission.floor(line.sku)\n",
        "            line.place, line.quantity, minute=record.minute\n",
    ),
    code(
        "the floor of a change", "more units for an untrusted buyer leave the last ones", "domain/change_lines.py",
        "    if before:\n        return changes.hold_more(place, more, minute=minute, held=before, floor=floor)\n",
        "    if before:\n        return changes.hold_more(place, more, minute=minute, held=before)\n",
    ),
    code(
        "the floor of a hold taken anew", "what an untrusted buyer holds anew leaves the last units", COMMANDS,
        "minute=until, floor=situation.floor(line))", "minute=until)",
        backed="begin payment looks at the floor before it writes; this is for the buyer who comes between",
    ),
    code(
        "the version the caller saw", "a late repeat of a change undoes nothing", "domain/change_lines.py",
        "if version is not None and version != record.version:", "if False:",
    ),
    code(
        "an ended hold is not changed", "a change lengthens no hold", "domain/change_lines.py",
        "if record.expired(situation.now) or record.minute is None:", "if record.minute is None:",
    ),
)  # fmt: skip

BUDGET = tuple(replace(each, tests=TESTS) for each in _ALL)
