"""Buyers with a hold budget, in a part of the seeds: limits, rules, pauses, a floor; changes of lines; many at once."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from holdfast.domain.budget import Buyer, Kept, Limits
from holdfast.domain.errors import (
    BadInput,
    HoldBudget,
    HoldfastError,
    InsufficientStock,
    NotInThisState,
    PolicyRefused,
    VersionChanged,
)
from holdfast.domain.movement import Movement, Type
from holdfast.domain.policy import BudgetPolicy
from holdfast.domain.reservation import Wanted
from holdfast.domain.risk import Actions, Facts, Force, Rule
from holdfast.services.context import Context
from holdfast.services.reservations.command_reservation import begin_payment, change, commit
from holdfast.services.reservations.hold_units import Order, hold_units
from holdfast.services.reservations.look_at_buyer import allow_buyer
from holdfast.services.stock.move_stock import move_stock

from .account import Changed, Item
from .budgets import NAMES, Budgets, Terms
from .parts import Act
from .profile import FAR_OFF_SECONDS, Profile
from .shopping import Shopping
from .stage import MOST_AT_ONCE, Actor
from .stock import is_false
from .world import World

SHARE = 0.35
REGULAR, NEWCOMER = Facts(paid_orders=5), Facts(paid_orders=0)
FACTS = {"lan": REGULAR, "minh": NEWCOMER}
SHORTEST_STEP, LONGEST_STEP = 30, 300
STEPS_OF_DOUBT = 5


@dataclass(frozen=True, kw_only=True)
class Scarcity:
    """`rule`: what weighs newcomers, if anything; `floor` of each SKU; `plenty`: the budget ends before the stock."""

    of_buyer: Limits
    of_sku: Limits
    rule: Rule | None
    actions: Actions
    floor: int
    plenty: bool

    @property
    def acts(self) -> bool:
        return self.rule is not None and self.rule.force is Force.ON


def with_budget(profile: Profile, chance: random.Random) -> tuple[Profile, Scarcity | None]:
    """The profile of a seed in which goods are scarce, or as it was."""
    if profile.torn or chance.random() > SHARE:
        return profile, None
    step = profile.policy.step_seconds
    rule = None
    if chance.random() < HAS_RULE:
        force = chance.choice((Force.ON, Force.ON, Force.MONITOR))
        rule = Rule(code="no_paid_order", force=force, points=chance.choice((60, 60, 90)))
    floor = chance.choice((0, 1, 2)) if rule else 0
    scarcity = Scarcity(
        of_buyer=_limits(chance, step, chance.choice((0, 1, 2))),
        of_sku=_limits(chance, step, chance.choice((1, 2, 5))),
        rule=rule,
        actions=Actions(on_payment=chance.choice((0, 0, 60)) if rule and rule.points < Actions().refuse else 0),
        floor=floor,
        plenty=floor == 0 and chance.random() < PLENTY,
    )
    budget = BudgetPolicy(
        kept=Kept.ALL,
        of_buyer=scarcity.of_buyer,
        of_sku=scarcity.of_sku,
        window_seconds=chance.choice((1_800, 7_200, 86_400)),
        rules=(rule,) if rule else (),
        actions=scarcity.actions,
        short_hold_seconds=step,
    )
    shop = replace(
        profile,
        policy=replace(profile.policy, budget=budget),
        at_once=chance.choice((profile.at_once, MOST_AT_ONCE)),
        chaos_steps=max(200, profile.chaos_steps),
        orders=8,
        skus={sku: mode if chance.random() < AS_IT_WAS else None for sku, mode in profile.skus.items()},
    )
    return shop, scarcity


def _limits(chance: random.Random, step: int, number: int) -> Limits:
    found = {
        "open_holds": chance.choice((1, 1, 2)),
        "units": chance.choice((3, 4, 6)),
        "reholds": chance.choice((1, 2, 3)),
        "held_minutes": chance.choice((3, 6)) * step * 10 // 60,
        "pause_seconds": chance.choice((step, 5 * step)),
    }
    return Limits(**{name: found[name] for name in chance.sample(NAMES, number)})


def _by_name(limits: Limits) -> Mapping[str, int]:
    return {name: getattr(limits, name) for name in NAMES}


class Changing(NamedTuple):
    """A change of lines that was sent, and may be sent again."""

    name: str
    lines: tuple[Wanted, ...]
    version: int | None


class Buyers:
    """What scarce goods add to a seed; nothing where `scarcity` is None."""

    def __init__(self, world: World, shopping: Shopping, scarcity: Scarcity | None) -> None:
        self.world = world
        self.shopping = shopping
        self._scarcity = scarcity
        self._sent: list[Changing] = []
        self._ever_allowed: set[str] = set()
        self._played = False
        if scarcity is None:
            return
        policy, skew = world.policy, world.profile.skew_seconds
        deploys = world.profile.has("policy_change")
        shortest = SHORTEST_STEP if deploys else policy.step_seconds
        self._budgets = Budgets(
            Terms(
                of_buyer=_by_name(scarcity.of_buyer),
                of_sku=_by_name(scarcity.of_sku),
                window=policy.budget.window_seconds,
                margin=policy.margin_seconds,
                skew=skew,
                doubt=STEPS_OF_DOUBT * (LONGEST_STEP if deploys else policy.step_seconds),
                exact=skew < FAR_OFF_SECONDS or skew <= STEPS_OF_DOUBT * shortest,
            ),
            world.account.levels.get,
        )
        # Two processes of different settings forgive at different times.
        self._settings_differ = STEPS_OF_DOUBT * LONGEST_STEP if deploys else 0
        shopping.facts = FACTS
        world.floor, world.floor_acts = scarcity.floor, scarcity.acts
        world.on_write.append(self._watch)
        world.on_refusal = self._refused

    def begin(self) -> None:
        if self._scarcity is None:
            return
        if self._scarcity.plenty:
            self._much_arrives("plenty")

    def _much_arrives(self, name: str) -> None:
        for sku in self.world.profile.skus:
            goods = Movement(id=name, type=Type.RECEIVE, sku=sku, location="main", quantity=PLENTY_UNITS)
            self.world.at_once("manage_stock", lambda context: move_stock(context, goods))  # noqa: B023

    def acts(self) -> Sequence[Act]:
        if self._scarcity is None:
            return []
        acts = [Act(8, self.change), Act(4, self.crowd), Act(5, self.pay_late)]
        if self._scarcity.rule is not None:
            acts.append(Act(1, self.allow))
        return acts

    def settle(self) -> bool:
        """Once all holds are over one of them does what takes several steps in a row, as soon as he may."""
        world = self.world
        if self._scarcity is None or self._played or world.ended or not world.account.is_over():
            return False
        self._played = True
        self._much_arrives("last plenty")
        buyer = self.world.chance.choice(list(FACTS))
        scenes: list[Callable[[str], None]] = [
            self._pay_long_after,
            self._come_again,
            self._take_anew,
            self._begin_twice,
            self._give_up_goods,
            self._add_late,
        ]
        if self._scarcity.acts and self._scarcity.floor:
            scenes.append(self._ask_for_the_last)
        self.world.chance.choice(scenes)(buyer)
        return True

    # ---- the last scenes

    def _come_again(self, buyer: str) -> None:
        """Hold, let it run out, hold again."""
        sku = self.world.chance.choice(list(self.world.profile.skus))
        for number in range(MOST_AGAIN):
            name = self._hold(buyer, number, {sku: 1})
            self.world.now = max(self.world.now, self._over_at(name))

    def _take_anew(self, buyer: str) -> None:
        """Begin to pay for what has run out, twice over; then take as much more as there is leave for."""
        sku = self.world.chance.choice(list(self.world.profile.skus))
        name = self._hold(buyer, 0, {sku: 1})
        for _ in range(2):
            self.world.now = max(self.world.now, self._over_at(name))
            self._begin(name)
        if self.world.chance.random() < HALF:
            self.world.now = max(self.world.now, self._over_at(name))
        for units in range(MOST_UNITS, 0, -1):
            self._hold(buyer, units, {sku: units}, waits=0)

    def _begin_twice(self, buyer: str) -> None:
        """Begin to pay for what has run out, from two windows: one comes through before the other reads the budget."""
        world = self.world
        name = self._hold(buyer, 0, {world.chance.choice(list(world.profile.skus)): 1})
        world.now = max(world.now, self._over_at(name))

        def begin(context: Context) -> None:
            budgets = context.ledger.buyers
            get = budgets.get

            def after_the_other(buyer_id: str) -> Buyer:
                budgets.get = get  # type: ignore[method-assign]  # once
                self._begin(name)
                return get(buyer_id)

            budgets.get = after_the_other  # type: ignore[method-assign]  # once
            begin_payment(context, name)

        since = world.now
        try:
            world.at_once("begin_payment", begin)
        except HoldBudget as refusal:
            if self._surely_held(self._raw(name), since):
                world.blame(f"{name} has begun to pay, and was refused by the budget: {refusal}", name)
        except HoldfastError:
            return  # there was no hold

    def _begin(self, name: str) -> None:
        with suppress(HoldfastError):
            self.world.at_once("begin_payment", lambda context: begin_payment(context, name))

    def _pay_long_after(self, buyer: str) -> None:
        """Pay for what ran out so long ago that it is forgotten: whatever ran out since is forgiven."""
        world = self.world
        sku = world.chance.choice(list(world.profile.skus))
        paid = self._hold(buyer, 0, {sku: 1})
        world.now += world.policy.budget.window_seconds + self._budgets.terms.doubt + world.policy.budget.window_seconds
        since = self._hold(buyer, 1, {sku: 1})
        if "minute" not in (self._raw(since) or {}):
            return  # an unpaid order runs out later
        world.now = max(world.now, self._over_at(since))
        with suppress(HoldfastError):
            world.at_once("hold_stock", lambda context: commit(context, paid, payment_id="at last"))
        if not (self._raw(paid) or {}).get("paid"):
            return
        world.now += 2 * world.profile.skew_seconds + 1
        order = Order(id=f"{AT_LAST} {buyer} 2", buyer_id=buyer, lines=(Wanted(sku, 1),), hold_seconds=1, facts=REGULAR)
        refusal = world.at_once("hold_stock", lambda context: _asked(context, order))
        if refusal and any(each.limit == "pause_seconds" for each in refusal.over):
            world.blame(f"{order.id} was refused, and {buyer} has paid since: {refusal}", order.id)

    def _give_up_goods(self, buyer: str) -> None:
        """Hold two goods, give one of them up, hold both again."""
        both = list(self.world.profile.skus)[:2]
        for number in range(MOST_AGAIN):
            name = self._hold(buyer, number, dict.fromkeys(both, 1))
            self.world.now += 1.0
            self._keep(name, Wanted(both[0], 1))

    def _add_late(self, buyer: str) -> None:
        """Add to a long hold shortly before its end; take as much more once its beginning is forgotten."""
        world, terms = self.world, self._budgets.terms
        sku = world.chance.choice(list(world.profile.skus))
        since = world.now = world.now + terms.window + terms.doubt + LONG_STEPS * world.policy.step_seconds
        name = self._hold(buyer, 0, {sku: 1}, seconds=LONG_STEPS * world.policy.step_seconds)
        ends = (self._raw(name) or {}).get("minute")
        if ends is None:
            return
        world.now = max(world.now, ends - 2 * world.profile.skew_seconds - 1)
        for units in range(MOST_UNITS, 1, -1):
            self._keep(name, Wanted(sku, units))
        doubt = STEPS_OF_DOUBT * world.policy.step_seconds
        forgotten = since + terms.window + doubt + 2 * world.profile.skew_seconds + 1
        world.now = max(self._over_at(name), forgotten)
        for units in range(MOST_UNITS, 0, -1):
            self._hold(buyer, units, {sku: units}, waits=0)

    def _ask_for_the_last(self, _buyer: str) -> None:
        """One more than the floor is free: who is not trusted takes it, and asks for another."""
        world = self.world
        sku, floor = world.chance.choice(list(world.profile.skus)), world.floor
        for (of, location), level in list(world.account.levels.items()):
            left = floor + 1 if location == world.policy.locations[0] else 0
            if of == sku:
                found = level["on_hand"] - level["available"] + left
                count = Movement(
                    id=f"last {location}", type=Type.COUNT, sku=sku, location=location, quantity=max(0, found)
                )
                world.at_once("manage_stock", lambda context: move_stock(context, count))  # noqa: B023
        order = Order(id="last units", buyer_id="minh", lines=(Wanted(sku, 1),), hold_seconds=1, facts=FACTS["minh"])
        with suppress(HoldfastError):
            world.at_once("hold_stock", lambda context: hold_units(context, order))
        self._keep(order.id, Wanted(sku, 2))

    def _keep(self, name: str, kept: Wanted) -> None:
        """From now on it has this line only."""
        with suppress(HoldfastError):
            self.world.at_once("hold_stock", lambda context: change(context, name, lines=(kept,), version=None))

    def _hold(self, buyer: str, number: int, units: Mapping[str, int], *, waits: int = 1, seconds: int = 1) -> str:
        """He comes back when he is told to, so often. Answers the id."""
        lines = tuple(Wanted(sku, quantity) for sku, quantity in units.items())
        order = Order(
            id=f"{AT_LAST} {buyer} {number}", buyer_id=buyer, lines=lines, hold_seconds=seconds, facts=REGULAR
        )
        with suppress(HoldfastError):
            while refusal := self.world.at_once("hold_stock", lambda context: _asked(context, order)):
                if waits == 0:
                    break
                waits -= 1
                self.world.now += refusal.retry_after_seconds + 1
        return order.id

    def _over_at(self, name: str) -> float:
        """When the hold has run out by every clock; at once if there is none."""
        world, record = self.world, self._raw(name)
        minute: float = (record or {}).get("minute", 0.0)
        return minute + world.policy.margin_seconds + 2 * world.profile.skew_seconds + 1

    # ---- what they do

    def crowd(self) -> Actor | None:
        """As many requests at once as there is room for."""
        last: Actor | None = None
        for _ in range(self.world.profile.at_once):
            last = self.shopping.submit() or last
        return last

    def pay_late(self) -> Actor | None:
        """Who comes back after his hold has ended begins to pay, now and then from two windows at once."""
        over = self._budgets.over_at(self.world.now)
        if not over:
            return None
        name = self.world.chance.choice(over)
        begun = self.shopping.begin_payment(name)
        if self.world.chance.random() < TWICE:
            begun = self.shopping.begin_payment(name) or begun
        return begun

    def change(self) -> Actor | None:
        asked = self._changing()
        if asked is None:
            return None
        doing = f"change {asked.name} "
        return self.world.enter("hold_stock", doing, lambda context: self._change(context, asked))

    def _changing(self) -> Changing | None:
        chance = self.world.chance
        if self._sent and chance.random() < SAME_AGAIN:
            return chance.choice(self._sent)
        held = self._budgets.held_at(self.world.now)
        name = chance.choice(held) if held and chance.random() < OF_HELD else self.shopping.any_name()
        record = self._raw(name)
        if record is None:
            return None
        units = {line["sku"]: line["quantity"] for line in record["lines"]}
        sku = chance.choice(list(self.world.profile.skus))
        units[sku] = max(0, units.get(sku, 0) + chance.choice((-1, 1, 1, 2)))
        if chance.random() < ONLY_THIS:
            units = {sku: units[sku]}
        lines = tuple(Wanted(each, quantity) for each, quantity in units.items() if quantity)
        if not lines:
            return None
        version = chance.choice((None, record["version"], record["version"] - 1))
        self._sent.append(Changing(name, lines, version or None))
        return self._sent[-1]

    def _change(self, context: Context, asked: Changing) -> None:
        world, since, before = self.world, self.world.now, self._raw(asked.name)
        try:
            answer = change(context, asked.name, lines=asked.lines, version=asked.version)
        except InsufficientStock as refusal:
            for short in refusal.shortages:
                if is_false(world, short, since=since, locations=()):
                    world.blame(f"{asked} was told that too few are free; enough were", asked.name, short.sku)
        except (NotInThisState, VersionChanged) as refusal:
            self._not_changed(asked, refusal, before, since)
        except BadInput:
            return  # one SKU held at two locations
        except HoldfastError as error:
            self.shopping.passing(error, asked.name)
        else:
            self._changed(asked, answer.record.version, {**_units(answer.record.lines)}, first=answer.first)

    def _not_changed(self, asked: Changing, refusal: HoldfastError, before: Item | None, since: float) -> None:
        """What was so at the beginning and at the end was so meanwhile."""
        if before is None or before is not self._raw(asked.name):
            return
        if refusal.code == "hold_ended" and self._surely_held(before, since):
            self.world.blame(f"{asked} was told that its hold has ended", asked.name)
        if refusal.code == VersionChanged.code and before["version"] == asked.version:
            self.world.blame(f"{asked} was told that the version is another", asked.name)

    def _surely_held(self, record: Item | None, since: float) -> bool:
        return (
            record is not None
            and record["state"] == "held"
            and not self.world.profile.clocks_far_off
            and max(since, self.world.now) + 2 * self.world.profile.skew_seconds + 1 < record["minute"]
        )

    def _changed(self, asked: Changing, version: int, got: dict[str, int], *, first: bool) -> None:
        if got != _units(asked.lines):
            self.world.blame(f"{asked} was answered with {got}", asked.name)
        if first and asked.version is not None and version != asked.version + 1:
            self.world.blame(f"{asked} was done to version {version - 1}", asked.name)

    def allow(self) -> Actor | None:
        chance = self.world.chance
        buyer, allowed = chance.choice(list(FACTS)), chance.random() < HALF
        self._ever_allowed.add(buyer)
        return self.world.enter("manage_stock", f"allow {buyer} ", lambda context: self._allow(context, buyer, allowed))

    def _allow(self, context: Context, buyer: str, allowed: bool) -> None:
        try:
            allow_buyer(context, buyer, allowed=allowed, note=None)
        except HoldfastError as error:
            self.shopping.passing(error, buyer)

    # ---- each write

    def _watch(self, changes: list[Changed]) -> None:
        world = self.world
        for wrong in self._budgets.written(changes, world.now, self._excused):
            world.blame(wrong, *((after or before or {})["pk"] for before, after in changes))
        for before, after in changes:
            if after is not None and after["sk"] == "RESERVATION":
                for wrong in self._weighed(before, after, changes):
                    world.blame(wrong, after["pk"])

    def _excused(self) -> bool:
        """Whether this call may have tried so often that it goes on without the budget."""
        world, actor = self.world, self.world.stage.current
        if world.landing or actor is None or actor.disturbed:
            return True
        return world.writes - actor.writes_before - actor.own_writes >= TRIES_WITH_BUDGET

    def _weighed(self, before: Item | None, after: Item, changes: list[Changed]) -> Iterator[str]:
        """The rules do what they are set to, and those that only watch do nothing."""
        scarcity = self._scarcity
        # Marketplaces sell to whom they like: their orders have no budget and meet no rule.
        if scarcity is None or "told" in after or after["pk"][12:].startswith(AT_LAST):
            return
        if before is None:
            yield from self._verdict(scarcity, after)
        if not after.get("untrusted") or after["state"] != "held":
            return
        had = (
            {line["sku"]: line["quantity"] for line in before["lines"]} if before and before["state"] == "held" else {}
        )
        again = before is not None and after["history"][-1]["what"] == "held again, payment begun"
        for level_before, level in changes:
            if level is None or level_before is None or level["sk"][:6] != "LEVEL#":
                continue
            sku = level["pk"][4:]
            grew = again or any(line["sku"] == sku and line["quantity"] > had.get(sku, 0) for line in after["lines"])
            if grew and level["available"] < min(scarcity.floor, level_before["available"]):
                yield f"{after['pk']} took the last {level_before['available']} of {sku}, and is not trusted"

    def _verdict(self, scarcity: Scarcity, record: Item) -> Iterator[str]:
        name, buyer, rule = record["pk"], record["buyer_id"], scarcity.rule
        actor = self.world.stage.current
        if actor is not None and not self.world.landing and self._budgets.allowed_before(buyer, actor.started):
            if record.get("untrusted"):
                yield f"{name}: a rule acts, and {buyer} is on the allow-list"
            return
        mild = rule is None or rule.force is not Force.ON or FACTS[buyer] is REGULAR
        if mild:
            if record.get("untrusted") or any(hit["acted"] for hit in record.get("hits", ())):
                yield f"{name}: a rule acts that does not apply to {buyer}, or only watches"
        elif buyer not in self._ever_allowed and rule is not None:
            if rule.points >= scarcity.actions.refuse:
                yield f"{name} is of a buyer whom the rules refuse"
            elif not record.get("untrusted"):
                yield f"{name} is trusted, and its buyer is not"
            elif scarcity.actions.on_payment and record["mode"] != "on_payment":
                yield f"{name} holds units, and its buyer is to have none before he pays"
            elif (
                not scarcity.actions.on_payment and record["hold_seconds"] > self.world.policy.budget.short_hold_seconds
            ):
                yield f"{name} has a hold of {record['hold_seconds']} s, and its buyer is to have a shorter one"

    # ---- each refusal

    def _refused(self, error: HoldfastError, about: str, buyer: str) -> bool:
        """Whether it is a refusal of budget or rules; a false one is a violation."""
        world, scarcity = self.world, self._scarcity
        actor = world.stage.current
        if not isinstance(error, HoldBudget | PolicyRefused) or scarcity is None or actor is None:
            return False
        world.counted[f"sim_{error.code}"] += 1
        verb, record = actor.doing.partition(" ")[0], self._raw(about)
        if verb == "submit" and self._budgets.held_before(about, actor.started):
            world.blame(f"{about} was refused as {error.code} while it has its reservation", about)
        begun = self._budgets.begun_before(about, actor.started)
        if verb == "begin" and begun and self._surely_held(record, actor.started):
            world.blame(f"{about} began to pay in time, and was held to the budget", about)
        buyer = buyer or (record["buyer_id"] if record else "")
        if isinstance(error, PolicyRefused):
            wanted = {"no_paid_order"} <= set(error.reasons)
            allowed = self._budgets.allowed_before(buyer, actor.started)
            if wanted and (allowed or not scarcity.acts or FACTS[buyer] is not NEWCOMER):
                world.blame(f"{about} was refused by a rule that does not apply", about)
            return True
        for over in error.over if not world.profile.clocks_far_off else ():
            told = self._budgets.is_false(
                buyer, about, over.limit, over.sku, over.most, since=actor.started, now=world.now
            )
            if told:
                world.blame(f"{about} was refused for {over.limit} {over.most} of {over.sku}: {told}", about)
        return True

    # ---- at rest

    def at_rest(self) -> Iterator[str]:
        """Whoever waits as long as he is told is let in: nobody is shut out."""
        if self._scarcity is None:
            return
        world = self.world
        world.counted["sim_judged"] += self._budgets.judged
        for buyer in FACTS:
            sku = max(world.profile.skus, key=self._available)
            if self._available(sku) <= 0:
                continue
            order = Order(
                id=f"{AT_LAST} {buyer}", buyer_id=buyer, lines=(Wanted(sku, 1),), hold_seconds=1, facts=REGULAR
            )
            waits: list[HoldBudget] = []
            while refusal := world.at_once("hold_stock", lambda context: _asked(context, order)):  # noqa: B023
                if len(waits) == MOST_WAITS or (waits and not _rounded(refusal)):
                    yield f"{buyer} came back when he was told to, and was refused again: {[*waits, refusal]}"
                    break
                waits.append(refusal)
                world.counted["sim_waited"] += 1
                world.now += refusal.retry_after_seconds + 2 * world.profile.skew_seconds + 1 + self._settings_differ

    def _available(self, sku: str) -> int:
        return max((level["available"] for at, level in self.world.account.levels.items() if at[0] == sku), default=0)

    def _raw(self, name: str) -> Item | None:
        return self.world.account.records.get(f"RESERVATION#{name}")


def _asked(context: Context, order: Order) -> HoldBudget | None:
    """None: he has it."""
    try:
        hold_units(context, order)
    except HoldBudget as refusal:
        return refusal
    return None


def _rounded(refusal: HoldBudget) -> bool:
    """A hold ends on a full step, so that the same request may be for some seconds more when it comes again."""
    return all(each.limit == "held_minutes" for each in refusal.over)


def _units(lines: Sequence[Any]) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in lines:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    return units


AT_LAST = "at last"
HAS_RULE = 0.5
AS_IT_WAS = 0.3
OF_HELD = 0.8
PLENTY = 0.9
PLENTY_UNITS = 30
SAME_AGAIN = 0.3
ONLY_THIS = 0.3
TWICE = 0.3
HALF = 0.5
MOST_WAITS = 3
MOST_AGAIN = 4
MOST_UNITS = 6
LONG_STEPS = 20
TRIES_WITH_BUDGET = 6
