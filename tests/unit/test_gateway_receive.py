"""A call from its first byte to its answer, and the row that it leaves."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from gateway_support import ADDRESS_SECRET, HOOKS, NOW, address, house, made, stored

from dealbooks.house import House
from dealbooks.store import Store
from dealbooks.store.tables import events
from gateway.app import create_app
from gateway.pace import Pace
from gateway.writer import NotWritten, Writer

ACK = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


class Gate:
    """A gateway over a new store, called in this process."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.config = house(folder, **changes)
        with House.open(self.config):
            pass
        self.now = NOW
        self.client = TestClient(create_app(self.config, clock=lambda: self.now), raise_server_exceptions=True)

    def send(self, scheme: str, headers: dict[str, str], body: Any, to: str = "") -> Any:
        """Post what a sender made."""
        return self.client.post(to or address(scheme), content=body, headers=headers)

    def rows(self) -> list[dict[str, Any]]:
        """The events stored."""
        store = Store(f"sqlite:///{self.config.folder / 'store.db'}")
        try:
            return stored(store)
        finally:
            store.close()

    def counted(self, name: str) -> float:
        """A counter, all labels together; `name` may have labels."""
        lines = self.client.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made_gate = Gate(tmp_path)
    with made_gate.client:
        yield made_gate


@pytest.mark.parametrize("scheme", HOOKS)
def test_stored_before_answered_and_once_for_five_deliveries(gate: Gate, scheme: str) -> None:
    headers, body = made(scheme)
    answers = [gate.send(scheme, headers, body) for _ in range(5)]
    [row] = gate.rows()
    assert len({(one.status_code, one.content) for one in answers}) == 1
    assert answers[0].status_code in (200, 202)
    assert (row["hook"], row["scheme"], row["state"], row["id"]) == (scheme, scheme, "sample", 1)
    assert gate.counted("dealbooks_hook_events_accepted_total") == 1
    assert gate.counted("dealbooks_hook_events_duplicate_total") == 4


def test_each_sender_is_answered_as_it_expects(gate: Gate) -> None:
    salesforce = gate.send("salesforce", *made("salesforce"))
    assert (salesforce.status_code, salesforce.text) == (200, ACK)
    assert salesforce.headers["content-type"].startswith("text/xml")
    dropbox = gate.send("dropbox_sign", *made("dropbox_sign"))
    assert (dropbox.status_code, dropbox.text) == (200, "Hello API Event Received")
    adobe = gate.send("adobe_sign", *made("adobe_sign"))
    client = HOOKS["adobe_sign"]["client_id"]
    assert (adobe.status_code, adobe.json()) == (200, {"xAdobeSignClientId": client})
    assert adobe.headers["x-adobesign-clientid"] == client


def test_adobe_registers_with_get(gate: Gate) -> None:
    client = HOOKS["adobe_sign"]["client_id"]
    asked = gate.client.get(address("adobe_sign"), headers={"X-AdobeSign-ClientId": client})
    assert (asked.status_code, asked.headers["x-adobesign-clientid"]) == (200, client)
    assert gate.client.get(address("adobe_sign"), headers={"X-AdobeSign-ClientId": "other"}).status_code == 401
    assert gate.client.get("/hooks/adobe_sign", headers={"X-AdobeSign-ClientId": client}).status_code == 401
    assert gate.client.get("/hooks/stripe").status_code == 405
    assert gate.client.get("/hooks/none").status_code == 404


def test_reordered_and_doubled_batches_leave_each_event_once(gate: Gate) -> None:
    def event(n: int) -> bytes:
        body = {"type": "deal.updated", "id": f"e{n}", "data": {"deal_id": str(n)}}
        return json.dumps(body).encode()

    calls = [made("signed", event(n)) for n in range(30)] * 5
    random.Random(7).shuffle(calls)
    assert {gate.send("signed", *call).status_code for call in calls} == {202}
    assert sorted(row["dedupe_key"] for row in gate.rows()) == sorted(f"e{n}" for n in range(30))


@pytest.mark.parametrize("scheme", [one for one in HOOKS if one not in ("odoo", "adobe_sign", "salesforce")])
def test_forged_and_stale_leave_nothing(gate: Gate, scheme: str) -> None:
    headers, body = made(scheme)
    # Of Dropbox Sign only the time and the type are signed.
    changed = body.replace(b"20", b"21", 1) if b"20" in body else body.replace(b"a", b"b", 1)
    if scheme == "dropbox_sign":
        changed = body.replace(b'"event_time":"1', b'"event_time":"2')
    forged = gate.send(scheme, headers, changed)
    assert (forged.status_code, forged.headers["content-type"]) == (401, "application/json")
    gate.now = NOW + timedelta(days=30)
    if scheme not in ("docusign", "gocardless"):  # they sign no time; a repeat is known by its content
        assert gate.send(scheme, headers, body).status_code == 401
    assert gate.rows() == []


def test_a_secret_in_the_address(gate: Gate) -> None:
    headers, body = made("odoo")
    assert gate.send("odoo", headers, body, "/hooks/odoo").status_code == 401
    assert gate.send("odoo", headers, body, f"/hooks/odoo/{ADDRESS_SECRET[:-1]}x").status_code == 401
    assert gate.send("odoo", headers, body, "/hooks/odoo/%E2%82%AC%00").status_code == 401
    assert gate.send("stripe", *made("stripe"), f"/hooks/stripe/{ADDRESS_SECRET}").status_code == 404
    assert gate.rows() == []


