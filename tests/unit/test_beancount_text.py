"""The text of a transaction: stable, whole, and taken by Beancount whatever a person typed."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks.ledgers.beancount import BeancountLedger, ChartAccounts, account_name, posting_text
from blocks.ledgers.beancount.accounts import accounts_text, opened_in
from blocks.ledgers.beancount.programs import query
from blocks.ledgers.beancount.syntax import flatten, link, metadata_key, quoted, slug
from dealbooks.book import Account, Chart
from dealbooks.entries import Entry, Line
from dealbooks.errors import BrokenInvariant, ConfigError
from dealbooks.ledger import Posting, PostingKey
from dealbooks.money import Money
from tests.beancount_support import (
    DAY,
    book_currency,
    case_postings,
    chart,
    golden,
    ledger,
    receipt,
    requests,
    reversal,
)

ACCOUNTS = ChartAccounts(chart())


def text_of(posting: Posting, currency: str = "GBP") -> str:
    return posting_text(posting, ACCOUNTS, currency)


def test_a_posting_is_written_so() -> None:
    key = receipt().key.wire(64)
    cash = account_name(chart().roles["cash.undeposited"])
    customer = account_name(chart().roles["receivable.customer"])
    assert text_of(receipt(number="D-104233", customer='Alex "Al" Doe')) == (
        '2026-03-14 * "Alex \\"Al\\" Doe" "Payment received, deal D-104233, receipt-P1" #payment-received'
        f" ^deal-D-104233 ^posting-{key[:16]}\n"
        f'  posting_key: "{key}"\n'
        '  deal: "D-104233"\n'
        '  deal_id: "d1"\n'
        '  vin: "WVWZZZ1JZXW000123"\n'
        '  stock_no: "U1"\n'
        '  entry: "receipt-P1"\n'
        '  event: "payment.received"\n'
        f"  {cash}  250.00 GBP\n"
        '    role: "cash.undeposited"\n'
        '    part: "payment"\n'
        '    location: "LEEDS"\n'
        '    department: "used"\n'
        '    method: "card"\n'
        f"  {customer}  -250.00 GBP\n"
        '    role: "receivable.customer"\n'
        '    part: "payment"\n'
        '    location: "LEEDS"\n'
        '    department: "used"\n'
        '    stock_no: "U1"\n'
        '    party: "C-1"\n'
    )


def test_a_reversal_names_and_links_what_it_reverses() -> None:
    first = receipt()
    text = text_of(reversal(first, DAY))
    assert f'  reverses: "{first.key.wire(64)}"\n' in text
    assert f"^posting-{first.key.wire(64)[:16]}" in text.splitlines()[0]
    assert "-250.00 GBP" in text


@pytest.mark.parametrize("case", golden(), ids=lambda case: case["id"])
def test_the_same_posting_twice_is_the_same_text(case: dict[str, object]) -> None:
    again = json.loads(json.dumps(case))
    for one, two in zip(case_postings(case), case_postings(again), strict=True):
        assert text_of(one, book_currency(case)) == text_of(two, book_currency(again))


def test_beancount_takes_every_golden_case_and_adds_up_to_its_balances(tmp_path: Path) -> None:
    """One ledger per currency; balances per role as the case expects them, in base currency where it has one."""
    by_currency: dict[str, list[dict[str, object]]] = defaultdict(list)
    for case in golden():
        by_currency[book_currency(case)].append(case)
    assert sum(map(len, by_currency.values())) >= 24
    for currency, cases in by_currency.items():
        target = ledger(tmp_path / currency, currency)
        expected: dict[str, Decimal] = defaultdict(Decimal)
        for case in cases:
            postings = case_postings(case)
            outcomes = target.send(requests(target, postings))
            assert all(outcome.verdict == "happened" for outcome in outcomes), case["id"]
            for posting in postings:
                for line in posting.entry.lines:
                    amount = line.base if line.base is not None else line.amount
                    expected[target.accounts.name_of(line.role, "a test")] += amount.amount
        assert target.problems() == []
        found = {line.account: line.amount for line in target.trial_balance(date(2099, 12, 31))}
        assert found == {account: amount for account, amount in expected.items() if amount}


def test_a_base_only_line_is_written_in_base_currency() -> None:
    case = next(case for case in golden() if case["id"] == "G24")
    sale = next(posting for posting in case_postings(case) if posting.entry.entry_id == "sale-v1")
    text = text_of(sale)
    assert "  50444.40 USD @@ 37438.82 GBP\n" in text
    assert "  -1777.77 USD @@ 1319.43 GBP\n" in text
    assert "  0.01 GBP\n" in text
    assert "0.00 USD" not in text


def test_a_total_that_has_no_exact_price_per_unit_still_balances(tmp_path: Path) -> None:
    """3 USD for 1 GBP is 0.333... a unit: Beancount refuses it without the tolerance of our main file."""
    target = ledger(tmp_path)
    lines = tuple(
        Line("payment", role, Money(Decimal(amount), "USD"), base=Money(Decimal(base), "GBP"))
        for role, amount, base in (
            ("cash.undeposited", "3.00", "1.00"),
            ("receivable.customer", "-2.00", "-0.67"),
            ("receivable.customer", "-1.00", "-0.33"),
        )
    )
    entry = Entry(
        "receipt-P1", "payment.received", DAY, "N", "USD", lines, base_currency="GBP", fx_rate=Decimal("0.33")
    )
    target.send(requests(target, [Posting(PostingKey("b", "d", "receipt", "P1"), entry)]))
    assert target.problems() == []
    (record,) = target.records(DAY, DAY)
    assert [(line.amount, line.currency) for line in record.lines] == [
        (Decimal("1.00"), "GBP"),
        (Decimal("-0.67"), "GBP"),
        (Decimal("-0.33"), "GBP"),
    ]


def test_the_tolerance_forgives_no_cent(tmp_path: Path) -> None:
    target = ledger(tmp_path)
    target.prepare()
    cash, sales = (target.accounts.name_of(role, "") for role in ("cash.undeposited", "sales.used_vehicle"))
    with target.main.open("a") as file:
        file.write(f'2026-01-02 * "typed"\n  {cash}  3.00 USD @@ 1.00 GBP\n  {sales}  -3.00 USD @@ 1.01 GBP\n')
    (problem,) = target.problems()
    assert "differ by -0.01" in problem


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_amounts_have_the_minor_digits_of_their_currency(currency: str) -> None:
    money = Money(Decimal(5), currency)
    entry = Entry(
        "receipt-P1",
        "payment.received",
        DAY,
        "N",
        currency,
        (Line("payment", "cash.undeposited", money), Line("payment", "receivable.customer", -money)),
    )
    text = text_of(Posting(PostingKey("b", "d", "receipt"), entry), currency)
    assert f"  {'5' if currency == 'JPY' else '5.000'} {currency}\n" in text


def test_an_entry_that_does_not_balance_never_leaves() -> None:
    posting = receipt()
    broken = replace(posting, entry=replace(posting.entry, lines=posting.entry.lines[:1]))
    with pytest.raises(BrokenInvariant, match=r"out of balance by 250\.00 GBP"):
        text_of(broken)


def test_an_entry_in_a_currency_the_book_cannot_weigh_is_refused() -> None:
    with pytest.raises(ConfigError, match="is in GBP, but the book is kept in EUR"):
        text_of(receipt(), "EUR")


def test_a_role_that_the_chart_lacks_is_named_with_its_line() -> None:
    posting = receipt()
    lines = tuple(replace(line, role="cash.till") for line in posting.entry.lines)
    with pytest.raises(
        ConfigError, match=r"no account for “cash\.till”.*line “payment” of entry receipt-P1 of deal d1"
    ):
        text_of(replace(posting, entry=replace(posting.entry, lines=lines)))


def test_opening_balances_have_an_account_also_when_the_chart_has_none(tmp_path: Path) -> None:
    posting = receipt()
    first, second = posting.entry.lines
    entry = replace(posting.entry, event="opening", lines=(first, replace(second, role="equity.opening_balances")))
    target = ledger(tmp_path)
    target.send(requests(target, [replace(posting, entry=entry)]))
    assert target.problems() == []
    assert [line.account for line in target.trial_balance(DAY) if line.amount < 0] == ["Equity:Opening-Balances"]
    own = ChartAccounts(chart("equity.opening_balances"))
    assert own.name_of("equity.opening_balances", "") != "Equity:Opening-Balances"


@pytest.mark.parametrize(
    ("number", "name", "kind", "expected"),
    [
        ("4010", "Used vehicle sales", "income", "Income:4010-Used-vehicle-sales"),
        ("1-1200", "Debtors & others", "asset", "Assets:1-1200-Debtors-others"),
        ("4290", "Over-allowance", "contra_income", "Income:4290-Over-allowance"),
        ("220A", "Verkäufe", "liability", "Liabilities:220A-Verkaufe"),
        ("5000.1", "", "cost_of_sales", "Expenses:5000-1"),
        ("", "till", "expense", "Expenses:Till"),
        ("4000", "売上", "equity", "Equity:4000"),
    ],
)
def test_account_names(number: str, name: str, kind: str, expected: str) -> None:
    account = Account.model_validate({"number": number, "name": name, "type": kind})
    assert account_name(account) == expected


def test_accounts_that_would_be_one_are_refused() -> None:
    one, two = (Account(number="1", name=name, type="asset") for name in ("A & B", "A / B"))
    with pytest.raises(ConfigError, match="cannot be told apart"):
        ChartAccounts(Chart(name="c", roles={"cash.bank": one, "cash.undeposited": two}))
    shared = ChartAccounts(Chart(name="c", roles={"cash.bank": one, "cash.undeposited": one}))
    assert shared.opens[0].roles == ("cash.bank", "cash.undeposited")


def test_an_account_without_any_letter_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        account_name(Account(number="-", name="売上", type="asset"))


def test_an_opening_account_that_beancount_does_not_take_is_refused() -> None:
    with pytest.raises(ConfigError, match="not an account name"):
        ChartAccounts(chart(), "equity:opening")


def test_accounts_once_opened_stay_open() -> None:
    first = accounts_text("", ChartAccounts(chart("cash.till")).opens, date(1970, 1, 1))
    second = accounts_text(first, ChartAccounts(chart()).opens, date(1970, 1, 1))
    assert "till" in first
    assert set(opened_in(first)) <= set(opened_in(second))
    assert {account.name for account in ChartAccounts(chart()).opens} <= set(opened_in(second))
    assert accounts_text(second, ChartAccounts(chart()).opens, date(1970, 1, 1)) == second


def test_strings_are_one_line() -> None:
    assert quoted('a\n"b"\t\\c\x00\u2028d') == '"a \\"b\\" \\\\c d"'
    assert flatten("\ud800x") == "\ufffdx"
    assert flatten("abc\u202edef") == "abcdef"
    assert flatten("x" * 30, 10) == "x" * 9 + "…"


def test_links_of_different_deals_differ() -> None:
    assert link("deal", "D-104233") == "deal-D-104233"
    names = {link("deal", number) for number in ("A/1", "A 1", "A-1", "注文1", "注文-1", "1", "売")}
    assert len(names) == 7


def test_metadata_keys() -> None:
    assert metadata_key("stock_no") == "stock_no"
    assert metadata_key("Cost Centre") == "x_Cost_Centre"


@given(st.text())
def test_a_slug_is_plain(text: str) -> None:
    assert set(slug(text)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")


@settings(max_examples=6, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=60, max_size=90))
def test_any_name_goes_in_and_comes_out(names: list[str]) -> None:
    hard = ['"', "\\", '\\"', 'a"\n2026-01-01 open Assets:X\n', "; x", "\ud800", "#tag ^link", "  ", "\x7f", "’–”"]
    with tempfile.TemporaryDirectory() as folder:
        target = BeancountLedger(folder, 'The "Best" \\ Motors\n', "GBP", chart())
        postings = [receipt(f"d{i}", number=name, customer=name) for i, name in enumerate(names + hard)]
        sent = requests(target, postings)
        assert {outcome.verdict for outcome in target.send(sent)} == {"happened"}
        assert target.problems() == []
        rows = query(target.main, "select distinct entry_meta('posting_key'), payee, entry_meta('deal')")
        found = {key: (payee, deal) for key, payee, deal in rows}
        for posting, request in zip(postings, sent, strict=True):
            name = flatten(posting.customer_name)
            assert found[request.key] == (name, name)
