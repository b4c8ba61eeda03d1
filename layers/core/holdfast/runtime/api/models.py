"""Bodies as pydantic models: they validate what manage_stock takes in and describe all bodies in the OpenAPI document.

Each field's rule is the one of `fields.py`. The reservations API reads the same bodies by hand (`reading.py`).
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    RootModel,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)

from . import fields
from .fields import Rule
from .reading import MOST_LINES_SENT

MOST_MOVEMENTS = 100


def ruled(rule: Rule[Any]) -> tuple[PlainValidator, WithJsonSchema]:
    return PlainValidator(rule.read), WithJsonSchema(rule.schema)


def _past(value: object, info: ValidationInfo) -> datetime:
    return fields.not_ahead(fields.TIME.read(value), now=_now(info))


def _within_a_week(value: object, info: ValidationInfo) -> datetime:
    return fields.within_a_week(fields.TIME.read(value), now=_now(info))


def _now(info: ValidationInfo) -> datetime:
    """The time of the request: told with the validation, so that models know no clock."""
    now: datetime = (info.context or {})["now"]
    return now


Id = Annotated[str, *ruled(fields.ID)]
Name = Annotated[str, *ruled(fields.NAME)]
SkuName = Annotated[str, *ruled(fields.SKU)]
PaymentId = Annotated[str, *ruled(fields.PAYMENT_ID)]
Title = Annotated[str, *ruled(fields.TITLE)]
Remark = Annotated[str, *ruled(fields.REMARK)]
Units = Annotated[int, *ruled(fields.UNITS)]
UnitsOrNone = Annotated[int, *ruled(fields.UNITS_OR_NONE)]
HoldsOrNone = Annotated[int, *ruled(fields.HOLDS_OR_NONE)]
HoldSeconds = Annotated[int, *ruled(fields.HOLD_SECONDS)]
Version = Annotated[int, *ruled(fields.VERSION)]
LimitSeconds = Annotated[int, *ruled(fields.LIMIT_SECONDS)]
YesOrNo = Annotated[bool, *ruled(fields.YES_OR_NO)]
Orders = Annotated[int, *ruled(fields.ORDERS)]
Mode = Annotated[Literal["reserve", "on_order", "on_payment"], *ruled(fields.MODE)]
AnyTime = Annotated[datetime, *ruled(fields.TIME)]
PastTime = Annotated[datetime, PlainValidator(_past), WithJsonSchema(fields.TIME.schema)]
TimeOfCount = Annotated[datetime, PlainValidator(_within_a_week), WithJsonSchema(fields.TIME.schema)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


# ---- Reservations


class Buyer(Body):
    """The buyer's id and what the shop knows of him, for its rules on scarce goods. Only the id is kept."""

    id: Id
    registered_at: PastTime | None = None
    last_active_at: PastTime | None = None
    paid_orders: Orders | None = None


class OrderLine(Body):
    """Units of a SKU. Without a location: wherever the stack's order of locations finds them all."""

    sku: SkuName
    quantity: Units
    location: Name | None = None


class ReservationBody(Body):
    """An order. Lines of one SKU are summed; at most 90 remain, each SKU either with locations or without."""

    buyer: Buyer
    lines: Annotated[list[OrderLine], Field(min_length=1, max_length=MOST_LINES_SENT)]
    hold_seconds: HoldSeconds | None = None
    channel: Name | None = None


class ChangeBody(Body):
    """All lines as they shall be. With the version that the caller saw, a late repeat undoes nothing."""

    lines: Annotated[list[OrderLine], Field(min_length=1, max_length=MOST_LINES_SENT)]
    version: Version | None = None


class PaymentBody(Body):
    """Money has moved. The time is information only: what counts is the arrival of this message."""

    payment_id: PaymentId
    paid_at: AnyTime | None = None


class EmptyBody(Body):
    """Nothing to say."""


# ---- SKUs


class Limits(Body):
    """Limits: of one reservation (`max_quantity`), and of one buyer of scarce goods. Absent: as the stack; 0: none.

    `scarce`: buyers have a hold budget for this SKU. `floor`: so many last units are for trusted buyers.
    """

    max_quantity: Units | None = None
    scarce: YesOrNo | None = None
    open_holds: HoldsOrNone | None = None
    units: UnitsOrNone | None = None
    reholds: HoldsOrNone | None = None
    held_minutes: UnitsOrNone | None = None
    pause_seconds: LimitSeconds | None = None
    floor: UnitsOrNone | None = None


