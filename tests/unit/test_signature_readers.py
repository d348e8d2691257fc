"""Contracts are read at their e-signature provider with our own key; DocuSign's client judges its sandbox."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from canary_support import leaks
from docusign_esign import ApiClient, EnvelopesApi
from docusign_esign.client.api_exception import ApiException
from keys_support import key_pair
from signatures_support import PLATFORMS, START, Providers, basic, hooks, providers

from blocks.register import SIGNATURE_BLOCKS
from blocks.signatures.docusign.settings import DocuSignSettings
from dealbooks import registry
from dealbooks.config import Config
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.signatures import Signature, UnreadableSignature
from sandbox.kit import Fault, as_json
from sandbox.kit.server import serving

SIGNED = datetime(2026, 9, 11, 12, tzinfo=UTC)
every_platform = pytest.mark.parametrize("platform", PLATFORMS)


@pytest.fixture
def at() -> Providers:
    return providers()


def _contract(at: Providers, platform: str, *people: str, **more: Any) -> str:
    """A contract that all have signed two hours after it was sent."""
    hand = at.box(platform).hand
    number = str(hand.send(*people, **more))
    at.clock.sleep((SIGNED - START).total_seconds())
    hand.sign(number)
    return number


def _stored(at: Providers, platform: str, number: str) -> dict[str, Any]:
    """A contract as the stand-in has it."""
    names = {"adobe_sign": "agreements", "docusign": "envelopes", "dropbox_sign": "requests"}
    found: dict[str, Any] = getattr(at.box(platform), names[platform])[number]
    return found


@every_platform
def test_a_contract_that_all_have_signed(at: Providers, platform: str) -> None:
    title = {"adobe_sign": "name", "docusign": "subject", "dropbox_sign": "title"}[platform]
    number = _contract(at, platform, "Ann Lee", "Bo Lee", deal_ref="drop:LEEDS:N-1", **{title: "Order  TMB 123"})
    at.clock.sleep(86_400)
    if platform == "adobe_sign":
        at.adobe_sign.hand.shared(number)  # what happens later is no signature
    found = at.reader(platform).signature(number)
    assert found is not None
    assert (found.id, found.state, found.completed, found.signers) == (number, "signed", SIGNED, 2)
    assert (found.deal_ref, found.live) == ("drop:LEEDS:N-1", True)
    assert found.text.startswith("Order TMB 123")


@every_platform
def test_a_contract_that_some_have_signed_and_one_that_names_no_deal(at: Providers, platform: str) -> None:
    hand = at.box(platform).hand
    number = hand.send("Ann Lee", "Bo Lee")
    hand.sign(number, 0 if platform == "dropbox_sign" else 1)
    found = at.reader(platform).signature(number)
    assert found is not None
    assert (found.state, found.completed, found.deal_ref) == ("pending", None, "")


@pytest.mark.parametrize(
    ("platform", "changes", "state", "why"),
    [
        ("adobe_sign", {"status": "ABORTED"}, "lost", "cancelled"),
        ("adobe_sign", {"status": "EXPIRED"}, "lost", "expired"),
        ("adobe_sign", {"status": "APPROVED"}, "lost", "nobody had to sign"),
        ("adobe_sign", {"status": "A_STATE_OF_TOMORROW"}, "pending", ""),
        ("docusign", {"status": "voided"}, "lost", "voided"),
        ("docusign", {"status": "declined"}, "lost", "declined"),
        ("docusign", {"status": "delivered"}, "pending", ""),
        ("docusign", {"status": "completed", "completedDateTime": "2026-09-11T10:00:00Z"}, "lost", "without"),
        ("dropbox_sign", {"is_declined": True}, "lost", "declined"),
        ("dropbox_sign", {"is_complete": True}, "lost", "without a signature"),
        ("dropbox_sign", {"signatures": [{"status_code": "expired"}]}, "lost", "expired"),
    ],
)
def test_what_became_of_a_contract(at: Providers, platform: str, changes: dict[str, Any], state: str, why: str) -> None:
    number = at.box(platform).hand.send(deal_ref="N-1")
    _stored(at, platform, number).update(changes)
    found = at.reader(platform).signature(number)
    assert found is not None
    assert (found.state, why in found.why) == (state, True)


def test_an_envelope_that_only_copies_were_sent_of_is_signed_by_nobody(at: Providers) -> None:
    found = at.reader("docusign").signature(_contract(at, "docusign", copies=1))
    assert found is not None
    assert found.state == "lost"


def test_a_time_with_a_zone_and_one_with_seven_digits(at: Providers) -> None:
    number = _contract(at, "adobe_sign")
    at.adobe_sign.events[number][-1]["date"] = "2026-09-11T05:00:00-07:00"
    envelope = _contract(at, "docusign")
    at.docusign.envelopes[envelope]["completedDateTime"] = "2026-09-11T12:00:00.1234567Z"
    found = [at.reader("adobe_sign").signature(number), at.reader("docusign").signature(envelope)]
    assert [one.completed for one in found if one] == [SIGNED, SIGNED.replace(microsecond=123456)]


@every_platform
def test_a_contract_that_there_is_not_and_what_is_no_id(at: Providers, platform: str) -> None:
    forged = {"docusign": "5d0c9b1e-3a77-4c55-9d0e-ffffffffffff"}.get(platform, "fa5c8a0b0f492d768749333ad6fcc214c111")
    reader = at.reader(platform)
    assert [reader.signature(one) for one in (forged, "../../account", "", "x" * 400)] == [None] * 4
    asked = {
        exchange.status for exchange in reader.exchanges() if "/account" not in exchange.url or forged in exchange.url
    }
    assert asked - {200} == {404}, "what is no id is not asked for"


def test_a_request_that_was_taken_back_is_not_there(at: Providers) -> None:
    number = _contract(at, "dropbox_sign")
    at.dropbox_sign.hand.cancel(number)
    assert at.reader("dropbox_sign").signature(number) is None


def test_the_test_mode_is_told(at: Providers) -> None:
    test = at.reader("dropbox_sign").signature(_contract(at, "dropbox_sign", test_mode=True))
    assert test is not None
    assert test.live is False
    for changes in ({"live": False}, {"base_url": "https://demo.docusign.net"},
                    {"account_url": "https://account-d.docusign.com"}):  # fmt: skip
        assert DocuSignSettings.model_validate(changes).is_live is False
    assert DocuSignSettings().is_live is True


@every_platform
@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.TIMEOUT_BEFORE, Fault.REFUSED, Fault.RESET])
def test_a_provider_that_is_down_stops_the_connection(at: Providers, platform: str, fault: Fault) -> None:
    number = _contract(at, platform)
    at.faults.order([fault] * 50, "read")
    with pytest.raises(StopConnection):
        at.reader(platform).signature(number)
    at.faults.calm()
    assert at.reader(platform).signature(number) is not None


@every_platform
def test_a_blip_is_not_told_to_anybody(at: Providers, platform: str) -> None:
    number = _contract(at, platform)
    at.faults.order([Fault.SERVER_ERROR, Fault.RESET, Fault.LIMIT_MINUTE], "read")
    assert at.reader(platform).signature(number) is not None


@every_platform
def test_what_is_right_has_no_problems(at: Providers, platform: str) -> None:
    assert at.reader(platform).problems() == []


def test_a_key_that_is_wrong_says_what_to_do(at: Providers) -> None:
    wrong = {"adobe_sign": {"token": "another"}, "dropbox_sign": {"api_key": "another"}}
    for platform, given in wrong.items():
        number = _contract(at, platform)
        reader = at.reader(platform, **given)
        with pytest.raises(StopConnection) as raised:
            reader.signature(number)
        assert next(iter(given)) in raised.value.fix
        assert len(reader.problems()) == 1


def test_an_account_that_is_kept_elsewhere_is_told(at: Providers) -> None:
    at.adobe_sign.access_point = "https://api.eu1.adobesign.com"
    number = _contract(at, "adobe_sign")
    assert "Write base_url: https://api.eu1.adobesign.com" in at.reader("adobe_sign").problems()[0]
    with pytest.raises(StopConnection, match="INVALID_API_ACCESS_POINT"):
        at.reader("adobe_sign").signature(number)
    at.docusign.base_uri = "https://eu.docusign.net"
    assert "Write base_url: https://eu.docusign.net" in at.reader("docusign").problems()[0]
    assert "account_id" in at.reader("docusign", account_id="another").problems()[0]
    with pytest.raises(StopConnection, match="USER_LACKS_MEMBERSHIP"):
        at.reader("docusign", account_id="another").signature(_contract(at, "docusign"))


def test_a_contract_that_our_key_may_not_read_stops_no_other(at: Providers) -> None:
    number = _contract(at, "adobe_sign")
    at.adobe_sign.settings = type(at.adobe_sign.settings)(scopes=frozenset(("user_read",)))
    with pytest.raises(UnreadableSignature) as raised:
        at.reader("adobe_sign").signature(number)
    assert "another account" in raised.value.fix


def test_too_many_calls_for_one_envelope_stop_the_connection(at: Providers, monkeypatch: pytest.MonkeyPatch) -> None:
    """DocuSign said it with 400 until 2026; the envelope is not to blame."""
    number = _contract(at, "docusign")
    perform = at.docusign.perform
    said = as_json({"errorCode": "Hourly_Envelope_Polling_Limit_Exceeded", "message": "Too many calls."}, 400)
    monkeypatch.setattr(at.docusign, "perform", lambda call: said if "/envelopes/" in call.path else perform(call))
    with pytest.raises(StopConnection, match="Polling_Limit"):
        at.reader("docusign").signature(number)


def test_docusign_gives_no_token(at: Providers) -> None:
    number = _contract(at, "docusign")
    at.docusign.identity.consent = False
    with pytest.raises(StopConnection, match="consent_required") as raised:
        at.reader("docusign").signature(number)
    assert "/oauth/auth?response_type=code&scope=signature+impersonation" in raised.value.fix
    at.docusign.identity.consent = True
    for given in ({"client_id": "another"}, {"user_id": "another"}, {"account_url": "https://account-d.docusign.com"}):
        with pytest.raises(StopConnection, match="no token"):
            at.reader("docusign", **given).signature(number)
    with pytest.raises(StopConnection, match="private key cannot be read") as unread:
        at.reader("docusign", private_key="-----BEGIN RSA PRIVATE KEY-----").signature(number)
    assert unread.value.__cause__ is None


def test_a_token_of_docusign_is_used_until_it_ends_or_is_refused(at: Providers) -> None:
    number, reader = _contract(at, "docusign"), at.reader("docusign")
    for _ in range(3):
        assert reader.signature(number) is not None
    assert at.docusign.identity.issued == 1
    at.clock.sleep(3600.0)
    assert reader.signature(number) is not None
    at.docusign.identity.revoke()
    assert reader.signature(number) is not None
    assert at.docusign.identity.issued == 3


@pytest.mark.parametrize(
    ("platform", "wrong"),
    [
        ("adobe_sign", {"id": "another"}), ("adobe_sign", {"status": None}), ("adobe_sign", {"externalId": ["N-1"]}),
        ("adobe_sign", {"externalId": {"id": {}}}),
        ("docusign", {"envelopeId": "another"}), ("docusign", {"status": 1}), ("docusign", {"recipients": ["x"]}),
        ("docusign", {"customFields": {"textCustomFields": {"deal_ref": "N-1"}}}),
        ("docusign", {"completedDateTime": "soon"}), ("docusign", {"completedDateTime": "1970-01-01T00:00:00Z"}),
        ("dropbox_sign", {"signature_request_id": "another"}), ("dropbox_sign", {"is_complete": "true"}),
        ("dropbox_sign", {"metadata": ["x"]}), ("dropbox_sign", {"metadata": {"deal_ref": ["N-1"]}}),
        ("dropbox_sign", {"signatures": [{"status_code": "signed", "signed_at": 10**18}]}),
        ("dropbox_sign", {"signatures": {"0": "signed"}}),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_understood_is_never_a_signature(
    at: Providers, platform: str, wrong: dict[str, Any]
) -> None:
    number = _contract(at, platform, deal_ref="N-1")
    _stored(at, platform, number).update(wrong)
    with pytest.raises(UnreadableSignature):
        at.reader(platform).signature(number)


def test_an_agreement_that_is_signed_and_nobody_knows_when(at: Providers) -> None:
    number = _contract(at, "adobe_sign")
    at.adobe_sign.events[number] = []
    with pytest.raises(UnreadableSignature):
        at.reader("adobe_sign").signature(number)


def test_a_signed_contract_has_a_time_and_somebody_who_signed_it() -> None:
    for said in ({"signers": 1}, {"completed": SIGNED}):
        with pytest.raises(ValueError, match="signed"):
            Signature("1", "signed", live=True, **said)


@every_platform
def test_no_secret_shows_in_what_was_said(at: Providers, platform: str) -> None:
    number, reader = _contract(at, platform), at.reader(platform)
    assert reader.signature(number) is not None
    reader.problems()
    said = f"{reader.exchanges()!r}".encode()
    assert number.encode() in said
    secrets = {
        "adobe_sign": [at.adobe_sign.settings.token],
        "docusign": [key_pair()[0], *at.docusign.identity._tokens],
        "dropbox_sign": [at.dropbox_sign.settings.api_key, basic(at.dropbox_sign.settings.api_key)],
    }[platform]
    assert not leaks({"said": said}, secrets)


@every_platform
def test_settings_are_checked(platform: str) -> None:
    build = registry.signature_platform(platform).build
    with pytest.raises(ConfigError, match=r"signatures\.esign has no "):
        build(name="esign", settings={})
    with pytest.raises(ConfigError, match=r"signatures\.esign: colour is not known"):
        build(name="esign", settings={"colour": "red"})
    with pytest.raises(ConfigError, match="base_url"):
        build(name="esign", settings=dict(registry.SIGNATURES[platform].example) | {"base_url": "ftp://x"})
    assert build(name="esign", settings=dict(registry.SIGNATURES[platform].example)) is not None
    block: Any = SIGNATURE_BLOCKS[platform]()
    assert "has no " in block.check()[0]


def test_an_entry_names_a_hook_of_its_own_scheme(at: Providers) -> None:
    given: dict[str, Any] = {"books": {}, "sources": {}, "hooks": hooks(at)}
    for hook in ("nowhere", "docusign"):
        with pytest.raises(ValueError, match=r"signatures\.contracts\.hook: there is no hook"):
            Config.model_validate(given | {"signatures": {"contracts": {"platform": "adobe_sign", "hook": hook}}})
    one = {"platform": "docusign", "hook": "docusign"}
    with pytest.raises(ValueError, match="same hook"):
        Config.model_validate(given | {"signatures": {"one": one, "two": one}})


def test_docusigns_own_client_reads_the_sandbox(at: Providers) -> None:
    number, own = _contract(at, "docusign", deal_ref="N-1"), at.docusign.settings
    token = at.reader("docusign")
    assert token.signature(number) is not None
    access = next(iter(at.docusign.identity._tokens))
    with serving(at.docusign) as address:
        client = ApiClient(host=f"{address}/restapi")
        client.set_default_header("Authorization", f"Bearer {access}")
        client.set_base_path(f"{address}/restapi")
        envelopes = EnvelopesApi(client)
        found = envelopes.get_envelope(own.account_id, number, include="custom_fields,recipients")
        assert (found.envelope_id, found.status) == (number, "completed")
        assert found.custom_fields.text_custom_fields[0].value == "N-1"
        assert found.recipients.signers[0].signed_date_time == found.completed_date_time
        assert envelopes.get_envelope(own.account_id, number).recipients is None
        with pytest.raises(ApiException) as raised:
            envelopes.get_envelope(own.account_id, number.replace("5d0c", "ffff"))
        assert raised.value.status == 404


def test_the_examples_of_the_manual_are_settings() -> None:
    text = (Path(__file__).parents[2] / "docs" / "signatures.md").read_text(encoding="utf-8")
    first = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0]
    given = yaml.safe_load(re.sub(r"\$\{(\w+)\}", r"\1-of-an-example", first))
    config = Config.model_validate({"books": {}, "sources": {}} | given)
    assert {one.platform for one in config.signatures.values()} == set(PLATFORMS)
    for name, entry in config.signatures.items():
        assert registry.signature_platform(entry.platform).build(name=name, settings=entry.settings)
