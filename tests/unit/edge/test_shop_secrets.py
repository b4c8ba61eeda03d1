from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from holdfast.domain.errors import Unavailable
from holdfast.runtime.shop_secrets import MOST_REMEMBERED, REMEMBERED_S, ShopSecrets
from tests.support.fake_secrets import FakeSecretsClient

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "holdfast/test/lazada/hanoi"


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def client() -> FakeSecretsClient:
    made = FakeSecretsClient()
    made.keep(NAME, {"app_key": "test-1"})
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secrets(client: FakeSecretsClient, clock: Clock) -> ShopSecrets:
    return ShopSecrets(client, stage="test", clock=clock)


def test_a_secret_is_remembered_for_its_time(secrets: ShopSecrets, client: FakeSecretsClient, clock: Clock) -> None:
    assert secrets.read("lazada", "hanoi") == {"app_key": "test-1"}
    client.keep(NAME, {"app_key": "test-2"})
    clock.now_s = REMEMBERED_S - 1
    assert secrets.read("lazada", "hanoi") == {"app_key": "test-1"}
    clock.now_s = REMEMBERED_S
    assert secrets.read("lazada", "hanoi") == {"app_key": "test-2"}


def test_whoever_asks_for_the_present_secret_gets_it(secrets: ShopSecrets, client: FakeSecretsClient) -> None:
    secrets.read("lazada", "hanoi")
    client.keep(NAME, {"app_key": "test-2"})

    assert secrets.read("lazada", "hanoi", at_most_s_old=0) == {"app_key": "test-2"}


def test_whoever_asks_for_the_present_secret_gets_no_old_one_when_it_is_out_of_reach(
    secrets: ShopSecrets, client: FakeSecretsClient
) -> None:
    secrets.read("lazada", "hanoi")
    client.down = "timeout"

    with pytest.raises(Unavailable):
        secrets.read("lazada", "hanoi", at_most_s_old=0)


def test_a_shop_without_a_secret_has_none_also_while_it_is_being_deleted(
    secrets: ShopSecrets, client: FakeSecretsClient
) -> None:
    assert secrets.read("lazada", "hue") is None
    client.down = "InvalidRequestException"
    assert secrets.read("lazada", "vinh") is None


def test_what_was_changed_is_what_is_read(secrets: ShopSecrets, client: FakeSecretsClient) -> None:
    secrets.read("lazada", "hanoi")
    changed = secrets.change("lazada", "hanoi", lambda secret: {**secret, "access_token": "test-token"})

    assert json.loads(client.kept[NAME]) == changed == {"app_key": "test-1", "access_token": "test-token"}
    assert secrets.read("lazada", "hanoi") == changed
    assert len(client.reads) == 2


def test_what_an_operator_writes_during_a_change_is_kept(secrets: ShopSecrets, client: FakeSecretsClient) -> None:
    client.between = lambda: client.keep(NAME, {"app_key": "test-2"})
    secrets.change("lazada", "hanoi", lambda secret: {**secret, "access_token": "test-token"})

    assert json.loads(client.kept[NAME]) == {"app_key": "test-2", "access_token": "test-token"}


def test_a_secret_that_is_written_all_the_time_is_left_as_it_is(
    secrets: ShopSecrets, client: FakeSecretsClient
) -> None:
    def changed(secret: Mapping[str, str]) -> Mapping[str, str]:
        client.keep(NAME, {"app_key": "test-2"})
        return {**secret, "access_token": "test-token"}

    with pytest.raises(Unavailable, match="kept changing"):
        secrets.change("lazada", "hanoi", changed)
    assert json.loads(client.kept[NAME]) == {"app_key": "test-2"}


def test_what_is_not_there_is_not_changed(secrets: ShopSecrets) -> None:
    assert secrets.change("lazada", "hue", lambda _: {"app_key": "test-1"}) is None


def test_after_a_write_that_may_have_been_lost_the_secret_is_read_anew(
    secrets: ShopSecrets, client: FakeSecretsClient
) -> None:
    secrets.read("lazada", "hanoi")
    client.between = lambda: setattr(client, "down", "timeout")
    with pytest.raises(Unavailable):
        secrets.change("lazada", "hanoi", lambda _: {"app_key": "test-2"})
    client.down = None
    client.keep(NAME, {"app_key": "test-2"})

    assert secrets.read("lazada", "hanoi") == {"app_key": "test-2"}


def test_no_error_tells_what_is_in_a_secret(secrets: ShopSecrets, client: FakeSecretsClient) -> None:
    client.kept[NAME] = '{"app_secret": "test-hidden", "app_key": 7}'

    with pytest.raises(Unavailable) as refused:
        secrets.read("lazada", "hanoi")
    assert "test-hidden" not in str(refused.value)
    assert NAME in str(refused.value)


def test_no_more_than_so_many_secrets_are_remembered(secrets: ShopSecrets) -> None:
    for number in range(MOST_REMEMBERED + 5):
        secrets.read("lazada", f"shop-{number}")

    assert len(secrets._remembered) <= MOST_REMEMBERED
