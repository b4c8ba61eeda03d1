"""Under botocore: the engine has done what was asked, and its reply is lost on the way."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ReadTimeoutError


class LosesReplies:
    """Loses the reply of every call that `loses(number)` picks, counted from 0; `lost` counts them."""

    def __init__(self, client: Any, loses: Callable[[int], bool]) -> None:
        self.lost = 0
        self._asked = 0
        self._loses = loses
        self._endpoint = client._endpoint
        self._send = client._endpoint.http_session.send
        client._endpoint.http_session.send = self._losing

    def _losing(self, request: Any) -> Any:
        reply = self._send(request)
        number, self._asked = self._asked, self._asked + 1
        if self._loses(number):
            self.lost += 1
            raise ReadTimeoutError(endpoint_url=request.url)
        return reply

    def stop(self) -> None:
        self._endpoint.http_session.send = self._send
