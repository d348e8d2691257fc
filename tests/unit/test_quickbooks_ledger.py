"""QuickBooks Online through the outbox, against the sandbox: what is planned stands there once and reads back equal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from quickbooks_support import CASES, Kept, company, connect, golden, postings_of
from sqlalchemy import select

from blocks.ledgers.quickbooks.figures import value_of
from dealbooks.errors import StopConnection
from dealbooks.ledger import Presence, Verdict
from dealbooks.outbox.result import compare
from dealbooks.store.tables import effects
from sandbox.kit import Fault, FaultPlan

US = ("G01", "G02", "G03", "G04", "G05", "G06", "G07", "G08", "G23")
UK = ("G09", "G10", "G11", "G12", "G13", "G14")
ALL_FAULTS = tuple(Fault)


def regime_of(case: str) -> str:
    return "us" if case in US else "uk"


def kept(tmp_path: Path, case: str, **more: Any) -> Kept:
    return connect(tmp_path, regime_of(case), entity=data(case)["deal"]["legal_entity"], **more)


def data(case: str) -> dict[str, Any]:
    path = next(path for path in sorted(CASES.glob("*.json")) if path.stem.startswith(case))
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def closing(case: str) -> dict[str, Decimal]:
    """The case's own closing balances, without those that are nil."""
    deal = data(case)["deal"]
    found = data(case)["expected"]["closing_balances"][f"{deal['legal_entity']}/{deal['currency']}"]
    return {role: Decimal(amount) for role, amount in found.items() if Decimal(amount)}


def rows(books: Kept) -> list[dict[str, Any]]:
    with books.store.read() as conn:
        return [dict(row) for row in conn.execute(select(effects).order_by(effects.c.seq)).mappings()]


def open_effects(books: Kept) -> list[tuple[str, str, str]]:
    return [(row["name"], row["state"], row["reason"]) for row in rows(books) if row["state"] != "posted"]


def kinds(books: Kept) -> dict[str, int]:
    wanted = ("Invoice", "SalesReceipt", "CreditMemo", "Payment", "JournalEntry")
    return {kind: len(books.company.tables[kind]) for kind in wanted if books.company.tables[kind]}


@pytest.mark.parametrize("receipts", [True, False], ids=["sales receipts", "invoices"])
@pytest.mark.parametrize("case", [*US, *UK])
def test_a_case_stands_in_quickbooks_as_in_its_closing_balances(tmp_path: Path, case: str, receipts: bool) -> None:
    books = kept(tmp_path, case, sales_receipts=receipts)
    books.plan(golden(case))
    first = books.drain()
    assert open_effects(books) == []
    assert first.clean
    written = len(books.sandbox.log.writes)
    assert books.drain().posted == 0
    assert len(books.sandbox.log.writes) == written
    assert books.balances() == closing(case)


