"""Combinations of posting rules, each worked by hand: several trades and taxes, schemes, currencies, later events."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from posting_support import case, lines, named, part, post

from dealbooks.posting import Posted, PostingError, case_expected, closing_balances, net_journal

QUARTERS = (1, 4, 7, 10)


def closing(posted: Posted) -> dict[str, str]:
    """Balances of the deal's own book, without those that are nil."""
    deal = posted.deal
    balances = closing_balances(posted.entries)[f"{deal.legal_entity}/{deal.currency}"]
    return {role: amount for role, amount in balances.items() if Decimal(amount)}


def unwound(data: dict[str, Any], at: str, *refunds: tuple[str, str, str]) -> dict[str, Any]:
    """The deal taken back, with refunds: number, amount, day."""
    told = [{"refund_id": n, "amount": a, "date": d, "method": "bank_transfer"} for n, a, d in refunds]
    return data | {"lifecycle": [{"at": at, "event": "unwound", "reason": "returned"}], "refunds": told}


# -- F&I products shown net ------------------------------------------------------------


def test_products_shown_net_are_commission_and_money_owed_to_the_provider() -> None:
    gross, net = post(case("G01")), post(case("G01"), fi_presentation="net")
    sale = named(net, "sale-v1")
    invoice = dict(part(sale, "invoice"))
    assert invoice["payable.fi_provider"] == "-1430.00"  # 1120.00 + 310.00, one provider, one line
    commission = [x for x in sale.lines if x.role == "income.insurance_commission"]
    assert [(x.dimensions["product"], str(x.amount.amount)) for x in commission] == [
        ("4", "-1075.00"),
        ("5", "-485.00"),
    ]
    assert "income.fi_products" not in invoice
    assert part(sale, "fi_cost") == []
    assert net.metrics == gross.metrics
    assert net.invoice == gross.invoice
    assert closing(net)["payable.fi_provider"] == closing(gross)["payable.fi_provider"]


def test_a_taxed_product_shown_net_earns_its_net_price_less_its_cost() -> None:
    data = case("G09")
    data["lines"].append(
        {"line_id": "9", "kind": "fi_product", "quantity": "1", "unit_price": "600.00", "tax_code": "GB-S",
         "cost": "320.00", "provider": "WARRANTYCO"}
    )  # fmt: skip
    sale = named(post(data, fi_presentation="net"), "sale-v1")
    mine = [
        (x.role, str(x.amount.amount), x.tax_code) for x in sale.lines if x.role.endswith(("provider", "commission"))
    ]
    assert ("payable.fi_provider", "-320.00", "GB-S") in mine
    assert ("income.insurance_commission", "-180.00", "GB-S") in mine  # 600.00 less 100.00 VAT less 320.00


# -- deposits taxed before the sale ----------------------------------------------------


def deposited(number: str, amount: str, taken: str) -> dict[str, Any]:
    data = case(number)
    data["deposits"] = [{"receipt_id": "D1", "amount": amount, "method": "card", "date": taken}]
    paid = Decimal(data["payments"][0]["amount"])
    data["payments"][0]["amount"] = str(paid - Decimal(amount))
    return data


def test_a_deposit_of_an_earlier_vat_period_is_taxed_there_and_taken_back_in_the_sale() -> None:
    data = deposited("G09", "600.00", "2025-12-30")
    posted = post(data, vat_period_starts=QUARTERS)
    receipt, sale = named(posted, "receipt-D1"), named(posted, "sale-v1")
    assert part(receipt, "deposit_tax") == [("payable.customer_deposits", "100.00"), ("tax.output", "-100.00")]
    assert [x.tax_code for x in receipt.lines if x.part == "deposit_tax"] == [None, "GB-S"]
    assert part(sale, "deposit_tax") == [("payable.customer_deposits", "-100.00"), ("tax.output", "100.00")]
    without = post(data)
    assert part(named(without, "receipt-D1"), "deposit_tax") == []
    assert closing(posted) == closing(without)
    assert posted.invoice == without.invoice  # the invoice shows the whole VAT


