"""Each fault of a marketplace by itself: it was really met, nothing is lost, and nothing is applied twice.

All scenes are played at once, each with shops of its own; the faults are spread over the seven marketplaces. Each test
waits for its own scene.
Lost and doubled webhooks are tried in test_selling.py, forged and poisoned ones in test_webhooks.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from demo.market.stalls import CHANNELS
from tests.support.scene import PLAYED, Scene, Scenes, Shop, beside_the_others, playing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack import Stack


# All scenes begin before the first test ends.
pytestmark = pytest.mark.timeout(600)

# A number that follows another one soon is sent once more, when the first one can no longer come late.
CONFIRMED = "an earlier push may have been applied late"
# A slow machine that plays all scenes at once takes half a minute for the news that is to come first.
LONG_S = 60
# Well before the stack takes it that nothing comes late any more.
APPLIED_LATE_S = 25


@pytest.fixture(scope="module")
def played(stack: Stack, request: pytest.FixtureRequest) -> Iterator[tuple[Scenes, list[Scene]]]:
    chosen = {item.name for item in request.session.items if item.path == request.path} & set(PLAYED)
    with playing(stack, chosen) as found:
        yield found


@pytest.fixture
def scenes(played: tuple[Scenes, list[Scene]]) -> Scenes:
    return played[0]


# ---- Webhooks


@beside_the_others
def test_webhooks_that_are_each_late_by_their_own_time_are_applied_once(scene: Scene) -> None:
    scene.stock(tea=20)
    shop = scene.open("woocommerce")
    scene.begin()
    shop.faults(webhook_delay_s={"median": 4, "p95": 10})
    orders = [shop.buy(1) for _ in range(6)]
    scene.wait(shop.has_told_all, "all webhooks")
    scene.wait(lambda: shop.view()["heard"]["webhook"] == len(orders), "all orders, by their webhooks")

    late_s = _seconds_late(shop)
    assert len(late_s) == len(orders)
    assert max(late_s) >= 2
    assert len(set(late_s)) > 1
    scene.adds_up()
    view = shop.view()
    assert view["heard"] == {"webhook": len(orders), "poll": 0}
    assert view["delay"]["p99_s"] >= 1


def _seconds_late(shop: Shop) -> list[int]:
    """For each order the whole seconds until its first webhook was taken."""
    orders = shop.scene.market.door.orders(shop.stall.channel, shop.stall.shop)
    told = {each["about"]: each["at"] for each in reversed(shop.told()["last_pushes"])}
    found = []
    for order_id, order in orders.items():
        at = datetime.fromisoformat(told[f"order.created {order_id}"])
        found.append(round((at - datetime.fromisoformat(order["created_at"])).total_seconds()))
    return found


@beside_the_others
def test_a_cancellation_that_overtakes_its_order_gives_back_once_and_the_order_takes_nothing(scene: Scene) -> None:
    scene.stock(tea=20)
    shop = scene.open("shopify")
    scene.begin()
    shop.faults(webhook_reordered=1, webhook_delay_s=LONG_S)
    order = shop.buy(4)
    shop.faults(webhook_reordered=0, webhook_delay_s=0)
    shop.change(order, "cancel", restock=True)
    scene.wait(lambda: shop.state_of(order) == "released", "the cancellation")
    assert shop.told()["pushes"]["reordered"] > 0
    assert not shop.has_told_all(), "the order's own webhooks are still under way"

    scene.wait(shop.has_told_all, "the webhooks that were overtaken")
    later = shop.buy(1)
    scene.wait(lambda: shop.state_of(later) == "committed", "an order after them")
    scene.adds_up()
    assert (shop.state_of(order), scene.level()["available"]) == ("released", 19)


@beside_the_others
def test_old_news_after_new_changes_nothing(scene: Scene) -> None:
    scene.stock(tea=20)
    shop = scene.open("haravan")
    scene.begin()
    shop.faults(webhook_reordered=1, webhook_delay_s=LONG_S)
    order = shop.buy(3)
    shop.faults(webhook_reordered=0, webhook_delay_s=0)
    shop.change(order, "cancel", lines={shop.goods["tea"]: 1}, restock=True)
    scene.wait(lambda: scene.level()["committed"] == 2, "the newest news, first of all")
    assert shop.told()["pushes"]["reordered"] > 0
    assert not shop.has_told_all(), "older news is still under way"

    scene.wait(shop.has_told_all, "the webhooks that were overtaken")
    later = shop.buy(1)
    scene.wait(lambda: shop.state_of(later) == "committed", "an order after them")
    scene.adds_up()
    assert (shop.state_of(order), scene.level()["available"]) == ("committed", 17)


# ---- Orders that have to be asked for


@beside_the_others
def test_an_empty_page_of_orders_moves_no_cursor_and_what_it_kept_back_is_found(scene: Scene) -> None:
    scene.stock(tea=20)
    shop = scene.open("lazada")
    scene.begin()
    shop.faults(webhook_lost=1)
    first = shop.buy(1)
    scene.wait(lambda: _found_by_polling(shop, first), "the first order")
    seen_to = shop.view()["health"]["seen_to"]

    shop.faults(empty_order_page=1)
    kept_back = shop.buy(2)
    for _ in range(2):
        listed = shop.answered(200, "/orders/get")
        shop.poll()
        assert shop.answered(200, "/orders/get") > listed
    health = shop.view()["health"]
    assert health["error"] is None
    assert (health["seen_to"], shop.state_of(kept_back)) == (seen_to, None)

    shop.faults(empty_order_page=0)
    scene.wait(lambda: _found_by_polling(shop, kept_back), "the order that was kept back")
    scene.adds_up()
    assert shop.view()["heard"] == {"webhook": 0, "poll": 2}


def _found_by_polling(shop: Shop, order: str) -> bool:
    """Again and again, as the schedule does: a list may not tell yet of what was sold in this very second."""
    shop.poll()
    return shop.state_of(order) is not None


@beside_the_others
def test_orders_whose_fetch_goes_unanswered_come_again_and_are_applied_once(scene: Scene) -> None:
    scene.stock(tea=20)
    shop = scene.open("shopee")
    scene.begin()
    shop.faults(timeout_before=1, timeout_s=0.5, on=["orders"])
    before = shop.buy(1)
    scene.wait(lambda: shop.answered(0, "order") >= 1, "a fetch without an answer")
    shop.faults(timeout_before=0, timeout_after=1)
    after = shop.buy(2)
    scene.wait(lambda: shop.answered(0, "order") >= 2, "another one")
    shop.faults(timeout_after=0)
    scene.wait(lambda: {shop.state_of(before), shop.state_of(after)} == {"committed"}, "both orders")
    scene.adds_up()
    assert sum(shop.view()["heard"].values()) == 2


@beside_the_others
def test_what_is_answered_with_5xx_is_asked_and_pushed_again(scene: Scene) -> None:
    scene.stock(tea=20)
    scene.count("mug", 10)
    shop = scene.open("tiktok_shop", sells={"tea": "tea", "mug": "mug"}, shown=10, in_step=True)
    scene.begin()
    shop.faults(server_error=1, on=["orders", "stock"])
    order = shop.buy(2)
    scene.count("mug", 4)
    scene.wait(lambda: shop.answered(500, "/order/") > 0, "a fetch answered with 500")
    scene.wait(lambda: shop.answered(500, "/inventory/") > 0, "a push answered with 500")
    assert (shop.state_of(order), shop.shows("mug")) == (None, 10)

    shop.faults(server_error=0)
    scene.wait(lambda: shop.shows("mug") == 4, "four mugs")
    scene.wait(lambda: shop.state_of(order) == "committed", "the order")
    scene.adds_up()


# ---- Pushes


@beside_the_others
def test_a_429_is_waited_out_as_its_header_says_and_loses_nothing(scene: Scene) -> None:
    scene.stock(tea=20)
    scene.count("mug", 10)
    shop = scene.open("woocommerce", sells={"tea": "tea", "mug": "mug"}, shown=10, in_step=True)
    scene.begin()
    shop.faults(throttled=1, webhook_lost=1, on=["orders", "stock"])
    order = shop.buy(2)
    shop.poll()
    scene.count("mug", 4)
    scene.wait(lambda: shop.view()["sync"]["rests_because"] == "http_429", "the shop's rest")
    turned_away = [each for each in shop.passports("mug") if each["answer"] == "http_429"][-1]
    rests_until = datetime.fromisoformat(shop.view()["sync"]["rests_until"]).timestamp() * 1000
    # The marketplace asks for five seconds; by itself the first rest would be shorter.
    assert rests_until - turned_away["answered_at"] >= 4_999
    assert min(shop.answered(429, "/batch"), shop.answered(429, "/orders")) > 0
    assert (shop.view()["health"]["error"], shop.state_of(order), shop.shows("mug")) == ("http_429", None, 10)

    shop.faults(throttled=0)
    scene.wait(lambda: shop.shows("mug") == 4, "four mugs")
    scene.wait(lambda: _found_by_polling(shop, order), "the order")
    scene.adds_up()


@beside_the_others
def test_failures_within_a_200_are_read_listing_by_listing(scene: Scene) -> None:
    colours = {f"cup {number}": "cup" for number in range(12)}
    scene.count("cup", 10)
    shop = scene.open("shopee", sells=colours, product="cup", shown=10, in_step=True)
    scene.begin()
    shop.faults(partial_failure=0.5)
    scene.count("cup", 4)
    scene.wait(lambda: all(shop.passports(each) for each in colours), "a push of each")
    scene.wait(lambda: all("answered_at" in shop.passports(each)[0] for each in colours), "an answer for each")
    shop.faults(partial_failure=0)
    scene.wait(lambda: {shop.shows(each) for each in colours} == {4}, "four of each")
    # The shop shows a count before its answer is written down.
    scene.wait(lambda: all("answered_at" in shop.passports(each)[-1] for each in colours), "an answer to each")

    answers = {each: [sent["answer"] for sent in shop.passports(each)] for each in colours}
    at_first = [told[0] for told in answers.values()]
    assert 0 < at_first.count("acknowledged") < len(colours), at_first
    assert {told[-1] for told in answers.values()} == {"acknowledged"}
    assert shop.answered(200, "update_stock") > 0


@beside_the_others
def test_a_push_without_an_answer_is_sent_again_whether_it_was_applied_or_not(scene: Scene) -> None:
    scene.count("tea", 10)
    shop = scene.open("shopify", shown=10, in_step=True)
    scene.begin()
    # Longer than the client waits: it gives up by itself.
    shop.faults(timeout_before=1, timeout_s=6, on=["stock"])
    scene.count("tea", 4)
    scene.wait(lambda: shop.answered(0) > 0, "a push that is never answered")
    assert shop.shows() == 10

    shop.faults(timeout_before=0, timeout_after=1, timeout_s=0.5)
    scene.wait(lambda: shop.shows() == 4, "four, which nobody said yes to")
    assert shop.sync()["acknowledged"] == 10
    scene.count("tea", 7)
    scene.wait(lambda: shop.shows() == 7, "seven, which nobody said yes to")
    shop.faults(timeout_after=0)
    scene.count("tea", 5)
    scene.wait(lambda: shop.shows() == 5 and shop.sync()["acknowledged"] == 5, "five")


@beside_the_others
def test_a_number_that_is_applied_late_does_not_stand_over_a_newer_one(scene: Scene) -> None:
    scene.count("tea", 10)
    shop = scene.open("tiki", shown=10, in_step=True)
    scene.begin()
    # A slow machine may not come to the newer number before the older one is applied.
    tries = ((4, 9), (3, 8), (2, 7))
    found = next((each for each in tries if _is_sent_before_it_is_applied(shop, *each)), None)
    assert found, "each newer number came after the older one was applied"
    late, newer = found
    scene.wait(lambda: shop.shows() == late, f"{late}, applied late")
    scene.wait(lambda: shop.shows() == newer, f"{newer} again")
    scene.wait(lambda: shop.sync()["state"] == "in_step", "in step")


def _is_sent_before_it_is_applied(shop: Shop, late: int, newer: int) -> bool:
    """Let one number be applied late; whether the marketplace had the newer one before that."""
    shop.faults(applied_late_s=APPLIED_LATE_S)
    first = _yes_to(shop, late)
    shown = shop.shows()
    shop.faults(applied_late_s=0)
    in_time = bool(_yes_to(shop, newer)["answered_at"] < first["sent_at"] + 1_000 * APPLIED_LATE_S)
    assert shown != late or not in_time, "a yes, and it is not applied yet"
    return in_time


def _yes_to(shop: Shop, units: int) -> dict[str, Any]:
    """The passport of the first push of so many."""

    def answered() -> list[dict[str, Any]]:
        return [each for each in shop.passports() if each["quantity"] == units and each["answer"] == "acknowledged"]

    shop.scene.count("tea", units)
    shop.scene.wait(lambda: bool(answered()), f"a yes to {units}")
    return answered()[0]


@beside_the_others
def test_a_shop_that_was_down_gets_one_push_for_each_listing_and_all_its_orders(scene: Scene) -> None:
    goods = {"tea": "tea", "mug": "mug", "cup": "cup", "pot": "pot"}
    counted = ("mug", "cup", "pot")
    scene.stock(tea=20)
    for name in counted:
        scene.count(name, 10)
    shop = scene.open("tiki", sells=goods, shown=10, in_step=True)
    scene.begin()
    shop.faults(down=True)
    order = shop.buy(2)
    shop.poll()
    for units in (9, 7, 3):
        for name in counted:
            scene.count(name, units)
    # After each that fails the shop rests for longer: not every listing has its turn.
    scene.wait(lambda: any(shop.sync(name)["attempts"] > 0 for name in counted), "a push that failed")
    assert shop.answered(503) > 0
    assert {shop.shows(name) for name in counted} == {10}

    shop.faults(down=False)
    scene.wait(lambda: {shop.shows(name) for name in counted} == {3}, "three of each")
    scene.wait(lambda: {shop.sync(name)["acknowledged"] for name in counted} == {3}, "a yes to each")
    scene.wait(lambda: _found_by_polling(shop, order), "the order")
    scene.adds_up()
    for name in counted:
        sent = [each for each in shop.passports(name) if each["because"] != CONFIRMED]
        assert [each["quantity"] for each in sent if each["answer"] == "acknowledged"] == [3], name


@beside_the_others
def test_when_the_days_calls_are_used_up_the_shop_rests_until_there_are_new_ones(scene: Scene) -> None:
    scene.stock(tea=20)
    scene.count("mug", 10)
    shop = scene.open("shopee", sells={"tea": "tea", "mug": "mug"}, shown=10, in_step=True)
    scene.begin()
    shop.faults(daily_quota=0)
    scene.count("mug", 4)
    scene.wait(lambda: shop.view()["sync"]["rests_because"] == "error_limit", "the shop's rest")
    rests_until = datetime.fromisoformat(shop.view()["sync"]["rests_until"])
    refused = shop.answered(429, "update_stock")
    order = shop.buy(2)
    scene.wait(lambda: shop.answered(429, "order") > 0, "a fetch that was refused")
    # Shopee's day ends at midnight of UTC+8.
    assert rests_until.astimezone(UTC).strftime("%H:%M") == "16:00"
    assert timedelta() < rests_until - datetime.now(UTC) <= timedelta(days=1)
    scene.count("mug", 3)

    shop.faults(daily_quota=None)
    scene.wait(lambda: shop.state_of(order) == "committed", "the order")
    scene.adds_up()
    assert (shop.answered(429, "update_stock"), shop.shows("mug")) == (refused, 10), "no push while it rests"
    _the_day_is_over(shop)
    shop.sync_now()
    scene.wait(lambda: shop.shows("mug") == 3, "three mugs")


def _the_day_is_over(shop: Shop) -> None:
    shop.scene.table.update_item(
        TableName=shop.scene.market.stack.table,
        Key={"pk": {"S": f"SHOP#{shop.stall.channel}#{shop.stall.shop}"}, "sk": {"S": "PUSHING"}},
        UpdateExpression="SET held_until = :now",
        ConditionExpression="held_until > :now",
        ExpressionAttributeValues={":now": {"N": str(int(datetime.now(UTC).timestamp() * 1000))}},
    )


@beside_the_others
def test_a_promotions_lock_is_told_and_what_it_did_not_sell_is_in_the_next_number(scene: Scene) -> None:
    scene.stock(tea=10)
    shop = scene.open("tiktok_shop", shown=10, in_step=True)
    other = scene.open("haravan", shown=10)
    scene.begin()
    shop.post("/promotions", listing=shop.goods["tea"], units=6)
    sold = shop.buy(2)
    elsewhere = other.buy(5)
    scene.wait(lambda: {shop.state_of(sold), other.state_of(elsewhere)} == {"committed"}, "both orders")
    scene.wait(lambda: shop.incident("listing_locked") is not None, "a person is told")
    # Ten, less the two that were sold there: the promotion lets nothing be taken away.
    assert shop.shows() == 8

    assert shop.post("/promotions/end", listing=shop.goods["tea"])["given_back"] == 4
    shop.sync_now()
    scene.wait(lambda: shop.shows() == 3, "three, as five were sold elsewhere")
    scene.wait(lambda: shop.incident("listing_locked") is None, "the incident closes itself")
    scene.adds_up()


# ---- Tokens


@beside_the_others
def test_an_expired_token_is_refreshed_once_however_many_orders_need_it(scene: Scene) -> None:
    scene.stock(tea=20)
    shop = scene.open("shopee")
    before = shop.secret()
    scene.begin()
    shop.post("/tokens/expire")
    orders = [shop.buy(1) for _ in range(4)]
    scene.wait(lambda: {shop.state_of(each) for each in orders} == {"committed"}, "all orders")
    scene.adds_up()

    assert shop.answered(403, "order") > 0, "the old token was refused"
    assert shop.answered(200, "access_token") == 1
    after = shop.secret()
    assert after["refresh_token"] != before["refresh_token"]
    assert after == {**shop.secret_there(), "token_expires_at": after["token_expires_at"]}


@beside_the_others
def test_a_refresh_whose_answer_is_lost_is_repeated_where_the_marketplace_allows_that(scene: Scene) -> None:
    scene.count("tea", 10)
    shop = scene.open("shopify", shown=10, in_step=True)
    before = shop.secret()
    scene.begin()
    shop.faults(refresh_answer_lost=1)
    shop.post("/tokens/expire")
    scene.count("tea", 4)
    scene.wait(lambda: shop.answered(0, "access_token") > 0, "a refresh without an answer")
    assert shop.shows() == 10
    assert shop.secret() == before

    shop.faults(refresh_answer_lost=0)
    scene.wait(lambda: shop.shows() == 4, "four")
    assert shop.answered(200, "access_token") == 1
    assert shop.secret()["refresh_token"] == shop.secret_there()["refresh_token"] != before["refresh_token"]
    assert shop.incident("shop_unauthorised") is None


@beside_the_others
def test_a_lost_refresh_of_a_token_that_is_good_once_leaves_the_shop_selling_until_a_person_connects_it(
    scene: Scene,
) -> None:
    soon = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
    scene.stock(tea=20)
    # Of thirty days two are left, so it is refreshed early.
    shop = scene.open("lazada", token_expires_at=soon)
    shop.faults(refresh_answer_lost=1)
    scene.begin()
    first = shop.buy(1)
    scene.wait(lambda: shop.state_of(first) == "committed", "an order by the old token")
    assert shop.answered(0, "/auth/token/refresh") > 0
    shop.faults(refresh_answer_lost=0)
    second = shop.buy(2)
    scene.wait(lambda: shop.state_of(second) == "committed", "another one by the old token")
    scene.wait(lambda: shop.incident("shop_unauthorised") is not None, "a person is told")

    shop.store_secret(shop.secret_there())
    third = shop.buy(3)
    scene.wait(lambda: shop.state_of(third) == "committed", "an order after the shop is connected anew")
    scene.adds_up()
    assert sum(shop.view()["heard"].values()) == 3


# ---- What marketplaces take and give back


@beside_the_others
def test_every_channel_gives_back_by_its_sheet_and_never_twice(scene: Scene) -> None:
    scene.stock(**dict.fromkeys(CHANNELS, 20))
    shops = [scene.open(channel, sells={"tea": channel}) for channel in CHANNELS]
    scene.begin()
    for shop in shops:
        # Heard of as cancelled, before anybody has told of the order itself.
        shop.faults(webhook_lost=1)
        unheard = shop.buy(1)
        shop.faults(webhook_lost=0, webhook_doubled=1)
        shop.change(unheard, "cancel", restock=True)
        cancelled, withheld, returned, kept = (shop.buy(2) for _ in range(4))
        shop.change(cancelled, "cancel", restock=True)
        shop.change(withheld, "cancel", restock=False)
        for order in (returned, kept):
            shop.change(order, "ship")
        shop.change(returned, "return", restock=True)
        shop.change(kept, "return", restock=False)
    for _ in range(2):
        for shop in shops:
            shop.poll()
    scene.adds_up()
    for shop in shops:
        scene.wait(shop.has_told_all, "all webhooks, twice")
        if shop.stall.channel != "tiki":
            assert shop.told()["pushes"]["doubled"] > 0
        shop.poll()
    scene.adds_up()


@beside_the_others
def test_an_order_of_an_unknown_listing_is_kept_as_an_incident_and_applied_when_the_listing_is_mapped(
    scene: Scene,
) -> None:
    scene.stock(tea=20, mug=20)
    shop = scene.open("lazada", sells={"tea": "tea", "mug": None})
    scene.begin()
    order = shop.buy(3, "mug")
    scene.wait(lambda: shop.incident("listing_unknown") is not None, "the incident")
    told = shop.incident("listing_unknown")
    assert told is not None
    assert told["facts"] == {"shop": f"lazada/{shop.stall.shop}", "listing": shop.goods["mug"], "order": order}
    assert scene.level("mug")["committed"] == 0

    shop.map("mug", "mug")
    scene.wait(lambda: scene.level("mug")["committed"] == 3, "its units")
    scene.wait(lambda: shop.incident("listing_unknown", is_open=False) is not None, "the incident closes itself")
    scene.adds_up()


@beside_the_others
def test_an_order_that_was_put_aside_blocks_nobody_and_is_applied_once_its_cause_is_gone(scene: Scene) -> None:
    scene.stock(tea=60)
    # More listings that nobody has mapped than one transaction can keep as incidents.
    boxes: dict[str, str | None] = {f"box {number}": None for number in range(50)}
    shop = scene.open("woocommerce", sells={"tea": "tea", **boxes})
    scene.begin()
    lines = {shop.goods[each]: 1 for each in boxes}
    large = scene.market.door.buy("woocommerce", shop.stall.shop, lines, paid=True)
    assert large is not None
    after = shop.buy(1)
    scene.wait(lambda: shop.state_of(after) == "committed", "an order after it")
    scene.wait(lambda: "order_too_large" in _why_put_aside(shop), "the dead letter")
    assert shop.state_of(large) is None

    for each in boxes:
        shop.map(each, "tea")
    scene.wait(lambda: _is_redriven(shop, large), "the order, sent on its way again")
    scene.adds_up()
    assert scene.level()["available"] == 9


def _why_put_aside(shop: Shop) -> set[str]:
    letters = shop.scene.market.call("GET", "/v1/dead-letters?limit=100")["items"]
    return {each["reason"].partition(":")[0] for each in letters if each["shop"] == shop.stall.shop}


def _is_redriven(shop: Shop, order: str) -> bool:
    shop.scene.market.call("POST", "/v1/dead-letters/redrive", {"limit": 100, "queue": "orders"})
    return shop.state_of(order) == "committed"


@beside_the_others
def test_what_is_oversold_is_told_with_its_orders_by_time_and_every_other_listing_shows_nothing(scene: Scene) -> None:
    scene.stock(tea=3)
    first, second, third = (scene.open(channel, shown=3) for channel in ("shopee", "haravan", "woocommerce"))
    scene.begin()
    # Nobody has told of what the second one sold when all is sold by the first.
    second.faults(webhook_lost=1)
    unheard, late, served, early = second.buy(2), second.buy(1), first.buy(1), first.buy(2)
    scene.wait(lambda: {first.state_of(served), first.state_of(early)} == {"committed"}, "orders that can be served")
    scene.wait(lambda: all(_found_by_polling(second, each) for each in (unheard, late)), "orders that cannot")
    scene.wait(lambda: [each.shows() for each in (first, second, third)] == [0, 0, 0], "nothing is shown anywhere")
    scene.adds_up()
    [told] = scene.incidents("oversold")
    assert (told["facts"]["units"], scene.level()["oversold"]) == (3, 3)
    arrived = sorted((unheard, late), key=lambda order: _arrived_at(second, order))
    assert told["orders"] == [f"haravan:{second.stall.shop}:{order}" for order in arrived]
    last = third.passports()[-1]
    assert last["quantity"] == 0
    assert "changed" in last["because"], "by the news itself, not by a run"


def _arrived_at(shop: Shop, order: str) -> str:
    found = shop.scene.market.find(shop.stall.order_path(order))
    assert found is not None
    return str(found["created_at"])


# ---- At the end


def test_when_all_is_told_everything_still_adds_up(played: tuple[Scenes, list[Scene]]) -> None:
    futures, scenes = played
    for future in futures.values():
        future.exception(timeout=280)
    assert scenes
    for scene in scenes:
        scene.is_still_so()
