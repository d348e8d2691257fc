"""Rules of a deal's identity, dates and parties (deal model, sections 0 to 2)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat

from dealbooks.catalogue import found
from dealbooks.deal.currencies import CURRENCIES
from dealbooks.deal.model import Deal
from dealbooks.deal.rules.amounts import amounts, text
from dealbooks.deal.rules.known import Known
from dealbooks.findings import Finding
from dealbooks.money import minor_digits, minor_unit

# Under these the finance house or the lessor buys the car (HMRC VATVAL06140).
BOUGHT_BY_LENDER = {
    "hire_purchase": ("hire purchase", "finance house"),
    "pcp": ("PCP", "finance house"),
    "lease": ("a lease", "lessor"),
}
# Of a lease the lessor may be another company than the lender that takes the money in.
_INVOICED_TO_LENDER = frozenset({"hire_purchase", "pcp"})
_VAT_BUSINESS = frozenset({"vat_registered", "registrant"})


def check_amounts(deal: Deal, known: Known) -> Iterator[Finding]:
    """No amount is negative, or finer than its currency."""
    for path, value, currency, per_unit in amounts(deal):
        if value < 0:
            yield found("D006", path, text(value))
        if not per_unit and currency in CURRENCIES:
            digits = minor_digits(currency)
            if not value.same_quantum(minor_unit(currency)) and value != round(value, digits):
                yield found("D005", path, text(value), currency=currency, digits=digits)


def check_rates(deal: Deal, known: Known) -> Iterator[Finding]:
    """Rates are fractions of 1, not percentages."""
    rates: dict[str, Decimal | None] = {"tax.margin_rate": deal.tax.margin_rate}
    for index, component in enumerate(deal.tax.components):
        rates[f"tax.components[{index}].rate"] = component.rate
    for index, plan in enumerate(deal.commission_plans):
        rates[f"commission_plans[{index}].rate"] = plan.rate
    if deal.tax.lct is not None:
        rates["tax.lct.rate"] = deal.tax.lct.rate
    if deal.chargeback_reserve is not None:
        rates["chargeback_reserve.rate"] = deal.chargeback_reserve.rate
    for path, rate in rates.items():
        if rate is not None and not 0 <= rate <= 1:
            yield found("D007", path, text(rate))


def check_book(deal: Deal, known: Known) -> Iterator[Finding]:
    """The deal belongs to a book, a location and a source that are set up."""
    if known.legal_entities is not None and deal.legal_entity not in known.legal_entities:
        yield found("D010", "legal_entity", deal.legal_entity)
    if known.locations is not None:
        for path, location in _locations(deal):
            if location not in known.locations:
                yield found("D011", path, location)
    if known.base_currency is not None and deal.base_currency != known.base_currency:
        yield found("D012", "base_currency", deal.base_currency, currency=known.base_currency)
    if known.sources is not None and deal.source_system not in known.sources:
        yield found("D016", "source_system", deal.source_system)


def _locations(deal: Deal) -> Iterator[tuple[str, str]]:
    yield "location", deal.location
    if deal.vehicle.stock_location is not None:
        yield "vehicle.stock_location", deal.vehicle.stock_location
    for number, plan in enumerate(deal.commission_plans):
        for index, split in enumerate(plan.splits):
            if split.location is not None:
                yield f"commission_plans[{number}].splits[{index}].location", split.location


def check_currency(deal: Deal, known: Known) -> Iterator[Finding]:
    """Currencies exist, and a foreign one has a rate."""
    if deal.currency not in CURRENCIES:
        yield found("D013", "currency", deal.currency)
    elif deal.base_currency not in CURRENCIES:
        yield found("D013", "base_currency", deal.base_currency)
    if deal.currency != deal.base_currency:
        if deal.fx_rate is None or deal.fx_rate <= 0:
            yield found("D014", "fx_rate", deal.fx_rate or "", currency=deal.currency, base=deal.base_currency)
    elif deal.fx_rate is not None and deal.fx_rate != 1:
        yield found("D015", "fx_rate", text(deal.fx_rate), currency=deal.currency)


def check_dates(deal: Deal, known: Known) -> Iterator[Finding]:
    """The dates follow each other, and one of them decides the period."""
    dates = deal.dates
    if dates.accounting is None and dates.delivery is None and dates.contract is None:
        yield found("D018", "dates.delivery")
        return
    if dates.delivery is None:
        used = "accounting" if dates.accounting is not None else "contract"
        yield found("D019", "dates.delivery", deal.accounting_date, used=used)
    elif dates.contract is not None and dates.contract > dates.delivery:
        yield found("D017", "dates.contract", dates.contract, delivery=dates.delivery)
    if known.today is not None and (ahead := (deal.accounting_date - known.today).days) > known.future_days:
        yield found("D028", "dates.accounting", deal.accounting_date, days=ahead, today=known.today)
    if dates.funding is not None and dates.contract is not None and dates.funding < dates.contract:
        yield found("D020", "dates.funding", dates.funding, contract=dates.contract)
    if deal.tax.regime == "inclusive" and dates.tax_point is None:
        period = known.vat_period(deal.accounting_date)
        for deposit in deal.deposits:
            if deposit.date < deal.accounting_date and known.vat_period(deposit.date) != period:
                yield found("D021", "dates.tax_point", deposit.date, receipt=deposit.receipt_id)


def check_history(deal: Deal, known: Known) -> Iterator[Finding]:
    """An amendment and an unwind say when and why, and come after the sale."""
    if deal.deal_version > 1:
        if deal.amended_at is None:
            yield found("D022", "amended_at", deal.deal_version)
        if not deal.amend_reason:
            yield found("D023", "amend_reason", deal.deal_version)
    sold = deal.sold_on
    if sold is not None and deal.amended_at is not None and deal.amended_at < sold:
        yield found("D029", "amended_at", deal.amended_at, what="was amended", sold=sold)
    completed = any(event.event == "completed" for event in deal.lifecycle)
    for index, event in enumerate(deal.lifecycle):
        if event.event == "unwound" and event.reason is None:
            yield found("D024", f"lifecycle[{index}].reason", event.at)
        takes_back = event.event == "unwound" or (event.event == "cancelled" and completed)
        if sold is not None and takes_back and event.at < sold:
            yield found("D029", f"lifecycle[{index}].at", event.at, what=f"was {event.event}", sold=sold)


def check_transfer(deal: Deal, known: Known) -> Iterator[Finding]:
    """A car from another entity of the group comes at its transfer price, and that entity has books too."""
    transfer = deal.group_transfer
    if transfer is None:
        return
    if deal.vehicle.cost is not None and transfer.price != deal.vehicle.cost:
        yield found(
            "D026", "group_transfer.price", text(deal.vehicle.cost), price=text(transfer.price),
            entity=transfer.from_entity,
        )  # fmt: skip
    path = "group_transfer.from_entity"
    if transfer.from_entity == deal.legal_entity:
        yield found("D027", path, transfer.from_entity, why="which is the entity that sells it; leave the transfer out")
    elif known.legal_entities is not None and transfer.from_entity not in known.legal_entities:
        yield found("D027", path, transfer.from_entity, why="for which no book is set up; add the book")


def check_parties(deal: Deal, known: Known) -> Iterator[Finding]:
    """The right party is invoiced, and has the number that its tax treatment needs."""
    customer = deal.customer
    if _untaxed_between_businesses(deal):
        if not customer.vat_number:
            yield found("D030", "customer.vat_number", customer.name or customer.id)
        elif not (eu_vat.is_valid(customer.vat_number) or gb_vat.is_valid(customer.vat_number)):
            yield found("D031", "customer.vat_number", customer.vat_number)
    if _us_wholesale(deal, known) and not customer.resale_certificate:
        yield found("D032", "customer.resale_certificate", customer.name or customer.id)
    if deal.finance is not None and deal.finance.type in BOUGHT_BY_LENDER and deal.billed_to == customer.id:
        kind, buyer = BOUGHT_BY_LENDER[deal.finance.type]
        yield found("D033", "bill_to", customer.name or customer.id, kind=kind, buyer=buyer)
    elif deal.finance is not None and deal.finance.type in _INVOICED_TO_LENDER:
        kind, buyer = BOUGHT_BY_LENDER[deal.finance.type]
        if deal.billed_to != deal.finance.lender:
            yield found("D034", "bill_to.id", deal.billed_to, kind=kind, buyer=buyer, lender=deal.finance.lender)


def _untaxed_between_businesses(deal: Deal) -> bool:
    customer = deal.customer
    if deal.tax.regime != "inclusive" or customer.type != "business" or customer.tax_status not in _VAT_BUSINESS:
        return False
    return any(
        line.kind == "vehicle" and deal.tax.rates.get(line.tax_code or "") in ("0", "0.0", "0.00")
        for line in deal.lines
    )


def _us_wholesale(deal: Deal, known: Known) -> bool:
    if "wholesale" not in (deal.deal_type, deal.sale_class):
        return False
    if known.regime is not None:
        return known.regime == "us"
    return deal.tax.regime == "additive" and deal.base_currency == "USD"
