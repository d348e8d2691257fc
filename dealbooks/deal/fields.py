"""The kinds of fields of a canonical deal: what a text, a day, a tax fraction or a word of a list may be."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints, WithJsonSchema

from dealbooks.money import MoneyError

# What names a thing in the books has no control characters: no system shows or matches them alike.
NO_CONTROLS = r"^\P{Cc}*$"
FIRST_DAY = date(1990, 1, 1)  # an earlier day is a slip: no books of today reach back so far

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=NO_CONTROLS)]
Mark = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=NO_CONTROLS)]
Day = Annotated[date, Field(ge=FIRST_DAY)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


# The part of a price that is tax: two whole numbers, or a plain decimal. Never an exponent: 1e999999999 is a number
# that takes a machine for ever to write out.
_FRACTION = re.compile(r"[0-9]{1,6}(/[0-9]{1,6})?|0?\.[0-9]{1,12}")


def _fraction(value: object) -> Fraction:
    if isinstance(value, str) and _FRACTION.fullmatch(value.strip()) is None:
        raise MoneyError(f"{value!r} is not a fraction such as 3/23")
    if not isinstance(value, (str, Fraction)):
        raise MoneyError(f"{value!r} is not a fraction: write it as text, such as '3/23'")
    try:
        read = Fraction(value)
    except ZeroDivisionError as error:
        raise MoneyError(f"{value!r} is not a fraction such as 3/23") from error
    if not 0 <= read < 1:
        raise MoneyError(f"{value!r} is not a part of a price: a tax fraction is less than 1")
    return read


# A tax fraction such as "3/23"; exact, from 0 to under 1.
TaxFraction = Annotated[
    Fraction, BeforeValidator(_fraction), PlainSerializer(str, return_type=str), WithJsonSchema({"type": "string"})
]

LineKind = Literal[
    "vehicle", "discount", "recharge", "accessory", "fi_product", "insurance", "doc_fee", "admin_fee", "delivery_fee",
    "government_fee", "recycling_deposit", "lessor_fee", "auction_fee",
]  # fmt: skip
DealType = Literal["retail", "lease", "wholesale", "fleet", "dealer_trade", "finance_house_sale"]
SaleClass = Literal["new", "used", "demo", "cpo", "lease", "wholesale"]
Status = Literal["draft", "contracted", "delivered", "funded", "completed", "posted", "amended", "unwound", "cancelled"]
PaymentMethod = Literal["cash", "card", "bank_transfer", "cheque", "cashier_cheque", "direct_debit"]
FinanceType = Literal["retail_instalment", "lease", "hire_purchase", "pcp", "chattel_mortgage", "loan", "cash"]
TaxAcquisition = Literal["qualifying", "margin", "second_hand_unregistered", "import", "exempt"]
TaxRole = Literal["payable.sales_tax", "tax.output"]
SellerStatus = Literal["private", "unregistered", "non_registrant", "registrant"]