def test_a_deposit_of_the_same_vat_period_is_taxed_with_the_sale() -> None:
    data = case("G09")
    taken = data["dates"]["delivery"]
    data = deposited("G09", "600.00", taken)
    assert part(named(post(data, vat_period_starts=QUARTERS), "receipt-D1"), "deposit_tax") == []


def test_a_margin_car_is_taxed_on_what_was_paid_above_its_purchase_price() -> None:
    data = case("G10")
    bought = Decimal(data["vehicle"]["stock_book_purchase_price"])
    data["deposits"] = [
        {"receipt_id": "D1", "amount": str(bought - 100), "method": "card", "date": "2025-12-29"},
        {"receipt_id": "D2", "amount": "700.00", "method": "card", "date": "2025-12-30"},
    ]
    data["payments"] = []
    posted = post(data, vat_period_starts=QUARTERS)
    assert part(named(posted, "receipt-D1"), "deposit_tax") == []
    # 600.00 above the purchase price, 1/6 of it
    assert part(named(posted, "receipt-D2"), "deposit_tax") == [
        ("payable.customer_deposits", "100.00"),
        ("tax.margin", "-100.00"),
    ]


def test_a_taxed_deposit_given_back_in_two_parts_takes_its_tax_back() -> None:
    data = deposited("G09", "601.00", "2025-12-30")
    rest = data["payments"][0]["amount"]
    data = unwound(data, "2026-05-04", ("R1", "200.00", "2026-05-05"), ("R2", "401.00", "2026-05-06"))
    data["refunds"].append({"refund_id": "R3", "amount": rest, "date": "2026-05-06", "method": "bank_transfer"})
    sold = post(case_before(data), vat_period_starts=QUARTERS)
    posted = post(data, *sold.entries, vat_period_starts=QUARTERS)
    # 601.00 / 6 = 100.17; 200/601 of it is 33.33, the rest 66.84
    assert ("tax.output", "33.33") in part(named(posted, "refund-R1"), "deposit_tax")
    assert ("tax.output", "66.84") in part(named(posted, "refund-R2"), "deposit_tax")
    assert set(closing(posted)) == {"cash.undeposited", "cash.bank"}


def case_before(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"lifecycle": [], "refunds": []}


# -- trades and additive taxes -----------------------------------------------------------


def test_two_trades_merge_their_allowances_and_each_keeps_its_lien() -> None:
    data = case("G03")
    first = data["trade_ins"][0]
    data["trade_ins"] = [
        first
        | {"stock_no": "A", "allowance": "5000.00", "acv": "4600.00", "payoff": "6200.00", "lienholder": "BANK-1"},
        first | {"stock_no": "B", "allowance": "3000.00", "acv": "3400.00", "payoff": "500.00", "lienholder": "BANK-2"},
    ]
    posted = post(data)
    trade = part(named(posted, "sale-v1"), "trade")
    # over-allowance 400.00 and under-allowance 400.00 come to nothing; equity -1200.00 + 2500.00 = 1300.00
    assert trade == [
        ("inventory.used_vehicle", "4600.00"),
        ("payable.trade_payoff", "-6200.00"),
        ("receivable.customer", "-1300.00"),
        ("inventory.used_vehicle", "3400.00"),
        ("payable.trade_payoff", "-500.00"),
    ]
    assert [str(book.equity) for book in posted.stock_book_trades] == ["-1200.00", "2500.00"]


def test_only_the_eligible_trade_gives_a_capped_credit() -> None:
    data = case("G04")
    cap = Decimal(data["tax"]["components"][0]["trade_in_credit_cap"])
    before = Decimal(post(data).taxes[0].base)
    allowance = Decimal(data["trade_ins"][0]["allowance"])
    assert allowance > cap
    data["trade_ins"].append(data["trade_ins"][0] | {"stock_no": "X2", "tax_credit_eligible": False})
    assert post(data).taxes[0].base == before  # the second one gives nothing
    data["trade_ins"][0]["allowance"] = str(cap - 1000)
    assert post(data).taxes[0].base == before + 1000


