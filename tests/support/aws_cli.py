"""The AWS CLI as far as the runbook speaks it, by botocore: for machines without it, and with its version left open."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import jmespath  # type: ignore[import-untyped]  # it comes with botocore and publishes no types
from botocore import xform_name
from botocore.session import Session

JSON_SHAPES = {"map", "structure", "list"}


def main(words: list[str]) -> None:
    """`aws SERVICE OPERATION [--option value …] [file]`. Raises SystemExit for what it does not know."""
    service, operation, *rest = words
    options, files = _options(rest)
    query, output = options.pop("query", None), options.pop("output", "json")
    for own in ("cli-read-timeout", "cli-binary-format"):
        options.pop(own, None)
    client = Session().create_client(service)
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    members = shape.members if shape is not None else {}
    known = {xform_name(name, "-"): (name, member) for name, member in members.items()}
    asked: dict[str, Any] = {}
    most = options.pop("max-items", None)
    for option, text in options.items():
        if option not in known:
            raise SystemExit(f"aws {service} {operation} has no option --{option}")
        name, member = known[option]
        asked[name] = _value(member, text)
    answer = getattr(client, method)(**asked)
    answer.pop("ResponseMetadata", None)
    if "Payload" in answer and files:
        with open(files[0], "wb") as target:  # noqa: PTH123  # /dev/stdout is what the runbook names
            target.write(answer.pop("Payload").read())
    if most is not None and "Items" in answer:
        answer["Items"] = answer["Items"][: int(most)]
    found = jmespath.search(query, answer) if query else answer
    sys.stdout.write((_text(found) if output == "text" else json.dumps(found, default=str, indent=4)) + "\n")


def _options(words: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    files: list[str] = []
    rest = iter(words)
    for word in rest:
        if word.startswith("--"):
            options[word.removeprefix("--")] = next(rest)
        else:
            files.append(word)
    return options, files


def _value(member: Any, text: str) -> Any:
    if member.type_name in JSON_SHAPES:
        return json.loads(text)
    if member.type_name in {"integer", "long"}:
        return int(text)
    if member.type_name == "blob":
        return text.encode()
    return text


def _text(found: Any) -> str:
    if isinstance(found, list):
        return "\t".join(map(_text, found))
    return re.sub(r"\s+$", "", str(found))