def test_a_sale_paid_on_its_day_is_a_sales_receipt_and_its_payment_nothing_more(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10")
    books.plan(golden("G10"))
    books.drain()
    assert kinds(books) == {"SalesReceipt": 1, "JournalEntry": 1}
    (receipt,) = books.company.tables["SalesReceipt"].values()
    covered = next(row for row in rows(books) if row["name"] == "covered")
    assert covered["ref"] == f"SalesReceipt/{receipt['Id']}"
    assert json.loads(covered["figures"])["total"] == "8713.00"


def test_an_invoice_is_closed_by_clearing_and_by_the_payment(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10", sales_receipts=False)
    books.plan(golden("G10"))
    books.drain()
    (invoice,) = books.company.tables["Invoice"].values()
    assert (invoice["TotalAmt"], invoice["Balance"]) == (Decimal("11113.00"), 0)
    paid = sorted(payment["TotalAmt"] for payment in books.company.tables["Payment"].values())
    assert paid == [Decimal("2400.00"), Decimal("8713.00")]


def test_automated_sales_tax_takes_our_tax_and_uk_vat_is_that_of_each_rate(tmp_path: Path) -> None:
    american = kept(tmp_path / "us", "G01")
    american.plan(golden("G01"))
    american.drain()
    (receipt,) = american.company.tables["SalesReceipt"].values()
    wanted = next(line for line in data("G01")["expected"]["closing_balances"].values())["payable.sales_tax"]
    assert receipt["TxnTaxDetail"]["TotalTax"] == -Decimal(wanted)
    british = kept(tmp_path / "uk", "G09")
    british.plan(golden("G09"))
    british.drain()
    (receipt,) = british.company.tables["SalesReceipt"].values()
    assert receipt["GlobalTaxCalculation"] == "TaxExcluded"
    assert receipt["TxnTaxDetail"]["TotalTax"] == Decimal("10500.00")


def test_tax_that_quickbooks_changes_is_disputed_not_posted(tmp_path: Path) -> None:
    setup = company("us", allow_tax_override=False)
    books = kept(tmp_path, "G02", setup=setup, behaves={"ast_silent": "preference"})
    books.plan(golden("G02"))
    books.drain()
    wrong = [reason for name, state, reason in open_effects(books) if (name, state) == ("receipt", "disputed")]
    assert len(wrong) == 1
    assert wrong[0].startswith("tax: we expect 2365.70, the ledger shows")


def test_prices_with_vat_in_them_come_to_the_same_balances(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10", amounts="inclusive")
    books.plan(golden("G10"))
    books.drain()
    assert open_effects(books) == []
    assert books.balances() == closing("G10")


def test_vat_that_quickbooks_works_out_itself_is_checked_before_it_is_sent(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10", tax="computed", behaves={"tax_lines_honoured": False})
    books.plan(golden("G10"))
    books.drain()
    assert open_effects(books) == []
    assert books.balances() == closing("G10")


def test_several_documents_on_their_way_at_once_come_to_the_same(tmp_path: Path) -> None:
    books = kept(tmp_path, "G13", calls_at_once=4)
    books.plan(golden("G13"))
    assert books.drain().clean
    assert books.balances() == closing("G13")
    assert names(books) == ["Bilal Ahmed", "Finance house (buyer under HP)"]


def test_a_sale_taken_back_leaves_no_credit_memo_open(tmp_path: Path) -> None:
    books = kept(tmp_path, "G08", sales_receipts=False)
    books.plan(golden("G08"))
    books.drain()
    assert open_effects(books) == []
    (memo,) = books.company.tables["CreditMemo"].values()
    refund = next(row for row in rows(books) if row["name"] == "refund")
    owed = books.company.tables["JournalEntry"][refund["ref"].partition("/")[2]]["TotalAmt"]
    assert memo["Balance"] == owed  # what was paid back, by hand to be applied


# -- once ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.RESET, Fault.SERVER_ERROR_AFTER, Fault.LATE_COMMIT])
def test_a_lost_answer_makes_no_second_document(tmp_path: Path, fault: Fault) -> None:
    plan = FaultPlan()
    books = kept(tmp_path, "G10", faults=plan)
    books.plan(golden("G10"))
    plan.order([fault] * 3)
    for _ in range(6):
        books.drain()
        books.clock.sleep(1000)
    assert plan.hits[fault] == 3
    assert open_effects(books) == []
    assert kinds(books) == {"SalesReceipt": 1, "JournalEntry": 1}
    assert books.balances() == closing("G10")


@pytest.mark.parametrize("fault", [Fault.ERROR_BODY_200, Fault.LIMIT_MINUTE, Fault.REFUSED, Fault.TOKEN_EXPIRED])
def test_a_call_that_was_not_done_is_made_again(tmp_path: Path, fault: Fault) -> None:
    plan = FaultPlan()
    books = kept(tmp_path, "G10", faults=plan)
    books.plan(golden("G10"))
    plan.order([fault, None, fault])
    for _ in range(6):
        books.drain()
        books.clock.sleep(1000)
    assert plan.hits[fault] == 2
    assert open_effects(books) == []
    assert books.balances() == closing("G10")


def test_a_number_that_is_used_by_the_same_effect_is_adopted(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10", behaves={"request_id_life": 0})
    sale = postings_of(books.book, golden("G10"))[0]
    customer, receipt, _ = books.requests(sale)
    made = books.ledger.send([customer])[0]
    again = replace(receipt, refs={"customer": made.ref})
    first, second = books.ledger.send([again])[0], books.ledger.send([again])[0]
    assert (first.verdict, second.verdict) == (Verdict.HAPPENED, Verdict.HAPPENED)
    assert second.ref == first.ref
    assert kinds(books) == {"SalesReceipt": 1}
    assert books.ledger.find([again])[0].ref == first.ref


def test_a_number_that_somebody_else_used_is_refused(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10")
    sale = postings_of(books.book, golden("G10"))[0]
    customer, receipt, _ = books.requests(sale)
    ref = books.ledger.send([customer])[0].ref
    number = str(receipt.payload["number"])
    body = {"DocNumber": number, "Line": [{"Amount": "1.00", "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": next(iter(books.company.tables["Item"]))},
                                    "TaxCodeRef": {"value": "9"}}}]}  # fmt: skip
    books.sandbox.hand().type("SalesReceipt", body)
    outcome = books.ledger.send([replace(receipt, refs={"customer": ref})])[0]
    assert outcome.verdict is Verdict.REFUSED
    assert "6140" in outcome.reason
    assert "not ours" in outcome.reason
    assert kinds(books) == {"SalesReceipt": 1}


def test_books_that_are_closed_refuse_and_say_until_when(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10")
    assert books.ledger.lock_date() is None
    books.sandbox.hand().close_books(date(2099, 1, 31))
    assert books.ledger.lock_date() == date(2099, 1, 31)
    books.plan(golden("G10"))
    result = books.drain()
    assert result.refused == 2
    assert all("closed" in reason for _, state, reason in open_effects(books) if state == "refused")
    books.sandbox.hand().close_books(None)


# -- customers -------------------------------------------------------------------------------------------------------


def names(books: Kept) -> list[str]:
    return sorted(row["DisplayName"] for row in books.company.tables["Customer"].values())


def test_two_deals_of_one_customer_make_one_customer_even_where_the_search_lags(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10", behaves={"search_lag": 30})
    books.plan(golden("G10"), golden("G10").__class__(golden("G10").deal.model_copy(update={"deal_id": "OTHER"}),
                                                     golden("G10").entries))  # fmt: skip
    for _ in range(4):
        books.drain()
        books.ledger._customers.forget()
        books.clock.sleep(100)
    assert open_effects(books) == []
    assert names(books) == ["Tomasz Zielinski"]


@pytest.mark.parametrize("kind", ["Vendor", "Customer", "Employee"])
def test_a_name_that_somebody_else_has_gets_our_id_behind_it(tmp_path: Path, kind: str) -> None:
    books = kept(tmp_path, "G10")
    books.company.put(kind, {"DisplayName": "Tomasz Zielinski", "Active": True}, action="create")
    books.plan(golden("G10"))
    books.drain()
    assert open_effects(books) == []
    assert "Tomasz Zielinski (C-102)" in names(books)


def test_a_customer_that_was_made_inactive_is_disputed_not_made_again(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10")
    books.plan(golden("G10"))
    books.drain()
    (number,) = books.company.tables["Customer"]
    books.sandbox.hand().deactivate("Customer", number)
    reading = books.ledger.read([f"Customer/{number}"])[0]
    assert reading.figures is not None
    assert reading.figures["status"] == "inactive"


# -- reads -----------------------------------------------------------------------------------------------------------


def test_records_come_once_each_over_many_pages_with_our_keys(tmp_path: Path) -> None:
    books = kept(tmp_path, "G08", page_size=2)
    books.plan(golden("G08"))
    books.drain()
    listed = list(books.ledger.records(date(2000, 1, 1), date(2099, 12, 31)))
    documents = [row for row in rows(books) if not row["name"].startswith(("customer", "covered"))]
    assert sorted(record.ref for record in listed) == sorted(row["ref"] for row in documents)
    assert {record.key for record in listed} == {row["id"] for row in documents}
    for record in listed:
        assert sum((line.amount for line in record.lines), Decimal(0)) == 0
    days = sorted({record.date for record in listed})
    assert {r.date for r in books.ledger.records(days[0], days[0])} == {days[0]}


def test_records_of_a_hand_have_no_key(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10")
    account = [row["Id"] for row in books.company.tables["Account"].values() if row["AccountType"] == "Expense"][:2]
    lines = [
        {"Amount": "5.00", "DetailType": "JournalEntryLineDetail",
         "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": ref}}}
        for side, ref in zip(("Debit", "Credit"), account, strict=True)
    ]  # fmt: skip
    books.sandbox.hand().type("JournalEntry", {"TxnDate": "2026-03-01", "Line": lines})
    (record,) = books.ledger.records(date(2026, 3, 1), date(2026, 3, 1))
    assert (record.key, [line.amount for line in record.lines]) == ("", [Decimal("5.00"), Decimal("-5.00")])


def test_what_a_person_voids_or_deletes_shows(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10")
    postings = books.plan(golden("G10"))
    books.drain()
    row = next(row for row in rows(books) if row["name"] == "receipt")
    request = next(one for one in books.requests(postings[0]) if one.name == "receipt")
    refs = {"customer": next(one["ref"] for one in rows(books) if one["name"] == "customer")}
    books.sandbox.hand().void("SalesReceipt", row["ref"].partition("/")[2])
    figures = books.ledger.read([row["ref"]])[0].figures
    assert figures is not None
    said = compare(books.ledger.expected(replace(request, refs=refs)), figures)
    assert "status: we expect posted, the ledger shows voided" in said
    journal = next(one["ref"] for one in rows(books) if one["name"] == "journal")
    books.sandbox.hand().delete("JournalEntry", journal.partition("/")[2])
    assert books.ledger.read([journal])[0].figures is None


def test_a_payment_can_be_found_by_its_customer_where_its_number_cannot_be_asked_for(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10", sales_receipts=False, find_payments_by="CustomerRef")
    postings = books.plan(golden("G10"))
    books.drain()
    refs = {row["name"]: row["ref"] for row in rows(books)}
    payment = next(one for one in books.requests(postings[1]) if one.name == "payment")
    found = books.ledger.find([replace(payment, refs={"customer": refs["customer"], "sale/invoice": refs["invoice"]})])
    assert (found[0].presence, found[0].ref) == (Presence.FOUND, refs["payment"])


# -- the company -----------------------------------------------------------------------------------------------------


def test_a_company_in_order_has_no_problems(tmp_path: Path) -> None:
    assert kept(tmp_path / "us", "G01").ledger.problems() == []
    assert kept(tmp_path / "uk", "G10").ledger.problems() == []


def test_problems_are_said_in_words(tmp_path: Path) -> None:
    setup = replace(company("us", custom_numbers=False), currency="CAD", country="CA")
    said = " ".join(kept(tmp_path, "G10", setup=setup).ledger.problems())
    assert "kept in CAD" in said
    assert "in CA in QuickBooks, the book northgate in GB" in said
    assert "transaction numbers" in said


def test_accounts_of_the_wrong_type_are_problems(tmp_path: Path) -> None:
    setup = company("uk")
    accounts = [
        {**row, "AccountType": "Other Current Liability"} if row["Name"] == "Deal settlement clearing" else row
        for row in setup.lists["Account"]
    ]
    books = kept(tmp_path, "G10", setup=replace(setup, lists={**setup.lists, "Account": accounts}))
    (said,) = books.ledger.problems()
    assert "clearing.settlement is of the type Other Current Liability" in said


def test_a_connection_that_was_ended_is_a_problem_and_stops(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10")
    books.plan(golden("G10"))
    books.sandbox.disconnect()
    assert "dealbooks connect northgate" in books.ledger.problems()[0]
    with pytest.raises(StopConnection):
        books.ledger.lock_date()
    assert kinds(books) == {}


def test_no_secret_is_in_an_exchange(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10")
    assert books.ledger.problems() == []
    said = repr(books.ledger.exchanges())
    assert "companyinfo" in said
    assert "sandbox-secret" not in said
    assert "AT-" not in said


def test_lists_are_looked_up_anew_after_a_reference_was_refused(tmp_path: Path) -> None:
    books = kept(tmp_path, "G10")
    books.plan(golden("G10"))
    for number in list(books.company.tables["Class"]):
        books.sandbox.hand().deactivate("Class", number)
    result = books.drain()
    assert result.refused == 2
    assert all("610" in reason for _, state, reason in open_effects(books) if state == "refused")
    made = books.sandbox.hand().type("Class", {"Name": "used"})
    assert books.ledger.directory.place({"department": "used"})[0] == made["Id"]


@pytest.mark.long
@pytest.mark.parametrize("replays", [True, False], ids=["requestid", "no requestid, no unique numbers"])
@pytest.mark.parametrize("seed", range(6))
def test_whatever_goes_wrong_each_case_stands_once(tmp_path: Path, seed: int, replays: bool) -> None:
    case = ("G01", "G08", "G09", "G10", "G13", "G14")[seed]
    rates = dict.fromkeys(ALL_FAULTS, 0.04)
    plan = FaultPlan(seed, rates)
    plan.order([None] * 1000, "token")  # the faults of the token endpoint have tests of their own
    books = kept(
        tmp_path,
        case,
        faults=plan,
        sales_receipts=replays,
        setup=company(regime_of(case), warn_duplicates=replays),
        behaves={} if replays else {"request_id_life": 0},
    )
    planned = stops = 0
    for _ in range(80):
        try:
            planned = planned or len(books.plan(golden(case)))
            if books.drain().clean:
                break
        except StopConnection:
            stops += 1
        books.clock.sleep(400)
    assert open_effects(books) == []
    assert books.balances() == closing(case)
    assert len({row["ref"] for row in rows(books)}) == sum(kinds(books).values()) + len(names(books))
    assert sum(plan.hits.values()) > 0


@pytest.mark.parametrize("figure", ["tax", "total", "lines"])
def test_an_amount_that_is_no_money_is_disputed_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: str
) -> None:
    books = kept(tmp_path, "G11", sales_receipts=False)
    books.plan(golden("G09"), golden("G11"))
    read = books.ledger.reads.documents

    def odd(named: Any) -> Any:
        found = read(named)
        for (kind, _), row in found.items():
            if kind == "Invoice" and row is not None:
                changed = json.loads(json.dumps(row, default=str))
                if figure == "tax":
                    changed["TxnTaxDetail"]["TotalTax"] = Decimal("1.004")
                elif figure == "total":
                    changed["TotalAmt"] = Decimal("1e400")
                else:
                    changed["Line"][0]["Amount"] = Decimal("1.004")
                found = {**found, (kind, str(row["Id"])): changed}
        return found

    monkeypatch.setattr(books.ledger.reads, "documents", odd)
    for _ in range(3):
        result = books.drain()
        books.clock.sleep(1000)
    assert result.by_state["disputed"] == 2
    assert result.by_state["posted"] > 2
    said = [reason for _, state, reason in open_effects(books) if state == "disputed"]
    assert all(f"{figure}: we expect" in reason for reason in said)
    wrong = {"tax": ("1.004", "1.004"), "total": ("1E+400", "1E+400"), "lines": ("-1244.826", "1.004")}
    assert all(amount in reason for amount, reason in zip(wrong[figure], said, strict=True))


def test_a_line_that_is_recoded_by_hand_before_it_is_read_back_is_disputed(tmp_path: Path) -> None:
    """No VAT, exempt and the zero rate come to the same tax, and to other boxes of the VAT return."""
    books = kept(tmp_path, "G10", sales_receipts=False)
    books.plan(golden("G10"))
    send = books.ledger.send

    def recoded(requests: Any) -> Any:
        outcomes = send(requests)
        for invoice in books.company.tables["Invoice"].values():
            line = next(one for one in invoice["Line"] if value_of(one["SalesItemLineDetail"], "TaxCodeRef") == "6")
            line["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "3"}
        return outcomes

    books.ledger.send = recoded  # type: ignore[method-assign]
    books.drain()
    (reason,) = (reason for name, state, reason in open_effects(books) if (name, state) == ("invoice", "disputed"))
    assert reason.startswith("tax codes: we expect ")
    assert "the ledger shows" in reason
    assert ": we expect" not in reason.removeprefix("tax codes: we expect")


def test_tax_codes_that_automated_sales_tax_sets_itself_are_no_difference(tmp_path: Path) -> None:
    books = kept(tmp_path, "G08")
    books.plan(golden("G08"))
    books.drain()
    shown = [json.loads(row["figures"]) for row in rows(books) if row["name"] == "receipt"]
    assert shown
    assert all("tax codes" not in one for one in shown)
