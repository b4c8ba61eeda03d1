"""What services answer."""

from dataclasses import dataclass

from holdfast.domain.reservation import Reservation


@dataclass(frozen=True, slots=True)
class ReservationAnswer:
    """`first`: this call made it so; otherwise it answers what happened before. `outcome` only for a commit."""

    record: Reservation
    first: bool
    outcome: str | None = None
