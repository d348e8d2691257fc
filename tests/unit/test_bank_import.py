"""Statements in the store: a chain of balances, no line twice, held with words, sealed in the audit chain."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
import yaml
from bank_support import CAMT, MT940, BankHouse
from hypothesis import given
from hypothesis import strategies as st
from reconcile_support import BOOK
from sqlalchemy import func, select, text

from dealbooks.bank.model import BankLine, Statement, checked
from dealbooks.bank.reading import read_statements
from dealbooks.bank.statements import Known, merged
from dealbooks.config_told import BankAccountConfig
from dealbooks.errors import UsageError
from dealbooks.pipeline.bank import import_file
from dealbooks.pipeline.bank_decided import accept, withdraw
from dealbooks.pipeline.bank_store import coverage, lines_between, statements
from dealbooks.store import Store
from dealbooks.store.audit import verify
from dealbooks.store.tables import audit, bank_lines

ROWS = [("2026-03-03", "500.00", "A"), ("2026-03-04", "-20.00", "B"), ("2026-03-04", "500.00", "A")]
THEN = [("2026-03-05", "7.00", "C"), ("2026-03-06", "8.00", "D")]


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> BankHouse:
    made = BankHouse(sqlite_store, tmp_path / "var")
    made.add_account("main", number="555555555")
    return made


def kept(house: BankHouse) -> list[BankLine]:
    with house.store.read() as conn:
        return lines_between(conn, "northgate", date(2026, 1, 1), date(2026, 12, 31))


def spans(house: BankHouse) -> list[tuple[str, str]]:
    with house.store.read() as conn:
        return [(first.isoformat(), last.isoformat()) for first, last in coverage(conn, "northgate").get("main", [])]


def test_a_statement_is_taken_once(house: BankHouse) -> None:
    [one] = house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    assert (one.state, one.new, one.opening, one.closing) == ("taken", 3, "1000.00", "1980.00")
    [again] = house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    assert (again.state, again.new) == ("known", 0)
    assert len(kept(house)) == 3
    assert [row.state for row in statements(house)] == ["taken"]


def test_overlapping_statements_make_no_line_twice(house: BankHouse) -> None:
    house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    [one] = house.bank([*ROWS[1:], *THEN], opening="1500.00", days=("2026-03-04", "2026-03-06"), name="later.csv")
    assert (one.state, one.new, one.lines) == ("taken", 2, 4)
    assert sum(line.amount for line in kept(house)) == 995
    assert spans(house) == [("2026-03-02", "2026-03-06")]


def test_what_comes_later_on_a_day_is_no_copy_of_what_was_there(house: BankHouse) -> None:
    house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    [one] = house.bank([("2026-03-04", "500.00", "A")], opening="1980.00", days=("2026-03-04", "2026-03-04"), name="b")
    assert (one.state, one.new) == ("taken", 1)
    assert len(kept(house)) == 4


def test_the_same_days_with_a_line_more_are_held_unless_it_is_of_the_last_day(house: BankHouse) -> None:
    """What was booked on a day that was over cannot become more; of the last day there may be more in the evening."""
    house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    [held] = house.bank([*ROWS, ("2026-03-03", "50.00", "LATE")], days=("2026-03-02", "2026-03-04"), name="more.csv")
    assert held.state == "held"
    assert held.note.startswith(
        "The statement has a line of 2026-03-03 (50.00 GBP) that the one of 2026-03-02 to 2026-03-04 does not have"
    )
    assert "dealbooks bank withdraw" in held.note
    [longer] = house.bank([*ROWS, ("2026-03-03", "50.00", "LATE"), *THEN], days=("2026-03-02", "2026-03-06"), name="l")
    assert longer.state == "held"
    evening = [*ROWS, ("2026-03-04", "50.00", "LATE")]
    [one] = house.bank(evening, days=("2026-03-02", "2026-03-04"), name="evening.csv")
    assert (one.state, one.new, one.closing) == ("taken", 1, "2030.00")


def test_a_held_file_that_is_taken_later_is_shown_as_taken(house: BankHouse) -> None:
    house.bank(THEN, opening="1980.00", days=("2026-03-05", "2026-03-06"), name="second.csv")
    [held] = house.bank(ROWS, opening="1.00", days=("2026-03-02", "2026-03-04"), name="first.csv")
    assert [row.state for row in statements(house)] == ["held", "taken"]
    assert held.state == "held"
    withdraw(house, 1, who="Ann Lee", why="wrong account")
    house.bank(ROWS, opening="1.00", days=("2026-03-02", "2026-03-04"), name="first.csv")
    assert sorted(row.state for row in statements(house)) == ["taken", "withdrawn"]


@pytest.mark.parametrize(
    ("rows", "opening", "days", "words"),
    [
        (THEN, "1979.99", ("2026-03-05", "2026-03-06"), r"opens on 2026-03-05 with 1979.99; the one before it closed"),
        (ROWS[:2], "1000.00", ("2026-03-02", "2026-03-04"), "do not come to the same"),
        ([("2026-03-01", "1.00", "X")], "1.00", ("2026-03-01", "2026-03-01"), "the one after it"),
    ],
)
def test_a_statement_that_does_not_follow_is_held(
    house: BankHouse, rows: list[tuple[str, str, str]], opening: str, days: tuple[str, str], words: str
) -> None:
    house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    if rows is not THEN and len(rows) == 2:  # an own line, and one that is missing
        rows = [*rows, ("2026-03-03", "1.00", "Y")]
    [one] = house.bank(rows, opening=opening, days=days, name="next.csv")
    assert one.state == "held"
    assert re.search(words, one.note), one.note
    assert len(kept(house)) == 3
    [same] = house.bank(rows, opening=opening, days=days, name="next.csv")
    assert same.state == "held"
    assert [row.state for row in statements(house)] == ["held", "taken"]  # said once


def test_two_formats_of_one_day_are_one(house: BankHouse) -> None:
    house.add_account("main", number="555555555")
    [first] = import_file(house, "main", house.file("a.xml", CAMT.format(closing="19476.50")))
    assert first.state == "taken"
    csv = (
        "Date,Amount,Description,Balance\n2026-03-03,12500.00,J SMITH,22500.00\n2026-03-04,-1500.00,OUT,21000.00\n"
        "2026-03-04,-2500.00,OUT,18500.00\n2026-03-04,976.50,CARDS,19476.50\n2026-03-05,5.00,NEW,19481.50\n"
    )
    [second] = import_file(house, "main", house.file("b.csv", csv))
    assert (second.state, second.new) == ("taken", 1)


def test_a_file_of_another_account_or_currency_is_held(house: BankHouse) -> None:
    house.add_account("other", number="999")
    [one] = import_file(house, "other", house.file("a.txt", MT940.format(closing="22149,75")))
    assert (one.state, one.note.split(".")[0]) == ("held", "a")
    assert "another account" in one.note
    euro = CAMT.format(closing="19476.50").replace('"GBP"', '"EUR"').replace(">GBP<", ">EUR<")
    [two] = import_file(house, "main", house.file("b.xml", euro))
    assert "is in EUR, the account in GBP" in two.note


def test_an_account_that_is_not_set_up_is_told_with_what_to_write(house: BankHouse) -> None:
    with pytest.raises(UsageError, match="no bank account called 'none'; there is main") as known:
        import_file(house, "none", house.file("a.txt", "x"))
    assert "add 'none:' under 'bank_accounts:' in dealbooks.yaml" in known.value.fix
    house.accounts.clear()
    with pytest.raises(UsageError, match="'main': no account is set up yet") as first:
        import_file(house, "main", house.file("a.txt", "x"))
    written = yaml.safe_load(first.value.fix.partition("\n\n")[2])
    assert set(written) == {"bank_accounts"}
    [(name, settings)] = written["bank_accounts"].items()
    assert (name, BankAccountConfig.model_validate(settings).book) == ("main", BOOK)


def test_balances_join_days_and_without_them_days_are_missing(house: BankHouse) -> None:
    house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    house.bank([("2026-03-10", "1.00", "Z")], opening="1980.00", days=("2026-03-10", "2026-03-11"), name="n.csv")
    assert spans(house) == [("2026-03-02", "2026-03-11")]
    house.add_account("plain")
    for name, day in (("p1.csv", "2026-03-02"), ("p2.csv", "2026-03-05")):
        import_file(house, "plain", house.file(name, f"Date,Amount\n{day},1.00\n"))
    with house.store.read() as conn:
        assert len(coverage(conn, "northgate")["plain"]) == 2


def test_a_statement_with_balances_follows_one_without(house: BankHouse) -> None:
    house.bank(ROWS, days=("2026-03-02", "2026-03-31"))
    days = (date(2026, 4, 1), date(2026, 4, 30))
    text = "Date,Amount,Description\n2026-04-02,7.00,X\n2026-04-29,8.00,Y\n"
    [two] = import_file(house, "main", house.file("april.csv", text), days=days)
    may, late = [("2026-05-10", "1.00", "Z")], ("2026-05-01", "2026-05-31")
    [short] = house.bank(may, opening="1994.99", days=late, name="short.csv")
    [three] = house.bank(may, opening="1995.00", days=late, name="may.csv")
    assert [one.state for one in (two, short, three)] == ["taken", "held", "taken"]
    assert "comes to 1995.00 (difference -0.01)" in short.note
    assert spans(house) == [("2026-03-02", "2026-05-31")]


def test_two_who_import_one_file_at_once_take_it_once(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    path = house.file("a.csv", "Date,Amount,Description\n2026-03-03,1.00,X\n")
    first: list[str] = []

    def read(*args: Any, **named: Any) -> Any:
        """Another process takes the file while this one reads it."""
        if not first:
            first.append("meanwhile")
            [other] = import_file(house, "main", path)
            first.append(other.state)
        return read_statements(*args, **named)

    monkeypatch.setattr("dealbooks.pipeline.bank.read_statements", read)
    [one] = import_file(house, "main", path)
    assert (first[1], one.state, one.new) == ("taken", "known", 0)
    assert [row.state for row in statements(house)] == ["taken"]


def test_two_imports_at_once_see_each_other(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second must know what the first has taken, or it takes the days in common a second time."""
    house = BankHouse(store, tmp_path / "var")
    house.add_account("main")
    together = Barrier(2)

    def slowly(known: Known, new: Statement) -> tuple[BankLine, ...]:
        with suppress(BrokenBarrierError):
            together.wait(2)
        return merged(known, new)

    monkeypatch.setattr("dealbooks.pipeline.bank.merged", slowly)
    texts = [f"Date,Amount,Description\n2026-03-0{day},1.00,X\n2026-03-05,1.00,X\n" for day in (3, 4)]
    paths = [house.file(f"{index}.csv", text) for index, text in enumerate(texts)]
    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(lambda path: import_file(house, "main", path)[0], paths))
    assert sorted(one.new for one in taken) == [1, 2]
    assert [line.booked.day for line in sorted(kept(house), key=lambda line: line.booked)] == [3, 4, 5]
    assert verify(store).intact


