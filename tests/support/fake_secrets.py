"""Secrets Manager in memory, as far as one client's two calls go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ConnectTimeoutError

if TYPE_CHECKING:
    from collections.abc import Mapping


class FakeSecretsClient:
    """`kept`: name to text. `down`: the error code it answers, or `timeout`. `reads`: the names that were read."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.down: str | None = None
        self.reads: list[str] = []

    def keep(self, name: str, secret: Mapping[str, str]) -> None:
        self.kept[name] = json.dumps(dict(secret))

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803  # as AWS names it
        self.reads.append(SecretId)
        self._answer("GetSecretValue")
        if SecretId not in self.kept:
            raise _error("ResourceNotFoundException", "GetSecretValue")
        return {"SecretString": self.kept[SecretId]}

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> dict[str, str]:  # noqa: N803
        self._answer("PutSecretValue")
        if SecretId not in self.kept:
            raise _error("ResourceNotFoundException", "PutSecretValue")
        self.kept[SecretId] = SecretString
        return {}

    def _answer(self, operation: str) -> None:
        if self.down == "timeout":
            raise ConnectTimeoutError(endpoint_url="https://secrets")
        if self.down:
            raise _error(self.down, operation)


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
