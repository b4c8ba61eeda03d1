"""Incidents: written in the transaction of what they tell of, listed through the sparse index."""

import contextlib
from collections.abc import Iterable
from datetime import datetime

from holdfast.domain.conditions import Path, id_not_used, item_exists
from holdfast.domain.incident import Incident, Kind

from . import keys
from .table import ConditionFailed, Item, Page, Put, Query, Table, Update
from .times import from_ms, to_ms


def open_action(incident: Incident) -> Put:
    """For a transaction that happens once. A shortage seen again opens its incident again, with the new figures."""
    item: Item = {
        "id": incident.id,
        "kind": incident.kind.value,
        "subject": incident.subject,
        "at": to_ms(incident.at),
        "detail": incident.detail,
        "facts": dict(incident.facts),
        "list": keys.incidents_list(is_open=True),
        "listed": _listed(incident.at, incident.id),
    }
    return Put(key=keys.incident(incident.id), item=item)


def close_action(incident_id: str, *, at: datetime, note: str | None = None) -> Update:
    noted: dict[Path, str] = {} if note is None else {("note",): note}
    return Update(
        key=keys.incident(incident_id),
        put={
            ("list",): keys.incidents_list(is_open=False),
            ("listed",): _listed(at, incident_id),
            ("closed_at",): to_ms(at),
            **noted,
        },
        conditions=(item_exists(),),
    )


def incident_from(item: Item) -> Incident:
    return Incident(
        kind=Kind(item["kind"]),
        subject=item["subject"],
        at=from_ms(item["at"]),
        detail=item["detail"],
        facts=item["facts"],
        open=item["list"] == keys.incidents_list(is_open=True),
        closed_at=from_ms(item.get("closed_at")),
        note=item.get("note"),
    )


def _listed(at: datetime, incident_id: str) -> str:
    return f"{to_ms(at):013d}#{incident_id}"


class Incidents:
    """Access patterns of incidents."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def open(self, incident: Incident) -> None:
        """Open it on its own. One that cannot reopen and was seen before stays as it is."""
        put = open_action(incident)
        if incident.reopens:
            self._table.write(put)
            return
        with contextlib.suppress(ConditionFailed):  # seen before: the first writer told it
            self._table.write(Put(key=put.key, item=put.item, conditions=(id_not_used(),)))

    def get(self, incident_id: str) -> Incident | None:
        item = self._table.get(keys.incident(incident_id))
        return incident_from(item) if item else None

    def close(self, incident_id: str, *, at: datetime, note: str | None) -> bool:
        """False: there is no such incident."""
        try:
            self._table.write(close_action(incident_id, at=at, note=note))
        except ConditionFailed:
            return False
        return True

    def closing(self, told: Iterable[Incident], *, at: datetime, note: str) -> list[Update]:
        """What closes those of them that are open, for a transaction."""
        found = map(incident_from, self._table.get_many([keys.incident(each.id) for each in told]))
        return [close_action(each.id, at=at, note=note) for each in found if each.open]

    def listed(self, *, is_open: bool, limit: int, start: Item | None = None) -> Page:
        """Newest first."""
        return self._table.query(
            Query(
                partition=keys.incidents_list(is_open=is_open),
                index=keys.LISTS,
                limit=limit,
                start=start,
                newest_first=True,
            )
        )
