"""The suite for batches of completed sales: what is expected of each column, and which rule a broken one stands for.

Nulls are skipped by every expectation but the two about nulls, so each required column has a not-null of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dealbooks.catalogue import CATALOGUE
from dealbooks.deal.currencies import CURRENCIES
from expectations.frame import COLUMNS, INDEX

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation

SUITE_NAME = "completed_sale"
MAX_ROWS = 10_000
_ISO_DATE = "%Y-%m-%d"


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One expectation: the rule that a row breaks, and the columns that its text is filled from.

    `kind` is the expectation's class in great_expectations.expectations. `field` is the path in the canonical deal, or
    comes from the column `field_column`.
    """

    code: str
    kind: str
    arguments: Mapping[str, Any]
    field: str = ""
    field_column: str = ""
    value: str = ""
    words: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def told(self) -> str:
        """The expectation and its columns, for the manual."""
        columns = [str(value) for name, value in self.arguments.items() if name in ("column", "column_A", "column_B")]
        return f"{self.kind}({', '.join(columns)})"

    @property
    def per_row(self) -> bool:
        """Whether it tells which rows break it; a table-level one guards the batch."""
        return "column" in self.arguments or "column_A" in self.arguments


def _required(code: str, column: str, path: str) -> Check:
    return Check(code, "ExpectColumnValuesToNotBeNull", {"column": column}, path)


def _empty(code: str, column: str, path: str = "", **more: Any) -> Check:
    return Check(code, "ExpectColumnValuesToBeNull", {"column": column}, path, value=more.pop("value", column), **more)


def _unique(code: str, column: str, path: str, value: str) -> Check:
    return Check(code, "ExpectColumnValuesToBeUnique", {"column": column}, path, value=value)


def _vin(code: str, state: str, **words: str) -> Check:
    arguments = {"column": "vin_state", "value_set": [state]}
    return Check(code, "ExpectColumnValuesToNotBeInSet", arguments, "vehicle.vin", value="vin", words=words)


CHECKS: tuple[Check, ...] = (
    # The batch as a whole.
    Check("F501", "ExpectTableColumnsToMatchSet", {"column_set": [INDEX, *COLUMNS], "exact_match": True}),
    Check("F502", "ExpectTableRowCountToBeBetween", {"min_value": 1, "max_value": MAX_ROWS}),
    # What a deal cannot do without.
    _required("F510", "deal_number", "deal_id"),
    _required("F511", "customer", "customer.id"),
    _required("F512", "sale_date", "dates.contract"),
    _required("F514", "vehicle_price", "lines"),
    _required("F515", "currency", "currency"),
    _required("F516", "location", "location"),
    _required("D040", "vin", "vehicle.vin"),
    _required("D045", "stock_number", "vehicle.stock_no"),
    _required("D048", "vehicle_cost", "vehicle.cost"),
    # The form of single values.
    Check("F513", "ExpectColumnValuesToMatchStrftimeFormat", {"column": "sale_date", "strftime_format": _ISO_DATE},
          "dates.contract", value="sale_date"),
    Check("D013", "ExpectColumnValuesToBeInSet", {"column": "currency", "value_set": sorted(CURRENCIES)},
          "currency", value="currency"),
    Check("D041", "ExpectColumnValuesToMatchRegex",
          {"column": "vin", "regex": r"^(?i:[A-HJ-NPR-Z0-9]{17}|.{1,16})$"}, "vehicle.vin", value="vin"),
    Check("D042", "ExpectColumnValueLengthsToBeBetween", {"column": "vin", "min_value": 17}, "vehicle.vin",
          value="vin"),
    _vin("D043", "wrong_check_digit", should="vin_should"),
    _vin("D044", "no_check_digit", should="vin_should"),
    _empty("D047", "year_off", "vehicle.year", words={"last": "last_year"}),
    Check("D060", "ExpectColumnValuesToBeInSet", {"column": "vehicle_lines", "value_set": ["1"]}, "lines",
          value="vehicle_lines"),
    # Values beside each other.
    Check("D017", "ExpectColumnPairValuesAToBeGreaterThanB",
          {"column_A": "delivery_date", "column_B": "contract_date", "or_equal": True,
           "ignore_row_if": "either_value_is_missing"},
          "dates.contract", value="contract_date", words={"delivery": "delivery_date"}),
    _empty("D006", "negative_amount", field_column="negative_field"),
    _empty("D093", "lienholder_missing", field_column="lienholder_field"),
    _empty("D100", "receipt_repeated", "payments"),
    _empty("F530", "total_off", "total", value="total", words={"difference": "total_off"}),
    _empty("F531", "settlement_off", "total", value="total", words={"difference": "settlement_off"}),
    _empty("F532", "tax_off", "tax_total", value="tax_total", words={"difference": "tax_off"}),
    # Deals beside each other; against earlier batches the store checks the same.
    _unique("F520", "deal_key", "deal_id", "deal_number"),
    _unique("F521", "vin_key", "vehicle.vin", "vin"),
    _unique("F522", "stock_key", "vehicle.stock_no", "stock_number"),
)  # fmt: skip

CHECK_OF_CODE: Mapping[str, Check] = {check.code: check for check in CHECKS}


def build_suite(checks: Iterable[Check] = CHECKS) -> ExpectationSuite:
    """The suite, each expectation with the code and the severity of its rule in `meta`."""
    import great_expectations as gx
    import great_expectations.expectations as kinds

    made = [_expectation(getattr(kinds, check.kind), check) for check in checks]
    return gx.ExpectationSuite(name=SUITE_NAME, expectations=made)


def _expectation(kind: Callable[..., Expectation], check: Check) -> Expectation:
    rule = CATALOGUE[check.code]
    meta = {"code": rule.code, "severity": rule.severity.value}
    return kind(**check.arguments, meta=meta, description=rule.title)
