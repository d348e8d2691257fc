"""The OpenAPI page keeps its word: whatever is called, no 5xx, and only answers that are documented."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from gateway_support import ADDRESS_SECRET, HOOKS, address, made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from dealbooks.config import Config
from dealbooks.store.db import utc_now
from gateway.app import create_app

PAGE = schemathesis.openapi.from_dict(create_app(Config(store="sqlite://", books={}, sources={})).openapi())
CLIENT = httpx.Client()
OPERATIONS = [(path, method.upper()) for path, methods in PAGE.raw_schema["paths"].items() for method in methods]
_SETTINGS = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))


def _check(case: schemathesis.Case, gateway: str) -> None:
    # That a body is JSON does not make it a platform's: 400 is right for most of those that are made here.
    case.call_and_validate(gateway, excluded_checks=[positive_data_acceptance])


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@_SETTINGS
@given(data=st.data())
def test_as_the_page_says(gateway: str, path: str, method: str, data: st.DataObject) -> None:
    _check(data.draw(PAGE[path][method].as_strategy()), gateway)


@pytest.mark.parametrize(("path", "method"), [one for one in OPERATIONS if one[0].startswith("/hooks/")])
@_SETTINGS
@given(data=st.data(), name=st.sampled_from(sorted(HOOKS)))
def test_as_the_page_says_at_hooks_that_are_there(
    gateway: str, path: str, method: str, data: st.DataObject, name: str
) -> None:
    case = data.draw(PAGE[path][method].as_strategy())
    case.path_parameters = {one: {"name": name, "secret": ADDRESS_SECRET}[one] for one in case.path_parameters}
    _check(case, gateway)


@pytest.mark.parametrize("scheme", HOOKS)
@_SETTINGS
@given(body=st.binary(max_size=200) | st.from_regex(rb'\{"(type|event|events|_model)": ?.{0,40}\}'))
def test_signed_rubbish_is_refused_with_4xx_or_taken(gateway: str, scheme: str, body: bytes) -> None:
    headers, _ = made(scheme, body, now=utc_now())
    answer = CLIENT.post(gateway + address(scheme), content=body, headers=headers)
    assert answer.status_code in (200, 202, 400, 401)


def test_every_answer_is_on_the_page(gateway: str) -> None:
    shown = httpx.get(f"{gateway}/openapi.json").json()["paths"]
    assert set(shown) == {"/healthz", "/readyz", "/metrics", "/hooks/{name}", "/hooks/{name}/{secret}"}
    answers = {"200", "202", "400", "401", "404", "408", "413", "415", "429", "503"}
    assert set(shown["/hooks/{name}"]["post"]["responses"]) == answers
    ids = [one["operationId"] for methods in shown.values() for one in methods.values()]
    assert len(ids) == len(set(ids))
    assert httpx.get(f"{gateway}/docs").status_code == 200
