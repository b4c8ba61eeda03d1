"""Every route of the template, called without a token, with a token for something else, and with the right one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from local import template
from local.stack import SCOPES

if TYPE_CHECKING:
    from local.stack import Stack

ROUTES = {
    each["RouteKey"]: each["AuthorizationScopes"][0].removeprefix("holdfast/")
    for each in template.resources(template.read(), "AWS::ApiGatewayV2::Route").values()
    if each["AuthorizationType"] == "JWT"
}

every_route = pytest.mark.parametrize("route", sorted(ROUTES))
every_method = pytest.mark.parametrize("method", ["GET", "PUT", "POST", "PATCH", "DELETE"])


@pytest.fixture(scope="module")
def tokens(stack: Stack) -> dict[str, str]:
    return {scope: stack.token([scope]) for scope in SCOPES}


def call(stack: Stack, route: str, token: str | None) -> httpx.Response:
    """Call the route with ids that exist nowhere and an empty object as body."""
    method, path = route.split(" ")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = stack.api_url + re.sub(r"\{\w+\}", "nowhere", path)
    body: dict[str, str] | None = {} if method in {"PUT", "POST"} else None
    return httpx.request(method, url, headers=headers, json=body, timeout=30, trust_env=False)


@every_route
def test_a_call_without_a_token_is_not_let_in(stack: Stack, route: str) -> None:
    assert call(stack, route, None).status_code == 401


@every_route
def test_a_made_up_token_is_not_let_in(stack: Stack, route: str) -> None:
    assert call(stack, route, "eyJhbGciOiJub25lIn0.eyJzY29wZSI6ImhvbGRmYXN0L3JlYWQifQ.").status_code == 401


@every_route
def test_a_token_for_everything_else_is_refused(stack: Stack, route: str) -> None:
    token = stack.token([each for each in SCOPES if each != ROUTES[route]])
    assert call(stack, route, token).status_code == 403


@every_route
def test_a_token_of_the_routes_own_scope_is_let_in(stack: Stack, tokens: dict[str, str], route: str) -> None:
    answer = call(stack, route, tokens[ROUTES[route]])
    assert answer.status_code not in {401, 403}
    # What the gateway itself says has no such body: this came from the function.
    assert answer.headers["content-type"].split(";")[0] in {"application/json", "application/problem+json"}
    assert answer.status_code != 500


def test_health_asks_for_no_token(stack: Stack) -> None:
    assert httpx.get(stack.api_url + "/v1/health", timeout=30, trust_env=False).status_code == 200


@every_method
def test_an_unknown_path_gets_a_problem_document_whoever_asks(stack: Stack, method: str) -> None:
    answer = httpx.request(method, stack.api_url + "/v1/nothing/here", timeout=30, trust_env=False)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_known_path_with_another_method_says_which_methods_it_knows(stack: Stack) -> None:
    answer = httpx.delete(stack.api_url + "/v1/reservations/nowhere", timeout=30, trust_env=False)
    assert answer.status_code == 405
    assert {each.strip() for each in answer.headers["allow"].split(",")} >= {"GET", "PUT"}
