"""A restore that holds transactions in half: the auditor must find what is torn, and put it right from the facts."""

from collections.abc import Callable
from contextlib import suppress

from holdfast.domain.errors import HoldfastError
from holdfast.domain.movement import Movement, Type
from holdfast.domain.reservation import Wanted
from holdfast.services.context import Context
from holdfast.services.reservations.hold_units import Order, hold_units
from holdfast.services.stock.move_stock import move_stock
from holdfast.services.upkeep.audit_levels import Audited, audit_all
from holdfast.services.upkeep.follow_levels import Change, follow_levels
from holdfast.services.upkeep.sweep_expired import sweep_expired
from holdfast.store.table import Key

from .account import At, Changed, account_of, faults_of_level
from .world import World

MOST_AUDITS = 4
HALF = 0.5
DAY_SECONDS = 86_400.0
ROUNDS = BUYERS = 3


def torn_restore(world: World) -> None:
    """Items of the last transactions as they were before or after them; audited, repaired, swept, in order again."""
    world.late.clear()  # what was under way was on its way to another table
    torn = [*_tear(world), *_tamper(world)]
    world.account = account_of(world.store.items.values())
    if not any(world.account.everything()):
        return  # it happened to be whole
    world.account.forgiving = True
    world.met("torn_restore")
    # As the runbook has it: the facts are written into the table, whose stream tells of each of them.
    world.changes.clear()
    _list_everything(world)
    wheels = [int(minute) for level in world.account.levels.values() for minute in level["wheel"]]
    world.now = max([world.now, *map(float, wheels)]) + DAY_SECONDS
    _audit_beside_a_buyer(world)
    audited = Audited()
    for _ in range(MOST_AUDITS):
        _wait_until_nothing_is_recent(world)
        audited = world.at_once("audit_levels", audit_all)
        if audited.repaired:
            world.met("torn_repaired")
        if audited.finished and not (audited.off or audited.moving or audited.failed):
            break
    else:
        world.blame(f"the restored table is not in order after {MOST_AUDITS} audits: {audited}")
    world.at_once("sweep_expired", sweep_expired)
    after = account_of(world.store.items.values())
    for at, level in after.levels.items():
        for wrong in faults_of_level(at, level, after.believed[at], after.announced[at]):
            world.blame(f"restored, torn in {torn}, repaired, and still wrong: {wrong}", at[0])


def _list_everything(world: World) -> None:
    records = [item for item in world.store.items.values() if item["sk"] == "RESERVATION"]
    world.at_once("follow_levels", lambda context: follow_levels(context, [Change(None, each) for each in records]))


def _wait_until_nothing_is_recent(world: World) -> None:
    world.now += 2 * world.policy.recent_seconds + 2 * world.profile.skew_seconds


def _audit_beside_a_buyer(world: World) -> None:
    """The first audits run while others buy: a repair that would undo what they did must not be written."""
    for number in range(ROUNDS):
        _wait_until_nothing_is_recent(world)
        places = _off(world) or list(world.account.levels)
        if not places:
            return
        world.enter("audit_levels", "audit", _audit)
        if number == 0:
            _much_arrives(world, world.chance.choice(places))
        for buyer in range(BUYERS):
            _buys(world, f"beside {number} {buyer}", world.chance.choice(places))
        world.stage.play()
        _list_everything(world)


def _off(world: World) -> list[At]:
    """What the auditor is about to repair."""
    account = world.account
    return [
        at
        for at, level in account.levels.items()
        if any(faults_of_level(at, level, account.believed[at], account.announced[at]))
    ]


def _audit(context: Context) -> None:
    audit_all(context)


def _much_arrives(world: World, place: At) -> None:
    goods = Movement(id="more", type=Type.RECEIVE, sku=place[0], location=place[1], quantity=ROUNDS * BUYERS)
    world.enter("manage_stock", "move", lambda context: _tolerant(lambda: move_stock(context, goods)))


def _buys(world: World, name: str, place: At) -> None:
    order = Order(id=name, buyer_id="lan", lines=(Wanted(place[0], 1, place[1]),))
    world.enter("hold_stock", "submit", lambda context: _tolerant(lambda: hold_units(context, order)))


def _tolerant(act: Callable[[], object]) -> None:
    """A torn level may refuse whatever it likes; only what is written counts."""
    with suppress(HoldfastError):
        act()


def _tear(world: World) -> list[str]:
    """Put some items of the last transactions back to what they were; answers their keys."""
    torn: list[str] = []
    done: set[Key] = set()
    for changes in reversed([each for each in world.recent if len(each) > 1]):
        for change in changes:
            key = _key(change)
            if key in done:
                continue
            done.add(key)
            if world.chance.random() < HALF:
                world.store.put_back(key, change[0])
                torn.append(f"{key.pk} {key.sk}")
    return torn


def _tamper(world: World) -> list[str]:
    """Somebody wrote a level by hand; now and then."""
    levels = [item for item in world.account.levels.values() if item["wheel"]]
    if not levels or world.chance.random() < HALF:
        return []
    level = world.chance.choice(levels)
    key = Key(level["pk"], level["sk"])
    world.store.put_back(key, {**level, "available": level["available"] + 1, "version": level["version"] + 1})
    return [f"{key.pk} {key.sk} by hand"]


def _key(change: Changed) -> Key:
    item = change[1] or change[0] or {}
    return Key(item["pk"], item["sk"])
