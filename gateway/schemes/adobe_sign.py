"""Adobe Acrobat Sign v6: not signed. Our application's id comes with every call and must be sent back; a secret in the
address keeps strangers out. Source: adobe/acrobat-sign, docs/acrobat_sign_events. Nothing proves the body, so
what is told of a signature counts once the contract was read at Adobe, or a person has looked at it (see `UNPROVEN`).
"""

from __future__ import annotations

from datetime import datetime

from dealbooks.canonical import canonical_json
from dealbooks.config_told import HookConfig
from dealbooks.events import SAMPLE, Hint
from dealbooks.store.db import stamp
from gateway.schemes.base import Answer, Headers, Parsed, Refused
from gateway.schemes.proof import need_header, same
from gateway.schemes.values import ids, joined, kept, key_of, moment, need_text, part, read_object, text

_CLIENT = "X-AdobeSign-ClientId"
_HEAVY = ("documentsInfo", "participantSetsInfo", "signedDocumentInfo", "formData", "ccs")


def verify(headers: Headers, _body: bytes, hook: HookConfig, _now: datetime) -> None:
    """The application's id must be ours; also when Adobe asks with GET. Raises Refused."""
    if not same(need_header(headers, _CLIENT.lower()), hook.client_id):
        raise Refused("account", "The call is for another application.")


def parse(_headers: Headers, body: bytes, _hook: HookConfig) -> Parsed:
    """A completed agreement. Raises Malformed."""
    found = read_object(body)
    if need_text(found, "event") != "AGREEMENT_WORKFLOW_COMPLETED":
        return Parsed((), ignored=1)
    agreement = part(found, "agreement")
    light = {name: value for name, value in agreement.items() if name not in _HEAVY}
    hint = Hint(
        kind="document.signed",
        dedupe_key=key_of(need_text(found, "webhookNotificationId")),
        body=kept(found | {"agreement": light}),
        deal_ref=text(part(agreement, "externalId").get("id")),
        object_ids=ids(agreement=need_text(agreement, "id")),
        occurred_at=moment(found.get("eventDate")),
        text=joined(agreement.get("name"), agreement.get("message")),
    )
    return Parsed((hint,))


def answer(hook: HookConfig) -> Answer:
    """The application's id, in a header and in the body."""
    body = canonical_json({"xAdobeSignClientId": hook.client_id}).encode()
    return Answer(200, "application/json", body, {_CLIENT: hook.client_id})


def sign(_body: bytes, hook: HookConfig, _secret: str, _now: datetime) -> dict[str, str]:
    """Adobe signs nothing."""
    return {_CLIENT: hook.client_id}


def sample(_hook: HookConfig, now: datetime) -> bytes:
    """A completed agreement of the sample deal."""
    event = {
        "event": "AGREEMENT_WORKFLOW_COMPLETED", "eventDate": stamp(now),
        "webhookNotificationId": f"sample-{int(now.timestamp() * 1_000_000)}",
        "agreement": {"id": SAMPLE, "name": SAMPLE, "status": "SIGNED", "externalId": {"id": SAMPLE}},
    }  # fmt: skip
    return canonical_json(event).encode()
