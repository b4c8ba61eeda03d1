"""One call to a marketplace that speaks plain REST, and what its no means."""

import pytest

from holdfast.channels.protocol import Account, Answer, ChannelError, ItemResult, StockItem
from holdfast.channels.rest import one_by_one, read_success
from holdfast.channels.sheet import Kind
from tests.support.scripted_send import answered

SHOP = Account(
    channel="tiki",
    shop="hue",
    api_url="https://api.tiki.test",
    auth_url="https://api.tiki.test",
    members={"client_secret": "test-client-secret"},
    access_token="test-access-token",
)
SHIRTS = [StockItem(listing=str(number), quantity=5) for number in (1, 2, 3)]


def no_of(answer: Answer, *, writes: bool = False, unauthorised: Kind = Kind.TOKEN) -> ChannelError:
    with pytest.raises(ChannelError) as error:
        read_success(
            answer, account=SHOP, writes=writes, errors={"too_late": Kind.DAILY_QUOTA}, unauthorised=unauthorised
        )
    return error.value


@pytest.mark.parametrize(
    ("status", "writes", "kind"),
    [
        (401, False, Kind.TOKEN),
        (404, True, Kind.FINAL),
        (422, True, Kind.FINAL),
        (429, True, Kind.PASSING),
        (503, True, Kind.PASSING),
        (500, False, Kind.PASSING),
        (500, True, Kind.UNKNOWN),
        (504, True, Kind.UNKNOWN),
    ],
)
def test_a_status_without_words_says_what_it_can(status: int, writes: bool, kind: Kind) -> None:
    error = no_of(answered(b"<html>", status=status), writes=writes)
    assert (error.kind, error.code) == (kind, f"http_{status}")


@pytest.mark.parametrize(
    ("told", "code", "detail"),
    [
        ({"code": "too_late", "message": "Come back tomorrow"}, "too_late", "Come back tomorrow"),
        ({"errors": ["Product not found"]}, "http_400", "Product not found"),
        ({"errors": {"price": ["must be whole"]}}, "http_400", "must be whole"),
        ({"errors": "Bad Request"}, "http_400", "Bad Request"),
        ({"error": "invalid", "error_description": "The token is wrong"}, "invalid", "The token is wrong"),
        ({"errors": [{"code": 3, "message": "no such warehouse"}]}, "http_400", "no such warehouse"),
    ],
)
def test_the_marketplace_s_own_words_are_kept(told: object, code: str, detail: str) -> None:
    error = no_of(answered(told, status=400))
    assert (error.code, error.detail) == (code, detail)


def test_a_known_code_says_more_than_the_status() -> None:
    assert no_of(answered({"code": "too_late"}, status=400)).kind is Kind.DAILY_QUOTA


def test_without_a_token_to_refresh_the_merchant_is_needed() -> None:
    assert no_of(answered(b"", status=401), unauthorised=Kind.REAUTHORISE).kind is Kind.REAUTHORISE


def test_what_opens_the_shop_is_not_repeated() -> None:
    error = no_of(answered({"message": "bad token test-access-token of test-client-secret"}, status=400))
    assert "test-access" not in str(error)
    assert "test-client" not in str(error)


def test_the_time_to_wait_is_kept() -> None:
    assert no_of(answered({}, status=429, headers={"retry-after": "2.0"})).retry_after_s == 2.0


def test_a_page_of_the_host_instead_of_json_is_passing_and_of_a_write_unknown() -> None:
    page = answered(b"<html>One moment, please</html>")
    assert no_of(page).kind is Kind.PASSING
    assert no_of(page, writes=True).kind is Kind.UNKNOWN


def told_of(*errors: ChannelError | None) -> tuple[ItemResult, ...]:
    left = list(errors)

    def write(item: StockItem) -> None:
        assert item in SHIRTS
        error = left.pop(0)
        if error is not None:
            raise error

    results = one_by_one(SHIRTS, write)
    assert not left
    assert [result.listing for result in results] == ["1", "2", "3"]
    return results


def test_one_bad_item_keeps_no_other() -> None:
    bad = ChannelError(Kind.FINAL, "gone", "")
    assert [result.error for result in told_of(None, bad, None)] == [None, bad, None]


def test_after_an_error_of_the_shop_the_rest_is_not_sent() -> None:
    throttled = ChannelError(Kind.PASSING, "http_429", "", retry_after_s=2.0)
    first, second, third = told_of(None, throttled)
    assert (first.written, second.error) == (True, throttled)
    assert third.error is not None
    assert (third.error.kind, third.error.code, third.error.retry_after_s) == (Kind.PASSING, "not_sent", 2.0)


def test_an_error_of_the_shop_at_the_first_item_holds_for_all() -> None:
    with pytest.raises(ChannelError, match="http_401"):
        told_of(ChannelError(Kind.TOKEN, "http_401", ""))


def test_an_unknown_outcome_holds_for_one_item_only() -> None:
    first, second, third = told_of(ChannelError(Kind.UNKNOWN, "timeout", ""))
    assert [each.error.kind for each in (first, second, third) if each.error] == [
        Kind.UNKNOWN,
        Kind.PASSING,
        Kind.PASSING,
    ]
