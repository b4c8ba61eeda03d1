"""One shop on each marketplace, connected: secret stored, settings and listings put, goods on the shelves."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from demo.market.door import Door
    from local.stack import Stack

CHANNELS = ("shopee", "lazada", "tiktok_shop", "tiki", "haravan", "shopify", "woocommerce")
LOCATION = "main"
OK = (200, 201)
EMPTY_LOOKS, LOOK_EVERY_SECONDS = 2, 0.5


class Refused(Exception):
    """The API answered what it must not answer here."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sold. `parts`: SKU → units in one unit of the listing."""

    title: str
    parts: Mapping[str, int]
    shown: int


@dataclass(slots=True)
class Stall:
    """`parts`: listing → SKU → units."""

    channel: str
    shop: str
    parts: dict[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/v1/shops/{self.channel}/{self.shop}"

    def order_path(self, order_id: str) -> str:
        return f"/v1/reservations/{self.channel}:{self.shop}:{quote(order_id, safe='')}"


@dataclass(frozen=True, slots=True)
class Market:
    """`api` has the API's address as its base and a token with every scope; `run` marks what this run makes."""

    stack: Stack
    api: httpx.Client
    door: Door
    run: str

    def sku(self, name: str) -> str:
        return f"{self.run}-{name}"

    def stock(self, units: Mapping[str, int]) -> None:
        """Create the SKUs and receive their units."""
        for sku, quantity in units.items():
            self.call("PUT", f"/v1/skus/{quote(sku, safe='')}", {"name": sku})
            if quantity:
                movement = {"id": f"opening-{sku}", "type": "receive", "location": LOCATION, "quantity": quantity}
                self.call("POST", f"/v1/skus/{quote(sku, safe='')}/movements", movement)

    def open_stall(self, channel: str, goods: list[Goods], *, settings: Mapping[str, Any] | None = None) -> Stall:
        """A shop that sells these goods, connected and mapped."""
        stall = self.connect(channel, settings=settings)
        shown = [{"title": each.title, "merchant_sku": each.title, "quantity": each.shown} for each in goods]
        for key, each in zip(self.door.add_listings(channel, stall.shop, shown), goods, strict=True):
            self.map(stall, key, each.parts)
        return stall

    def connect(self, channel: str, *, settings: Mapping[str, Any] | None = None) -> Stall:
        """A shop that sells nothing yet."""
        stall = Stall(channel, self.run)
        secret = self.door.open_shop(channel, stall.shop)
        # First of all: some marketplaces check the address, and who is told that there is no secret remembers that.
        self.store_secret(stall, secret)
        webhook_url = f"{self.stack.api_url}/webhooks/{channel}/{stall.shop}"
        subscribed = self.door.subscribe(channel, stall.shop, webhook_url=webhook_url)
        if subscribed != secret:
            self.store_secret(stall, subscribed)
        self.call("PUT", stall.path, {"poll_seconds": 60, "overlap_seconds": 600, **(settings or {})})
        return stall

    def map(self, stall: Stall, listing: str, parts: Mapping[str, int]) -> None:
        components = [{"sku": sku, "quantity": units} for sku, units in parts.items()]
        path = f"/v1/listings/{stall.channel}/{stall.shop}/{quote(listing, safe='')}"
        self.call("PUT", path, {"components": components})
        stall.parts[listing] = parts

    def store_secret(self, stall: Stall, secret: Mapping[str, str]) -> None:
        secrets = self.stack.aws("secretsmanager")
        name = f"holdfast/{self.stack.parameters['Stage']}/{stall.channel}/{stall.shop}"
        try:
            secrets.create_secret(Name=name, SecretString=json.dumps(secret))
        except secrets.exceptions.ResourceExistsException:
            secrets.put_secret_value(SecretId=name, SecretString=json.dumps(secret))

    def read_secret(self, stall: Stall) -> dict[str, str]:
        name = f"holdfast/{self.stack.parameters['Stage']}/{stall.channel}/{stall.shop}"
        told: dict[str, str] = json.loads(
            self.stack.aws("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        )
        return told

    def wait_for_queues(self, ends: float, *, names: tuple[str, ...] = ("orders", "polls")) -> bool:
        """Until nothing waits in these queues, twice in a row, or the time is over. Answers whether they are empty."""
        empty = 0
        while empty < EMPTY_LOOKS:
            if time.monotonic() > ends:
                return False
            empty = 0 if any(self.waiting(name) for name in names) else empty + 1
            time.sleep(LOOK_EVERY_SECONDS)
        return True

    def waiting(self, name: str) -> int:
        """Messages in a queue, those included that are under way or wait for another try."""
        return sum(self._counts(name, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"))

    def ready(self, name: str) -> int:
        """Messages that somebody could take now."""
        return sum(self._counts(name, "ApproximateNumberOfMessages"))

    def _counts(self, name: str, *counts: str) -> list[int]:
        asked: dict[str, Any] = {"QueueUrl": self.stack.queues[name], "AttributeNames": list(counts)}
        told = self.stack.aws("sqs").get_queue_attributes(**asked)["Attributes"]
        return [int(told[each]) for each in counts]

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = self.api.request(method, path, json=None if body is None else dict(body))
        if answer.status_code not in OK:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        told: dict[str, Any] = answer.json()
        return told

    def find(self, path: str) -> dict[str, Any] | None:
        """None: there is no such thing."""
        answer = self.api.get(path)
        if answer.status_code == 404:  # noqa: PLR2004
            return None
        if answer.status_code not in OK:
            raise Refused(f"GET {path}: {answer.status_code} {answer.text[:300]}")
        told: dict[str, Any] = answer.json()
        return told

    def poll(self, stall: Stall) -> dict[str, Any]:
        """What the schedule would do each minute: poll one shop now. Answers what the function answered."""
        message = {"channel": stall.channel, "shop": stall.shop}
        record = {"messageId": "by-hand", "body": json.dumps(message), "eventSource": "aws:sqs"}
        return self.invoke("poll_orders", {"Records": [record]})

    def invoke(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        name = self.stack.functions[function]
        answer = self.stack.aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Refused(f"{function} failed: {told}")
        return told
