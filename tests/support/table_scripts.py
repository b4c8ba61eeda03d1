"""Random actions on a few items of a table, as conditions and updates of Holdfast are made of."""

from hypothesis import strategies as st

from holdfast.domain import conditions
from holdfast.domain.conditions import Condition
from holdfast.store.table import Action, Check, Delete, Key, Put, Update

SORT_KEYS = ("a", "b", "c")
MINUTES = ("60", "120")

units = st.integers(min_value=-3, max_value=3)
levels = st.fixed_dictionaries(
    {"available": units, "wheel": st.dictionaries(st.sampled_from(MINUTES), units), "folded_to": st.just(60)},
    optional={"state": st.sampled_from(["held", "committed"]), "version": units, "incoming": units},
)
named = st.sampled_from(
    [
        conditions.enough_free(1),
        conditions.still_in_its_entry(60, 1),
        conditions.still_in_its_entry(120, 2),
        conditions.not_folded_to(60),
        conditions.not_folded_to(61),
        conditions.wheel_has_room(1),
        conditions.wheel_has_room(2),
        conditions.entry_unchanged(60, 1),
        conditions.folded_no_further(60),
        conditions.folded_no_further(59),
        conditions.version_is(1),
        conditions.state_is("held"),
        conditions.id_not_used(),
        conditions.item_exists(),
        conditions.available_is(1),
        conditions.more_than_the_floor(1, 1),
        Condition("past_counts_no_more", ("version",), "absent or <", 1),
        Condition("past_counts_no_more", ("folded_to",), "absent or <", 60),
    ]
)
some_conditions: st.SearchStrategy[tuple[Condition, ...]] = st.lists(named, max_size=2, unique=True).map(tuple)


@st.composite
def updates(draw: st.DrawFn, key: Key) -> Update:
    """Each path is touched once at most, as the grammar demands."""
    minute, other = draw(st.permutations(MINUTES))
    return Update(
        key=key,
        add=draw(st.fixed_dictionaries({}, optional={("available",): units, ("wheel", minute): units})),
        start=draw(st.fixed_dictionaries({}, optional={("incoming",): units, ("wheel", other): units})),
        begin=draw(st.fixed_dictionaries({}, optional={("leased",): st.just(0)})),
        put={
            ("state",): draw(st.sampled_from(["held", "committed"])),
            **draw(st.sampled_from([{}, {("folded_to",): 120}])),
        },
        remove=draw(st.sampled_from([(), (("version",),)])),
        conditions=draw(some_conditions),
    )


@st.composite
def actions(draw: st.DrawFn, key: Key) -> Action:
    kind = draw(st.sampled_from(["put", "update", "update", "check", "delete"]))
    if kind == "put":
        return Put(key=key, item=draw(levels), conditions=draw(some_conditions))
    if kind == "update":
        return draw(updates(key))
    if kind == "check":
        return Check(key=key, conditions=(draw(named),))
    return Delete(key=key, conditions=draw(some_conditions))


def some_keys(partition: str) -> list[Key]:
    return [Key(partition, sort_key) for sort_key in SORT_KEYS]
