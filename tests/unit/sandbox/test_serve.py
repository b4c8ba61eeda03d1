"""The sandbox as a process: real ports, a real connection that is dropped, a real push, and its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.faces.all import FACES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 60


def started(folder: Path, *more: str) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    file = folder / "sandbox.json"
    command = [sys.executable, "-m", "sandbox", "--speed", "1000", "--json-file", str(file), *more]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + PATIENCE_S
    while not file.exists():
        assert process.poll() is None, process.communicate()[1].decode()
        assert time.monotonic() < deadline, "it does not start"
        time.sleep(0.05)
    return process, json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[dict[str, str]]:
    process, urls = started(tmp_path, "--die-with", str(os.getpid()))
    yield urls
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, complaints) == (0, b"")


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Inbox) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", got
        server.shutdown()
        thread.join()


def test_a_day_in_a_shop_over_http(running: dict[str, str], inbox: tuple[str, list[Any]]) -> None:
    hook, got = inbox
    assert set(running) == {"door", *FACES}
    with httpx.Client(base_url=running["door"], timeout=PATIENCE_S, trust_env=False) as door:
        opened = door.post("/shops", json={"channel": "lazada", "shop": "one", "webhook_url": hook}).json()
        assert opened["secret"]["api_url"] == running["lazada"] + "/rest"
        listing = {"title": "Hat", "merchant_sku": "HAT", "quantity": 2, "price": 1000}
        key = door.post("/shops/lazada/one/listings", json={"listings": [listing]}).json()["listings"][0]
        order = {"lines": [{"listing": key, "quantity": 2}], "paid": True}
        placed = door.post("/shops/lazada/one/orders", json=order).json()["order_id"]
        # On a slow machine a push may miss the half second that this marketplace waits; then it comes again.
        for _ in range(13):
            if door.post("/settle").json()["waiting"] == 0:
                break
        assert {each["data"]["trade_order_id"] for each in got} == {placed}
        assert door.get("/shops/lazada/one/calls").json()["pushes"]["answered"] == 4

        app_key = opened["secret"]["app_key"]
        refused = httpx.get(running["lazada"] + "/rest/seller/get", params={"app_key": app_key}, trust_env=False)
        assert refused.json()["code"] == "IllegalTimestamp"
        door.put("/shops/lazada/one/faults", json={"timeout_before": 1, "timeout_s": 0})
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(running["lazada"] + "/rest/seller/get", params={"app_key": app_key}, trust_env=False)


def test_it_ends_with_the_process_it_was_started_for(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent:
        process, _ = started(tmp_path, "--die-with", str(parent.pid))
        assert process.poll() is None
        parent.communicate(b"\n")
    _, complaints = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, complaints) == (0, b"")


def test_a_port_can_be_chosen_only_for_what_there_is() -> None:
    wrong = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "sendo=1"], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    assert wrong.returncode == 2
    assert b"sendo" in wrong.stderr


def test_writes_of_one_listing_that_are_under_way_at_once_are_told(running: dict[str, str]) -> None:
    with httpx.Client(timeout=PATIENCE_S, trust_env=False) as client:
        door, site = running["door"], running["woocommerce"] + "/wp-json/wc/v3/products"
        shop = f"{door}/shops/woocommerce/one"
        opened = client.post(f"{door}/shops", json={"channel": "woocommerce", "shop": "one"}).json()["secret"]
        login = httpx.BasicAuth(opened["consumer_key"], opened["consumer_secret"])
        goods = [{"title": each, "quantity": 2} for each in ("Hat", "Cap")]
        hat, cap = (
            key.split("~")[0] for key in client.post(f"{shop}/listings", json={"listings": goods}).json()["listings"]
        )

        def write(product: str, units: int) -> None:
            body = {"update": [{"id": int(product), "manage_stock": True, "stock_quantity": units}]}
            assert client.post(f"{site}/batch", auth=login, json=body).status_code == httpx.codes.OK

        def at_once(*products: str) -> int:
            threads = [threading.Thread(target=write, args=(each, 7)) for each in products]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return int(client.get(f"{shop}/calls").json()["most_writes_at_once"])

        client.put(f"{shop}/faults", json={"answer_after_s": 1, "on": ["stock"]})
        write(hat, 5)
        write(hat, 6)
        assert at_once(hat, cap) == 1
        assert at_once(hat, cap, hat) == 2


def test_its_clocks_can_be_put_forward(running: dict[str, str]) -> None:
    with httpx.Client(base_url=running["door"], timeout=PATIENCE_S, trust_env=False) as door:
        door.post("/shops", json={"channel": "shopee", "shop": "one"})
        key = door.post("/shops/shopee/one/listings", json={"listings": [{"title": "Hat", "quantity": 5}]}).json()
        promotion = {
            "listing": key["listings"][0],
            "units": 3,
            "ends_in_s": 600_000,
        }  # at a speed of 1,000: in ten minutes
        door.post("/shops/shopee/one/promotions", json=promotion)
        before = door.post("/leap", json={"seconds": 60}).json()
        after = door.post("/leap", json={"seconds": 3_600}).json()
        assert (before["happened"], after["happened"]) == (0, 1)
        assert after["now"] > before["now"]
        [listing] = door.get("/shops/shopee/one/listings").json()["listings"]
        assert listing["locked"] == 0
