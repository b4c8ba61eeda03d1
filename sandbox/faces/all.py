"""The faces by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.faces.shopee import Shopee

if TYPE_CHECKING:
    from sandbox.faces.face import Face

FACES: dict[str, Face] = {face.channel: face for face in (Shopee(),)}
