"""The running stack: what it is, how it comes up, how it goes down."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from local import deploy, engine, sandbox, template
from local.engine import Engine
from local.failure import Failure
from local.places import Places, all_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SCOPES = ("reservations", "stock", "sync", "operate", "read")
QUEUES = {
    "stream_failures": "StreamFailuresUrl",
    "schedule_failures": "ScheduleFailuresUrl",
    "orders": "OrdersQueueUrl",
    "orders_failures": "OrdersFailuresUrl",
    "polls": "PollQueueUrl",
    "poll_failures": "PollFailuresUrl",
    "pushes": "PushQueueUrl",
    "push_failures": "PushFailuresUrl",
}
FUNCTIONS = {
    "hold_stock": "HoldStockName",
    "manage_stock": "ManageStockName",
    "receive_webhook": "ReceiveWebhookName",
    "apply_order": "ApplyOrderName",
    "poll_orders": "PollOrdersName",
    "push_listings": "PushListingsName",
    "sync_shop": "SyncShopName",
    "follow_levels": "FollowLevelsName",
    "sweep_expired": "SweepExpiredName",
    "audit_levels": "AuditLevelsName",
}


def _quiet(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Stack:
    """What a caller needs to know about a running stack; the same as its stack.json."""

    name: str
    api_url: str
    token_url: str
    client_id: str
    client_secret: str
    table: str
    endpoint_url: str
    region: str
    user_pool_id: str
    pid: int
    folder: str
    functions: dict[str, str]
    queues: dict[str, str]
    credentials: dict[str, str]
    parameters: dict[str, str]
    fingerprint: str
    sandbox: dict[str, str] = field(default_factory=dict)

    def token(self, scopes: Iterable[str] = SCOPES) -> str:
        """An access token of the machine client for these scopes (`stock`, `read`, …). Raises httpx.HTTPError."""
        answer = httpx.post(
            self.token_url,
            auth=(self.client_id, self.client_secret),
            data={"grant_type": "client_credentials", "scope": " ".join(f"holdfast/{each}" for each in scopes)},
            trust_env=False,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    @property
    def engine(self) -> Engine:
        return Engine(port=int(self.endpoint_url.rsplit(":", 1)[1]), pid=self.pid, folder=self.folder)

    def aws(self, service: str, **options: Any) -> Any:
        """A boto3 client for the stack's engine, as its administrator."""
        return self.engine.client(service, **options)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read(name: str = "") -> Stack | None:
    """The stack of that name if it runs and answers, else None."""
    try:
        stack = Stack(**json.loads(Places(name).facts.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return stack if stack.engine.is_running() and stack.engine.answers() else None


def up(
    name: str = "",
    *,
    parameters: Mapping[str, str] | None = None,
    port: int | None = None,
    sandbox_speed: float = 1.0,
    ends_with_caller: bool = False,
    say: Callable[[str], None] = _quiet,
) -> Stack:
    """Start the stack, or bring the one that runs in line with the code; answers when it serves requests.

    The sandbox of marketplaces starts with it, and goes on as it is while the stack is brought in line.
    `parameters` are the template's; `sandbox_speed` divides the delays of a sandbox that is started. With
    `ends_with_caller` the engine ends when this process does, however it ends, and the sandbox with it.
    Raises Failure and leaves nothing running that was not running before.
    """
    places = Places(name)
    wanted = deploy.local_parameters() | _known(parameters or {})
    present = read(name)
    fingerprint = deploy.fingerprint(wanted)
    if present and present.fingerprint == fingerprint and sandbox.find(places.sandbox):
        say("Already running, with the present code")
        return present
    if not present:
        down(name)
        say("Starting the local AWS")
    target = present.engine if present else engine.launch(places.engine, port=port, ends_with_caller=ends_with_caller)
    try:
        with deploy.alone():
            say("Building functions and layers")
            deploy.build(wanted)
            say("Deploying the template")
            deploy.deploy(target, wanted)
        market = sandbox.find(places.sandbox)
        if market is None:
            say("Opening the sandbox")
            market = sandbox.launch(places.sandbox, ends_with=target.pid, speed=sandbox_speed)
        stack = _describe(name, target, parameters=wanted, fingerprint=fingerprint, market=market)
        _write(places, stack)
    except BaseException:
        if not present:
            _stop_sandbox(places)
            engine.stop(target)
            places.clear()
        raise
    return stack


def _known(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters, all of which the template has: the SAM CLI would pass over the others without a word."""
    offered = template.read()["Parameters"]
    unknown = sorted(set(parameters) - set(offered))
    if unknown:
        raise Failure(f"The template has no parameter {', '.join(unknown)}.", advice=f"It has {', '.join(offered)}.")
    return dict(parameters)


def down(name: str = "") -> bool:
    """Stop the stack and remove its state. Answers whether one was running."""
    places = Places(name)
    running = engine.find(places.engine)
    _stop_sandbox(places)
    if running:
        engine.stop(running)
    places.clear()
    return running is not None


def _stop_sandbox(places: Places) -> None:
    market = sandbox.find(places.sandbox)
    if market:
        sandbox.stop(market)


def down_all() -> list[str]:
    """Stop every stack of this clone. Answers the names of those that were running."""
    return [name for name in all_names() if down(name)]


def _describe(
    name: str, target: Engine, *, parameters: dict[str, str], fingerprint: str, market: sandbox.Sandbox
) -> Stack:
    known = deploy.outputs(target)
    pool, client = known["UserPoolId"], known["ClientId"]
    secret = target.client("cognito-idp").describe_user_pool_client(UserPoolId=pool, ClientId=client)
    return Stack(
        name=name,
        api_url=f"{target.endpoint_url}/_aws/execute-api/{known['ApiId']}/$default",
        token_url=f"{target.endpoint_url}/oauth2/token",
        client_id=client,
        client_secret=secret["UserPoolClient"]["ClientSecret"],
        table=known["TableName"],
        endpoint_url=target.endpoint_url,
        region=engine.REGION,
        user_pool_id=pool,
        pid=target.pid,
        folder=target.folder,
        functions={function: known[output] for function, output in FUNCTIONS.items()},
        queues={queue: _on_loopback(known[output]) for queue, output in QUEUES.items()},
        credentials=dict(engine.CREDENTIALS),
        parameters=parameters,
        fingerprint=fingerprint,
        sandbox=market.urls,
    )


def _on_loopback(url: str) -> str:
    """The engine calls itself `localhost`, which may mean an address it does not listen on."""
    return url.replace("://localhost:", "://127.0.0.1:")


def _write(places: Places, stack: Stack) -> None:
    """Whole or not at all, and readable by its owner only: it holds the client's secret."""
    draft = places.facts.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as text:
        json.dump(stack.as_dict(), text, indent=2)
        text.write("\n")
    draft.replace(places.facts)
