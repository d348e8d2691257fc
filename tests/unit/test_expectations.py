"""The batch checks: every rule of the suite, the three traps of GX, and Data Docs without a customer in them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dealbooks.catalogue import CATALOGUE
from dealbooks.deal.model import Deal
from dealbooks.deal.rules import check_deal
from dealbooks.draft import Draft
from dealbooks.errors import BrokenInvariant, StopBatch
from dealbooks.findings import Finding
from expectations.frame import CheckRow, check_row, to_frame
from expectations.suites import CHECKS, MAX_ROWS
from expectations.validator import BatchValidator

CASE = Path(__file__).parent.parent / "golden" / "cases" / "G01-us-fl-new-finance-trade.json"
DEAL: dict[str, Any] = json.loads(CASE.read_text(encoding="utf-8"))["deal"]
# What a source says of that deal: the price without tax, then the sums.
SAID: dict[str, Any] = {
    "price_includes_tax": False,
    "total": Decimal("38623.62"),
    "tax_total": Decimal("1427.27"),
    "taxes": [{"amount": Decimal("1400.00")}, {"amount": Decimal("27.27")}],
    "deposit": Decimal("500.00"),
    "bank_transfer_paid": Decimal("3494.06"),
    "rebate": Decimal("1000.00"),
    "finance": {"amount": Decimal("28750.00")},
}
VALIDATOR = BatchValidator()


def row(row_id: int, deal: dict[str, Any] | None = None, said: dict[str, Any] | None = None) -> CheckRow:
    """A valid row of its own: deal number, VIN and stock number follow the row id, unless a deal is given."""
    if deal is None:
        deal = deepcopy(DEAL)
        deal["deal_id"] = f"A-{row_id}"
        deal["vehicle"]["vin"] = f"NHP10-{row_id:07}A"
        deal["vehicle"]["stock_no"] = f"N{row_id}"
    return check_row(row_id, key=f"csv:drop:01:{deal.get('deal_id')}", draft=Draft(deal, said or {}))


def codes(findings: Mapping[int, list[Finding]], row_id: int) -> set[str]:
    return {finding.code for finding in findings.get(row_id, [])}


def changed(*path_and_value: Any) -> dict[str, Any]:
    deal = deepcopy(DEAL)
    *way, last, value = path_and_value
    at: Any = deal
    for part in way:
        at = at[part]
    at[last] = value
    return deal


TRADE = DEAL["trade_ins"][0]
BROKEN: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("F510", changed("deal_id", None), {}, "deal number is missing"),
    ("F511", changed("customer", {}), {}, "nobody can be invoiced"),
    ("F512", changed("dates", {}), {}, "no sale, delivery or accounting date"),
    ("F513", changed("dates", {"contract": "14/03/2026"}), {}, "the sale date is 14/03/2026"),
    ("F514", changed("lines", 0, "unit_price", None), {}, "price of the car is missing"),
    ("F515", changed("currency", ""), {}, "currency is missing"),
    ("F516", changed("location", None), {}, "location (store) is missing"),
    ("D006", changed("trade_ins", 0, "acv", "-13250.00"), {}, "trade_ins[0].acv is -13250.00"),
    ("D013", changed("currency", "US$"), {}, "US$ is not a currency code"),
    ("D017", changed("dates", "contract", "2026-03-20"), {}, "2026-03-20, after the delivery on 2026-03-14"),
    ("D040", changed("vehicle", "vin", "  "), {}, "VIN is missing"),
    ("D041", changed("vehicle", "vin", "1HGCY2F57RAO00123"), {}, "VIN 1HGCY2F57RAO00123 cannot be right"),
    ("D042", changed("vehicle", "vin", "NHP10-6000123"), {}, "NHP10-6000123 is shorter"),
    ("D043", changed("vehicle", "vin", "1HGCY2F58RA000123"), {}, "(position 9 should be 7)"),
    ("D044", changed("vehicle", "vin", "SALEA7BU6S2000765"), {}, "(position 9 would be 5)"),
    ("D045", changed("vehicle", "stock_no", ""), {}, "stock number is missing"),
    ("D047", changed("vehicle", "year", 1899), {}, "1899; expected is 1900 to 2028"),
    ("D048", changed("vehicle", "cost", None), {}, "cost of the car is missing"),
    ("D060", changed("lines", [*DEAL["lines"], DEAL["lines"][0]]), {}, "has 2 vehicle lines"),
    ("D093", changed("trade_ins", [{**TRADE, "lienholder": None}]), {}, "9120.44 are to be settled"),
    ("D100", changed("payments", 0, "receipt_id", "D1"), {}, "receipt number D1"),
    ("F530", DEAL, {**SAID, "total": Decimal("38624.62"), "balance_due": "1.00"}, "(difference 1.00)"),
    ("F531", DEAL, {**SAID, "deposit": Decimal("400.00")}, "(difference 100.00)"),
    ("F532", DEAL, {**SAID, "taxes": [{"amount": Decimal("1400.00")}]}, "tax total of 1427.27 (difference 27.27)"),
]


@pytest.fixture(scope="module")
def sound_totals() -> dict[str, Any]:
    """The said sums must hold for the golden deal, or the rows below would be broken by them."""
    return {**SAID}


@pytest.mark.parametrize(("code", "deal", "said", "words"), BROKEN, ids=[one[0] for one in BROKEN])
def test_a_broken_row_is_found_with_its_reason(
    code: str, deal: dict[str, Any], said: dict[str, Any], words: str
) -> None:
    outcome = VALIDATOR.check([row(7), row(4711, deal, said), row(9)], name="b1")
    findings = [one for one in outcome.findings[4711] if one.code not in ("F520", "F521", "F522")]
    assert [one.code for one in findings] == [code]
    assert words in findings[0].message
    assert findings[0].severity is CATALOGUE[code].severity
    assert codes(outcome.findings, 7) == codes(outcome.findings, 9) == {"D042"}
    assert outcome.batch_findings == []


def test_each_row_rule_of_the_suite_is_broken_here() -> None:
    together = {"F520", "F521", "F522"}
    assert {one[0] for one in BROKEN} | together == {check.code for check in CHECKS if check.per_row}


def test_a_sound_row_has_no_findings(sound_totals: dict[str, Any]) -> None:
    outcome = VALIDATOR.check([row(1, DEAL, sound_totals)], name="b2")
    assert outcome.findings == {}
    assert outcome.batch_findings == []


def test_the_batch_and_the_deal_say_the_same_of_the_same_fault() -> None:
    unreadable = ("D013",)
    deals = [deal for code, deal, _, _ in BROKEN if code.startswith("D") and code not in unreadable]
    outcome = VALIDATOR.check([row(number, deal) for number, deal in enumerate(deals)], name="b")
    for number, deal in enumerate(deals):
        in_batch = [one for one in outcome.findings[number] if one.code.startswith("D")]
        assert in_batch == [one for one in check_deal(Deal.model_validate(deal)) if one in in_batch] != []


def test_doubles_within_a_batch_name_every_member() -> None:
    outcome = VALIDATOR.check([row(1, DEAL), row(2), row(3, DEAL)], name="b3")
    assert codes(outcome.findings, 1) == codes(outcome.findings, 3) == {"F520", "F521", "F522"}
    assert codes(outcome.findings, 2) == {"D042"}


def test_the_same_stock_number_in_two_legal_entities_is_no_double() -> None:
    other = {**deepcopy(DEAL), "deal_id": "B-1", "legal_entity": "OTHER-LLC"}
    assert VALIDATOR.check([row(1, DEAL), row(2, other)], name="b4").findings == {}


def test_an_inclusive_price_and_lines_still_to_be_made() -> None:
    deal = {"currency": "GBP", "lines": [{"line_id": "1", "kind": "vehicle", "unit_price": "100.00"}]}
    said = {
        "total": "130.00", "tax_total": "20.00", "price_includes_tax": True,
        "fees": [{"line_id": "F1", "amount": "10.00"}], "products": [{"line_id": "P1", "amount": "20.00"}],
    }  # fmt: skip
    assert check_row(1, key="k", draft=Draft(deal, said)).columns["total_off"] is None
    off = check_row(1, key="k", draft=Draft(deal, {**said, "price_includes_tax": False}))
    assert off.columns["total_off"] == "-20.00"
    silent = {name: value for name, value in said.items() if name != "price_includes_tax"}
    assert check_row(1, key="k", draft=Draft(deal, silent)).columns["total_off"] is None


@pytest.mark.parametrize(("off", "found"), [("0.01", None), ("0.02", "0.02"), ("-0.02", "-0.02")])
def test_the_tolerance_of_a_row_is_a_cent(off: str, found: str | None) -> None:
    said = {**SAID, "tax_total": SAID["tax_total"] + Decimal(off)}
    assert check_row(1, key="k", draft=Draft(DEAL, said)).columns["tax_off"] == found


# -- the traps -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["vin", "total_off", "delivery_date", "deal_key"])
def test_a_missing_column_stops_the_batch(column: str) -> None:
    rows = [row(1), row(2)]
    frame = to_frame(rows).drop(columns=[column])
    with pytest.raises(StopBatch, match=column):
        VALIDATOR.check_frame(frame, {one.row_id: one for one in rows}, name="b5")


def test_an_expectation_that_fails_without_naming_a_row_stops_the_batch() -> None:
    rows = [row(1)]
    frame = to_frame(rows)
    frame["delivery_date"] = [20260314]  # cannot be compared with the text beside it
    with pytest.raises(StopBatch, match="nothing of the batch was taken"):
        VALIDATOR.check_frame(frame, {1: rows[0]}, name="b6")


def test_nulls_are_caught_in_every_required_column() -> None:
    empty = check_row(5, key="csv:drop:01:x", draft=Draft({}))
    outcome = VALIDATOR.check([row(1), empty], name="b7")
    required = {check.code for check in CHECKS if check.kind == "ExpectColumnValuesToNotBeNull"}
    assert codes(outcome.findings, 5) == required | {"D060"}


def test_two_threads_get_their_own_rows_back() -> None:
    """One datasource for both would give another batch's rows in most runs."""
    rounds, size = 4, 8
    barrier = threading.Barrier(2, timeout=120)

    def check(first: int) -> None:
        for turn in range(rounds):
            marked = first + turn
            rows = [row(first + index) for index in range(size)]
            rows[turn] = row(marked, {**deepcopy(DEAL), "deal_id": f"BAD-{marked}", "currency": "XXQ"})
            barrier.wait()
            outcome = VALIDATOR.check(rows, name=f"t{first}-{turn}")
            named = [row_id for row_id, all_ in outcome.findings.items() if any(one.code == "D013" for one in all_)]
            assert named == [marked], "another row came back than the one that is wrong"

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(check, first) for first in (1000, 2000)]
        for run in as_completed(runs):
            if run.exception() is not None:
                barrier.abort()
            run.result()


