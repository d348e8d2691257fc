"""What the deal is: entity, location, dates, type, class, department, customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from dealbooks.canonical import sha256_hex
from dealbooks.determine.dated import words
from dealbooks.determine.rules import Defaults
from dealbooks.determine.work import Work, by_source

_DEAL_TYPES = frozenset({"retail", "lease", "wholesale", "fleet", "dealer_trade", "finance_house_sale"})


def read_date(value: object) -> date | None:
    """A date of a draft: a date, or ISO text; None when it is missing or no date."""
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def deciding_date(dates: Mapping[str, Any]) -> date | None:
    """The day whose rules hold: delivery, else accounting, else contract."""
    for key in ("delivery", "accounting", "contract"):
        found = read_date(dates.get(key))
        if found is not None:
            return found
    return None


def fill_entity(work: Work, source_system: str) -> None:
    """The source, the legal entity and the currencies."""
    deal, book = work.deal, work.book
    why = f"settings of book {book.name}"
    work.fill(deal, "", "source_system", source_system, "settings of the source")
    work.fill(deal, "", "legal_entity", book.legal_entity, why)
    work.fill(deal, "", "base_currency", book.currency, why)
    work.fill(deal, "", "currency", book.currency, why)


def fill_location(work: Work, locations: Mapping[str, Any]) -> None:
    """The location of the store; R006 when it is not mapped."""
    stated = work.deal.get("location") or work.said.get("store_code")
    place = work.rules.location(str(stated)) if stated else work.rules.only_location()
    name = place.location if place else str(stated or "")
    if place is None or (locations and name not in locations):
        work.found("R006", "location", stated or "", book=work.book.name)
        return
    work.place = place
    work.replace(work.deal, "", "location", name, place.why)


def fill_dates(work: Work) -> None:
    """Delivery and accounting date; R013 when the delivery date had to be taken from another."""
    dates = work.part("dates")
    if read_date(dates.get("delivery")) is None:
        which = "accounting" if read_date(dates.get("accounting")) is not None else "contract"
        shown = "sale" if which == "contract" else which
        work.fill(dates, "dates", "delivery", dates[which], f"no delivery date: the {shown} date")
        work.found("R013", "dates.delivery", dates["delivery"], which=shown)
    work.fill(dates, "dates", "accounting", dates["delivery"], "accounting date is the delivery date")


def fill_class(work: Work, defaults: Defaults) -> None:
    """Deal type, sale class and department; R014, R015 when they cannot be told."""
    deal, why = work.deal, defaults.why
    if deal.get("deal_type") is None:
        said = str(work.said.get("deal_type") or "")
        deal_type = defaults.default_deal_type if not said else defaults.deal_types.get(words(said))
        if deal_type is None and said in _DEAL_TYPES:
            work.fill(deal, "", "deal_type", said, by_source("deal_type"))
        elif deal_type is None:
            work.found("R015", "deal_type", said)
        work.fill(deal, "", "deal_type", deal_type, why)
    if deal.get("sale_class") is None:
        condition = str(work.said.get("condition") or deal.get("vehicle", {}).get("condition") or "")
        sale_class = defaults.sale_class_of_deal_type.get(deal.get("deal_type", "")) or defaults.sale_classes.get(
            words(condition)
        )
        if sale_class is None:
            work.found("R014", "sale_class", condition)
        work.fill(deal, "", "sale_class", sale_class, why)
    work.fill(deal, "", "department", defaults.departments.get(deal.get("sale_class", "")), why)


def fill_customer(work: Work) -> None:
    """The customer's id: stated, else a stable one made of name and postcode; R018, R019."""
    customer = work.part("customer")
    if customer.get("id"):
        return
    name = words(str(customer.get("name") or ""))
    if not name:
        work.found("R019", "customer.id")
        return
    address = customer.get("address") or {}
    postcode = words(str(address.get("postcode") or "")).replace(" ", "")
    told_by, why = postcode, "no customer number: made of name and postcode"
    if not postcode:
        told_by, why = str(work.deal.get("deal_id") or ""), "no customer number and no postcode: made of name and deal"
        work.found("R018", "customer.id", customer.get("name", ""))
    customer["id"] = "C-" + sha256_hex(f"{name}|{told_by}")[:16]
    work.provenance["customer.id"] = why
