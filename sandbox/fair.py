"""All shops of all marketplaces in one sandbox, and what happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.booth import Booth
from sandbox.faults import Faults
from sandbox.tokens import first_tokens
from sandbox.trade import Shop
from sandbox.world import NotPossible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sandbox.faces.face import Event, Face, Push
    from sandbox.waiting import Waiting

MOST_SHOPS = 200


class Fair:
    """`now` is the real time in UTC. `post` hands a push to delivery; without one, pushes go nowhere.

    `leap` puts its clocks forward by so many seconds; None: they cannot be.
    """

    def __init__(self, faces: Mapping[str, Face], *, seed: int, now: Callable[[], datetime], waiting: Waiting) -> None:
        self.faces = faces
        self.now = now
        self.waiting = waiting
        self.urls: dict[str, str] = {}
        self.post: Callable[[Face, Booth, Push], None] = lambda _face, _booth, _push: None
        self.leap: Callable[[float], None] | None = None
        self._seed = seed
        self._booths: dict[tuple[str, str], Booth] = {}

    def of(self, channel: str) -> list[Booth]:
        return [booth for (known, _), booth in self._booths.items() if known == channel]

    def find(self, channel: str, name: str) -> Booth | None:
        return self._booths.get((channel, name))

    def all(self) -> list[Booth]:
        return list(self._booths.values())

    def open(self, channel: str, name: str, webhook_url: str | None) -> Booth:
        """The shop of that name, made if it is new. The same seed and name make the same credentials."""
        booth = self.find(channel, name) or self._make(channel, name)
        if webhook_url is not None:
            self.subscribe(booth, webhook_url)
        return booth

    def subscribe(self, booth: Booth, url: str) -> None:
        booth.webhook_url, booth.webhook_disabled, booth.failures_in_a_row = url, False, 0
        if "callback_url" in booth.members:
            booth.members["callback_url"] = url
        face = self.faces[booth.channel]
        for push in face.subscribed(booth):
            self.post(face, booth, push)

    def secret(self, booth: Booth) -> dict[str, str]:
        url = self.urls.get(booth.channel, "http://127.0.0.1") + self.faces[booth.channel].below
        return booth.secret(api_url=url, auth_url=url)

    def rotate_key(self, booth: Booth, *, signs_with_previous: bool) -> None:
        """A new key for pushes; the previous one stays known for receivers, and signs on for a while if asked."""
        if booth.webhook_key is None:
            raise NotPossible(f"{booth.channel} signs no webhooks")
        booth.webhook_key_previous, booth.webhook_key = booth.webhook_key, booth.hexadecimal("webhook_key")
        booth.signs_with_previous = signs_with_previous

    def happened(self, booth: Booth, event: Event) -> None:
        face = self.faces[booth.channel]
        for push in face.pushes(booth, event):
            self.post(face, booth, push)

    def reset(self) -> None:
        self._booths.clear()
        self.waiting.clear()

    def _make(self, channel: str, name: str) -> Booth:
        if len(self._booths) >= MOST_SHOPS:
            raise NotPossible(f"a sandbox has at most {MOST_SHOPS} shops")
        face, seed = self.faces[channel], f"{self._seed}:{channel}:{name}"
        booth = Booth(
            channel=channel,
            name=name,
            seed=seed,
            shop=Shop(commits=face.commits),
            faults=Faults(seed),
            members={},
            tokens=None,
            webhook_key=None,
        )
        booth.locations = face.locations(booth)
        booth.members = face.members(booth)
        booth.webhook_key = face.webhook_key(booth)
        if face.token_life_s is not None:
            booth.tokens = first_tokens(
                booth.sequence("tokens"), self.now(), life_s=face.token_life_s, refresh_life_s=face.refresh_life_s
            )
        self._booths[channel, name] = booth
        return booth
