"""What runs behind the API: the sweeper and the auditor, invoked as their schedules would."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from demo.shop import Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.stack import Stack

# Scheduler fires at most once a minute, and a minute of the wheel is a second here.
SWEEP_EVERY_SECONDS = 1.0
SWEEPS_AT_THE_END = 20
AUDIT_SECONDS = 300


class Backstage:
    def __init__(self, stack: Stack) -> None:
        self._functions = stack.functions
        # One attempt: an audit that takes long is waited for, never started a second time beside the first.
        patient = Config(connect_timeout=2, read_timeout=AUDIT_SECONDS, retries={"total_max_attempts": 1})
        self._lambda = stack.aws("lambda", config=patient)
        self.sweeps = 0

    async def invoke(self, function: str) -> dict[str, Any]:
        """The function's answer. Raises Unexpected with its error."""
        return await asyncio.to_thread(self._invoke, function)

    def _invoke(self, function: str) -> dict[str, Any]:
        answer = self._lambda.invoke(FunctionName=self._functions[function], Payload=b"{}")
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise Unexpected(f"{function} failed: {told}")
        return told

    async def sweep(self) -> dict[str, Any]:
        self.sweeps += 1
        return await self.invoke("sweep_expired")

    async def keep_sweeping(self, failed: Callable[[Exception], None]) -> None:
        """Until cancelled. A sweep that fails is the next one's, as in real life."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_SECONDS)
            try:
                await self.sweep()
            except Unexpected as error:
                failed(error)

    async def sweep_all(self) -> None:
        """Until a sweep finds nothing at all in the register: twice, for the stream's consumer may be behind."""
        empty = 0
        for _ in range(SWEEPS_AT_THE_END):
            empty = 0 if (await self.sweep())["rows"] else empty + 1
            if empty > 1:
                return
            await asyncio.sleep(SWEEP_EVERY_SECONDS / 2)
        raise Unexpected(f"the register is not empty after {SWEEPS_AT_THE_END} sweeps")

    async def audit(self) -> dict[str, Any]:
        return await self.invoke("audit_levels")
