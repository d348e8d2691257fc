"""How a sale is carried in each mode of posting-rules.md section 7, and what becomes of the money around it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from documents_support import TARGETS, Recorded, by_role, case, counted, record, sales_documents

from dealbooks.book import Book, Locks
from dealbooks.deal import Deal
from dealbooks.documents import (
    DocumentKind,
    DocumentSet,
    InvoiceFacts,
    Journal,
    Mode,
    MoneyDocument,
    MoneyKind,
    Target,
    documents_of,
    entries_of,
    invoice_facts,
    words,
)
from dealbooks.entries import Entry, Line
from dealbooks.errors import BrokenInvariant, ConfigError
from dealbooks.money import Money
from dealbooks.posting import PostingError, post_deal

A, CLEARED, B, C = TARGETS["A"], TARGETS["A with clearing"], TARGETS["B"], TARGETS["C"]


def journals(made: DocumentSet) -> list[Journal]:
    return [one for one in made.documents if isinstance(one, Journal)]


def money(made: DocumentSet) -> list[MoneyDocument]:
    return [one for one in made.documents if isinstance(one, MoneyDocument)]


def shown(made: DocumentSet) -> list[tuple[str, str, str]]:
    """The lines of the sales document: role, gross, our tax code."""
    return [(line.role, str(line.gross), line.tax_code or "") for line in sales_documents([made])[0].lines]


# G10, the worked example of docs/documents.md
SOLD = [
    ("sales.used_vehicle", "10495.00", "GB-M"),
    ("income.admin_fee", "99.00", "GB-M"),
    ("payable.fi_provider", "236.00", "GB-E"),
    ("income.insurance_commission", "163.00", "GB-E"),
    ("sales.accessories", "120.00", "GB-S"),
]


def test_mode_a_charges_the_sale_and_settles_it_by_journal() -> None:
    made = case("G10").documents("sale-v1", replace(A, amounts="inclusive"))
    document = sales_documents([made])[0]
    assert shown(made) == SOLD
    assert (document.total, document.tax_total, document.customer) == (Decimal("11113.00"), Decimal("20.00"), "C-102")
    (journal,) = journals(made)
    assert {line.part for line in journal.lines} == {"margin_vat", "cost", "trade", "commission"}
    assert [line.amount.amount for line in journal.lines if line.role == "receivable.customer"] == [-2400]
    assert [one.name for one in made.documents] == ["invoice", "journal"]


def test_mode_a_through_clearing_settles_the_invoice_from_the_clearing_account() -> None:
    made = case("G10").documents("sale-v1", CLEARED)
    (journal,) = journals(made)
    assert "receivable.customer" not in {line.role for line in journal.lines}
    assert [line.amount.amount for line in journal.lines if line.role == "clearing.settlement"] == [-2400]
    (settlement,) = money(made)
    assert (settlement.kind, settlement.amount, settlement.incoming) == (MoneyKind.SETTLEMENT, Decimal(2400), True)
    assert (settlement.settles, settlement.applied, settlement.party) == ("sale-v1", Decimal(2400), "C-102")
    assert settlement.money.role == "clearing.settlement"


def test_mode_b_shows_the_part_exchange_as_a_line_on_stock() -> None:
    made = case("G10").documents("sale-v1", B)
    assert shown(made) == [*SOLD, ("inventory.used_vehicle", "-2400.00", "")]
    document = sales_documents([made])[0]
    assert document.total == Decimal("8713.00")
    assert "MX62 QWE" in document.lines[-1].description
    (journal,) = journals(made)
    assert {line.part for line in journal.lines} == {"margin_vat", "cost", "commission"}


def test_mode_c_is_the_payment_too() -> None:
    recorded = case("G10")
    made = recorded.documents("sale-v1", C)
    document = sales_documents([made])[0]
    assert (document.kind, document.total) == (DocumentKind.SALES_RECEIPT, Decimal("8713.00"))
    assert [(one.entry_id, one.method, one.amount) for one in document.paid] == [
        ("receipt-P1", "card", Decimal("8713"))
    ]
    receipt = recorded.documents("receipt-P1", C)
    assert (receipt.documents, receipt.covered_by) == ((), "sale-v1")


def test_mode_d_is_journals_alone() -> None:
    for made in case("G10").sets(TARGETS["D"]):
        assert made.mode is Mode.JOURNAL_ONLY
        assert [type(one) for one in made.documents] == [Journal]


def test_a_ledger_without_customer_lines_in_journals_cannot_be_kept_with_journals_alone() -> None:
    with pytest.raises(ConfigError):
        Target(mode=Mode.JOURNAL_ONLY, settlement="clearing")


# -- mode B: what the customer sees --------------------------------------------------------------------------------


def test_an_over_allowance_is_corrected_in_the_journal_not_shown_to_the_customer() -> None:
    made = case("G13").documents("sale-v1", B)
    document = sales_documents([made])[0]
    roles = {line.role for line in document.lines}
    assert "sales.over_allowance" not in roles and "payable.trade_payoff" in roles
    trade = {line.role: line.amount.amount for line in journals(made)[0].lines if line.part == "trade"}
    assert set(trade) == {"inventory.used_vehicle", "sales.over_allowance"}
    assert trade["inventory.used_vehicle"] == -trade["sales.over_allowance"] < 0


def test_what_the_lender_and_the_manufacturer_pay_are_negative_lines() -> None:
    document = sales_documents([case("G01").documents("sale-v1", B)])[0]
    settled = {line.role: line.net for line in document.lines if line.part != "invoice"}
    entry, _ = case("G01").entry("sale-v1")
    for part, role in (("finance", "receivable.contracts_in_transit"), ("rebate", "receivable.manufacturer")):
        assert settled[role] == -sum(x.amount.amount for x in entry.lines if (x.part, x.role) == (part, role)) < 0
    assert all(line.code == "" and line.tax == 0 for line in document.lines if line.part != "invoice")


# -- fallbacks -----------------------------------------------------------------------------------------------------


def deal(**more: Any) -> Deal:
    """A car for 1,000.00, untaxed, and what settles it."""
    return Deal.model_validate(
        {
            "source_system": "test", "deal_id": "K-1", "deal_type": "retail", "sale_class": "used",
            "legal_entity": "ENTITY", "location": "MAIN", "department": "used",
            "currency": "USD", "base_currency": "USD", "dates": {"delivery": "2026-03-12"},
            "customer": {"id": "C-1", "name": "Customer"},
            "vehicle": {"vin": "1HGCY2F57RA000123", "stock_no": "S1", "cost": "700"},
            "lines": [{"line_id": "1", "kind": "vehicle", "unit_price": "1000.00"}], "tax": {"regime": "none"},
            **more,
        }
    )  # fmt: skip


TRADE = {"stock_no": "T1", "allowance": "1500.00", "acv": "1400.00"}
PAID = {"receipt_id": "P1", "amount": "1000.00", "method": "card", "date": "2026-03-12"}
NEGATIVE_EQUITY = {**TRADE, "payoff": "2000.00", "lienholder": "BANK"}


def test_settlements_above_the_sale_fall_back_to_mode_a_and_say_so() -> None:
    recorded = record(deal(trade_ins=[TRADE], balance_due="-500.00"))
    made = recorded.documents("sale-v1", B)
    assert made.mode is Mode.INVOICE_AND_JOURNAL
    assert [(one.wanted, one.used) for one in made.fallbacks] == [
        (Mode.INVOICE_WITH_SETTLEMENTS, Mode.INVOICE_AND_JOURNAL)
    ]
    assert made.fallbacks[0].reason == "the settlements exceed the sale by 500.00 USD"
    assert sales_documents([made])[0].total == Decimal("1000.00")


def test_a_ledger_that_takes_negative_documents_keeps_mode_b() -> None:
    recorded = record(deal(trade_ins=[TRADE], balance_due="-500.00"))
    made = recorded.documents("sale-v1", replace(B, negative_total=True))
    assert (made.mode, sales_documents([made])[0].total) == (Mode.INVOICE_WITH_SETTLEMENTS, Decimal("-500.00"))


def test_what_is_settled_above_the_invoice_stays_on_the_customers_account() -> None:
    made = record(deal(trade_ins=[TRADE], balance_due="-500.00")).documents("sale-v1", CLEARED)
    (settlement,) = money(made)
    assert (settlement.amount, settlement.applied) == (Decimal("1500.00"), Decimal("1000.00"))


def test_negative_equity_that_nothing_absorbs_is_charged_on_the_invoice_out_of_clearing() -> None:
    recorded = record(deal(trade_ins=[NEGATIVE_EQUITY], balance_due="1500.00"))
    made = recorded.documents("sale-v1", CLEARED)
    document = sales_documents([made])[0]
    assert (document.lines[-1].role, document.lines[-1].net) == ("clearing.settlement", Decimal("500.00"))
    assert document.total == Decimal("1500.00") and money(made) == []
    entry, _ = recorded.entry("sale-v1")
    assert counted(entries_of([made])["sale-v1"]) == counted(entry.lines)


def test_negative_equity_is_a_positive_line_in_mode_b() -> None:
    made = record(deal(trade_ins=[NEGATIVE_EQUITY], balance_due="1500.00")).documents("sale-v1", B)
    settled = [(line.role, str(line.net)) for line in sales_documents([made])[0].lines[1:]]
    assert settled == [("inventory.used_vehicle", "-1500.00"), ("payable.trade_payoff", "2000.00")]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"balance_due": "1000.00"}, "0 of 1000.00 USD was received on 2026-03-12, the day of the sale"),
        (
            {"payments": [{**PAID, "amount": "400.00"}], "balance_due": "600.00"},
            "400.00 of 1000.00 USD was received on 2026-03-12, the day of the sale",
        ),
        (
            {"payments": [{**PAID, "date": "2026-03-13"}]},
            "0 of 1000.00 USD was received on 2026-03-12, the day of the sale",
        ),
        (
            {"base_currency": "GBP", "fx_rate": "0.8", "payments": [{**PAID, "fx_rate": "0.9"}]},
            "receipt-P1 has an exchange difference",
        ),
        (
            {"deposits": [{"receipt_id": "D1", "amount": "1000.00", "method": "card", "date": "2026-03-01"}]},
            "nothing is left to be paid by the customer",
        ),
    ],
)
def test_a_sale_that_is_not_paid_in_full_on_the_day_is_no_sales_receipt(more: dict[str, Any], reason: str) -> None:
    made = record(deal(**more)).documents("sale-v1", C)
    assert made.mode is Mode.INVOICE_WITH_SETTLEMENTS
    assert [one.reason for one in made.fallbacks] == [reason]


def test_a_sales_receipt_falls_back_twice_where_settlements_exceed_the_sale() -> None:
    made = record(deal(trade_ins=[TRADE], balance_due="-500.00")).documents("sale-v1", C)
    assert [one.used for one in made.fallbacks] == [Mode.INVOICE_WITH_SETTLEMENTS, Mode.INVOICE_AND_JOURNAL]


def test_two_receipts_on_the_day_are_one_sales_receipt() -> None:
    halves = [{**PAID, "amount": "500.00"}, {**PAID, "receipt_id": "P2", "amount": "500.00", "method": "cash"}]
    recorded = record(deal(payments=halves))
    sets = recorded.sets(C)
    assert [one.method for one in sales_documents(sets)[0].paid] == ["card", "cash"]
    assert [one.covered_by for one in sets] == [None, "sale-v1", "sale-v1"]


def test_money_received_in_a_closed_period_was_still_received_on_its_own_day() -> None:
    late = deal(payments=[{**PAID, "date": "2026-03-11"}])
    recorded = record(late, locks=Locks(date(2026, 3, 31)))
    assert recorded.documents("sale-v1", C).mode is Mode.INVOICE_WITH_SETTLEMENTS


# -- taking back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "mirror"), [("G08", "unwind-v1"), ("G14", "reversal-v1")])
def test_a_sale_is_taken_back_by_a_credit_note_of_the_same_lines(name: str, mirror: str) -> None:
    recorded = case(name)
    for target in (A, CLEARED, B):
        invoice = sales_documents([recorded.documents("sale-v1", target)])[0]
        note = sales_documents([recorded.documents(mirror, target)])[0]
        assert (note.kind, note.reverses, note.name) == (DocumentKind.CREDIT_NOTE, "sale-v1", "credit-note")
        assert [line[:8] for line in note.lines] == [line[:8] for line in invoice.lines]
        assert (note.total, note.taxes) == (invoice.total, invoice.taxes)


def test_a_credit_note_goes_back_through_clearing() -> None:
    recorded = case("G08")
    there = money(recorded.documents("sale-v1", CLEARED))[0]
    back = money(recorded.documents("unwind-v1", CLEARED))[0]
    assert (there.incoming, back.incoming) == (True, False)
    assert there.amount == back.amount and back.settles == "unwind-v1"


def test_a_credit_note_can_be_made_from_the_recorded_mirror_alone() -> None:
    entry, _ = case("G14").entry("reversal-v1")
    note = sales_documents([documents_of(entry, A)])[0]
    with_facts = sales_documents([case("G14").documents("reversal-v1", A)])[0]
    assert (note.total, note.tax_total) == (with_facts.total, with_facts.tax_total)
    assert sum(line.tax for line in note.lines) == note.tax_total


def test_a_sales_receipt_is_taken_back_by_a_credit_note() -> None:
    recorded = case("G08")
    made = recorded.documents("unwind-v1", C)
    assert made.mode is Mode.INVOICE_WITH_SETTLEMENTS
    assert "credit note" in made.fallbacks[0].reason


def test_facts_pass_through_json_unchanged() -> None:
    for name in ("G01", "G10", "G24"):
        facts = case(name).entry("sale-v1")[1]
        assert facts is not None and facts.lines
        assert InvoiceFacts.from_json(facts.as_json()) == facts


def test_the_facts_of_another_sale_are_refused() -> None:
    entry, facts = case("G10").entry("sale-v1")
    assert facts is not None
    with pytest.raises(ValueError, match="sale-v2"):
        documents_of(entry, A, replace(facts, entry_id="sale-v2"))


# -- money ---------------------------------------------------------------------------------------------------------


def kinds(recorded: Recorded, target: Target) -> dict[str, list[tuple[str, str, str]]]:
    return {
        one.entry_id: [(doc.kind.value, doc.party, str(doc.amount)) for doc in money(one)]
        for one in recorded.sets(target)
        if money(one)
    }


def test_a_payment_is_applied_to_the_invoice_of_its_sale() -> None:
    (payment,) = money(case("G10").documents("receipt-P1", A))
    assert (payment.kind, payment.settles, payment.applied) == (MoneyKind.PAYMENT, "sale-v1", Decimal("8713.00"))
    assert payment.money.role == "cash.undeposited"


def test_deposits_fundings_and_payoffs_are_money_against_their_accounts() -> None:
    recorded = record(
        deal(
            deposits=[{"receipt_id": "D1", "amount": "100.00", "method": "card", "date": "2026-03-01"}],
            trade_ins=[
                {**TRADE, "allowance": "300", "acv": "300", "payoff": "50.00", "lienholder": "BANK",
                 "payoff_paid": {"date": "2026-03-20", "method": "bank_transfer"}}
            ],
            finance={"type": "loan", "lender": "LENDER", "amount_financed": "650.00", "reserve": "20.00",
                     "receivable_role": "receivable.finance_company"},
            fundings=[
                {"funding_id": "F1", "amount": "650.00", "date": "2026-03-21"},
                {"funding_id": "F2", "amount": "20.00", "date": "2026-03-22", "kind": "reserve"},
            ],
        )
    )  # fmt: skip
    assert kinds(recorded, A) == {
        "receipt-D1": [("money_in", "C-1", "100.00")],
        "funding-F1": [("money_in", "LENDER", "650.00")],
        "funding-F2": [("money_in", "LENDER", "20.00")],
        "payoff-T1": [("money_out", "BANK", "50.00")],
    }


def test_a_refund_of_a_deposit_and_of_a_payment_is_two_documents() -> None:
    sold = {
        "deposits": [{"receipt_id": "D1", "amount": "100.00", "method": "card", "date": "2026-03-01"}],
        "payments": [{**PAID, "amount": "900.00"}],
    }
    back = {
        "lifecycle": [{"at": "2026-03-20", "event": "unwound"}],
        "refunds": [{"refund_id": "R1", "amount": "1000.00", "method": "bank_transfer", "date": "2026-03-21"}],
    }
    recorded = record(deal(**sold), deal(**sold, **back))
    made = recorded.documents("refund-R1", A)
    assert sorted((one.kind.value, str(one.amount)) for one in money(made)) == [
        ("money_out", "100.00"),
        ("refund", "900.00"),
    ]
    entry, _ = recorded.entry("refund-R1")
    assert counted(entries_of([made])["refund-R1"]) == counted(entry.lines)


def test_the_rest_of_a_new_zealand_credit_is_a_journal_beside_the_payoff() -> None:
    made = case("G20").documents(next(e.entry_id for e, _ in case("G20").entries if e.entry_id.startswith("payoff")), A)
    assert [one.kind for one in money(made)] == [MoneyKind.MONEY_OUT]
    assert {line.part for line in journals(made)[0].lines} == {"second_hand_credit"}


def test_an_exchange_difference_goes_with_the_payment() -> None:
    recorded = case("G24")
    made = recorded.documents("receipt-P1", A)
    (payment,) = money(made)
    assert {line.role for line in payment.lines} == {"receivable.customer", "fx.realised"}
    assert payment.fx_rate is not None and payment.base_currency == "GBP"


# -- journals ------------------------------------------------------------------------------------------------------


def test_a_journal_with_one_customer_line_each() -> None:
    made = case("G01").documents("sale-v1", TARGETS["A with one customer line a journal"])
    found = journals(made)
    assert len(found) > 1
    for journal in found:
        assert sum(line.role == "receivable.customer" for line in journal.lines) <= 1
        assert sum(line.amount.amount for line in journal.lines) == 0
    assert len({journal.name for journal in found}) == len(found)


def test_costs_of_a_foreign_deal_are_a_journal_in_base_currency() -> None:
    recorded = case("G24")
    document = sales_documents([recorded.documents("sale-v1", A)])[0]
    assert (document.currency, document.base_currency) == ("USD", "GBP")
    assert sum(line.base or 0 for line in document.lines) + sum(
        -one.base.amount for one in document.exchange if one.base is not None
    ) == sum(line.base.amount for line in document.account if line.base is not None)
    (journal,) = journals(recorded.documents("cost-v1", A))
    assert journal.currency == "GBP" and journal.fx_rate is None


def test_a_dealer_trade_between_entities_is_a_journal() -> None:
    line = Line("transfer", "receivable.intercompany", Money(Decimal("5"), "USD"), None, {"location": "A"})
    entry = Entry("transfer-out-S1", "dealer_trade.posted", date(2026, 3, 1), "OTHER", "USD", (line, line.mirrored()))
    assert [type(one) for one in documents_of(entry, B).documents] == [Journal]


def test_the_customer_ends_at_the_balance_due_through_clearing_after_an_unwind() -> None:
    sums = by_role(case("G08").sets(CLEARED), "USD")
    assert sums["clearing.settlement"] == 0
    assert sums["receivable.customer"] == case("G08").deal.balance_due


# -- foreign currency, and what cannot be ---------------------------------------------------------------------------


FOREIGN = {"base_currency": "GBP", "fx_rate": "0.74218"}
THREE_LINES = [
    {"line_id": "1", "kind": "vehicle", "unit_price": "1000.00", "description": "Saloon"},
    {"line_id": "2", "kind": "discount", "unit_price": "-33.33"},
    {"line_id": "3", "kind": "recharge", "unit_price": "33.33"},
]


@pytest.mark.parametrize("name", TARGETS)
def test_a_foreign_deal_that_is_unwound_and_refunded_comes_back_to_the_cent(name: str) -> None:
    sold = {
        **FOREIGN,
        "lines": THREE_LINES,
        "deposits": [{"receipt_id": "D1", "amount": "100.00", "method": "card", "date": "2026-03-01"}],
        "payments": [{**PAID, "amount": "900.00"}],
    }
    back = {
        "lifecycle": [{"at": "2026-03-20", "event": "unwound"}],
        "refunds": [{"refund_id": "R1", "amount": "1000.00", "method": "bank_transfer", "date": "2026-03-21"}],
    }
    recorded = record(deal(**sold), deal(**sold, **back))
    sets = recorded.sets(TARGETS[name])
    got = {entry_id: counted(lines) for entry_id, lines in entries_of(sets).items()}
    assert got == {entry.entry_id: counted(entry.lines) for entry, _ in recorded.entries}


def test_the_pieces_of_an_entry_line_share_its_base_amount() -> None:
    document = sales_documents([record(deal(**FOREIGN, lines=THREE_LINES)).documents("sale-v1", A)])[0]
    assert [str(line.base) for line in document.lines] == ["742.18", "-24.74", "24.74"]
    assert document.lines[0].description == "Saloon, VIN 1HGCY2F57RA000123, stock S1"


def test_an_invoice_that_comes_to_nothing_names_no_customer() -> None:
    lines = [
        {"line_id": "1", "kind": "vehicle", "unit_price": "10.00"},
        {"line_id": "2", "kind": "accessory", "unit_price": "-10.00"},
    ]
    with pytest.raises(PostingError, match="comes to nothing"):
        record(deal(lines=lines)).documents("sale-v1", A)


def test_an_invoice_below_nil_is_refused_unless_the_ledger_takes_it() -> None:
    lines = [
        {"line_id": "1", "kind": "vehicle", "unit_price": "10.00"},
        {"line_id": "2", "kind": "accessory", "unit_price": "-30.00"},
    ]
    recorded = record(deal(lines=lines, balance_due="-20.00"))
    with pytest.raises(PostingError, match=r"comes to -20.00 USD"):
        recorded.documents("sale-v1", A)
    document = sales_documents([recorded.documents("sale-v1", replace(A, negative_total=True))])[0]
    assert document.total == Decimal("-20.00")


def test_facts_that_do_not_add_up_to_the_entry_stop_the_posting() -> None:
    entry, facts = case("G10").entry("sale-v1")
    assert facts is not None
    wrong = replace(facts, lines=(facts.lines[0]._replace(net=Decimal("1.00")), *facts.lines[1:]))
    with pytest.raises(BrokenInvariant, match="customer's account"):
        documents_of(entry, A, wrong)


def test_facts_are_made_for_the_sale_of_the_deals_own_version_only() -> None:
    sold = deal(payments=[PAID])
    posted = post_deal(sold, book=Book("book", "ENTITY", "USD", "us"))
    receipt = next(entry for entry in posted.new if entry.entry_id == "receipt-P1")
    with pytest.raises(ValueError, match="receipt-P1"):
        invoice_facts(posted, receipt)
    sale = next(entry for entry in posted.new if entry.entry_id == "sale-v1")
    car = next(at for at, line in enumerate(sale.lines) if line.role == "sales.used_vehicle")
    other = Line("invoice", "sales.used_vehicle", Money(Decimal("-1.00"), "USD"), None, sale.lines[car].dimensions)
    changed = replace(sale, lines=(*sale.lines[:car], other, *sale.lines[car + 1 :]))
    with pytest.raises(BrokenInvariant, match=r"sales.used_vehicle add up to 1000.00"):
        invoice_facts(posted, changed)


def test_a_line_without_its_dimensions_is_still_described() -> None:
    assert words.of_role("invoice", "payable.government_fees", {}) == "Collected for "
    assert words.of_role("invoice", "sales.used_vehicle", {"stock_no": "S1"}) == "Vehicle, stock S1"
    assert words.of_role("finance", "payable.lessor", {"party": "LESSOR"}) == "Kept by LESSOR"
    assert words.of_role("invoice", "tax.output", {}, "GB-S") == "Tax GB-S"


def test_an_entry_on_two_money_accounts_is_a_journal() -> None:
    here = {"location": "A", "department": "used", "method": "cash"}
    till = Line("payment", "cash.undeposited", Money(Decimal("-5"), "USD"), None, here)
    bank = Line("payment", "cash.bank", Money(Decimal("5"), "USD"), None, here)
    entry = Entry("banking-1", "money.banked", date(2026, 3, 1), "ENTITY", "USD", (till, bank))
    assert [type(one) for one in documents_of(entry, A).documents] == [Journal]


# -- the manual ----------------------------------------------------------------------------------------------------


def test_the_manual_explains_every_field_of_a_target_and_every_mode() -> None:
    page = (Path(__file__).parents[2] / "docs" / "documents.md").read_text(encoding="utf-8")
    assert [field.name for field in fields(Target) if f"`{field.name}`" not in page] == []
    assert [mode.name for mode in Mode if f"`{mode.name}`" not in page] == []


def test_the_manuals_example_is_what_comes_out() -> None:
    page = (Path(__file__).parents[2] / "docs" / "documents.md").read_text(encoding="utf-8")
    made = case("G10").documents("sale-v1", B)
    for line in sales_documents([made])[0].lines:
        amounts = " | ".join(f"{amount:,.2f}" for amount in (line.net, line.tax, line.gross))
        assert f"| {line.role} | {amounts} | {line.tax_code or ''}".rstrip() in page
    for line in journals(made)[0].lines:
        if line.part in ("margin_vat", "commission"):
            assert f"{abs(line.amount.amount):,.2f}" in page
