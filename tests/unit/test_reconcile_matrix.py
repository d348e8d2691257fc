"""The matrix: gross of both signs, never agreed on what was not given, and each class of exception with one row."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli_support import BOOK as CLI_BOOK
from cli_support import make_cli
from hypothesis import given, settings
from hypothesis import strategies as st
from reconcile_support import (
    BOOK,
    POLICY,
    UK_MARCH,
    ListedLedger,
    SmallHouse,
    by_hand,
    case,
    expected_of,
    key_of,
    month,
    nudged,
    record_of,
)
from reconcile_support import CASES as GOLDEN

from dealbooks.book import Book
from dealbooks.entries import Entry
from dealbooks.errors import UsageError
from dealbooks.ledger import Reading, Record, RecordLine, Request
from dealbooks.pipeline.lists import all_lists, import_list
from dealbooks.pipeline.named import residuals
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.reconcile import match
from dealbooks.reconcile.lists import KINDS, parse_list
from dealbooks.reconcile.matrix import FOUND_BY, RowStatus, make_row, rows_of
from dealbooks.reconcile.model import OWNED, SEVERITIES
from dealbooks.reconcile.words import WORDS
from dealbooks.store import Store
from dealbooks.store.audit import verify

PERIOD = "2026-03"
DOCS = Path(__file__).parents[2] / "docs" / "close.md"
NUMBERS = [f"R{number}" for number in range(1, 19)]


def test_every_class_has_a_severity_words_a_row_and_a_line_in_the_manual() -> None:
    assert set(SEVERITIES) == set(WORDS) == set(FOUND_BY)
    assert {row for rows in FOUND_BY.values() for row in rows} <= set(NUMBERS)
    table = re.findall(r"^\| `(\w+)` \| (R[R0-9, ]+) \| (\w+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {code: (rows, severity) for code, rows, severity in table} == {
        code: (", ".join(rows), SEVERITIES[code].value) for code, rows in FOUND_BY.items()
    }


def test_the_roles_that_deals_own_are_roles_of_the_shipped_charts() -> None:
    from dealbooks.charts import load_chart

    known = {role for name in ("uk", "us", "au") for role in load_chart(name).roles}
    for one in OWNED:
        assert any(role.startswith(one.rstrip("*")) for role in known), one


amounts = st.dictionaries(st.sampled_from("abcdef"), st.integers(-500, 500).map(lambda n: Decimal(n) / 100))


@settings(max_examples=80, deadline=None)
@given(amounts, amounts)
def test_differences_are_gross_of_both_signs(left: dict[str, Decimal], right: dict[str, Decimal]) -> None:
    row = make_row("R1", "left", "right", left, right, "GBP")
    assert row.over >= 0
    assert row.under >= 0
    assert row.over - row.under == sum(right.values()) - sum(left.values())
    assert (row.status is RowStatus.AGREED) == (left == right)
    assert make_row("R1", "left", "right", left, None, "GBP").status is RowStatus.NOT_PROVIDED


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> SmallHouse:
    made = SmallHouse(sqlite_store, tmp_path / "var")
    for name in UK_MARCH:
        made.take(name)
    made.drain()
    return made


def rows(rec: Reconciliation, number: str) -> list[Any]:
    return [one for one in rec.matrix if one.number == number]


def test_the_rows_come_in_order_and_what_is_not_given_is_not_agreed(house: SmallHouse) -> None:
    rec = reconcile(house, BOOK, PERIOD)
    assert list(dict.fromkeys(one.number for one in rec.matrix)) == NUMBERS
    for one in rec.matrix:
        asks = one.number in ("R4", "R5", "R10", "R14", "R17") or "import" in one.note
        assert one.status is (RowStatus.NOT_PROVIDED if asks else RowStatus.AGREED), one
    assert rows(rec, "R1")[0].left_count == len(UK_MARCH)
    assert {one.name: one.right for one in rows(rec, "R8")[0].details}["SE-11"] > 0
    [margin] = rows(rec, "R7")
    assert (margin.left_count, margin.left_total) == (3, Decimal("407.33"))  # a car sold at a loss counts, with nothing


def test_a_stock_book_that_the_tax_account_does_not_show_differs(house: SmallHouse) -> None:
    place = next(i for i, one in enumerate(house.kept.listing) if one.key == key_of("G10", "sale-v1"))
    old = house.kept.listing[place]
    at = next(i for i, line in enumerate(old.lines) if "margin-scheme" in line.account)
    house.kept.listing[place] = nudged(old, at, "-0.01")
    [margin] = rows(reconcile(house, BOOK, PERIOD), "R7")
    assert (margin.status, margin.over, margin.under) == (RowStatus.DIFFERS, Decimal("0.01"), Decimal(0))


def test_a_deal_that_waits_makes_the_first_row_differ(house: SmallHouse) -> None:
    house.take("G17")
    [row] = rows(reconcile(house, BOOK, PERIOD), "R1")
    assert row.status is RowStatus.DIFFERS
    assert row.left_count == row.right_count + 1
    assert "1 deals of the period are not settled" in row.note


def test_what_a_ledger_keeps_as_void_is_voided_and_not_deleted(house: SmallHouse) -> None:
    key = key_of("G10", "sale-v1")
    [gone] = [one for one in house.kept.listing if one.key == key]
    house.kept.listing.remove(gone)
    house.kept.read = lambda refs: [Reading(ref, {}, void=True) for ref in refs]  # type: ignore[method-assign]
    rec = reconcile(house, BOOK, PERIOD)
    [found] = [one for one in rec.exceptions if one.code.endswith("_in_ledger")]
    assert found.code == "voided_in_ledger"
    assert "Voided in the ledger" in found.what
    house.kept.listing.append(replace(gone, lines=()))
    assert [one.code for one in reconcile(house, BOOK, PERIOD).exceptions if "in_ledger" in one.code] == [found.code]


def test_currency_rounding_above_a_few_minor_units_is_named() -> None:
    for amount, named in (("0.05", []), ("0.06", ["fx_residual"])):
        [item, *_] = expected_of("G24")
        data = item.entry.as_json()
        for line in data["lines"]:
            if line["account_role"] == "fx.rounding":
                line["base_debit"], line["base_credit"] = "0.00", amount
        item = replace(item, entry=Entry.from_json(data))
        result = match([item], [record_of(item)], POLICY)
        assert [found.code for found in residuals(result, POLICY)] == named


def csv_file(folder: Path, text: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def codes(rec: Reconciliation) -> list[tuple[str, str]]:
    wanted = ("list_difference", "sold_in_stock", "floorplan_unpaid")
    return [(one.code, one.where.rpartition(", ")[2]) for one in rec.exceptions if one.code in wanted]


def bought(house: SmallHouse) -> None:
    """Every car that was sold came into stock before, and one is still there."""
    for item in [one for name in UK_MARCH for one in expected_of(name)]:
        for line in item.entry.lines:
            number = line.dimensions.get("stock_no", "")
            if line.role.startswith("inventory.") and number == item.stock_no and line.credit:
                amount = format(line.credit, "f")
                paid = {line.role: amount, "payable.supplier": f"-{amount}"}
                house.kept.listing.append(by_hand(f"buy {number}", "2026-02-01", paid, stock_no=number))
    paid = {"inventory.used_vehicle": "900.00", "payable.supplier": "-900.00"}
    house.kept.listing.append(by_hand("buy", "2026-03-03", paid, stock_no="NEW1"))


def test_a_stock_list_is_held_against_the_ledger(house: SmallHouse, tmp_path: Path) -> None:
    bought(house)
    clean = reconcile(house, BOOK, PERIOD)
    assert codes(clean) == []
    held = [row for row in clean.stock if row.closing]
    text = "Stock No,Amount\n" + "".join(f"{row.name},{row.closing}\n" for row in held)
    import_list(house, "stock", BOOK, PERIOD, csv_file(tmp_path, text))
    rec = reconcile(house, BOOK, PERIOD)
    assert codes(rec) == []
    [row] = rows(rec, "R10")
    assert (row.status, row.left_count) == (RowStatus.AGREED, len(held))
    [sold] = [one.stock_no for one in expected_of("G10")[:1]]
    text = "stock_no;text\n" + "".join(f"{one.name};\n" for one in held if one.name != "NEW1")
    import_list(house, "stock", BOOK, PERIOD, csv_file(tmp_path, f"{text}{sold};there\nGHOST;?\n"))
    rec = reconcile(house, BOOK, PERIOD)
    assert sorted(codes(rec)) == [("list_difference", "GHOST"), ("list_difference", "NEW1"), ("sold_in_stock", sold)]
    [row] = rows(rec, "R10")
    assert (row.status, len(row.exceptions)) == (RowStatus.DIFFERS, 3)
    assert not rec.agreed
    assert [one.state for one in all_lists(house, BOOK)] == ["replaced", "taken"]
    assert verify(house.store).breaks == ()


def test_a_payroll_a_lender_and_a_floorplan_are_held_against_the_ledger(house: SmallHouse, tmp_path: Path) -> None:
    earned = {one.name: one.right for one in rows(reconcile(house, BOOK, PERIOD), "R8")[0].details}
    text = "person,amount\n" + "".join(f"{name},{amount}\n" for name, amount in earned.items())
    import_list(house, "payroll", BOOK, PERIOD, csv_file(tmp_path, text, "payroll.csv"))
    deal = expected_of("G13")[0].deal_number
    import_list(house, "lender", BOOK, PERIOD, csv_file(tmp_path, f"deal,amount\n{deal},899.99\n", "lender.csv"))
    car = expected_of("G10")[0]
    lent = f"vin,amount\n{car.vin},8000.00\nUNSOLD1,9000.00\n"
    import_list(house, "floorplan", BOOK, PERIOD, csv_file(tmp_path, lent, "floorplan.csv"))
    rec = reconcile(house, BOOK, PERIOD)
    assert rows(rec, "R8")[1].status is RowStatus.AGREED
    stock_no = expected_of("G13")[0].stock_no
    assert sorted(codes(rec)) == [("floorplan_unpaid", car.stock_no), ("list_difference", stock_no)]
    [lender, provider] = rows(rec, "R14")
    assert (lender.status, lender.under) == (RowStatus.DIFFERS, Decimal("0.01"))
    assert provider.status is RowStatus.NOT_PROVIDED
    [floor] = rows(rec, "R17")
    assert (floor.status, floor.left_count, floor.right_count) == (RowStatus.DIFFERS, 1, 2)
    assert [one.as_json()["rows"] for one in all_lists(house)] == [len(earned), 1, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The heading of the list is empty"),
        ("name,amount\nx,1\n", "The heading"),
        ("person\nx\n", "The heading"),
        ("person,amount,colour\nx,1,red\n", "colour"),
        ("person,amount\nx,1\nX,2\n", "Line 3: X is there twice"),
        ("person,amount\nx,\n", "Line 2"),
        ("person,amount\nx,1.005\n", "more decimals than GBP"),
        ("person,amount\n,1.00\n", "Line 2 names nothing"),
        ("person,amount\nx,1.00,3\n", "Line 2 has 3 columns"),
        ("person,amount\nx,NaN\n", "is no amount"),
    ],
)
def test_a_list_that_is_not_of_the_layout_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        parse_list(KINDS["payroll"], text.encode(), "GBP")


def test_the_same_list_again_changes_nothing_and_a_kind_must_be_known(house: SmallHouse, tmp_path: Path) -> None:
    path = csv_file(tmp_path, "person,amount\nSE-11,1.00\n")
    first = import_list(house, "payroll", BOOK, PERIOD, path)
    assert import_list(house, "payroll", BOOK, PERIOD, path) == first
    with pytest.raises(UsageError, match="no kind of list"):
        import_list(house, "stocks", BOOK, PERIOD, path)
    with pytest.raises(UsageError, match="cannot be read"):
        import_list(house, "payroll", BOOK, PERIOD, tmp_path / "nothing.csv")


_OURS, _THEIRS = month()
_DEFECTS = ("cent", "gone", "copy", "location", "later", "account")


def broken(record: Record, defect: str) -> list[Record]:
    if defect == "cent":
        return [nudged(record)]
    if defect == "gone":
        return []
    if defect == "copy":
        return [record, replace(record, ref=f"{record.ref} copy")]
    if defect == "later":
        return [replace(record, date=date(2026, 4, 2))]
    lines = list(record.lines)
    if defect == "account":
        lines[0] = replace(lines[0], account="Assets:9999-Somewhere")
    else:
        lines[0] = replace(lines[0], dimensions={**lines[0].dimensions, "location": "HULL"})
    return [replace(record, lines=tuple(lines))]


_EXPECTED = {"cent": "edited_after_posting", "gone": "deleted_in_ledger", "copy": "duplicate",
             "location": "wrong_location", "later": "wrong_period", "account": "wrong_account"}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.integers(0, len(_THEIRS) - 1), st.sampled_from(_DEFECTS)), st.randoms(use_true_random=False))
def test_any_combination_of_defects_is_named_once_each_and_stands_in_one_row(plan: dict[int, str], order: Any) -> None:
    found = [one for i, record in enumerate(_THEIRS) for one in (broken(record, plan[i]) if i in plan else [record])]
    order.shuffle(found)
    result = match(_OURS, found, POLICY)
    wanted = sorted((_EXPECTED[defect], _OURS[i].key) for i, defect in plan.items())
    assert sorted((one.code, one.subject.partition(" ")[0]) for one in result.exceptions) == wanted
    assert all(rows_of(one, {}) for one in result.exceptions)


@dataclass
class RoleLedger(ListedLedger):
    """A ledger whose accounts are the roles themselves, for books of any country."""

    def _record(self, request: Request) -> Record:
        key = str(request.payload["key"])
        entry = self.bodies[key].entry
        lines = tuple(
            RecordLine(one.role, (one.base or one.amount).amount, (one.base or one.amount).currency, one.dimensions)
            for one in entry.lines
        )
        return Record(f"ref-{request.key}", key, entry.accounting_date, entry.event, lines)


@dataclass
class AnyHouse(SmallHouse):
    """A house of a book without a chart, in the currency of a case."""

    currency: str = "GBP"

    def book(self, name: str) -> Book:
        return Book(name, "ANY", self.currency, "us", None)


CASES = sorted(path.name.partition("-")[0] for path in GOLDEN.glob("G*.json"))


@pytest.mark.parametrize("name", CASES)
def test_a_deal_of_any_country_agrees_in_every_row_that_can_be_held(
    name: str, sqlite_store: Store, tmp_path: Path
) -> None:
    data = case(name)
    own = [one for one in data["expected"]["entries"] if one["legal_entity"] == data["deal"]["legal_entity"]]
    ledger = RoleLedger()
    house = AnyHouse(sqlite_store, tmp_path, ledger, currency=data["deal"]["base_currency"], day=date(2027, 1, 5))
    house.take(name, only=[one["entry_id"] for one in own])
    house.drain()
    for period in sorted({one["accounting_date"][:7] for one in own}):
        rec = reconcile(house, BOOK, period)
        wrong = [one for one in rec.matrix if one.status is RowStatus.DIFFERS]
        allowed = {row for one in rec.exceptions if one.code == "unwind_incomplete" for row in FOUND_BY[one.code]}
        assert {one.number for one in wrong} <= allowed, wrong


def test_lists_are_imported_and_shown_at_the_command_line(tmp_path: Path) -> None:
    cli = make_cli(tmp_path)
    file = csv_file(tmp_path, "person,amount\nSE-11,1.00\n", "pay.csv")
    taken = cli.json("lists", "import", "payroll", CLI_BOOK, PERIOD, str(file))
    assert (taken["kind"], taken["rows"], taken["state"], taken.pop("month_closed")) == ("payroll", 1, "taken", False)
    assert cli.json("lists", "show") == [taken]
    assert "pay.csv" in cli.run("lists", "show", CLI_BOOK).stdout
    assert cli.run("lists", "import", "pay", CLI_BOOK, PERIOD, str(file)).exit_code == 2
    assert cli.run("lists", "import", "payroll", CLI_BOOK, "March", str(file)).exit_code == 2
