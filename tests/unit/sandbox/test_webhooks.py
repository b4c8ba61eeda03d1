"""Delivery: when a push counts as answered, when it is sent again, and how it goes wrong on demand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import pytest

from sandbox.faces.face import Delivery, Face, Push
from sandbox.faces.shopee import Shopee
from sandbox.fair import Fair
from sandbox.waiting import Waiting
from sandbox.webhooks import Office

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.booth import Booth

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Answer = tuple[int, bytes] | type[Exception]


class Receiver:
    """Answers each push with the next of its answers, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers or [(200, b"")])
        self.got: list[tuple[bytes, str]] = []
        self.addressed: list[str] = []

    async def send(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], _within_s: float
    ) -> tuple[int, bytes]:
        await asyncio.sleep(0)
        self.got.append((body, headers.get("Authorization", "")))
        self.addressed.append(f"{method} {url}")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, tuple):
            return answer
        raise answer("no answer")


class Impatient(Shopee):
    delivery: ClassVar[Delivery] = Delivery(answer_within_s=60, redelivery_s=(), disabled_after=3)


class Stage:
    def __init__(self, receiver: Receiver, face: Face | None = None, **faults: Any) -> None:
        self.seconds = 0.0
        self.face = face or Shopee()
        self.waiting = Waiting(lambda: self.seconds)
        now = lambda: NOON + timedelta(seconds=self.seconds)  # noqa: E731 - a clock
        self.fair = Fair({"shopee": self.face}, seed=7, now=now, waiting=self.waiting)
        self.booth = self.fair.open("shopee", "one", "https://shop.example/hook")
        self.booth.faults.change(faults)
        self.office = Office(self.fair, receiver.send)

    def post(self, *words: str) -> None:
        for word in words:
            self.office.post(self.face, self.booth, Push(about=word, body=word.encode()))

    async def until(self, seconds: float) -> None:
        """Let time pass, step by step of what is due."""
        while (left := self.waiting.seconds_left()) is not None and self.seconds + left <= seconds:
            self.seconds += left
            self.waiting.run_due()
            for _ in range(10):
                await asyncio.sleep(0)
        self.seconds = seconds


def play(stage: Stage, *words: str, until: float = 100_000) -> None:
    async def story() -> None:
        stage.post(*words)
        await stage.until(until)
        await stage.office.close()

    asyncio.run(story())


def bodies(receiver: Receiver) -> list[str]:
    return [body.decode() for body, _ in receiver.got]


def test_a_push_is_sent_once_when_it_is_answered() -> None:
    receiver = Receiver()
    stage = Stage(receiver)
    play(stage, "order")
    assert bodies(receiver) == ["order"]
    assert (stage.booth.pushes["sent"], stage.booth.pushes["answered"]) == (1, 1)


@pytest.mark.parametrize("answer", [(500, b""), (302, b""), (200, b"ok"), TimeoutError, httpx.ConnectError])
def test_whatever_is_no_empty_2xx_in_time_is_sent_again_and_in_the_end_kept_as_lost(answer: Answer) -> None:
    receiver = Receiver(answer)
    stage = Stage(receiver)
    play(stage, "order")
    assert bodies(receiver) == ["order"] * 4
    assert (stage.booth.pushes["failed"], stage.booth.pushes["given_up"]) == (4, 1)
    assert [body for _, _, body in stage.booth.kept["lost_pushes"]] == [b"order"]


def test_redelivery_keeps_to_the_schedule() -> None:
    receiver = Receiver((500, b""))
    stage = Stage(receiver)
    sent = []
    for seconds in (0, 299, 300, 2099, 2100, 12_899, 12_900):
        play(stage, *(["order"] if seconds == 0 else []), until=seconds)
        sent.append(len(receiver.got))
    assert sent == [1, 1, 2, 2, 3, 3, 4]


def test_speed_divides_the_schedule_and_not_the_clock() -> None:
    receiver = Receiver((500, b""))
    stage = Stage(receiver)
    stage.waiting._speed = 100
    play(stage, "order", until=3)
    assert len(receiver.got) == 2


def test_a_lost_push_is_never_sent() -> None:
    receiver = Receiver()
    stage = Stage(receiver, webhook_lost=1.0)
    play(stage, "order")
    assert (receiver.got, stage.booth.pushes["lost"]) == ([], 1)


