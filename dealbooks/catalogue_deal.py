"""Rules of the canonical deal (codes D001 and up), grouped as the deal model is."""

from __future__ import annotations

from dealbooks.findings import Severity
from dealbooks.rule import Rule, Where

E, W = Severity.ERROR, Severity.WARNING


def _rule(code: str, severity: Severity, where: Where, section: str, title: str, text: str) -> Rule:
    return Rule(code, severity, title, where, text, f"deal model, {section}")


_STRUCTURE = (
    _rule("D001", E, "model", "section 0", "A required field is empty", "{field} is empty; fill it in at the source"),
    _rule("D002", E, "model", "section 0", "A field cannot be read", "{field} is {value}: {wanted} is expected"),
    _rule("D003", E, "model", "section 0", "A value is not one of those allowed",
          "{field} is {value}: allowed are {allowed}; mend the value or the field map"),
    _rule("D004", E, "model", "section 0", "A field is not known",
          "{field} is not a field of a deal; mend the field map (is the name misspelt?)"),
    _rule("D005", E, "deal", "section 0", "An amount has more decimals than its currency",
          "{field} is {value}, but {currency} has {digits} decimals; round it at the source"),
    _rule("D006", E, "gx", "section 0", "An amount is negative",
          "{field} is {value}; amounts are written as positive, only discounts and withheld fees are negative"),
    _rule("D007", E, "deal", "section 0", "A rate is not a fraction of 1",
          "{field} is {value}; write a rate as a fraction, 7.25 percent as 0.0725"),
)  # fmt: skip

_IDENTITY = (
    _rule("D010", E, "deal", "section 1", "The legal entity has no book",
          "no book is set up for the legal entity {value}; add the book, or mend the legal entity"),
    _rule("D011", E, "deal", "section 1", "The location is not set up",
          "the location {value} is not set up in this book; add it to the book's locations, or mend it at the source"),
    _rule("D012", E, "deal", "section 1", "The base currency is not the book's",
          "the deal is to be kept in {value}, but the book is kept in {currency}"),
    _rule("D013", E, "gx", "section 1", "The currency is not known",
          "{value} is not a currency code of ISO 4217 (three capital letters, such as GBP)"),
    _rule("D014", E, "deal", "section 1", "The exchange rate is missing",
          "the deal is in {currency} and the book in {base}, but no exchange rate above zero is given; "
          "give the rate of the accounting date"),
    _rule("D015", W, "deal", "section 1", "An exchange rate without a foreign currency",
          "an exchange rate of {value} is given, but deal and book are both in {currency}; the rate is not used"),
    _rule("D016", E, "deal", "section 1", "The source is not configured",
          "the source {value} is not configured; add it to the sources, or mend the name"),
    _rule("D017", W, "gx", "section 1", "Contract after delivery",
          "the contract is dated {value}, after the delivery on {delivery}; check both dates"),
    _rule("D018", E, "deal", "section 1", "No date decides the period",
          "the deal has no accounting, delivery or contract date, so no period; give the delivery date"),
    _rule("D019", W, "deal", "section 1", "No delivery date",
          "there is no delivery date; the deal is dated {value} ({used} date). Check in which period the car was "
          "handed over"),
    _rule("D020", W, "deal", "section 1", "Funded before the contract",
          "the lender's funding is dated {value}, before the contract on {contract}; check both dates"),
    _rule("D021", E, "deal", "section 1", "The tax point is missing",
          "the deposit {receipt} was taken on {value}, in an earlier VAT period than the sale, and the deal has no tax "
          "point; give it"),
    _rule("D022", E, "deal", "section 1", "An amendment without its date",
          "this is version {value} of the deal, but it does not say on which day it was amended; give amended_at"),
    _rule("D023", W, "deal", "section 1", "An amendment without its reason",
          "this is version {value} of the deal, but it does not say why it was amended"),
    _rule("D024", W, "deal", "section 1", "An unwound sale without its reason",
          "the sale was unwound on {value}, but no reason is given"),
    _rule("D025", W, "deal", "section 1", "The customer's account does not end at nil",
          "{value} {currency} stay open on the customer's account after the sale ({who})"),
    _rule("D026", E, "deal", "section 1", "A transfer price that is not the car's cost",
          "the car came from {entity} for {price}, but is in stock at {value}; both must be the same"),
    _rule("D027", E, "deal", "section 1", "A transfer from an entity without a book",
          "the car is said to come from {value}, {why}"),
    _rule("D028", W, "deal", "section 1", "A sale dated in the future",
          "the sale is dated {value}, {days} days after today ({today}); check the date. If it is right, hold the sale "
          "back until the car is handed over"),
    _rule("D029", E, "deal", "section 1", "Amended or taken back before the sale",
          "the sale {what} on {value}, before its own date {sold}; correct the earlier or the later date"),
)  # fmt: skip

