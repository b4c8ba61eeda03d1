"""What the local engine has not got: figures in log lines (EMF) become metrics, so that alarms on them can be seen.

On AWS, CloudWatch Logs does this by itself.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.stack import Stack

TRIES = 60


@dataclass
class Bridge:
    """Carries the figures of the functions' logs, each line once. `carried`: names of the metrics that went over."""

    stack: Stack
    carried: list[str] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def carry(self) -> None:
        logs, metrics = self.stack.aws("logs"), self.stack.aws("cloudwatch")
        for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]:
            for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]:
                line = event["message"]
                if '"_aws"' not in line or line in self._seen:
                    continue
                self._seen.add(line)  # the engine numbers no lines; two that are equal to the millisecond are one
                self._carry(metrics, json.loads(line))

    def _carry(self, metrics: Any, told: dict[str, Any]) -> None:
        at = datetime.fromtimestamp(told["_aws"]["Timestamp"] / 1000, UTC)
        for directive in told["_aws"]["CloudWatchMetrics"]:
            dimensions = [{"Name": name, "Value": told[name]} for name in directive["Dimensions"][0]]
            for metric in directive["Metrics"]:
                name, values = metric["Name"], told[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    figure = {"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": at}
                    metrics.put_metric_data(Namespace=directive["Namespace"], MetricData=[figure])
                self.carried.append(name)

    def wait_for(self, metric: str) -> None:
        """Logs come a moment after the call. Raises AssertionError if the figure never does."""
        for _ in range(TRIES):
            self.carry()
            if metric in self.carried:
                return
            time.sleep(0.25)
        raise AssertionError(f"{metric} was never written to a log; only {sorted(set(self.carried))}")
