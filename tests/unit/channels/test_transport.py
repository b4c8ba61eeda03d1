"""The port over HTTP, against a server of a few lines: what is raised tells whether the request can have arrived."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from holdfast.channels.protocol import ChannelError, Request
from holdfast.channels.sheet import Kind
from holdfast.channels.transport import MOST_BYTES, open_send

SECRET = "testaccesstoken0000000000000001"


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Takes one connection, reads the head of the request, and lets `answer` do what it wants."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve() -> None:
        taken, _ = listener.accept()
        with taken:
            taken.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head:
                head += taken.recv(4096)
            answer(taken)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        thread.join(10)
        listener.close()


def asked(url: str, *, headers: dict[str, str] | None = None) -> Request:
    return Request(method="GET", url=f"{url}/orders?access_token={SECRET}&sign=abc", headers=headers or {})


def failure(request: Request, **settings: float) -> ChannelError:
    with pytest.raises(ChannelError) as error:
        open_send(**settings)(request)  # type: ignore[arg-type]  # the limits, by name
    assert SECRET not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None  # nor does a traceback show it
    return error.value


def test_an_answer_comes_back_with_its_headers_in_lower_case() -> None:
    def answer(taken: socket.socket) -> None:
        taken.sendall(b'HTTP/1.1 429 No\r\nRetry-After: 2\r\nContent-Length: 9\r\n\r\n{"code":1')

    with server(answer) as url:
        got = open_send()(asked(url))
    assert (got.status, got.headers["retry-after"], got.body) == (429, "2", b'{"code":1')


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    def answer(taken: socket.socket) -> None:
        taken.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    with server(answer) as url:
        assert open_send()(asked(url)).status == 302


def test_nobody_listening_means_that_nothing_was_sent() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    error = failure(asked(f"http://127.0.0.1:{port}"))
    assert (error.kind, error.code) == (Kind.PASSING, "no_connection")
    assert error.detail == "GET 127.0.0.1/orders"


def test_a_name_that_does_not_resolve_means_that_nothing_was_sent() -> None:
    assert failure(asked("https://shop.invalid")).kind is Kind.PASSING


def test_a_server_that_hangs_up_leaves_the_outcome_unknown() -> None:
    with server(lambda _: None) as url:
        error = failure(asked(url))
    assert (error.kind, error.code) == (Kind.UNKNOWN, "no_answer")


def test_silence_leaves_the_outcome_unknown() -> None:
    done = threading.Event()

    def answer(_: socket.socket) -> None:
        done.wait(10)

    with server(answer) as url:
        error = failure(asked(url), read_s=0.05)
        done.set()
    assert (error.kind, error.code) == (Kind.UNKNOWN, "timeout")


def test_an_answer_that_breaks_off_leaves_the_outcome_unknown() -> None:
    def answer(taken: socket.socket) -> None:
        taken.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"code":')

    with server(answer) as url:
        error = failure(asked(url))
    assert (error.kind, error.code) == (Kind.UNKNOWN, "no_answer")


def test_a_chunked_answer_that_breaks_off_leaves_the_outcome_unknown() -> None:
    def answer(taken: socket.socket) -> None:
        taken.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"code":\r\n')

    with server(answer) as url:
        assert failure(asked(url)).kind is Kind.UNKNOWN


def test_a_chunked_answer_is_read_whole() -> None:
    def answer(taken: socket.socket) -> None:
        taken.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"code":\r\n2\r\n0}\r\n0\r\n\r\n')

    with server(answer) as url:
        assert open_send()(asked(url)).body == b'{"code":0}'


def test_an_answer_without_end_is_cut_off() -> None:
    def answer(taken: socket.socket) -> None:
        taken.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        try:
            for _ in range(MOST_BYTES // 100_000 + 100):
                taken.sendall(b"x" * 100_000)
        except OSError:
            return  # the reader has gone, as it should

    with server(answer) as url:
        assert failure(asked(url)).code == "too_long"


def test_an_answer_that_drips_is_cut_off() -> None:
    def answer(taken: socket.socket) -> None:
        taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x")

    ticks = itertools.count()  # each look at the clock is a second later
    with server(answer) as url, pytest.raises(ChannelError) as error:
        open_send(read_s=5, whole_s=0.5, clock=lambda: float(next(ticks)))(asked(url))
    assert (error.value.kind, error.value.code) == (Kind.UNKNOWN, "timeout")


@pytest.mark.parametrize("url", ["ftp://shop.test", "http://[::1", "shop.test", "https://"])
def test_an_address_nobody_can_call_is_final(url: str) -> None:
    assert failure(asked(url)).kind is Kind.FINAL


def test_no_token_leaves_this_machine_unencrypted() -> None:
    error = failure(asked("http://shop.invalid"))
    assert (error.kind, error.code) == (Kind.FINAL, "bad_request")


def test_a_header_that_cannot_be_sent_is_final_and_is_not_told() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        error = failure(asked(url, headers={"x-token": f"{SECRET}\nx-other: 1"}))
    assert (error.kind, error.code) == (Kind.FINAL, "bad_request")
