"""Stock book, part-exchanges, commission statements and the tax return, from a store with amendments and unwinds."""

from __future__ import annotations

from typing import Any

import pytest
from openpyxl import load_workbook
from pipeline_support import Dealership, sale, vin_of, void
from typer.testing import CliRunner

from dealbooks.cli.app import app
from dealbooks.errors import UsageError
from dealbooks.pipeline.exports import EXPORTS, export


def _rows(shop: Dealership, what: str, period: str, form: str = "") -> list[dict[str, Any]]:
    with shop.open() as house:
        return export(house, what, "northgate", period, form).as_json()


def _boxes(shop: Dealership, period: str) -> dict[str, str]:
    rows = _rows(shop, "vat-return", period)
    return {row["box"]: row["amount"] for row in rows if row["row"] == "box" and float(row["amount"])}


@pytest.fixture
def traded(shop: Dealership) -> Dealership:
    """N-1 sold on the 11th against U1P at 3,000 of allowance; U1P sold as N-2; N-1 amended on the 14th; N-2 taken back
    in October."""
    trade = {
        "trade1_vin": vin_of(77), "trade1_stock_number": "U1P", "trade1_year": "2018", "trade1_make": "Volkswagen",
        "trade1_model": "Tiguan", "trade1_registration": "AB18 CDE", "trade1_allowance": "3000.00",
        "trade1_acv": "2900.00", "trade1_seller_status": "private", "bank_transfer_paid": "7000.00",
    }  # fmt: skip
    first = sale(1) | trade | {"salesperson_id": "SE-12"}
    shop.sales(11, first)
    shop.sync()
    onward = sale(2, price="3600.00") | {
        "vin": vin_of(77), "stock_number": "U1P", "vehicle_cost": "2900.00", "stock_book_price": "3000.00",
        "customer_name": "Marek Ramsden", "salesperson_id": "SE-14", "sale_date": "2026-09-13",
        "delivery_date": "2026-09-13", "payment_date": "2026-09-13",
    }  # fmt: skip
    shop.sales(13, onward)
    shop.sync()
    shop.sales(14, first | {"vehicle_price": "10300.00", "bank_transfer_paid": "7300.00", "total": "10300.00"})
    shop.sync()
    shop.sales(30, void(2, void_date="2026-10-02"))
    result = shop.sync()
    assert result.exit_code == 0, result.as_json()
    return shop


def test_stock_book_shows_purchase_and_sale_and_takes_back_what_was_taken_back(traded: Dealership) -> None:
    rows = _rows(traded, "stock-book", "2026-09")
    assert [(row["deal"], row["selling_price"], row["vat"], row["taken_back"]) for row in rows] == [
        ("N-1", "10000.00", "333.33", ""),
        ("N-2", "3600.00", "100.00", ""),
        ("N-1", "-10000.00", "-333.33", "yes"),
        ("N-1", "10300.00", "383.33", ""),
    ]
    # U1P was bought from the customer of N-1 at the full allowance, though stocked at 2,900.
    onward = rows[1]
    assert (onward["purchase_date"], onward["purchased_from"], onward["purchase_deal"]) == (
        "2026-09-11", "Harriet Thackray", "N-1",
    )  # fmt: skip
    assert (onward["purchase_price"], onward["margin"], onward["customer"]) == ("3000.00", "600.00", "Marek Ramsden")
    assert rows[0]["purchase_date"] == "", "bought otherwise: the purchase ledger knows"
    (october,) = _rows(traded, "stock-book", "2026-10")
    assert (october["deal"], october["selling_price"], october["vat"], october["taken_back"]) == (
        "N-2", "-3600.00", "-100.00", "yes",
    )  # fmt: skip


def test_part_exchanges_stand_at_the_full_allowance(traded: Dealership) -> None:
    rows = _rows(traded, "part-exchanges", "2026-09")
    assert [(row["stock_no"], row["purchase_price"], row["ledger_stock_value"]) for row in rows] == [
        ("U1P", "3000.00", "2900.00"),
        ("U1P", "-3000.00", "-2900.00"),
        ("U1P", "3000.00", "2900.00"),
    ]
    assert rows[0]["seller_status"] == "private"
    assert rows[0]["description"] == "2018 Volkswagen Tiguan"


def test_a_commission_statement_runs_by_person_and_agrees_with_the_journal(traded: Dealership) -> None:
    rows = _rows(traded, "commissions", "2026-Q3")
    assert [row["person"] for row in rows] == sorted(row["person"] for row in rows)
    journal = _rows(traded, "journal", "2026-Q3")
    posted = sum(
        float(row["debit"]) - float(row["credit"])
        for row in journal
        if row["account_role"].startswith("expense.commission_")
    )
    last = {row["person"]: row["person_total"] for row in rows}
    assert sum(map(float, last.values())) == pytest.approx(posted)
    assert posted
    taken_back = _rows(traded, "commissions", "2026-10")
    earned = sum(float(row["amount"]) for row in rows if row["deal"] == "N-2")
    assert sum(float(row["amount"]) for row in taken_back) == pytest.approx(-earned)
    assert {row["what"] for row in taken_back} == {"sale taken back"}


