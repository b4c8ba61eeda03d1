"""One shop of one marketplace without a network: a clock that stands still, and pushes that are only collected."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from starlette.routing import compile_path

from sandbox.desk import Outcome, receive
from sandbox.door import Door
from sandbox.fair import Fair
from sandbox.http import Call
from sandbox.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.booth import Booth
    from sandbox.faces.face import Face, Push
    from sandbox.world import Order

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "support" / "vectors" / "signatures.json").read_text(encoding="utf-8")
)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOOK = "https://shop.example/webhooks/one"


class Stall:
    def __init__(self, face: Face, *, seed: int = 7) -> None:
        self.face = face
        self.time = NOON
        self.pushes: list[Push] = []
        self.waiting = Waiting(self.seconds)
        self.fair = Fair({face.channel: face}, seed=seed, now=lambda: self.time, waiting=self.waiting)
        self.fair.post = lambda _face, _booth, push: self.pushes.append(push)
        self.door = Door(self.fair, None).app()
        self.booth: Booth = self.fair.open(face.channel, "one", HOOK)
        self.shop = f"/shops/{face.channel}/one"

    def seconds(self) -> float:
        return (self.time - NOON).total_seconds()

    def knock(self, method: str, path: str, body: object = None) -> httpx.Response:
        """One request at the door, whatever it answers."""

        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.door)
            async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
                return await client.request(method, path, json=body)

        return asyncio.run(request())

    def at_door(self, path: str, body: object, *, method: str = "POST") -> Any:
        answer = self.knock(method, self.shop + path, body)
        assert answer.is_success, answer.text
        return answer.json()

    def list(self, title: str, quantity: int, *, product: str | None = None, price: int = 100_000) -> str:
        listing = {"title": title, "merchant_sku": title.upper(), "quantity": quantity, "price": price}
        if product:
            listing["product"] = product
        key: str = self.at_door("/listings", {"listings": [listing]})["listings"][0]
        return key

    def buy(self, listing: str, quantity: int = 1, *, paid: bool = True) -> Order:
        order = {"lines": [{"listing": listing, "quantity": quantity}], "paid": paid}
        return self.booth.shop.orders[self.at_door("/orders", order)["order_id"]]

    def faults(self, **settings: Any) -> None:
        self.at_door("/faults", settings, method="PUT")

    def later(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def receive(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Outcome:
        for endpoint in self.face.endpoints():
            matched = compile_path(endpoint.path)[0].match(path)
            if endpoint.method == method and matched:
                call = Call(
                    method=method,
                    path=path,
                    query=tuple((query or {}).items()),
                    headers=headers or {},
                    body=body,
                    now=self.time,
                    inside=matched.groupdict(),
                )
                return receive(self.fair, self.face, endpoint, call)
        raise AssertionError(f"no endpoint for {method} {path}")


def read(outcome: Outcome) -> Any:
    assert outcome.reply is not None, "the connection was dropped"
    return json.loads(outcome.reply.body)


def status_of(outcome: Outcome) -> int:
    assert outcome.reply is not None, "the connection was dropped"
    return outcome.reply.status
