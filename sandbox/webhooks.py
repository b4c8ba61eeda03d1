"""Delivery of pushes: late, lost, doubled, out of order or badly signed on demand; sent again by its schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

import httpx

from sandbox.booth import utc_text

if TYPE_CHECKING:
    from sandbox.booth import Booth
    from sandbox.faces.face import Delivery, Face, Push
    from sandbox.fair import Fair

Send = Callable[[str, str, bytes, Mapping[str, str], float], Awaitable[tuple[int, bytes]]]
"""Method, address, body, headers, seconds to wait; answers status and body. Raises httpx.HTTPError or TimeoutError."""

MOST_AT_ONCE = 4
# A push that is overtaken waits this long for the one behind it.
OVERTAKEN_S = 20.0
# A body of an answer is looked at, not kept.
MOST_ANSWER = 65_536
SETTLE_S = 60.0
_FORGED = "not the key of this shop"


class Office:
    """Posts what shops push. Each attempt is a task; `settle` waits for those that run."""

    def __init__(self, fair: Fair, send: Send) -> None:
        self._fair = fair
        self._send = send
        self._running: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(MOST_AT_ONCE)

    def post(self, face: Face, booth: Booth, push: Push) -> None:
        """Decide what becomes of a push, and let it wait its time."""
        if face.delivery is None or booth.webhook_url is None or booth.webhook_disabled:
            booth.pushes["not_subscribed"] += 1
            return
        booth.pushes["made"] += 1
        if push.once:
            self._later(0, face, booth, push, attempt=0)
            return
        if booth.faults.strikes("webhook_lost"):
            booth.pushes["lost"] += 1
            face.undelivered(booth, push, self._fair.now())
            return
        copies = 1
        if booth.faults.strikes("webhook_doubled"):
            booth.pushes["doubled"] += 1
            copies = 2
        for _ in range(copies):
            delay = booth.faults.webhook_delay_s()
            if booth.faults.strikes("webhook_reordered"):
                booth.pushes["reordered"] += 1
                delay += OVERTAKEN_S
            self._later(delay, face, booth, push, attempt=0)

    async def settle(self) -> int:
        """Send everything that waits now, once; answers how many things were released."""
        released = self._fair.waiting.release()
        # A push may be answered by a call that makes another one; a few rounds end that.
        if self._running:
            await asyncio.wait(set(self._running), timeout=SETTLE_S)
        return released

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _later(self, seconds: float, face: Face, booth: Booth, push: Push, *, attempt: int) -> None:
        self._fair.waiting.later(seconds, lambda: self._start(face, booth, push, attempt=attempt))

    def _start(self, face: Face, booth: Booth, push: Push, *, attempt: int) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(face, booth, push, attempt=attempt))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _attempt(self, face: Face, booth: Booth, push: Push, *, attempt: int) -> None:
        delivery, url = face.delivery, booth.webhook_url
        if delivery is None or url is None or booth.webhook_disabled:
            return
        body = push.latest() if push.latest and attempt else push.body
        headers = {**push.headers, **self._signature(face, booth, push, body)}
        async with self._gate:
            booth.pushes["sent"] += 1
            status, took = await self._answer(url, push, body, headers, delivery)
        booth.last_pushes.append(
            {"about": push.about, "attempt": attempt, "status": status, "at": utc_text(self._fair.now())}
        )
        if took:
            booth.pushes["answered"] += 1
            booth.failures_in_a_row = 0
            return
        booth.pushes["failed"] += 1
        self._failed(face, booth, push, delivery, attempt=attempt)

    def _signature(self, face: Face, booth: Booth, push: Push, body: bytes) -> Mapping[str, str]:
        if not push.signed:
            return {}
        key = booth.signing_key()
        if not push.once and booth.faults.strikes("webhook_bad_signature"):
            booth.pushes["badly_signed"] += 1
            key = _FORGED
        return face.sign(booth, body=body, key=key)

    async def _answer(
        self, url: str, push: Push, body: bytes, headers: Mapping[str, str], delivery: Delivery
    ) -> tuple[int, bool]:
        """The status (0: none in time) and whether the marketplace takes it for an answer."""
        address = str(httpx.URL(url).copy_merge_params(dict(push.query))) if push.query else url
        try:
            async with asyncio.timeout(delivery.answer_within_s):
                status, answer = await self._send(push.method, address, body, headers, delivery.answer_within_s)
        except (httpx.HTTPError, TimeoutError):
            return 0, False
        lowest, highest = delivery.statuses
        right = answer == push.echo if push.echo is not None else not (delivery.empty_body and answer.strip())
        return status, right and lowest <= status <= highest

    def _failed(self, face: Face, booth: Booth, push: Push, delivery: Delivery, *, attempt: int) -> None:
        if push.once:
            return
        booth.failures_in_a_row += 1
        if delivery.disabled_after is not None and booth.failures_in_a_row >= delivery.disabled_after:
            booth.webhook_disabled = True
        if attempt < len(delivery.redelivery_s):
            self._later(delivery.redelivery_s[attempt], face, booth, push, attempt=attempt + 1)
            return
        booth.pushes["given_up"] += 1
        face.undelivered(booth, push, self._fair.now())


def over_http(client: httpx.AsyncClient) -> Send:
    async def send(
        method: str, url: str, body: bytes, headers: Mapping[str, str], within_s: float
    ) -> tuple[int, bytes]:
        answer = await client.request(method, url, content=body, headers=dict(headers), timeout=within_s)
        return answer.status_code, answer.content[:MOST_ANSWER]

    return send
