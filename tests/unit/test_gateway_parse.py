"""What each sender's body says: kinds, keys, references; and that no body makes a parser fall over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gateway_support import HOOKS, ORGANISATION, hook
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dealbooks.config_told import HookConfig
from dealbooks.events import KINDS, Hint
from gateway.schemes import SCHEMES, Malformed, Parsed
from gateway.schemes.dropbox_sign import form
from gateway.schemes.values import MOST_ITEMS, from_minor, kept, key_of, moment, text


def _parse(scheme: str, body: Any, config: HookConfig | None = None, headers: dict[str, str] | None = None) -> Parsed:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SCHEMES[scheme].parse(headers or {"webhook-id": "msg_1"}, raw, config or hook(scheme))


def _one(scheme: str, body: Any, config: HookConfig | None = None) -> Hint:
    [hint] = _parse(scheme, body, config).hints
    return hint


def _told(scheme: str, body: Any, config: HookConfig | None = None) -> list[tuple[str, str]]:
    return [(hint.kind, hint.object_ids.get("deal", "")) for hint in _parse(scheme, body, config).hints]


def _hubspot(**changes: Any) -> dict[str, Any]:
    event = {
        "eventId": 7001, "subscriptionId": 51, "portalId": 4242, "appId": 99, "occurredAt": 1790000000000,
        "subscriptionType": "deal.propertyChange", "attemptNumber": 0, "objectId": 31415,
        "propertyName": "dealstage", "propertyValue": "closedwon", "changeSource": "CRM_UI",
    }  # fmt: skip
    return event | changes


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, [("deal.updated", "31415")]),
        ({"subscriptionType": "object.propertyChange", "objectTypeId": "0-3"}, [("deal.updated", "31415")]),
        ({"subscriptionType": "object.propertyChange", "objectTypeId": "0-1"}, []),
        ({"subscriptionType": "deal.deletion"}, [("deal.voided", "31415")]),
        ({"subscriptionType": "deal.merge", "primaryObjectId": 9, "mergedObjectIds": [31415]}, [("deal.updated", "9")]),
        ({"subscriptionType": "contact.propertyChange"}, []),
        ({"subscriptionType": "deal.somethingNew"}, []),
        ({"portalId": 1}, []),
    ],
)
def test_hubspot_events(change: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert _told("hubspot", [_hubspot(**change)], hook("hubspot", account="4242")) == told


def test_hubspot_tells_a_repeat_from_another_change() -> None:
    """eventId is not unique, and attemptNumber changes with every try."""
    key = _one("hubspot", [_hubspot()]).dedupe_key
    assert _one("hubspot", [_hubspot(eventId=1, attemptNumber=3)]).dedupe_key == key
    others = [{"occurredAt": 1790000000001}, {"propertyValue": "lost"}, {"objectId": 1}, {"portalId": 2}]
    assert key not in {_one("hubspot", [_hubspot(**change)]).dedupe_key for change in others}
    assert len(_one("hubspot", [_hubspot(propertyValue="x" * 9000)]).dedupe_key) <= 200


def test_hubspot_workflow_sends_the_deal_itself() -> None:
    hint = _one("hubspot", {"id": "31415", "properties": {"dealname": "Golf"}, "updatedAt": "2026-09-21T14:13:20Z"})
    assert (hint.kind, hint.object_ids, hint.text) == ("deal.updated", {"deal": "31415"}, "Golf")
    assert hint.occurred_at == "2026-09-21T14:13:20.000000Z"


def test_one_bad_event_does_not_hold_back_the_others() -> None:
    parsed = _parse("hubspot", [_hubspot(), 7, _hubspot(objectId=None), _hubspot(subscriptionType="contact.creation")])
    assert (len(parsed.hints), parsed.ignored, parsed.unreadable) == (1, 1, 2)
    with pytest.raises(Malformed):
        _parse("hubspot", [7])


def _soap(count: int, *, fields: str = "<sf:StageName>Closed Won</sf:StageName>", head: str = "") -> bytes:
    notifications = "".join(
        f'<Notification><Id>04l{n}</Id><sObject xsi:type="sf:Opportunity" '
        f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>006{n}</sf:Id>{fields}</sObject></Notification>'
        for n in range(count)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{ORGANISATION}</OrganizationId><SessionId>00Dsecret!session</SessionId>{notifications}"
        "</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def test_salesforce_up_to_100_notifications() -> None:
    found = _parse("salesforce", _soap(100)).hints
    assert [hint.object_ids["deal"] for hint in found] == [f"006{n}" for n in range(100)]
    assert {hint.kind for hint in found} == {"deal.updated"}
    assert len({hint.dedupe_key for hint in found}) == 100
    assert not any("secret" in hint.body for hint in found)
    with pytest.raises(Malformed, match="more than 100"):
        _parse("salesforce", _soap(101))
    with pytest.raises(Malformed, match="no Notification"):
        _parse("salesforce", _soap(0))


_LAUGHS = "<!DOCTYPE lolz [<!ENTITY lol 'lol'>" + "".join(
    f"<!ENTITY lol{n} '{f'&lol{n - 1 or str()};' * 10}'>" for n in range(1, 10)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        (_LAUGHS, "<sf:Name>&lol9;</sf:Name>"),
        ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>", "<sf:Name>&x;</sf:Name>"),
        ("<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'>", ""),
        ("<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/p'> %p;]>", ""),
        ("", "<sf:Name>&undefined;</sf:Name>"),
    ],
)
def test_xml_with_a_document_type_is_refused(head: str, fields: str) -> None:
    with pytest.raises(Malformed):
        _parse("salesforce", _soap(1, head=head, fields=fields))
    with pytest.raises(Malformed):
        SCHEMES["salesforce"].verify({}, _soap(1, head=head, fields=fields), hook("salesforce"), None)  # type: ignore[arg-type]


def test_deep_xml_and_deep_json_are_read_or_refused() -> None:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    [hint] = _parse("salesforce", _soap(1, fields=deep)).hints
    assert hint.object_ids["deal"] == "0060"
    for scheme in ("standard", "stripe", "gocardless", "docusign", "odoo", "adobe_sign", "hubspot"):
        with pytest.raises(Malformed):
            _parse(scheme, b"[" * 100_000 + b"]" * 100_000)


def _stripe(kind: str, about: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": "evt_1", "type": kind, "livemode": True, "created": 1773504300, "data": {"object": about},
    } | changes  # fmt: skip


def test_stripe_payment() -> None:
    about = {
        "id": "pi_1", "object": "payment_intent", "amount_received": 3500, "currency": "jpy",
        "latest_charge": {"id": "ch_1"}, "metadata": {"deal_ref": "crm:A-104233", "vin": "WVWZZZ1KZAW000123"},
        "description": "Golf",
    }  # fmt: skip
    hint = _one("stripe", _stripe("payment_intent.succeeded", about))
    assert (hint.kind, hint.deal_ref, hint.dedupe_key) == ("payment.received", "crm:A-104233", "evt_1")
    assert hint.object_ids == {"payment_intent": "pi_1", "charge": "ch_1"}
    assert (hint.amount, hint.currency) == ("3500", "JPY")
    assert hint.occurred_at == "2026-03-14T16:05:00.000000Z"
    assert "WVWZZZ1KZAW000123" in hint.text


@pytest.mark.parametrize(
    ("event", "kinds"),
    [
        (_stripe("checkout.session.completed", {"id": "cs", "payment_status": "paid"}), ["payment.received"]),
        (_stripe("checkout.session.completed", {"id": "cs", "payment_status": "unpaid"}), []),
        (_stripe("charge.dispute.created", {"id": "dp", "object": "dispute", "charge": "ch"}), ["payment.lost"]),
        (_stripe("customer.created", {"id": "cus"}), []),
        (_stripe("payment_intent.succeeded", {"id": "pi"}, livemode=False), []),
        (_stripe("payment_intent.succeeded", {"id": "pi"}, account="acct_2"), []),
    ],
)
def test_stripe_events_that_count(event: dict[str, Any], kinds: list[str]) -> None:
    config = hook("stripe", account="acct_1")
    assert [hint.kind for hint in _parse("stripe", {"account": "acct_1"} | event, config).hints] == kinds


def test_gocardless_batch() -> None:
    def event(n: int, action: str, **more: Any) -> dict[str, Any]:
        links = {"payment": f"PM{n}"}
        return {"id": f"EV{n}", "resource_type": "payments", "action": action, "links": links} | more

    body = {
        "events": [
            event(1, "confirmed", resource_metadata={"deal_ref": "crm:1"}), event(2, "charged_back"),
            event(3, "created"), {"id": "EV4", "resource_type": "mandates", "action": "cancelled", "links": {}}, "bad",
        ]
    }  # fmt: skip
    parsed = _parse("gocardless", body)
    assert [(hint.kind, hint.object_ids["payment"], hint.deal_ref) for hint in parsed.hints] == [
        ("payment.received", "PM1", "crm:1"), ("payment.lost", "PM2", ""),
    ]  # fmt: skip
    assert (parsed.ignored, parsed.unreadable) == (2, 1)


def test_e_signatures() -> None:
    adobe = {
        "event": "AGREEMENT_WORKFLOW_COMPLETED", "webhookNotificationId": "n1", "eventDate": "2026-03-14T16:05:00Z",
        "agreement": {"id": "CBJ1", "externalId": {"id": "crm:7"}, "documentsInfo": {"documents": ["long"]}},
    }  # fmt: skip
    hint = _one("adobe_sign", adobe)
    assert (hint.dedupe_key, hint.deal_ref, hint.object_ids) == ("n1", "crm:7", {"agreement": "CBJ1"})
    assert "documentsInfo" not in hint.body
    assert not _parse("adobe_sign", adobe | {"event": "AGREEMENT_CREATED"}).hints
    signed = {
        "event": {"event_type": "signature_request_all_signed", "event_time": "1773504300", "event_hash": "ab"},
        "signature_request": {"signature_request_id": "fa5c", "metadata": {"deal_ref": "crm:8"}},
    }
    raw = form(json.dumps(signed))
    hint = _one("dropbox_sign", raw)
    assert (hint.dedupe_key, hint.deal_ref, hint.occurred_at) == ("ab:fa5c", "crm:8", "2026-03-14T16:05:00.000000Z")
    longer = raw.replace(b'form-data; name="json"', b'form-data; name="json"; filename="a"\r\nContent-Type: text/plain')
    assert _one("dropbox_sign", longer) == hint
    with pytest.raises(Malformed, match="no field json"):
        _parse("dropbox_sign", raw.replace(b'name="json"', b'name="other"'))
    with pytest.raises(Malformed, match="JSON"):
        _parse("docusign", b"<DocuSignEnvelopeInformation/>")


def test_odoo_native_action() -> None:
    told = {
        "_action": "Deal to ledger(#412)", "_id": 77, "_model": "sale.order", "amount_total": 12000.0, "name": "S00077",
        "state": "sale", "write_date": "2026-11-20 14:03:11.482913",
    }  # fmt: skip
    hint = _one("odoo", told)
    assert (hint.kind, hint.object_ids, hint.dedupe_key) == (
        "deal.updated", {"deal": "77"}, "sale.order:77:2026-11-20 14%3A03%3A11.482913"
    )  # fmt: skip
    assert '"amount_total":"12000.0"' in hint.body
    assert _one("odoo", told | {"state": "cancel"}).kind == "deal.voided"
    invoice = _one("odoo", told | {"_model": "account.move", "state": "posted", "invoice_origin": "S00077"})
    assert (invoice.kind, invoice.object_ids) == ("invoice.issued", {"invoice": "77"})
    assert not _parse("odoo", told | {"_model": "res.partner"}).hints


def test_our_own_form() -> None:
    data = {
        "deal_id": "GS-1042", "deal_ref": "sheet:GS-1042", "amount": 12.5, "currency": "GBP",
        "object_ids": {"envelope": "e1", "bad\nname": "x", "nested": {}}, "occurred_at": "2026-03-14T18:05:00+02:00",
    }  # fmt: skip
    hint = _one("standard", {"type": "document.signed", "data": data})
    assert hint.object_ids == {"envelope": "e1", "deal": "GS-1042"}
    assert (hint.amount, hint.occurred_at, hint.dedupe_key) == ("12.5", "2026-03-14T16:05:00.000000Z", "msg_1")
    assert not _parse("standard", {"type": "car.washed", "data": data}).hints
    with pytest.raises(Malformed, match="names no deal"):
        _parse("standard", {"type": "deal.updated", "data": {}})


def test_our_own_scripts_repeats() -> None:
    event = {"type": "deal.updated", "data": {"deal_id": "1"}}
    assert _one("signed", event).dedupe_key == _one("signed", event).dedupe_key
    assert _one("signed", event).dedupe_key != _one("signed", event | {"timestamp": "2026-03-14T16:05:00Z"}).dedupe_key
    assert _one("signed", event | {"id": "a1"}).dedupe_key == "a1"


def test_a_delivery_has_a_most() -> None:
    with pytest.raises(Malformed, match="more than"):
        _parse("gocardless", {"events": [{}] * (MOST_ITEMS + 1)})


def test_a_large_event_keeps_its_hash_only() -> None:
    hint = _one("stripe", _stripe("payment_intent.succeeded", {"id": "pi", "description": "x" * 100_000}))
    assert set(json.loads(hint.body)) == {"characters", "sha256"}


def test_values() -> None:
    assert (text(" a\x00b\ud800 "), text(True), text(None), text(7)) == ("a b", "", "", "7")
    assert (moment("2026-03-14T16:05:00.1234567Z"), moment("soon"), moment(10**15), moment(True)) == (
        "2026-03-14T16:05:00.123456Z", "", "", ""
    )  # fmt: skip
    assert from_minor(350000, "usd") == ("3500.00", "USD")
    assert from_minor(3500, "KWD") == ("3.500", "KWD")
    assert from_minor(1, "dollars") == from_minor(1.5, "usd") == from_minor(True, "usd") == ("", "")
    assert key_of("a:b", "c") != key_of("a", "b:c")


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)
_NAMES = (
    "id", "type", "event", "events", "data", "object", "metadata", "deal_ref", "agreement", "links", "payment",
    "action",
    "resource_type", "subscriptionType", "objectId", "envelopeId", "envelopeSummary", "customFields", "_model", "_id",
    "textCustomFields", "webhookNotificationId", "signature_request", "signature_request_id", "event_type", "created",
    "event_time", "event_hash", "livemode", "currency", "amount_received", "generatedDateTime", "externalId", "deal_id",
)  # fmt: skip
_WORDS = st.sampled_from(
    ("deal.updated", "payment_intent.succeeded", "envelope-completed", "AGREEMENT_WORKFLOW_COMPLETED", "payments",
     "confirmed", "deal.propertyChange", "sale.order", "signature_request_all_signed", "1773504300", "\x00", "\ud800"),
)  # fmt: skip
_LIKE: st.SearchStrategy[Any] = st.recursive(
    _WORDS | _JSON,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=8),
    max_leaves=30,
)


def _all_storable(parsed: Parsed) -> None:
    for hint in parsed.hints:
        assert hint.kind in KINDS
        keys = (hint.dedupe_key, hint.amount, hint.currency, hint.occurred_at)
        assert all(len(one) <= 200 for one in keys)
        for one in (*keys, hint.deal_ref, hint.text, hint.body, json.dumps(dict(hint.object_ids))):
            assert "\x00" not in one.encode().decode()
        assert isinstance(json.loads(hint.body), dict)


@pytest.mark.parametrize("scheme", HOOKS)
@settings(deadline=None)
@given(value=_LIKE)
@example(value=[[[]]])
def test_no_json_makes_a_parser_fall_over(scheme: str, value: Any) -> None:
    raw = json.dumps(value)
    body = form(raw) if scheme == "dropbox_sign" else raw.encode()
    try:
        _all_storable(_parse(scheme, body))
    except Malformed as error:
        assert str(error)


@pytest.mark.parametrize("scheme", HOOKS)
@settings(deadline=None)
@given(body=st.binary(max_size=300))
def test_no_bytes_make_a_parser_fall_over(scheme: str, body: bytes) -> None:
    try:
        _all_storable(_parse(scheme, body))
    except Malformed as error:
        assert str(error)


@settings(deadline=None)
@given(data=st.data())
def test_no_damage_to_soap_makes_the_parser_fall_over(data: st.DataObject) -> None:
    body = bytearray(_soap(2))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        _all_storable(_parse("salesforce", bytes(body)))
    except Malformed as error:
        assert str(error)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "1970-01-01T00:00:00Z", 0, "2100"])
def test_a_time_that_cannot_be_is_none(at: object) -> None:
    assert moment(at) == ""


def test_a_body_too_large_to_be_kept_still_says_its_mode() -> None:
    large = {"type": "document.signed", "payload": "x" * 70_000}
    assert "livemode" not in json.loads(kept(large))
    assert json.loads(kept(large | {"livemode": False}))["livemode"] is False
