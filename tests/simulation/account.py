"""What the raw items must add up to, kept with every write. It shares no line with the domain it examines.

Each write is examined at once, with all items of its transaction together; nothing is ever looked at twice.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from .order_account import OrderAccount, is_order

Item = dict[str, Any]
Changed = tuple[Item | None, Item | None]
At = tuple[str, str]

NEXT: dict[str, frozenset[str]] = {
    "open": frozenset({"committed", "refund_due", "released"}),
    "held": frozenset({"held", "committed", "refund_due", "released"}),
    "committed": frozenset({"committed", "shipped", "released", "refund_due"}),
    "shipped": frozenset({"shipped"}),
    "released": frozenset({"refund_due"}),
    "refund_due": frozenset({"refunded"}),
    "refunded": frozenset(),
}
FIRST = frozenset({"open", "held", "committed"})
FACTS = frozenset({"count", "damage", "ship_out"})
STAYS = frozenset({"committed", "refund_due"})


def at_of(level: Item) -> At:
    return level["pk"][4:], level["sk"].split("#")[1]


def _adds_up(level: Item) -> bool:
    held = sum(level["wheel"].values())
    inside = level["available"] + held + level["committed"] + level["leased"] + level["unavailable"]
    return bool(level["on_hand"] == inside)


def _is_repair(changes: list[Changed]) -> bool:
    return any(after is not None and after.get("kind") == "drift_found" for _, after in changes)


def _is_level(item: Item) -> bool:
    return bool(item["sk"].startswith("LEVEL#"))


class Account:
    """`written(changes, now)` answers what is wrong with a write, in words.

    `margin_seconds`, `skew_seconds`: a fold is early if a payer in time could still come; None: clocks are so wrong
    that he may lose his units. `forgiving`: a torn restore is being repaired, so levels need not match their facts.
    """

    def __init__(self, *, margin_seconds: float, skew_seconds: float | None) -> None:
        self.levels: dict[At, Item] = {}
        self.history: defaultdict[At, list[tuple[float, Item]]] = defaultdict(list)
        self.believed: defaultdict[At, Counter[str]] = defaultdict(Counter)
        self.announced: Counter[At] = Counter()
        self.receipts: Counter[tuple[str, str, str]] = Counter()
        self.records: dict[str, Item] = {}
        self.gone: defaultdict[str, list[Item]] = defaultdict(list)
        self.movements: dict[tuple[str, str], Item] = {}
        self.incidents: dict[str, Item] = {}
        self.checkpoint: dict[str, int] = {}
        self.orders = OrderAccount()
        self.forgiving = False
        self.facts_checked = 0
        self._margin_seconds = margin_seconds
        self._skew_seconds = skew_seconds

    def written(self, changes: list[Changed], now: float) -> Iterator[str]:
        touched: dict[At, Item | None] = {}
        for before, after in changes:
            yield from self._one(before, after, touched, now)
        yield from self._together(changes, touched)
        repaired = {
            at_of(after) for _, after in changes if after is not None and _is_level(after) and _is_repair(changes)
        }
        for at, before in touched.items():
            if at in repaired:
                # The account has the facts as they are now: a repair puts back exactly those, whatever goes on.
                yield from faults_of_level(at, self.levels[at], self.believed[at], self.announced[at])
            elif before is not None and not _adds_up(before) and len(before["wheel"]) > len(self.levels[at]["wheel"]):
                yield f"{at} did not add up, and was folded all the same"
            yield from self._level(at, before, now)

    def is_over(self) -> bool:
        """Whether every hold has ended and was folded."""
        return not any(level["wheel"] for level in self.levels.values())

    def last_known(self, name: str) -> Item | None:
        """The reservation's record, or what it was when TTL cleared it away."""
        key = f"RESERVATION#{name}"
        return self.records.get(key) or (self.gone[key][-1] if self.gone[key] else None)

    def _one(
        self, before: Item | None, after: Item | None, touched: dict[At, Item | None], now: float
    ) -> Iterator[str]:
        item = after or before or {}
        sk = item["sk"]
        if sk[:6] == "LEVEL#":
            at = at_of(item)
            touched[at] = before
            if after is None:
                yield f"the level of {at} was deleted"
                return
            self.levels[at] = after
            self.history[at].append((now, after))
        elif sk == "RESERVATION":
            yield from self._record(before, after)
            yield from self._not_too_early(before, after, now)
            for line in item["lines"]:
                touched.setdefault((line["sku"], line["location"]), None)
        elif sk == "INCIDENT":
            self.incidents[item["id"]] = item
        else:
            yield from self._other(before, after, touched)

    def _record(self, before: Item | None, after: Item | None) -> Iterator[str]:
        name = (after or before or {})["pk"]
        if before is not None:
            self._add(before, -1)
        if after is None:
            del self.records[name]
            if before is not None:
                self.gone[name].append(before)
            if before is not None and before["state"] in STAYS:
                yield f"{name} was cleared away while it was {before['state']}"
            return
        if before is None and is_order(after) and self.gone[name]:
            yield f"{name} was applied, cleared away, and is applied again"
        self.records[name] = after
        self._add(after, 1)
        yield from self.orders.written(before, after) if is_order(after) else _of_record(before, after)

    def _not_too_early(self, before: Item | None, after: Item | None, now: float) -> Iterator[str]:
        """Nobody who can still pay in time loses his order, by whatever clock."""
        if before is None or after is None or self._skew_seconds is None or _last(after) != "released unpaid":
            return
        if before["state"] != after["state"]:
            early = before["pay_by"] / 1000 + self._margin_seconds - self._skew_seconds - now
            if early > 0:
                yield f"{after['pk']} was released as unpaid {early:.1f} s before its time"

    def _add(self, record: Item, sign: int) -> None:
        state = record["state"]
        for line in record["lines"]:
            believed = self.believed[line["sku"], line["location"]]
            units = sign * line["quantity"]
            if state == "held":
                believed[f"wheel {record['minute']}"] += units
            elif state == "committed":
                believed["committed"] += units
            elif state == "shipped" and record["shipped_at"] >= self.checkpoint.get(line["sku"], 0):
                believed["on_hand"] -= units

    def _other(self, before: Item | None, after: Item | None, touched: dict[At, Item | None]) -> Iterator[str]:
        item = after or before or {}
        pk, sk = item["pk"], item["sk"]
        if pk.startswith("MOVEMENTS#"):
            if before is not None or after is None:
                yield f"movement {sk} of {pk} was written a second time, or is gone"
                return
            self._movement(pk[10:], sk, after, touched)
        elif sk.startswith("INCOMING#"):
            at = (pk[4:], item["location"])
            self.announced[at] += (after["outstanding"] if after else 0) - (before["outstanding"] if before else 0)
            touched.setdefault(at, None)

    def _movement(self, sku: str, sk: str, item: Item, touched: dict[At, Item | None]) -> None:
        self.movements[sku, sk] = item
        self.orders.movement(sku, sk, item)
        if "shipped_before" in item:
            old = self.checkpoint.get(sku, 0)
            self.checkpoint[sku] = max(old, item["shipped_before"])
            for record in self.records.values():
                if record["state"] == "shipped" and old <= record["shipped_at"] < self.checkpoint[sku]:
                    for line in record["lines"]:
                        if line["sku"] == sku:
                            self.believed[sku, line["location"]]["on_hand"] += line["quantity"]
        for name in ("on_hand", "unavailable"):
            for location, units in item[name].items():
                self.believed[sku, location][name] += units
                touched.setdefault((sku, location), None)
        for location, units in item["incoming"].items():
            receipt = (sku, location, item.get("announcement", sk))
            before, after = self.receipts[receipt], self.receipts[receipt] + units
            self.receipts[receipt] = after
            # What came of a receipt whose announcement a restore has lost is no debt.
            self.believed[sku, location]["incoming"] += max(0, after) - max(0, before)
            touched.setdefault((sku, location), None)

    def _together(self, changes: list[Changed], touched: dict[At, Item | None]) -> Iterator[str]:
        """Facts may oversell, and tell it in the same write; nobody else may."""
        movements = [after for _, after in changes if after is not None and after["pk"][:10] == "MOVEMENTS#"]
        orders = [each for _, each in changes if each is not None and each["sk"] == "RESERVATION" and is_order(each)]
        told = {
            (after["facts"].get("sku"), after["facts"].get("location")): after["facts"].get("units")
            for _, after in changes
            if after is not None and after["sk"] == "INCIDENT" and after["kind"] == "oversold"
        }
        for at, before in touched.items():
            level = self.levels.get(at)
            if level is None or before is None or level["available"] >= 0 or self.forgiving:
                continue
            if level["available"] < before["available"]:
                if not orders and not any(each["type"] in FACTS for each in movements):
                    yield f"{at} was sold below zero: {before['available']} to {level['available']}"
                elif told.get(at) != -level["available"]:
                    yield f"{at} is short of {-level['available']}, and the incident says {told.get(at)}"
        yield from self._moved([] if self.forgiving else movements)
        for order in [] if self.forgiving else orders:
            yield from self.orders.effect(order)
        for before, after in changes:
            if after is not None and after["sk"] == "RESERVATION" and before is not None and not is_order(after):
                yield from self._with_incident(before, after, changes)

    def _moved(self, movements: list[Item]) -> Iterator[str]:
        for each in movements:
            if each["type"] == "count":
                yield from self._counted(each)
            elif each["type"] in {"damage", "ship_out"} and ":" not in each["sk"]:
                yield from self._was_there(each)

    def _was_there(self, movement: Item) -> Iterator[str]:
        """What leaves the building, or breaks in it, was in it."""
        at = (movement["pk"][10:], movement["location"])
        level = self.levels[at]
        least = 0 if movement["type"] == "ship_out" else movement["quantity"]
        if level["on_hand"] < least:
            yield f"{at}: {movement['quantity']} units went by {movement['type']}, {level['on_hand']} are on hand"

    def _counted(self, count: Item) -> Iterator[str]:
        """After a count the level has what was counted, and what moved since it was counted."""
        sku, location = count["pk"][10:], count["location"]
        wanted = count["quantity"]
        if "as_of" in count:
            for (of, sk), each in self.movements.items():
                if of == sku and sk != count["sk"] and each["at"] > count["as_of"] and "shipped_before" not in each:
                    wanted += each["on_hand"].get(location, 0)
            for record in self.records.values():
                if record["state"] == "shipped" and record["shipped_at"] > count["as_of"]:
                    wanted -= sum(
                        line["quantity"]
                        for line in record["lines"]
                        if line["sku"] == sku and line["location"] == location
                    )
        found = self.levels[sku, location]["on_hand"]
        self.facts_checked += 1
        if found != wanted:
            yield f"{(sku, location)}: {wanted} units were counted, the level has {found}"

    def _with_incident(self, before: Item, after: Item, changes: list[Changed]) -> Iterator[str]:
        moved = before["state"] != after["state"]
        wanted = {"refund_due": "open", "refunded": "closed"}.get(after["state"]) if moved else None
        if wanted is None:
            return
        told = [
            each["list"]
            for _, each in changes
            if each is not None and each["sk"] == "INCIDENT" and each["subject"] == after["pk"][12:]
        ]
        if told != [f"incidents#{wanted}"]:
            yield f"{after['pk']} became {after['state']}, and its incident is {told}"

    def _level(self, at: At, before: Item | None, now: float) -> Iterator[str]:
        level = self.levels.get(at)
        if level is None:
            if any(self.believed[at].values()):
                yield f"{at} has no level, its records say {dict(self.believed[at])}"
            return
        if self.forgiving:
            return
        yield from faults_of_level(at, level, self.believed[at], self.announced[at])
        if before is not None and before is not level:
            yield from self._fold(at, before, level, now)

    def _fold(self, at: At, before: Item, level: Item, now: float) -> Iterator[str]:
        if level["version"] != before["version"] + 1:
            yield f"{at}: version {before['version']} became {level['version']}"
        if level["folded_to"] < before["folded_to"]:
            yield f"{at}: the fold mark went back from {before['folded_to']} to {level['folded_to']}"
        for minute in level["wheel"]:
            if minute not in before["wheel"] and int(minute) <= before["folded_to"]:
                yield f"{at}: the folded minute {minute} came back"
        if self._skew_seconds is None:
            return
        for minute in before["wheel"]:
            if minute not in level["wheel"] and now < int(minute) + self._margin_seconds - self._skew_seconds:
                yield f"{at}: minute {minute} was folded {int(minute) + self._margin_seconds - now:.1f} s early"

    def everything(self) -> Iterator[str]:
        """Every level against its facts, whatever was touched last."""
        for at in sorted(set(self.levels) | {each for each, units in self.believed.items() if any(units.values())}):
            yield from self._level(at, None, 0.0)


