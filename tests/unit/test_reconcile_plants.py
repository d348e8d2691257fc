"""A month kept in Beancount files in which somebody breaks one thing of every class: each is found once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from reconcile_support import BOOK, CHART, SmallHouse, case, key_of
from sqlalchemy import select

from blocks.ledgers.beancount import BeancountLedger
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.reconcile.matrix import RowStatus
from dealbooks.store import Store
from dealbooks.store.tables import effects

PERIOD = "2026-03"
OPEN = {"cit_unpaid", "payoff_late", "customer_balance"}  # what the golden deals leave open, and nobody planted
PAID = [f"G10+{number}" for number in range(10, 26)]
WORDS = {"CUSTOMER": "receivable.customer", "TAX": "tax.output", "BANK": "cash.bank", "SALES": "sales.used_vehicle",
         "CIT": "receivable.finance_company", "RENT": "expense.auction_fees", "SUPPLIER": "payable.supplier",
         "FEES": "payable.government_fees"}  # fmt: skip


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> Iterator[SmallHouse]:
    ledger = BeancountLedger(tmp_path / "book", "Northgate", "GBP", CHART)
    made = SmallHouse(sqlite_store, tmp_path / "var", ledger)  # type: ignore[arg-type]
    for name in (*PAID, "G09", "G13", "G14"):
        made.take(name)
    made.drain()
    yield made


def number(name: str) -> str:
    return str(case(name)["deal"]["deal_id"])


def car(name: str, what: str = "stock_no") -> str:
    return str(case(name)["deal"]["vehicle"][what])


def file_of(house: SmallHouse, name: str, entry_id: str = "sale-v1") -> Path:
    key = key_of(name, entry_id)
    folder: Path = house.kept.path  # type: ignore[attr-defined]
    return next(path for path in folder.glob("ledger/*/*.beancount") if f'"{key}"' in path.read_text("utf-8"))


def edit(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text("utf-8")
    assert re.search(old, text), f"{old} is not in {text}"
    path.write_text(re.sub(old, new, text, count=count), "utf-8")


def typed(house: SmallHouse, day: str, text: str, lines: str, user: str = "") -> None:
    """Somebody writes into main.beancount: `ROLE amount [stock number]` a line."""
    names = house.kept.accounts  # type: ignore[attr-defined]
    body = f'\n{day} * "{text}"\n' + (f'  user: "{user}"\n' if user else "")
    for line in lines.split(";"):
        role, amount, *stock = line.split()
        body += f"  {names.name_of(WORDS[role], 'the test')}  {amount} GBP\n"
        body += f'    stock_no: "{stock[0]}"\n' if stock else ""
    with house.kept.main.open("a", encoding="utf-8") as file:  # type: ignore[attr-defined]
        file.write(body)


def planted(rec: Reconciliation) -> list[tuple[str, str]]:
    return sorted((found.code, found.deal) for found in rec.exceptions if found.code not in OPEN)


def proven(rec: Reconciliation) -> None:
    """The proof comes to nothing unexplained, and every exception stands in a row of the matrix."""
    by_id = {found.id: found for found in rec.exceptions}
    for row in rec.totals:
        deltas = [
            delta.amount for found in by_id.values() for delta in found.deltas
            if (delta.account, delta.currency) == (row.account, row.currency)
        ]  # fmt: skip
        assert row.found == row.expected + row.other + sum(deltas, Decimal(0)), row.account
    shown = {one for row in rec.matrix for one in row.exceptions}
    assert shown == set(by_id)
    last = rec.matrix[-1]
    assert (last.number, last.status is RowStatus.AGREED) == ("R18", not any(row.difference for row in rec.totals))


def row(rec: Reconciliation, number: str, place: int = 0) -> tuple[str, str, str]:
    found = [one for one in rec.matrix if one.number == number][place]
    return found.status.value, format(found.over, "f"), format(found.under, "f")


@pytest.mark.long
def test_one_thing_of_every_class_is_broken_and_each_is_found_once(house: SmallHouse) -> None:
    clean = reconcile(house, BOOK, PERIOD)
    assert planted(clean) == []
    assert clean.agreed, clean.problems
    proven(clean)
    pull = {name: file_of(house, name) for name in PAID}
    edit(file_of(house, PAID[0], "receipt-P1"), r"(\d+)\.00 GBP", r"\g<1>.01 GBP")  # the cash side only
    text = file_of(house, PAID[0], "receipt-P1").read_text("utf-8")
    edit(file_of(house, PAID[0], "receipt-P1"), r"-(\d+)\.00 GBP", r"-\g<1>.01 GBP")
    assert text.count(".01 GBP") == 1
    pull[PAID[1]].unlink()
    body = "".join(f"; {line}\n" for line in pull[PAID[2]].read_text("utf-8").splitlines())
    pull[PAID[2]].write_text(body, "utf-8")
    edit(pull[PAID[3]], 'location: "LEEDS"', 'location: "HULL"', count=0)
    edit(pull[PAID[4]], 'tax_code: "GB-S"', 'tax_code: "GB-Z"', count=0)
    edit(pull[PAID[5]], "4030-Accessory-sales", "4105-Administration-and-delivery-fee-income")
    edit(file_of(house, PAID[6], "receipt-P1"), r"2026-03-(\d\d) \*", r"2026-04-\g<1> *")
    pull[PAID[7]].with_name("copy.beancount").write_text(pull[PAID[7]].read_text("utf-8"), "utf-8")
    typed(house, "2026-03-20", f"sold {car(PAID[8], 'vin')}", "CUSTOMER 10495.00;SALES -10495.00")
    paid = next(one for one in case(PAID[9])["deal"]["payments"])["amount"]
    typed(house, "2026-03-06", f"paid {number(PAID[9])}", f"BANK {paid};CUSTOMER -{paid} {car(PAID[9])}")
    typed(house, "2026-03-21", "a car nobody knows", "CUSTOMER 7000.00;SALES -7000.00")
    typed(house, "2026-03-22", "correction", "CUSTOMER 5.00;TAX -5.00", user="carol")
    seen_never(house, PAID[10])
    edit(pull[PAID[10]], r"35\.00 GBP", "36.00 GBP", count=0)
    lose(house)
    rec = reconcile(house, BOOK, PERIOD)
    assert planted(rec) == sorted([
        ("edited_after_posting", number(PAID[0])), ("deleted_in_ledger", number(PAID[1])),
        ("voided_in_ledger", number(PAID[2])), ("wrong_location", number(PAID[3])),
        ("wrong_tax_code", number(PAID[4])), ("wrong_account", number(PAID[5])), ("wrong_period", number(PAID[6])),
        ("duplicate", number(PAID[7])), ("duplicate", number(PAID[8])), ("duplicate", number(PAID[9])),
        ("missing_in_source", ""), ("unexplained_ledger_entry", ""), ("amount_mismatch", number(PAID[10])),
        ("missing_in_ledger", "L-1"),
    ])  # fmt: skip
    proven(rec)
    [by_carol] = [found for found in rec.exceptions if found.code == "unexplained_ledger_entry"]
    assert "by carol" in by_carol.what
    assert {one.account.partition(" ")[0] for one in rec.activity if one.who == "carol"} == {"1100", "2200"}
    assert row(rec, "R1")[0] == row(rec, "R2")[0] == row(rec, "R3")[0] == row(rec, "R6")[0] == "differs"
    assert row(rec, "R4") == row(rec, "R5") == ("not provided", "0", "0")
    assert row(rec, "R12") == ("agreed", "0.00", "0.00")
    assert reconcile(house, BOOK, PERIOD).as_json() == rec.as_json()


def seen_never(house: SmallHouse, name: str) -> None:
    with house.store.transaction("test", "it was never read back as sent") as tx:
        wanted = (effects.c.deal_id == name) & (effects.c.entry == key_of(name, "sale-v1"))
        tx.update("effects", tx.rows(select(effects).where(wanted)), state="disputed")


def lose(house: SmallHouse) -> None:
    from dealbooks.store.tables import deals

    with house.store.transaction("test", "lose") as tx:
        [known] = tx.rows(select(deals).where(deals.c.id == "G09"))
        lost = {"id": "LOST", "deal_number": "L-1", "stock_no": "L1", "vin": "L", "state": "posted"}
        tx.insert("deals", [known | lost])


def test_opposite_differences_of_two_documents_are_never_set_off(house: SmallHouse) -> None:
    for name, old, new in ((PAID[0], r"\.00 GBP", ".07 GBP"), (PAID[1], r"(\d)\.00 GBP", r"\g<1>.00 GBP")):
        path = file_of(house, name, "receipt-P1")
        edit(path, old, new, count=0)
    path = file_of(house, PAID[1], "receipt-P1")
    amount = next(one for one in case(PAID[1])["deal"]["payments"])["amount"]
    less = format(Decimal(amount) - Decimal("0.07"), "f")
    edit(path, re.escape(amount), less, count=0)
    rec = reconcile(house, BOOK, PERIOD)
    assert planted(rec) == sorted(("edited_after_posting", number(name)) for name in PAID[:2])
    assert row(rec, "R3") == ("differs", "0.07", "0.07")
    assert all(not one.difference for one in rec.totals)
    assert not rec.agreed


def test_what_the_bookkeeper_clears_is_explained_and_what_overshoots_is_not(house: SmallHouse) -> None:
    held = case("G13")["deal"]["finance"]
    amount, stock, contract = held["amount_financed"], car("G13"), number("G13")
    half = format(Decimal(amount) / 2, "f")
    typed(house, "2026-03-25", "lender, first part", f"BANK {half};CIT -{half} {stock}", user="bob")
    typed(house, "2026-03-26", f"lender {contract}", f"BANK {half};CIT -{half}", user="bob")
    rec = reconcile(house, BOOK, PERIOD)
    assert planted(rec) == []
    assert [one.kind for one in rec.by_hand] == ["clearing", "clearing"]
    assert all(stock in one.explains for one in rec.by_hand)
    assert "cit_unpaid" not in {found.code for found in rec.exceptions}
    proven(rec)
    april = reconcile(house, BOOK, "2026-04")
    assert "cit_unpaid" not in {found.code for found in april.exceptions}
    typed(house, "2026-03-27", f"lender {contract}", f"BANK {half};CIT -{half}", user="bob")
    assert [found[0] for found in planted(reconcile(house, BOOK, PERIOD))] == ["unexplained_ledger_entry"]


def test_fees_sent_on_by_car_clear_them_and_activity_outside_what_deals_own_is_only_added_up(house: SmallHouse) -> None:
    typed(house, "2026-03-25", "sent to DVLA", f"FEES 1415.00 {car('G09')};BANK -1415.00", user="bob")
    typed(house, "2026-03-28", "auction", "RENT 80.00;SUPPLIER -80.00", user="eve")
    rec = reconcile(house, BOOK, PERIOD)
    assert planted(rec) == []
    assert [(one.kind, one.who) for one in rec.by_hand] == [("clearing", "bob"), ("other", "eve")]
    assert [(one.count, one.debit, one.owned) for one in rec.activity if one.who == "eve" and one.debit] == [
        (1, Decimal("80.00"), False)
    ]
    assert "Typed by hand and self-explaining: 1 line" in next(one for one in rec.matrix if one.number == "R15").note
    proven(rec)
    house.owned = ("expense.*",)
    assert [found[0] for found in planted(reconcile(house, BOOK, PERIOD))] == ["unexplained_ledger_entry"]
    house.owned = ()
    typed(house, "2026-03-22", "correction", "CUSTOMER 5.00;TAX -5.00", user="carol")
    assert planted(reconcile(house, BOOK, PERIOD)) == []


def test_a_copy_of_a_split_payment_of_equal_parts_is_told_from_the_second_part(house: SmallHouse) -> None:
    """The second half of a payment, of the amount of the first, clears; a third one is the first typed again."""
    paid = next(one for one in case(PAID[0])["deal"]["payments"])["amount"]
    again = f"BANK {paid};CUSTOMER -{paid} {car(PAID[0])}"
    typed(house, "2026-03-05", "refund of a card payment", f"CUSTOMER {paid} {car(PAID[0])};BANK -{paid}")
    typed(house, "2026-03-07", "paid again by transfer", again)
    rec = reconcile(house, BOOK, PERIOD)
    kinds = sorted([*(one.kind for one in rec.by_hand), *(code for code, _ in planted(rec))])
    assert kinds.count("clearing") == 1
    typed(house, "2026-03-08", "paid again", again)
    assert ("duplicate", number(PAID[0])) in planted(reconcile(house, BOOK, PERIOD))


def test_a_payment_is_known_by_its_customer_only_where_it_is_exactly_what_one_of_that_name_owes(
    house: SmallHouse,
) -> None:
    who = case("G10")["deal"]["customer"]["name"]
    owing, other = PAID[0], PAID[1]
    paid = next(one for one in case(owing)["deal"]["payments"])["amount"]
    for name in (owing, other):  # the bank took both back: two customers of one name owe the same
        typed(house, "2026-03-10", "returned", f"CUSTOMER {paid} {car(name)};BANK -{paid}")
    before = [code for code, _ in planted(reconcile(house, BOOK, PERIOD))]
    typed(house, "2026-03-12", f"transfer {who}", f"BANK {paid};CUSTOMER -{paid}")
    assert len(planted(reconcile(house, BOOK, PERIOD))) == len(before) + 1
    typed(house, "2026-03-11", f"transfer for {car(other)}", f"BANK {paid};CUSTOMER -{paid} {car(other)}")
    rec = reconcile(house, BOOK, PERIOD)
    assert [one.narration for one in rec.by_hand if one.kind == "clearing"][-1] == f"transfer {who}"
    proven(rec)