def test_unknown_and_malformed(gate: Gate) -> None:
    assert gate.send("stripe", *made("stripe"), "/hooks/none").status_code == 404
    for body in (b"", b"[]", b"\xff\xfe", b'{"type": "deal.updated", "data": {"deal_ref": ', b"null"):
        headers, _ = made("signed", body)
        assert gate.send("signed", headers, body).status_code == 400
    assert gate.counted("dealbooks_hook_refused_total") == 6
    assert gate.counted('dealbooks_hook_refused_total{hook="-",reason="unknown"}') == 1


def test_what_is_of_no_interest_is_acknowledged(gate: Gate) -> None:
    body = b'{"id":"evt_1","type":"customer.created","livemode":true,"data":{"object":{"id":"cus"}}}'
    assert gate.send("stripe", *made("stripe", body)).status_code == 202
    assert gate.rows() == []
    assert gate.counted("dealbooks_hook_events_ignored_total") == 1


@pytest.mark.parametrize("lie", [None, "10"])
def test_ten_megabytes_are_refused(gate: Gate, lie: str | None) -> None:
    """With a Content-Length that is true, that lies, and with none (chunked)."""

    def chunks() -> Iterator[bytes]:
        for _ in range(160):
            yield b"x" * 65_536

    headers, _ = made("stripe", b"{}")
    answer = gate.send("stripe", headers | ({"Content-Length": lie} if lie else {}), chunks())
    assert answer.status_code == 413
    whole = gate.send("stripe", headers, b"x" * (1024 * 1024 + 1))
    assert (whole.status_code, whole.headers["connection"]) == (413, "close")
    just = gate.send("stripe", *made("stripe", b" " * (1024 * 1024)))
    assert just.status_code == 400


def test_adobe_may_send_ten_megabytes(gate: Gate) -> None:
    headers, body = made("adobe_sign")
    event = json.loads(body)
    event["agreement"]["signedDocumentInfo"] = {"document": "x" * 9_000_000}
    assert gate.send("adobe_sign", headers, json.dumps(event).encode()).status_code == 200
    [row] = gate.rows()
    assert len(row["body"]) < 1000


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "gzip, identity"])
def test_compressed_bodies_are_not_opened(gate: Gate, encoding: str) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    headers, _ = made("stripe", bomb)
    assert gate.send("stripe", headers | {"Content-Encoding": encoding}, bomb).status_code == 415
    assert gate.send("stripe", headers, bomb).status_code == 400


def test_a_sender_that_calls_too_often_waits(tmp_path: Path) -> None:
    gate = Gate(tmp_path, hubspot={"per_minute": 6}, stripe={"per_minute": 6})
    with gate.client:
        assert gate.send("stripe", *made("stripe")).status_code == 202
        refused = gate.send("stripe", *made("stripe"))
        assert (refused.status_code, int(refused.headers["retry-after"]) in range(1, 11)) == (429, True)
        assert gate.send("hubspot", *made("hubspot")).status_code == 202
        in_milliseconds = gate.send("hubspot", *made("hubspot"))
        assert int(in_milliseconds.headers["retry-after"]) in range(1000, 10_001, 1000)


def test_pace_lets_a_burst_through_and_then_the_rate() -> None:
    pace = Pace()
    assert [pace.wait("h", "a", 60, 0.0) for _ in range(11)] == [0] * 10 + [1]
    assert pace.wait("h", "b", 60, 0.0) == 0
    assert [pace.wait("h", "a", 60, 2.0) for _ in range(3)] == [0, 0, 1]
    for n in range(20_000):
        pace.wait("h", str(n), 60, 3.0)
    assert len(pace._paid_until) <= 10_000


def test_when_it_cannot_be_stored_the_sender_is_told_to_come_again(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(_self: Writer, _rows: Any) -> int:
        raise NotWritten("full")

    monkeypatch.setattr(Writer, "write", full)
    answer = gate.send("salesforce", *made("salesforce"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "Ack" not in answer.text
    assert gate.counted('dealbooks_hook_refused_total{hook="salesforce",reason="full"}') == 1


def test_the_row_says_what_the_intake_needs(tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    body = {
        "type": "payment.received", "timestamp": "2026-10-01T08:59:00Z",
        "data": {"deal_ref": "crm:7", "amount": "100.00", "currency": "GBP", "reference": "INV-7 Smith"},
    }  # fmt: skip
    with gate.client:
        gate.send("standard", *made("standard", json.dumps(body).encode()))
    [row] = gate.rows()
    assert set(row) == set(events.c.keys())
    assert (row["state"], row["deal_id"], row["kind"], row["deal_ref"]) == ("new", None, "payment.received", "crm:7")
    assert (row["text"], row["amount"], row["occurred_at"]) == ("INV-7 Smith", "100.00", "2026-10-01T08:59:00.000000Z")
    assert json.loads(row["body"]) == body


def test_metrics_tell_nothing_of_a_sender(gate: Gate) -> None:
    gate.send("stripe", *made("stripe"))
    gate.send("odoo", *made("odoo"), "/hooks/odoo/customer-smith-secret")
    gate.send("stripe", *made("stripe"), "/hooks/smith")
    shown = gate.client.get("/metrics").text
    assert 'dealbooks_hook_seconds_count{hook="stripe"} 1.0' in shown
    assert "dealbooks_hook_waiting 0.0" in shown
    assert not [word for word in ("smith", "testclient", ADDRESS_SECRET, "whsec") if word in shown]
