"""Salesforce's metadata: valid by the vendor's WSDL, one part naming the other, its message taken by the gateway."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
import xmlschema
from gateway_support import ADDRESS_SECRET, NOW, ORGANISATION, hook
from pydantic import ValidationError

from dealbooks.events import Hint

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
XSD = "{http://www.w3.org/2001/XMLSchema}"
MESSAGE = "1-message/workflows/Opportunity.workflow"
FLOW = "2-flow/flows/Dealbooks_Deal_Won.flow"
PACKAGES = ("1-message/package.xml", "2-flow/package.xml")
ROOTS = ("Flow", "Workflow", "Package")


@pytest.fixture(scope="module")
def metadata() -> xmlschema.XMLSchema:
    """The types of Salesforce's metadata WSDL (as simple-salesforce ships it) that the three kinds of file need."""
    wsdl = ET.fromstring(files("simple_salesforce").joinpath("metadata.wsdl").read_text(encoding="utf-8"))
    (schema,) = (one for one in wsdl.iter(f"{XSD}schema") if one.get("targetNamespace") == NAMESPACE)
    types = {name: one for one in schema if (name := one.get("name")) and one.tag != f"{XSD}element"}
    needed: set[str] = set()
    queue = list(ROOTS)
    while queue:
        name = queue.pop()
        if name in needed:
            continue
        needed.add(name)
        named = (part.get(key, "") for part in types[name].iter() for key in ("type", "base"))
        queue += [one.removeprefix("tns:") for one in named if one.startswith("tns:")]
    small = ET.Element(f"{XSD}schema", {"elementFormDefault": "qualified", "targetNamespace": NAMESPACE})
    small.set("xmlns:tns", NAMESPACE)
    small.set("xmlns:xsd", XSD.strip("{}"))
    small.extend(types[name] for name in sorted(needed))
    for name in ROOTS:
        ET.SubElement(small, f"{XSD}element", {"name": name, "type": f"tns:{name}"})
    return xmlschema.XMLSchema(ET.tostring(small, encoding="unicode"))


def read(kits: Path, name: str) -> ET.Element:
    return ET.parse(kits / "salesforce" / name).getroot()


def word(root: ET.Element, path: str) -> str:
    found = root.findtext("/".join(f"{{{NAMESPACE}}}{part}" for part in path.split("/")))
    assert found is not None, path
    return found


@pytest.mark.parametrize("name", [MESSAGE, FLOW, *PACKAGES])
def test_every_file_is_valid_by_the_vendors_wsdl(kits: Path, metadata: xmlschema.XMLSchema, name: str) -> None:
    metadata.validate(str(kits / "salesforce" / name))


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        (FLOW, "RecordAfterSave", "RecordAfterwards"),
        (FLOW, "<actionType>outboundMessage<", "<actionType>outbound<"),
        (MESSAGE, "endpointUrl", "endpointAddress"),
    ],
)
def test_the_wsdl_refuses_what_is_wrong(
    kits: Path, metadata: xmlschema.XMLSchema, name: str, right: str, wrong: str
) -> None:
    text = (kits / "salesforce" / name).read_text(encoding="utf-8")
    assert right in text
    assert not metadata.is_valid(text.replace(right, wrong))


def test_the_parts_name_one_another(kits: Path) -> None:
    flow, workflow = read(kits, FLOW), read(kits, MESSAGE)
    message = "Opportunity." + word(workflow, "outboundMessages/fullName")
    assert Path(MESSAGE).stem == message.partition(".")[0] == word(flow, "start/object")
    assert word(flow, "actionCalls/actionName") == message
    assert word(flow, "start/connector/targetReference") == word(flow, "actionCalls/name")
    members = [(word(read(kits, name), "types/name"), word(read(kits, name), "types/members")) for name in PACKAGES]
    assert members == [("WorkflowOutboundMessage", message), ("Flow", Path(FLOW).stem)]
    versions = {word(read(kits, name), "version") for name in PACKAGES}
    assert versions == {word(flow, "apiVersion"), word(workflow, "outboundMessages/apiVersion")}


def test_the_flow_runs_only_when_a_deal_becomes_won(kits: Path) -> None:
    flow = read(kits, FLOW)
    assert word(flow, "start/triggerType") == "RecordAfterSave"
    assert word(flow, "start/recordTriggerType") == "CreateAndUpdate"
    assert word(flow, "start/doesRequireRecordChangedToMeetCriteria") == "true"
    assert (word(flow, "start/filters/field"), word(flow, "start/filters/value/booleanValue")) == ("IsWon", "true")


def test_a_forgotten_placeholder_reaches_nobody_and_opens_nothing(kits: Path) -> None:
    workflow = read(kits, MESSAGE)
    address = word(workflow, "outboundMessages/endpointUrl")
    assert address.startswith("https://gateway.example/hooks/salesforce/")  # .example belongs to nobody (RFC 2606)
    assert word(workflow, "outboundMessages/integrationUser").endswith(".example")
    with pytest.raises(ValidationError, match="16 to 200"):
        hook("salesforce", secrets=[address.rpartition("/")[2]])


def test_the_message_of_these_fields_is_taken_by_the_gateway(kits: Path, taken: Callable[..., Hint]) -> None:
    workflow = read(kits, MESSAGE)
    assert word(workflow, "outboundMessages/includeSessionId") == "false"
    fields = [one.text or "" for one in workflow.iter(f"{{{NAMESPACE}}}fields")]
    values = {"Id": "0065e00000HgFdSAAV", "StageName": "Closed Won", "SystemModstamp": "2026-10-01T08:59:58.000Z"}
    assert set(fields) == set(values)  # no names and no figures leave Salesforce
    told = "".join(f"<sf:{name}>{values[name]}</sf:{name}>" for name in fields)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope'
        ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        '<notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
        f"<OrganizationId>{ORGANISATION}</OrganizationId><ActionId>04k5e0000004XyZAAU</ActionId>"
        '<SessionId xsi:nil="true"/>'
        "<Notification><Id>04l5e00000QwErTAAV</Id>"
        '<sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"{told}</sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()
    config = hook("salesforce", secrets=[ADDRESS_SECRET])
    hint = taken(config, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}, body, NOW)
    assert hint.object_ids == {"deal": values["Id"], "sobject": "Opportunity"}
    assert hint.dedupe_key == "04l5e00000QwErTAAV"
    assert hint.occurred_at.startswith((NOW - timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%S"))
