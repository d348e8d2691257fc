"""HubSpot: signature v3 over method, public address, body and time, keyed with the app's client secret.

Sources: HubSpot/hubspot-api-python, hubspot/utils/signature.py; HubSpot's webhooks guide. The times of a signature are
milliseconds. App webhooks send a list of events, a workflow's webhook action sends the deal object itself; neither is
trusted for more than an id. The sequences that HubSpot decodes in the address before it signs are [recalled].
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dealbooks.canonical import canonical_json
from dealbooks.config_told import HookConfig
from dealbooks.events import SAMPLE, Hint, Kind
from gateway.schemes.base import Headers, Malformed, Parsed
from gateway.schemes.proof import hmac_base64, need_fresh, need_header, need_match, whole
from gateway.schemes.values import each, ids, items, joined, kept, key_of, moment, need_text, part, read_json, text

_V3, _TIME, _V2 = "x-hubspot-signature-v3", "x-hubspot-request-timestamp", "x-hubspot-signature"
_DECODED = re.compile(r"%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
_DEAL_TYPE = "0-3"
_KINDS: Mapping[str, Kind] = {
    "creation": "deal.updated",
    "propertyChange": "deal.updated",
    "associationChange": "deal.updated",
    "merge": "deal.updated",
    "restore": "deal.updated",
    "deletion": "deal.voided",
    "privacyDeletion": "deal.voided",
}


def verify(headers: Headers, body: bytes, hook: HookConfig, now: datetime) -> None:
    """Signature v3; v2, which proves no time, only where `legacy` allows it and v3 is absent. Raises Refused."""
    address = _address(hook.url)
    if hook.legacy and _V3 not in headers:
        need_match([need_header(headers, _V2)], [_v2(secret, address, body) for secret in hook.secrets])
        return
    given, at = need_header(headers, _V3), need_header(headers, _TIME)
    need_match([given], [_v3(secret, address, body, at) for secret in hook.secrets])
    need_fresh(whole(at) / 1000, now)


def parse(_headers: Headers, body: bytes, hook: HookConfig) -> Parsed:
    """A list of events, or one deal object. Raises Malformed."""
    found = read_json(body)
    if isinstance(found, dict):
        return Parsed((_deal(found),))
    return each(items(found, "events"), lambda item: _event(item, hook))


def sign(body: bytes, hook: HookConfig, secret: str, now: datetime) -> dict[str, str]:
    """As HubSpot does."""
    at = str(int(now.timestamp() * 1000))
    return {"X-HubSpot-Signature-v3": _v3(secret, _address(hook.url), body, at), "X-HubSpot-Request-Timestamp": at}


def sample(hook: HookConfig, now: datetime) -> bytes:
    """A change of stage of the sample deal."""
    event = {
        "eventId": 1, "subscriptionId": 1, "portalId": hook.account or 1, "appId": 1,
        "occurredAt": int(now.timestamp() * 1000), "subscriptionType": "deal.propertyChange", "attemptNumber": 0,
        "objectId": SAMPLE, "propertyName": "dealstage", "propertyValue": "closedwon", "changeSource": "CRM_UI",
    }  # fmt: skip
    return canonical_json([event]).encode()


def retry_after(seconds: int) -> str:
    """HubSpot's workflows read Retry-After as milliseconds (its error handling page)."""
    return str(seconds * 1000)


def _event(item: Any, hook: HookConfig) -> Hint | None:
    """An event about a deal of our portal; None for any other."""
    if not isinstance(item, dict):
        raise Malformed("An event is not a JSON object.")
    name, _, change = need_text(item, "subscriptionType").partition(".")
    is_deal = name == "deal" or (name == "object" and text(item.get("objectTypeId")) == _DEAL_TYPE)
    other_portal = bool(hook.account) and text(item.get("portalId")) != hook.account
    if not is_deal or other_portal or change not in _KINDS:
        return None
    deal = text(item.get("primaryObjectId") or item.get("objectId") or item.get("fromObjectId"))
    if not deal:
        raise Malformed("objectId is missing.")
    parts = (item.get(one) for one in ("portalId", "subscriptionType", "propertyName", "propertyValue", "occurredAt"))
    return Hint(
        kind=_KINDS[change],
        dedupe_key=key_of(deal, *parts, item.get("toObjectId"), item.get("associationRemoved")),
        body=kept(item),
        object_ids=ids(deal=deal),
        occurred_at=moment(item.get("occurredAt"), milliseconds=True),
    )


def _deal(found: dict[str, Any]) -> Hint:
    """What a workflow's webhook action sends: the deal as the object API gives it."""
    deal = text(found.get("id") or found.get("objectId") or found.get("hs_object_id"))
    if not deal:
        raise Malformed("The body names no deal: it has neither id nor objectId.")
    properties = part(found, "properties")
    body = kept(found)
    return Hint(
        kind="deal.updated",
        dedupe_key=key_of("deal", deal, found.get("updatedAt"), hashlib.sha256(body.encode()).hexdigest()),
        body=body,
        object_ids=ids(deal=deal),
        occurred_at=moment(found.get("updatedAt")),
        text=joined(properties.get("dealname")),
    )


def _address(url: str) -> str:
    return _DECODED.sub(lambda found: chr(int(found[1], 16)), url)


def _v3(secret: str, address: str, body: bytes, at: str) -> str:
    return hmac_base64(secret.encode(), b"POST", address.encode(), body, at.encode())


def _v2(secret: str, address: str, body: bytes) -> str:
    return hashlib.sha256(secret.encode() + b"POST" + address.encode() + body).hexdigest()
