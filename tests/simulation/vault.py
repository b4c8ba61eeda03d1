"""Secrets Manager: what opens each shop. Reads and writes fail; a write may be written although nobody hears of it."""

import json
from collections.abc import Callable, Mapping

from botocore.exceptions import ConnectTimeoutError

from .stage import Crash
from .world import World

Secret = dict[str, str]


class Vault:
    """`kept`: name of a secret → its text. Operators write by `keep`, processes through a `Door`.

    `written(name, secret)` hears of both, `overwritten(name, secret)` of what a process writes before it is there.
    `edited_at`: when an operator changed it last.
    """

    def __init__(self, world: World, *, fault_rate: float) -> None:
        self.world = world
        self.fault_rate = fault_rate
        self.kept: dict[str, str] = {}
        self.written: Callable[[str, Secret], None] = lambda _name, _secret: None
        self.overwritten: Callable[[str, Secret], None] = lambda _name, _secret: None
        self.edited_at: dict[str, float] = {}

    def keep(self, name: str, secret: Mapping[str, str]) -> None:
        self.kept[name] = json.dumps(dict(secret))
        self.written(name, dict(secret))

    def secret(self, name: str) -> Secret:
        told: Secret = json.loads(self.kept[name])
        return told

    def change(self, name: str, **members: str) -> None:
        self.keep(name, {**self.secret(name), **members})
        self.edited_at[name] = self.world.now

    def door(self, who: str) -> "Door":
        return Door(self, who)


class Door:
    """The vault as one process sees it, named and answering as botocore's client does."""

    def __init__(self, vault: Vault, who: str) -> None:
        self._vault = vault
        self._who = who
        self.last_read: dict[str, Secret] = {}

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803  # as AWS names it
        self._call("read", SecretId)
        self.last_read[SecretId] = self._vault.secret(SecretId)
        return {"SecretString": self._vault.kept[SecretId]}

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> dict[str, str]:  # noqa: N803
        self._call("write", SecretId)
        secret = json.loads(SecretString)
        self._vault.overwritten(SecretId, secret)
        self._vault.keep(SecretId, secret)
        self._after_write()
        return {}

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