def test_the_return_of_the_month_the_quarter_and_the_month_of_the_mirror(traded: Dealership) -> None:
    # September: N-1 at 10,300 bought at 8,000: VAT 383.33; N-2 at 3,600 bought at 3,000: VAT 100.00.
    # Box 6: 10,300 - 383.33 + 3,600 - 100 = 13,416.67. Box 7: the part-exchange of 3,000.
    assert _boxes(traded, "2026-09") == {"1": "483.33", "3": "483.33", "5": "483.33", "6": "13416", "7": "3000"}
    # October takes N-2 back: -100.00 and -(3,600 - 100).
    assert _boxes(traded, "2026-10") == {"1": "-100.00", "3": "-100.00", "5": "-100.00", "6": "-3500"}
    assert _boxes(traded, "2026-09..2026-10")["1"] == "383.33"
    rows = _rows(traded, "vat-return", "2026-Q3")
    ties = {row["box"]: (row["amount"], row["exact"]) for row in rows if row["row"] == "tie"}
    assert ties == {"tax.margin": ("483.33", "483.33"), "net": ("483.33", "483.33")}
    assert [row["note"] for row in rows if row["row"] == "problem"] == [
        "The books are open within 2026-Q3: close its months first, or a later deal may still enter it."
    ]


def test_the_lines_add_up_to_the_boxes_and_name_their_deals(traded: Dealership) -> None:
    lines = _rows(traded, "vat-return-lines", "2026-09")
    six = [line for line in lines if line["box"] == "6"]
    assert sum(float(line["amount"]) for line in six) == pytest.approx(13416.67)
    assert {line["deal"] for line in six} == {"N-1", "N-2"}
    assert {line["entry"] for line in six if line["deal"] == "N-1"} == {"sale-v1", "reversal-v1", "sale-v2"}
    seven = [line for line in lines if line["box"] == "7"]
    assert {line["part"] for line in seven} == {"trade"}
    assert sum(float(line["amount"]) for line in seven) == pytest.approx(3000)


def test_a_planned_sale_is_in_the_return_and_said_not_to_stand_yet(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync(post=False)
    rows = _rows(shop, "vat-return", "2026-09")
    said = [row["note"] for row in rows if row["row"] == "problem"]
    assert said[0] == "1 deal of the period not in the ledger yet: N-1."


def test_a_form_of_ones_own_and_what_is_refused(shop: Dealership) -> None:
    shop.sales(11, sale(1))
    shop.sync()
    rows = _rows(shop, "vat-return", "2026-09", form="de-ustva")
    assert any("does not know tax code GB-M" in row["note"] for row in rows if row["row"] == "problem")
    with pytest.raises(UsageError, match="--form is for"):
        _rows(shop, "journal", "2026-09", form="de-ustva")
    with pytest.raises(UsageError, match="no return form"):
        _rows(shop, "vat-return", "2026-09", form="nowhere.yaml")
    with pytest.raises(UsageError, match="no export called"):
        _rows(shop, "returns", "2026-09")
    assert set(EXPORTS) >= {"stock-book", "part-exchanges", "commissions", "vat-return", "vat-return-lines"}


def test_the_command_writes_a_workbook_and_draws_a_table(traded: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    traded.close()
    start = ["--config", str(traded.config_file), "export", "vat-return", "northgate", "2026-Q3"]
    file = traded.folder / "return.xlsx"
    made = CliRunner().invoke(app, [*start, "--out", str(file)])
    assert made.exit_code == 0, made.output
    sheet = load_workbook(file).active
    rows = {row[1]: row for row in sheet.iter_rows(values_only=True) if row[0] == "box"}
    assert rows["1"][3] == pytest.approx(483.33)
    plain = CliRunner().invoke(app, start).stdout
    assert plain.startswith("row,box,title,amount,exact,ledger_computes,adjustment,note,currency,source\n")
    monkeypatch.setattr("dealbooks.cli.output.on_terminal", lambda: True)
    drawn = CliRunner().invoke(app, start, env={"COLUMNS": "200"}).stdout
    assert "13,416" in drawn
    assert "ledger computes" not in drawn, "Beancount has no return: nothing stands in that column"
    assert CliRunner().invoke(app, [*start[:-1], "2026-Q5"]).exit_code == 2
