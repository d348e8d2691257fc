"""Dropbox Sign: a form with one field, `json`, in which event_hash is the hex HMAC-SHA256 of event_time and event_type.

Source: hellosign/dropbox-sign-python, event_callback_helper.py. The hash covers nothing else, so what is told of a
signature counts once the contract was read there, or a person has looked at it (see `UNPROVEN`). A call is repeated for
about three days with its first time, so that is how old it may be. That the form is multipart is [recalled].
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from dealbooks.canonical import canonical_json
from dealbooks.config_told import HookConfig
from dealbooks.events import SAMPLE, Hint
from gateway.schemes.base import Answer, Headers, Malformed, Parsed, Refused
from gateway.schemes.proof import WINDOW, hmac_hex, need_match, whole
from gateway.schemes.values import ids, joined, kept, key_of, moment, need_text, part, read_object, text

BOUNDARY = "dealbooks-sample-form"
_KEPT_FOR = 4 * 86_400
_SIGNED = "signature_request_all_signed"
_FIELD = re.compile(rb'content-disposition:[^\r\n]*;\s*name="?json"?\s*(;|\r\n|$)', re.IGNORECASE)
_REQUEST = ("signature_request_id", "title", "subject", "metadata", "is_complete", "is_declined", "test_mode")


def verify(_headers: Headers, body: bytes, hook: HookConfig, now: datetime) -> None:
    """Raises Refused, and Malformed when the form cannot be read."""
    event = _event(_form(body))
    at = need_text(event, "event_time")
    signed = (at + need_text(event, "event_type")).encode()
    need_match([need_text(event, "event_hash")], [hmac_hex(secret.encode(), signed) for secret in hook.secrets])
    age = now.timestamp() - whole(at)
    if age > _KEPT_FOR or age < -WINDOW:
        raise Refused("stale", "The event's time is more than four days ago, or still to come.")


def parse(_headers: Headers, body: bytes, _hook: HookConfig) -> Parsed:
    """A request that all have signed. Raises Malformed."""
    found = _form(body)
    event = _event(found)
    if need_text(event, "event_type") != _SIGNED:
        return Parsed((), ignored=1)
    request = part(found, "signature_request")
    request_id, metadata = need_text(request, "signature_request_id"), part(request, "metadata")
    light = {name: request[name] for name in _REQUEST if name in request}
    at = text(event.get("event_time"))
    hint = Hint(
        kind="document.signed",
        dedupe_key=key_of(need_text(event, "event_hash"), request_id),
        body=kept({"event": {"event_type": _SIGNED, "event_time": at}, "signature_request": light}),
        deal_ref=text(metadata.get("deal_ref")),
        object_ids=ids(signature_request=request_id),
        occurred_at=moment(int(at)) if at.isdecimal() and at.isascii() else "",
        text=joined(request.get("title"), request.get("subject"), *metadata.values()),
    )
    return Parsed((hint,))


def answer(_hook: HookConfig) -> Answer:
    """The words that Dropbox Sign looks for."""
    return Answer(200, "text/plain", b"Hello API Event Received")


def sign(_body: bytes, _hook: HookConfig, _secret: str, _now: datetime) -> dict[str, str]:
    """The proof stands in the body."""
    return {}


def sample(hook: HookConfig, now: datetime) -> bytes:
    """A request of the sample deal that all have signed."""
    at = str(int(now.timestamp()))
    event_hash = hmac_hex(hook.secrets[0].encode(), at.encode(), _SIGNED.encode())
    told = {
        "event": {"event_time": at, "event_type": _SIGNED, "event_hash": event_hash},
        "signature_request": {
            "signature_request_id": SAMPLE, "title": SAMPLE, "is_complete": True, "metadata": {"deal_ref": SAMPLE},
        },
    }  # fmt: skip
    return form(canonical_json(told))


def form(told: str) -> bytes:
    """The field `json` as the form that is posted."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="json"\r\n\r\n'
    return f"{head}{told}\r\n--{BOUNDARY}--\r\n".encode()


def _form(body: bytes) -> dict[str, Any]:
    line, _, rest = body.partition(b"\r\n")
    if len(line) < 3 or not line.startswith(b"--"):
        raise Malformed("The body is not a form of parts.")
    for field in (b"\r\n" + rest).split(b"\r\n" + line):
        head, found, content = field.partition(b"\r\n\r\n")
        if found and _FIELD.search(head):
            return read_object(content)
    raise Malformed("The form has no field json.")


def _event(found: dict[str, Any]) -> dict[str, Any]:
    event = part(found, "event")
    if not event:
        raise Malformed("The body has no event.")
    return event
