"""The words of a certificate of format 2, and the rows of a pack that add others up."""

from __future__ import annotations

import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dealbooks.charts import load_chart
from dealbooks.pack.registers import _of_margins
from dealbooks.pack.totals import compare_totals
from dealbooks.pipeline.certificate import certificate_text
from dealbooks.reconcile import AccountMap
from dealbooks.reconcile.matrix import MatrixRow, RowStatus

SIGNED = Path(__file__).parents[1] / "data" / "packs" / "format-1.zip"


@pytest.fixture
def data() -> dict[str, Any]:
    with zipfile.ZipFile(SIGNED) as archive:
        found: dict[str, Any] = json.loads(archive.read("certificate.json"))
    return found


def test_a_certificate_says_all_and_no_line_of_words_is_too_long(data: dict[str, Any]) -> None:
    data["totals"][0]["account"] = name = "2130 Vehicle tax and registration fees payable to the authority"
    data["accepted"][0] |= {"note": "receipt 118, " * 20}
    data["not_provided"] = [{"row": "R4", "left": "receipts", "right": "the bank"}]
    lines = certificate_text(data, 2).splitlines()
    assert all(len(line) <= 80 for line in lines if " " in line.strip() and not line.startswith("Map"))
    flat = " ".join(" ".join(lines).split())
    assert name.split()[-1] in flat
    assert flat.count("receipt 118,") == 20
    assert "R4 (receipts / the bank): one side was never given" in flat
    assert data["accepted"][0]["what"] in flat


def test_one_accepted_exception_is_singular_and_none_is_agreed(data: dict[str, Any]) -> None:
    data["accepted"] = data["accepted"][:1]
    assert "closed, with 1 accepted exception\n" in certificate_text(data, 2)
    assert "closed, both sides agree\n" in certificate_text({**data, "accepted": []}, 2)


@pytest.mark.parametrize(("total", "complains"), [("15.00", False), ("14.99", True)])
def test_a_total_that_is_not_the_sum_is_named(total: str, *, complains: bool) -> None:
    row = {"currency": "GBP", "expected": "0.00", "difference": "0.00", "closing": "0.00"}
    report = {
        "totals": [{"account": "a", "opening": "10.00", **row}, {"account": "b", "opening": "5.00", **row}],
        "currency": "GBP", "counts": {}, "agreed": True,
    }  # fmt: skip
    lines = ["account,currency,opening,expected,difference,closing", "a,GBP,10.00,0.00,0.00,0.00"]
    lines += ["b,GBP,5.00,0.00,0.00,0.00", f"All accounts in GBP,GBP,{total},0.00,,0.00"]
    files = {"report.json": json.dumps(report).encode(), "csv/tie-out.csv": "\n".join(lines).encode("utf-8-sig")}
    said = [what for name, what in compare_totals(files, None) if name == "csv/tie-out.csv"]
    assert said == (["its total is not the sum of its accounts: see All accounts in GBP"] if complains else [])


def test_a_side_that_nobody_gave_has_no_figures() -> None:
    row = MatrixRow(
        "R4", "booked", "bank", RowStatus.NOT_PROVIDED, 3, 0, Decimal("5.00"), None, Decimal(0), Decimal(0), "GBP"
    )
    assert row.counts == (3, None)
    assert row.amounts == (Decimal("5.00"), None, None, None)


def test_the_share_of_a_margin_is_the_vat_fraction() -> None:
    assert "tax is 1/6 of each margin" in _of_margins("0.20")
    assert "tax is 7/47 of each margin" in _of_margins("0.175")


def test_an_account_of_opening_balances_has_a_name() -> None:
    assert AccountMap(load_chart("uk")).of_role("equity.opening_balances") == "Opening balances"
