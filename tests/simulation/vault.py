"""Secrets Manager: what opens each shop. Reads and writes fail; a write may be written although nobody hears of it."""

import json
from collections import Counter
from collections.abc import Callable, Mapping

from botocore.exceptions import ClientError, ConnectTimeoutError

from .stage import Crash
from .world import World

Secret = dict[str, str]


class Vault:
    """`kept`: name of a secret → its text. Operators write by `keep`, processes through a `Door`.

    `written(name, secret)` hears of both, `overwritten(name, secret)` of what a process writes before it is there.
    `version`: counts what was written to each. `meanwhile(name)`: an operator edits it while a process changes it.
    """

    def __init__(self, world: World, *, fault_rate: float) -> None:
        self.world = world
        self.fault_rate = fault_rate
        self.kept: dict[str, str] = {}
        self.written: Callable[[str, Secret], None] = lambda _name, _secret: None
        self.overwritten: Callable[[str, Secret], None] = lambda _name, _secret: None
        self.meanwhile: Callable[[str], None] = lambda _name: None
        self.version: Counter[str] = Counter()

    def keep(self, name: str, secret: Mapping[str, str]) -> None:
        self.kept[name] = json.dumps(dict(secret))
        self.version[name] += 1
        self.written(name, dict(secret))

    def secret(self, name: str) -> Secret:
        told: Secret = json.loads(self.kept[name])
        return told

    def change(self, name: str, **members: str) -> None:
        self.keep(name, {**self.secret(name), **members})

    def door(self, who: str) -> "Door":
        return Door(self, who)


class Door:
    """The vault as one process sees it, named and answering as botocore's client does."""

    def __init__(self, vault: Vault, who: str) -> None:
        self._vault = vault
        self._who = who
        self.last_read: dict[str, Secret] = {}
        self._next: dict[str, Secret] = {}

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803  # as AWS names it
        self._call("read", SecretId)
        self.last_read[SecretId] = self._vault.secret(SecretId)
        return {"SecretString": self._vault.kept[SecretId], "VersionId": str(self._vault.version[SecretId])}

    def put_secret_value(self, *, SecretId: str, SecretString: str, VersionStages: list[str]) -> dict[str, str]:  # noqa: N803
        del VersionStages
        self._call("put", SecretId)
        if not self._vault.world.calm and self._vault.world.chance.random() < EDITED_MEANWHILE:
            self._vault.meanwhile(SecretId)
        version = f"next {len(self._next)}"
        self._next[version] = json.loads(SecretString)
        self._after_write()
        return {"VersionId": version}

    def update_secret_version_stage(self, **asked: str) -> None:
        name = asked["SecretId"]
        self._call("write", name)
        if asked["RemoveFromVersionId"] != str(self._vault.version[name]):
            self._vault.world.met("secret_changed_meanwhile", self._who)
            raise ClientError({"Error": {"Code": "InvalidParameterException"}}, "UpdateSecretVersionStage")
        secret = self._next[asked["MoveToVersionId"]]
        self._vault.overwritten(name, secret)
        self._vault.keep(name, secret)
        self._after_write()

    def _call(self, method: str, name: str) -> None:
        world = self._vault.world
        world.step(self._who, f"secrets: {method}", name)
        if not world.calm and world.chance.random() < self._vault.fault_rate:
            world.met("secrets_down", self._who)
            raise ConnectTimeoutError(endpoint_url="https://secrets")

    def _after_write(self) -> None:
        world = self._vault.world
        if world.calm or world.chance.random() >= self._vault.fault_rate:
            return
        if world.chance.random() < HALF:
            world.met("secrets_reply_lost", self._who)
            raise ConnectTimeoutError(endpoint_url="https://secrets")
        world.met("crash_after_secret", self._who)
        raise Crash


HALF = 0.5
EDITED_MEANWHILE = 0.1
