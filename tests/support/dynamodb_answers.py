"""What DynamoDB answers when it does not do as asked, as botocore receives it."""

from __future__ import annotations

import json
from typing import Any

from botocore.awsrequest import AWSResponse


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> list[bytes]:
        return [self._content]


def answered(status: int, body: dict[str, Any]) -> AWSResponse:
    headers: Any = {"content-type": "application/x-amz-json-1.0"}
    return AWSResponse("https://dynamodb.us-east-1.amazonaws.com/", status, headers, _Body(json.dumps(body).encode()))


def error(code: str, status: int = 400, **members: Any) -> AWSResponse:
    return answered(status, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": code, **members})


def cancelled(*codes: str) -> AWSResponse:
    return error("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])
