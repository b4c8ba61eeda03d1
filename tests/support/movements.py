"""Movements of kettles."""

from holdfast.domain.movement import Movement, Type


def a_movement(movement_id: str, kind: Type, quantity: int, *, sku: str = "kettle", location: str = "main") -> Movement:
    return Movement(id=movement_id, type=kind, sku=sku, location=location, quantity=quantity)
