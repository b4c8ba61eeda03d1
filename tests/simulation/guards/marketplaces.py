"""The guards of orders coming in and of pushes."""

# ruff: noqa: E501 - pieces of the source stand here as they stand there

from .guard import NOTHING, RECEIVE, Guard

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
        "            *(Put(key=shop_keys.waiting(settled.shop, each, record.id), item={}) for each in settled.waiting),\n", "",
    ),
    _of_orders(
        "who mapped and died", "an order whose listing was mapped is applied, though nobody said so", POLL,
        "        _send_what_waits(work, shop)\n", "",
    ),
    _of_orders(
        "two changes in a second", "a change within the second of the one before is found", POLL,
        "        return may_have_changed_again(record)\n", "        return False\n",
    ),
    _of_orders(
        "asked for before it is written over", "a change that mapping would hide is asked for", APPLY,
        "    if may_have_changed_again(record):\n", "    if False:\n",
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
        "ended as well", "tokens that another one stored may have ended, too", TOKENS,
        "MOST_REFUSALS = 2\n", "MOST_REFUSALS = 1\n",
    ),
    _of_orders(
        "told to the merchant", "a shop that lets us in no more is told to a person", TOKENS,
        "        if refused.kind in (Kind.REAUTHORISE, Kind.FINAL):\n", "        if False:\n",
    ),
    _of_orders(
        "the rest of the secret", "new tokens leave a key that was rotated as it is", "runtime/shop_secrets.py",
        "        self._remembered.pop(name, None)\n        for _ in range(CHANGE_TRIES):\n            secret, version = self._fetch(name)\n",
        "        for _ in range(CHANGE_TRIES):\n            secret, version = self.read(channel, shop), self._fetch(name)[1]\n",
    ),
    _of_orders(
        "a secret's version", "nobody's change of a secret is written over", "runtime/shop_secrets.py",
        'VersionStage=CURRENT, MoveToVersionId=put["VersionId"], RemoveFromVersionId=version\n',
        'VersionStage=CURRENT, MoveToVersionId=put["VersionId"], RemoveFromVersionId=self._fetch(name)[1]\n',
    ),
    _of_orders(
        "tokens that come late", "who was slower than his lock stores no old tokens", "runtime/shop_accounts.py",
        "return {**secret, **told} if there == used else secret", "return {**secret, **told}",
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
        "            self._settle(job.state, settlement, self._passed(job.state))\n",
        "            self._settle(job.state, settlement)\n",
    ),
    _of_pushes(
        "told with what it tells of", "a failure that is written down was told to a person", "store/pushes.py",
        "            self._table.transact([update, *told])\n",
        "            self._table.write(update)\n            self._table.transact(told)\n",
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

MARKETPLACES = (*INTAKE, *PUSHING)
