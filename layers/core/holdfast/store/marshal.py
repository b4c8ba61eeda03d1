"""Plain values to DynamoDB's typed ones and back.

Ours and not boto3's: its module brings all of boto3 into the start of the function that buyers wait for, and turns
whole units into Decimals. Our items hold only str, int, bool, list and dict.
"""

from typing import Any


def marshal(value: Any) -> dict[str, Any]:
    """Raises TypeError on anything our items do not hold."""
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case dict():
            return {"M": {name: marshal(inner) for name, inner in value.items()}}
        case list() | tuple():
            return {"L": [marshal(inner) for inner in value]}
    raise TypeError(f"items hold no {type(value).__name__}: {value!r}")


def unmarshal(value: dict[str, Any]) -> Any:
    [(kind, inner)] = value.items()
    match kind:
        case "N":
            return int(inner)
        case "M":
            return {name: unmarshal(each) for name, each in inner.items()}
        case "L":
            return [unmarshal(each) for each in inner]
        case "S" | "BOOL":
            return inner
    raise TypeError(f"items hold no {kind}: {inner!r}")


def unmarshal_item(item: dict[str, Any]) -> dict[str, Any]:
    return {name: unmarshal(value) for name, value in item.items()}
