"""EventBridge Scheduler in memory, as far as one client's calls go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


@dataclass
class FakeSchedulerClient:
    """`schedules`: name to what was stored. `error`: what every call raises, if set."""

    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    error: Exception | None = None

    def create_schedule(self, **request: Any) -> None:
        self._answer()
        if request["Name"] in self.schedules:
            raise _coded("ConflictException")
        self.schedules[request["Name"]] = request

    def update_schedule(self, **request: Any) -> None:
        self._answer()
        if request["Name"] not in self.schedules:
            raise _coded("ResourceNotFoundException")
        self.schedules[request["Name"]] = request

    def delete_schedule(self, *, Name: str, GroupName: str) -> None:  # noqa: N803  # names are AWS's
        self._answer()
        if self.schedules.pop(Name, {"GroupName": None})["GroupName"] != GroupName:
            raise _coded("ResourceNotFoundException")

    def _answer(self) -> None:
        if self.error:
            raise self.error


def _coded(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "scheduler")
