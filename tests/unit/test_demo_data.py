"""The demo's data set: the same every time, every kind of deal in it, and rows that add up by themselves."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from dealbooks.config import load_config
from dealbooks.deal.vin import read_vin
from dealbooks.demo import BOOKS, FLAWS, WAVES, Demo, make_demo, shape_of, write_demo
from dealbooks.demo.exports import is_money


@pytest.fixture(scope="module")
def demo() -> Demo:
    return make_demo()


def _money(row: dict[str, str], column: str) -> Decimal:
    return Decimal(row.get(column) or "0")


def _sum(row: dict[str, str], prefix: str, ending: str) -> Decimal:
    names = (name for name in row if name.startswith(prefix) and name.endswith(ending))
    return sum((_money(row, name) for name in names), Decimal(0))


def _all_rows(demo: Demo) -> list[dict[str, str]]:
    return [row for book in BOOKS for row in demo.rows[book]]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    write_demo(tmp_path / "a")
    write_demo(tmp_path / "b")
    first = {path.relative_to(tmp_path / "a"): path.read_bytes() for path in (tmp_path / "a" / "inbox").rglob("*.*")}
    second = {path.relative_to(tmp_path / "b"): path.read_bytes() for path in (tmp_path / "b" / "inbox").rglob("*.*")}
    assert first == second
    assert len(first) > 100


def test_another_seed_gives_other_deals(demo: Demo) -> None:
    assert make_demo(seed=7).files != demo.files


def test_there_are_enough_deals_of_enough_shapes(demo: Demo) -> None:
    assert len(_all_rows(demo)) >= 120
    assert len(demo.shapes) >= 30
    per_book = {book: {shape_of(row) for row in demo.rows[book]} for book in BOOKS}
    assert all(len(shapes) >= 15 for shapes in per_book.values())


@pytest.mark.parametrize(
    "part",
    [
        {"vat_scheme": "standard"}, {"vat_scheme": "margin"}, {"vat_scheme": "zero"}, {"condition": "demo"},
        {"finance_type": "hire_purchase"}, {"finance_type": "pcp"}, {"finance_type": "loan"},
        {"finance_type": "retail_instalment"}, {"deal_type": "wholesale"}, {"customer_type": "company"},
        {"tax_acquisition": "qualifying"}, {"product1_kind": "vsc"}, {"product1_kind": "paint"},
    ],
)  # fmt: skip
def test_every_kind_of_deal_occurs(demo: Demo, part: dict[str, str]) -> None:
    assert any(all(row.get(name) == value for name, value in part.items()) for row in _all_rows(demo))


def test_part_exchanges_of_every_kind_occur(demo: Demo) -> None:
    kinds = {kind for shape in demo.shapes for kind in shape[5:7]}
    assert kinds >= {"", "at value, free", "at value, lien", "at value, negative", "over, free", "over, negative"}
    assert "under, lien" in kinds


def test_margins_of_every_kind_occur(demo: Demo) -> None:
    assert {shape[-2] for shape in demo.shapes} >= {"profit", "nil", "loss"}


def test_rows_keep_the_sums_of_the_layout(demo: Demo) -> None:
    for row in _all_rows(demo):
        on_top = _money(row, "tax_total") if row["price_includes_tax"] == "N" else Decimal(0)
        computed = (
            _money(row, "vehicle_price") - _money(row, "discount") + _money(row, "accessories_total")
            + _sum(row, "fee", "_amount") + _sum(row, "product", "_amount") + on_top
        )  # fmt: skip
        assert computed == _money(row, "total"), row["deal_number"]
        assert _sum(row, "tax", "_amount") == _money(row, "tax_total"), row["deal_number"]
        due = _money(row, "total") - _sum(row, "trade", "_allowance") + _sum(row, "trade", "_payoff")
        settled = ("deposit", "cash_paid", "card_paid", "bank_transfer_paid", "rebate", "finance_amount", "balance_due")
        assert due == sum((_money(row, name) for name in settled), Decimal(0)), row["deal_number"]
        assert all(_money(row, name) >= 0 for name in row if is_money(name)), row["deal_number"]


def test_vat_inside_a_margin_is_a_sixth_of_it(demo: Demo) -> None:
    checked = 0
    for row in demo.rows["northgate"]:
        if row["vat_scheme"] != "margin":
            continue
        fees = sum(
            (_money(row, f"fee{n}_amount") for n in range(1, 5) if row.get(f"fee{n}_passthrough") == "N"), Decimal(0)
        )
        margin = _money(row, "vehicle_price") - _money(row, "discount") + fees - _money(row, "stock_book_price")
        stated = [_money(row, f"tax{n}_amount") for n in range(1, 4) if row.get(f"tax{n}_name") == "VAT MARGIN"]
        if margin > 0:
            assert abs(stated[0] * 6 - margin) <= Decimal("0.03"), row["deal_number"]
            checked += 1
        else:
            assert stated == []
    assert checked >= 10


def test_insurance_is_never_on_the_invoice_of_a_finance_house(demo: Demo) -> None:
    for row in demo.rows["northgate"]:
        if row.get("finance_type") in ("hire_purchase", "pcp"):
            kinds = {row.get(f"product{n}_kind") for n in range(1, 4)}
            assert not kinds & {"vsc", "gap"}, row["deal_number"]


def test_vins_are_valid_and_each_car_is_one(demo: Demo) -> None:
    vins = [row["vin"] for row in _all_rows(demo)]
    assert all(read_vin(vin).state == "valid" for vin in vins)
    assert [vin for vin, times in Counter(vins).items() if times > 1] == []


def test_opening_stock_covers_every_car_that_was_not_traded_in(demo: Demo) -> None:
    for book in BOOKS:
        opening = {row["stock_number"]: row for row in demo.opening[book]}
        taken = {row.get(f"trade{n}_stock_number", "") for row in demo.rows[book] for n in (1, 2)}
        for row in demo.rows[book]:
            if row["deal_number"] in demo.totals[book].sold_on:
                assert row["stock_number"] in taken
                assert row["stock_number"] not in opening
                continue
            stock = opening[row["stock_number"]]
            assert Decimal(stock["amount"]) == _money(row, "vehicle_cost") + _money(row, "recon_cost")
            assert stock["store_code"] == row["store_code"]
            used = row["condition"] == "used"
            assert stock["account_role"] == ("inventory.used_vehicle" if used else "inventory.new_vehicle")


def test_sold_cars_leave_nothing_in_stock(demo: Demo) -> None:
    for book in BOOKS:
        sold = {row["stock_number"] for row in demo.rows[book]}
        left = demo.totals[book].stock_left
        assert sold.isdisjoint(left)
        assert all(amount > 0 for amount in left.values())


def test_every_flaw_is_of_another_kind(demo: Demo) -> None:
    assert len(FLAWS) == 8
    assert len({flaw.kind for flaw in FLAWS}) == len({flaw.code for flaw in FLAWS}) == 8
    deals = {row["deal_number"] for row in _all_rows(demo)}
    assert deals.isdisjoint({flaw.deal_number for flaw in FLAWS})
    text = b"".join(file.content for file in demo.files)
    assert all(flaw.deal_number.encode() in text for flaw in FLAWS)


def test_corrections_and_the_unwound_deal_arrive_after_their_first_row(demo: Demo) -> None:
    totals = [demo.totals[book] for book in BOOKS]
    assert [len(one.corrected) for one in totals] == [1, 1]
    assert sum(len(one.unwound) for one in totals) == 1
    for number in (*totals[0].corrected, *totals[1].corrected, *totals[1].unwound):
        holding = [file for file in demo.files if file.path.endswith(".csv") and number.encode() in file.content]
        sales = [file for file in holding if "/CompletedSale" in file.path]
        assert len(sales) == 2, number
        assert sales[0].arrives <= sales[1].arrives
    voided = next(
        file
        for file in reversed(demo.files)
        if totals[1].unwound[0].encode() in file.content and "Completed" in file.path
    )
    assert voided.arrives.month == 8
    assert b"financing_declined" in voided.content


def test_one_file_is_sent_again_under_another_name(demo: Demo) -> None:
    digests = Counter(hashlib.sha256(file.content).hexdigest() for file in demo.files if file.path.endswith(".csv"))
    assert sorted(digests.values())[-2:] == [1, 2]


def test_every_contract_is_funded_but_the_last_three(demo: Demo) -> None:
    events = [
        row
        for file in demo.files
        if "/DealEvents" in file.path and file.path.endswith(".csv")
        for row in csv.DictReader(io.StringIO(file.content.decode()))
    ]
    funded = {row["deal_number"]: Decimal(row["amount"]) for row in events if row["event"] == "funded"}
    for book in BOOKS:
        financed = {
            row["deal_number"]: _money(row, "finance_amount") for row in demo.rows[book] if row.get("finance_type")
        }
        missing = {number for number in financed if number not in funded}
        assert missing == set(demo.totals[book].unfunded)
        assert all(funded[number] == amount for number, amount in financed.items() if number in funded)
    assert len(demo.totals["suncoast"].unfunded) == 3
    assert demo.totals["suncoast"].unwound[0] not in funded
    paid = {(row["deal_number"], row["trade_stock_number"]) for row in events if row["event"] == "payoff_paid"}
    owed = {
        (row["deal_number"], row[f"trade{n}_stock_number"])
        for row in _all_rows(demo)
        for n in (1, 2)
        if _money(row, f"trade{n}_payoff")
    }
    assert {number for number, _ in owed - paid} == set(demo.totals["suncoast"].unpaid_payoffs)
    assert len(owed - paid) == 1
    assert paid <= owed


def test_manifests_and_markers_prove_every_file(demo: Demo) -> None:
    files = {file.path: file.content for file in demo.files}
    for path, content in files.items():
        if not path.endswith(".csv"):
            continue
        digest = hashlib.sha256(content).hexdigest()
        marker = files.get(f"{path}.done")
        if marker is not None:
            assert marker.decode().strip() == digest
            continue
        (entry,) = json.loads(files[path.removesuffix(".csv") + ".manifest.json"])["files"]
        assert (entry["name"], entry["bytes"], entry["sha256"]) == (path.rpartition("/")[2], len(content), digest)


def test_the_habits_of_real_exports_occur(demo: Demo) -> None:
    contents = [file.content for file in demo.files if "/CompletedSale" in file.path and file.path.endswith(".csv")]
    assert any(content.startswith(b"\xef\xbb\xbf") for content in contents)
    assert any(b"\xa3" in content and b"\xc2\xa3" not in content for content in contents)
    assert any(content.startswith(b"sep=;") for content in contents)
    assert any(b";N/A;" in content for content in contents)
    assert any(b"#TRL," in content for content in contents)
    assert any(content.startswith(b"Deal No,") for content in contents)


def test_waves_bring_the_files_as_they_arrive(tmp_path: Path, demo: Demo) -> None:
    counts = [len(write_demo(tmp_path, through=day).files) for day in WAVES]
    assert counts == sorted(set(counts))
    assert counts[-1] == len(demo.files)
    assert all((tmp_path / file.path).read_bytes() == file.content for file in demo.files)


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    summary = write_demo(tmp_path)
    config = load_config(summary.config)
    assert set(config.books) == set(BOOKS)
    assert config.books["northgate"].currency == "GBP"
    assert config.path(str(config.sources["suncoast_drop"].settings["path"])).is_dir()
    layout = yaml.safe_load((tmp_path / "layouts" / "york.yaml").read_text(encoding="utf-8"))
    assert layout["numbers"]["decimal_sep"] == ","
