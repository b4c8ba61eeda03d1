"""What the services of marketplaces work with, besides the context. Made by the composition root, or by a test."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from holdfast.channels.protocol import Account, Channel, Send, Tokens
from holdfast.domain.shop import ShopKey
from holdfast.services.context import Context

Message = Mapping[str, Any]


class Accounts(Protocol):
    """The secrets of shops. Raises Unavailable if they cannot be had."""

    def read(self, shop: ShopKey, *, fresh: bool = False) -> Account:
        """`fresh`: not from memory. Raises UnknownShop if there is no secret."""
        ...

    def store(self, shop: ShopKey, tokens: Tokens, *, instead_of: Account) -> Account:
        """The secret with new tokens, and all its other members as they are.

        If it has other tokens than those of `instead_of` by now, they are newer: it stays, and is answered.
        """
        ...


class Queue(Protocol):
    """Where work waits. A message is kept once `send` returns; it may be delivered twice and in any order."""

    def send(self, message: Message, *, delay_seconds: int = 0) -> None: ...


@dataclass(frozen=True, slots=True)
class Intake:
    """`orders`: the queue that apply_order works off. `channel(name)` is the marketplace's module."""

    context: Context
    accounts: Accounts
    orders: Queue
    send: Send
    channel: Callable[[str], Channel]

    def now(self) -> datetime:
        return self.context.clock()