def _of_record(before: Item | None, after: Item) -> Iterator[str]:
    name, state = after["pk"], after["state"]
    if before is None:
        if state not in FIRST or after["version"] != 1:
            yield f"{name} began as {state}, version {after['version']}"
    else:
        yield from _next_version(before, after)
        yield from _paid_once(before, after)
    if ("ttl" in after) == (state in STAYS):
        yield f"{name} is {state} and {'has' if 'ttl' in after else 'has no'} ttl"
    if (state == "held") != ("minute" in after):
        yield f"{name} is {state} and {'has' if 'minute' in after else 'has no'} minute"
    if state in {"refund_due", "refunded"} and not (after.get("paid") and "payment_id" in after):
        yield f"{name} is {state} without a payment"


def _next_version(before: Item, after: Item) -> Iterator[str]:
    name, was, state = after["pk"], before["state"], after["state"]
    if state not in NEXT[was]:
        yield f"{name} ended once as {was} and once more as {state}"
    if after["version"] != before["version"] + 1:
        yield f"{name}: version {before['version']} became {after['version']}"
    if state == "held" and was == "held" and after["minute"] < before["minute"]:
        yield f"{name}: its hold was shortened from {before['minute']} to {after['minute']}"
    if "added_later" in before and "added_later" not in after:
        yield f"{name} lost what a newer version of the code had added"


