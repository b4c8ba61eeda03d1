"""A marketplace in a script: the answers it will give, in order, and the requests it got."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from holdfast.channels.protocol import Answer, ChannelError, Request


class ScriptedSend:
    """Is a `Send`. Asked once more than scripted, it fails the test."""

    def __init__(self, *answers: Answer | ChannelError) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        assert self._answers, f"not in the script: {request.method} {request.url}"
        answer = self._answers.pop(0)
        if isinstance(answer, ChannelError):
            raise answer
        return answer

    @property
    def request(self) -> Request:
        """The only request there was."""
        [only] = self.requests
        return only


def answered(told: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """JSON, or bytes as they are."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Answer(status=status, headers=headers or {}, body=body)


def path_of(request: Request) -> str:
    return urlsplit(request.url).path


def query_of(request: Request) -> dict[str, str]:
    """The query's parameters, each of which came once."""
    found = parse_qs(urlsplit(request.url).query, keep_blank_values=True, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def body_of(request: Request) -> Any:
    return json.loads(request.body)
