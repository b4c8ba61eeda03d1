"""How long real buyers took from order to approved payment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

QUANTILES = Path(__file__).with_name("data") / "payment-delay-quantiles.json"


@dataclass(frozen=True, slots=True)
class Delays:
    """Quantiles: the share of buyers who had paid after so many minutes, both rising."""

    points: tuple[tuple[float, float], ...]

    def minutes(self, share: float) -> float:
        """The delay that `share` (0 to 1) of all buyers stay below: straight lines between the quantiles."""
        before = (0.0, 0.0)
        for point in self.points:
            if share <= point[0]:
                return before[1] + (point[1] - before[1]) * (share - before[0]) / (point[0] - before[0])
            before = point
        return before[1]


def read_delays(path: Path = QUANTILES) -> Delays:
    told = json.loads(path.read_text(encoding="utf-8"))["quantiles_min"]
    return Delays(tuple(sorted((float(share), float(minutes)) for share, minutes in told.items())))