def test_a_file_that_changes_while_it_is_read_is_not_taken(house: BankHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    path = house.file("a.csv", "Date,Amount,Description\n2026-03-03,1.00,X\n")

    def read(*args: Any, **named: Any) -> Any:
        path.write_text("Date,Amount,Description\n2026-03-03,2.00,X\n", "utf-8")
        return read_statements(*args, **named)

    monkeypatch.setattr("dealbooks.pipeline.bank.read_statements", read)
    [one] = import_file(house, "main", path)
    assert one.state == "held"
    assert "changed while it was read" in one.note
    assert kept(house) == []


def test_lines_are_sealed_and_a_change_by_hand_is_found(house: BankHouse) -> None:
    house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    assert verify(house.store).intact
    with house.store.read() as conn:
        actions = list(conn.execute(select(audit.c.action)).scalars())
        assert conn.execute(select(func.count()).select_from(bank_lines)).scalar() == 3
    assert "take bank statements of main" in actions
    with house.store.engine.begin() as conn:
        conn.execute(text("UPDATE bank_lines SET amount = '5000.00' WHERE amount = '500.00'"))
    assert any("bank_lines" in one.where for one in verify(house.store).breaks)


def test_a_suggestion_is_accepted_by_somebody_for_a_reason(house: BankHouse) -> None:
    house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    key = house.booked("UK-1", "payment.received", "receipt-P1", "500.00", "2026-03-03")
    identity = kept(house)[0].identity
    with pytest.raises(UsageError, match="Somebody says so"):
        accept(house, identity, key, who="Ann", why=" ")
    with pytest.raises(UsageError, match="no one bank line"):
        accept(house, identity[:4], key, who="Ann", why="seen")
    row = accept(house, identity[:12], key[:8], who="Ann", why="remittance advice")
    assert (row["line"], row["item"]) == (identity, key)
    accept(house, identity, key, who="Bob", why="again")
    assert verify(house.store).intact


@pytest.mark.parametrize(
    "item",
    ["key", "nothing-like-it", "key-UK-1-receipt-P9", "payout:nothing", "told:UK-1", "told:UK-1:" + "R" * 200, ""],
)
def test_what_is_no_money_of_the_book_is_not_accepted(house: BankHouse, item: str) -> None:
    """It would be said to count, and no reconciliation would find it."""
    house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    house.booked("UK-1", "payment.received", "receipt-P1", "500.00", "2026-03-03")
    house.booked("UK-1", "sale.posted", "sale-v1", "500.00", "2026-03-03")
    with pytest.raises(UsageError, match="no one entry of northgate"):
        accept(house, kept(house)[0].identity, item, who="Ann", why="seen")


def test_payouts_and_receipts_of_others_can_be_accepted(house: BankHouse) -> None:
    house.bank(ROWS, days=("2026-03-02", "2026-03-04"))
    identity = kept(house)[0].identity
    assert accept(house, identity, f"payout:{identity}", who="Ann", why="seen")["item"] == f"payout:{identity}"
    assert accept(house, identity, "told:UK-1:R7", who="Ann", why="seen")["item"] == "told:UK-1:R7"


_MOVES = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["5.00", "-5.00", "1.00"]), st.sampled_from("AB")), max_size=10
)


