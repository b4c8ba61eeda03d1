"""The sandbox's door: how a script shops there and asks for faults. Shapes are in docs/sandbox.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

SOLD_OUT = 409
CALM: dict[str, Any] = {
    **dict.fromkeys(("webhook_delay_s", "applied_late_s"), 0),
    **dict.fromkeys(("webhook_lost", "webhook_doubled", "webhook_reordered", "webhook_bad_signature"), 0),
    **dict.fromkeys(("empty_order_page", "partial_failure", "throttled", "server_error", "promotion_lock"), 0),
    **dict.fromkeys(("timeout_before", "timeout_after", "refresh_answer_lost"), 0),
    **dict.fromkeys(("daily_quota", "down_until", "on"), None),
    "down": False,
}


class DoorClosed(Exception):
    """The door answered what it must not answer here."""


@dataclass(frozen=True, slots=True)
class Door:
    """`client` has the door's address as its base."""

    client: httpx.Client

    def open_shop(self, channel: str, shop: str) -> dict[str, str]:
        """The secret of the shop, which is made if it is not there."""
        secret: dict[str, str] = self.call("POST", "/shops", {"channel": channel, "shop": shop})["secret"]
        return secret

    def secret(self, channel: str, shop: str) -> dict[str, str]:
        """With tokens that are good now, as a merchant gets them who authorises anew."""
        secret: dict[str, str] = self._shop(channel, shop, "GET", "/secret")["secret"]
        return secret

    def subscribe(self, channel: str, shop: str, *, webhook_url: str) -> dict[str, str]:
        """Where it sends its pushes from now on. The secret as it is then: one marketplace signs the address too."""
        secret: dict[str, str] = self._shop(channel, shop, "PUT", "/webhook", {"url": webhook_url})["secret"]
        return secret

    def add_listings(self, channel: str, shop: str, listings: Sequence[Mapping[str, Any]]) -> list[str]:
        """The keys of the new listings, in their order."""
        keys: list[str] = self._shop(channel, shop, "POST", "/listings", {"listings": list(listings)})["listings"]
        return keys

    def listings(self, channel: str, shop: str) -> dict[str, dict[str, Any]]:
        found = self._shop(channel, shop, "GET", "/listings")["listings"]
        return {each["listing"]: each for each in found}

    def buy(self, channel: str, shop: str, lines: Mapping[str, int], *, paid: bool) -> str | None:
        """The order's id; None: sold out there."""
        asked = {"lines": [{"listing": key, "quantity": units} for key, units in lines.items()], "paid": paid}
        answer = self.client.post(f"/shops/{channel}/{shop}/orders", json=asked)
        if answer.status_code == SOLD_OUT:
            return None
        return str(_checked(answer)["order_id"])

    def change(self, channel: str, shop: str, order_id: str, what: str, **asked: Any) -> dict[str, Any]:
        """`pay`, `ship`, `cancel` or `return`; lines as listing → units."""
        if "lines" in asked:
            asked["lines"] = [{"listing": key, "quantity": units} for key, units in asked["lines"].items()]
        return self._shop(channel, shop, "POST", f"/orders/{order_id}/{what}", asked)

    def orders(self, channel: str, shop: str) -> dict[str, dict[str, Any]]:
        """The truth, whatever the marketplace tells."""
        return {each["order_id"]: each for each in self._shop(channel, shop, "GET", "/orders")["orders"]}

    def faults(self, channel: str, shop: str, **faults: Any) -> None:
        self._shop(channel, shop, "PUT", "/faults", faults)

    def calm(self, channel: str, shop: str) -> None:
        """From now on the marketplace behaves."""
        self.faults(channel, shop, **CALM)

    def calls(self, channel: str, shop: str) -> dict[str, Any]:
        return self._shop(channel, shop, "GET", "/calls")

    def post(self, channel: str, shop: str, path: str, **asked: Any) -> dict[str, Any]:
        """Any other of the shop's addresses: `/promotions`, `/inventory`, `/tokens/expire`, …"""
        return self._shop(channel, shop, "POST", path, asked)

    def settle(self) -> int:
        """Everything that waits happens now; answers how much that was."""
        return int(self.call("POST", "/settle")["released"])

    def call(self, method: str, path: str, asked: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return _checked(self.client.request(method, path, json=None if asked is None else dict(asked)))

    def _shop(
        self, channel: str, shop: str, method: str, path: str, asked: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return self.call(method, f"/shops/{channel}/{shop}{path}", asked)


def _checked(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise DoorClosed(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}")
    told: dict[str, Any] = answer.json()
    return told
