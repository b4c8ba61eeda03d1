"""Where a call is received: faults first, then the face. The same for every marketplace, and without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sandbox.faces.face import Event, Trouble, What
from sandbox.http import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.booth import Booth
    from sandbox.faces.face import Endpoint, Face
    from sandbox.fair import Fair
    from sandbox.faults import Kind
    from sandbox.http import Call, Reply
    from sandbox.tokens import Pair
    from sandbox.world import Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`reply` None: no answer, the connection is dropped. Either comes after `hold_s`.

    `booth`: whose call it was; `written`: the listings whose stock it wrote.
    """

    reply: Reply | None
    hold_s: float = 0.0
    booth: Booth | None = None
    written: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One accepted call: what an endpoint answers to, and all it may do. Writes go through here, so faults see them."""

    call: Call
    booth: Booth
    face: Face
    fair: Fair
    kind: Kind
    written: set[str] = field(default_factory=set)

    def fails(self) -> bool:
        """Whether the next item of this batch fails, as some do within a 200."""
        return self.booth.faults.strikes("partial_failure", self.kind)

    def refuses_zero(self) -> bool:
        """Whether this marketplace takes 0 for no quantity today, where its documents leave that open."""
        return self.booth.faults.settings.zero_refused

    def page_is_empty(self) -> bool:
        return self.booth.faults.strikes("empty_order_page", self.kind)

    def floor(self, listing: Listing) -> int:
        """What the listing may not be set below, because a promotion keeps it."""
        if self.booth.faults.locks(listing.key):
            return max(listing.locked, listing.quantity)
        return listing.locked

    def write_available(self, listing: Listing, quantity: int) -> None:
        """Set what buyers can buy; acknowledged now, effective later where `applied_late_s` says so."""
        self._write(listing, lambda: self.booth.shop.set_available(listing.key, quantity, self.fair.now()))

    def write_on_hand(self, listing: Listing, quantity: int) -> None:
        """As `write_available`, for what lies in the building."""
        self._write(listing, lambda: self.booth.shop.set_on_hand(listing.key, quantity, self.fair.now()))

    def write_price(self, listing: Listing, price: int) -> None:
        self._later(lambda: setattr(listing, "price", price))

    def happened(self, event: Event) -> None:
        """Push what the marketplace pushes for it."""
        self.fair.happened(self.booth, event)

    def refresh(self, token: str) -> Pair | None:
        """New tokens for a refresh token, by the marketplace's rule; None if it is not good."""
        face, settings, tokens = self.face, self.booth.faults.settings, self.booth.tokens
        if tokens is None:
            return None
        grace = settings.refresh_grace_s
        return tokens.refresh(
            token,
            self.call.now,
            life_s=self.token_life_s,
            refresh_life_s=face.refresh_life_s,
            rotates=face.refresh_rotates,
            resets=face.refresh_resets,
            grace_s=face.refresh_grace_s if grace is None else grace,
        )

    @property
    def token_life_s(self) -> float:
        chosen = self.booth.faults.settings.token_expiry_s
        return float(self.face.token_life_s or 0) if chosen is None else chosen

    def _write(self, listing: Listing, write: Callable[[], None]) -> None:
        def apply() -> None:
            write()
            self.happened(Event(what=What.STOCK, at=self.fair.now(), listing=listing))

        self.written.add(listing.key)
        self._later(apply)

    def _later(self, apply: Callable[[], None]) -> None:
        faults = self.booth.faults
        if faults.settings.applied_late_s and faults.strikes("applied_late", self.kind):
            self.fair.waiting.later(faults.settings.applied_late_s, apply)
        else:
            apply()


def receive(fair: Fair, face: Face, endpoint: Endpoint, call: Call) -> Outcome:
    """The outcome of one call. Counts it, whatever it is."""
    booth = face.whose(call, fair.of(face.channel))
    if booth is None:
        return Outcome(reply=face.trouble(Trouble.UNKNOWN_SHOP, call))
    outcome = _outcome(fair, face, endpoint, call, booth)
    booth.count_call(f"{endpoint.method} {endpoint.path}", outcome.reply.status if outcome.reply else 0)
    return outcome


def _outcome(fair: Fair, face: Face, endpoint: Endpoint, call: Call, booth: Booth) -> Outcome:
    faults, kind = booth.faults, endpoint.kind_of(call)
    unanswered = Outcome(reply=None, hold_s=faults.settings.timeout_s)
    if faults.is_down(call.now):
        return Outcome(reply=face.trouble(Trouble.DOWN, call))
    if faults.strikes("timeout_before", kind):
        return unanswered
    if (trouble := _trouble(face, kind, call, booth)) is not None:
        return Outcome(reply=face.trouble(trouble, call))
    visit = Visit(call=call, booth=booth, face=face, fair=fair, kind=kind)
    try:
        if not endpoint.open:
            face.authorise(call, booth)
        reply = endpoint.answer(visit)
    except Refused as no:
        return Outcome(reply=no.reply)
    written = frozenset(visit.written)
    if faults.strikes("timeout_after", kind):
        return replace(unanswered, booth=booth, written=written)
    if kind == "token" and faults.strikes("refresh_answer_lost"):
        return Outcome(reply=None)
    return Outcome(reply=reply, hold_s=faults.answer_after_s(kind), booth=booth, written=written)


def _trouble(face: Face, kind: Kind, call: Call, booth: Booth) -> Trouble | None:
    faults, quota = booth.faults, booth.faults.settings.daily_quota
    if faults.strikes("server_error", kind):
        return Trouble.SERVER_ERROR
    if faults.strikes("throttled", kind):
        return Trouble.THROTTLED
    calls = booth.calls_today(face.quota_day(call.now))
    if quota is not None and calls > quota and kind != "token":
        return Trouble.DAILY_QUOTA
    return None
