"""docs/openapi.json says what the code does, and the template has exactly the routes that the code serves."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from functions.hold_stock import handler as hold_stock
from functions.manage_stock import handler as manage_stock
from holdfast.runtime.api import openapi
from holdfast.runtime.api.operations import OPERATIONS
from holdfast.runtime.api.routes import HOLD, MANAGE, RECEIVE, ROUTES, UNKNOWN, WEBHOOKS
from holdfast.runtime.version import VERSION
from local import template

ROOT = Path(__file__).parents[2]


def test_the_committed_document_is_current() -> None:
    assert (ROOT / openapi.COMMITTED).read_text(encoding="utf-8") == openapi.text(), "run `make openapi`"


def test_every_route_is_described_and_nothing_else_is() -> None:
    assert set(OPERATIONS) == {route.key for route in ROUTES}
    ids = [operation.id for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)


def test_the_template_has_exactly_these_routes_with_their_scopes_and_functions() -> None:
    told = template.read()
    integrations = template.resources(told, "AWS::ApiGatewayV2::Integration")
    served_by = {"HoldStock": HOLD, "ManageStock": MANAGE, "ReceiveWebhook": RECEIVE}
    functions = {each["IntegrationUri"]["Fn::GetAtt"].split(".")[0]: name for name, each in integrations.items()}
    by_target = {f"integrations/${{{integration}}}": served_by[function] for function, integration in functions.items()}
    found = {
        each["RouteKey"]: (tuple(each.get("AuthorizationScopes", ())), by_target[each["Target"]["Fn::Sub"]])
        for each in template.resources(told, "AWS::ApiGatewayV2::Route").values()
    }

    served = {
        route.key: ((f"holdfast/{route.scope}",) if route.scope else (), route.function)
        for route in (*ROUTES, *WEBHOOKS)
    }
    assert found == served | {UNKNOWN: ((), MANAGE)}


def test_hold_stock_serves_the_routes_that_are_sent_to_it() -> None:
    assert set(hold_stock.ROUTES) == {route.key for route in ROUTES if route.function == HOLD}


def test_manage_stock_serves_the_routes_that_are_sent_to_it() -> None:
    app = manage_stock.app
    routes = [*app._static_routes, *app._dynamic_routes]
    resolved = {f"{route.method} {route.path.replace('<', '{').replace('>', '}')}" for route in routes}

    assert resolved | {"GET /v1/health"} == {route.key for route in ROUTES if route.function == MANAGE}


def test_the_document_tells_of_no_local_path_and_no_host() -> None:
    text = json.dumps(openapi.document())

    assert "localhost" not in text
    assert str(ROOT) not in text


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["project"]["version"] == VERSION
