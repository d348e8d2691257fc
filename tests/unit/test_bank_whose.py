"""Of which account a file is: by its number and its currency; what nothing says is not guessed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from bank_support import CAMT, MT940, OFX_SGML, BankHouse

from dealbooks.bank.model import Statement, Unreadable
from dealbooks.bank.whose import Account, of_account
from dealbooks.pipeline.bank import import_file
from dealbooks.store import Store

IBAN = "GB33BUKB20201555555555"
DAY = date(2026, 3, 3)


def stated(number: str, currency: str = "GBP") -> Statement:
    return Statement("main", f"{number}{currency}", "camt.053", currency, DAY, DAY, (), number=number)


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> BankHouse:
    made = BankHouse(sqlite_store, tmp_path / "var")
    made.add_account("main")
    return made


@pytest.mark.parametrize(
    ("number", "written", "is_its"),
    [
        (IBAN, IBAN, True), ("GB33 BUKB 2020 1555 5555 55", IBAN, True), ("5555", IBAN, True), (IBAN, "55555555", True),
        (IBAN, "20-20-15 55555555", True), ("55555555", "20201555/55555555GBP", True), ("5554", IBAN, False),
        (IBAN, "GB33BUKB20201555555554", False), (IBAN, "5555", False), ("777", "000777", True),
    ],
)  # fmt: skip
def test_a_number_is_known_by_its_end(number: str, written: str, is_its: bool) -> None:
    mine, statement = Account("main", number, "GBP"), stated(written)
    if is_its:
        assert of_account([statement], mine, (), "a.xml") == ([statement], "")
    else:
        with pytest.raises(Unreadable, match="is of another account"):
            of_account([statement], mine, (), "a.xml")


def test_a_file_of_an_account_that_is_not_told_is_held_where_there_are_several(house: BankHouse) -> None:
    house.add_account("cards", number="4444")
    for name, text in (("a.xml", CAMT.format(closing="19476.50")), ("b.sta", MT940.format(closing="22149,75"))):
        [held] = import_file(house, "main", house.file(name, text))
        assert held.state == "held"
        assert f"{name} names the account ...5" in held.note
        assert "main has no number: under bank_accounts:, where there are several" in held.note
        assert "write its number: (the end of it is enough) under bank_accounts.main" in held.note
    house.add_account("main", number="5555")
    assert import_file(house, "main", house.var / "a.xml")[0].state == "taken"


def test_a_file_without_a_number_is_taken_also_where_there_are_several(house: BankHouse) -> None:
    house.add_account("cards", number="4444")
    assert house.bank([("2026-03-03", "1.00", "A")])[0].state == "taken"


def test_of_the_only_account_it_is_said_what_was_assumed(house: BankHouse) -> None:
    [one] = import_file(house, "main", house.file("a.xml", CAMT.format(closing="19476.50")))
    assert (one.state, one.note) == (
        "taken",
        "The file names the account ...5555. main has no number:, and there is no other account, so it was taken as "
        "its own.",
    )


def test_a_file_that_is_another_accounts_says_whose(house: BankHouse) -> None:
    house.add_account("main", number="1111")
    house.add_account("second", number=IBAN)
    [held] = import_file(house, "main", house.file("a.xml", CAMT.format(closing="19476.50")))
    assert held.note == "a.xml is of another account: ...5555. It is that of second: import it there."


def test_one_number_in_two_currencies_is_two_accounts(house: BankHouse) -> None:
    house.add_account("main", number="5555")
    house.add_account("euro", number="5555", currency="EUR")
    pounds = CAMT.format(closing="19476.50")
    statement = pounds[pounds.index(" <Stmt>") : pounds.index("</BkToCstmrStmt>")]
    euros = statement.replace('"GBP"', '"EUR"').replace(">GBP<", ">EUR<").replace("STM-0045", "STM-0046")
    path = house.file("both.xml", pounds.replace("</BkToCstmrStmt>", f"{euros}</BkToCstmrStmt>"))
    [one] = import_file(house, "main", path)
    assert (one.state, one.currency, one.new) == ("taken", "GBP", 4)
    assert one.note == "Left out: what is in EUR. Import the file for the account in it, too."
    [two] = import_file(house, "euro", path)
    assert (two.state, two.currency, two.new) == ("taken", "EUR", 4)
    house.add_account("dollar", number="5555", currency="USD")
    [held] = import_file(house, "dollar", path)
    assert "is in EUR, GBP, the account in USD" in held.note


def test_a_csv_of_several_currencies_is_a_statement_of_each(house: BankHouse) -> None:
    house.add_account("euro", currency="EUR")
    path = house.file("multi.csv", (
        "Date,Amount,Currency,Description,Balance\n2026-03-03,1.00,GBP,X,101.00\n2026-03-03,5.00,EUR,Y,55.00\n"
        "2026-03-04,2.00,GBP,X,103.00\n"
    ))  # fmt: skip
    [one] = import_file(house, "main", path)
    assert (one.currency, one.new, one.opening, one.closing) == ("GBP", 2, "100.00", "103.00")
    [two] = import_file(house, "euro", path)
    assert (two.currency, two.new, two.opening) == ("EUR", 1, "50.00")


def test_two_accounts_in_one_file_need_a_number(house: BankHouse) -> None:
    other = OFX_SGML.replace("<ACCTID>000777", "<ACCTID>000778")
    body = other[other.index("<STMTTRNRS>") : other.index("</BANKMSGSRSV1>")]
    text = OFX_SGML.replace("</BANKMSGSRSV1>", f"{body}</BANKMSGSRSV1>").replace("<CURDEF>USD", "<CURDEF>GBP")
    [held] = import_file(house, "main", house.file("two.ofx", text))
    assert "holds statements of several accounts: ...0777, ...0778" in held.note
    house.add_account("main", number="778")
    assert import_file(house, "main", house.var / "two.ofx")[0].new == 2
