"""A deal that cannot be read is told in a controller's words."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dealbooks.deal.model import Deal
from dealbooks.deal.rules import structure_findings
from dealbooks.findings import Finding

CASE = Path(__file__).parent.parent / "golden" / "cases" / "G20-nz-gst-second-hand-trade.json"


def findings_of(deal: dict[str, Any]) -> list[Finding]:
    with pytest.raises(ValidationError) as caught:
        Deal.model_validate(deal)
    return structure_findings(caught.value)


def valid() -> dict[str, Any]:
    deal: dict[str, Any] = json.loads(CASE.read_text(encoding="utf-8"))["deal"]
    return deal


@pytest.mark.parametrize(
    ("path", "value", "code", "words"),
    [
        ("deal_id", "", "D001", "deal_id is empty"),
        ("deal_id", "  ", "D001", "deal_id is empty"),
        ("customer.id", "", "D001", "customer.id is empty"),
        ("currency", None, "D001", "currency is empty"),
        ("deal_type", "lent", "D003", "deal_type is lent: allowed are retail, lease, wholesale"),
        ("dates.delivery", "14.03.2026", "D002", "dates.delivery is 14.03.2026: a date such as 2026-03-14"),
        ("dates.delivery", "2026-02-30", "D002", "dates.delivery is 2026-02-30: a date such as"),
        ("currency", "pounds", "D002", "three capital letters, such as GBP"),
        ("vehicle.year", "twenty", "D002", "vehicle.year is twenty: a whole number"),
        ("vehicle.cost", "1,200.00", "D002", "vehicle.cost is 1,200.00: a plain number"),
        ("vehicle.cost", 1200.5, "D002", "vehicle.cost is 1200.5: a plain number"),
        ("lines.0.unit_price", "abc", "D002", "lines[0].unit_price is abc: a plain number such as 1250.00"),
        (
            "trade_ins.0.input_tax_fraction",
            "x",
            "D002",
            "trade_ins[0].input_tax_fraction is x: a fraction such as 3/23",
        ),
        ("trade_ins.0.input_tax_fraction", "30/3", "D002", "is 30/3: a fraction such as 3/23"),
        ("trade_ins.0.input_tax_fraction", "-3/23", "D002", "is -3/23: a fraction such as 3/23"),
        ("trade_ins.0.input_tax_fraction", "1", "D002", "is 1: a fraction such as 3/23 (from 0 to under 1)"),
        ("trade_ins.0.input_tax_fraction", "3/0", "D002", "is 3/0: a fraction such as 3/23"),
        ("trade_ins.0.input_tax_fraction", "1e999999999", "D002", "is 1e999999999: a fraction such as 3/23"),
        ("trade_ins.0.input_tax_fraction", "1e-999999999", "D002", "a fraction such as 3/23"),
        ("trade_ins.0.input_tax_fraction", "9" * 500, "D002", "a fraction such as 3/23"),
        (
            "tax.components",
            [{"code": "X", "rate": "0.1", "role": "cash.bank"}],
            "D003",
            "tax.components[0].role is cash.bank: allowed are payable.sales_tax, tax.output",
        ),
        ("dates.delivery", "0001-01-01", "D002", "dates.delivery is 0001-01-01: a date from 1990-01-01 on"),
        ("customer.id", "a\x00b", "D002", "customer.id is a?b: text without control characters"),
        ("vehicle.stock_no", "N1\tB", "D002", "vehicle.stock_no is N1?B: text without control characters"),
        ("deal_id", "x\x85y", "D002", "deal_id is x?y: text without control characters"),
        ("deal_version", 0, "D002", "deal_version is 0: a larger number"),
        ("lines", "none", "D002", "lines is none: a list"),
        ("vehicle.colour", "red", "D004", "vehicle.colour is not a field of a deal"),
    ],
)
def test_each_kind_of_fault_says_field_value_and_remedy(path: str, value: object, code: str, words: str) -> None:
    deal = valid()
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    at: Any = deal
    for part in way:
        at = at[part]
    at[last] = value
    (finding,) = findings_of(deal)
    assert finding.code == code
    assert words in finding.message


def test_a_field_left_out_is_named_without_showing_the_rest_of_the_deal() -> None:
    deal = valid()
    del deal["customer"]["id"]
    (finding,) = findings_of(deal)
    assert (finding.code, finding.field, finding.value) == ("D001", "customer.id", "")


def test_all_faults_are_told_at_once() -> None:
    deal = valid()
    deal["deal_id"] = ""
    deal["currency"] = "x"
    deal["vehicle"]["vin"] = ["a"]
    assert [finding.field for finding in findings_of(deal)] == ["deal_id", "currency", "vehicle.vin"]


def test_no_python_gets_into_a_message() -> None:
    deal = valid()
    deal["vehicle"] = ["x"]
    deal["customer"]["name"] = {"first": "x"}
    deal["include_fees_in_front"] = "perhaps"
    for finding in findings_of(deal):
        assert not any(word in finding.message for word in ("{", "[", "dict", "None", "Decimal", "True", "class"))


@pytest.mark.parametrize("written", ["3/23", "0", "0.125", ".125", " 1/11 "])
def test_a_fraction_is_read_exactly(written: str) -> None:
    deal = valid()
    deal["trade_ins"][0]["input_tax_fraction"] = written
    assert Deal.model_validate(deal).trade_ins[0].input_tax_fraction == Fraction(written)


def test_a_description_may_have_more_than_one_line() -> None:
    deal = valid()
    deal["lines"][0]["description"] = "First line\nsecond line"
    assert Deal.model_validate(deal).lines[0].description == "First line\nsecond line"
