"""A statement that was imported wrongly is taken back: whole, by somebody, for a reason, and nothing is erased."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from bank_support import STRIPE, BankHouse
from cli_support import BOOK, Cli, make_cli
from sqlalchemy import select

from dealbooks.bank.model import BankLine
from dealbooks.errors import UsageError
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.bank import import_file
from dealbooks.pipeline.bank_decided import accept, unaccept, withdraw
from dealbooks.pipeline.bank_store import coverage, lines_between, show, statements
from dealbooks.pipeline.periods import move
from dealbooks.store import Store
from dealbooks.store.audit import verify
from dealbooks.store.db import read_rows
from dealbooks.store.tables import audit, bank_lines

ROWS = [("2026-03-03", "500.00", "A"), ("2026-03-04", "-20.00", "B"), ("2026-03-04", "500.00", "A")]
DAYS = ("2026-03-02", "2026-03-04")
WHY = "it is the statement of the savings account"


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> BankHouse:
    made = BankHouse(sqlite_store, tmp_path / "var")
    made.add_account("main")
    return made


def kept(house: BankHouse) -> list[BankLine]:
    with house.store.read() as conn:
        return lines_between(conn, "northgate", date(2026, 1, 1), date(2026, 12, 31))


def spans(house: BankHouse) -> list[tuple[str, str]]:
    with house.store.read() as conn:
        return [(first.isoformat(), last.isoformat()) for first, last in coverage(conn, "northgate").get("main", [])]


def back(house: BankHouse, number: int) -> None:
    withdraw(house, number, who="Ann Lee", why=WHY)


def test_a_withdrawn_statement_counts_no_more_and_stays_in_the_store(house: BankHouse) -> None:
    house.bank(ROWS, days=DAYS)
    done = withdraw(house, 1, who="Ann Lee", why=WHY)
    assert (done.statement.state, done.lines, done.accepted) == ("withdrawn", 3, 0)
    assert done.statement.note == f"Withdrawn by Ann Lee on {done.statement.at[:10]}: {WHY}"
    assert (kept(house), spans(house)) == ([], [])
    with house.store.read() as conn:
        assert {row["state"] for row in read_rows(conn, select(bank_lines))} == {"withdrawn"}
        last = read_rows(conn, select(audit).order_by(audit.c.seq))[-1]
    assert (last["actor"], last["action"]) == ("Ann Lee", f"withdraw bank statement 1: {WHY}")
    assert {(table, state) for table, _, state, _ in json.loads(last["changes"])} == {
        ("bank_statements", "withdrawn"), ("bank_lines", "withdrawn"),
    }  # fmt: skip
    assert verify(house.store).intact


def test_the_same_file_can_be_taken_anew_as_often_as_need_be(store: Store, tmp_path: Path) -> None:
    house = BankHouse(store, tmp_path / "var")
    house.add_account("main")
    for number in (1, 2, 3):
        [one] = house.bank(ROWS, days=DAYS)
        assert (one.number, one.state, one.new) == (number, "taken", 3)
        assert [len(kept(house)), *spans(house)] == [3, DAYS]
        if number < 3:
            back(house, number)
    assert house.bank(ROWS, days=DAYS)[0].state == "known"
    assert [one.state for one in statements(house)] == ["withdrawn", "withdrawn", "taken"]
    assert [len(show(house, number)[1]) for number in (1, 2, 3)] == [3, 3, 3]
    assert verify(house.store).intact


def test_another_file_takes_its_place(house: BankHouse) -> None:
    house.bank(ROWS, days=DAYS)
    [held] = house.bank(ROWS[:2], opening="0.00", days=DAYS, name="right.csv")
    assert held.state == "held"
    back(house, 1)
    [one] = house.bank(ROWS[:2], opening="0.00", days=DAYS, name="right.csv")
    assert (one.state, one.new, one.closing) == ("taken", 2, "480.00")


def test_a_person_takes_it_back_for_a_reason(house: BankHouse) -> None:
    house.bank(ROWS, days=DAYS)
    for who, why in (("", WHY), ("Ann Lee", " ")):
        with pytest.raises(UsageError, match="Somebody takes it back, for a reason"):
            withdraw(house, 1, who=who, why=why)
    with pytest.raises(UsageError, match="no bank statement 7"):
        back(house, 7)
    house.bank([*ROWS[:1], ("2026-03-03", "1.00", "Y")], days=DAYS, name="held.csv")
    with pytest.raises(UsageError, match=r"held\.csv is held: nothing of it was taken"):
        back(house, 2)
    back(house, 1)
    with pytest.raises(UsageError, match=r"withdrawn already\. Withdrawn by Ann Lee on 20"):
        back(house, 1)


def test_what_a_closed_month_rests_on_is_taken_back_after_it_is_reopened(house: BankHouse) -> None:
    house.bank(ROWS, days=("2026-02-27", "2026-03-04"))

    def march(state: PeriodState) -> None:
        with house.store.transaction("test", "period") as tx:
            move(tx, "northgate", Period(2026, 3), state, who="Ann Lee")

    march(PeriodState.CLOSING)
    march(PeriodState.LOCKED)
    with pytest.raises(UsageError, match="days of 2026-03, which is closed") as caught:
        back(house, 1)
    assert "dealbooks reopen northgate 2026-03 --who" in caught.value.words
    assert len(kept(house)) == 3
    march(PeriodState.REOPENED)
    back(house, 1)
    assert kept(house) == []


def test_what_builds_on_it_is_taken_back_first(house: BankHouse) -> None:
    house.bank(ROWS, days=DAYS)
    house.bank([("2026-03-05", "7.00", "C")], opening="1980.00", days=("2026-03-05", "2026-03-06"), name="2.csv")
    house.bank([("2026-03-06", "8.00", "D"), ("2026-03-09", "1.00", "E")], opening="1987.00",
               days=("2026-03-06", "2026-03-10"), name="3.csv")  # fmt: skip
    for number, first in ((2, "Withdraw 3, then 2;"),):
        with pytest.raises(UsageError, match="cannot be taken back alone") as caught:
            back(house, number)
        assert first in caught.value.words
    for number in (3, 2, 1):
        back(house, number)
    assert kept(house) == []


def test_lines_that_a_later_export_has_as_well_are_not_lost(house: BankHouse) -> None:
    """The second file has both lines, and only one of them was taken with it."""
    text = "Date,Amount,Description\n2026-03-03,1.00,X\n"
    import_file(house, "main", house.file("1.csv", text))
    import_file(house, "main", house.file("2.csv", text + "2026-03-04,2.00,Y\n"))
    with pytest.raises(UsageError, match=r"2 \(2026-03-03 to 2026-03-04\)"):
        back(house, 1)
    back(house, 2)
    assert [line.text for line in kept(house)] == ["X"]


def test_the_first_of_a_chain_can_go_alone(house: BankHouse) -> None:
    house.bank(ROWS, days=DAYS)
    house.bank([("2026-03-05", "7.00", "C")], opening="1980.00", days=("2026-03-05", "2026-03-06"), name="2.csv")
    back(house, 1)
    assert [line.text for line in kept(house)] == ["C"]
    [one] = house.bank([("2026-03-09", "1.00", "E")], opening="1987.00", days=("2026-03-09", "2026-03-09"), name="3")
    assert one.state == "taken"


def test_days_of_a_withdrawn_statement_are_not_taken_for_days_without_movements(house: BankHouse) -> None:
    """What went in and out in between comes to nothing, so the balances around it agree."""
    house.bank(ROWS, days=DAYS)
    between = [("2026-03-05", "5.00", "IN"), ("2026-03-06", "-5.00", "OUT")]
    house.bank(between, opening="1980.00", days=("2026-03-05", "2026-03-06"), name="2.csv")
    house.bank([("2026-03-09", "1.00", "Z")], opening="1980.00", days=("2026-03-09", "2026-03-10"), name="3.csv")
    assert spans(house) == [("2026-03-02", "2026-03-10")]
    back(house, 2)
    assert spans(house) == [DAYS, ("2026-03-09", "2026-03-10")]
    assert house.bank(between, opening="1980.00", days=("2026-03-05", "2026-03-06"), name="2.csv")[0].new == 2
    assert spans(house) == [("2026-03-02", "2026-03-10")]


def test_what_was_accepted_counts_again_when_the_lines_come_again(house: BankHouse) -> None:
    house.sold("UK-1", "Ann Lee")
    key = house.booked("UK-1", "payment.received", "receipt-P1", "77.00", "2026-03-10")
    rows = [("2026-03-10", "70.00", "CREDIT"), ("2026-03-10", "7.00", "CREDIT")]
    house.bank(rows)
    for line in kept(house):
        accept(house, line.identity, key, who="Ann Lee", why="two transfers")
    assert house.side().tiers == {"person": 1}
    assert withdraw(house, 1, who="Ann Lee", why=WHY).accepted == 2
    assert house.side().status == "not provided"
    with pytest.raises(UsageError, match="no one bank line"):
        accept(house, line.identity, key, who="Ann Lee", why="it is gone")
    house.bank(rows)
    assert house.side().tiers == {"person": 1}
    assert accept(house, line.identity[:12], key, who="Ann Lee", why="again")["line"] == line.identity


def test_what_was_accepted_wrongly_is_taken_back(house: BankHouse) -> None:
    house.sold("UK-1", "Ann Lee")
    key = house.booked("UK-1", "payment.received", "receipt-P1", "77.00", "2026-03-10")
    house.bank([("2026-03-10", "77.00", "CREDIT")])
    [line] = kept(house)
    accept(house, line.identity, key, who="Ann Lee", why="seen")
    with pytest.raises(UsageError, match="was not accepted"):
        unaccept(house, line.identity, "key-UK-2", who="Ann Lee", why="another customer")
    row = unaccept(house, line.identity[:12], key[:9], who="Ann Lee", why="another customer")
    assert (row["state"], row["why"]) == ("withdrawn", "another customer")
    assert house.side().tiers == {}
    with pytest.raises(UsageError, match="was not accepted"):
        unaccept(house, line.identity, key, who="Ann Lee", why="twice")
    accept(house, line.identity, key, who="Bo Ray", why="it was his after all")
    assert house.side().tiers == {"person": 1}
    assert verify(house.store).intact


def test_a_payout_of_a_report_that_was_taken_anew_can_be_accepted(house: BankHouse) -> None:
    house.add_account("stripe", layout="stripe_payouts")
    path = house.file("stripe.csv", STRIPE)
    import_file(house, "stripe", path)
    back(house, 1)
    import_file(house, "stripe", path)
    house.bank([("2026-03-10", "733.80", "SUNDRY")])
    [payout] = [line for line in kept(house) if line.kind == "payout"]
    [came] = [line for line in kept(house) if line.account == "main"]
    accept(house, came.identity, f"payout:{payout.identity}", who="Ann Lee", why="remittance advice")
    assert house.side().tiers == {"person": 1}


def test_by_the_command_line(tmp_path: Path) -> None:
    cli: Cli = make_cli(tmp_path)
    with (tmp_path / "dealbooks.yaml").open("a", encoding="utf-8") as stream:
        stream.write(f"\nbank_accounts:\n  main: {{book: {BOOK}, currency: GBP}}\n")
    file = tmp_path / "march.csv"
    file.write_text("Date,Amount,Description,Payer\n2026-03-03,12500.00,A-104233,John Smith\n", encoding="utf-8")
    [taken] = cli.json("bank", "import", "main", str(file), "--from", "2026-03-01", "--to", "2026-03-31")
    shown = cli.json("bank", "show", str(taken["number"]))
    assert (shown["state"], [line["amount"] for line in shown["taken_lines"]]) == ("taken", ["12500.00"])
    said = ("--who", "Ann Lee", "--why", WHY)
    assert cli.run("bank", "withdraw", "9", *said).exit_code == 2
    done = cli.json("bank", "withdraw", str(taken["number"]), *said)
    assert (done["state"], done["withdrawn_lines"]) == ("withdrawn", 1)
    assert WHY in cli.run("bank", "list").stdout
    page = cli.run("bank", "show", str(taken["number"])).stdout
    assert WHY in page
    assert "John Smith" in page
    again = cli.run("bank", "import", "main", str(file), "--from", "2026-03-01", "--to", "2026-03-31")
    assert "is taken: 1 new lines of 1 (statement 2)" in again.stdout
    assert "is withdrawn with its 1 lines" in cli.run("bank", "withdraw", "2", *said).stdout
