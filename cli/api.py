"""The API of a stack over HTTP: a token for an hour, bounded repeats of what may be repeated, problems as they are."""

import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from cli.stack_file import StackFile

SCOPES = "holdfast/reservations holdfast/stock holdfast/sync holdfast/operate holdfast/read"
TRIES = 5
LONGEST_WAIT_S = 10.0
# Asked for anew so many seconds before it ends.
TOKEN_LEFT_S = 60
AGAIN = frozenset({429, 502, 503, 504})


class Refused(Exception):
    """The API said no, or could not be reached. `problem` is its document."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        self.code = str(problem.get("code", problem.get("status", "error")))
        self.detail = str(problem.get("detail", problem.get("title", "")))
        super().__init__(f"{self.code}: {self.detail}")


class Api:
    """Every call is safe to repeat: ids are the caller's own. Raises Refused."""

    def __init__(
        self,
        stack: StackFile,
        client: httpx.Client,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stack = stack
        self._client = client
        self._sleep = sleep
        self._clock = clock
        self._token: tuple[str, float] | None = None

    def ask(self, method: str, path: str, body: object = None, **query: str | int | None) -> dict[str, Any]:
        return self._ask(method, path, body, [(name, str(value)) for name, value in query.items() if value is not None])

    def ask_many(self, path: str, name: str, values: Sequence[str]) -> dict[str, Any]:
        """A question about several: `?sku=a&sku=b`."""
        return self._ask("GET", path, None, [(name, value) for value in values])

    def _ask(self, method: str, path: str, body: object, params: Sequence[tuple[str, str]]) -> dict[str, Any]:
        answer = self._patiently(
            lambda: self._client.request(
                method,
                f"{self._stack.api_url}{path}",
                params=list(params),
                json=body,
                headers={"authorization": f"Bearer {self._fresh_token()}"},
            )
        )
        told = _document(answer)
        if answer.is_success:
            return told
        raise Refused(told)

    def _fresh_token(self) -> str:
        if self._token is None or self._clock() >= self._token[1]:
            answer = self._patiently(
                lambda: self._client.post(
                    self._stack.token_url,
                    auth=(self._stack.client_id, self._stack.client_secret),
                    data={"grant_type": "client_credentials", "scope": SCOPES},
                )
            )
            told = _document(answer)
            if not answer.is_success:
                raise Refused({"code": "no_token", "detail": f"the token address answers {answer.status_code}"})
            lasts_s = float(told.get("expires_in", 3_600)) - TOKEN_LEFT_S
            self._token = (str(told["access_token"]), self._clock() + lasts_s)
        return self._token[0]

    def _patiently(self, call: Callable[[], httpx.Response]) -> httpx.Response:
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                answer = call()
            except httpx.TransportError as error:
                if last:
                    problem = {"code": "unreachable", "detail": f"no answer ({type(error).__name__})"}
                    raise Refused(problem) from error
                self._sleep(min(LONGEST_WAIT_S, 0.5 * 2**attempt))
                continue
            if last or answer.status_code not in AGAIN:
                return answer
            self._sleep(min(LONGEST_WAIT_S, _retry_after(answer) or 0.5 * 2**attempt))
        raise AssertionError  # the last try has returned or raised


def open_api(stack: StackFile) -> Api:
    return Api(stack, httpx.Client(timeout=35.0, trust_env=False))


def in_path(part: str) -> str:
    return quote(part, safe="")


def _retry_after(answer: httpx.Response) -> float | None:
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isdigit() else None


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        told = None
    if isinstance(told, dict):
        return told
    return {"code": f"http_{answer.status_code}", "detail": "the answer is no JSON document"}