_CUSTOMER = (
    _rule("D030", E, "deal", "section 2", "A VAT number is missing",
          "no VAT is charged to the business {value}, but its VAT number is missing; get the number, or charge VAT"),
    _rule("D031", W, "deal", "section 2", "A VAT number is not valid",
          "the VAT number {value} is not valid (its check digits are wrong), and no VAT is charged; check it"),
    _rule("D032", E, "deal", "section 2", "A resale certificate is missing",
          "this is a wholesale sale without sales tax, but {value} has no resale certificate on file; get it"),
    _rule("D033", E, "deal", "section 2", "The finance house must be invoiced",
          "under {kind} the {buyer} buys the car, but the invoice goes to the customer {value}; fill in the bill-to"),
    _rule("D034", W, "deal", "section 2", "Another company than the lender is invoiced",
          "under {kind} the {buyer} buys the car and finances it, but the invoice goes to {value} and the finance "
          "comes from {lender}; check both"),
)  # fmt: skip

_VEHICLE = (
    _rule("D040", E, "gx", "section 3", "The VIN is missing",
          "the VIN is missing; take it from the registration document"),
    _rule("D041", E, "gx", "section 3", "The VIN is impossible",
          "VIN {value} cannot be right: a VIN has 17 letters and digits, and never I, O or Q; "
          "check it against the registration document"),
    _rule("D042", W, "gx", "section 3", "The VIN is short",
          "{value} is shorter than a VIN of 17 characters; check that it is the chassis number of an older or "
          "imported car"),
    _rule("D043", E, "gx", "section 3", "The VIN fails its check digit (North America)",
          "VIN {value} fails its check digit (position 9 should be {should}); "
          "check it against the registration document"),
    _rule("D044", W, "gx", "section 3", "The VIN has no valid check digit (elsewhere)",
          "VIN {value} has no valid check digit (position 9 would be {should}); not every maker outside North America "
          "uses one"),
    _rule("D045", E, "gx", "section 3", "The stock number is missing",
          "the stock number is missing; it is the control number of the deal in every schedule"),
    _rule("D046", W, "deal", "section 3", "The registration has no UK form",
          "the registration {value} does not look like a UK number plate; check it"),
    _rule("D047", W, "gx", "section 3", "The model year is doubtful",
          "the model year is {value}; expected is 1900 to {last}"),
    _rule("D048", E, "gx", "section 3", "The car's cost is missing",
          "the cost of the car is missing, so its stock cannot be relieved; take it from the stock ledger"),
    _rule("D049", E, "deal", "section 3", "The cost is in another currency",
          "the car's cost is given in {value}, but costs are kept in the book's currency {currency}"),
    _rule("D050", E, "deal", "section 3", "How the car was acquired is not known",
          "it is not said how the used car {value} was acquired (qualifying, margin, ...), which decides its VAT; "
          "take it from the stock book"),
    _rule("D051", E, "deal", "section 3", "The stock-book price is missing",
          "the car is sold under the margin scheme, but its purchase price in the stock book is missing"),
)  # fmt: skip

