"""One seed: a shop opens, everything goes wrong for a while, the faults stop, all comes to rest, and is judged."""

import random
from collections import Counter
from dataclasses import dataclass, field

from tests.support.oracle import faults_of

from .account import account_of
from .buyers import Buyers, with_budget
from .last_scenes import LastScenes
from .listings import Listings
from .machinery import Machinery
from .marketplaces import Marketplaces
from .parts import Act, Part
from .payments import Payments
from .profile import Profile, drawn, in_still_waters
from .shopping import Shopping
from .shops import Shops
from .stage import Actor, Stage
from .standins import stand_in
from .torn import torn_restore
from .warehouse import Warehouse
from .world import MOST_STEPS, Told, Violated, World

# Rounds in which everything must come to rest once the faults have stopped.
MOST_ROUNDS = 6
SLOTS = 128


@dataclass(slots=True)
class Result:
    """`steps` counts calls to store, queues and clock; `store_calls` only those to the store."""

    seed: int
    steps: int
    clock_reads: int
    faults: Counter[str]
    counted: Counter[str]
    violations: list[Violated]
    story: list[Told] = field(default_factory=list)
    profile: Profile | None = None


class Seed:
    """A seed at work."""

    def __init__(self, number: int, stage: Stage) -> None:
        self.number = number
        chance = random.Random(number)  # noqa: S311  # the seed decides all; it is no secret
        # Numbers of their own, so that the other seeds are as they were.
        further = random.Random(~number)  # noqa: S311  # the same
        self.profile, scarcity = with_budget(drawn(chance), further)
        if scarcity is None:
            self.profile = in_still_waters(self.profile, further)
        self.world = World(self.profile, chance, stage)
        shopping = Shopping(self.world)
        machinery = Machinery(self.world, shopping)
        self.parts: list[Part] = [
            shopping,
            Payments(self.world, shopping),
            Warehouse(self.world, shopping),
            machinery,
        ]
        self.shops = Shops(self.world)
        marketplaces = Marketplaces(self.world, shopping, self.shops)
        listings = Listings(self.world, shopping, self.shops, machinery)
        self.parts += [
            marketplaces,
            listings,
            LastScenes(self.world, self.shops, marketplaces, listings, machinery),
            # Judged last: at rest they buy once more, and what is sold then no listing has heard of.
            Buyers(self.world, shopping, scarcity),
        ]
        self._slots: list[Act] = []
        self._steadiness = self.profile.steadiness
        stage.choose = self._choose
        stage.bug = self._bug

    def run(self) -> Result:
        try:
            with stand_in(self.world.chance.random, self._count):
                self._play()
        except Exception as bug:  # noqa: BLE001  # whatever it is, it is told as a violation
            self.world.blame(f"{type(bug).__name__}: {bug}")
        self.world.stage.clear()
        return self._result()

    def _weight(self, part: Part, act: Act) -> int:
        """In some seeds with shops there is little else, so that more befalls each order and each listing."""
        return (
            act.weight
            if isinstance(part, (Marketplaces, Listings)) or not self.shops.alone
            else max(1, act.weight // 4)
        )

    def _count(self, metric: str, units: int) -> None:
        self.world.counted[metric] += units

    def _play(self) -> None:
        world, stage = self.world, self.world.stage
        for part in self.parts:
            part.begin()
        self._slots = [act for part in self.parts for act in part.acts() for _ in range(self._weight(part, act))]
        world.calm = False
        self._until = world.steps + self.profile.chaos_steps
        stage.play()
        world.calm = True
        world.outage_until = 0.0
        if not world.ended:
            self._finish()

    def _result(self) -> Result:
        world = self.world
        return Result(
            seed=self.number,
            steps=world.steps,
            clock_reads=world.clock_reads,
            faults=world.faults,
            counted=world.counted,
            violations=world.violations,
            story=list(world.story),
            profile=self.profile,
        )

    def _finish(self) -> None:
        """Those at work come to their end, what is under way arrives, and everything comes to rest."""
        world, stage = self.world, self.world.stage
        self._until = MOST_STEPS
        self._slots = []
        if self.profile.torn:
            stage.clear()
            torn_restore(world)
            return
        stage.play()
        world.land_late_writes(all_of_them=True)
        restless = ""
        for _ in range(MOST_ROUNDS):
            if world.ended:
                return
            rounds = [part.settle() for part in self.parts]  # each of them has its turn
            if not any(rounds):
                break
        else:
            restless = f"{MOST_ROUNDS} rounds"
        if world.steps > MOST_STEPS:
            restless = f"{MOST_STEPS} steps"
        self._judge()
        if restless:
            world.blame(f"not at rest after {restless}")

    def _judge(self) -> None:
        """At rest: what each part finds wrong, and every level added up anew from the raw items, twice over."""
        world = self.world
        wrong = [each for part in self.parts for each in part.at_rest()]
        wrong += [*world.account.everything(), *account_of(world.store.items.values()).everything()]
        if not world.account.checkpoint:
            wrong += faults_of(world.store.items.values())
        for each in wrong:
            world.blame(each)

    def _choose(self) -> Actor | None:
        """Who goes on: often the same one, else another one at work, or something new happens."""
        world, stage = self.world, self.world.stage
        at_work, chance = stage.at_work, world.chance
        for _ in range(SLOTS):
            if world.ended or world.steps >= self._until:
                return None
            if world.late:
                world.land_late_writes()
            if at_work:
                number = chance.random()
                if number < self._steadiness and stage.current in at_work:
                    return stage.current
                if number < self._steadiness + (1 - self._steadiness) * OTHERS_FIRST or not self._slots:
                    return at_work[int(chance.random() * len(at_work))]
            if not self._slots:
                return None
            begun = self._slots[int(chance.random() * len(self._slots))].happens()
            if begun is not None:
                return begun
        return at_work[0] if at_work else None

    def _bug(self, actor: Actor, error: BaseException) -> None:
        self.world.blame(f"{actor.doing}: {type(error).__name__}: {error}", *actor.doing.split())


OTHERS_FIRST = 0.6


def run_seed(number: int, stage: Stage) -> Result:
    """Run one seed on the stage; the same number gives the same result."""
    return Seed(number, stage).run()
