"""The payload of a write, in XML or JSON."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

Sku = dict[str, Any]


def read_payload(payload: str) -> list[Sku]:
    """The SKUs of a payload in XML or JSON; none if it is neither."""
    if payload.lstrip().startswith("{"):
        return _skus_of_json(payload)
    try:
        root = ET.fromstring(payload)  # noqa: S314 - a loopback server for tests; expat bounds entities itself
    except ET.ParseError:
        return []
    if root.tag != "Request":
        return []
    return [{field.tag: (field.text or "").strip() for field in sku} for sku in root.findall("./Product/Skus/Sku")]


def _skus_of_json(payload: str) -> list[Sku]:
    try:
        skus = json.loads(payload)["Request"]["Product"]["Skus"]["Sku"]
    except (ValueError, KeyError, TypeError):
        return []
    listed = skus if isinstance(skus, list) else [skus]
    return listed if all(isinstance(sku, dict) for sku in listed) else []
