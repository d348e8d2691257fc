"""A deal with its line items and its customer as the tree that the field map reads. Pure.

Properties of the deal stand under the names of the map, which are HubSpot's own. Beside them stand names of our own:
`id`, `sale_date`, `currency`, `buyer`, `lines`, `store_code`, `total`, `price_includes_tax`. All values of HubSpot are
text; numbers lose zeros that say nothing, and moments become days of the account's time zone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from blocks.sources.api import plain, utc_text
from blocks.sources.api.fields import Fields
from blocks.sources.api.sales import NOT_SOLD, as_day, as_number, country_of, exact, kind_of, moment_of, said
from blocks.sources.hubspot.fields import DEALS, LINES
from blocks.sources.hubspot.settings import HubSpotSettings
from dealbooks.source import SourceRecord

Thing = Mapping[str, Any]  # an object as the API gives it: id, properties, archived
_MOMENTS = ("date", "datetime")


def record(
    deal: Thing, lines: Sequence[Thing], buyer: Thing | None, fields: Fields, settings: HubSpotSettings
) -> SourceRecord:
    """A whole deal. `buyer` is the contact or the company that is the customer."""
    properties = deal["properties"]
    shown = [_line(place, line, fields, settings) for place, line in enumerate(_in_order(lines), 1)]
    tree: dict[str, Any] = {
        name: told(properties.get(source), fields.of(DEALS, source).get("type"), settings)
        for name, source in fields.own.items()
    }
    tree = said(tree)
    amounts = [Decimal(line["amount"]) for line in shown if line["kind"] not in NOT_SOLD and "amount" in line]
    tree |= said({
        "sale_date": as_day(properties.get("closedate"), settings.timezone),
        "currency": properties.get("deal_currency_code") or settings.currency,
        "buyer": _buyer(buyer, settings) if buyer is not None else None,
        "total": sum(amounts, Decimal(0)) if amounts and settings.amounts == "gross" else None,
    })  # fmt: skip
    if settings.store_code:
        tree.setdefault("store_code", settings.store_code)
    tree |= {"id": str(deal["id"]), "lines": shown, "price_includes_tax": settings.amounts == "gross"}
    return SourceRecord(str(deal["id"]), plain(tree), changed_at(deal), place=place_of(deal))


def header(deal: Thing) -> SourceRecord:
    """A deal that is no completed sale: nothing of it is read but that."""
    return SourceRecord(str(deal["id"]), {}, changed_at(deal), counts=False, place=place_of(deal))


def counts(deal: Thing, settings: HubSpotSettings, stages: Collection[str], pipelines: Collection[str]) -> bool:
    """Whether a deal is a completed sale; `stages` and `pipelines` are ids of those that the settings name."""
    properties = deal["properties"]
    if settings.pipelines and properties.get("pipeline") not in pipelines:
        return False
    if settings.take_when == "stages":
        return properties.get("dealstage") in stages
    return str(properties.get("hs_is_closed_won") or "").lower() == "true"


def changed_at(deal: Thing) -> str:
    """When it last changed, UTC."""
    stamp = deal["properties"].get("hs_lastmodifieddate") or deal.get("updatedAt")
    return utc_text(moment_of(str(stamp))) if stamp else ""


def place_of(deal: Thing) -> str:
    """Where a person finds it."""
    name = deal["properties"].get("dealname")
    return f"HubSpot deal {deal['id']}" + (f" ({name})" if name else "")


def told(value: Any, kind: str | None, settings: HubSpotSettings) -> Any:
    """A value of a property as its type says what it is."""
    if value is None or value == "":
        return None
    if kind == "number":
        return as_number(value)
    if kind == "bool":
        return str(value).lower() == "true"
    if kind == "date":  # midnight UTC where it is written as a moment
        return as_day(value, "UTC")
    return as_day(value, settings.timezone) if kind in _MOMENTS else value


def _in_order(lines: Sequence[Thing]) -> list[Thing]:
    def place(line: Thing) -> tuple[bool, Decimal, int]:
        stated = exact(line["properties"].get("hs_position_on_quote"))
        return stated is None, stated or Decimal(0), int(line["id"])

    return sorted(lines, key=place)


def _line(place: int, line: Thing, fields: Fields, settings: HubSpotSettings) -> dict[str, Any]:
    properties = line["properties"]
    words = (properties.get(settings.line_type), properties.get("hs_sku"), properties.get("name"))
    quantity, price = exact(properties.get("quantity")), exact(properties.get("price"))
    amount = exact(properties.get("amount"))
    if amount is None and price is not None:
        amount = price * (quantity if quantity is not None else 1)
    shown: dict[str, Any] = {
        name: told(properties.get(source), fields.of(LINES, source).get("type"), settings)
        for name, source in fields.own_lines.items()
    }
    shown |= {
        "index": place,
        "id": str(line["id"]),
        "kind": kind_of(words, settings.kinds, settings.other_lines),
        "name": " ".join(str(properties.get("name") or "").split()),
        "product": properties.get("hs_sku"),
        "quantity": quantity,
        "price": price,
        "amount": amount,
    }
    found: dict[str, Any] = plain(said(shown))
    return found


def _buyer(thing: Thing, settings: HubSpotSettings) -> dict[str, Any]:
    properties = thing["properties"]
    person = "firstname" in properties or "lastname" in properties
    words = (properties.get("firstname"), properties.get("lastname")) if person else (properties.get("name"),)
    street = (properties.get("address"), properties.get("address2"))
    return said({
        "id": str(thing["id"]),
        "type": "individual" if person else "business",
        "name": " ".join(str(word).strip() for word in words if word),
        "email": properties.get("email"),
        "phone": properties.get("phone"),
        "street": ", ".join(" ".join(str(part).split()) for part in street if part),
        "city": properties.get("city"),
        "state": properties.get("state"),
        "postcode": properties.get("zip"),
        "country": country_of(properties.get("country"), None, settings.countries),
    })  # fmt: skip