def taxed(*components: dict[str, Any]) -> Posted:
    data = case("G01") | {"rebates": [{"program": "OEM", "amount": "750.00", "assigned_to_dealer": True}]}
    data["tax"]["components"] = [{"code": "T", "rate": "0.10"} | component for component in components]
    return post(data)


@pytest.mark.parametrize(
    ("component", "base"),
    [
        # taxable: vehicle group 32400 + 495 + 899 = 33794; service_warranty 2195; allowance 14000; rebate 750
        ({}, "35989.00"),
        ({"tax_groups": ["vehicle"]}, "33794.00"),
        ({"trade_in_credit": "full"}, "21989.00"),
        ({"trade_in_credit": "full", "rebate_taxable": False}, "21239.00"),
        ({"rebate_taxable": False, "tax_groups": ["service_warranty"]}, "2195.00"),
        ({"trade_in_credit": "capped", "trade_in_credit_cap": "6000.00", "rebate_taxable": False}, "29239.00"),
        ({"trade_in_credit": "full", "rebate_taxable": False, "base_cap": "5000.00"}, "5000.00"),
        ({"trade_in_credit": "full", "tax_groups": ["vehicle"], "base_cap": "50000.00"}, "19794.00"),
    ],
)
def test_the_base_of_a_component(component: dict[str, Any], base: str) -> None:
    assert str(taxed(component).taxes[0].base) == base


def test_a_credit_above_the_car_leaves_nothing_of_its_group_and_all_of_the_others() -> None:
    data = case("G01")
    data["trade_ins"][0] |= {"allowance": "40000.00", "acv": "40000.00"}
    rows = post(data).taxes
    assert [str(row.base) for row in rows] == ["2195.00", "0", "2195.00"]
    assert str(rows[1].amount) == "0.00"


def test_canadian_gst_gives_a_credit_that_pst_gives_too_for_a_registrants_trade() -> None:
    # BC: GST on the whole price (a registrant charges GST on the trade), PST on price less allowance, at 10 % by band.
    data = case("G19")
    data["tax"]["components"] = [
        {"code": "CA-GST", "rate": "0.05", "role": "tax.output"},
        {"code": "CA-BC-PST", "rate": "0.10", "role": "payable.sales_tax", "trade_in_credit": "full"},
    ]
    data["trade_ins"][0] |= {"input_tax_amount": "615.00", "input_tax_code": "ITC", "seller_tax_status": "registrant"}
    posted = post(data)
    gst, pst = posted.taxes
    allowance = Decimal(data["trade_ins"][0]["allowance"])
    assert gst.base - pst.base == allowance
    assert (gst.role, pst.role) == ("tax.output", "payable.sales_tax")


def test_floor_rounds_each_component_towards_zero() -> None:
    data = case("G07")
    data["tax"]["mode"] = "floor"
    del data["contract_total"]
    row = post(data).taxes[0]
    assert row.amount == (row.base * Decimal(row.rate)).quantize(Decimal("0.01"), "ROUND_DOWN")
    assert row.amount != (row.base * Decimal(row.rate)).quantize(Decimal("0.01"), "ROUND_HALF_UP")


# -- schemes -------------------------------------------------------------------------------


def test_a_margin_has_discount_and_linked_fee_in_it_and_no_tax_on_a_loss() -> None:
    data = case("G10")
    bought = Decimal(data["vehicle"]["stock_book_purchase_price"])
    base = {"quantity": "1", "tax_code": "GB-M"}
    data["lines"] = [
        base | {"line_id": "1", "kind": "vehicle", "unit_price": str(bought + 1000)},
        base | {"line_id": "2", "kind": "discount", "unit_price": "-500.00"},
        base | {"line_id": "3", "kind": "admin_fee", "unit_price": "99.99"},
    ]
    posted = post(data)
    sold = posted.stock_book_sale
    assert sold is not None
    assert (str(sold.margin), str(sold.vat)) == ("599.99", "100.00")  # 599.99 / 6 = 99.998
    assert part(named(posted, "sale-v1"), "margin_vat") == [
        ("sales.used_vehicle", "100.00"),
        ("tax.margin", "-100.00"),
    ]
    data["lines"][1]["unit_price"] = "-1200.00"
    lost = post(data)
    assert lost.stock_book_sale is not None
    assert (str(lost.stock_book_sale.margin), str(lost.stock_book_sale.vat)) == ("-100.01", "0.00")
    assert part(named(lost, "sale-v1"), "margin_vat") == []
    assert [(str(row.base), str(row.amount)) for row in lost.taxes if row.role == "tax.margin"] == [("-100.01", "0.00")]