class SkuBody(Body):
    """How a SKU is sold. What is absent is as the stack has it."""

    name: Title | None = None
    deduction_mode: Mode | None = None
    hold_seconds: HoldSeconds | None = None
    limits: Limits | None = None


# ---- Movements. One model a type, so that the document says which fields go together.


class _Movement(Body):
    id: Id
    location: Name
    reason: Remark | None = None


class Receive(_Movement):
    """Units came into the building; `announcement` names the announced receipt they are a part of."""

    type: Literal["receive"]
    quantity: Units
    announcement: Id | None = None


class ShipOut(_Movement):
    """Units left the building outside reservations."""

    type: Literal["ship_out"]
    quantity: Units


class Count(_Movement):
    """So many units were found; `as_of` says when, if not now. What moved since is added."""

    type: Literal["count"]
    quantity: UnitsOrNone
    as_of: TimeOfCount | None = None


class Damage(_Movement):
    """Units are there and cannot be sold."""

    type: Literal["damage"]
    quantity: Units


class Restore(_Movement):
    """Units that were set aside can be sold again."""

    type: Literal["restore"]
    quantity: Units


class Transfer(_Movement):
    """Free units go to another location."""

    type: Literal["transfer"]
    quantity: Units
    to_location: Name


class Announce(_Movement):
    """Units are on their way, from now on so many."""

    type: Literal["announce"]
    quantity: Units
    announcement: None = None
    expected_at: AnyTime | None = None


class Correct(_Movement):
    """An announced receipt has, from now on, so many units outstanding; 0: nothing more will come."""

    type: Literal["announce"]
    quantity: UnitsOrNone
    announcement: Id
    expected_at: AnyTime | None = None


class _OfSku(Body):
    sku: SkuName


class ReceiveOfSku(Receive, _OfSku): ...


class ShipOutOfSku(ShipOut, _OfSku): ...


class CountOfSku(Count, _OfSku): ...


class DamageOfSku(Damage, _OfSku): ...


class RestoreOfSku(Restore, _OfSku): ...


class TransferOfSku(Transfer, _OfSku): ...


class AnnounceOfSku(Announce, _OfSku): ...


class CorrectOfSku(Correct, _OfSku): ...


def _kind(value: object) -> str | None:
    """Which model a movement's fields belong to. None: its type is none of ours."""
    if not isinstance(value, dict) or value.get("type") not in MOVEMENT_TYPES:
        return None
    kind = str(value["type"])
    return "correct" if kind == "announce" and value.get("announcement") is not None else kind


MOVEMENT_TYPES = ("receive", "ship_out", "count", "damage", "restore", "transfer", "announce")
MOVEMENT_KINDS = (*MOVEMENT_TYPES, "correct")

AnyMovement = Receive | ShipOut | Count | Damage | Restore | Transfer | Announce | Correct
MovementOfType = Annotated[
    Annotated[Receive, Tag("receive")]
    | Annotated[ShipOut, Tag("ship_out")]
    | Annotated[Count, Tag("count")]
    | Annotated[Damage, Tag("damage")]
    | Annotated[Restore, Tag("restore")]
    | Annotated[Transfer, Tag("transfer")]
    | Annotated[Announce, Tag("announce")]
    | Annotated[Correct, Tag("correct")],
    Discriminator(_kind),
]
MovementOfSku = Annotated[
    Annotated[ReceiveOfSku, Tag("receive")]
    | Annotated[ShipOutOfSku, Tag("ship_out")]
    | Annotated[CountOfSku, Tag("count")]
    | Annotated[DamageOfSku, Tag("damage")]
    | Annotated[RestoreOfSku, Tag("restore")]
    | Annotated[TransferOfSku, Tag("transfer")]
    | Annotated[AnnounceOfSku, Tag("announce")]
    | Annotated[CorrectOfSku, Tag("correct")],
    Discriminator(_kind),
]


class MovementBody(RootModel[MovementOfType]):
    """A movement of the SKU in the path."""


class MovementsBody(Body):
    """Movements of any SKUs. Each is recorded, or not, on its own."""

    movements: Annotated[list[MovementOfSku], Field(min_length=1, max_length=MOST_MOVEMENTS)]


# ---- Buyers


class BuyerBody(Body):
    """`allowed`: rules do not apply to this buyer, his budget does. `note`: why."""

    allowed: YesOrNo
    note: Remark | None = None


# ---- Incidents


class CloseBody(Body):
    """Why nothing more is to be done."""

    note: Remark | None = None
