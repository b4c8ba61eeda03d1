"""What a face states of its marketplace. Signatures, shapes and codes are its own; faults and delivery are shared.

A face holds no state: what a shop keeps stands in its `Booth`. All its methods are plain functions of a call or an
event, without I/O; they may draw ids from `booth.sequence(concern)`, never from `random` itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sandbox.http import Call, Refused, Reply
from sandbox.trade import Commits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sandbox.booth import Booth

    # The desk imports this module; a face only sees what the desk hands in.
    from sandbox.desk import Visit
    from sandbox.faults import Kind
    from sandbox.world import Listing, Order, Unit


class Trouble(StrEnum):
    """What any marketplace may answer before it looks at the call."""

    DOWN = "down"
    THROTTLED = "throttled"
    SERVER_ERROR = "server_error"
    DAILY_QUOTA = "daily_quota"
    UNKNOWN_SHOP = "unknown_shop"
    """No shop of the sandbox has the credentials of this call."""


class What(StrEnum):
    """What happened in a shop."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    STOCK = "stock"
    """The shown figure of a listing changed by the merchant's hand or by an API call."""
    PROMOTION_STARTED = "promotion_started"
    PROMOTION_ENDED = "promotion_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`order` and the `units` it is about, or a `listing`; `locked_before` where a promotion changed."""

    what: What
    at: datetime
    order: Order | None = None
    units: tuple[Unit, ...] = ()
    listing: Listing | None = None
    locked_before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One webhook. `about`: words for the log. `latest`: the body anew at each redelivery, where a marketplace does so.

    `headers`: all but the signature; the same for each attempt.

    What checks or greets a new address is sent `once`, whatever the faults are; unsigned it has no
    signature, `query` is added to the address, and with `echo` only this body is an answer.
    """

    about: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    latest: Callable[[], bytes] | None = None
    method: str = "POST"
    query: tuple[tuple[str, str], ...] = ()
    signed: bool = True
    once: bool = False
    echo: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a marketplace delivers: seconds it waits, seconds before each redelivery, and which answers it takes.

    `disabled_after` failed pushes in a row nothing is sent any more, until the address is set again.
    """

    answer_within_s: float
    redelivery_s: tuple[int, ...]
    statuses: tuple[int, int] = (200, 299)
    empty_body: bool = False
    disabled_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`path` below the port, with `{placeholders}`. `kind`: what it is about, or what tells that from the call.

    `open` endpoints look after their own authentication: `authorise` is not asked.
    """

    method: str
    path: str
    kind: Kind | Callable[[Call], Kind]
    answer: Callable[[Visit], Reply]
    open: bool = False

    def kind_of(self, call: Call) -> Kind:
        return self.kind(call) if callable(self.kind) else self.kind


class Face(ABC):
    channel: ClassVar[str]
    below: ClassVar[str] = ""
    """What follows the port in `api_url` and `auth_url`."""
    commits: ClassVar[Commits] = Commits.AT_ORDER
    delivery: ClassVar[Delivery | None] = None
    token_life_s: ClassVar[int | None] = None
    refresh_life_s: ClassVar[int] = 30 * 86_400
    refresh_rotates: ClassVar[bool] = True
    refresh_resets: ClassVar[bool] = True
    """Whether a refresh lengthens the life of the refresh token too."""
    refresh_grace_s: ClassVar[float] = 0
    """How long a spent refresh token still brings the same answer."""
    day_offset_hours: ClassVar[int] = 0
    """The day of the daily quota begins at midnight of UTC plus so many hours."""
    home: ClassVar[bool] = False
    """Whether a merchant edits stock on hand here (`POST .../inventory`)."""

    # -- a new shop, new ids ------------------------------------------------------------------------------------------

    @abstractmethod
    def members(self, booth: Booth) -> dict[str, str]:
        """The credentials of a new shop, by the names in its secret; addresses, tokens and webhook keys aside."""

    @abstractmethod
    def webhook_key(self, booth: Booth) -> str | None:
        """The key that signs a new shop's pushes, once `booth.members` are there. None: no webhooks."""

    @abstractmethod
    def listing_key(self, booth: Booth, product_id: str | None, *, alone: bool) -> str:
        """The key of a new listing; of a product that is there, or a new one. `alone`: its product's only one."""

    @abstractmethod
    def order_id(self, booth: Booth, now: datetime) -> str: ...

    def unit_id(self, booth: Booth) -> str:
        return booth.digits("unit_id", 15)

    def locations(self, booth: Booth) -> tuple[str, ...]:
        """Ids of the shop's warehouses; none where a shop has just one that is not named."""
        return ()

    # -- calls --------------------------------------------------------------------------------------------------------

    @abstractmethod
    def endpoints(self) -> tuple[Endpoint, ...]: ...

    @abstractmethod
    def whose(self, call: Call, booths: Iterable[Booth]) -> Booth | None:
        """The shop a call means, before anything is checked: by an id, an app key or a token, good or not."""

    @abstractmethod
    def authorise(self, call: Call, booth: Booth) -> None:
        """Check signature, time and access token, in the marketplace's order. Raises Refused."""

    @abstractmethod
    def trouble(self, trouble: Trouble, call: Call) -> Reply:
        """The marketplace's own words for it."""

    def refused(self, trouble: Trouble, call: Call) -> Refused:
        return Refused(self.trouble(trouble, call))

    def quota_day(self, now: datetime) -> date:
        return datetime.fromtimestamp(now.timestamp() + self.day_offset_hours * 3600, UTC).date()

    # -- pushes -------------------------------------------------------------------------------------------------------

    def pushes(self, booth: Booth, event: Event) -> tuple[Push, ...]:
        """What is pushed when something happens; a pull queue fills itself here and pushes nothing."""
        return ()

    def subscribed(self, booth: Booth) -> tuple[Push, ...]:
        """What is sent to a new address, to greet or to check it."""
        return ()

    def sign(self, booth: Booth, *, body: bytes, key: str) -> dict[str, str]:
        """The headers that sign one push."""
        return {}

    def undelivered(self, booth: Booth, push: Push, now: datetime) -> None:
        """A push got lost or was given up."""
        return

    # -- who puts units back ------------------------------------------------------------------------------------------

    def restocks_cancelled(self, asked: bool | None) -> bool:
        """Whether cancelled units are shown again; `asked` where the one who cancels can choose."""
        return True

    def restocks_returned(self, asked: bool | None) -> bool:
        return bool(asked)