def test_luxury_car_tax_only_where_it_is_due_and_cut_as_the_rule_says() -> None:
    data = case("G15")
    due = next(row for row in post(data).taxes if row.code == "AU-LCT")
    data["tax"]["lct"]["rounding"] = "floor"
    cut = next(row for row in post(data).taxes if row.code == "AU-LCT")
    exact = due.base * 10 / 11 * Decimal("0.33")
    assert 0 <= exact - cut.amount < Decimal("0.01")
    quoted = data["tax"] | {"lct": None}  # the buyer quotes an ABN: none is charged
    posted = post(data | {"tax": quoted})
    assert not [row for row in posted.taxes if row.code == "AU-LCT"]
    assert "tax.lct" not in closing(posted)
    data["tax"]["lct"]["threshold"] = str(sum(Decimal(x["unit_price"]) for x in data["lines"] if x.get("in_lct_value")))
    assert not [row for row in post(data).taxes if row.code == "AU-LCT"]  # at the threshold nothing is due


def test_gulf_vat_keeps_three_decimals() -> None:
    data = case("G22")
    data |= {"currency": "BHD", "base_currency": "BHD"}
    data["tax"] = {"regime": "inclusive", "rates": {"BH-S": "0.10", "BH-O": "0"}}
    for line in data["lines"]:
        line["tax_code"] = "BH-S" if line["kind"] != "government_fee" else "BH-O"
    posted = post(data)
    taxed_gross = [x.gross for x in posted.invoice.lines if x.line.tax_code == "BH-S"]
    row = posted.taxes[0]
    assert row.amount == sum((g / 11).quantize(Decimal("0.001"), "ROUND_HALF_UP") for g in taxed_gross)
    assert all(x.amount.amount.as_tuple().exponent == -3 for entry in posted.entries for x in entry.lines)


def test_a_lease_splits_what_the_lessor_wires_and_keeps() -> None:
    data = case("G05")
    data["finance"]["withheld_by_lessor"] = "2000.00"
    assert part(named(post(data), "sale-v1"), "finance") == [
        ("receivable.contracts_in_transit", "38225.00"),
        ("payable.lessor", "2000.00"),
        ("receivable.customer", "-40225.00"),
    ]


def test_tax_in_a_price_is_worked_out_by_line_unless_the_rules_say_by_document() -> None:
    data = case("G09")
    one = {"quantity": "1", "unit_price": "10.03", "tax_code": "GB-S"}
    kinds = ("vehicle", "accessory", "admin_fee")
    data["lines"] = [one | {"line_id": str(n), "kind": kind} for n, kind in enumerate(kinds, 1)]
    del data["tax"]["rounding"]
    assert str(post(data).taxes[0].amount) == "5.01"  # 3 x 1.67
    data["tax"]["rounding"] = "document"
    assert str(post(data).taxes[0].amount) == "5.02"  # 30.09 / 6 = 5.015


# -- commission ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "amount"),
    [
        # front gross of G02 is 3049.25
        ({"rate": "0.25"}, "762.31"),  # 762.3125
        ({"rate": "0.25", "pack": "3049.25"}, "0.00"),
        ({"rate": "0.25", "pack": "4000.00"}, "0.00"),  # below nil is nil
        ({"rate": "0.25", "pack": "4000.00", "minimum": "150.00"}, "150.00"),
        ({"rate": "0.25", "maximum": "500.00"}, "500.00"),
        ({"rate": "0.25", "minimum": "800.00", "maximum": "500.00"}, "500.00"),
        ({"rate": "0.0002"}, "0.61"),  # 0.60985, half up
        ({"base": "flat", "flat": "200.00", "pack": "500.00"}, "200.00"),
        ({"base": "flat", "flat": "200.00", "maximum": "120.00"}, "120.00"),
    ],
)
def test_a_plan_pays(plan: dict[str, Any], amount: str) -> None:
    data = case("G02")
    who = {"splits": [{"person": "A", "share": "1"}]}
    data["commission_plans"] = [{"plan_id": "P", "role": "sales", "base": "front"} | who | plan]
    posted = post(data)
    assert str(posted.metrics.front_gross) == "3049.25"
    assert str(posted.commissions[0].amount) == amount