def test_a_row_that_is_not_of_the_batch_is_an_alarm() -> None:
    frame = to_frame([row(1), row(2, {**DEAL, "currency": "XXQ"})])
    with pytest.raises(BrokenInvariant, match="row 2"):
        VALIDATOR.check_frame(frame, {1: row(1)}, name="b8")


def test_the_context_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    import expectations.validator as module

    made: list[int] = []
    new: Callable[[], Any] = module._new_batch_definition

    def counted() -> Any:
        made.append(1)
        return new()

    monkeypatch.setattr(module, "_new_batch_definition", counted)
    monkeypatch.setattr(module, "RUNS_PER_CONTEXT", 2)
    validator = BatchValidator()
    for turn in range(5):
        assert validator.check([row(turn + 1)], name=f"r{turn}").findings[turn + 1]
    assert len(made) == 3


def test_the_same_row_id_twice_is_refused() -> None:
    with pytest.raises(BrokenInvariant):
        VALIDATOR.check([row(1), row(1)], name="b9")


def test_no_sales_is_no_fault() -> None:
    assert VALIDATOR.check([], name="b10").findings == {}


def test_too_many_rows_are_a_finding_of_the_batch() -> None:
    one = row(1)
    rows = [CheckRow(number, {**one.columns, "deal_key": str(number), "vin_key": None, "stock_key": None})
            for number in range(MAX_ROWS + 1)]  # fmt: skip
    outcome = VALIDATOR.check(rows, name="b11")
    assert [finding.code for finding in outcome.batch_findings] == ["F502"]
    assert "has 10001 deals" in outcome.batch_findings[0].message


