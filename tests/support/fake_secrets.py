"""Secrets Manager in memory, as far as one client's three calls go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ConnectTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class FakeSecretsClient:
    """`kept`: name to text. `down`: the error code it answers, or `timeout`. `reads`: the names that were read.

    `between()` is called once, after a version is put and before it takes its place.
    """

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.down: str | None = None
        self.reads: list[str] = []
        self.between: Callable[[], None] | None = None
        self._versions: dict[str, int] = {}
        self._next: tuple[str, str] = ("", "")

    def keep(self, name: str, secret: Mapping[str, str]) -> None:
        self.kept[name] = json.dumps(dict(secret))
        self._versions[name] = self._versions.get(name, 0) + 1

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803  # as AWS names it
        self.reads.append(SecretId)
        self._answer("GetSecretValue")
        if SecretId not in self.kept:
            raise _error("ResourceNotFoundException", "GetSecretValue")
        return {"SecretString": self.kept[SecretId], "VersionId": self._version(SecretId)}

    def put_secret_value(self, *, SecretId: str, SecretString: str, VersionStages: list[str]) -> dict[str, str]:  # noqa: N803
        assert "AWSCURRENT" not in VersionStages
        self._answer("PutSecretValue")
        if SecretId not in self.kept:
            raise _error("ResourceNotFoundException", "PutSecretValue")
        self._next = (f"next to {self._version(SecretId)}", SecretString)
        return {"VersionId": self._next[0]}

    def update_secret_version_stage(self, **asked: str) -> None:
        name = asked["SecretId"]
        assert (asked["VersionStage"], asked["MoveToVersionId"]) == ("AWSCURRENT", self._next[0])
        between, self.between = self.between, None
        if between:
            between()
        self._answer("UpdateSecretVersionStage")
        if self._version(name) != asked["RemoveFromVersionId"]:
            raise _error("InvalidParameterException", "UpdateSecretVersionStage")
        self.keep(name, json.loads(self._next[1]))

    def _version(self, name: str) -> str:
        return f"version {self._versions.get(name, 0)}"

    def _answer(self, operation: str) -> None:
        if self.down == "timeout":
            raise ConnectTimeoutError(endpoint_url="https://secrets")
        if self.down:
            raise _error(self.down, operation)


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)
