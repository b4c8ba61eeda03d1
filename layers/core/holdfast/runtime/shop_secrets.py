"""What opens the marketplaces: one secret a shop, in Secrets Manager, remembered for a while. Shown to nobody.

The secret's name follows from the shop's (`holdfast/{stage}/{channel}/{shop}`), so no table has to be asked for it.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from holdfast.domain.errors import Unavailable

REMEMBERED_S = 300.0
MOST_REMEMBERED = 1_000
CHANGE_TRIES = 5
# A version waits under this label until it takes the place of the one it was made from.
NEXT, CURRENT = "HOLDFAST_NEXT", "AWSCURRENT"

# The second: it was deleted, and Secrets Manager keeps it for its days of grace.
NO_SECRET = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
# The label is on another version than the one it is to be taken from.
MOVED = "InvalidParameterException"

Secret = Mapping[str, str]


class ShopSecrets:
    """`clock` in seconds, from any start. `client` is botocore's of Secrets Manager."""

    def __init__(self, client: Any, *, stage: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._stage = stage
        self._clock = clock
        self._remembered: dict[str, tuple[Secret | None, float]] = {}

    def name(self, channel: str, shop: str) -> str:
        return f"holdfast/{self._stage}/{channel}/{shop}"

    def read(self, channel: str, shop: str, *, at_most_s_old: float = REMEMBERED_S) -> Secret | None:
        """The shop's secret; None: there is none, which is remembered too.

        Raises Unavailable; but whoever asks for nothing newer is answered with what is remembered.
        """
        name = self.name(channel, shop)
        known = self._remembered.get(name)
        if known and self._clock() - known[1] < at_most_s_old:
            return known[0]
        try:
            return self._remember(name, self._fetch(name)[0])
        except Unavailable:
            if known and at_most_s_old >= REMEMBERED_S:
                return known[0]
            raise

    def change(self, channel: str, shop: str, changed: Callable[[Secret], Secret]) -> Secret | None:
        """The secret as it is now, put through `changed`; None: there is none. Nobody's change in between is lost.

        A new version takes the place of the one it was made from; if another did so first, all is done anew. Raises
        Unavailable: it may be written all the same.
        """
        name = self.name(channel, shop)
        self._remembered.pop(name, None)
        for _ in range(CHANGE_TRIES):
            secret, version = self._fetch(name)
            if secret is None:
                return None
            new = changed(secret)
            if new == secret or self._replace(name, version, new):
                return self._remember(name, new)
        raise Unavailable(f"the secret {name} kept changing; try again")

    def _replace(self, name: str, version: str, new: Secret) -> bool:
        """Whether the secret still was of this version. Secrets Manager compares nothing but where a label is."""
        try:
            text = json.dumps(dict(new))
            put = self._client.put_secret_value(SecretId=name, SecretString=text, VersionStages=[NEXT])
            self._client.update_secret_version_stage(
                SecretId=name, VersionStage=CURRENT, MoveToVersionId=put["VersionId"], RemoveFromVersionId=version
            )
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == MOVED:
                return False
            raise _unavailable(name, error) from error
        return True

    def _remember(self, name: str, secret: Secret | None) -> Secret | None:
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[name] = (secret, self._clock())
        return secret

    def _fetch(self, name: str) -> tuple[Secret | None, str]:
        """With the version it is of."""
        try:
            told = self._client.get_secret_value(SecretId=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in NO_SECRET:
                return None, ""
            raise _unavailable(name, error) from error
        except BotoCoreError as error:
            raise _unavailable(name, error) from error
        return _flat(name, told.get("SecretString", "")), told["VersionId"]


def _flat(name: str, text: str) -> Secret:
    """The secret's members. What cannot be read is never part of a message: it is the secret."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Unavailable(f"the secret {name} is no flat JSON object of strings; write it anew")
    return found


def _unavailable(name: str, error: Exception) -> Unavailable:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    return Unavailable(f"the secret {name} was out of reach ({code}); try again")
