"""A face on the wire: an ASGI application of its endpoints, which can also leave a call without an answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from sandbox.desk import receive
from sandbox.http import Call

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from sandbox.faces.face import Endpoint, Face
    from sandbox.fair import Fair

MOST_BODY = 2_000_000


class Dropped(Exception):
    """A connection was dropped where there is none to drop: an application called without a server."""


class _Counter:
    """One endpoint. Not a Starlette application: its middleware would answer where nothing may be answered."""

    def __init__(self, fair: Fair, face: Face, endpoint: Endpoint) -> None:
        self._fair = fair
        self._face = face
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive_part: Receive, send: Send) -> None:
        request = Request(scope, receive_part)
        body = await request.body()
        if len(body) > MOST_BODY:
            await Response(status_code=413)(scope, receive_part, send)
            return
        call = Call(
            method=request.method,
            path=scope["path"],
            query=tuple(request.query_params.multi_items()),
            headers={key.lower(): value for key, value in request.headers.items()},
            body=body,
            now=self._fair.now(),
            inside={key: str(value) for key, value in request.path_params.items()},
        )
        outcome = receive(self._fair, self._face, self._endpoint, call)
        if outcome.booth:
            outcome.booth.begin_writes(outcome.written)
        try:
            if outcome.hold_s:
                await asyncio.sleep(outcome.hold_s)
            if outcome.reply is None:
                _drop(send)
                return
            reply = outcome.reply
            await Response(reply.body, status_code=reply.status, headers=dict(reply.headers))(scope, receive_part, send)
        finally:
            if outcome.booth:
                outcome.booth.end_writes(outcome.written)


def _drop(send: Send) -> None:
    """Close the connection without a word. uvicorn's `send` is a method of the cycle that knows the transport."""
    cycle: Any = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise Dropped
    # The cycle would otherwise answer 500 for an application that returned without a response.
    cycle.disconnected = True
    transport.abort()


def application(fair: Fair, face: Face) -> Router:
    return Router(
        routes=[Route(each.path, _Counter(fair, face, each), methods=[each.method]) for each in face.endpoints()]
    )
