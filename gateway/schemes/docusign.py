"""DocuSign Connect in JSON (SIM): up to 100 headers X-DocuSign-Signature-n, each the base64 HMAC-SHA256 of the body by
one of the account's keys. Source: DocuSign's Connect HMAC guide. No time is signed; a repeat is known by its content.
"""

from __future__ import annotations

from datetime import datetime

from dealbooks.canonical import canonical_json
from dealbooks.config_told import HookConfig
from dealbooks.events import SAMPLE, Hint
from dealbooks.store.db import stamp
from gateway.schemes.base import Headers, Malformed, Parsed, Refused
from gateway.schemes.proof import hmac_base64, need_match
from gateway.schemes.values import ids, joined, kept, key_of, moment, need_text, part, read_object, text

_HEADER = "x-docusign-signature-"
_MOST_HEADERS = 100
_HEAVY = ("documents", "envelopeDocuments", "folders", "powerForm", "recipients", "sender")


def verify(headers: Headers, body: bytes, hook: HookConfig, _now: datetime) -> None:
    """Raises Refused."""
    given = [found for n in range(1, _MOST_HEADERS + 1) if (found := headers.get(f"{_HEADER}{n}"))]
    if not given:
        raise Refused("unsigned", "The header X-DocuSign-Signature-1 is missing.")
    need_match(given, [hmac_base64(secret.encode(), body) for secret in hook.secrets])


def parse(_headers: Headers, body: bytes, hook: HookConfig) -> Parsed:
    """A completed envelope. Raises Malformed."""
    if body.lstrip()[:1] == b"<":
        raise Malformed("The body is XML: set the Connect configuration to JSON (SIM).")
    found = read_object(body)
    event, data = need_text(found, "event"), part(found, "data")
    other_account = bool(hook.account) and text(data.get("accountId")) != hook.account
    if event != "envelope-completed" or other_account:
        return Parsed((), ignored=1)
    envelope, made = need_text(data, "envelopeId"), text(found.get("generatedDateTime"))
    summary = part(data, "envelopeSummary")
    custom = part(summary, "customFields").get("textCustomFields")
    fields = {
        text(one.get("name")): text(one.get("value"))
        for one in (custom if isinstance(custom, list) else ())
        if isinstance(one, dict)
    }
    light = {name: value for name, value in summary.items() if name not in _HEAVY}
    hint = Hint(
        kind="document.signed",
        dedupe_key=key_of(envelope, event, made),
        body=kept(found | {"data": data | {"envelopeSummary": light}}),
        deal_ref=fields.pop("deal_ref", ""),
        object_ids=ids(envelope=envelope),
        occurred_at=moment(summary.get("completedDateTime")) or moment(made),
        text=joined(summary.get("emailSubject"), *fields.values()),
    )
    return Parsed((hint,))


def sign(body: bytes, _hook: HookConfig, secret: str, _now: datetime) -> dict[str, str]:
    """As DocuSign does, with one key."""
    signature = hmac_base64(secret.encode(), body)
    return {"X-Authorization-Digest": "HMACSHA256", "X-DocuSign-Signature-1": signature}


def sample(hook: HookConfig, now: datetime) -> bytes:
    """A completed envelope of the sample deal."""
    field = {"fieldId": "1", "name": "deal_ref", "value": SAMPLE, "show": "false", "required": "false"}
    data = {
        "accountId": hook.account, "envelopeId": SAMPLE,
        "envelopeSummary": {
            "status": "completed", "completedDateTime": stamp(now), "customFields": {"textCustomFields": [field]},
        },
    }  # fmt: skip
    return canonical_json({"event": "envelope-completed", "generatedDateTime": stamp(now), "data": data}).encode()
