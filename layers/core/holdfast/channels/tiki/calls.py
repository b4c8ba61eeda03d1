"""One call to Tiki: a bearer token, JSON both ways."""

from collections.abc import Mapping

from holdfast.channels.protocol import Account, ChannelError, Request, Send
from holdfast.channels.reading import Told
from holdfast.channels.rest import json_body, read_success
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import query

from .sheet import SHEET


def get(account: Account, path: str, parameters: Mapping[str, str], send: Send) -> Told:
    url = f"{account.api_url}{path}?{query(parameters)}"
    request = Request(method="GET", url=url, headers=_headers(account))
    return read_success(send(request), account=account, writes=False, errors=SHEET.errors)


def post(account: Account, path: str, body: object, send: Send) -> Told:
    """A pull is no write: pulled again from the same position, it tells the same events."""
    headers = {**_headers(account), "content-type": "application/json"}
    request = Request(method="POST", url=f"{account.api_url}{path}", headers=headers, body=json_body(body))
    return read_success(send(request), account=account, writes=False, errors=SHEET.errors)


def update(account: Account, body: Mapping[str, object], send: Send) -> None:
    """Raises ChannelError unless Tiki approves it at once, as it says it does."""
    request = Request(
        method="PUT",
        url=f"{account.api_url}/integration/v2/products/updateSku",
        headers={**_headers(account), "content-type": "application/json"},
        body=json_body(body),
    )
    told = read_success(send(request), account=account, writes=True, errors=SHEET.errors)
    state = told["state"].code()
    if state != "approved":
        raise ChannelError(Kind.FINAL, "not_approved", f"Tiki answered {state[:40]!r} instead of approved")


def _headers(account: Account) -> dict[str, str]:
    return {"authorization": f"Bearer {account.access_token or ''}", "accept": "application/json"}
