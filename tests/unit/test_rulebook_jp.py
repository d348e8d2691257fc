"""Japan: whole yen, tax rounded down once per document and rate, recycling deposit, recharged taxes, trade-ins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.regime_support import check_golden, codes, line_codes, message, run, sale, taxes

CAR = {"cost": Decimal("1000")}


def _sale(day: str, price: str, **more: Any) -> Any:
    vehicle = {**CAR, **more.pop("vehicle", {})}
    return sale(day, price, vehicle=vehicle, **more)


def test_golden_case_is_taxed_as_its_case() -> None:
    check_golden("G21", "jp")


@pytest.mark.parametrize(
    ("day", "code", "base", "tax"),
    [
        ("2014-04-01", "JP-8", "925925", "74073"),  # 999,998 x 8/108 = 74,073.93, down
        ("2019-09-30", "JP-8", "925925", "74073"),
        ("2019-10-01", "JP-10", "909090", "90908"),  # 999,998 / 11 = 90,908.9, down
        ("2026-04-10", "JP-10", "909090", "90908"),
    ],
)
def test_rate_on_the_day_before_and_on_the_effective_date(day: str, code: str, base: str, tax: str) -> None:
    found = run(_sale(day, "999998"), "jp")
    assert codes(found) == []
    assert taxes(found, "jp") == [(code, base, tax)]


def test_tax_is_rounded_down_once_for_the_document() -> None:
    # 107 / 11 = 9.7 each: rounded per line 9 + 9 = 18; once for the document 214 / 11 = 19.45, down 19
    found = run(_sale("2026-04-10", "107", lines=(("admin_fee", "Agency fee", "107"),)), "jp")
    assert taxes(found, "jp") == [("JP-10", "195", "19")]


def _with_fees(sale_class: str, *names: str) -> Any:
    draft = _sale("2026-04-10", "1100000", sale_class=sale_class)
    draft.said["fees"] = [
        {"line_id": f"F{number}", "name": name, "amount": Decimal("11000")} for number, name in enumerate(names)
    ]
    return run(draft, "jp")


def test_a_used_car_passes_its_recycling_deposit_on_and_recharges_taxes_in_its_price() -> None:
    found = _with_fees(
        "used", "Recycling deposit", "Unexpired automobile tax", "リサイクル預託金", "未経過自賠責保険料"
    )
    assert codes(found) == []
    kinds = [line["kind"] for line in found.deal["lines"][1:]]
    assert kinds == ["recycling_deposit", "recharge", "recycling_deposit", "recharge"]
    assert line_codes(found)[1:] == ["JP-EX", "JP-10", "JP-EX", "JP-10"]
    # (1,100,000 + 11,000 + 11,000) / 11
    assert taxes(found, "jp") == [("JP-10", "1020000", "102000")]


def test_of_a_new_car_they_are_newly_paid_for_the_customer_and_passed_through() -> None:
    found = _with_fees("new", "Recycling deposit", "Compulsory insurance", "Automobile tax", "登録代行費用")
    assert codes(found) == []
    assert line_codes(found)[1:] == ["JP-NT", "JP-NT", "JP-NT", "JP-10"]
    assert [line.get("provider") for line in found.deal["lines"][1:]] == [
        "JARC",
        "TAX-OFFICE-JP",
        "TAX-OFFICE-JP",
        None,
    ]
    assert taxes(found, "jp") == [("JP-10", "1010000", "101000")]


@pytest.mark.parametrize(
    ("day", "fraction", "code"),
    [("2019-09-30", "2/27", "JP-8-IN"), ("2019-10-01", "1/11", "JP-10-IN"), ("2023-10-01", "1/11", "JP-10-IN")],
)
@pytest.mark.parametrize("status", ["private", "registrant"])
def test_a_trade_in_brings_the_tax_inside_its_price(status: str, day: str, fraction: str, code: str) -> None:
    trade = {
        "stock_no": "U1S",
        "registration": "福岡 300",
        "allowance": Decimal("550000"),
        "acv": Decimal("550000"),
        "seller_tax_status": status,
    }
    ours = run(_sale(day, "1100000", trade_ins=[trade]), "jp").deal["trade_ins"][0]
    assert (ours["input_tax_fraction"], ours["input_tax_code"]) == (fraction, code)


def test_an_export_is_free_of_tax_when_stated() -> None:
    found = run(_sale("2026-04-10", "1100000", said={"vat_scheme": "zero"}), "jp")
    assert (codes(found), line_codes(found), taxes(found, "jp")) == ([], ["JP-ZR"], [])


def test_commissions_are_taxable() -> None:
    finance = {"lender": "Credit company", "type": "loan", "amount_financed": Decimal("1100000"), "reserve": "22007"}
    found = run(_sale("2026-04-10", "1100000", finance=finance), "jp")
    assert taxes(found, "jp")[1] == ("JP-10-COM", "20007", "2000")  # 22,007 / 11 = 2,000.6, down


def test_there_is_no_margin_scheme_and_nothing_before_april_2014() -> None:
    found = run(_sale("2026-04-10", "1100000", said={"vat_scheme": "margin"}), "jp")
    assert "R016" in codes(found)
    assert "standard or zero" in message(found, "R016")
    assert "R008" in codes(run(_sale("2014-03-31", "1100000"), "jp"))
