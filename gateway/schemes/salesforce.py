"""Salesforce Outbound Message: SOAP 1.1, not signed. Proven by the organisation's id and a secret in the address.

Source: Salesforce SOAP API guide, outbound messaging. One message has up to 100 notifications and one acknowledgement;
a message that is not acknowledged is sent again for 24 hours. Its SessionId is never kept.
"""

from __future__ import annotations

import io
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import parse as parse_xml  # type: ignore[import-untyped]

from dealbooks.config_told import HookConfig
from dealbooks.events import SAMPLE, Hint
from gateway.schemes.base import Answer, Headers, Malformed, Parsed, Refused
from gateway.schemes.proof import same
from gateway.schemes.values import each, ids, joined, kept, key_of, moment, text

MOST_NOTIFICATIONS = 100
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_OUT = "http://soap.sforce.com/2005/09/outbound"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ACK = (
    f'<soapenv:Envelope xmlns:soapenv="{_SOAP}"><soapenv:Body>'
    f'<notificationsResponse xmlns="{_OUT}"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>"
)


def verify(_headers: Headers, body: bytes, hook: HookConfig, _now: datetime) -> None:
    """The organisation must be ours (ids of 15 and of 18 characters name the same). Raises Refused and Malformed."""
    given = text(_notifications(body).findtext(f"{{{_OUT}}}OrganizationId"))
    if not same(given[:15], hook.organization_id[:15]):
        raise Refused("account", "The message is of another organisation.")


def parse(_headers: Headers, body: bytes, _hook: HookConfig) -> Parsed:
    """Every notification. Raises Malformed."""
    found = _notifications(body).findall(f"{{{_OUT}}}Notification")
    if not found:
        raise Malformed("The message has no Notification.")
    if len(found) > MOST_NOTIFICATIONS:
        raise Malformed(f"The message has more than {MOST_NOTIFICATIONS} notifications.")
    return each(found, _notification)


def answer(_hook: HookConfig) -> Answer:
    """The acknowledgement, in the one form that Salesforce takes."""
    return Answer(200, "text/xml", _ACK.encode())


def sign(_body: bytes, _hook: HookConfig, _secret: str, _now: datetime) -> dict[str, str]:
    """Salesforce signs nothing."""
    return {"SOAPAction": '""'}


def sample(hook: HookConfig, now: datetime) -> bytes:
    """One notification about the sample deal."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        f'<notifications xmlns="{_OUT}"><OrganizationId>{escape(hook.organization_id)}</OrganizationId>'
        "<ActionId>sample</ActionId>"
        f'<SessionId xsi:nil="true"/><Notification><Id>sample-{int(now.timestamp() * 1_000_000)}</Id>'
        '<sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<sf:Id>{SAMPLE}</sf:Id><sf:StageName>Closed Won</sf:StageName></sObject></Notification></notifications>"
        "</soapenv:Body></soapenv:Envelope>"
    ).encode()


def _notifications(body: bytes) -> Element:
    try:
        root: Element = parse_xml(io.BytesIO(body), forbid_dtd=True).getroot()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Malformed("The body is not XML without a document type.") from error
    found = root.find(f"{{{_SOAP}}}Body/{{{_OUT}}}notifications") if root.tag == f"{{{_SOAP}}}Envelope" else None
    if found is None:
        raise Malformed("The body is not an outbound message.")
    return found


def _notification(found: Element) -> Hint:
    told = found.find(f"{{{_OUT}}}sObject")
    key = text(found.findtext(f"{{{_OUT}}}Id"))
    if told is None or not key:
        raise Malformed("A Notification has no Id or no sObject.")
    fields = {one.tag.rpartition("}")[2]: one.text or "" for one in told}
    deal = text(fields.get("Id"))
    if not deal:
        raise Malformed("An sObject has no Id.")
    kind = (told.get(_TYPE) or "").rpartition(":")[2]
    return Hint(
        kind="deal.updated",
        dedupe_key=key_of(key),
        body=kept({"Id": key, "type": kind, "fields": fields}),
        object_ids=ids(deal=deal, sobject=kind),
        occurred_at=moment(fields.get("SystemModstamp") or fields.get("LastModifiedDate")),
        text=joined(fields.get("Name")),
    )
