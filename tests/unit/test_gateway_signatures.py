"""Signatures: known answers, what the vendors' own kits sign, and what must be refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import docusign_esign
import pytest
import standardwebhooks
import stripe
from gateway_support import ADDRESS_SECRET, HOOKS, NOW, ORGANISATION, WHSEC, hook, made, small
from hubspot.utils.signature import Signature
from hypothesis import given, settings
from hypothesis import strategies as st

from dealbooks.canonical import canonical_json
from dealbooks.config_told import HookConfig
from gateway.schemes import SCHEMES, Malformed, Refused
from gateway.schemes.dropbox_sign import form

SIGNED = ("standard", "signed", "hubspot", "docusign", "stripe", "gocardless")  # over the whole body
TIMED = ("standard", "signed", "hubspot", "stripe")
AT = datetime(2026, 3, 14, 16, 5, tzinfo=UTC)  # 1773504300


def _verify(
    scheme: str, headers: dict[str, str], body: bytes, config: HookConfig | None = None, now: datetime = NOW
) -> None:
    SCHEMES[scheme].verify(small(headers), body, config or hook(scheme), now)


def _refused(
    scheme: str, headers: dict[str, str], body: bytes, config: HookConfig | None = None, now: datetime = NOW
) -> str:
    with pytest.raises(Refused) as error:
        _verify(scheme, headers, body, config, now)
    return error.value.reason


def test_standard_webhooks_known_answer() -> None:
    body = b'{"type":"deal.completed","timestamp":"2026-03-14T16:05:00Z","data":{"deal_id":"A-104233"}}'
    headers = {
        "webhook-id": "msg_01A104233", "webhook-timestamp": "1773504300",
        "webhook-signature": "v1a,xyz v1,GTK1pbzJ4Vvzy4b2Uvcp0DGFuLS7m8KrFnY0O5D1P2g=",
    }  # fmt: skip
    _verify("standard", headers, body, now=AT)
    _verify("standard", {name.replace("webhook", "svix"): value for name, value in headers.items()}, body, now=AT)
    assert _refused("standard", headers | {"webhook-id": "msg_02"}, body, now=AT) == "signature"


def test_docusign_known_answer() -> None:
    body = b'{"event":"envelope-completed","data":{"envelopeId":"5d0c9b1e-3a77-4c55-9d0e-2f6a1c104233"}}'
    good = "VgAINBbKTO6xDC3S6gwb0PSHcJSCV+8RSgDbZYfbq2Q="
    _verify("docusign", {"X-DocuSign-Signature-1": good}, body)
    _verify("docusign", {"X-DocuSign-Signature-1": "b3RoZXI=", "X-DocuSign-Signature-100": good}, body)
    assert _refused("docusign", {"X-DocuSign-Signature-101": good}, body) == "unsigned"


def test_stripe_known_answer() -> None:
    body = b'{"id":"evt_A104233","type":"payment_intent.succeeded"}'
    good = "70f11d979f3dfad11c0e0c6854ce5cbb5a1cbecce19dfe415464e4c94894f092"
    _verify("stripe", {"Stripe-Signature": f"t=1773504300,v1={'0' * 64},v1={good},v0=abc"}, body, now=AT)
    assert _refused("stripe", {"Stripe-Signature": f"t=1773504300,v0={good}"}, body, now=AT) == "unsigned"


def test_dropbox_sign_known_answer() -> None:
    event = {
        "event_time": "1773504300", "event_type": "signature_request_all_signed",
        "event_hash": "a714348f669cb6a3e1ea9bb58eb8e65fb29c4bb1adb5e2f96486fe4f3a6921b4",
    }  # fmt: skip
    _verify("dropbox_sign", {}, form(canonical_json({"event": event})), now=AT)
    later = form(canonical_json({"event": event | {"event_time": "1773504301"}}))
    assert _refused("dropbox_sign", {}, later, now=AT) == "signature"
    assert _refused("dropbox_sign", {}, form(canonical_json({"event": event})), now=AT + timedelta(days=5)) == "stale"


def test_gocardless_known_answer() -> None:
    body = (
        b'{"events":[{"id":"EV000A104233","resource_type":"payments","action":"confirmed",'
        b'"links":{"payment":"PM000A104233"}}],"meta":{"webhook_id":"WB000A104233"}}'
    )
    good = "863babefcf80877f51813347c006f125b1fba4392d73aca4dc7fbfe5fc6077a9"
    _verify("gocardless", {"Webhook-Signature": good}, body)


@pytest.mark.parametrize(
    ("secret", "url", "body", "at", "good"),
    [
        (
            "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy", "https://www.example.com/webhook_uri",
            b"{'example_field':'example_value'}", 1693657560000, "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=",
        ),
        (
            "hubspot-client-secret-01", "https://gateway.example.test/hooks/hubspot",
            b'[{"eventId":7001,"subscriptionId":51,"portalId":4242,"appId":99,"occurredAt":1790000000000,'
            b'"subscriptionType":"deal.propertyChange","attemptNumber":0,"objectId":31415,"propertyName":"dealstage",'
            b'"propertyValue":"closedwon","changeSource":"CRM_UI"}]',
            1790000001000, "AA+nUry2XhyBvAE56b/ivGAkyADW7zYR1gGlkQirxQ8=",
        ),
    ],
)  # fmt: skip
def test_hubspot_known_answers(secret: str, url: str, body: bytes, at: int, good: str) -> None:
    config = hook("hubspot", secrets=[secret], url=url)
    now = datetime.fromtimestamp(at / 1000, UTC)
    headers = {"X-HubSpot-Signature-v3": good, "X-HubSpot-Request-Timestamp": str(at)}
    _verify("hubspot", headers, body, config, now)
    other = hook("hubspot", secrets=[secret], url=url + "/")
    assert _refused("hubspot", headers, body, other, now) == "signature"


def test_our_own_known_answer() -> None:
    body = b'{"schema":"deal.v1","source":"google_sheets","source_deal_id":"GS-1042","event":"deal.delivered"}'
    good = "sha256=ab460e6260576745d34e714afdf04d6132d2322d583cdbe492d173b96428aaf3"
    now = datetime.fromtimestamp(1790000001, UTC)
    _verify("signed", {"X-Gateway-Timestamp": "1790000001", "X-Gateway-Signature": good}, body, now=now)


# What the vendors' own kits sign is taken, and nothing that differs from it by one byte.
def _by_stripe(body: str) -> dict[str, str]:
    made_by = stripe.WebhookSignature.generate_signature_header(body, "whsec_test_stripe", int(NOW.timestamp()))
    return {"Stripe-Signature": made_by}


def _by_standard(body: str) -> dict[str, str]:
    signature = standardwebhooks.Webhook(WHSEC).sign("msg_1", NOW, body)
    at = str(int(NOW.timestamp()))
    return {"webhook-id": "msg_1", "webhook-timestamp": at, "webhook-signature": signature}


def _by_hubspot(body: str) -> dict[str, str]:
    at = str(int(NOW.timestamp() * 1000))
    made_by = Signature.get_signature(
        "hubspot-client-secret-01", body, "v3", "https://gateway.example.test/hooks/hubspot", "POST", at
    )
    return {"X-HubSpot-Signature-v3": made_by, "X-HubSpot-Request-Timestamp": at}


def _by_docusign(body: str) -> dict[str, str]:
    """Its kit has models and no signer; this is the recipe of its guide."""
    digest = hmac.new(b"connect-test-key", body.encode(), hashlib.sha256).digest()
    return {"X-DocuSign-Signature-1": base64.b64encode(digest).decode()}


VENDORS = {"stripe": _by_stripe, "standard": _by_standard, "hubspot": _by_hubspot, "docusign": _by_docusign}
BODIES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=300)


@pytest.mark.parametrize("scheme", VENDORS)
@settings(deadline=None)
@given(body=BODIES, data=st.data())
def test_what_the_vendor_signs_is_taken_and_a_changed_byte_is_not(scheme: str, body: str, data: st.DataObject) -> None:
    headers, raw = VENDORS[scheme](body), body.encode()
    _verify(scheme, headers, raw)
    place = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda one: one != raw[place]))
    assert _refused(scheme, headers, raw[:place] + bytes([other]) + raw[place + 1 :]) == "signature"
    assert _refused(scheme, headers, raw + b" ") == "signature"


@settings(deadline=None)
@given(body=BODIES)
def test_the_vendors_kits_take_what_we_sign(body: str) -> None:
    """So that `hooks send` proves something."""
    now = datetime.now(UTC)
    headers, _ = made("stripe", body.encode(), now=now)
    assert stripe.WebhookSignature.verify_header(body, headers["Stripe-Signature"], "whsec_test_stripe", tolerance=300)
    headers, _ = made("standard", body.encode(), now=now)
    standardwebhooks.Webhook(WHSEC).verify(body, headers, json_parse=False)
    headers, _ = made("hubspot", body.encode(), now=now)
    assert Signature.is_valid(
        headers["X-HubSpot-Signature-v3"], "hubspot-client-secret-01", body,
        "https://gateway.example.test/hooks/hubspot", "POST", "v3", headers["X-HubSpot-Request-Timestamp"],
    )  # fmt: skip


def test_docusign_models_make_what_we_read() -> None:
    field = docusign_esign.TextCustomField(name="deal_ref", value="crm:0065g00000ABCDE", field_id="1")
    envelope = docusign_esign.Envelope(
        status="completed",
        completed_date_time="2026-03-14T16:04:58.1200000Z",
        custom_fields=docusign_esign.CustomFields(text_custom_fields=[field]),
        email_subject="Your Golf",
    )
    summary = docusign_esign.ApiClient().sanitize_for_serialization(envelope)
    event = {
        "event": "envelope-completed", "generatedDateTime": "2026-03-14T16:05:00.0000000Z",
        "data": {"accountId": "ac1", "envelopeId": "5d0c9b1e", "envelopeSummary": summary},
    }  # fmt: skip
    [hint] = SCHEMES["docusign"].parse({}, canonical_json(event).encode(), hook("docusign")).hints
    assert (hint.kind, hint.deal_ref, hint.object_ids) == (
        "document.signed", "crm:0065g00000ABCDE", {"envelope": "5d0c9b1e"}
    )  # fmt: skip
    assert hint.occurred_at == "2026-03-14T16:04:58.120000Z"


# What must hold for every scheme.
@pytest.mark.parametrize("scheme", HOOKS)
def test_a_sample_is_proven_and_read(scheme: str) -> None:
    headers, body = made(scheme)
    _verify(scheme, headers, body)
    parsed = SCHEMES[scheme].parse(small(headers), body, hook(scheme))
    assert [hint.is_sample for hint in parsed.hints] == [True]


@pytest.mark.parametrize("scheme", SIGNED)
def test_rotation_of_secrets(scheme: str) -> None:
    old = hook(scheme).secrets[0]
    new = "whsec_" + base64.b64encode(b"n" * 32).decode()
    headers, body = made(scheme, secret=old)
    _verify(scheme, headers, body, hook(scheme, secrets=[new, old]))
    assert _refused(scheme, headers, body, hook(scheme, secrets=[new])) == "signature"
    newer, body = made(scheme, secret=new)
    _verify(scheme, newer, body, hook(scheme, secrets=[new, old]))


@pytest.mark.parametrize("scheme", TIMED)
@pytest.mark.parametrize(("off", "good"), [(299, True), (-299, True), (302, False), (-302, False)])
def test_the_window_is_five_minutes_to_both_sides(scheme: str, off: int, good: bool) -> None:
    headers, body = made(scheme)
    now = NOW + timedelta(seconds=off)
    if good:
        _verify(scheme, headers, body, now=now)
    else:
        assert _refused(scheme, headers, body, now=now) == "stale"


@pytest.mark.parametrize("scheme", [*SIGNED, "adobe_sign"])
def test_unsigned_is_refused(scheme: str) -> None:
    _, body = made(scheme)
    assert _refused(scheme, {}, body) == "unsigned"


def test_another_organisation_is_refused() -> None:
    headers, body = made("salesforce")
    _verify("salesforce", headers, body, hook("salesforce", organization_id=ORGANISATION[:15]))
    assert _refused("salesforce", headers, body, hook("salesforce", organization_id="00D5e000000ZZZZ")) == "account"
    lowered = hook("salesforce", organization_id=ORGANISATION.lower())
    assert _refused("salesforce", headers, body, lowered) == "account"


def test_hubspot_v2_only_where_it_is_allowed_and_alone() -> None:
    body, url = b'{"id":"1"}', "https://gateway.example.test/hooks/hubspot"
    v2 = {"X-HubSpot-Signature": Signature.get_signature("hubspot-client-secret-01", body.decode(), "v2", url, "POST")}
    _verify("hubspot", v2, body, hook("hubspot", legacy=True))
    assert _refused("hubspot", v2, body) == "unsigned"
    beside = v2 | {"X-HubSpot-Signature-v3": "bad", "X-HubSpot-Request-Timestamp": "1790000001000"}
    assert _refused("hubspot", beside, body, hook("hubspot", legacy=True)) == "signature"


HEADER_NAMES = {
    "standard": ("webhook-id", "webhook-timestamp", "webhook-signature"),
    "signed": ("x-gateway-timestamp", "x-gateway-signature"),
    "hubspot": ("x-hubspot-signature-v3", "x-hubspot-request-timestamp", "x-hubspot-signature"),
    "docusign": ("x-docusign-signature-1", "x-docusign-signature-2"),
    "adobe_sign": ("x-adobesign-clientid",),
    "stripe": ("stripe-signature",),
    "gocardless": ("webhook-signature",),
}
VALUES = st.one_of(
    st.text(st.characters(max_codepoint=255)), st.from_regex(r"t=[0-9]{1,20},v1=[0-9a-f]{4}"), st.just("9" * 40)
)


@pytest.mark.parametrize("scheme", [*HEADER_NAMES, "dropbox_sign", "salesforce"])
@settings(deadline=None)
@given(data=st.data())
def test_nothing_is_taken_by_chance_and_nothing_else_is_raised(scheme: str, data: st.DataObject) -> None:
    names = HEADER_NAMES.get(scheme, ())
    headers = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES)))
    with pytest.raises((Refused, Malformed)):
        _verify(scheme, headers, data.draw(st.binary(max_size=200)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scheme": "hubspot", "secrets": ["s"]}, "url is missing, which hubspot needs"),
        ({"scheme": "stripe"}, "secrets is missing, which stripe needs"),
        ({"scheme": "stripe", "secrets": [" "]}, "one is empty"),
        ({"scheme": "odoo", "secrets": ["short"]}, "16 to 200 letters"),
        ({"scheme": "standard", "secrets": ["whsec_c2hvcnQ="]}, "base64 of at least 16 bytes"),
        ({"scheme": "standard", "secrets": ["whsec_ä"]}, "base64 of at least 16 bytes"),
        ({"scheme": "salesforce", "secrets": [ADDRESS_SECRET]}, "organization_id is missing"),
    ],
)  # fmt: skip
def test_a_hook_that_could_prove_nothing_is_a_configuration_error(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        HookConfig.model_validate(change)


def test_secrets_are_not_shown() -> None:
    assert "dbx-test-api-key" not in repr(hook("dropbox_sign"))
