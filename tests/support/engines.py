"""Engines with a process of their own: the marks that choose them."""

import pytest

MINISTACK = pytest.param("ministack", marks=pytest.mark.engine)
DYNAMODB_LOCAL = pytest.param("dynamodb_local", marks=pytest.mark.dynamodb_local)

on_every_engine = pytest.mark.parametrize("engine_client", [MINISTACK, DYNAMODB_LOCAL], indirect=True)
