"""The Odoo sandbox against what a real Odoo 19.0 answered: a recording of 47 calls, and its own list of fields.

The recordings are looked for at DEALBOOKS_CONTRACTS, else beside the checkout; without them these tests are skipped.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.kit import Call, VirtualClock
from sandbox.odoo import OdooSandbox, Settings
from sandbox.odoo.schema import schema_of

_BESIDE = Path(__file__).parents[2].parent / "shared" / "contracts"
_FOLDER = Path(os.environ.get("DEALBOOKS_CONTRACTS", _BESIDE)) / "odoo"
_RECORDED_ON = datetime(2026, 11, 23, 9, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not _FOLDER.is_dir(), reason=f"the recordings of Odoo 19.0 are not at {_FOLDER}")


def _recorded(name: str) -> Any:
    return json.loads((_FOLDER / name).read_text())


def _answer(sandbox: OdooSandbox, call: dict[str, Any]) -> tuple[int, str, Any]:
    keys = {"no key": {}, "bad key": {"authorization": "bearer nonsense"}}
    headers = keys.get(call["name"], {"authorization": f"bearer {sandbox.api_key}"})
    body = json.dumps(call["request"]["body"]).encode()
    answer = sandbox.handle(Call("POST", call["request"]["path"], {}, headers, body))
    told = json.loads(answer.body)
    if isinstance(told, dict) and answer.status >= 400:
        assert told.pop("debug").startswith("Traceback")  # the recording was made without
    return answer.status, answer.headers["content-type"], told


def _in_any_order(answer: Any) -> Any:
    """The real server names refused fields in the order of a set: the words count, not their order."""
    for message in answer["messages"] if isinstance(answer, dict) and answer.get("messages") else ():
        message["message"] = sorted(message["message"].replace(",", "").split())
    return answer


def test_the_recording_replays_word_for_word() -> None:
    """One database, all 47 calls in their order: status, type and the whole body, ids and numbers included."""
    sandbox = OdooSandbox(Settings(version=19), clock=VirtualClock(_RECORDED_ON))
    calls = _recorded("transcript-json2-19.0.json")["calls"]
    assert len(calls) == 47
    for call in calls:
        status, kind, told = _answer(sandbox, call)
        assert status == call["status"], call["name"]
        assert kind == call["content_type"], call["name"]
        assert _in_any_order(told) == _in_any_order(call["answer"]), call["name"]


def test_the_recording_has_the_refusals_that_we_rely_on() -> None:
    """Each kind of error of the recording: if one is gone from it, the sandbox's is no longer proven."""
    calls = _recorded("transcript-json2-19.0.json")["calls"]
    seen = {(call["status"], call["answer"]["name"]) for call in calls if call["status"] >= 400}
    assert seen == {
        (401, "werkzeug.exceptions.Unauthorized"),
        (403, "odoo.exceptions.AccessError"),
        (404, "werkzeug.exceptions.NotFound"),
        (422, "odoo.exceptions.UserError"),
        (422, "odoo.exceptions.ValidationError"),
        (422, "werkzeug.exceptions.UnprocessableEntity"),
        (500, "builtins.ValueError"),
    }


def test_every_field_of_the_sandbox_is_one_of_the_real_server() -> None:
    """Name, type, relation and the values of selections, for every model whose fields were recorded."""
    real = _recorded("fields-19.0.facts.json")["models"]
    checked = 0
    for model, fields in schema_of(Settings(version=19, custom_fields={})).items():
        for name, field in fields.items() if model in real else ():
            assert name in real[model], f"{model}.{name}"
            fact = real[model][name]
            assert fact["type"] == field.type, f"{model}.{name}"
            assert fact.get("relation", "") == field.relation, f"{model}.{name}"
            if field.selection:
                assert fact["selection"] == list(field.selection), f"{model}.{name}"
            checked += 1
    assert checked > 250


def test_required_fields_are_the_real_ones() -> None:
    """What the sandbox demands, the real server demands; the state of an entry it sets itself."""
    real = _recorded("fields-19.0.facts.json")["models"]
    for model, fields in schema_of(Settings(version=19, custom_fields={})).items():
        for name, field in fields.items() if model in real else ():
            if field.required:
                assert real[model][name].get("required"), f"{model}.{name}"