def _paid_once(before: Item, after: Item) -> Iterator[str]:
    name, was, state, paid = after["pk"], before["state"], after["state"], before.get("paid", False)
    if before.get("payment_id") not in (None, after.get("payment_id")):
        yield f"{name}: its payment {before['payment_id']} became {after.get('payment_id')}"
    if paid and not after.get("paid"):
        yield f"{name} was paid and is not any more"
    if paid and state == was and state in {"committed", "shipped"}:
        yield f"{name} was paid twice"
    if was == "committed" and state in {"released", "refund_due"} and (state == "refund_due") != paid:
        yield f"{name} went from committed to {state}, paid: {paid}"


def _last(record: Item) -> str:
    return str(record["history"][-1]["what"])


def faults_of_level(at: At, level: Item, believed: Counter[str], announced: int) -> Iterator[str]:
    """A level beside what its records say, from raw items alone."""
    for name in ("on_hand", "committed", "unavailable", "incoming"):
        # What was restored of damage that a torn restore has lost is no debt.
        wanted = max(0, believed[name]) if name == "unavailable" else believed[name]
        if level[name] != wanted:
            yield f"{at}: {name} is {level[name]}, its records say {believed[name]}"
        if level[name] < 0 and name != "on_hand":
            yield f"{at}: {name} is {level[name]}"
    if level["incoming"] != announced:
        yield f"{at}: incoming is {level['incoming']}, the open announcements say {announced}"
    wheel = level["wheel"]
    inside = level["available"] + sum(wheel.values()) + level["committed"] + level["leased"] + level["unavailable"]
    if level["on_hand"] != inside:
        yield f"{at}: on_hand is {level['on_hand']}, the parts add up to {inside}"
    for minute, units in wheel.items():
        if units != believed[f"wheel {minute}"]:
            yield f"{at}: {units} units are in minute {minute}, its records say {believed[f'wheel {minute}']}"
    for name, units in believed.items():
        if units and name[:6] == "wheel " and name[6:] not in wheel and int(name[6:]) > level["folded_to"]:
            yield f"{at}: {units} units are held until {name[6:]}, and the level does not know"


def account_of(items: Iterable[Item]) -> Account:
    """A fresh account of a whole table; its order of writes is not judged."""
    account = Account(margin_seconds=0, skew_seconds=None)
    account.forgiving = True
    for item in sorted(items, key=lambda each: (each["sk"] == "RESERVATION", each["pk"], each["sk"])):
        for _ in account.written([(None, item)], 0.0):
            pass
    account.forgiving = False
    return account