# -- two rooftops --------------------------------------------------------------------------


def test_an_amended_sale_of_another_rooftops_car_balances_at_each() -> None:
    data = case("G23")
    first = post(data)
    amended = post(
        data | {"deal_version": 2, "amended_at": "2026-12-01", "vehicle": data["vehicle"] | {"recon_cost": "900.00"}},
        *first.entries,
    )
    for entry in amended.new:
        for place in {line.dimensions["location"] for line in entry.lines}:
            assert sum(x.amount.amount for x in entry.lines if x.dimensions["location"] == place) == 0, entry.entry_id
    assert "interbranch.clearing" not in closing(amended)


# -- currencies ------------------------------------------------------------------------------


def abroad(*payments: tuple[str, str, str]) -> dict[str, Any]:
    data = case("G24")
    data["payments"] = [
        {"receipt_id": f"P{n}", "amount": amount, "method": "bank_transfer", "date": day, "fx_rate": rate}
        for n, (amount, day, rate) in enumerate(payments, 1)
    ]
    return data


def in_base(posted: Posted, role: str) -> Decimal:
    lines_ = [x for entry in posted.entries for x in entry.lines if x.role == role]
    return sum((x.base.amount for x in lines_ if x.base is not None), Decimal(0))


def test_a_price_cut_abroad_after_a_part_payment_leaves_nothing_behind() -> None:
    first = post(abroad(("20000.00", "2026-03-20", "0.75")))
    cut = abroad(("20000.00", "2026-03-20", "0.75"), ("30000.00", "2026-04-10", "0.70"))
    cut |= {"deal_version": 2, "amended_at": "2026-04-01", "amend_reason": "price cut"}
    cut["lines"][0]["unit_price"] = "47888.90"  # 50444.40 becomes 50000.00
    amended = post(cut, *first.entries)
    assert {one.entry_id for one in amended.new} == {
        "reversal-v1", "reversal-cost-v1", "sale-v2", "cost-v2", "receipt-P2",
    }  # fmt: skip
    assert "receivable.customer" not in closing(amended)
    assert in_base(amended, "receivable.customer") == 0


def test_an_overpaid_price_cut_abroad_is_refunded_at_what_is_booked() -> None:
    first = post(abroad(("50444.40", "2026-03-20", "0.75")))
    cut = abroad(("50444.40", "2026-03-20", "0.75"))
    cut |= {"deal_version": 2, "amended_at": "2026-04-01", "amend_reason": "price cut"}
    cut["lines"][0]["unit_price"] = "47888.90"
    cut["refunds"] = [{"refund_id": "R1", "amount": "444.40", "date": "2026-04-03", "method": "bank_transfer"}]
    amended = post(cut, *first.entries)
    assert "receivable.customer" not in closing(amended)
    assert in_base(amended, "receivable.customer") == 0


# -- what follows a sale -----------------------------------------------------------------------


def test_a_part_of_the_deposit_given_back_leaves_the_rest_owed() -> None:
    data = unwound(case("G08"), "2026-04-06", ("R1", "120.00", "2026-04-07"))
    posted = post(case_before(data))
    posted = post(data, *posted.entries)
    assert closing(posted)["payable.customer_deposits"] == "-180.00"
    assert closing(posted)["receivable.customer"] == "-1978.62"