_LINES = (
    _rule("D060", E, "gx", "section 4", "Not exactly one car",
          "the deal has {value} vehicle lines; there must be exactly one (a fleet order is one deal for each car)"),
    _rule("D061", E, "deal", "section 4", "More or less than one car on the vehicle line",
          "the vehicle line has the quantity {value}; one deal sells one car"),
    _rule("D062", E, "deal", "section 4", "A deduction is not negative",
          "line {line} ({kind}) is {value}; a discount or a withheld fee is written as a negative amount"),
    _rule("D063", E, "deal", "section 4", "A line is negative",
          "line {line} ({kind}) comes to {value}; only discounts and withheld fees are negative, and a car taken in "
          "part-exchange is never a negative line"),
    _rule("D064", E, "deal", "section 4", "A line number occurs twice",
          "the line number {value} occurs more than once"),
    _rule("D065", E, "deal", "section 4", "It is not said who is owed",
          "line {line} ({kind}) does not say who provides it, so nobody could be paid; fill in the provider"),
    _rule("D066", W, "deal", "section 4", "Insurance below its premium",
          "line {line}: the customer pays {value} for insurance whose premium is {cost}"),
    _rule("D067", E, "deal", "section 4", "The insurance premium is missing",
          "line {line}: the premium due to the insurer is missing; fill in the cost"),
    _rule("D068", W, "deal", "section 4", "A product without cost",
          "line {line}: no cost is given, so the whole price counts as profit; check it with the provider"),
    _rule("D069", E, "deal", "section 4", "Insurance invoiced to a finance house",
          "line {line} is insurance, but the invoice goes to the finance house {value}; invoice it to the customer"),
    _rule("D070", E, "deal", "section 4", "A government fee is not passed on exactly",
          "line {line}: {value} is charged for a government fee of {cost}; put the mark-up on a line of its own "
          "(admin fee)"),
    _rule("D071", E, "deal", "section 4", "The signed total differs",
          "the signed total is {value}, but the lines and taxes come to {computed} (difference {difference}, "
          "allowed {tolerance})"),
)  # fmt: skip

_TAX = (
    _rule("D080", E, "deal", "section 5", "The tax of a line is not known",
          "line {line}: {why}; give the line a tax code of the book"),
    _rule("D081", E, "deal", "section 5", "Margin scheme for a car that was not bought for it",
          "line {line} is sold under the margin scheme ({value}), but the car was acquired as {acquired}; "
          "correct the tax code, or the stock book"),
    _rule("D082", E, "deal", "section 5", "The tax code of a commission is not known",
          "{field} is {value}, which has no rate in this deal's taxes; mend the code"),
    _rule("D083", E, "deal", "section 5", "A tax rate cannot be read",
          "the rate of tax code {tax_code} is {value}; it must be a fraction such as 0.20, or the word margin"),
    _rule("D084", E, "deal", "section 5", "The rate of the margin scheme is missing",
          "line {line} is sold under the margin scheme ({value}), but the scheme's rate is missing"),
    _rule("D085", E, "deal", "section 5", "A capped trade-in credit without its cap",
          "the tax {value} gives a capped credit for a trade-in, but does not say how much"),
    _rule("D086", E, "deal", "section 5", "The cap reduction is missing",
          "the tax {value} is due on the cap reduction of the lease, which is missing"),
    _rule("D087", E, "deal", "section 5", "A tax is charged twice",
          "the tax {value} is listed more than once for the same lines, so it would be charged twice; remove one"),
    _rule("D089", W, "deal", "section 5", "A taxable line that no tax is charged on",
          "line {line} is taxable in the group {value}, but no tax of this deal is charged on that group"),
)  # fmt: skip

_TRADE = (
    _rule("D090", E, "deal", "section 6", "The traded car has no stock number",
          "the car taken in part-exchange has no stock number of its own; give it one"),
    _rule("D091", E, "deal", "section 6", "The traded car's stock number is taken",
          "the stock number {value} of the part-exchange is already that of {other}; give it a new one"),
    _rule("D092", W, "deal", "section 6", "The traded car cannot be recognised",
          "the part-exchange {value} has neither a VIN nor a registration"),
    _rule("D093", E, "gx", "section 6", "It is not known who holds the finance on the traded car",
          "{value} are to be settled on the part-exchange, but the lienholder is missing; fill in who is to be paid"),
    _rule("D094", W, "deal", "section 6", "The settlement quote runs out",
          "the settlement quote for part-exchange {stock_no} is good until {value}, before {until}; ask for a new one"),
    _rule("D095", E, "deal", "section 6", "The input tax of the traded car has no tax code",
          "the part-exchange {value} carries input tax, but no tax code for it"),
    _rule("D096", W, "deal", "section 6", "The traded car's VIN is doubtful",
          "the VIN {value} of the part-exchange {why}; check it against the registration document"),
)  # fmt: skip

