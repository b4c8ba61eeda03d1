"""One call to Haravan: a bearer token, JSON both ways, and a bucket of calls that must not run over."""

import re
from collections.abc import Mapping

from holdfast.channels.protocol import Account, Answer, ChannelError, Request, Send
from holdfast.channels.reading import Told
from holdfast.channels.rest import json_body, read_success
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import query

from .sheet import SHEET

BUCKET = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
LEAK_PER_S = 4.0


class Room:
    """How full the shop's bucket of calls was at the last answer (`X-Haravan-Api-Call-Limit: 32/80`).

    The bucket is shared with everything else of this app; the last places are left to whoever fetches orders.
    """

    KEPT_FREE = 10

    def __init__(self) -> None:
        self._used = 0
        self._size = 0

    def watch(self, send: Send) -> Send:
        def watched(request: Request) -> Answer:
            answer = send(request)
            told = BUCKET.fullmatch(answer.headers.get("x-haravan-api-call-limit", "").strip())
            if told:
                self._used, self._size = int(told[1]), int(told[2])
            return answer

        return watched

    def check(self) -> None:
        """Raises ChannelError(PASSING, "bucket_full") rather than to be refused."""
        if self._size and self._used > self._size - self.KEPT_FREE:
            raise ChannelError(
                Kind.PASSING,
                "bucket_full",
                f"{self._used} of {self._size} calls are in use",
                retry_after_s=(self._used - self._size / 2) / LEAK_PER_S,
            )


def get(account: Account, path: str, parameters: Mapping[str, str], send: Send) -> Told:
    url = f"{account.api_url}{path}" + (f"?{query(parameters)}" if parameters else "")
    request = Request(method="GET", url=url, headers=_headers(account))
    return _read(send(request), account, writes=False)


def write(account: Account, method: str, path: str, body: object, send: Send) -> Told:
    headers = {**_headers(account), "content-type": "application/json"}
    request = Request(method=method, url=f"{account.api_url}{path}", headers=headers, body=json_body(body))
    return _read(send(request), account, writes=True)


def _read(answer: Answer, account: Account, *, writes: bool) -> Told:
    return read_success(answer, account=account, writes=writes, errors=SHEET.errors, unauthorised=Kind.REAUTHORISE)


def _headers(account: Account) -> dict[str, str]:
    return {"authorization": f"Bearer {account.access_token or ''}", "accept": "application/json"}


def check_success(told: Told) -> None:
    """Raises ChannelError(FINAL, "refused") if a success holds errors all the same."""
    wrong = told.get("errors")
    if wrong is not None and not _is_empty(wrong):
        raise ChannelError(Kind.FINAL, "refused", "Haravan answered 200 with errors")


def _is_empty(told: Told) -> bool:
    try:
        return not told.rows()
    except ChannelError:
        return False
