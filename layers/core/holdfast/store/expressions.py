"""Table actions as DynamoDB expressions. Every name is an alias (SKUs and reserved words never meet the grammar)."""

from typing import Any

from holdfast.domain.conditions import Condition, Path

from .marshal import marshal
from .table import Action, Check, Delete, Put, Update

Request = dict[str, Any]


class _Aliases:
    """Names and values of one expression, each told once."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self._known: dict[tuple[type, Any], str] = {}

    def path(self, path: Path) -> str:
        return ".".join(self._name(step) for step in path)

    def _name(self, step: str) -> str:
        alias = self.names.get(step)
        if alias is None:
            alias = self.names[step] = f"#{len(self.names)}"
        return alias

    def value(self, value: Any) -> str:
        known = (type(value), value) if isinstance(value, int | str) else None
        if known in self._known:
            return self._known[known]
        alias = f":{len(self.values)}"
        self.values[alias] = marshal(value)
        if known is not None:
            self._known[known] = alias
        return alias


def _condition(condition: Condition, aliases: _Aliases) -> str:
    path = aliases.path(condition.path)
    match condition.test:
        case "exists":
            return f"attribute_exists({path})"
        case "absent":
            return f"attribute_not_exists({path})"
        case "size<":
            return f"size({path}) < {aliases.value(condition.value)}"
        case "absent or <":
            return f"(attribute_not_exists({path}) OR {path} < {aliases.value(condition.value)})"
        case comparison:
            return f"{path} {comparison} {aliases.value(condition.value)}"


def _update_expression(update: Update, aliases: _Aliases) -> str:
    assignments = [f"{aliases.path(path)} = {aliases.value(value)}" for path, value in update.put.items()]
    for path, units in update.add.items():
        name = aliases.path(path)
        sign = "+" if units >= 0 else "-"
        assignments.append(f"{name} = {name} {sign} {aliases.value(abs(units))}")
    for path, units in update.start.items():
        name = aliases.path(path)
        sign = "+" if units >= 0 else "-"
        assignments.append(f"{name} = if_not_exists({name}, {aliases.value(0)}) {sign} {aliases.value(abs(units))}")
    for path, value in update.begin.items():
        name = aliases.path(path)
        assignments.append(f"{name} = if_not_exists({name}, {aliases.value(value)})")
    expression = "SET " + ", ".join(assignments) if assignments else ""
    if update.remove:
        expression += " REMOVE " + ", ".join(aliases.path(path) for path in update.remove)
    return expression.strip()


def render(action: Action, *, table: str) -> Request:
    """The request's members for this action, as TransactWriteItems, PutItem, UpdateItem and DeleteItem share them.

    The old item is asked for on failure: the answer is in the failure.
    """
    aliases = _Aliases()
    request: Request = {"TableName": table}
    if isinstance(action, Put):
        request["Item"] = marshal_item({**action.item, "pk": action.key.pk, "sk": action.key.sk})
    else:
        request["Key"] = marshal_item({"pk": action.key.pk, "sk": action.key.sk})
    if isinstance(action, Update):
        request["UpdateExpression"] = _update_expression(action, aliases)
    if action.conditions:
        request["ConditionExpression"] = " AND ".join(_condition(each, aliases) for each in action.conditions)
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if aliases.names:
        request["ExpressionAttributeNames"] = {alias: name for name, alias in aliases.names.items()}
    if aliases.values:
        request["ExpressionAttributeValues"] = aliases.values
    return request


def marshal_item(item: dict[str, Any]) -> dict[str, Any]:
    return {name: marshal(value) for name, value in item.items()}


OPERATION = {Put: "Put", Update: "Update", Check: "ConditionCheck", Delete: "Delete"}
