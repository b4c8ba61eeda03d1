"""Call a shop's marketplace with tokens that are good: refreshed early, or after a refusal, under a lock.

Refresh tokens may be good for one use only, so two refreshes at once would lose the shop. The lock lets one through;
the others find its tokens in the secret. A refresh comes long before the old token ends: if its answer is lost, the
old one still serves while the refresh is tried again.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from holdfast.channels.protocol import Account, ChannelError
from holdfast.channels.sheet import Kind, Sheet
from holdfast.domain import incident
from holdfast.domain.errors import Unavailable
from holdfast.domain.shop import ShopKey

from .intake import Intake

T = TypeVar("T")

# Longer than one refresh with its time-outs; a holder that died is waited for this long.
LOCK_SECONDS = 30
# A token is refreshed when so much of its life is left, so that several refreshes may fail before it ends.
LIFE_LEFT = 0.25
LOCK_TRIES = 4
# What this process remembers may have ended, and so may what another one has stored since.
MOST_REFUSALS = 2


def call_shop(work: Intake, shop: ShopKey, call: Callable[[Account], T]) -> T:
    """The answer of `call(account)`. Raises ChannelError; Unavailable while another call refreshes the token."""
    sheet = work.channel(shop.channel).sheet
    account = work.accounts.read(shop)
    if _ends_soon(account, sheet, now=work.now()):
        account = _refreshed_early(work, shop, account)
    tries, is_own = 0, False
    while True:
        try:
            return call(account)
        except ChannelError as refused:
            if refused.kind is Kind.REAUTHORISE:
                _tell(work, shop, refused)
            if refused.kind is not Kind.TOKEN or is_own or tries == MOST_REFUSALS:
                raise
        account, is_own = _refreshed(work, shop, account)
        tries += 1


def _ends_soon(account: Account, sheet: Sheet, *, now: datetime) -> bool:
    if account.token_expires_at is None or sheet.token_life_s is None:
        return False
    return account.token_expires_at - now < timedelta(seconds=sheet.token_life_s * LIFE_LEFT)


def _refreshed_early(work: Intake, shop: ShopKey, account: Account) -> Account:
    """New tokens if they can be had; while the old ones are good, a failure only waits for the next call."""
    try:
        return _refreshed(work, shop, account)[0]
    except (ChannelError, Unavailable):
        if account.token_expires_at is not None and work.now() >= account.token_expires_at:
            raise
        work.context.count("TokenRefreshFailed", 1)
        return account


def _refreshed(work: Intake, shop: ShopKey, refused: Account) -> tuple[Account, bool]:
    """The account with other tokens than `refused` has, and whether they are new: got here, and by nobody else.

    Raises ChannelError, Unavailable.
    """
    owner = secrets.token_hex(8)
    for attempt in range(LOCK_TRIES):
        current = work.accounts.read(shop, fresh=True)
        if not _are_the_same(current, refused):
            return current, False
        if work.context.ledger.shops.lock_token(shop, owner, now=work.now(), seconds=LOCK_SECONDS):
            try:
                # Read again: whoever had the lock a moment ago may have stored new tokens since.
                current = work.accounts.read(shop, fresh=True)
                return _refresh(work, shop, current) if _are_the_same(current, refused) else (current, False)
            finally:
                work.context.ledger.shops.unlock_token(shop, owner)
        work.context.wait(attempt)
    raise Unavailable(f"the token of {shop} is being refreshed; try again")


def _are_the_same(one: Account, other: Account) -> bool:
    return one.access_token == other.access_token


def _refresh(work: Intake, shop: ShopKey, account: Account) -> tuple[Account, bool]:
    try:
        tokens = work.channel(shop.channel).refresh(account, work.send, work.now())
    except ChannelError as refused:
        if refused.kind in (Kind.REAUTHORISE, Kind.FINAL):
            _tell(work, shop, refused)
        raise
    work.context.count("TokensRefreshed", 1)
    stored = work.accounts.store(shop, tokens, instead_of=account)
    return stored, stored.access_token == tokens.access_token


def _tell(work: Intake, shop: ShopKey, refused: ChannelError) -> None:
    """A person has to connect the shop anew. Told once, until the incident is closed."""
    told = incident.shop_unauthorised(str(shop), why=refused.code, at=work.now())
    known = work.context.ledger.incidents.get(told.id)
    if known is None or not known.open:
        work.context.ledger.incidents.open(told)
        work.context.count("ShopUnauthorised", 1)
