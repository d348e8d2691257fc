"""Why a line is there: for each line of each entry the rule that wrote it, with its source, for a person to read."""

from __future__ import annotations

from dealbooks.posting.posted import Posted

_RULES = "posting-rules.md section 1"
_ARITHMETIC = "posting-rules.md section 2"
_US = "posting-rules.md section 3"
_UK = "posting-rules.md section 4"
_AU = "posting-rules.md section 5"
_OTHERS = "posting-rules.md section 6"
_SECOND_HAND = "posting-rules.md sections 5 and 6"
_COMMISSION_TAX = "posting-rules.md sections 2 and 5"
_LINES = "deal-model.md section 4"
_TRADES = "deal-model.md section 6"
_MONEY_IN = "deal-model.md section 7"
_GROSS = "deal-model.md section 8"
ANY = "*"

# (part, role) -> rule, source. "*" stands for every other role of the part.
RULES: dict[tuple[str, str], tuple[str, str]] = {
    ("invoice", "receivable.customer"): ("The customer owes the total of the invoice.", _RULES),
    ("invoice", "sales.accessories"): ("Accessories sold with the car, without the tax in their price.", _RULES),
    ("invoice", "income.doc_fee"): ("The dealer's documentation fee is income.", _LINES),
    ("invoice", "income.admin_fee"): (
        "The dealer's own administration and delivery fees are income.",
        _LINES,
    ),
    ("invoice", "income.fi_products"): ("F&I products are shown at their full price.", _US),
    ("invoice", "income.insurance_commission"): (
        "Sold as an agent: only what is charged above the premium is income.",
        _UK,
    ),
    ("invoice", "payable.fi_provider"): (
        "The premium collected is owed to the provider.",
        _UK,
    ),
    ("invoice", "payable.government_fees"): ("Fees collected for an authority are owed to it.", _LINES),
    ("invoice", "payable.lessor"): ("Amounts collected for the lessor are owed to it.", _US),
    ("invoice", "asset.recycling_deposit"): (
        "The recycling deposit held with the car passes to the buyer.",
        _OTHERS,
    ),
    ("invoice", "expense.auction_fees"): (
        "The fee that the auction withheld is an expense; revenue stays at the hammer price.",
        _US,
    ),
    ("invoice", "payable.sales_tax"): (
        "Sales tax is collected for the state: never revenue.",
        _US,
    ),
    ("invoice", "tax.output"): ("Tax charged on the invoice, by tax code.", _ARITHMETIC),
    ("invoice", "tax.lct"): (
        "Luxury car tax: (value - threshold) x 10/11 x rate; no GST on it.",
        _AU,
    ),
    ("invoice", "rounding.difference"): (
        "The difference between the signed total and the sum of the lines, within tolerance.",
        _ARITHMETIC,
    ),
    ("invoice", "fx.rounding"): ("What rounding each line to base currency leaves over.", _ARITHMETIC),
    ("invoice", ANY): ("The price of the car, without the tax in it; the class of sale selects the account.", _RULES),
    ("margin_vat", "tax.margin"): (
        "VAT on the margin of this car alone; nothing on a loss.",
        _UK,
    ),
    ("margin_vat", ANY): (
        "The margin VAT comes out of the car's revenue, not on the invoice.",
        _UK,
    ),
    ("cost", "cost_of_sales.reconditioning"): ("Reconditioning of the car sold.", _RULES),
    ("cost", "cost_of_sales.accessories"): ("Cost of accessories sold.", _RULES),
    ("cost", "inventory.parts"): ("The accessories leave stock.", _RULES),
    ("cost", "inventory.new_vehicle"): ("The car leaves stock at cost and reconditioning.", _RULES),
    ("cost", "inventory.used_vehicle"): ("The car leaves stock at cost and reconditioning.", _RULES),
    ("cost", "interbranch.clearing"): (
        "The car is stocked at another location: each location balances by itself.",
        _ARITHMETIC,
    ),
    ("cost", ANY): ("Cost of the car sold, as it stood in stock.", _RULES),
    ("second_hand_credit", "tax.input"): (
        "Credit for tax in the price of a second-hand car bought from somebody who charged none.",
        _SECOND_HAND,
    ),
    ("second_hand_credit", ANY): (
        "The second-hand credit lowers what the car cost.",
        _SECOND_HAND,
    ),
    ("trade", "inventory.used_vehicle"): ("The traded car is stocked at what it is worth.", _TRADES),
    ("trade", "sales.over_allowance"): (
        "The allowance above what the traded car is worth lowers revenue.",
        f"{_US}, {_TRADES}",
    ),
    ("trade", "tax.input"): ("Tax in or on the price of the traded car that we may recover.", _TRADES),
    ("trade", "payable.trade_payoff"): ("The lien on the traded car is ours to settle.", _TRADES),
    ("trade", "receivable.customer"): (
        "The equity in the traded car settles the customer's account; negative equity adds to it.",
        _TRADES,
    ),
    ("deposit", "payable.customer_deposits"): ("The deposit is no longer owed to the customer.", _RULES),
    ("deposit", ANY): ("The deposit settles part of the invoice.", _RULES),
    ("deposit_tax", "payable.customer_deposits"): (
        "The tax inside a deposit that was taken in an earlier VAT period than the sale.",
        _UK,
    ),
    ("deposit_tax", ANY): (
        "A deposit makes a tax point: its tax is due in the VAT period in which the money came.",
        _UK,
    ),
    ("rebate", "receivable.manufacturer"): (
        "A rebate assigned to us is owed by the manufacturer.",
        _MONEY_IN,
    ),
    ("rebate", ANY): ("The assigned rebate settles part of the invoice.", _MONEY_IN),
    ("incentive", "receivable.manufacturer"): ("Manufacturer's money to the dealer.", _MONEY_IN),
    ("incentive", ANY): ("Manufacturer's money to the dealer lowers the cost of the car.", _MONEY_IN),
    ("finance", "receivable.customer"): ("The amount financed settles the customer's account.", _RULES),
    ("finance", "payable.lessor"): ("What the lessor keeps of the amount financed.", _US),
    ("finance", ANY): ("The lender owes the amount financed until it funds the contract.", _RULES),
    ("reserve", "receivable.finance_reserve"): ("Finance reserve earned, not yet received.", _RULES),
    ("reserve", ANY): ("Finance reserve is income of the sale, with any tax in it.", _RULES),
    ("commission_tax", "tax.output"): (
        "Tax inside a commission from lender or insurer.",
        _COMMISSION_TAX,
    ),
    ("commission_tax", ANY): ("The tax inside the commission is not income.", _COMMISSION_TAX),
    ("fi_cost", "payable.fi_provider"): ("What the provider of the F&I product is owed.", _US),
    ("fi_cost", ANY): ("Cost of an F&I product that is shown gross.", _US),
    ("chargeback_reserve", "income.chargebacks"): (
        "Provision for F&I income that will be given back.",
        _GROSS,
    ),
    ("chargeback_reserve", ANY): ("Held against chargebacks.", _GROSS),
    ("chargeback", "payable.fi_provider"): ("The provider takes back what the product earned.", _GROSS),
    ("chargeback", "receivable.finance_reserve"): ("The lender takes back what the contract earned.", _GROSS),
    ("chargeback", "liability.chargeback_reserve"): ("The provision set aside at the sale bears it.", _GROSS),
    ("chargeback", ANY): ("F&I income that was earned with the sale, and is given back.", _GROSS),
    ("clawback", "payable.commission"): ("Commission on income that is given back is not owed any more.", _GROSS),
    ("clawback", ANY): ("The person's commission on income that is given back, by the same plan.", _GROSS),
    ("commission", "payable.commission"): ("Commission earned, not yet paid.", _GROSS),
    ("commission", ANY): ("Commission accrued with the sale, by the person's plan.", _GROSS),
    ("payment", "cash.undeposited"): ("Money taken, not yet banked.", _RULES),
    ("payment", "cash.bank"): ("Money through the bank.", _RULES),
    ("payment", "payable.customer_deposits"): ("A deposit is owed to the customer until the sale applies it.", _RULES),
    ("payment", "payable.customer_refund"): ("A refund agreed, not yet paid.", _RULES),
    ("payment", "payable.trade_payoff"): ("The lien on the traded car is settled.", _RULES),
    ("payment", "receivable.customer"): ("Money from or to the customer, on the account of the deal.", _RULES),
    ("payment", "fx.realised"): (
        "The rate of the day the money came differs from the rate of the sale.",
        _ARITHMETIC,
    ),
    ("payment", ANY): ("The lender's money has come.", _RULES),
    ("transfer", "receivable.intercompany"): ("The other entity of the group owes the price of the car.", _RULES),
    ("transfer", ANY): ("The car is sold to another entity of the group.", _RULES),
    ("purchase", "payable.intercompany"): ("The price of the car is owed to another entity of the group.", _RULES),
    ("purchase", ANY): ("The car comes into stock from another entity of the group.", _RULES),
}


def rule_for(part: str, role: str) -> str:
    """The rule behind a line of this part and role, with its source in brackets."""
    text, source = RULES.get((part, role)) or RULES[(part, ANY)]
    return f"{text} [{source}]"


def why(part: str, role: str, reverses: str | None) -> str:
    """The rule behind a line of an entry; of a mirror, that it takes back a line of `reverses`, and its rule."""
    taken_back = "" if reverses is None else f"Takes back the line of {reverses}: a posted entry is never edited. "
    return taken_back + rule_for(part, role)


def explain(posted: Posted) -> list[tuple[str, int, str]]:
    """For each line: its entry's id, its place in the entry, and the rule that wrote it, with its source."""
    return [
        (entry.entry_id, index, why(line.part, line.role, entry.reverses))
        for entry in posted.entries
        for index, line in enumerate(entry.lines)
    ]
