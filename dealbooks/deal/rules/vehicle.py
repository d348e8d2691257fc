"""Rules of the car sold (deal model, section 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dealbooks.catalogue import found
from dealbooks.deal.model import Deal
from dealbooks.deal.rules.known import Known
from dealbooks.deal.vin import read_vin
from dealbooks.findings import Finding

FIRST_YEAR = 1900
VIN_CODES = {
    "missing": "D040",
    "impossible": "D041",
    "short": "D042",
    "wrong_check_digit": "D043",
    "no_check_digit": "D044",
}
_USED = frozenset({"used", "cpo", "wholesale"})
_DECIDED_BY_ACQUISITION = frozenset({"uk", "eu"})
# Current (AB12 CDE), prefix (A123 BCD), suffix (ABC 123D), Northern Irish and dateless plates.
_UK_PLATE = re.compile(
    r"[A-Z]{2}\d{2}[A-Z]{3}|[A-Z]\d{1,3}[A-Z]{3}|[A-Z]{3}\d{1,3}[A-Z]|[A-Z]{1,3}\d{1,4}|\d{1,4}[A-Z]{1,3}"
)


def last_year(sold_in: int) -> int:
    """The newest model year to expect of a car sold in a year: next year's, plus one."""
    return sold_in + 2


def check_vin(deal: Deal, known: Known) -> Iterator[Finding]:
    """The VIN can be one."""
    reading = read_vin(deal.vehicle.vin)
    if reading.state != "valid":
        yield found(VIN_CODES[reading.state], "vehicle.vin", deal.vehicle.vin, should=reading.should)


def check_vehicle(deal: Deal, known: Known) -> Iterator[Finding]:
    """Stock number, model year, plate."""
    car = deal.vehicle
    if not car.stock_no:
        yield found("D045", "vehicle.stock_no")
    plate = (car.registration or "").replace(" ", "").upper()
    british = known.regime == "uk" or (known.regime is None and deal.base_currency == "GBP")
    if british and plate and not _UK_PLATE.fullmatch(plate):
        yield found("D046", "vehicle.registration", car.registration or "")
    dated = deal.sold_on
    if car.year is not None and dated is not None and not FIRST_YEAR <= car.year <= last_year(dated.year):
        yield found("D047", "vehicle.year", car.year, last=last_year(dated.year))


def check_cost(deal: Deal, known: Known) -> Iterator[Finding]:
    """What the car stands at in stock, and how it was acquired."""
    car = deal.vehicle
    if car.cost is None:
        yield found("D048", "vehicle.cost")
    if car.cost_currency is not None and car.cost_currency != deal.base_currency:
        yield found("D049", "vehicle.cost_currency", car.cost_currency, currency=deal.base_currency)
    margin = {code for code, rate in deal.tax.rates.items() if rate == "margin"}
    on_margin = any(line.kind == "vehicle" and line.tax_code in margin for line in deal.lines)
    second_hand = on_margin or deal.sale_class in _USED
    if car.tax_acquisition is None and second_hand and _acquisition_decides(deal, known, margin):
        yield found("D050", "vehicle.tax_acquisition", car.stock_no)
    if on_margin and car.stock_book_purchase_price is None:
        yield found("D051", "vehicle.stock_book_purchase_price")


def _acquisition_decides(deal: Deal, known: Known, margin: set[str]) -> bool:
    if deal.tax.regime != "inclusive":
        return False
    return bool(margin) or known.regime in _DECIDED_BY_ACQUISITION
