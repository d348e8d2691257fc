"""What is sent to the Xero sandbox and what it answers, against Xero's own OpenAPI description."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from xero_sandbox_support import API, STORIES, Recorded, Xero, sdk, sdk_story

from sandbox.kit import Answer, Call, VirtualClock
from sandbox.kit.server import serving
from sandbox.xero import Settings
from sandbox.xero.wire import read

_BESIDE = Path(__file__).parents[3] / "shared" / "contracts"
_FILE = Path(os.environ.get("DEALBOOKS_CONTRACTS", _BESIDE)) / "xero" / "accounting.yaml"
pytestmark = [
    pytest.mark.filterwarnings("ignore:Unsupported scheme type"),
    pytest.mark.skipif(
        not _FILE.exists(),
        reason="Xero's API file is not here: lay it beside the checkout, or set DEALBOOKS_CONTRACTS",
    ),
]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Not in the part of the description that we have; they are in Xero's documentation.
_OUTSIDE = re.compile(r"/(Prepayments|Overpayments)/[^/]+/Allocations(/[^/]+)?$|/Allocations/[^/]+$")
# Fields that Xero answers and its description leaves out: dates as text, and what stands beside the data.
_BESIDE_FIELDS = {
    "DateString", "DueDateString", "DateUTCString", "Id", "Status", "ProviderName", "DateTimeUTC", "ErrorNumber",
    "Type", "Message",
}  # fmt: skip


@cache
def _spec() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=_LOADER)
    return found


@cache
def _contract() -> OpenAPI:
    return OpenAPI.from_dict(_spec())


def _judge(call: Call, answer: Answer) -> None:
    """Both against the description.

    Raises:
        Exception: openapi-core's, where one does not fit.
    """
    if answer.status not in (200, 400):
        return
    # An id in a path is a uuid in the description; that numbers work too is in the documentation only.
    path = re.sub(r"/(Invoices|Contacts|CreditNotes)/(?=[^/]*[^0-9a-f/-][^/]*$)[^/]+$", _by_id, call.path)
    args = dict(call.query)
    headers = {name: value for name, value in call.headers.items() if name != "if-modified-since"}
    headers.setdefault("xero-tenant-id", "custom connections send none")
    good = answer.status == 200
    body = orjson.dumps(_sent(_body_schema(call, path), orjson.loads(call.body))) if call.body and good else None
    request = MockRequest(
        "https://api.xero.com", call.method.lower(), path, args=args, headers=headers, data=body,
        content_type="application/json",
    )  # fmt: skip
    if good:
        _contract().validate_request(request)
    if good or call.method in ("PUT", "POST"):  # a refusal is described for these only
        kind = answer.headers["content-type"].partition(";")[0]
        _contract().validate_response(request, MockResponse(answer.body, answer.status, content_type=kind))


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = _spec()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def _body_schema(call: Call, path: str) -> dict[str, Any]:
    """The schema of a request's body; nothing where the path is not in the description."""
    parts = path.removeprefix(API).split("/")
    for template, item in _spec()["paths"].items():
        names = template.split("/")
        if len(names) == len(parts) and all(
            one[:1] == "{" or one == two for one, two in zip(names, parts, strict=True)
        ):
            body = item.get(call.method.lower(), {}).get("requestBody", {})
            return dict(body.get("content", {}).get("application/json", {}).get("schema", {}))
    return {}


def _sent(schema: dict[str, Any], value: Any) -> Any:
    """A body without the fields that Xero only answers: it passes over them, and its own client sends some."""
    schema = _resolved(schema)
    if isinstance(value, list):
        return [_sent(schema.get("items", {}), item) for item in value]
    if not isinstance(value, dict):
        return value
    known = {name: _resolved(item) for name, item in schema.get("properties", {}).items()}
    kept = {name: item for name, item in value.items() if not known.get(name, {}).get("readOnly")}
    return {name: _sent(known.get(name, {}), item) for name, item in kept.items()}


def _by_id(match: re.Match[str]) -> str:
    return f"/{match[1]}/00000000-0000-0000-0000-000000000000"


