"""The marketplaces by name. A module is imported when it is first asked for, so that nobody pays for seven."""

from importlib import import_module

from holdfast.domain.channel_names import CHANNELS

from .protocol import Channel

NAMES = CHANNELS


def channel(name: str) -> Channel:
    """Raises ValueError for a name that is not in `NAMES`; whoever takes names from outside checks them first."""
    if name not in NAMES:
        raise ValueError(f"no such channel: {name!r}")
    found: Channel = import_module(f".{name}", __package__).CHANNEL
    return found
