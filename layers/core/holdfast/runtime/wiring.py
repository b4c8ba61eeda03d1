"""The composition root: what the environment says becomes what services work with, once per process."""

import functools
import os
from datetime import UTC, datetime

from holdfast.services.context import Context
from holdfast.store.dynamodb import DynamoTable, make_client, pause
from holdfast.store.ledger import Ledger
from holdfast.store.table import Table

from . import telemetry
from .settings import Settings, read_settings


@functools.cache
def settings() -> Settings:
    """Raises BadSettings."""
    return read_settings(os.environ)


@functools.cache
def open_context() -> Context:
    """Made at the first call, not at import. Raises BadSettings."""
    told = settings()
    return context_of(told, DynamoTable(make_client(), told.table_name))


def context_of(told: Settings, table: Table) -> Context:
    return Context(
        ledger=Ledger(table, keep_ended_seconds=told.policy.keep_ended_seconds),
        policy=told.policy,
        clock=_now,
        wait=pause,
        count=telemetry.count,
        measure=telemetry.measure,
    )


def _now() -> datetime:
    return datetime.now(UTC)
