"""Odoo's own action "Send Webhook Notification" (17 and later): JSON, not signed, sent once. A secret in the address.

Source: odoo/odoo, ir_actions.py, `_run_action_webhook`. It waits one second for an answer and never repeats: what is
lost is found by the sweep. `write_date` must be among the chosen fields, so that two changes are told apart.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from dealbooks.canonical import canonical_json
from dealbooks.config_told import HookConfig
from dealbooks.events import SAMPLE, Hint, Kind
from gateway.schemes.base import Headers, Parsed
from gateway.schemes.values import ids, joined, kept, key_of, moment, need_text, read_object, text


def verify(_headers: Headers, _body: bytes, _hook: HookConfig, _now: datetime) -> None:
    """Odoo signs nothing: the secret in the address, which was compared already, is all the proof there is."""


def parse(_headers: Headers, body: bytes, _hook: HookConfig) -> Parsed:
    """A sales order, or a posted invoice. Raises Malformed."""
    found = read_object(body)
    model, record = need_text(found, "_model"), need_text(found, "_id")
    state = text(found.get("state"))
    if model == "sale.order":
        kind: Kind = "deal.voided" if state == "cancel" else "deal.updated"
        object_ids = ids(deal=record)
    elif model == "account.move" and state in ("", "posted") and text(found.get("move_type")) in ("", "out_invoice"):
        kind, object_ids = "invoice.issued", ids(invoice=record)
    else:
        return Parsed((), ignored=1)
    changed = text(found.get("write_date")) or hashlib.sha256(body).hexdigest()
    hint = Hint(
        kind=kind,
        dedupe_key=key_of(model, record, changed),
        body=kept(found),
        deal_ref=text(found.get("invoice_origin")) if kind == "invoice.issued" else "",  # the name of its sales order
        object_ids=object_ids,
        occurred_at=moment(found.get("write_date")),
        text=joined(*(found.get(one) for one in ("name", "invoice_origin", "ref", "client_order_ref"))),
    )
    return Parsed((hint,))


def sign(_body: bytes, _hook: HookConfig, _secret: str, _now: datetime) -> dict[str, str]:
    """Odoo signs nothing."""
    return {}


def sample(_hook: HookConfig, now: datetime) -> bytes:
    """A change of the sample order."""
    written = now.strftime("%Y-%m-%d %H:%M:%S.%f")
    event = {"_action": "Sample(#1)", "_id": SAMPLE, "_model": "sale.order", "name": SAMPLE, "write_date": written}
    return canonical_json(event).encode()
