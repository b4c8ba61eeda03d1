"""What the API answers, as pydantic models. They describe the OpenAPI document; tests hold the views to them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["open", "held", "expired", "committed", "shipped", "released", "refund_due", "refunded"]
ModeShown = Literal["reserve", "on_order", "on_payment"]
Units = Annotated[int, Field(ge=0)]


class Shown(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_serialization_defaults_required=True)


class BuyerShown(Shown):
    id: str


class LineShown(Shown):
    sku: str
    quantity: int
    location: str


class EventShown(Shown):
    at: datetime
    what: str


class ReservationShown(Shown):
    """A reservation. `expires_at` only while it is held, `pay_by` only while an order waits for its payment.

    `refund_by`: only while a refund is due, when it is to be paid back at the latest.
    """

    id: str
    state: State
    mode: ModeShown
    buyer: BuyerShown
    channel: str | None
    lines: list[LineShown]
    expires_at: datetime | None
    paid: bool
    payment_id: str | None
    pay_by: datetime | None
    refund_by: datetime | None
    payment_begun: bool
    created_at: datetime
    changed_at: datetime
    version: int
    history: list[EventShown]


class CommitShown(ReservationShown):
    """A reservation, and what became of the payment."""

    outcome: Literal["committed", "refund_due", "refunded", "duplicate_payment"]


class LimitsShown(Shown):
    """null: as the stack has it; 0: none."""

    max_quantity: int | None
    scarce: bool | None
    open_holds: int | None
    units: int | None
    reholds: int | None
    held_minutes: int | None
    pause_seconds: int | None
    floor: int | None


class SkuShown(Shown):
    """Settings of a SKU; null: as the stack has it."""

    sku: str
    name: str | None
    deduction_mode: ModeShown | None
    hold_seconds: int | None
    limits: LimitsShown


class BudgetLineShown(Shown):
    sku: str
    quantity: int


class BudgetEntryShown(Shown):
    """A reservation as it counts. `ended`: how, if that is known for certain; `lapses`: when it ran out before."""

    reservation: str
    lines: list[BudgetLineShown]
    since: datetime
    until: datetime
    open: bool
    ended: Literal["paid", "released", "expired"] | None
    lapses: list[datetime]


class LimitReached(Shown):
    """A limit that one more unit would pass. `sku` null: over all SKUs. `retry_at` null: waiting is no help."""

    limit: str
    sku: str | None
    most: int
    retry_at: datetime | None


class HitShown(Shown):
    """A rule that applied: `acted`, or only watched; the action that came, or would have come, of it."""

    rule: str
    acted: bool
    action: Literal["allow", "floor", "shorter_hold", "on_payment", "refuse"]


class RefusalShown(Shown):
    at: datetime
    code: str
    reasons: list[str]
    skus: list[str]
    retry_at: datetime | None
    hits: list[HitShown]


class BuyerBudgetShown(Shown):
    """What a buyer ties up, which limits he has reached now, and why he was refused lately (newest first)."""

    id: str
    allowed: bool
    note: str | None
    entries: list[BudgetEntryShown]
    reached: list[LimitReached]
    refusals: list[RefusalShown]


class RuledShown(Shown):
    """One order on which rules had something to say: a reservation, or a refusal with its code."""

    at: datetime
    buyer: BuyerShown
    reservation: str | None
    code: str | None
    reasons: list[str]
    skus: list[str]
    hits: list[HitShown]


class RuledPage(Shown):
    """`cursor` null: that was all."""

    items: list[RuledShown]
    cursor: str | None


class HeldUntil(Shown):
    at: datetime
    units: int


class Counters(Shown):
    """`on_hand = available + reserved + committed + leased + unavailable`; `due`: held units whose time is over."""

    on_hand: int
    available: int
    reserved: Units
    committed: Units
    leased: Units
    unavailable: Units
    incoming: int
    oversold: Units
    due: Units
    sellable: Units


class LevelShown(Counters):
    location: str
    wheel: list[HeldUntil]
    folded_to: datetime | None
    version: int


class AnnouncedShown(Shown):
    id: str
    location: str
    outstanding: Units
    expected_at: datetime | None


class LevelsShown(Shown):
    sku: str
    levels: list[LevelShown]
    sum: Counters
    announced: list[AnnouncedShown]


class IncomingShown(Shown):
    location: str
    units: Units
    expected_at: datetime | None


class AvailableShown(Shown):
    """`known` false: there is no such SKU. `back_soon`: units that come back unless they are paid by then."""

    sku: str
    known: bool
    free: Units
    oversold: Units
    back_soon: list[HeldUntil]
    incoming: list[IncomingShown]


class AvailabilityShown(Shown):
    skus: list[AvailableShown]


class EffectShown(Shown):
    """What changed, in units by location."""

    on_hand: dict[str, int]
    unavailable: dict[str, int]
    incoming: dict[str, int]


class MovementShown(Shown):
    id: str
    sku: str
    type: Literal["receive", "ship_out", "count", "damage", "restore", "transfer", "announce"]
    location: str
    quantity: int
    to_location: str | None
    expected_at: datetime | None
    announcement: str | None
    reason: str | None
    as_of: datetime | None
    at: datetime
    effect: EffectShown


class Problem(BaseModel):
    """RFC 9457. `code` is stable and for programs; some codes have members of their own."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list["FieldErrorShown"] = []
    shortages: list["ShortageShown"] = []
    reasons: list[str] = []


class FieldErrorShown(Shown):
    field: str
    expected: str


class ShortageShown(Shown):
    sku: str
    location: str
    wanted: int
    available: int


class RecordedShown(Shown):
    status: Literal[200, 201]
    movement: MovementShown


class RefusedShown(Shown):
    status: Annotated[int, Field(ge=400)]
    problem: Problem


class ResultsShown(Shown):
    """One result for each movement, in their order."""

    results: list[RecordedShown | RefusedShown]


class IncidentShown(Shown):
    id: str
    kind: Literal[
        "oversold",
        "refund_due",
        "duplicate_payment",
        "payment_unmatched",
        "drift_found",
        "listing_unknown",
        "order_not_applied",
        "shop_unauthorised",
        "shop_said",
        "listing_blocked",
        "listing_locked",
        "price_waits",
    ]
    subject: str
    state: Literal["open", "closed"]
    at: datetime
    detail: str
    facts: dict[str, Any]
    orders: list[str]
    closed_at: datetime | None
    note: str | None


class ReservationPage(Shown):
    """`cursor` null: that was all."""

    items: list[ReservationShown]
    cursor: str | None


class SkuPage(Shown):
    """`cursor` null: that was all."""

    items: list[SkuShown]
    cursor: str | None


class IncidentPage(Shown):
    """`cursor` null: that was all."""

    items: list[IncidentShown]
    cursor: str | None


class HealthShown(Shown):
    status: Literal["ok"]
    stage: str
    version: str


class GatewayRefusal(BaseModel):
    """The gateway's own answer, before any function was called."""

    message: str