def test_two_deposits_are_given_back_first_listed_first() -> None:
    data = case("G08")
    data["deposits"] = [
        {"receipt_id": "D2", "amount": "100.00", "method": "card", "date": "2026-03-26"},
        {"receipt_id": "D1", "amount": "200.00", "method": "card", "date": "2026-03-27"},
    ]
    data = unwound(data, "2026-04-06", ("R1", "150.00", "2026-04-07"), ("R2", "200.00", "2026-04-08"))
    posted = post(data, *post(case_before(data)).entries)
    given = [
        [(x.dimensions.get("receipt"), str(x.amount.amount)) for x in named(posted, one).lines]
        for one in ("refund-R1", "refund-R2")
    ]
    assert given == [
        [("D2", "100.00"), ("D1", "50.00"), (None, "-150.00")],
        [("D1", "150.00"), (None, "50.00"), (None, "-200.00")],
    ]


def test_a_payoff_that_was_paid_is_left_to_collect_when_the_sale_is_taken_back() -> None:
    data = case("G01")
    data["trade_ins"][0]["payoff_paid"] = {"date": "2026-03-18", "method": "cheque"}
    got = case_expected(unwound(data, "2026-03-25") | {"balance_due": "0"})
    assert got["unwind_incomplete"] == [
        "The payoff on trade-in U4102A was paid to CREDIT-UNION-1: collect it from the customer."
    ]
    assert got["closing_balances"]["SUNCOAST-MOTORS-LLC/USD"]["payable.trade_payoff"] == "9120.44"
    assert got["closing_balances"]["SUNCOAST-MOTORS-LLC/USD"]["cash.bank"] == "-9120.44"


def test_each_event_of_a_closed_period_moves_to_the_first_open_day_by_itself() -> None:
    data = case("G01") | {"fundings": [{"funding_id": "F1", "amount": "29000.00", "date": "2026-03-20"}]}
    data["trade_ins"][0]["payoff_paid"] = {"date": "2026-03-18", "method": "cheque"}
    data["chargebacks"] = [{"chargeback_id": "C1", "amount": "100.00", "date": "2026-03-30"}]
    sold = post(data | {"fundings": [], "chargebacks": [], "trade_ins": case("G01")["trade_ins"]})
    late = post(data, *sold.entries, closed=date(2026, 3, 31))
    assert {one.entry_id: one.accounting_date.isoformat() for one in late.new} == {
        "funding-F1": "2026-04-01",
        "payoff-U4102A": "2026-04-01",
        "chargeback-C1": "2026-04-01",
    }
    assert [str(one.original_date) for one in late.new] == ["2026-03-20", "2026-03-18", "2026-03-30"]
    assert all("closed through 2026-03-31" in one.note for one in late.new)
    amended = post(data | {"deal_version": 2, "amended_at": "2026-03-31"}, *sold.entries, closed=date(2026, 3, 31))
    assert {str(one.accounting_date) for one in amended.new} == {"2026-04-01"}
    back = post(
        unwound(data | {"chargebacks": []}, "2026-03-31", ("R1", "50.00", "2026-03-31")),
        *sold.entries,
        closed=date(2026, 3, 31),
    )
    assert named(back, "unwind-v1").accounting_date == named(back, "refund-R1").accounting_date == date(2026, 4, 1)


def test_a_sale_that_comes_late_finds_its_money_booked() -> None:
    data = case("G01")
    data["trade_ins"][0]["payoff_paid"] = {"date": "2026-03-18", "method": "cheque"}
    got = case_expected(data, None, {"closed_through": "2026-03-31"})
    assert {one["entry_id"]: one["accounting_date"] for one in got["entries"]} == {
        "receipt-D1": "2026-03-11",
        "receipt-P1": "2026-03-14",
        "payoff-U4102A": "2026-03-18",
        "sale-v1": "2026-04-01",
    }


