"""Bodies through pydantic: what is wrong becomes our own BadInput, every field at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from holdfast.domain.errors import BadInput, FieldError

from .fields import Wrong
from .models import MOVEMENT_KINDS, MOVEMENT_TYPES
from .reading import OBJECT_EXPECTED, UNKNOWN_EXPECTED

T = TypeVar("T", bound=BaseModel)

REQUIRED = "a value: the field is required"


def validated(shape: type[T], body: object, *, now: datetime) -> T:
    """The body as `shape`, a model. Raises BadInput."""
    try:
        return shape.model_validate(body, context={"now": now})
    except ValidationError as error:
        raise BadInput([_field_error(each) for each in error.errors(include_url=False)]) from None


def _field_error(told: Any) -> FieldError:
    kind, steps = told["type"], _without_tags(told["loc"])
    match kind:
        case "union_tag_not_found" | "union_tag_invalid":
            return _no_such_movement(steps, told["input"])
        case "value_error" if isinstance(told["ctx"]["error"], Wrong):
            return FieldError(path(steps), told["ctx"]["error"].expected)
        case "missing":
            return FieldError(path(steps), REQUIRED)
        case "extra_forbidden":
            return FieldError(path(steps), UNKNOWN_EXPECTED)
        case "model_type" | "model_attributes_type" | "dict_type":
            return FieldError(path(steps), OBJECT_EXPECTED)
        case "too_long" | "too_short":
            bound = "at most" if kind == "too_long" else "at least"
            length = told["ctx"]["max_length" if kind == "too_long" else "min_length"]
            return FieldError(path(steps), f"a list of {bound} {length}")
        case "list_type":
            return FieldError(path(steps), "a list")
    return FieldError(path(steps), told["msg"])


def _no_such_movement(steps: Sequence[int | str], value: object) -> FieldError:
    if not isinstance(value, dict):
        return FieldError(path(steps), OBJECT_EXPECTED)
    return FieldError(path((*steps, "type")), f"one of {', '.join(MOVEMENT_TYPES)}")


def _without_tags(steps: Sequence[int | str]) -> tuple[int | str, ...]:
    """The path without the union's tag, which pydantic puts after the place of the value."""
    at_tag = [
        number
        for number, step in enumerate(steps)
        if step in MOVEMENT_KINDS and (number == 0 or isinstance(steps[number - 1], int))
    ]
    return tuple(step for number, step in enumerate(steps) if number not in at_tag[:1])


def path(steps: Sequence[int | str]) -> str:
    """("lines", 0, "sku") as lines[0].sku; the whole body is `body`."""
    told = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return told.removeprefix(".") or "body"