def test_what_comes_back_is_plain() -> None:
    outcome = VALIDATOR.check([row(1, changed("currency", "US$"))], name="b12")
    ((row_id, findings),) = outcome.findings.items()
    assert type(row_id) is int
    assert json.loads(json.dumps(findings[0].as_json()))["value"] == "US$"


# -- Data Docs -------------------------------------------------------------------------------------------------------


def test_docs_show_counts_and_nobody(tmp_path: Path) -> None:
    validator = BatchValidator(docs=tmp_path)
    deal = {**deepcopy(DEAL), "deal_id": "SECRET-DEAL", "currency": "SECRETCUR"}
    deal["vehicle"]["vin"] = "SECRETVIN"
    outcome = validator.check([row(1, deal), row(2, deal)], name="2026-03-14/drop #1")
    assert outcome.docs == tmp_path / "batch-2026-03-14-drop-1.html"
    text = outcome.docs.read_text(encoding="utf-8")
    assert CATALOGUE["D013"].title in text or "ISO" in text or "currency" in text
    for value in ("SECRET", "C-5501", "Whitfield", "N4102"):
        assert value not in text
    assert "batch-2026-03-14-drop-1.html" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_docs_keep_the_newest(tmp_path: Path) -> None:
    validator = BatchValidator(docs=tmp_path, keep_docs=2)
    for number in range(4):
        validator.check([row(1)], name=f"b{number}")
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "batch-b2.html", "batch-b3.html"}
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]+)"', index) == ["batch-b3.html", "batch-b2.html"]
