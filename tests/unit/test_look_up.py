"""What is there, for operators and product pages; and what the stream's consumer makes of the news."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.domain.errors import UnknownIncident, UnknownSku
from holdfast.domain.movement import Type
from holdfast.domain.policy import Mode, Sku
from holdfast.services.reservations.command_reservation import begin_payment, release
from holdfast.services.stock import look_up
from holdfast.services.upkeep.follow_levels import Change, follow_levels
from tests.support.world import NOON, World

START = int(NOON.timestamp())


def rows(world: World, prefix: str) -> list[str]:
    return sorted(f"{key.pk} {key.sk}" for key in world.raw.items if key.pk.startswith(prefix))


def test_a_product_page_shows_what_is_free_what_comes_back_and_what_is_on_its_way() -> None:
    world = World()
    world.sell("kettle", main=10, annex=5)
    world.hold("short", quantity=2)
    world.hold("long", quantity=3, hold_seconds=2400)
    world.move("late", "kettle", Type.ANNOUNCE, 7)
    world.move("soon", "kettle", Type.ANNOUNCE, 4, expected_at=NOON + timedelta(days=1))
    [shown] = look_up.availability(world.context, ["kettle"])
    assert (shown.known, shown.free, shown.oversold) == (True, 10, 0)
    assert [(each.at, each.units) for each in shown.back_soon] == [
        (NOON + timedelta(minutes=20), 2),
        (NOON + timedelta(minutes=40), 3),
    ]
    assert [(each.id, each.outstanding) for each in shown.incoming] == [("soon", 4), ("late", 7)]
    world.clock.forward(minutes=20, seconds=30)
    [shown] = look_up.availability(world.context, ["kettle"])
    assert (shown.free, [each.units for each in shown.back_soon]) == (12, [3])


def test_a_location_that_is_oversold_takes_nothing_from_another() -> None:
    world = World()
    world.sell("kettle", main=2, annex=5)
    world.hold("order", quantity=2)
    world.move("gone", "kettle", Type.SHIP_OUT, 2)
    [shown] = look_up.availability(world.context, ["kettle"])
    assert (shown.free, shown.oversold) == (5, 2)


def test_many_skus_are_answered_in_the_order_asked_known_or_not() -> None:
    world = World()
    names = [f"sku {each}" for each in range(30)]
    for name in names:
        world.sell(name, main=1)
    asked = [*reversed(names), "unheard of", names[0]]
    shown = look_up.availability(world.context, asked)
    assert [each.sku for each in shown] == asked
    assert [each.sku for each in shown if not each.known] == ["unheard of"]


def test_levels_of_a_sku_come_with_its_settings_and_announcements() -> None:
    world = World()
    world.sell("kettle", mode=Mode.ON_ORDER, main=2, annex=1)
    world.move("ship", "kettle", Type.ANNOUNCE, 3)
    view = look_up.levels_of(world.context, "kettle")
    assert view.settings == Sku(sku="kettle", name="kettle", mode=Mode.ON_ORDER)
    assert [level.place.location for level in view.levels] == ["annex", "main"]
    assert [each.id for each in view.announced] == ["ship"]
    with pytest.raises(UnknownSku):
        look_up.levels_of(world.context, "teapot")
    with pytest.raises(UnknownSku):
        look_up.get_sku(world.context, "teapot")


@pytest.mark.parametrize("sku", ["Ấm đun nước", "a/b#c|d", "white  heart", "日本#LEVEL#main", "x" * 128])
def test_any_printable_name_is_a_sku(sku: str) -> None:
    world = World()
    world.sell(sku, main=2)
    world.hold("order", sku)
    world.stream()
    assert look_up.list_reservations_of_sku(world.context, sku, limit=9, start=None)[0] == [world.record("order")]
    world.clock.forward(minutes=25)
    assert world.sweep().folds == 1
    assert (world.level(sku).available, world.audit(sku).off, world.faults()) == (2, [], [])


def test_skus_are_listed_by_name_page_by_page() -> None:
    world = World()
    for name in ("tea", "cup", "kettle"):
        world.sell(name)
    first, following = look_up.list_skus(world.context, limit=2, start=None)
    rest, _ = look_up.list_skus(world.context, limit=2, start=following)
    assert [each.sku for each in (*first, *rest)] == ["cup", "kettle", "tea"]


def test_reservations_of_a_sku_are_listed_newest_first() -> None:
    world = World()
    world.sell("kettle", main=10)
    for each in range(5):
        world.hold(f"order {each}")
        world.clock.forward(seconds=1)
    world.stream()
    found: list[str] = []
    start = None
    while True:
        page, start = look_up.list_reservations_of_sku(world.context, "kettle", limit=2, start=start)
        found += [each.id for each in page]
        if start is None:
            break
    assert found == [f"order {each}" for each in (4, 3, 2, 1, 0)]


def test_all_reservations_are_listed_day_by_day_across_empty_ones() -> None:
    world = World()
    world.sell("kettle", main=50)
    for each in range(6):
        world.hold(f"order {each}")
        world.clock.forward(hours=16)
    world.clock.forward(days=12)
    world.hold("last")
    world.stream()
    found: list[str] = []
    start = None
    for _ in range(600):
        page, start = look_up.list_reservations(world.context, limit=2, start=start)
        found += [each.id for each in page]
        if start is None or len(found) == 7:
            break
    assert found == ["last", *(f"order {each}" for each in (5, 4, 3, 2, 1, 0))]


def test_a_list_of_nothing_comes_to_an_end() -> None:
    world = World()
    start = None
    for _ in range(3000):
        page, start = look_up.list_reservations(world.context, limit=2, start=start)
        assert page == []
        if start is None:
            return
    pytest.fail("the list never ended")


def test_an_incident_is_listed_open_then_closed_with_its_note() -> None:
    world = World()
    world.sell("kettle", main=2)
    world.hold("order", quantity=2)
    world.move("gone", "kettle", Type.SHIP_OUT, 2)
    [told], _ = look_up.list_incidents(world.context, is_open=True, limit=9, start=None)
    world.clock.forward(minutes=1)
    closed = look_up.close_incident(world.context, told.id, note="bought two")
    assert (closed.open, closed.note, closed.closed_at) == (False, "bought two", world.clock.now)
    world.clock.forward(minutes=1)
    assert look_up.close_incident(world.context, told.id, note="again") == closed
    assert look_up.list_incidents(world.context, is_open=True, limit=9, start=None)[0] == []
    assert look_up.list_incidents(world.context, is_open=False, limit=9, start=None)[0] == [closed]
    with pytest.raises(UnknownIncident):
        look_up.close_incident(world.context, "drift_found-0", note=None)


def test_the_stream_writes_a_row_for_each_new_minute_of_a_wheel_and_no_other() -> None:
    world = World()
    world.sell("kettle", main=10)
    world.stream()
    world.hold("a")
    world.hold("b")
    world.stream()
    [row] = rows(world, "DUE#")
    assert row.endswith(f"{START + 1200:010d}#LEVEL#main#kettle")
    begin_payment(world.context, "a")
    world.stream()
    assert [row.rsplit(" ", 1)[1][:10] for row in rows(world, "DUE#")] == [str(START + 1200), str(START + 1800)]
    world.pay("b")
    before = len(world.raw.changes)
    world.stream()
    assert len(world.raw.changes) == before, "nothing new, nothing written"


def test_the_stream_lists_a_reservation_by_sku_and_day_and_an_unpaid_order_by_its_time() -> None:
    world = World()
    world.sell("kettle", main=5)
    world.sell("tea", mode=Mode.ON_ORDER, main=5)
    world.hold("both", basket={"kettle": 1, "tea": 1})
    world.hold("unpaid", "tea")
    world.stream()
    ms = f"{START * 1000:013d}"
    assert rows(world, "SKU_RESERVATIONS#") == [
        f"SKU_RESERVATIONS#kettle {ms}#both",
        f"SKU_RESERVATIONS#tea {ms}#both",
        f"SKU_RESERVATIONS#tea {ms}#unpaid",
    ]
    assert rows(world, "DAY#") == [f"DAY#2026-03-04 {ms}#both", f"DAY#2026-03-04 {ms}#unpaid"]
    assert [row.rsplit(" ", 1)[1] for row in rows(world, "DUE#") if "UNPAID" in row] == [
        f"{START + 86_400:010d}#UNPAID#unpaid"
    ]


def test_a_record_that_ttl_took_takes_its_rows_along() -> None:
    world = World()
    world.sell("kettle", main=5)
    world.hold("order")
    release(world.context, "order")
    world.stream()
    [gone] = [item for key, item in world.raw.items.items() if key.pk == "RESERVATION#order"]
    follow_levels(world.context, [Change(dict(gone), None)])
    assert rows(world, "SKU_RESERVATIONS#") + rows(world, "DAY#") == []


def test_news_told_twice_or_in_any_order_come_to_the_same() -> None:
    world = World()
    world.sell("kettle", main=5)
    world.sell("tea", mode=Mode.ON_ORDER, main=5)
    world.hold("a")
    world.hold("b", "tea")
    news = [Change(before, after) for before, after in world.raw.changes]
    follow_levels(world.context, news)
    once = rows(world, "")
    follow_levels(world.context, [*reversed(news), *news])
    assert rows(world, "") == once


def test_what_is_neither_level_nor_reservation_is_no_news() -> None:
    world = World()
    world.sell("kettle")
    world.move("ship", "kettle", Type.ANNOUNCE, 3)
    news = [Change(before, after) for before, after in world.raw.changes]
    assert follow_levels(world.context, news) == 0


def test_days_are_those_of_utc() -> None:
    world = World()
    world.clock.now = datetime(2026, 3, 4, 23, 59, 59, 999_000, tzinfo=UTC)
    world.sell("kettle", main=5)
    world.hold("order")
    world.stream()
    assert rows(world, "DAY#")[0].startswith("DAY#2026-03-04 ")
    assert [each.id for each in look_up.list_reservations(world.context, limit=5, start=None)[0]] == ["order"]
