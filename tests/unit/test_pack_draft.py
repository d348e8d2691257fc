"""A close pack as a draft: what is in it, that it is text and no markup or formula, and that it is the same twice."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from pack_support import BOOK, FORMULA, PERIOD, SCRIPT, OverAnApi, dealership
from pipeline_support import Dealership

from dealbooks.errors import UsageError
from dealbooks.pack import draft_pack, verify_pack
from dealbooks.returns import form


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dealership]:
    own = dealership(tmp_path_factory.mktemp("pack"))
    yield own
    own.close()


@pytest.fixture(scope="module")
def draft(made: Dealership) -> Path:
    with made.open() as house:
        return draft_pack(house, BOOK, PERIOD).folder


def rows(draft: Path, name: str) -> list[dict[str, str]]:
    text = (draft / "csv" / f"{name}.csv").read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_it_is_marked_as_a_draft_and_has_no_certificate(draft: Path) -> None:
    assert not (draft / "certificate.json").exists()
    assert (draft / "DRAFT.txt").exists()
    assert "DRAFT" in (draft / "report.html").read_text("utf-8")
    verdict = verify_pack(draft)
    assert (verdict.draft, verdict.intact, verdict.problems) == (True, True, ())


def test_what_others_typed_is_text_on_every_page(draft: Path) -> None:
    pages = [path.read_text("utf-8") for path in (draft / "report.html", *(draft / "deals").glob("*.html"))]
    assert all(SCRIPT not in page for page in pages)
    assert all("<script" not in page for page in pages)
    assert any("&lt;script&gt;" in page for page in pages)


def test_no_cell_is_a_formula(draft: Path) -> None:
    names = {row["customer"] for row in rows(draft, "deal-log")}
    assert f"'{FORMULA}" in names
    book = load_workbook(draft / "workbook.xlsx")
    cells = [cell for page in book for row in page.iter_rows() for cell in row]
    assert any(cell.value == f"'{FORMULA}" for cell in cells)
    assert all(cell.data_type != "f" for cell in cells)


def test_every_part_that_a_controller_expects_is_there(draft: Path) -> None:
    tables = json.loads((draft / "tables.json").read_text("utf-8"))
    wanted = {
        "tie-out", "exceptions", "exceptions-by-class", "cut-off", "units", "contracts-in-transit", "contracts-by-age",
        "deal-log", "tax-by-code", "tax-return", "stock-book", "part-exchanges", "commissions", "inventory-relief",
        "stock", "late-amended-unwound", "rounding", "roll-forward", "trial-balance", "by-hand", "journal",
    }  # fmt: skip
    assert wanted <= set(tables)
    assert {path.stem for path in (draft / "csv").glob("*.csv")} == set(tables)
    page = (draft / "report.html").read_text("utf-8")
    assert all(f'href="{path.relative_to(draft)}"' in page for path in (draft / "deals").glob("*.html"))
    assert [row["kind"] for row in rows(draft, "late-amended-unwound")] == ["unwound"]
    assert [(row["stock_no"], row["lender"], row["balance"]) for row in rows(draft, "contracts-in-transit")] == [
        ("U3", "BLACK-HORSE", "9000.00")
    ]


def test_each_control_account_rolls_forward_and_the_trial_balance_is_even(draft: Path) -> None:
    found = rows(draft, "roll-forward")
    assert found
    for row in found:
        moved = ("sales", "taken_back", "money", "other_entries", "by_hand", "differences")
        assert Decimal(row["opening"]) + sum(Decimal(row[name]) for name in moved) == Decimal(row["closing"]), row
    [total] = [row for row in rows(draft, "trial-balance") if row["account"] == "All accounts in GBP"]
    assert total["debit"] == total["credit"]
    assert Decimal(total["closing"]) == 0


def test_the_same_books_give_the_same_bytes(made: Dealership, draft: Path, tmp_path: Path) -> None:
    made.clock.forward(86_400)
    made.close()  # another process would open it
    with made.open() as house:
        again = draft_pack(house, BOOK, PERIOD, tmp_path / "again").folder
    files = {path.relative_to(draft): path.read_bytes() for path in draft.rglob("*") if path.is_file()}
    assert files == {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    with zipfile.ZipFile(again / "workbook.xlsx") as book:
        assert {info.date_time for info in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_folder_with_something_else_in_it_is_left_alone(made: Dealership, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "to-the-bank.txt").write_text("dear bank")
    with made.open() as house, pytest.raises(UsageError, match="something else"):
        draft_pack(house, BOOK, PERIOD, tmp_path / "letters")
    assert [path.name for path in tmp_path.rglob("*")] == ["letters", "to-the-bank.txt"]


def test_only_a_pack_is_replaced(made: Dealership, tmp_path: Path) -> None:
    """A web site has a manifest.json as well, and somebody may have put a letter into a pack."""
    site, pack = tmp_path / "site", tmp_path / "pack"
    site.mkdir()
    (site / "manifest.json").write_text('{"name": "our cars", "files": {}}')
    with made.open() as house:
        draft_pack(house, BOOK, PERIOD, pack)
        draft_pack(house, BOOK, PERIOD, pack)
        (pack / "csv" / "letter.txt").write_text("dear auditor")
        with pytest.raises(UsageError, match=r"something else than a pack: manifest\.json"):
            draft_pack(house, BOOK, PERIOD, site)
        with pytest.raises(UsageError, match=r"something else than a pack: csv/letter\.txt"):
            draft_pack(house, BOOK, PERIOD, pack)
    assert (site / "manifest.json").is_file()
    assert (pack / "csv" / "letter.txt").is_file()


def test_a_ledger_over_an_api_is_proved_from_its_records(made: Dealership, tmp_path: Path) -> None:
    with made.open() as house:
        ledger = house.ledger(BOOK)
        chart = house.book(BOOK).chart
        assert chart is not None
        names = {
            ledger.accounts.name_of(role, "a test"): f"{one.number} {one.name}" for role, one in chart.roles.items()
        }
        house._ledgers[BOOK] = OverAnApi(ledger, names)
        folder = draft_pack(house, BOOK, PERIOD, tmp_path / "api").folder
    made.close()
    assert not (folder / "beancount" / "book.zip").exists()
    text = (folder / "beancount" / "period.beancount").read_text("utf-8")
    assert 'open Income:4010-Used-vehicle-sales\n  ledger_account: "4010 Used vehicle sales"' in text
    verdict = verify_pack(folder)
    assert verdict.intact, verdict.problems
    assert "bean-check over beancount/period.beancount" in verdict.checked


def test_pages_of_checks_are_copied_and_load_nothing(made: Dealership, tmp_path: Path) -> None:
    docs = made.folder / "var" / "data_docs"
    docs.mkdir(parents=True)
    page = (
        '<html><head><script src="https://cdn.example/a.js"></script><link rel="stylesheet" href="https://cdn.example/b">'
        "<script>\nalert(1)\n</script></head><body>1 row of 4 broke it<img src='https://cdn.example/c.png'></body></html>"
    )
    (docs / "batch-drop-1.html").write_text(page, "utf-8")
    (docs / "batch-other-1.html").write_text(page, "utf-8")
    with made.open() as house:
        folder = draft_pack(house, BOOK, PERIOD, tmp_path / "with-docs").folder
    assert [path.name for path in (folder / "data-docs").iterdir()] == ["batch-drop-1.html"]
    text = (folder / "data-docs" / "batch-drop-1.html").read_text("utf-8")
    assert "1 row of 4 broke it" in text
    assert "example" not in text
    assert "<script" not in text
    assert "default-src 'none'" in text
    assert next(row["page"] for row in rows(folder, "checks")) == "data-docs/batch-drop-1.html"


def test_a_book_without_a_form_for_its_return_has_a_pack_that_says_so(
    made: Dealership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form, "shipped_forms", lambda: ())
    with made.open() as house:
        folder = draft_pack(house, BOOK, PERIOD, tmp_path / "no-form").folder
    [row] = rows(folder, "tax-return")
    assert row["note"].startswith("There is no return for regime uk in GBP")
    assert "There is no return for regime uk in GBP" in (folder / "report.html").read_text("utf-8")
