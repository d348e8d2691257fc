"""An opportunity with its lines and its customer as the tree that the field map reads. Pure.

Fields of the opportunity stand under the names of the map, which are Salesforce's own (VIN__c, Owner.Name). Beside them
stand names of our own: `sale_date`, `currency`, `buyer`, `lines`, `store_code`, `total`, `price_includes_tax`. Moments
become days of the settings' time zone; numbers become text, rounded to the places that the field keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from blocks.sources.api import instant, plain, utc_text
from blocks.sources.api.fields import Fields
from blocks.sources.api.sales import NOT_SOLD, as_day, as_number, country_of, exact, kind_of, said
from blocks.sources.salesforce.fields import ACCOUNT, CONTACT, LINE, OPPORTUNITY
from blocks.sources.salesforce.settings import SalesforceSettings
from dealbooks.source import SourceRecord

Record = Mapping[str, Any]
_NUMBERS = frozenset(("currency", "double", "percent", "int", "long"))


def record(row: Record, lines: Sequence[Record], fields: Fields, settings: SalesforceSettings) -> SourceRecord:
    """A whole opportunity. `lines` are those of its line items that stand."""
    shown = [_line(place, line, fields, settings) for place, line in enumerate(_in_order(lines), 1)]
    tree: dict[str, Any] = {}
    for name, source in fields.own.items():
        holder, _, leaf = source.rpartition(".")
        _put(tree, name, _told(_at(row, source), fields.of(holder or OPPORTUNITY, leaf), settings))
    amounts = [Decimal(line["amount"]) for line in shown if line["kind"] not in NOT_SOLD and "amount" in line]
    tree |= said({
        "sale_date": as_day(row.get("CloseDate"), settings.timezone),
        "currency": row.get("CurrencyIsoCode") or settings.currency,
        "buyer": _buyer(row, settings),
        "total": sum(amounts, Decimal(0)) if amounts and settings.amounts == "gross" else None,
    })  # fmt: skip
    if settings.store_code:
        tree.setdefault("store_code", settings.store_code)
    tree |= {"lines": shown, "price_includes_tax": settings.amounts == "gross"}
    return SourceRecord(str(row["Id"]), plain(said(tree)), changed_at(row), place=place_of(row))


def header(row: Record) -> SourceRecord:
    """An opportunity that is no completed sale, or is deleted: nothing of it is read but that."""
    gone = bool(row.get("IsDeleted"))
    return SourceRecord(str(row["Id"]), {}, changed_at(row), counts=False, gone=gone, place=place_of(row))


def counts(row: Record, settings: SalesforceSettings) -> bool:
    """Whether an opportunity is a completed sale."""
    if row.get("IsDeleted"):
        return False
    kind = (row.get("RecordType") or {}).get("DeveloperName")
    if settings.record_types and kind not in settings.record_types:
        return False
    if settings.take_when == "stages":
        return row.get("StageName") in settings.stages
    return row.get("IsWon") is True


def standing(lines: Sequence[Record]) -> list[Record]:
    """Line items that are not deleted: a query that shows deleted opportunities shows deleted lines too."""
    return [line for line in lines if not line.get("IsDeleted")]


def changed_at(row: Record) -> str:
    """When it last changed, UTC. Salesforce writes +0000 without a colon."""
    return utc_text(instant(str(row["SystemModstamp"]))) if row.get("SystemModstamp") else ""


def place_of(row: Record) -> str:
    """Where a person finds it."""
    return f"Opportunity {row['Id']}" + (f" ({row['Name']})" if row.get("Name") else "")


def _in_order(lines: Sequence[Record]) -> list[Record]:
    return sorted(lines, key=lambda line: (line.get("SortOrder") is None, line.get("SortOrder") or 0, str(line["Id"])))


def _line(place: int, line: Record, fields: Fields, settings: SalesforceSettings) -> dict[str, Any]:
    product = line.get("Product2") or {}
    words = (line.get(settings.line_type), product.get("ProductCode"), product.get("Name"), product.get("Family"))
    types = fields.types.get(LINE, {})
    amount = exact(line.get("TotalPrice"), _scale(types.get("TotalPrice", {})))
    shown: dict[str, Any] = {
        name: _told(line.get(source), types.get(source, {}), settings) for name, source in fields.own_lines.items()
    }
    shown |= {
        "index": place,
        "id": line["Id"],
        "kind": kind_of(words, settings.kinds, settings.other_lines),
        "name": " ".join(str(line.get("Description") or product.get("Name") or "").split()),
        "product": product.get("ProductCode") or product.get("Name"),
        "quantity": exact(line.get("Quantity")),
        "price": exact(line.get("UnitPrice"), _scale(types.get("UnitPrice", {}))),
        "amount": amount,
    }
    found: dict[str, Any] = plain(said(shown))
    return found


def _buyer(row: Record, settings: SalesforceSettings) -> dict[str, Any]:
    if settings.buyer == "contact":
        return _contact(row, settings)
    account = row.get(ACCOUNT) or {}
    person = account.get("IsPersonAccount")
    address = _address(account, "Billing", settings)
    return said({
        "id": account.get("Id") or row.get("AccountId"),
        "type": None if person is None else "individual" if person else "business",
        "name": account.get("Name"),
        "email": account.get("PersonEmail"),
        "phone": account.get("Phone"),
        **address,
    })  # fmt: skip


def _contact(row: Record, settings: SalesforceSettings) -> dict[str, Any]:
    """The primary contact; where none is marked as such, the only one."""
    roles = [role for role in rows_of(row.get("OpportunityContactRoles")) if not role.get("IsDeleted")]
    primary = [role for role in roles if role.get("IsPrimary")] or (roles if len(roles) == 1 else [])
    contact = (primary[0].get(CONTACT) or {}) if primary else {}
    if not contact:
        return {}
    return said({
        "id": contact.get("Id"),
        "type": "individual",
        "name": contact.get("Name"),
        "email": contact.get("Email"),
        "phone": contact.get("Phone"),
        **_address(contact, "Mailing", settings),
    })  # fmt: skip


def _address(holder: Record, prefix: str, settings: SalesforceSettings) -> dict[str, Any]:
    country, code = holder.get(f"{prefix}Country"), holder.get(f"{prefix}CountryCode")
    return {
        "street": ", ".join(part for line in str(holder.get(f"{prefix}Street") or "").splitlines()
                            if (part := line.strip())),
        "city": holder.get(f"{prefix}City"),
        "state": holder.get(f"{prefix}StateCode") or holder.get(f"{prefix}State"),
        "postcode": holder.get(f"{prefix}PostalCode"),
        "country": country_of(country, code, settings.countries),
    }  # fmt: skip


def rows_of(nested: Any) -> list[Record]:
    """The rows of a query inside a query; Salesforce says null where there are none."""
    return list(nested["records"]) if isinstance(nested, Mapping) else []


def _at(row: Record, path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    if value is None or value == "":
        return
    *parents, leaf = path.split(".")
    for name in parents:
        tree = tree.setdefault(name, {})
    tree[leaf] = value


def _told(value: Any, described: Mapping[str, Any], settings: SalesforceSettings) -> Any:
    """A value of a field as its description says what it is."""
    if value is None or value == "" or isinstance(value, Mapping):
        return None
    if described.get("type") == "datetime":
        return as_day(value, settings.timezone)
    if described.get("type") in _NUMBERS:
        return plain(as_number(value, _scale(described)))
    return value


def _scale(described: Mapping[str, Any]) -> int | None:
    scale = described.get("scale")
    return int(scale) if described.get("type") in ("currency", "double", "percent") and scale is not None else None
