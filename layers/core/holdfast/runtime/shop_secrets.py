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

# The second: it was deleted, and Secrets Manager keeps it for its days of grace.
NO_SECRET = frozenset({"ResourceNotFoundException", "InvalidRequestException"})


class ShopSecrets:
    """`clock` in seconds, from any start. `client` is botocore's of Secrets Manager."""

    def __init__(self, client: Any, *, stage: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._stage = stage
        self._clock = clock
        self._remembered: dict[str, tuple[Mapping[str, str] | None, float]] = {}

    def name(self, channel: str, shop: str) -> str:
        return f"holdfast/{self._stage}/{channel}/{shop}"

    def read(self, channel: str, shop: str, *, at_most_s_old: float = REMEMBERED_S) -> Mapping[str, str] | None:
        """The shop's secret; None: there is none, which is remembered too.

        Raises Unavailable; but while something is remembered, that is answered where it may be old.
        """
        name = self.name(channel, shop)
        known = self._remembered.get(name)
        if known and self._clock() - known[1] < at_most_s_old:
            return known[0]
        try:
            return self._remember(name, self._fetch(name))
        except Unavailable:
            if known and at_most_s_old > 0:
                return known[0]
            raise

    def write(self, channel: str, shop: str, secret: Mapping[str, str]) -> None:
        """Put a new version of a secret that is there. Raises Unavailable: it may be written all the same."""
        name = self.name(channel, shop)
        try:
            self._client.put_secret_value(SecretId=name, SecretString=json.dumps(dict(secret)))
        except (BotoCoreError, ClientError) as error:
            self._remembered.pop(name, None)
            raise _unavailable(name, error) from error
        self._remember(name, dict(secret))

    def _remember(self, name: str, secret: Mapping[str, str] | None) -> Mapping[str, str] | None:
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[name] = (secret, self._clock())
        return secret

    def _fetch(self, name: str) -> Mapping[str, str] | None:
        try:
            told = self._client.get_secret_value(SecretId=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in NO_SECRET:
                return None
            raise _unavailable(name, error) from error
        except BotoCoreError as error:
            raise _unavailable(name, error) from error
        return _flat(name, told.get("SecretString", ""))


def _flat(name: str, text: str) -> Mapping[str, str]:
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
