"""Schedules of shops in EventBridge Scheduler, through botocore alone. One schedule a shop, in a group of the stack."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from holdfast.domain.errors import Unavailable
from holdfast.domain.schedules import Schedule
from holdfast.domain.shop import ShopKey

LONGEST_NAME = 64
# A run that could not be started by then is the next one's.
RETRY_SECONDS, RETRIES = 600, 10
RUN = "<aws.scheduler.execution-id>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`arn` of the function; `role_arn` with which Scheduler calls it; `failures_arn`: queue of what never started.

    `prefix` begins every name, so that rights can be given by name. `group` keeps them together.
    """

    arn: str
    role_arn: str
    failures_arn: str
    group: str
    prefix: str


class ShopSchedules:
    """`client` is botocore's of Scheduler. Every method raises Unavailable if it was not done, or not said so."""

    def __init__(self, client: Any, target: Target) -> None:
        self._client = client
        self._target = target

    def name(self, shop: ShopKey) -> str:
        """Readable where it fits, and never another shop's."""
        whole = f"{self._target.prefix}-{shop.channel}-{shop.shop}"
        if len(whole) <= LONGEST_NAME:
            return whole
        digest = hashlib.sha256(str(shop).encode()).hexdigest()[:16]
        return f"{self._target.prefix[: LONGEST_NAME - 17]}-{digest}"

    def put(self, shop: ShopKey, schedule: Schedule) -> None:
        """Create or change; safe to repeat."""
        request = self._request(shop, schedule)
        if not self._call("update_schedule", "ResourceNotFoundException", **request) and not self._call(
            "create_schedule", "ConflictException", **request
        ):
            self._call("update_schedule", None, **request)  # somebody else made it meanwhile

    def delete(self, shop: ShopKey) -> None:
        """Safe to repeat."""
        self._call("delete_schedule", "ResourceNotFoundException", Name=self.name(shop), GroupName=self._target.group)

    def _request(self, shop: ShopKey, schedule: Schedule) -> dict[str, Any]:
        told = {"channel": shop.channel, "shop": shop.shop, "run": RUN}
        return {
            "Name": self.name(shop),
            "GroupName": self._target.group,
            "Description": f"Sync of {shop}",
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.zone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "Target": {
                "Arn": self._target.arn,
                "RoleArn": self._target.role_arn,
                "Input": json.dumps(told),
                "RetryPolicy": {"MaximumEventAgeInSeconds": RETRY_SECONDS, "MaximumRetryAttempts": RETRIES},
                "DeadLetterConfig": {"Arn": self._target.failures_arn},
            },
        }

    def _call(self, operation: str, expected: str | None, **request: Any) -> bool:
        """False: it failed as `expected`."""
        try:
            getattr(self._client, operation)(**request)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == expected:
                return False
            raise Unavailable(f"the schedule was not written ({code}); try again") from error
        except BotoCoreError as error:
            raise Unavailable(f"the schedule was not written ({type(error).__name__}); try again") from error
        return True
