"""Objects of the account and their properties."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.hubspot.settings import Settings

DEALS, LINES, CONTACTS, COMPANIES = "deals", "line_items", "contacts", "companies"
_OWN = {
    DEALS: "dealname:string amount:number deal_currency_code:enumeration dealstage:enumeration pipeline:enumeration"
    " closedate:datetime hs_is_closed_won:bool hs_is_closed:bool hubspot_owner_id:enumeration"
    " hs_merged_object_ids:string",
    LINES: "name:string hs_sku:string hs_product_id:string quantity:number price:number discount:number"
    " hs_discount_percentage:number amount:number hs_line_item_currency_code:enumeration hs_position_on_quote:number"
    " description:string",
    CONTACTS: "firstname:string lastname:string email:string phone:string address:string city:string state:string"
    " zip:string country:string lastmodifieddate:datetime",
    COMPANIES: "name:string phone:string address:string address2:string city:string state:string zip:string"
    " country:string",
}
_ALWAYS = "hs_object_id:number hs_createdate:datetime hs_lastmodifieddate:datetime"
SHOWN = {
    DEALS: ("amount", "closedate", "createdate", "dealname", "dealstage", "hs_lastmodifieddate", "hs_object_id",
            "pipeline"),
    LINES: ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
    CONTACTS: ("email", "firstname", "lastname", "lastmodifieddate", "hs_object_id"),
    COMPANIES: ("name", "hs_lastmodifieddate", "hs_object_id"),
}  # fmt: skip  # properties that are shown when none are asked for
TYPE_IDS = {"0-1": CONTACTS, "0-2": COMPANIES, "0-3": DEALS, "0-8": LINES}
NAMES = {"contact": CONTACTS, "company": COMPANIES, "deal": DEALS, "line_item": LINES}
# Association types of a pair, (from, to) -> id [R]
ASSOCIATION_TYPES = {
    (DEALS, CONTACTS): 3, (CONTACTS, DEALS): 4, (DEALS, LINES): 19, (LINES, DEALS): 20, (DEALS, COMPANIES): 341,
    (COMPANIES, DEALS): 342,
}  # fmt: skip


def properties(settings: Settings) -> Mapping[str, Mapping[str, str]]:
    """Object -> name of a property -> its type."""
    found: dict[str, dict[str, str]] = {}
    for kind, listed in _OWN.items():
        found[kind] = dict(one.split(":") for one in f"{_ALWAYS} {listed}".split())
        found[kind] |= settings.custom_properties.get(kind, {})
    return found


def object_of(name: str) -> str:
    """The object that a part of a path names; "" for none."""
    name = TYPE_IDS.get(name, NAMES.get(name, name))
    return name if name in _OWN else ""
