"""Misbehaviour on demand: settings that are checked, and decisions that a seed repeats."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from datetime import datetime

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=7 * 86_400)]
Kind = Literal["token", "stock", "price", "orders", "listings", "queue", "other"]
"""What an endpoint is about; the filter `on` names these."""

# The 95 % point of the standard normal distribution.
Z95 = 1.6449


class Spread(BaseModel):
    """A lognormal delay, told by its median and its 95 % point in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    median: Annotated[float, Field(gt=0, le=86_400)]
    p95: Annotated[float, Field(gt=0, le=7 * 86_400)]

    @model_validator(mode="after")
    def _rises(self) -> Spread:
        if self.p95 < self.median:
            raise ValueError("p95 is below the median")
        return self


class Settings(BaseModel):
    """Shares are probabilities of one call or one push; None and 0 mean: never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    webhook_delay_s: Seconds | Spread = 0.0
    webhook_lost: Share = 0.0
    webhook_doubled: Share = 0.0
    webhook_reordered: Share = 0.0
    webhook_bad_signature: Share = 0.0

    empty_order_page: Share = 0.0
    partial_failure: Share = 0.0
    throttled: Share = 0.0
    server_error: Share = 0.0
    timeout_before: Share = 0.0
    timeout_after: Share = 0.0
    timeout_s: Annotated[float, Field(ge=0, le=120)] = 30.0
    answer_after_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    applied_late: Share = 1.0
    applied_late_s: Seconds = 0.0
    promotion_lock: Share = 0.0
    zero_refused: bool = False
    daily_quota: Annotated[int, Field(ge=0)] | None = None
    down: bool = False
    down_until: AwareDatetime | None = None

    token_expiry_s: Seconds | None = None
    refresh_answer_lost: Share = 0.0
    refresh_grace_s: Seconds | None = None

    on: tuple[Kind, ...] | None = None


class Faults:
    """The settings of one shop, and what they decide. Each concern draws from a sequence of its own."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._sequences: dict[str, random.Random] = {}
        self.settings = Settings()

    def change(self, part: dict[str, Any]) -> Settings:
        """Set some; the others stay. Raises pydantic.ValidationError, which names each wrong field."""
        self.settings = Settings.model_validate({**self.settings.model_dump(), **part})
        return self.settings

    def strikes(self, concern: str, kind: Kind | None = None) -> bool:
        """Whether this fault happens now. `kind` of the endpoint, where `on` may leave it alone."""
        if kind is not None and not self._concerns(kind):
            return False
        share: float = getattr(self.settings, concern)
        # Without a chance nothing is drawn: a fault switched on later begins its own sequence.
        return share > 0 and self.sequence(concern).random() < share

    def webhook_delay_s(self) -> float:
        delay = self.settings.webhook_delay_s
        if isinstance(delay, Spread):
            sigma = math.log(delay.p95 / delay.median) / Z95
            return self.sequence("webhook_delay").lognormvariate(math.log(delay.median), sigma)
        return delay

    def answer_after_s(self, kind: Kind) -> float:
        return self.settings.answer_after_s if self._concerns(kind) else 0.0

    def is_down(self, now: datetime) -> bool:
        until = self.settings.down_until
        return self.settings.down or (until is not None and now < until)

    def locks(self, listing: str) -> bool:
        """Whether the listing is one of the share that a promotion locks: always the same ones for a seed."""
        share = self.settings.promotion_lock
        return share > 0 and random.Random(f"{self._seed}:promotion_lock:{listing}").random() < share

    def _concerns(self, kind: Kind) -> bool:
        return self.settings.on is None or kind in self.settings.on

    def sequence(self, concern: str) -> random.Random:
        return self._sequences.setdefault(concern, random.Random(f"{self._seed}:{concern}"))
