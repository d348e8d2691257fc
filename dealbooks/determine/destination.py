"""Cars that leave for another country: export, intra-Community supply, new means of transport.

Directive 2006/112 arts. 2(2), 138, 146, 313(2); posting-rules.md sections 4 and 6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from stdnum.eu import vat as eu_vat

from dealbooks.determine.identity import read_date
from dealbooks.determine.regime_rules import DestinationRule
from dealbooks.determine.work import Work

_WITHOUT_TAX = frozenset({"zero", "intra_community", "new_transport"})
_YEARS_NOT_NEW = 2
# Two names in daily use that are not the country's code of ISO 3166-1.
_ISO = {"EL": "GR", "UK": "GB"}
_SUBDIVISION = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")
_NORTHERN_IRELAND = "XI"


def fill_destination(work: Work) -> None:
    """The scheme of a sale to a customer in another country; R106 to R110.

    The customer's country alone never takes the tax off: that needs the source's word (export), a valid VAT number
    of another member state (intra-Community supply), or a car that is a new means of transport.
    """
    rules, jurisdiction = work.rules.destinations, work.jurisdiction
    if not rules or not work.scheme or jurisdiction is None:
        return
    home = {region.split("-")[0] for region in jurisdiction.regions}
    country = customer_country(work, home)
    if country == "GB" and any(_NORTHERN_IRELAND in rule.countries for rule in rules):
        country = _northern_ireland(work) or country
    if country == "" or country in home:
        return
    listed: dict[str, DestinationRule] = {rule.when: rule for rule in rules if country in rule.countries}
    if listed:
        _to_member_state(work, listed, country, home)
        return
    rule = next((rule for rule in rules if not rule.countries), None)
    if rule is None:
        return
    if work.said.get("vat_scheme") not in _WITHOUT_TAX:
        todo = f"If the car is exported, say vat_scheme zero and keep {rule.evidence}."
        why = "the source does not say that the car is exported"
        work.found("R108", "vehicle", country, why=why, todo=todo)
    elif rule.scheme in _allowed(work):
        work.scheme = rule.scheme


def customer_country(work: Work, home: set[str]) -> str:
    """The country of the customer, ISO 3166-1; empty when it is not said.

    A region of two letters may be a state or a county (BE is Berlin and Belgium), so it counts only when it is the
    book's own country or agrees with the customer's VAT number.
    """
    customer = work.deal.get("customer") or {}
    address = customer.get("address") or {}
    stated = str(address.get("country") or "").strip().upper()
    if len(stated) == len("GB"):
        return _ISO.get(stated, stated)
    region = _region(customer)
    subdivision = _SUBDIVISION.fullmatch(region)
    if subdivision is not None:
        return subdivision[1]
    prefix = str(customer.get("vat_number") or "").strip().upper()[:2]
    prefix = _ISO.get(prefix, prefix)
    if region and region in {prefix, *home}:
        return region
    if not region and prefix.isalpha() and work.said.get("vat_scheme") in _WITHOUT_TAX:
        return prefix
    return ""


def _region(customer: Mapping[str, Any]) -> str:
    return str(customer.get("region") or (customer.get("address") or {}).get("region") or "").strip().upper()


def _northern_ireland(work: Work) -> str:
    """XI when the customer is in Northern Ireland, which counts as a member state for goods."""
    customer = work.deal.get("customer") or {}
    number = str(customer.get("vat_number") or "").strip().upper()
    there = _region(customer) == "GB-NIR" or number.startswith(_NORTHERN_IRELAND)
    return _NORTHERN_IRELAND if there else ""


def _to_member_state(work: Work, rules: dict[str, DestinationRule], country: str, home: set[str]) -> None:
    by_number, as_new = rules.get("vat_number"), rules.get("new_transport")
    why = _number_fault(work, home)
    new = _is_new(work, as_new) if as_new is not None else False
    acquisition = (work.deal.get("vehicle") or {}).get("tax_acquisition")
    allowed = _allowed(work)
    if by_number is not None and not why and by_number.scheme in allowed:
        _use(work, by_number, country)
    elif as_new is not None and new is None:
        limits = {"months": as_new.max_months, "km": as_new.max_km}
        work.found("R110", "vehicle.odometer", country, **limits)
    elif as_new is not None and new:
        if as_new.scheme in allowed:
            _use(work, as_new, country)
        else:
            limits = {"months": as_new.max_months, "km": as_new.max_km}
            work.found("R109", "vehicle.tax_acquisition", country, acquisition=acquisition, **limits)
    elif work.scheme == "margin":
        return  # taxed in the margin where it is sold, wherever it goes (Directive 2006/112 art. 4)
    elif work.said.get("vat_scheme") in _WITHOUT_TAX:
        why = why or f"a car acquired as '{acquisition}' is taxed where it is sold"
        work.found("R107", "customer.vat_number", "", country=country, why=why)
    elif (work.deal.get("customer") or {}).get("type") == "business":
        todo = "With a valid VAT number it would be an intra-Community supply without VAT."
        work.found("R108", "customer.vat_number", country, why=why, todo=todo)


def _use(work: Work, rule: DestinationRule, country: str) -> None:
    stated = work.said.get("vat_scheme")
    if stated is not None and stated not in _WITHOUT_TAX:
        work.differs("vehicle", "the VAT scheme", stated, rule.scheme.replace("_", " "))
        return
    work.scheme = rule.scheme
    work.found("R106", "vehicle", country, rule=rule.key.replace("-", " "), evidence=rule.evidence)


def _allowed(work: Work) -> tuple[str, ...]:
    rule = work.rules.schemes.get((work.deal.get("vehicle") or {}).get("tax_acquisition"))
    if work.jurisdiction is not None and work.jurisdiction.schemes:
        return work.jurisdiction.schemes
    return rule.allowed if rule is not None else ()


def _number_fault(work: Work, home: set[str]) -> str:
    number = str((work.deal.get("customer") or {}).get("vat_number") or "").strip().upper()
    if not number:
        return "no VAT number is stated"
    prefix = _ISO.get(number[:2], number[:2])
    if prefix in home:
        return f"the VAT number {number} is of this country"
    if not eu_vat.is_valid(number):
        return f"the VAT number {number} is not valid"
    return ""


def _is_new(work: Work, rule: DestinationRule) -> bool | None:
    """Whether the car is a new means of transport; None when it cannot be told."""
    deal: dict[str, Any] = work.deal
    vehicle = deal.get("vehicle") or {}
    if deal.get("sale_class") == "new":
        return True
    sold = read_date((deal.get("dates") or {}).get("delivery")) or work.day
    first = read_date(work.said.get("first_registration"))
    odometer = vehicle.get("odometer")
    in_km = str(work.said.get("odometer_unit") or "km").lower().startswith("k")
    if odometer is not None and in_km and int(odometer) <= (rule.max_km or 0):
        return True
    if first is not None:
        if sold <= _months_later(first, rule.max_months or 0):
            return True
        return False if odometer is not None and in_km else None
    year = vehicle.get("year")
    old = year is not None and sold.year - int(year) >= _YEARS_NOT_NEW
    return False if old and odometer is not None and in_km else None


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or the last of that month when it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    for last in range(day.day, 0, -1):
        try:
            return date(day.year + years, month + 1, last)
        except ValueError:
            continue
    raise ValueError(f"{day} has no day {months} months later")
