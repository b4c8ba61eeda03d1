"""Passports of pushed numbers, kept for a while: why a listing shows, or showed, a number."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta

from holdfast.domain.listing import ListingKey
from holdfast.domain.passport import LevelSeen, Passport
from holdfast.domain.sync import Rule

from . import shop_keys
from .table import Item, Put, Query, Table
from .times import from_ms, to_ms

_OF_A_LEVEL = tuple(each.name for each in fields(LevelSeen))


def passport_from(item: Item, key: ListingKey) -> Passport:
    return Passport(
        key=key,
        fence=int(item["sk"].split("#")[1]),
        quantity=item["quantity"],
        sent_at=from_ms(int(item["sk"].split("#")[0])),
        answered_at=from_ms(item.get("answered_at")),
        answer=item["answer"],
        detail=item["detail"],
        because=item["because"],
        asked_at=from_ms(item["asked_at"]),
        sellable=item["sellable"],
        offered=item["offered"],
        rule=Rule(item["rule"]),
        mode=item["mode"],
        ratio=item["ratio"],
        threshold=item["threshold"],
        maximum=item.get("maximum"),
        incoming_cap=item["incoming_cap"],
        levels=tuple(LevelSeen(**each) for each in item["levels"]),
    )


def item_of(passport: Passport, *, kept: timedelta) -> Item:
    optional = {
        "answered_at": None if passport.answered_at is None else to_ms(passport.answered_at),
        "maximum": passport.maximum,
    }
    return {
        "quantity": passport.quantity,
        "answer": passport.answer,
        "detail": passport.detail,
        "because": passport.because,
        "asked_at": to_ms(passport.asked_at),
        "sellable": passport.sellable,
        "offered": passport.offered,
        "rule": passport.rule.value,
        "mode": passport.mode,
        "ratio": passport.ratio,
        "threshold": passport.threshold,
        "incoming_cap": passport.incoming_cap,
        "levels": [{name: getattr(each, name) for name in _OF_A_LEVEL} for each in passport.levels],
        "ttl": int((passport.sent_at + kept).timestamp()),
        **{name: value for name, value in optional.items() if value is not None},
    }


class Passports:
    """Access patterns of passports."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def write(self, passports: Iterable[Passport], *, kept: timedelta) -> None:
        """Each over its own earlier version: first as it was sent, then with its answer."""
        self._table.write_many(
            Put(
                key=shop_keys.passport(each.key, to_ms(each.sent_at), each.fence),
                item=item_of(each, kept=kept),
            )
            for each in passports
        )

    def newest(self, key: ListingKey, *, at: datetime, limit: int) -> list[Passport]:
        """Sent at or before this time, newest first."""
        partition, up_to = shop_keys.passports_partition(key), shop_keys.passports_up_to(to_ms(at))
        page = self._table.query(Query(partition=partition, up_to=up_to, limit=limit, newest_first=True))
        return [passport_from(item, key) for item in page.items]
