"""One call to a WooCommerce shop, opened by its keys."""

from collections.abc import Mapping
from datetime import datetime

from holdfast.channels.protocol import Account, Request, Send
from holdfast.channels.reading import Told
from holdfast.channels.rest import json_body, read_success
from holdfast.channels.sheet import Kind
from holdfast.channels.signing import query

from .sheet import SHEET
from .signing import basic, is_encrypted, oauth_parameters

API = "/wp-json/wc/v3"


def get(account: Account, path: str, parameters: Mapping[str, str], send: Send, now: datetime) -> Told:
    return _read(account, send, _request(account, "GET", path, parameters, b"", now), writes=False)


def post(account: Account, path: str, body: object, send: Send, now: datetime) -> Told:
    return _read(account, send, _request(account, "POST", path, {}, json_body(body), now), writes=True)


def _read(account: Account, send: Send, request: Request, *, writes: bool) -> Told:
    return read_success(
        send(request), account=account, writes=writes, errors=SHEET.errors, unauthorised=Kind.REAUTHORISE
    )


def _request(
    account: Account, method: str, path: str, parameters: Mapping[str, str], body: bytes, now: datetime
) -> Request:
    url = f"{account.api_url}{API}{path}"
    key, secret = account.members["consumer_key"], account.members["consumer_secret"]
    headers = {"accept": "application/json"} | ({"content-type": "application/json"} if body else {})
    if is_encrypted(url):
        headers["authorization"] = basic(consumer_key=key, consumer_secret=secret)
        added: dict[str, str] = {}
    else:
        added = oauth_parameters(
            consumer_key=key, consumer_secret=secret, method=method, url=url, parameters=parameters, now=now
        )
    asked = query({**parameters, **added})
    return Request(method=method, url=f"{url}?{asked}" if asked else url, headers=headers, body=body)
