"""The table on DynamoDB, through botocore alone: boto3 would double what the first request waits for."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection
from botocore.session import Session

from holdfast.domain.errors import Conflict, Unavailable

from .expressions import OPERATION, marshal_item, render
from .marshal import unmarshal_item
from .table import Action, Cancelled, ConditionFailed, Delete, Failed, Item, Key, Page, Put, Query, Update

# Two attempts of at most 1 + 2.5 s each stay below the functions' time limit with room for a second call. Set
# explicitly: the defaults are 60 s and depend on the SDK's version.
SDK_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2.5,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=50,
    tcp_keepalive=True,
    # The requests are rendered by `expressions.py` and DynamoDB judges them anyway: a third of a hold's own time.
    parameter_validation=False,
)

CANCELLED, CONFLICT = "TransactionCanceledException", "TransactionConflictException"

# The SDK never retries these inside a transaction; they say nothing about the conditions.
BUSY = frozenset(
    {
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
    }
)
TRY_AGAIN_LATER = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ThrottlingException",
        "TransactionInProgressException",
        "ReplicatedWriteConflictException",
    }
)
BUSY_TRIES = 6
BATCH_READ, BATCH_WRITE = 100, 25
BATCH_ROUNDS = 8


def make_client(*, endpoint_url: str | None = None, region: str | None = None) -> Any:
    """A DynamoDB client. Endpoint, region and credentials default to what the environment says."""
    return Session().create_client("dynamodb", endpoint_url=endpoint_url, region_name=region, config=SDK_CONFIG)


def pause(attempt: int) -> None:
    """Full jitter: up to 20 ms after the first try, doubling to at most 320 ms."""
    time.sleep(random.uniform(0, 0.02 * 2 ** min(attempt, 4)))  # noqa: S311  # no secret depends on it


class DynamoTable:
    """One table. `wait(attempt)` sleeps between attempts of our own."""

    def __init__(self, client: Any, name: str, *, wait: Callable[[int], None] = pause) -> None:
        self._client = client
        self._name = name
        self._wait = wait

    def get(self, key: Key) -> Item | None:
        found = self._call("get_item", TableName=self._name, Key=_key(key), ConsistentRead=True)
        return unmarshal_item(found["Item"]) if "Item" in found else None

    def get_many(self, keys: Sequence[Key]) -> list[Item]:
        items: list[Item] = []
        for chunk in _chunks(keys, BATCH_READ):
            wanted = {self._name: {"Keys": [_key(key) for key in chunk], "ConsistentRead": True}}
            for found in self._rounds("batch_get_item", wanted, "UnprocessedKeys"):
                items.extend(unmarshal_item(item) for item in found["Responses"].get(self._name, []))
        return items

    def query(self, query: Query) -> Page:
        names = {"#p": "list" if query.index else "pk"}
        values: dict[str, Any] = {":p": {"S": query.partition}}
        expression = "#p = :p"
        if query.up_to is not None:
            names["#s"] = "listed" if query.index else "sk"
            values[":s"] = {"S": query.up_to}
            expression += " AND #s <= :s"
        request: dict[str, Any] = {
            "KeyConditionExpression": expression,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "Limit": query.limit,
            "ScanIndexForward": not query.newest_first,
            "ConsistentRead": query.index is None,
        }
        if query.index:
            request["IndexName"] = query.index
        if query.start:
            request["ExclusiveStartKey"] = marshal_item(query.start)
        return _page(self._call("query", TableName=self._name, **request))

    def scan(self, *, start: Item | None = None) -> Page:
        more = {"ExclusiveStartKey": marshal_item(start)} if start else {}
        return _page(self._call("scan", TableName=self._name, ConsistentRead=True, **more))

    def write(self, action: Put | Update | Delete) -> Item | None:
        request = render(action, table=self._name)
        operation = f"{OPERATION[type(action)].lower()}_item"
        if isinstance(action, Update):
            request["ReturnValues"] = "ALL_NEW"
        try:
            answer = self._patiently(operation, **request)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            response: dict[str, Any] = dict(error.response)
            old = response.get("Item")
            raise ConditionFailed(unmarshal_item(old) if old else None) from error
        return unmarshal_item(answer["Attributes"]) if "Attributes" in answer else None

    def transact(self, actions: Sequence[Action]) -> None:
        items = [{OPERATION[type(action)]: render(action, table=self._name)} for action in actions]
        try:
            # No token of ours: the SDK's own covers its retries, state and version cover everything later.
            self._patiently("transact_write_items", TransactItems=items)
        except ClientError as error:
            raise _cancelled(error) from error

    def _patiently(self, operation: str, **request: Any) -> dict[str, Any]:
        """A write that meets another transaction or a throttle says nothing about its conditions: again, in place.

        The SDK never does so itself. Raises Conflict when the tries are used up.
        """
        for attempt in range(BUSY_TRIES):
            try:
                return self._call(operation, **request)
            except ClientError as error:
                if not _met_others(error):
                    raise
                last = attempt == BUSY_TRIES - 1
                if last and error.response["Error"]["Code"] == CANCELLED and any(_cancelled(error).reasons):
                    raise
            self._wait(attempt)
        raise Conflict("others kept writing the same SKU; nothing was written, try again")

    def write_many(self, actions: Iterable[Put | Delete]) -> None:
        once = {action.key: action for action in actions}  # a batch that names a key twice is refused whole
        for chunk in _chunks(tuple(once.values()), BATCH_WRITE):
            requests = [_batch_request(action) for action in chunk]
            for _ in self._rounds("batch_write_item", {self._name: requests}, "UnprocessedItems"):
                pass

    def _rounds(self, operation: str, wanted: dict[str, Any], unprocessed: str) -> Iterator[dict[str, Any]]:
        """A batch call is answered in part; the rest is asked for again, a bounded number of times."""
        for attempt in range(BATCH_ROUNDS):
            answer = self._call(operation, RequestItems=wanted)
            yield answer
            wanted = answer.get(unprocessed) or {}
            if not wanted:
                return
            self._wait(attempt)
        raise Unavailable("the table answered only a part of what was asked; try again")

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        """Raises Unavailable for what passes, ClientError for everything else."""
        call: Callable[..., dict[str, Any]] = getattr(self._client, operation)
        try:
            return call(**request)
        except (HTTPClientError, NoConnection) as error:
            _unavailable(error)
        except ClientError as error:
            if error.response["Error"]["Code"] in TRY_AGAIN_LATER:
                _unavailable(error)
            raise


def _unavailable(error: Exception) -> NoReturn:
    raise Unavailable(f"the table did not answer ({type(error).__name__}); try again") from error


def _met_others(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    return code == CONFLICT or (code == CANCELLED and _cancelled(error).busy)


def _cancelled(error: ClientError) -> Cancelled:
    """The reasons of a cancelled transaction, one per action ("None" is a string). Other errors are raised again."""
    if error.response["Error"]["Code"] != CANCELLED:
        raise error
    reasons: list[Failed | None] = []
    busy = False
    told: list[dict[str, Any]] = [dict(reason) for reason in error.response["CancellationReasons"]]
    for reason in told:
        code = reason.get("Code", "None")
        if code == "ConditionalCheckFailed":
            old = reason.get("Item")
            reasons.append(Failed(unmarshal_item(old) if old else None))
        elif code == "None" or code in BUSY:
            busy = busy or code in BUSY
            reasons.append(None)
        else:
            raise error
    return Cancelled(reasons, busy=busy)


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _page(answer: dict[str, Any]) -> Page:
    last = answer.get("LastEvaluatedKey")
    return Page(tuple(unmarshal_item(item) for item in answer["Items"]), unmarshal_item(last) if last else None)


def _batch_request(action: Put | Delete) -> dict[str, Any]:
    if isinstance(action, Put):
        return {"PutRequest": {"Item": marshal_item({**action.item, "pk": action.key.pk, "sk": action.key.sk})}}
    return {"DeleteRequest": {"Key": _key(action.key)}}


def _chunks(whole: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
