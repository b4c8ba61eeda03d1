"""A restore that holds transactions in half: the auditor must find what is torn, and put it right from the facts."""

from holdfast.services.audit_levels import audit_all
from holdfast.services.follow_levels import Change, follow_levels
from holdfast.services.sweep_expired import sweep_expired
from holdfast.store.table import Key

from .account import Changed, account_of, faults_of_level
from .world import World

MOST_AUDITS = 4
HALF = 0.5
DAY_SECONDS = 86_400.0


def torn_restore(world: World) -> None:
    """Items of the last transactions as they were before or after them; audited, repaired, swept, and in order again."""
    torn = _tear(world)
    before = account_of(world.store.items.values())
    if not any(before.everything()):
        return  # it happened to be whole
    world.met("torn_restore")
    world.account.forgiving = True
    # As the runbook has it: the facts are written into the table, whose stream tells of each of them.
    world.changes.clear()
    records = [item for item in world.store.items.values() if item["sk"] == "RESERVATION"]
    world.at_once("follow_levels", lambda context: follow_levels(context, [Change(None, each) for each in records]))
    wheels = [int(minute) for level in world.account.levels.values() for minute in level["wheel"]]
    world.now = max([world.now, *map(float, wheels)]) + DAY_SECONDS
    for _ in range(MOST_AUDITS):
        audited = world.at_once("audit_levels", audit_all)
        world.now += 2 * world.policy.recent_seconds + 2 * world.profile.skew_seconds
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


def _key(change: Changed) -> Key:
    item = change[1] or change[0] or {}
    return Key(item["pk"], item["sk"])