def test_an_amendment_can_be_one_net_journal() -> None:
    data = case("G14")
    first = post(data)
    second = data | {"deal_version": 2, "amended_at": "2026-03-04"}
    second["lines"] = [data["lines"][0] | {"unit_price": "17400.00"}]
    amended = post(second, *first.entries)
    net = net_journal(named(amended, "reversal-v1"), named(amended, "sale-v2"))
    # 600.00 less on the invoice: 500.00 of revenue and 100.00 of VAT; commission 10 % of 500.00 less
    assert (net.entry_id, net.event, net.accounting_date) == ("net-v2", "sale.amended", date(2026, 3, 4))
    assert lines(net) == [
        ("invoice", "receivable.customer", "-600.00", "YORK"),
        ("invoice", "sales.used_vehicle", "500.00", "YORK"),
        ("invoice", "tax.output", "100.00", "YORK"),
        ("commission", "expense.commission_sales", "-50.00", "YORK"),
        ("commission", "payable.commission", "50.00", "YORK"),
    ]
    assert net.total_debit == net.total_credit


def test_a_net_journal_of_two_days_is_refused() -> None:
    first = post(case("G14"))
    amended = post(case("G14") | {"deal_version": 2, "amended_at": "2026-03-04"}, *first.entries)
    with pytest.raises(PostingError, match="no one net entry"):
        net_journal(named(amended, "reversal-v1"), named(amended, "sale-v1"))


def test_an_amended_sale_takes_the_deposits_tax_back_once() -> None:
    data = deposited("G09", "600.00", "2025-12-30")
    first = post(data, vat_period_starts=QUARTERS)
    second = data | {"deal_version": 2, "amended_at": "2026-05-04", "department": "fleet"}
    amended = post(second, *first.entries, vat_period_starts=QUARTERS)
    back = [("payable.customer_deposits", "-100.00"), ("tax.output", "100.00")]
    assert part(named(amended, "sale-v2"), "deposit_tax") == back
    assert closing(amended) == closing(first)


def test_a_deposit_that_is_recorded_untaxed_stays_so() -> None:
    data = deposited("G09", "600.00", "2025-12-30")
    taken = [entry for entry in post(data).entries if entry.event == "deposit.received"]
    posted = post(data, *taken, vat_period_starts=QUARTERS)
    assert part(named(posted, "sale-v1"), "deposit_tax") == []


def test_only_what_pays_for_the_car_is_taxed_in_a_deposit() -> None:
    data = deposited("G09", "600.00", "2025-12-30")
    priced = sum(Decimal(x["unit_price"]) for x in data["lines"] if x["tax_code"] == "GB-S")
    data["deposits"][0]["amount"] = str(priced + 500)  # more than everything at the standard rate
    taxed_ = part(named(post(data, vat_period_starts=QUARTERS), "receipt-D1"), "deposit_tax")
    assert taxed_[0][1] == str((priced / 6).quantize(Decimal("0.01"), "ROUND_HALF_UP"))


def test_monthly_vat_periods_and_those_that_begin_in_another_month() -> None:
    data = deposited("G09", "600.00", "2026-02-27")
    sold = date.fromisoformat(data["dates"]["delivery"])
    assert (sold.year, sold.month) == (2026, 3)
    for starts, taxed_before in (
        ((1, 4, 7, 10), False),
        ((3, 6, 9, 12), True),
        (tuple(range(1, 13)), True),
        ((2, 5, 8, 11), False),
    ):
        found = part(named(post(data, vat_period_starts=starts), "receipt-D1"), "deposit_tax")
        assert bool(found) is taxed_before, starts


def test_a_deposit_abroad_is_taxed_in_both_currencies() -> None:
    data = case("G24")
    data["tax"]["rates"] = {"GB-Z": "0.20"}
    data["deposits"] = [{"receipt_id": "D1", "amount": "600.00", "method": "bank_transfer", "date": "2025-12-30"}]
    data["payments"][0]["amount"] = "49844.40"
    posted = post(data, vat_period_starts=QUARTERS)
    receipt = named(posted, "receipt-D1")
    assert sum(x.base.amount for x in receipt.lines if x.base) == 0
    tax = [
        (x.role, str(x.amount.amount), str(x.base.amount)) for x in receipt.lines if x.part == "deposit_tax" and x.base
    ]
    assert tax == [("payable.customer_deposits", "100.00", "74.22"), ("tax.output", "-100.00", "-74.22")]
    for entry in posted.entries:
        assert sum(x.base.amount for x in entry.lines if x.base) == 0
