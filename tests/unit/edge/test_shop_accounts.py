from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from holdfast.channels.protocol import Tokens
from holdfast.domain.errors import NoSecret, Unavailable
from holdfast.domain.shop import ShopKey
from holdfast.runtime.shop_accounts import SecretAccounts
from holdfast.runtime.shop_secrets import ShopSecrets
from tests.support.fake_secrets import FakeSecretsClient

HANOI = ShopKey("lazada", "hanoi")
NAME = "holdfast/test/lazada/hanoi"
SECRET = {
    "api_url": "https://api.example/rest",
    "auth_url": "https://auth.example/rest",
    "app_key": "7",
    "app_secret": "test-secret",
    "access_token": "test-access",
    "refresh_token": "test-refresh",
    "token_expires_at": "2026-03-01T02:30:00Z",
    "webhook_key": "test-webhook",
}
AT = datetime(2026, 4, 1, 2, 30, tzinfo=UTC)


@pytest.fixture
def client() -> FakeSecretsClient:
    made = FakeSecretsClient()
    made.keep(NAME, SECRET)
    return made


@pytest.fixture
def accounts(client: FakeSecretsClient) -> SecretAccounts:
    return SecretAccounts(ShopSecrets(client, stage="test", clock=lambda: 0.0), needs=lambda _: ("app_key",))


def test_a_secret_becomes_an_account(accounts: SecretAccounts) -> None:
    account = accounts.read(HANOI)

    assert (account.channel, account.shop, account.api_url) == ("lazada", "hanoi", "https://api.example/rest")
    assert (account.access_token, account.refresh_token) == ("test-access", "test-refresh")
    assert account.token_expires_at == datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
    assert account.members == {"app_key": "7", "app_secret": "test-secret"}


def test_an_account_does_not_show_what_opens_it(accounts: SecretAccounts) -> None:
    shown = repr(accounts.read(HANOI))

    for value in ("test-secret", "test-access", "test-refresh", "test-webhook"):
        assert value not in shown


def test_without_tokens_an_account_has_none(accounts: SecretAccounts, client: FakeSecretsClient) -> None:
    client.keep(NAME, {"api_url": "https://api.example", "app_key": "7", "access_token": ""})
    account = accounts.read(HANOI)

    assert (account.access_token, account.refresh_token, account.token_expires_at) == (None, None, None)
    assert account.auth_url == ""


def test_new_tokens_are_written_beside_what_an_operator_changed_meanwhile(
    accounts: SecretAccounts, client: FakeSecretsClient
) -> None:
    old = accounts.read(HANOI)
    client.keep(NAME, SECRET | {"webhook_key": "test-webhook-2"})
    new = Tokens(access_token="test-a2", refresh_token="test-r2", expires_at=AT)
    account = accounts.store(HANOI, new, instead_of=old)

    assert json.loads(client.kept[NAME]) == SECRET | {
        "webhook_key": "test-webhook-2",
        "access_token": "test-a2",
        "refresh_token": "test-r2",
        "token_expires_at": "2026-04-01T02:30:00Z",
    }
    assert (account.access_token, account.token_expires_at) == ("test-a2", AT)
    assert accounts.read(HANOI) == account


def test_tokens_that_come_late_do_not_replace_newer_ones(accounts: SecretAccounts, client: FakeSecretsClient) -> None:
    old = accounts.read(HANOI)
    newer = SECRET | {"access_token": "test-a3", "refresh_token": "test-r3"}
    client.keep(NAME, newer)
    account = accounts.store(
        HANOI, Tokens(access_token="test-a2", refresh_token="test-r2", expires_at=AT), instead_of=old
    )

    assert json.loads(client.kept[NAME]) == newer
    assert (account.access_token, account.refresh_token) == ("test-a3", "test-r3")
    assert accounts.read(HANOI) == account


def test_a_refresh_token_that_stays_good_stays_in_the_secret(
    accounts: SecretAccounts, client: FakeSecretsClient
) -> None:
    old = accounts.read(HANOI)
    accounts.store(HANOI, Tokens(access_token="test-a2", refresh_token=None, expires_at=None), instead_of=old)

    kept = json.loads(client.kept[NAME])
    assert (kept["access_token"], kept["refresh_token"]) == ("test-a2", "test-refresh")


def test_a_shop_without_a_secret_says_which_one_to_create(accounts: SecretAccounts) -> None:
    with pytest.raises(NoSecret, match="holdfast/test/lazada/hue"):
        accounts.read(ShopKey("lazada", "hue"))


@pytest.mark.parametrize("missing", ["api_url", "app_key"])
def test_a_secret_that_lacks_a_member_names_it(
    accounts: SecretAccounts, client: FakeSecretsClient, missing: str
) -> None:
    client.keep(NAME, {name: value for name, value in SECRET.items() if name != missing})

    with pytest.raises(NoSecret, match=f"lacks {missing}") as refused:
        accounts.read(HANOI)
    assert "test-secret" not in str(refused.value)


@pytest.mark.parametrize("told", ["tomorrow", "2026-03-01T02:30:00", "14400"])
def test_a_time_that_is_none_is_told(accounts: SecretAccounts, client: FakeSecretsClient, told: str) -> None:
    client.keep(NAME, SECRET | {"token_expires_at": told})

    with pytest.raises(Unavailable, match="token_expires_at"):
        accounts.read(HANOI)


def test_whoever_asks_for_the_fresh_account_gets_it(accounts: SecretAccounts, client: FakeSecretsClient) -> None:
    accounts.read(HANOI)
    client.keep(NAME, SECRET | {"access_token": "test-a3"})

    assert accounts.read(HANOI).access_token == "test-access"
    assert accounts.read(HANOI, fresh=True).access_token == "test-a3"
