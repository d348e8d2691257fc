"""HubSpot's custom coded action: run in Node, with axios as a stub; what it sends is judged by the gateway's scheme."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway_support import NOW, WHSEC, hook

from dealbooks.events import Hint
from gateway.schemes import SCHEMES, Refused

EVENT = {
    "origin": {"portalId": 4242, "actionDefinitionId": 7},
    "object": {"objectType": "DEAL", "objectId": 31415},
    "callbackId": "ap-4242-7-1-0",
    "inputFields": {},
}
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(node: Callable[..., dict[str, Any]], kits: Path) -> Run:
    def action(*answers: int | None, event: dict[str, Any] = EVENT, secret: str = WHSEC) -> dict[str, Any]:
        task = {
            "file": str(kits / "hubspot/custom_code_action.js"),
            "now": int(NOW.timestamp() * 1000),
            "event": event,
            "answers": answers,
            "secrets": {"DEALBOOKS_SECRET": secret} if secret else {},
        }
        return node("hubspot_stub.js", task)

    return action


def _body(sent: dict[str, Any]) -> bytes:
    return base64.b64decode(sent["body"])


def test_what_it_sends_is_taken_by_the_gateway(run: Run, taken: Callable[..., Hint]) -> None:
    found = run(202)
    (sent,) = found["sent"]
    hint = taken(hook("standard"), sent["headers"], _body(sent), NOW + timedelta(seconds=2))
    assert (hint.kind, hint.object_ids) == ("deal.completed", {"deal": "31415", "portal": "4242"})
    assert hint.occurred_at.startswith("2026-10-01T09:00:00")
    assert hint.dedupe_key == sent["headers"]["webhook-id"]
    assert found["error"] is None
    assert found["output"] == [{"outputFields": {"sent": "true", "event_id": hint.dedupe_key}}]


def test_it_goes_out_as_bytes_to_one_place(run: Run) -> None:
    (sent,) = run(202)["sent"]
    assert sent["bytes"]
    assert sent["url"].startswith("https://gateway.example/hooks/")
    assert sent["maxRedirects"] == 0
    assert sent["timeout"] * 2 < 20_000  # HubSpot ends an action after 20 seconds


def test_one_changed_byte_is_refused(run: Run) -> None:
    (sent,) = run(202)["sent"]
    with pytest.raises(Refused):
        SCHEMES["standard"].verify(sent["headers"], _body(sent).replace(b"31415", b"31416"), hook("standard"), NOW)


@pytest.mark.parametrize("status", [429, 500, 503, 401])
def test_a_failure_is_thrown_with_its_status_so_that_hubspot_tries_again(run: Run, status: int) -> None:
    found = run(status)
    assert found["error"]["status"] == status
    assert (len(found["sent"]), found["output"]) == (1, [])


def test_no_answer_is_tried_once_more_as_the_same_event(run: Run, taken: Callable[..., Hint]) -> None:
    found = run(None, 202)
    keys = {taken(hook("standard"), one["headers"], _body(one), NOW).dedupe_key for one in found["sent"]}
    assert (len(found["sent"]), len(keys), found["error"]) == (2, 1, None)
    assert run(None, None)["error"]["message"] == "timeout"


def test_hubspots_own_repeat_is_the_same_event_and_a_new_enrolment_another(run: Run) -> None:
    def key(event: dict[str, Any]) -> str:
        return str(run(202, event=event)["sent"][0]["headers"]["webhook-id"])

    assert key(EVENT) == key(EVENT)
    assert key(EVENT) != key(EVENT | {"callbackId": "ap-4242-7-2-0"})
    bare = {name: value for name, value in EVENT.items() if name != "callbackId"}
    assert key(bare) != key(bare)


@pytest.mark.parametrize("legacy", [False, True])
def test_the_workflows_own_webhook_is_taken_too(taken: Callable[..., Hint], legacy: bool) -> None:
    config = hook("hubspot", legacy=legacy)
    body = (
        b'{"id":"31415","properties":{"dealname":"Golf 104233","dealstage":"closedwon"},'
        b'"createdAt":"2026-09-01T08:00:00Z","updatedAt":"2026-10-01T08:59:59Z","archived":false}'
    )
    headers = SCHEMES["hubspot"].sign(body, config, config.secrets[0], NOW)
    if legacy:  # v2, as a workflow without v3 sends it: hex SHA-256 of secret, method, address and body
        made = hashlib.sha256(config.secrets[0].encode() + b"POST" + config.url.encode() + body).hexdigest()
        headers = {"X-HubSpot-Signature": made, "X-HubSpot-Signature-Version": "v2"}
    hint = taken(config, headers, body, NOW)
    assert (hint.kind, hint.object_ids) == ("deal.updated", {"deal": "31415"})


def test_without_its_secret_it_says_what_to_do(run: Run) -> None:
    found = run(202, secret="")
    assert "Add the secret DEALBOOKS_SECRET" in found["error"]["message"]
    assert found["sent"] == []