def test_a_doubled_push_is_sent_twice_with_the_same_signature() -> None:
    receiver = Receiver()
    play(Stage(receiver, webhook_doubled=1.0), "order")
    assert len(receiver.got) == 2
    assert receiver.got[0] == receiver.got[1]


def test_a_push_that_is_overtaken_comes_after_the_one_behind_it() -> None:
    receiver = Receiver()
    stage = Stage(receiver)

    async def story() -> None:
        stage.booth.faults.change({"webhook_reordered": 1.0})
        stage.post("first")
        stage.booth.faults.change({"webhook_reordered": 0.0})
        stage.post("second")
        await stage.until(100)

    asyncio.run(story())
    assert bodies(receiver) == ["second", "first"]


def test_a_late_push_comes_when_its_delay_is_over() -> None:
    receiver = Receiver()
    stage = Stage(receiver, webhook_delay_s=30)
    play(stage, "order", until=29)
    assert receiver.got == []
    play(stage, until=30)
    assert bodies(receiver) == ["order"]


def test_a_badly_signed_push_differs_in_the_signature_only() -> None:
    receiver = Receiver()
    stage = Stage(receiver, webhook_bad_signature=1.0)
    play(stage, "order")
    right = stage.face.sign(stage.booth, body=b"order", key=stage.booth.members["partner_key"])["Authorization"]
    assert receiver.got[0][0] == b"order"
    assert receiver.got[0][1] != right


def test_settling_sends_what_waits_now() -> None:
    receiver = Receiver((500, b""), (200, b""))
    stage = Stage(receiver, webhook_delay_s=3600)

    async def story() -> list[int]:
        stage.post("order", "payment")
        return [await stage.office.settle() for _ in range(3)]

    # The first was refused and waits again; the second time it is taken.
    assert asyncio.run(story()) == [2, 1, 0]
    assert sorted(bodies(receiver)) == ["order", "order", "payment"]


def test_too_many_failures_in_a_row_end_the_subscription_until_it_is_made_anew() -> None:
    receiver = Receiver((500, b""))
    stage = Stage(receiver, Impatient())
    play(stage, *map(str, range(5)))
    assert stage.booth.webhook_disabled
    play(stage, "unheard")
    assert "unheard" not in bodies(receiver)
    stage.fair.subscribe(stage.booth, "https://shop.example/hook")
    play(stage, "heard")
    assert "heard" in bodies(receiver)


def test_an_answer_between_failures_keeps_the_subscription() -> None:
    receiver = Receiver((500, b""), (500, b""), (200, b""), (500, b""), (500, b""), (200, b""))
    stage = Stage(receiver, Impatient())
    for number in range(6):
        play(stage, str(number))
    assert len(receiver.got) == 6
    assert not stage.booth.webhook_disabled


def test_after_a_rotation_pushes_are_signed_with_the_key_that_was_asked_for() -> None:
    receiver = Receiver()
    stage = Stage(receiver)
    old = stage.booth.webhook_key
    stage.fair.rotate_key(stage.booth, signs_with_previous=True)
    play(stage, "order")
    stage.fair.rotate_key(stage.booth, signs_with_previous=False)
    play(stage, "order")
    assert old
    keys = [old, stage.booth.webhook_key or ""]
    assert [signature for _, signature in receiver.got] == [
        stage.face.sign(stage.booth, body=b"order", key=key)["Authorization"] for key in keys
    ]


class Careful(Shopee):
    def subscribed(self, booth: Booth) -> tuple[Push, ...]:
        question = (("hub.challenge", booth.name),)
        return (Push(about="check", body=b"", method="GET", query=question, signed=False, once=True, echo=b"one"),)


@pytest.mark.parametrize(("answer", "count"), [(b"one", "answered"), (b"two", "failed")])
def test_a_new_address_is_checked_once_whatever_the_faults_are(answer: bytes, count: str) -> None:
    receiver = Receiver((200, answer))
    stage = Stage(receiver, Careful(), webhook_lost=1.0, webhook_bad_signature=1.0)
    stage.fair.post = stage.office.post
    stage.fair.subscribe(stage.booth, "https://shop.example/hook?a=1")
    play(stage)
    assert receiver.addressed == ["GET https://shop.example/hook?a=1&hub.challenge=one"]
    assert receiver.got == [(b"", "")]
    assert (stage.booth.pushes[count], stage.booth.failures_in_a_row) == (1, 0)
