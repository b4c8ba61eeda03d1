"""Reading template.yaml: its tags are CloudFormation's own, so a plain YAML reader needs telling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from local import places

if TYPE_CHECKING:
    from pathlib import Path


class _Reader(yaml.SafeLoader):
    pass


def _intrinsic(reader: _Reader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """`!Ref X` reads as {"Ref": "X"}, `!GetAtt A.B` as {"Fn::GetAtt": "A.B"}, as in the long form of a template."""
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: reader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: reader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: reader.construct_mapping(node, deep=True)}
    raise TypeError(node)


_Reader.add_multi_constructor("!", _intrinsic)


def read(path: Path = places.TEMPLATE) -> dict[str, Any]:
    """The template as plain values, intrinsic functions in their long form."""
    with path.open(encoding="utf-8") as text:
        found: dict[str, Any] = yaml.load(text, Loader=_Reader)  # noqa: S506 - a SafeLoader with tags
    return found


def resources(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Properties of all resources of one type, by logical id."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