def _unknown(schema: dict[str, Any], value: Any, path: str) -> Iterator[str]:
    """Fields of an answer that the description does not have."""
    schema = _resolved(schema)
    if isinstance(value, list):
        for item in value:
            yield from _unknown(schema.get("items", {}), item, path)
    if isinstance(value, dict) and schema.get("properties"):
        for name, item in value.items():
            if name not in schema["properties"] and name not in _BESIDE_FIELDS:
                yield f"{path}.{name}"
            else:
                yield from _unknown(schema["properties"].get(name, {}), item, f"{path}.{name}")


def _schema(call: Call) -> dict[str, Any]:
    parts = [part for part in call.path.removeprefix(API).split("/") if part]
    name = {"TrackingCategories": "TrackingCategories", "Organisation": "Organisations", "Reports": "ReportWithRows"}
    last = {"History": "HistoryRecords", "Allocations": "Allocations", "Options": "TrackingOptions"}
    found: dict[str, Any] = _spec()["components"]["schemas"][last.get(parts[-1]) or name.get(parts[0], parts[0])]
    return found


def _all_fit(seen: list[tuple[Call, Answer]]) -> None:
    inside = [(call, answer) for call, answer in seen if call.path.startswith(API) and not _OUTSIDE.search(call.path)]
    inside = [(call, answer) for call, answer in inside if "json" in answer.headers.get("content-type", "")]
    for call, answer in inside:
        _judge(call, answer)
        if answer.status == 200:
            assert list(_unknown(_schema(call), read(answer.body), call.path)) == []


@pytest.mark.filterwarnings("ignore:Unsupported scheme type")
@pytest.mark.parametrize("name", STORIES)
def test_a_story_fits(name: str) -> None:
    xero = Xero(Settings(per_minute=10_000, premium=True))
    STORIES[name](xero)
    assert {answer.status for _, answer in xero.sandbox.seen} <= {200, 400, 404}
    _all_fit(xero.sandbox.seen)


def test_xeros_own_client_fits() -> None:
    sandbox = Recorded(clock=VirtualClock(datetime(2026, 11, 20, 9, tzinfo=UTC)))
    with serving(sandbox) as host:
        sdk_story(sandbox, sdk(sandbox, host))
    assert len(sandbox.seen) == 12
    assert {answer.status for _, answer in sandbox.seen} == {200}
    _all_fit(sandbox.seen)


def _tests() -> Iterator[tuple[str, Callable[..., None], tuple[Any, ...]]]:
    """The tests of the sandbox, each with its parameters; those that draw their own calls are left out."""
    for path in sorted((Path(__file__).parents[1] / "unit").glob("test_sandbox_xero*.py")):
        spec = importlib.util.spec_from_file_location(f"contract_of_{path.stem}", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name, test in vars(module).items():
            if not name.startswith("test_") or hasattr(test, "hypothesis"):
                continue
            marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
            for place, values in enumerate(marks[0].args[1] if marks else [()]):
                yield f"{name}-{place}", test, values if isinstance(values, tuple) else (values,)


@pytest.mark.parametrize(("test", "values"), [pytest.param(test, values, id=name) for name, test, values in _tests()])
def test_what_the_tests_send_and_get_fits(
    test: Callable[..., None], values: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Call, Answer]] = []
    monkeypatch.setattr(Recorded, "everything", seen)
    test(*values)
    _all_fit(seen)


def test_the_contract_would_tell() -> None:
    """A status that does not exist is seen in a request and in an answer."""
    xero = Xero()
    xero.invoice()
    call, answer = xero.sandbox.seen[-1]
    spoilt = call.body.replace(b'"AUTHORISED"', b'"PAYED"')
    assert spoilt != call.body
    with pytest.raises(Exception, match=r"(?i)body"):
        _judge(Call(call.method, call.path, call.query, call.headers, spoilt), answer)
    with pytest.raises(Exception, match=r"(?i)data|schema|body"):
        _judge(call, Answer(200, answer.body.replace(b'"AUTHORISED"', b'"PAYED"'), answer.headers))
