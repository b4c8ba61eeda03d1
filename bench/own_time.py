"""The time that a hold of one line spends in our code and in botocore: the network is replaced by a ready answer.

Run in a process of its own (`measure`), as the function runs; handler, wiring and client are the real ones.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.startup import environment, on_path

WARM_UP, HOLDS = 100, 1_000
SKU = "mug"
_SETTINGS = {"pk": {"S": f"SKU#{SKU}"}, "sk": {"S": "SETTINGS"}, "name": {"S": SKU}}
_ANSWERS = {
    "BatchGetItem": {"Responses": {"holdfast": [_SETTINGS]}, "UnprocessedKeys": {}},
    "TransactWriteItems": {},
}


@dataclass(frozen=True, slots=True)
class OwnTime:
    """Milliseconds per hold, by the wall clock; `cpu_ms_p50` is processor time."""

    own_ms_p50: float
    own_ms_p95: float
    cpu_ms_p50: float


def measure() -> OwnTime:
    code = "from bench.own_time import main\nmain()"
    done = subprocess.run(on_path(code), env=environment(), check=True, capture_output=True, text=True, timeout=120)
    return OwnTime(**json.loads(done.stdout))


def main() -> None:
    """Print an OwnTime as JSON; what the function itself prints (its metrics) goes to the null device."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        found = _timed()
    print(json.dumps(asdict(found)))


def _timed() -> OwnTime:
    _answer_in_place_of_the_network()
    from functions.hold_stock.handler import handle  # noqa: PLC0415  # after the network was replaced

    for number in range(WARM_UP):
        _hold(handle, number)
    spent = [_hold(handle, WARM_UP + number) for number in range(HOLDS)]
    wall = sorted(1000 * each[0] for each in spent)
    return OwnTime(
        own_ms_p50=round(statistics.median(wall), 3),
        own_ms_p95=round(wall[int(0.95 * len(wall))], 3),
        cpu_ms_p50=round(1000 * statistics.median(each[1] for each in spent), 3),
    )


def _hold(handle: Any, number: int) -> tuple[float, float]:
    event, context = event_of(f"order-{number:06d}"), _context(number)
    wall, processor = time.perf_counter(), time.process_time()
    answer = handle(event, context)
    spent = time.perf_counter() - wall, time.process_time() - processor
    if answer["statusCode"] != HTTPStatus.CREATED:
        raise AssertionError(answer)
    return spent


def event_of(reservation_id: str) -> dict[str, Any]:
    """What the HTTP API hands over, payload 2.0."""
    path = f"/v1/reservations/{reservation_id}"
    return {
        "version": "2.0",
        "routeKey": "PUT /v1/reservations/{id}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "accept": "*/*", "host": "api.example.com"},
        "pathParameters": {"id": reservation_id},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "http": {"method": "PUT", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "authorizer": {"jwt": {"claims": {"scope": "holdfast/reservations"}, "scopes": ["holdfast/reservations"]}},
            "requestId": f"request-{reservation_id}",
            "routeKey": "PUT /v1/reservations/{id}",
            "stage": "$default",
            "time": "05/Jan/2026:09:00:00 +0000",
            "timeEpoch": 1767603600000,
        },
        "body": json.dumps({"buyer": {"id": "buyer-4711"}, "lines": [{"sku": SKU, "quantity": 1}]}),
        "isBase64Encoded": False,
    }


def _context(number: int) -> Any:
    return SimpleNamespace(
        aws_request_id=f"request-{number}",
        function_name="hold_stock",
        function_version="$LATEST",
        memory_limit_in_mb=1024,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:hold_stock",
        get_remaining_time_in_millis=lambda: 10_000,
    )


def _answer_in_place_of_the_network() -> None:
    """Every client that is made from now on answers from memory, after it has built and signed its request."""
    from botocore.session import Session  # noqa: PLC0415

    create_client = Session.create_client

    def create(self: Session, *args: Any, **kwargs: Any) -> Any:
        client = create_client(self, *args, **kwargs)
        client.meta.events.register("before-send.dynamodb", _answer)
        return client

    Session.create_client = create  # type: ignore[method-assign]


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> list[bytes]:
        return [self.read()]


def _answer(request: Any, **_: Any) -> Any:
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415
    from botocore.compat import HTTPHeaders  # noqa: PLC0415

    target = request.headers["X-Amz-Target"]
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    body = json.dumps(_ANSWERS[operation]).encode()
    headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})
    return AWSResponse(request.url, HTTPStatus.OK, headers, _Body(body))
