"""Rules that are checked while a draft is filled from the book's rules (codes R001 and up)."""

from __future__ import annotations

from dealbooks.findings import Severity
from dealbooks.rule import Rule

_E, _W = Severity.ERROR, Severity.WARNING


def _rule(code: str, severity: Severity, title: str, text: str, source: str) -> Rule:
    return Rule(code, severity, title, "determine", text, source)


DETERMINE_RULES: tuple[Rule, ...] = (
    _rule(
        "R001",
        _E,
        "How the car was acquired for tax is not stated",
        "The file does not say how this {sale_class} car was acquired for tax (qualifying, margin, import, ...). "
        "It decides between VAT on the full price and VAT on the margin, and is never guessed from the sale. State"
        " tax_acquisition for the car, from its purchase invoice or the stock book.",
        "deal-model.md section 3, tax_acquisition",
    ),
    _rule(
        "R002",
        _E,
        "Lender not in the rulebook",
        "The finance company '{value}' is not in rulebook {rulebook}. Add it under finance.lenders, with the name "
        "as the source writes it.",
        "deal-model.md section 7, finance",
    ),
    _rule(
        "R003",
        _E,
        "Fee not in the rulebook",
        "Fee '{value}' is not in rulebook {rulebook}, so its account and tax are not known. Add it under fees, "
        "with the name as the source writes it.",
        "deal-model.md section 4",
    ),
    _rule(
        "R004",
        _E,
        "Product not in the rulebook",
        "Product '{value}' (kind {kind}) is not in rulebook {rulebook}, so its provider and tax are not known. Add"
        " it under products.",
        "deal-model.md section 4",
    ),
    _rule(
        "R005",
        _E,
        "No tax jurisdiction for the registration address",
        "Rulebook {rulebook} has no tax rule for a {deal_type} sale registered at {value}. Add the jurisdiction "
        "under tax.jurisdictions, or correct the customer's address.",
        "posting-rules.md section 3",
    ),
    _rule(
        "R006",
        _E,
        "Store not mapped to a location",
        "Store '{value}' is not mapped to a location of book {book}. Add it under locations, in rulebook "
        "{rulebook} and in the book's own settings.",
        "deal-model.md section 1, location",
    ),
    _rule(
        "R007",
        _E,
        "Cost of the car is missing",
        "The cost of the car is missing, so stock cannot be relieved. State its carrying amount in stock "
        "(vehicle_cost), without reconditioning.",
        "deal-model.md section 3, cost",
    ),
    _rule(
        "R008",
        _E,
        "No rule in force on the date",
        "Rulebook {rulebook} has {section} for '{value}', but none in force on {date}. Add one with from: on or "
        "before that date.",
        "deal-model.md section 5",
    ),
    _rule(
        "R009",
        _E,
        "The source's tax rate differs from the rulebook",
        "The source charges {name} at {value}; rulebook {rulebook} has {expected} on {date}. Correct the source, "
        "or the rate under tax.jurisdictions if the law has changed.",
        "deal-model.md section 5",
    ),
    _rule(
        "R010",
        _W,
        "Commission without a person",
        "No {role} person could be told for this sale{value}; the commission of plan {plan} is accrued to the "
        "house account {house}. Name the person in the source, or add the id under commissions.persons.",
        "deal-model.md section 8",
    ),
    _rule(
        "R011",
        _E,
        "Kind of finance cannot be told",
        "The kind of finance with {lender} cannot be told: the source says '{value}', and rulebook {rulebook} "
        "allows {allowed}. State finance_type (hire_purchase, pcp, retail_instalment, ...): it decides who is "
        "invoiced.",
        "deal-model.md sections 2 and 7",
    ),
    _rule(
        "R012",
        _E,
        "The deal has no date",
        "The deal has no readable delivery, accounting or sale date, so no rule and no period can be chosen. State"
        " at least the sale date.",
        "deal-model.md section 1, dates",
    ),
    _rule(
        "R013",
        _W,
        "Delivery date is missing",
        "The delivery date is missing; the {which} date {value} is used instead. Tax rates and the period follow "
        "from it.",
        "design.md section 7",
    ),
    _rule(
        "R014",
        _E,
        "New or used cannot be told",
        "Condition '{value}' does not say whether the car was sold as new, used or demonstrator, so its accounts "
        "are not known. State the condition, or add the word under defaults.sale_classes of rulebook {rulebook}.",
        "deal-model.md section 1, sale_class",
    ),
    _rule(
        "R015",
        _E,
        "Type of deal not known",
        "Deal type '{value}' is not in rulebook {rulebook}. Add it under defaults.deal_types, or keep such records"
        " out of the completed sales.",
        "deal-model.md section 1, deal_type",
    ),
    _rule(
        "R016",
        _E,
        "VAT scheme contradicts how the car was acquired",
        "The source sells the car under the {value} scheme, but it was acquired as '{acquisition}', which allows "
        "{allowed}. Correct vat_scheme or tax_acquisition.",
        "posting-rules.md section 4",
    ),
    _rule(
        "R017",
        _W,
        "The source differs from the rulebook",
        "The source says {what} is {value}; rulebook {rulebook} says {expected}. What the source says is used.",
        "design.md section 3",
    ),
    _rule(
        "R018",
        _W,
        "Customer without a number and a postcode",
        "Customer '{value}' has neither a customer number nor a postcode, so the customer cannot be told from "
        "others of that name; a customer of its own is kept for this deal.",
        "deal-model.md section 2",
    ),
    _rule(
        "R019",
        _E,
        "Customer is missing",
        "The customer has neither a number nor a name. State customer_id or customer_name.",
        "deal-model.md section 2",
    ),
    _rule(
        "R020",
        _W,
        "Registration address is missing",
        "The customer's registration address is not complete (region and postcode), so the tax of location {value}"
        " is used: {jurisdiction}. Check it against the registration.",
        "deal-model.md section 2, address",
    ),
    _rule(
        "R021",
        _E,
        "Stock-book purchase price is missing",
        "The car was acquired under the margin scheme, but its stock-book purchase price is missing. State it from"
        " the stock book (stock_book_price): it may differ from the cost, so the cost is not used for it.",
        "deal-model.md section 3, stock_book_purchase_price",
    ),
    _rule(
        "R022",
        _E,
        "Prices with or without tax do not fit the tax",
        "The source's prices {stated} tax, but in {jurisdiction} they must {expected} it. Correct "
        "price_includes_tax, or let the map turn the prices into that form.",
        "posting-rules.md section 2",
    ),
    _rule(
        "R023",
        _E,
        "Pass-through fee with a mark-up",
        "Fee '{value}' is passed through at {amount} but costs {cost}. A fee of an authority is passed through "
        "exactly: split the difference into an administration fee.",
        "deal-model.md section 4, government_fee",
    ),
    _rule(
        "R024",
        _E,
        "Lienholder not in the rulebook",
        "The lender '{value}' of the trade-in's outstanding finance is not in rulebook {rulebook}. Add it under "
        "finance.lienholders.",
        "deal-model.md section 6, lienholder",
    ),
    _rule(
        "R025",
        _E,
        "Premium of insurance is missing",
        "The premium of '{value}' is missing, so what is owed to its insurer is not known. State the product's cost.",
        "deal-model.md section 4",
    ),
    _rule(
        "R026",
        _E,
        "The source's tax total differs from ours",
        "The source's tax total is {value}; by the book's rules it is {expected}, a difference of {difference}. "
        "Compare the tax lines, and correct the source or the rule.",
        "deal-model.md section 5",
    ),
    _rule(
        "R027",
        _W,
        "The source's commission differs from the plan",
        "The source's {role} commission is {value}; plan {plan} gives {expected}, a difference of {difference}.",
        "deal-model.md section 8",
    ),
    _rule(
        "R028",
        _W,
        "Cost of an accessory is missing",
        "The cost of accessory '{value}' is missing; it is sold without relieving stock, and counts in full in the"
        " gross.",
        "deal-model.md section 4",
    ),
    _rule(
        "R029",
        _W,
        "No commission plan",
        "Rulebook {rulebook} has no {role} plan for department {value} on {date}; no commission is accrued. Add "
        "one under commissions.plans.",
        "deal-model.md section 8",
    ),
    _rule(
        "R030",
        _E,
        "Rebate programme not known",
        "A rebate of {value} is stated, but rulebook {rulebook} names no programme for {make}. Add one under "
        "rebates: it says which manufacturer owes it, and whether it is assigned to the dealership.",
        "deal-model.md section 7, rebates",
    ),
    _rule(
        "R031",
        _E,
        "What a line is cannot be told",
        "Line {line} is '{value}', which is not a kind of line that can be posted. State what it is (vehicle, "
        "accessory, admin_fee, ...).",
        "deal-model.md section 4",
    ),
    _rule(
        "R032",
        _E,
        "No tax treatment for a line",
        "Rulebook {rulebook} does not say how a line of kind {value} is taxed{scheme}. Add it under tax.lines.",
        "deal-model.md section 5",
    ),
    _rule(
        "R033",
        _W,
        "Purchase price of a trade-in assumed",
        "The stand-in value of trade-in {value} is missing; it is stocked at its allowance of {amount}, without an"
        " over-allowance.",
        "deal-model.md section 6, acv",
    ),
    _rule(
        "R034",
        _E,
        "Who trades the car in is not known for tax",
        "It is not known whether the seller of trade-in {value} charges tax on it (registered for GST/HST, or not), or "
        "rulebook {rulebook} has no rule for such a seller. That decides whether the trade-in reduces the tax. State "
        "the seller's status (private, non_registrant, registrant), or add the case under tax.trade_in_sellers and "
        "tax.trade_in_credits.",
        "posting-rules.md section 6, Canada",
    ),
    _rule(
        "R035",
        _E,
        "Trade-ins that are taxed differently in one sale",
        "The trade-ins of this sale {value} are treated differently by {tax}, and a sale can carry one treatment only. "
        "Settle the trade-ins in separate deals, or have the accountant state the deal's tax.",
        "deal-model.md section 5",
    ),
    _rule(
        "R036",
        _W,
        "More trade-ins than may count for tax",
        "Only {number} trade-in may reduce the tax here; trade-in {value} is left out, as its allowance is lower. If "
        "another one should count, say so with tax_credit_eligible.",
        "posting-rules.md section 3, capped credit",
    ),
    _rule(
        "R037",
        _W,
        "The rate depends on how the car is driven",
        "It is not stated how the car is driven (petrol, battery electric, ...). The general rate of {tax}, {value}, "
        "is used; for some cars of this price it is {other}. State the powertrain.",
        "posting-rules.md section 6, Canada",
    ),
    _rule(
        "R038",
        _E,
        "Exempt sale without its certificate",
        "No tax is charged ({exemption}), but {value} has no certificate on file. Get the resale or exemption "
        "certificate and state its number (resale_certificate), or charge the tax.",
        "posting-rules.md section 3, wholesale",
    ),
)
