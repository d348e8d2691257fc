"""Rules of the regimes of single countries, checked while a draft is filled (codes R101 and up)."""

from __future__ import annotations

from dealbooks.findings import Severity
from dealbooks.rule import Rule

_E, _W = Severity.ERROR, Severity.WARNING


def _rule(code: str, severity: Severity, title: str, text: str, source: str) -> Rule:
    return Rule(code, severity, title, "determine", text, source)


REGIME_RULES: tuple[Rule, ...] = (
    _rule(
        "R101",
        _E,
        "Fuel consumption is missing for luxury car tax",
        "The car's value for luxury car tax is {amount}, above the threshold of {threshold}, and its combined fuel "
        "consumption is not stated. It decides between two thresholds. State fuel_l_100km, or the powertrain.",
        "posting-rules.md section 5, LCT",
    ),
    _rule(
        "R102",
        _E,
        "Luxury car tax of a used car cannot be told",
        "The used car's value for luxury car tax is {amount}, above the threshold of {threshold}, and it may be two "
        "years old or less. Tax paid before reduces what is due, so it is not worked out here. Say that none is due "
        "({words}), or set the deal's luxury car tax by hand.",
        "posting-rules.md section 5, LCT: car older than 2 years, LCT already paid",
    ),
    _rule(
        "R103",
        _W,
        "Purchase price of a second-hand car assumed",
        "The credit for a second-hand car is worked out on what was paid for it, which is not stated; its cost of "
        "{value} is used. State the price paid (stock_book_price) if transport or a write-down stands in the cost.",
        "posting-rules.md section 5, second-hand goods",
    ),
    _rule(
        "R104",
        _E,
        "Tax status of the seller of a trade-in is missing",
        "It is not stated whether the seller of trade-in {value} is registered for tax, which decides the input tax "
        "inside the allowance. State seller_status (private, unregistered, registrant).",
        "deal-model.md section 6, seller_tax_status",
    ),
    _rule(
        "R105",
        _W,
        "Input tax of a trade-in is not stated",
        "Trade-in {value} comes from a business registered for tax, and no input tax is stated; none is taken. If the "
        "seller's invoice shows tax, state it as the trade-in's input_tax_amount or input_tax_fraction.",
        "deal-model.md section 6, input_tax_amount",
    ),
    _rule(
        "R106",
        _W,
        "Sold without tax to another country",
        "The car is sold to {value} without tax ({rule}). Keep {evidence}; without it the tax is owed here.",
        "posting-rules.md section 6",
    ),
    _rule(
        "R107",
        _E,
        "Sold without tax, but the VAT number does not allow it",
        "The source sells the car without VAT to {country}, but {why}. State a valid VAT number of another member "
        "state, or sell the car with VAT.",
        "posting-rules.md section 6; deal-model.md section 2, vat_number",
    ),
    _rule(
        "R108",
        _W,
        "Customer in another country, taxed as a sale at home",
        "The customer is in {value}, but {why}; the sale is taxed as one at home. {todo}",
        "posting-rules.md sections 4 and 6",
    ),
    _rule(
        "R109",
        _E,
        "A new means of transport under the margin scheme",
        "The car is a new means of transport (at most {months} months or {km} km) sold to {value}, which cannot be "
        "sold under the scheme that its acquisition as '{acquisition}' allows. Correct the odometer, or "
        "tax_acquisition.",
        "Directive 2006/112 art. 313(2); posting-rules.md section 6",
    ),
    _rule(
        "R110",
        _E,
        "New means of transport cannot be told",
        "The car is sold to {value}, and whether it is a new means of transport (at most {months} months or {km} km) "
        "cannot be told; it decides in which country it is taxed. State the odometer and first_registration.",
        "Directive 2006/112 art. 2(2)(b); posting-rules.md section 6",
    ),
)
