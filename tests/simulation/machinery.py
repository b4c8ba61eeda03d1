"""What runs by itself: the stream's consumer, the sweeper, the auditor, TTL, and time; with all that befalls it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from holdfast.domain.errors import HoldfastError
from holdfast.services.context import Context
from holdfast.services.upkeep.audit_levels import Audited, audit_all
from holdfast.services.upkeep.follow_levels import Change, follow_levels
from holdfast.services.upkeep.sweep_expired import sweep_expired
from holdfast.store.table import Delete, Key

from .account import Changed, Item
from .parts import Act
from .shopping import Shopping
from .stage import Actor
from .world import World

BATCH = 12
HOUR, DAY = 3_600.0, 86_400.0
MOST_SWEEPS = 6
# What the first one releases is recent for the rest of it, and may hide what the second one finds.
AUDITS_AT_REST = 2


class Machinery:
    """`lost`: changes that the stream gave up on; only the auditor can make up for them."""

    def __init__(self, world: World, shopping: Shopping) -> None:
        self.world = world
        self.shopping = shopping
        self.lost = 0
        self.swept = 0
        self._seen: list[Changed] = []
        self._following = False
        self._audits_at_rest = 0
        self._sweeper_up_from = 0.0
        profile = world.profile
        if profile.has("stale_index"):
            world.store.index_behind = self._behind
        if profile.has("sweeper_down"):
            self._sweeper_up_from = world.now + DAY

    def begin(self) -> None:
        """The machinery has nothing to do yet."""

    def acts(self) -> Sequence[Act]:
        profile = self.world.profile
        acts = [
            Act(7, self.follow),
            Act(4, self.sweep),
            Act(1, self.audit),
            Act(8, self.time_passes),
            Act(8, self.boundary),
        ]
        if profile.has("leap"):
            acts.append(Act(1, self.leap))
        if profile.has("storm"):
            acts.append(Act(1, self.storm))
        if profile.has("hot_key"):
            acts.append(Act(1, self.hot_key))
        if profile.has("outage"):
            acts.append(Act(1, self.outage))
        if profile.has("policy_change"):
            acts.append(Act(1, self.deploy))
        if profile.has("redelivered"):
            acts.append(Act(2, self.deliver_again))
        if profile.months:
            acts += [Act(1, self.months_pass), Act(2, self.clear_away)]
        return acts

    # ---- the stream

    def follow(self) -> Actor | None:
        """One batch at a time, as one shard has it."""
        changes = self.world.changes
        if self._following or not changes:
            return None
        batch = [changes[number] for number in range(min(len(changes), 1 + int(self.world.chance.random() * BATCH)))]
        return self._enter(batch, again=False)

    def deliver_again(self) -> Actor | None:
        """A batch that was done already, once more, after later ones."""
        if not self._seen:
            return None
        self.world.met("stream_delivered_again")
        first = int(self.world.chance.random() * len(self._seen))
        return self._enter(self._seen[first : first + 3], again=True)

    def _enter(self, batch: list[Changed], *, again: bool) -> Actor | None:
        actor = self.world.enter("follow_levels", "follow", lambda context: self._follow(context, batch, again=again))
        self._following = self._following or (actor is not None and not again)
        return actor

    def _follow(self, context: Context, batch: list[Changed], *, again: bool) -> None:
        world = self.world
        poisoned = world.profile.has("poison") and not again and not world.calm and world.chance.random() < POISON_SHARE
        try:
            told = [change_of(before, after) for before, after in batch]
            if poisoned:
                # Nobody can read the last record: the batch is halved until that one is alone, and put aside.
                world.met("stream_poison")
                told.pop()
                self.lost += 1
            if world.chance.random() < CRASH_AFTER_ROWS:
                follow_levels(context, told[: len(told) // 2], planning=world.planning(context))
            follow_levels(context, told, planning=world.planning(context))
        except HoldfastError as error:
            if poisoned:
                self.lost -= 1
            world.met("stream_retried")
            self.shopping.passing(error, "the stream")
        else:
            if not again:
                for _ in batch:
                    world.changes.popleft()
                self._seen += batch
        finally:
            if not again:
                self._following = False

    # ---- the schedule

    def sweep(self) -> Actor | None:
        world = self.world
        if world.now < self._sweeper_up_from:
            world.met("sweeper_down")
            return None
        doubled = world.at_work_on("sweep")
        if doubled and not world.profile.has("sweeper_doubled"):
            return None
        actor = world.enter("sweep_expired", "sweep", self._sweep)
        if doubled and actor is not None:
            world.met("sweeper_doubled")
        return actor

    def _sweep(self, context: Context) -> None:
        patience = 1 + int(self.world.chance.random() * 12)
        asked = iter(range(patience, -1, -1))
        try:
            swept = sweep_expired(context, time_is_short=lambda: next(asked, 0) == 0)
        except HoldfastError as error:
            self.shopping.passing(error, "the sweeper")
        else:
            self.swept += swept.folds

    def audit(self) -> Actor | None:
        return self.world.enter("audit_levels", "audit", self._audit)

    def _audit(self, context: Context) -> None:
        try:
            audited = audit_all(context)
        except HoldfastError as error:
            self.shopping.passing(error, "the auditor")
        else:
            self._no_false_alarm(audited)

    def _no_false_alarm(self, audited: Audited) -> None:
        world = self.world
        if audited.repaired or (audited.off and not world.profile.clocks_far_off):
            world.blame(f"the auditor found drift where none is: {audited.off}", "LEVEL")

    # ---- TTL

    def clear_away(self) -> Actor | None:
        """TTL takes what has expired, up to three days late and in any order."""
        world = self.world
        for key, item in list(world.store.items.items()):
            late = world.now - item.get("ttl", world.now + 1)
            if late <= 0:
                continue
            world.met("expired_item_still_there")
            if late > 3 * DAY or world.chance.random() < HALF:
                self._clear(key)
        return None

    def _clear(self, key: Key) -> None:
        self.world.steps += 1
        self.world.met("cleared_by_ttl")
        self.world.store.write(Delete(key=key))

    # ---- time and weather

    def time_passes(self) -> Actor | None:
        world = self.world
        world.steps += 1
        world.now += world.chance.random() * (1.5 if world.stage.at_work else 90.0)
        world.land_late_writes()
        return None

    def boundary(self) -> Actor | None:
        """To just before or just after a moment at which something ends."""
        world = self.world
        moments: list[float] = [int(minute) for level in world.account.levels.values() for minute in level["wheel"]]
        moments += self._ends_of_payment()
        if not moments:
            return None
        margin = world.policy.margin_seconds
        moment = world.chance.choice(moments) + world.chance.choice(
            (-8.0, -0.5, 0.5, margin - 9.0, margin - 0.4, margin, margin + 9.5)
        )
        ahead = moment - world.now
        if ahead <= 0 or (world.stage.at_work and ahead > LONGEST_PAUSE and world.chance.random() < LET_THEM_WORK):
            return None
        world.steps += 1
        if ahead > LONGEST_UNDER_WAY:
            world.land_late_writes(all_of_them=True)
        world.now = moment
        world.met("to_the_boundary")
        world.land_late_writes()
        return None

    def leap(self) -> Actor | None:
        world = self.world
        if world.chance.random() > LEAP_SHARE:
            return None
        world.steps += 1
        world.land_late_writes(all_of_them=True)
        world.now += world.chance.choice((HOUR, 3 * HOUR, DAY, 4 * DAY, 8 * DAY))
        world.met("leap")
        if world.changes and world.profile.has("poison"):
            # The shard was blocked for longer than records are kept.
            world.met("stream_gave_up")
            self.lost += len(world.changes)
            if not self._following:
                world.changes.clear()
        world.land_late_writes()
        return None

    def months_pass(self) -> Actor | None:
        """Nothing happens but what happens by itself, each three weeks."""
        world = self.world
        if world.stage.at_work:
            return None
        world.met("months_passed")
        world.land_late_writes(all_of_them=True)
        world.calm, stormy = True, world.calm
        for _ in range(5):
            world.now += 21 * DAY
            self.all_streamed()
            world.at_once("sweep_expired", sweep_expired)
            world.at_once("audit_levels", self._audit)
        world.calm = stormy
        return None

    def storm(self) -> Actor | None:
        self.world.storm_until = self.world.now + self.world.chance.random() * 4.0
        return None

    def hot_key(self) -> Actor | None:
        world = self.world
        world.hot = frozenset({f"SKU#{world.chance.choice(list(world.profile.skus))}"})
        world.hot_until = world.now + world.chance.random() * 4.0
        return None

    def outage(self) -> Actor | None:
        world = self.world
        if world.chance.random() < LEAP_SHARE:
            lasts = world.chance.choice((10.0, 120.0, 3 * HOUR))
            world.outage_until = world.now + lasts
            if lasts > HOUR:
                world.met("outage_of_hours")
        return None

    def deploy(self) -> Actor | None:
        """Other settings, from now on in new processes only."""
        world = self.world
        world.met("policy_changed")
        policy = world.policy
        locations = tuple(reversed(policy.locations))
        world.change_policy(
            replace(
                policy,
                step_seconds=world.chance.choice((30, 60, 300)),
                hold_seconds=world.chance.choice((60, 300, 1_200)),
                payment_window_seconds=world.chance.choice((300, 1_800)),
                locations=locations,
            )
        )
        return None

    def _behind(self) -> int:
        if self.world.calm:
            return 0
        self.world.met("stale_index")
        return int(self.world.chance.random() * 4)

    # ---- after the faults

    def all_streamed(self) -> None:
        world = self.world
        while world.changes:
            batch = [world.changes.popleft() for _ in range(min(len(world.changes), 40))]
            told = [change_of(before, after) for before, after in batch]
            world.at_once(
                "follow_levels",
                lambda context: follow_levels(context, told, planning=world.planning(context)),  # noqa: B023
            )
            self._seen += batch

    def settle(self) -> bool:
        """Past every end by the margin, and by what the clocks differ; then stream, sweeper, and the auditor once."""
        world = self.world
        self._following = False
        self._sweep_too_early()
        ends = [float(minute) for level in world.account.levels.values() for minute in level["wheel"]]
        ends += [float(key.sk.split("#")[0]) for key in world.store.items if key.pk.startswith("DUE#")]
        ends += self._ends_of_payment()
        worked = bool(ends or world.changes)
        if ends:
            world.now = max(world.now, max(ends) + world.policy.margin_seconds + 2 * world.profile.skew_seconds + 1)
        self.all_streamed()
        if self._audits_at_rest < AUDITS_AT_REST:
            self._audits_at_rest, worked = self._audits_at_rest + 1, True
            # The records of a moment ago must not be recent any more, for a clock that is behind.
            world.now += 2 * world.policy.recent_seconds + 2 * world.profile.skew_seconds
            if self.lost:
                world.at_once("audit_levels", self._audit)
                self.all_streamed()
        for _ in range(MOST_SWEEPS):
            swept = world.at_once("sweep_expired", sweep_expired)
            self.all_streamed()
            if not swept.rows:
                break
        return worked

    def _ends_of_payment(self) -> list[float]:
        return [each["pay_by"] / 1000 for each in self.world.account.records.values() if "pay_by" in each]

    def _sweep_too_early(self) -> None:
        """In the very second in which an unpaid order's time is over, and before it is: its row is due by then."""
        world, margin = self.world, self.world.policy.margin_seconds
        moments = [(int(end) + end) / 2 + margin for end in self._ends_of_payment()]
        ahead = [each for each in moments if each > world.now]
        if ahead:
            world.now = min(ahead)
            world.at_once("sweep_expired", sweep_expired)

    def at_rest(self) -> Iterator[str]:
        world = self.world
        for at, level in world.account.levels.items():
            if level["wheel"]:
                yield f"{at} still has units in {dict(level['wheel'])}, long after their end"
        for name, record in world.account.records.items():
            if record["state"] == "committed" and "pay_by" in record:
                yield f"{name} was never paid and never released"
        due = [key for key in world.store.items if key.pk.startswith("DUE#")]
        if due:
            yield f"rows are left in the register: {due[:3]}"
        # What comes late or again may write a row anew that was taken away; it is looked at, and leads nowhere.
        if not (self.lost or world.profile.has("redelivered") or world.profile.has("late")):
            for key in world.store.items:
                if key.pk.startswith("SKU_RESERVATIONS#") and f"RESERVATION#{key.sk[14:]}" not in world.account.records:
                    yield f"{key} lists a reservation that is gone"
        world.now += 2 * world.policy.recent_seconds + 2 * world.profile.skew_seconds
        audited: Audited = world.at_once("audit_levels", audit_all)
        if audited.off or audited.moving or audited.failed:
            yield f"the auditor is not content: {audited}"


def change_of(before: Item | None, after: Item | None) -> Change:
    """A record of the stream; its id is the same whenever it comes."""
    item = after or before or {}
    return Change(before, after, id=f"{item['pk']} {item['sk']} {item['version']}{'' if after else ' gone'}")


POISON_SHARE = 0.3
CRASH_AFTER_ROWS = 0.05
LONGEST_PAUSE = 8.0
# No request is under way for longer: its signature would not be good any more.
LONGEST_UNDER_WAY = 300.0
LET_THEM_WORK = 0.85
LEAP_SHARE = 0.35
HALF = 0.5
