"""Secrets as accounts: what the services know of a shop's credentials."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from holdfast.channels.protocol import Account, Tokens
from holdfast.channels.webhooks import KEY, KEY_PREVIOUS
from holdfast.domain.errors import NoSecret, Unavailable
from holdfast.domain.shop import ShopKey

from .shop_secrets import REMEMBERED_S, ShopSecrets

ADDRESSES = ("api_url", "auth_url")
TOKENS = ("access_token", "refresh_token", "token_expires_at")
NOT_MEMBERS = {*ADDRESSES, *TOKENS, KEY, KEY_PREVIOUS}


class SecretAccounts:
    """`Accounts` of the services, over Secrets Manager. `needs(channel)`: members without which nothing opens."""

    def __init__(self, secrets: ShopSecrets, *, needs: Callable[[str], Sequence[str]]) -> None:
        self._secrets = secrets
        self._needs = needs

    def read(self, shop: ShopKey, *, fresh: bool = False) -> Account:
        """Raises NoSecret; Unavailable, also for a secret that cannot be used."""
        return self._account(shop, self._secret(shop, at_most_s_old=0.0 if fresh else REMEMBERED_S))

    def store(self, shop: ShopKey, tokens: Tokens, *, instead_of: Account) -> Account:
        """The present secret with these tokens. What else an operator changed in it stays as he changed it.

        Whoever was slower than its lock finds other tokens than those it used: they came later, and stay.
        """
        changed = {
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "token_expires_at": None if tokens.expires_at is None else _iso(tokens.expires_at),
        }
        told = {name: value for name, value in changed.items() if value is not None}
        used = (instead_of.access_token, instead_of.refresh_token)

        def with_tokens(secret: Mapping[str, str]) -> Mapping[str, str]:
            there = (_get(secret, "access_token"), _get(secret, "refresh_token"))
            return {**secret, **told} if there == used else secret

        return self._account(shop, self._there(shop, self._secrets.change(shop.channel, shop.shop, with_tokens)))

    def _secret(self, shop: ShopKey, *, at_most_s_old: float) -> Mapping[str, str]:
        return self._there(shop, self._secrets.read(shop.channel, shop.shop, at_most_s_old=at_most_s_old))

    def _there(self, shop: ShopKey, secret: Mapping[str, str] | None) -> Mapping[str, str]:
        if secret is None:
            name = self._secrets.name(shop.channel, shop.shop)
            raise NoSecret(f"{shop} has no credentials: create the secret {name}")
        return secret

    def _account(self, shop: ShopKey, secret: Mapping[str, str]) -> Account:
        name = self._secrets.name(shop.channel, shop.shop)
        missing = [each for each in ("api_url", *self._needs(shop.channel)) if not secret.get(each)]
        if missing:
            raise NoSecret(f"the secret {name} lacks {', '.join(missing)}; write it anew")
        return Account(
            channel=shop.channel,
            shop=shop.shop,
            api_url=secret["api_url"],
            auth_url=secret.get("auth_url", ""),
            members={member: value for member, value in secret.items() if member not in NOT_MEMBERS},
            access_token=_get(secret, "access_token"),
            refresh_token=_get(secret, "refresh_token"),
            token_expires_at=_time(name, _get(secret, "token_expires_at")),
        )


def _get(secret: Mapping[str, str], member: str) -> str | None:
    return secret.get(member) or None


def _time(name: str, told: str | None) -> datetime | None:
    if told is None:
        return None
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Unavailable(f"token_expires_at of the secret {name} is no time as in 2026-03-01T02:30:00Z; write it anew")
    return at.astimezone(UTC)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
