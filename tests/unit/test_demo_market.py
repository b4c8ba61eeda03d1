"""The market of the demo."""

import httpx

from demo.market.__main__ import Renewed


def test_a_token_that_has_ended_is_fetched_anew_and_the_request_sent_again() -> None:
    tokens = iter(["first", "second"])
    good = {"first"}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.headers["authorization"].removeprefix("Bearer ") in good else 401)

    with httpx.Client(auth=Renewed(lambda: next(tokens)), transport=httpx.MockTransport(answer)) as client:
        assert client.get("http://127.0.0.1/").status_code == 200
        good.clear()
        good.add("second")
        assert [client.get("http://127.0.0.1/").status_code for _ in range(2)] == [200, 200]
