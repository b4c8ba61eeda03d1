"""hold_stock reads its bodies by hand, the document describes them in pydantic: both must mean the same."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.domain.errors import BadInput
from holdfast.domain.risk import Facts
from holdfast.runtime.api.models import ChangeBody, EmptyBody, PaymentBody, ReservationBody
from holdfast.runtime.api.reading import read_change, read_nothing, read_order, read_payment
from holdfast.runtime.api.validation import validated

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

IDS = st.from_regex("[A-Za-z0-9._:-]{1,128}", fullmatch=True)
NAMES = st.from_regex("[A-Za-z0-9._-]{1,64}", fullmatch=True)
SKUS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=20)
PAST = st.datetimes(max_value=datetime(2026, 3, 2), timezones=st.just(UTC)).map(datetime.isoformat)  # noqa: DTZ001
NOT_TOO_OLD = PAST.filter(lambda told: told >= "1900")

LINES = st.fixed_dictionaries(
    {"sku": SKUS, "quantity": st.integers(1, 1_000_000)}, optional={"location": NAMES | st.none()}
)
BUYERS = st.fixed_dictionaries(
    {"id": IDS},
    optional={
        "registered_at": NOT_TOO_OLD | st.none(),
        "last_active_at": NOT_TOO_OLD | st.none(),
        "paid_orders": st.integers(0, 1_000_000) | st.none(),
    },
)
ORDERS = st.fixed_dictionaries(
    {"buyer": BUYERS, "lines": st.lists(LINES, min_size=1, max_size=4)},
    optional={"hold_seconds": st.integers(1, 259_200) | st.none(), "channel": NAMES | st.none()},
)
CHANGES = st.fixed_dictionaries(
    {"lines": st.lists(LINES, min_size=1, max_size=4)}, optional={"version": st.integers(1, 1_000_000_000) | st.none()}
)
PAYMENTS = st.fixed_dictionaries({"payment_id": SKUS}, optional={"paid_at": NOT_TOO_OLD | st.none()})

JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1, 1_000_001, 10**30, 1.0, 0.5, "", " ", "1", " a", "a\n", "a\u0000b", "\ud800"),
        *(
            "2026-03-02T12:05:00Z",
            "2026-03-02T12:05:01Z",
            "2026-03-02T12:00:00",
            "2026-03-02",
            "0001-01-01T00:00:00+09:00",
        ),
        *("2026-02-30T00:00:00Z", "2026-03-02T24:00:00Z", "2026-03-02t12:00:00z", "2026-03-02T12:00:00.123456789Z"),
        *("x" * 64, "x" * 65, "x" * 128, "x" * 129, "\u0344" * 128, "e\u0301", "đ", "🎉", "a/b", [], {}, [1], {"a": 1}),
    ]
).map(copy.deepcopy) | st.text(max_size=5)


def places(value: object, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside `value`, its own included."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for step, each in inside for place in places(each, (*at, step)))]


@st.composite
def broken(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> Any:
    """A good body with up to three places replaced by junk, left out, or with a member too many."""
    body = copy.deepcopy(draw(whole))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from(places(body)))
        if not place:
            if draw(st.booleans()) and isinstance(body, dict):
                body[draw(st.sampled_from(["coupon", "id", "sku", "body"]))] = draw(JUNK)
            continue
        holder = body
        for step in place[:-1]:
            holder = holder[step]
        if isinstance(holder, dict) and draw(st.booleans()):
            holder.pop(place[-1])
            holder |= {"further": 1} if draw(st.booleans()) else {}
        else:
            holder[place[-1]] = draw(JUNK)
    return body


def wrong_fields(read: Callable[[], object]) -> set[str]:
    """What the reading says is wrong; nothing: it accepts."""
    try:
        read()
    except BadInput as bad:
        return {each.field for each in bad.fields}
    return set()


@given(broken(ORDERS) | JUNK)
@example({"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": 1}] * 900})
@example({"buyer": {"id": "b"}, "lines": [{"sku": "mug", "quantity": 1}] * 901})
def test_an_order_is_read_by_hand_as_by_its_model(body: Any) -> None:
    by_hand = wrong_fields(lambda: read_order("order-1", body, now=NOW))
    by_model = wrong_fields(lambda: validated(ReservationBody, body, now=NOW))

    assert by_hand == by_model


@given(broken(CHANGES) | JUNK)
def test_a_change_is_read_by_hand_as_by_its_model(body: Any) -> None:
    assert wrong_fields(lambda: read_change(body)) == wrong_fields(lambda: validated(ChangeBody, body, now=NOW))


@given(broken(PAYMENTS) | JUNK)
def test_a_payment_is_read_by_hand_as_by_its_model(body: Any) -> None:
    assert wrong_fields(lambda: read_payment(body)) == wrong_fields(lambda: validated(PaymentBody, body, now=NOW))


@given(broken(st.just({})) | JUNK)
def test_an_empty_body_is_read_by_hand_as_by_its_model(body: Any) -> None:
    assert wrong_fields(lambda: read_nothing(body)) == wrong_fields(lambda: validated(EmptyBody, body, now=NOW))


@given(ORDERS)
def test_what_is_accepted_is_understood_alike(body: dict[str, Any]) -> None:
    order = read_order("order-1", body, now=NOW)
    model = validated(ReservationBody, body, now=NOW)

    assert (order.buyer_id, order.hold_seconds, order.channel) == (model.buyer.id, model.hold_seconds, model.channel)
    assert order.facts == Facts(
        registered_at=model.buyer.registered_at,
        last_active_at=model.buyer.last_active_at,
        paid_orders=model.buyer.paid_orders,
    )
    assert [(ln.sku, ln.quantity, ln.location) for ln in order.lines] == [
        (ln.sku, ln.quantity, ln.location) for ln in model.lines
    ]
