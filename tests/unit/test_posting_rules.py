"""Single posting rules that the golden cases do not show: refusals, facts after the sale, currencies, entities."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from posting_support import case, lines, named, post, refusal

from dealbooks.book import Book, Locks, OtherBook
from dealbooks.charts import load_chart
from dealbooks.deal import Deal
from dealbooks.errors import UsageError
from dealbooks.posting import History, PostingError, case_expected, closing_balances, post_deal

# -- what cannot be posted ---------------------------------------------------------


def test_a_car_without_cost_is_refused() -> None:
    data = case("G02")
    del data["vehicle"]["cost"]
    assert "cost of car U2207 is not known" in refusal(data)


def test_a_margin_car_without_its_stock_book_price_is_refused() -> None:
    data = case("G10")
    del data["vehicle"]["stock_book_purchase_price"]
    assert "stock-book purchase price" in refusal(data)


def test_a_line_without_a_known_tax_code_is_refused() -> None:
    data = case("G09")
    data["lines"][2]["tax_code"] = "GB-Q"
    assert "line 3 has tax code GB-Q" in refusal(data)
    del data["lines"][2]["tax_code"]
    assert "line 3 has no tax code" in refusal(data)


def test_a_signed_total_beyond_tolerance_is_refused() -> None:
    data = case("G07") | {"contract_total": "21557.30"}
    assert "signed total is 21557.30 USD" in refusal(data)


def test_shares_that_are_not_the_whole_are_refused() -> None:
    data = case("G04")
    data["commission_plans"][0]["splits"][0]["share"] = "0.3333"
    assert "add up to 0.9999" in refusal(data)


def test_money_owed_to_nobody_is_refused() -> None:
    data = case("G01")
    del data["lines"][5]["provider"]
    assert "line 6 (government fee)" in refusal(data)
    data = case("G01")
    del data["trade_ins"][0]["lienholder"]
    assert "trade-in U4102A" in refusal(data)


def test_another_books_deal_is_refused() -> None:
    deal = Deal.model_validate(case("G02"))
    with pytest.raises(PostingError, match="kept for OTHER"):
        post_deal(deal, book=Book("other", "OTHER", "USD", "us"))
    with pytest.raises(PostingError, match="kept in CAD"):
        post_deal(deal, book=Book("other", deal.legal_entity, "CAD", "us"))


def test_a_role_that_the_chart_lacks_refuses_the_deal() -> None:
    assert "no account for payable.sales_tax" in refusal(case("G02"), chart="uk")


def test_a_margin_sale_in_foreign_currency_is_refused() -> None:
    data = case("G10") | {"currency": "EUR", "fx_rate": "0.85"}
    assert "stock book is kept in GBP" in refusal(data)


def test_a_sale_outside_the_margin_scheme_cannot_be_moved_into_it() -> None:
    first = case("G14")
    recorded = post(first).entries
    second = first | {"deal_version": 2, "amended_at": "2026-03-04"}
    second["lines"] = [first["lines"][0] | {"tax_code": "GB-M"}]
    second["vehicle"] = first["vehicle"] | {"stock_book_purchase_price": "11900.00", "tax_acquisition": "margin"}
    assert "outside the margin scheme" in refusal(second, *recorded)


def test_an_older_version_is_refused() -> None:
    newer = post(case("G14") | {"deal_version": 3}).entries
    assert "version 3 stands" in refusal(case("G14"), *newer)


def test_a_case_that_cannot_be_read_names_the_field() -> None:
    with pytest.raises(UsageError, match=r"lines\[0\]\.unit_price"):
        case_expected(case("G02") | {"lines": [{"line_id": "1", "kind": "vehicle", "unit_price": 1.5}]})


# -- the sale entry ----------------------------------------------------------------


def test_commission_of_nobody_is_accrued_to_the_house() -> None:
    data = case("G02")
    del data["commission_plans"][0]["splits"]
    assert [(x.person, str(x.amount)) for x in post(data).commissions] == [("HOUSE", "549.85")]


def test_a_maximum_cuts_a_commission() -> None:
    data = case("G02")
    data["commission_plans"][0]["maximum"] = "500"
    assert str(post(data).commissions[0].amount) == "500.00"


def test_line_level_tax_is_summed_after_rounding() -> None:
    data = case("G07")
    data["tax"]["rounding"] = "line"
    data["contract_total"] = "21557.25"
    posted = post(data)
    assert str(posted.taxes[0].amount) == "1457.26"
    assert not any(line.role == "rounding.difference" for line in named(posted, "sale-v1").lines)


def test_line_level_tax_takes_the_trade_in_as_a_line_of_its_own() -> None:
    data = case("G03")
    data["tax"]["rounding"] = "line"
    row = post(data).taxes[0]
    assert (str(row.base), str(row.amount)) == ("17739.00", "1241.73")


def test_a_chargeback_provision_is_set_aside() -> None:
    data = case("G01") | {"chargeback_reserve": {"rate": "0.075"}}
    sale = named(post(data), "sale-v1")
    assert ("chargeback_reserve", "liability.chargeback_reserve", "-162.93", "TAMPA") in lines(sale)


def test_a_registrants_trade_brings_tax_on_top() -> None:
    data = case("G19")
    data["trade_ins"][0] |= {"input_tax_amount": "1599.00", "input_tax_code": "ITC", "tax_credit_eligible": False}
    posted = post(data)
    sale = named(posted, "sale-v1")
    assert ("trade", "tax.input", "1599.00", "OTTAWA") in lines(sale)
    assert ("trade", "receivable.customer", "-9681.34", "OTTAWA") in lines(sale)
    assert str(posted.taxes[0].base) == "48288.00"


# -- facts -------------------------------------------------------------------------


def test_the_lenders_money_clears_contract_and_reserve() -> None:
    data = case("G01")
    data["fundings"] = [
        {"funding_id": "F1", "amount": "29000.00", "date": "2026-03-20"},
        {"funding_id": "F2", "kind": "reserve", "amount": "612.40", "date": "2026-04-10"},
    ]
    posted = post(data)
    assert [named(posted, f"funding-F{n}").event for n in (1, 2)] == ["contract.funded", "reserve.received"]
    closing = closing_balances(posted.entries)["SUNCOAST-MOTORS-LLC/USD"]
    assert closing["receivable.contracts_in_transit"] == closing["receivable.finance_reserve"] == "0.00"
    assert closing["cash.bank"] == "29612.40"


def test_money_of_a_lender_without_a_contract_is_refused() -> None:
    data = case("G02") | {"fundings": [{"funding_id": "F1", "amount": "1.00", "date": "2026-04-03"}]}
    assert "no finance contract" in refusal(data)


def test_an_agreed_refund_is_owed_to_the_customer() -> None:
    data = case("G08")
    del data["refunds"][0]["method"]
    refund = named(post(data), "refund-R1")
    assert ("payment", "payable.customer_refund", "-2278.62", "TAMPA") in lines(refund)
    assert refund.lines[-1].dimensions["party"] == "C-5610"


def test_a_second_refund_takes_what_the_first_left_of_the_deposit() -> None:
    data = case("G08")
    refund = {"method": "cheque", "date": "2026-04-07"}
    data["refunds"] = [refund | {"refund_id": "R1", "amount": "100.00"}]
    recorded = post(data).entries
    data["refunds"].append(refund | {"refund_id": "R2", "amount": "2178.62"})
    again = post(data, *recorded)
    assert [entry.entry_id for entry in again.new] == ["refund-R2"]
    assert [str(line.amount.amount) for line in again.new[0].lines] == ["200.00", "1978.62", "-2178.62"]


def test_cancelled_before_posting_only_the_deposit_moves() -> None:
    data = case("G01") | {"payments": [], "lifecycle": [{"at": "2026-03-13", "event": "cancelled"}]}
    data["refunds"] = [{"refund_id": "R1", "amount": "500.00", "method": "card", "date": "2026-03-13"}]
    del data["vehicle"]["cost"]
    posted = post(data)
    assert [entry.entry_id for entry in posted.entries] == ["receipt-D1", "refund-R1"]
    assert closing_balances(posted.entries)["SUNCOAST-MOTORS-LLC/USD"]["payable.customer_deposits"] == "0.00"
    assert case_expected(data)["entries"] == [entry.as_json() for entry in posted.entries]


def test_an_unwind_of_a_later_version_mirrors_the_standing_sale() -> None:
    data = case("G08") | {"lifecycle": [], "refunds": []}
    recorded = post(data).entries
    data |= {"deal_version": 2, "lifecycle": [{"at": "2026-04-06", "event": "unwound", "reason": "returned"}]}
    posted = post(data, *recorded)
    assert [entry.entry_id for entry in posted.new] == ["unwind-v1"]
    assert post(data, *posted.entries).new == ()


def test_an_unwind_names_what_is_left_to_collect() -> None:
    data = case("G20") | {"lifecycle": [{"at": "2026-07-01", "event": "unwound"}]}
    data["fundings"] = [{"funding_id": "F1", "amount": "18000.00", "date": "2026-06-20"}]
    items = post(data).open_items
    assert len(items) == 2
    assert any("UD310T was paid to LENDER-NZ" in item for item in items)


def test_a_superseded_version_that_was_never_sent_is_skipped() -> None:
    recorded = post(case("G14")).entries
    third = post(case("G14") | {"deal_version": 3, "amended_at": "2026-03-04"}, *recorded)
    assert [entry.entry_id for entry in third.new] == ["reversal-v1", "sale-v3"]
    assert {entry.accounting_date for entry in third.new} == {date(2026, 3, 4)}


def test_the_recorded_entry_is_mirrored_and_not_worked_out_again() -> None:
    data = case("G14")
    recorded = post(data).entries
    data["vehicle"]["cost"] = "10000.00"
    amended = post(data | {"deal_version": 2, "amended_at": "2026-03-04"}, *recorded)
    mirror = named(amended, "reversal-v1")
    assert [line.mirrored() for line in mirror.lines] == list(named(amended, "sale-v1").lines)
    assert ("cost", "cost_of_sales.used_vehicle", "-11900.00", "YORK") in lines(mirror)


def test_a_corrected_receipt_gets_an_entry_for_the_difference() -> None:
    data = case("G14")
    recorded = post(data).entries
    data["payments"][0]["amount"] = "17500.00"
    assert "recorded with 18000.00" in refusal(data, *recorded)
    data |= {"deal_version": 2, "amended_at": "2026-03-04", "balance_due": "500.00"}
    amended = post(data, *recorded)
    difference = named(amended, "receipt-P1-v2")
    assert [str(line.amount.amount) for line in difference.lines] == ["-500.00", "500.00"]
    assert "18000.00" in difference.note
    assert post(data, *amended.entries).new == ()


def test_a_late_deal_moves_to_the_first_open_day_and_says_so() -> None:
    sale = named(post(case("G14"), closed=date(2026, 2, 28)), "sale-v1")
    assert (sale.accounting_date, sale.original_date) == (date(2026, 3, 1), date(2026, 2, 26))
    assert "2026-02-26" in sale.note


# -- foreign currency --------------------------------------------------------------


def foreign(*payments: tuple[str, str]) -> dict[str, Any]:
    data = case("G24")
    data["payments"] = [
        {"receipt_id": f"P{n}", "amount": amount, "method": "bank_transfer", "date": "2026-04-02", "fx_rate": rate}
        for n, (amount, rate) in enumerate(payments, 1)
    ]
    return data


def test_part_payments_take_their_part_of_the_booked_receivable_and_the_last_the_rest() -> None:
    posted = post(foreign(("10000.00", "0.70"), ("20000.00", "0.75"), ("20444.40", "0.80")))
    taken = [line.base.amount for n in (1, 2, 3) for line in named(posted, f"receipt-P{n}").lines[1:2] if line.base]
    assert taken == [Decimal("-7421.80"), Decimal("-14843.60"), Decimal("-15173.42")]
    assert sum(taken) == Decimal("-37438.82")
    assert "receivable.customer" in closing_balances(posted.entries)["NORTHGATE-MOTORS-LTD/USD"]


def test_part_payments_posted_one_after_the_other_come_out_the_same() -> None:
    data = foreign(("10000.00", "0.70"), ("20000.00", "0.75"), ("20444.40", "0.80"))
    at_once = post(data)
    recorded = post(foreign(("10000.00", "0.70"), ("20000.00", "0.75"))).entries
    assert post(data, *recorded).entries == at_once.entries


def test_a_foreign_payment_needs_a_rate() -> None:
    data = foreign(("50444.40", "0.70"))
    del data["payments"][0]["fx_rate"]
    assert "payment P1 of 2026-04-02" in refusal(data)
    assert "no exchange rate" in refusal(case("G24") | {"fx_rate": None})


def test_an_unwound_foreign_deal_leaves_only_money_and_realised_difference() -> None:
    data = case("G24") | {"lifecycle": [{"at": "2026-04-20", "event": "unwound"}]}
    data["refunds"] = [{"refund_id": "R1", "amount": "50444.40", "method": "bank_transfer", "date": "2026-04-21"}]
    got = case_expected(data)
    assert {entry["entry_id"] for entry in got["entries"]} >= {"unwind-v1", "unwind-cost-v1"}
    left = {
        role: amount
        for role, amount in got["closing_balances_base"]["NORTHGATE-MOTORS-LTD/GBP"].items()
        if Decimal(amount)
    }
    assert left == {"cash.bank": "-37438.82", "cash.undeposited": "36877.38", "fx.realised": "561.44"}


# -- two entities of a group ---------------------------------------------------------


def transferred() -> dict[str, Any]:
    data = case("G02")
    data["group_transfer"] = {
        "from_entity": "SISTER-INC", "from_location": "OAKLAND", "from_department": "used", "from_stock_no": "X9",
        "from_cost": "18000.00", "from_recon_cost": "300.00", "price": "18800.00", "date": "2026-03-30",
        "tax_code": "US-RESALE",
    }  # fmt: skip
    return data


def test_a_group_transfer_is_an_entry_in_each_ledger() -> None:
    posted = post(transferred())
    out, into = named(posted, "transfer-out-X9"), named(posted, "transfer-in-U2207")
    assert (out.legal_entity, out.event, out.accounting_date) == (
        "SISTER-INC",
        "dealer_trade.posted",
        date(2026, 3, 30),
    )
    assert lines(out) == [
        ("transfer", "receivable.intercompany", "18800.00", "OAKLAND"),
        ("transfer", "sales.used_wholesale", "-18800.00", "OAKLAND"),
        ("cost", "cost_of_sales.used_wholesale", "18000.00", "OAKLAND"),
        ("cost", "cost_of_sales.reconditioning", "300.00", "OAKLAND"),
        ("cost", "inventory.used_vehicle", "-18300.00", "OAKLAND"),
    ]
    assert out.lines[0].dimensions["party"] == "BAYLINE-AUTO-INC"
    assert out.lines[1].tax_code == "US-RESALE"
    assert (into.legal_entity, into.event) == ("BAYLINE-AUTO-INC", "purchase.posted")
    assert into.lines[1].dimensions == {
        "location": "FREMONT", "department": "used", "party": "SISTER-INC", "stock_no": "U2207",
    }  # fmt: skip
    assert set(closing_balances(posted.entries)) == {"BAYLINE-AUTO-INC/USD", "SISTER-INC/USD"}


def test_a_transfer_price_that_is_not_the_cost_is_refused() -> None:
    data = transferred()
    data["group_transfer"]["price"] = "18700.00"
    assert "SISTER-INC for 18700.00" in refusal(data)


def _group(data: dict[str, Any], **other: Any) -> dict[str, OtherBook]:
    return {data["group_transfer"]["from_entity"]: OtherBook(**other)}


def test_each_ledger_of_a_transfer_follows_its_own_lock() -> None:
    data = transferred()
    deal = Deal.model_validate(data)
    book = Book("book", deal.legal_entity, deal.base_currency, "us")
    posted = post_deal(
        deal, book=book, locks=Locks(date(2026, 3, 30)), others=_group(data, locks=Locks(date(2026, 3, 31)))
    )
    assert named(posted, "transfer-in-U2207").accounting_date == date(2026, 3, 31)
    out = named(posted, "transfer-out-X9")
    assert (out.accounting_date, out.original_date) == (date(2026, 4, 1), date(2026, 3, 30))
    assert "closed through 2026-03-31" in out.note
    again = post_deal(deal, book=book, history=History.of(posted.entries), others=_group(data))
    assert again.new == ()


def test_the_other_books_chart_is_asked_too() -> None:
    data = transferred()
    deal = Deal.model_validate(data)
    theirs = load_chart("us", {"sales.used_wholesale": None})
    other = Book("sister", data["group_transfer"]["from_entity"], "USD", "us", theirs)
    book = Book("book", deal.legal_entity, deal.base_currency, "us", load_chart("us"))
    with pytest.raises(PostingError) as caught:
        post_deal(deal, book=book, others=_group(data, book=other))
    assert "no account for sales.used_wholesale, which is needed by the transfer of the car (car X9)" in str(
        caught.value
    )
    assert "books: sister: accounts:" in caught.value.fix


@pytest.mark.parametrize(
    ("number", "role", "words"),
    [
        ("G01", "sales.over_allowance", "the trade-in (car N4102)"),
        ("G01", "payable.trade_payoff", "the trade-in (car U4102A)"),
        ("G01", "income.fi_products", "line 4 (Vehicle service contract 84/84)"),
        ("G01", "payable.government_fees", "line 6 (Title and registration)"),
        ("G01", "sales.new_vehicle", "line 1 (2026 Honda Accord EX)"),
        ("G01", "cost_of_sales.new_vehicle", "line 1 (2026 Honda Accord EX)"),
        ("G01", "payable.sales_tax", "tax US-FL-STATE of the invoice"),
        ("G01", "receivable.contracts_in_transit", "the finance contract (car N4102)"),
        ("G01", "payable.commission", "the commission (of SP-014)"),
        ("G01", "payable.customer_deposits", "the deposit (receipt D1)"),
        ("G01", "receivable.customer", "the total of the invoice"),
    ],
)
def test_a_missing_account_names_what_of_the_deal_needs_it(number: str, role: str, words: str) -> None:
    deal = Deal.model_validate(case(number))
    book = Book("ours", deal.legal_entity, "USD", "us", load_chart("us", {role: None}))
    with pytest.raises(PostingError) as caught:
        post_deal(deal, book=book)
    assert f"no account for {role}" in caught.value.message
    assert f"needed by {words} (entry " in caught.value.message
    assert "books: ours: accounts:" in caught.value.fix