_MONEY = (
    _rule("D100", E, "gx", "section 7", "A receipt number occurs twice",
          "the receipt number {value} occurs more than once in this deal; each receipt needs its own"),
    _rule("D101", E, "deal", "section 7", "A refund or funding number occurs twice",
          "the number {value} occurs more than once among the {group} of this deal; each needs its own"),
    _rule("D102", W, "deal", "section 7", "Much taken in cash",
          "{value} {currency} were taken in cash, more than {above}; file {form} within {days} days, and keep it for "
          "{years} years"),
    _rule("D103", E, "deal", "section 7", "Nothing is financed",
          "there is a finance contract with {lender}, but the amount financed is {value}"),
    _rule("D104", E, "deal", "section 7", "The lease does not add up",
          "gross cap cost {gross} less cap reduction {reduction} is {computed}, but the amount financed is {value}"),
    _rule("D105", E, "deal", "section 7", "The exchange rate of a payment is missing",
          "the payment {value} is in {currency}, but its exchange rate is missing; give the bank's rate of that day"),
    _rule("D106", E, "deal", "section 7", "The deal does not add up",
          "the invoice comes to {total}, and is settled by {settled} (deposits {deposits}, payments {payments}, "
          "part-exchange {equity}, rebates {rebates}, finance {financed}, less refunds {refunded}); {value} are left, "
          "but the balance due is said to be {due}"),
    _rule("D107", W, "deal", "section 7", "The deal does not add up by a few cents",
          "after all that was paid, {value} are left on the customer's account, but the balance due is "
          "said to be {due}"),
    _rule("D108", W, "deal", "section 7", "More was funded than financed",
          "{lender} paid {value} for the contract, but the amount financed is {financed}; check the funding against "
          "the lender's contract"),
    _rule("D109", E, "deal", "section 7", "More is withheld than financed",
          "{lender} is said to withhold {value}, but finances only {financed}; correct what is withheld"),
    _rule("D116", W, "deal", "section 7", "A deposit after the sale",
          "the deposit {receipt} is dated {value}, after the sale on {sold}; check the date, or enter it as a payment"),
    _rule("D117", W, "deal", "section 7", "A settlement before the deal",
          "the finance on part-exchange {stock_no} is said to be settled on {value}, before the deal on {agreed}; "
          "check the date"),
)  # fmt: skip

_COMMISSION = (
    _rule("D110", E, "deal", "section 8", "The shares of a commission are not the whole",
          "the shares of commission plan {plan} add up to {value}; they must add up to exactly 1"),
    _rule("D111", W, "deal", "section 8", "No commission plan",
          "the deal names no commission plan; commission goes to the house account"),
    _rule("D112", W, "deal", "section 8", "A commission without a person",
          "commission plan {value} names nobody; its commission goes to the house account"),
    _rule("D113", E, "deal", "section 8", "A commission plan is not complete",
          "commission plan {value} needs {needs}"),
    _rule("D114", E, "deal", "section 8", "A commission's minimum is above its maximum",
          "commission plan {plan} has the minimum {value} above its maximum {maximum}"),
    _rule("D115", E, "deal", "section 8", "A commission plan occurs twice",
          "the commission plan {value} occurs more than once, so it would be paid twice; remove one"),
    _rule("D118", E, "deal", "section 8", "A share of a commission is negative",
          "commission plan {plan}: the share of {person} is {value}; shares are from 0 to 1"),
)  # fmt: skip

DEAL_RULES: tuple[Rule, ...] = (
    *_STRUCTURE, *_IDENTITY, *_CUSTOMER, *_VEHICLE, *_LINES, *_TAX, *_TRADE, *_MONEY, *_COMMISSION,
)  # fmt: skip