@given(_MOVES, st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_any_two_cuts_of_one_account_come_to_the_whole(
    moves: list[tuple[int, str, str]], a: int, b: int, other_words: bool
) -> None:
    """Days 1 to the later cut, then from the earlier cut to day 9: whatever is in both is taken once."""
    early, late = sorted((a, b))
    lines = tuple(
        BankLine("main", "", date(2026, 3, day), date(2026, 3, day), Decimal(amount), "GBP", words)
        for day, amount, words in sorted(moves)
    )

    def cut(first: int, last: int, form: str) -> Statement:
        own = tuple(one for one in lines if first <= one.booked.day <= last)
        before = sum((one.amount for one in lines if one.booked.day < first), Decimal(0))
        if other_words and form == "ofx":
            own = tuple(replace(one, text=f"{one.text} in other words") for one in own)
        opening = Decimal("100.00") + before
        total = sum((one.amount for one in own), Decimal(0))
        days = (date(2026, 3, first), date(2026, 3, last))
        return checked(Statement("main", form, form, "GBP", *days, own, opening, opening + total))

    first, second = cut(1, late, "csv"), cut(early, 9, "ofx")
    known = Known((first,), first.lines)
    fresh = merged(known, second)
    everything = [*first.lines, *fresh]
    assert len({one.identity for one in everything}) == len(everything)
    assert sorted((one.booked, one.amount) for one in everything) == sorted((one.booked, one.amount) for one in lines)
