"""The shop's side: calls of the API over HTTP, a few at a time, repeated while the answer is "later"."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    from types import TracebackType

# The local API runs a process for each call under way; more of them would only wait for one another.
CALLS_AT_ONCE = 4
TRIES = 12
TIMEOUT_SECONDS = 30.0
LATER = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE})
LATER |= {HTTPStatus.GATEWAY_TIMEOUT}


class Unexpected(Exception):
    """The API answered what it must not answer here. Names the call and the answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str | None:
        """The stable code of a problem document."""
        return self.body.get("code")


class Shop:
    """An API client with a token. Every command is safe to repeat, so a lost answer is simply asked for again."""

    def __init__(self, api_url: str, token: str) -> None:
        self.calls = 0
        self.repeated = 0
        self._gate = asyncio.Semaphore(CALLS_AT_ONCE)
        self._client = httpx.AsyncClient(
            base_url=api_url + "/",
            headers={"authorization": f"Bearer {token}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def warm_up(self) -> None:
        """Have the processes that answer buyers started: locally that takes seconds, and a hold lasts seven here."""
        nobody = (self.call("GET", "v1/reservations/nobody", expected=(404,)) for _ in range(CALLS_AT_ONCE))
        await asyncio.gather(*nobody)

    async def submit(self, order_id: str, body: dict[str, Any]) -> Reply:
        return await self.call("PUT", f"v1/reservations/{order_id}", body, expected=(200, 201, 409))

    async def read(self, order_id: str) -> Reply:
        return await self.call("GET", f"v1/reservations/{order_id}")

    async def begin_payment(self, order_id: str) -> Reply:
        return await self.command(order_id, "payment", expected=(200, 409))

    async def commit(self, order_id: str, *, payment_id: str) -> Reply:
        return await self.call("POST", f"v1/reservations/{order_id}/commit", {"payment_id": payment_id})

    async def command(self, order_id: str, name: str, *, expected: tuple[int, ...] = (200,)) -> Reply:
        return await self.call("POST", f"v1/reservations/{order_id}/{name}", expected=expected)

    async def put_sku(self, sku: str, body: dict[str, Any]) -> Reply:
        return await self.call("PUT", f"v1/skus/{quote(sku, safe='')}", body, expected=(200, 201))

    async def levels(self, sku: str) -> Reply:
        return await self.call("GET", f"v1/skus/{quote(sku, safe='')}/levels")

    async def receive(self, units: dict[str, int]) -> None:
        """Up to 100 SKUs in one call. Raises Unexpected unless every one of them was recorded."""
        movements = [
            {"id": f"opening-{sku}", "sku": sku, "type": "receive", "location": "main", "quantity": quantity}
            for sku, quantity in units.items()
        ]
        reply = await self.call("POST", "v1/movements", {"movements": movements})
        refused = [each for each in reply.body["results"] if each["status"] not in (200, 201)]
        if refused:
            raise Unexpected(f"{len(refused)} movements were refused, the first with {refused[0]}")

    async def call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, expected: tuple[int, ...] = (200,)
    ) -> Reply:
        """Raises Unexpected on any other status, httpx.HTTPError if there is no answer after all tries."""
        for attempt in range(TRIES):
            try:
                async with self._gate:
                    self.calls += 1
                    answer = await self._client.request(method, path, json=body)
            except httpx.TransportError:
                if attempt == TRIES - 1:
                    raise
            else:
                if answer.status_code in expected:
                    return Reply(answer.status_code, answer.json())
                if answer.status_code not in LATER or attempt == TRIES - 1:
                    raise Unexpected(f"{method} {path} was answered {answer.status_code}: {answer.text[:500]}")
            self.repeated += 1
            await asyncio.sleep(0.1 * (attempt + 1))
        raise AssertionError("the last try returns or raises")
