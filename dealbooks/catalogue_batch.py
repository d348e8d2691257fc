"""Rules over the rows of a batch (codes F501 and up); a rule of F510 and up names the rows that break it."""

from __future__ import annotations

from dealbooks.findings import Severity
from dealbooks.rule import Rule


def _batch(code: str, title: str, text: str, source: str = "drop files, section 2") -> Rule:
    return Rule(code, Severity.ERROR, title, "gx", text, source)


BATCH_RULES: tuple[Rule, ...] = (
    _batch("F501", "The batch does not have the columns that are checked",
           "the batch lacks columns that must be checked; nothing of it was taken"),
    _batch("F502", "The batch is empty or too large",
           "the batch has {value} deals; between {least} and {most} are expected"),
    _batch("F510", "The deal number is missing", "the deal number is missing; without it the deal cannot be named"),
    _batch("F511", "The customer is missing",
           "neither number nor name of the customer is given; without them nobody can be invoiced"),
    _batch("F512", "The sale date is missing", "the deal has no sale, delivery or accounting date"),
    _batch("F513", "The sale date cannot be read", "the sale date is {value}; a date such as 2026-03-14 is expected"),
    _batch("F514", "The price of the car is missing", "the price of the car is missing"),
    _batch("F515", "The currency is missing", "the currency is missing; give it in the file or in the settings"),
    _batch("F516", "The location is missing", "the location (store) is missing, so the book is not known"),
    _batch("F520", "A deal occurs twice in the batch",
           "deal {value} occurs more than once in this batch; keep the right one at the source"),
    _batch("F521", "A car occurs twice in the batch",
           "VIN {value} is sold by more than one deal of this batch; one car is sold once"),
    _batch("F522", "A stock number occurs twice in the batch",
           "stock number {value} is sold by more than one deal of this batch; check the stock numbers"),
    _batch("F530", "The total of the row does not add up",
           "price, discount, accessories, fees, products and tax do not come to the total of {value} "
           "(difference {difference})"),
    _batch("F531", "The settlement of the row does not add up",
           "the total less part-exchange is not what was paid, financed and left open (difference {difference})"),
    _batch("F532", "The taxes of the row do not add up",
           "the single taxes do not come to the tax total of {value} (difference {difference})"),
)  # fmt: skip
