"""The port to the marketplaces over HTTP: one request, one answer. It repeats nothing and follows no redirect.

What is raised tells whether the request can have arrived, and names only method, host and path: queries, headers and
the client's own messages hold tokens and signatures.
"""

import logging
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from .protocol import Answer, ChannelError, Request, Send
from .sheet import Kind

CONNECT_S = 1.0
READ_S = 5.0
MOST_BYTES = 5_000_000
CHUNK_BYTES = 65_536
MOST_CONNECTIONS = 8
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def open_send(
    *, read_s: float = READ_S, whole_s: float | None = None, clock: Callable[[], float] = time.monotonic
) -> Send:
    """A `Send` with a pool of connections of its own; one a process is enough, and threads may share it.

    `read_s`: how long the answer may be silent; `whole_s`, three times that unless given: how long it may take in all.
    """
    # At DEBUG the client logs whole URLs, and two marketplaces want the token there.
    logging.getLogger("urllib3").setLevel(logging.INFO)
    pool = urllib3.PoolManager(
        num_pools=MOST_CONNECTIONS,
        maxsize=MOST_CONNECTIONS,
        timeout=urllib3.Timeout(connect=CONNECT_S, read=read_s),
        retries=False,
    )
    limit_s = 3 * read_s if whole_s is None else whole_s

    def send(request: Request) -> Answer:
        if not _may_carry_secrets(request.url):
            raise _error(Kind.FINAL, "bad_request", request)
        ends = clock() + limit_s
        try:
            return _send(pool, request, is_over=lambda: clock() > ends)
        except (HTTPError, OSError, ValueError) as failure:
            # Never chained: the message below this one holds the URL with its query, or a header.
            raise _missing(failure, request) from None

    return send


def _may_carry_secrets(url: str) -> bool:
    """HTTPS, or plain HTTP to this machine, where the sandbox is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _send(pool: urllib3.PoolManager, request: Request, *, is_over: Callable[[], bool]) -> Answer:
    response = pool.request(
        request.method,
        request.url,
        body=request.body or None,
        headers=dict(request.headers),
        redirect=False,
        preload_content=False,
    )
    try:
        body = _read(response, request, is_over=is_over)
    except BaseException:
        response.close()  # what is left of the answer must not be read as the next one
        raise
    response.release_conn()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status, headers=headers, body=body)


def _read(response: urllib3.BaseHTTPResponse, request: Request, *, is_over: Callable[[], bool]) -> bytes:
    body = bytearray()
    # One read of the socket at a time: an answer that drips must meet the limit between two drops.
    while chunk := response.read1(CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > MOST_BYTES:
            raise _error(Kind.UNKNOWN, "too_long", request)
        if is_over():
            raise _error(Kind.UNKNOWN, "timeout", request)
    return bytes(body)


def _missing(failure: Exception, request: Request) -> ChannelError:
    match failure:
        case NewConnectionError() | ConnectTimeoutError():
            return _error(Kind.PASSING, "no_connection", request)
        case SSLError(args=(ssl.SSLCertVerificationError(), *_)):
            return _error(Kind.PASSING, "bad_certificate", request)  # nothing is sent before the handshake
        case LocationValueError():
            return _error(Kind.FINAL, "bad_request", request)
        case ReadTimeoutError():
            return _error(Kind.UNKNOWN, "timeout", request)
        case ValueError() if not isinstance(failure, HTTPError):
            return _error(Kind.FINAL, "bad_request", request)  # a header that cannot be sent
    return _error(Kind.UNKNOWN, "no_answer", request)


def _error(kind: Kind, code: str, request: Request) -> ChannelError:
    try:
        parts = urlsplit(request.url)
        where = f"{parts.hostname}{parts.path}"
    except ValueError:
        where = "an address that cannot be read"
    return ChannelError(kind, code, f"{request.method} {where}")
