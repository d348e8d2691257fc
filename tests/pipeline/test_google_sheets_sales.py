"""Rows of a spreadsheet become posted deals, with the right amounts; rows with something wrong wait for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_support import Cli
from google_sheets_support import Office, given_settings, office, source_of
from pipeline_support import Dealership, vin_of

from blocks.sources.google_sheets import factory
from blocks.sources.google_sheets.factory import settings_of
from dealbooks.mapping import FieldMap
from dealbooks.pipeline.standings import tell_standings
from dealbooks.pipeline.sync import SyncResult

VAT = "Liabilities:2204-Output-VAT-margin-scheme"
RECEIPTS = "Assets:1210-Undeposited-receipts"
SALES = "Income:4010-Used-vehicle-sales"
STOCK = "Assets:1002-Used-vehicle-stock"


@pytest.fixture(params=[False, True], ids=["one tab", "with lines"])
def made(request: pytest.FixtureRequest) -> Office:
    return office(lines=request.param)


@pytest.fixture
def shop(tmp_path: Path, made: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dealership]:
    shop = Dealership(
        tmp_path / "shop", f"sqlite:///{tmp_path / 'store.db'}", clock=made.clock.now, source_of_record="sheet"
    )
    own = {"platform": "google_sheets", "books": {"LEEDS": "northgate"}, **given_settings(made)}
    shop.settings["sources"] = {"sheet": own}
    shop.write_config()
    more = {"standing_range": made.standing_column()}
    monkeypatch.setattr(factory, "build", lambda **how: source_of(made, how["fields"], **more))
    made.clock.sleep(15 * 86_400)
    yield shop
    shop.close()


def _sync(shop: Dealership, made: Office) -> SyncResult:
    made.clock.sleep(900)
    return shop.sync()


def _reasons(shop: Dealership) -> list[str]:
    return [
        one["message"]
        for row in shop.rows("quarantine")
        if row["state"] == "open"
        for one in json.loads(row["reasons"])
        if one["severity"] == "E"
    ]


def test_delivered_rows_are_posted_with_their_amounts_and_edited_ones_amended(shop: Dealership, made: Office) -> None:
    first, _ = made.deal(1, price="10000.00"), made.deal(2, price="12345.67")
    made.deal(3, Status="Quote")
    result = _sync(shop, made)
    assert result.exit_code == 0, (result.as_json(), _reasons(shop))
    assert {name: row["state"] for name, row in shop.deals().items()} == {"GS-1": "posted", "GS-2": "posted"}
    # Margin scheme: of what a car brings over its stock book's price a sixth is VAT: 333.33 and 724.28.
    balances = shop.balances()
    assert balances[VAT] == Decimal("-1057.61")
    assert balances[RECEIPTS] == Decimal("22345.67")
    assert balances[SALES] == Decimal("-21288.06")
    assert balances[STOCK] == Decimal("-16000.00")
    made.hand.reverse("Deals")
    made.reprice(first, "9500.00")
    result = _sync(shop, made)
    assert result.exit_code == 0, (result.as_json(), _reasons(shop))
    assert {name: row["posted_version"] for name, row in shop.deals().items()} == {"GS-1": 2, "GS-2": 1}
    balances = shop.balances()
    assert (balances[VAT], balances[RECEIPTS]) == (Decimal("-974.28"), Decimal("21845.67"))
    assert _sync(shop, made).exit_code == 0
    assert shop.balances() == balances


def test_broken_and_doubled_rows_wait_and_are_posted_when_they_are_corrected(shop: Dealership, made: Office) -> None:
    made.deal(1, Make="#REF!")
    made.deal(2)
    made.deal(2)
    made.deal(3)
    assert _sync(shop, made).exit_code == 3
    assert {name for name, row in shop.deals().items() if row["state"] == "posted"} == {"GS-3"}
    told = "\n".join(_reasons(shop))
    assert "Deals!M2 (Make) shows #REF!" in told
    assert "rows 3 and 4 of Deals have the same id GS-2" in told
    assert len(_reasons(shop)) == (3 if made.lines else 2)  # with lines the doubled deal has two cars too
    made.edit("GS-1", Make="Skoda")
    made.delete("GS-2")
    if made.lines:
        made.hand.remove("Lines", made.hand.find("Lines", "Deal ID", "GS-2")[0])
    result = _sync(shop, made)
    assert result.exit_code == 0, (result.as_json(), _reasons(shop))
    assert {row["state"] for row in shop.deals().values()} == {"posted"}
    assert len(shop.deals()) == 3


def test_a_row_without_an_id_waits_and_is_posted_once_it_has_one(shop: Dealership, made: Office) -> None:
    made.deal(1)
    made.deal(2, **{"Deal ID": ""})
    assert _sync(shop, made).exit_code == 3
    assert any("(Deal ID) holds no id" in one for one in _reasons(shop))
    assert made.standings()[""].startswith("quarantined, number ")
    row = made.hand.find("Deals", "Customer ID", "C-2")[0]
    made.hand.edit("Deals", row, Deal_ID="GS-2")
    result = _sync(shop, made)
    assert result.exit_code == 0, (result.as_json(), _reasons(shop))
    assert {name: one["state"] for name, one in shop.deals().items()}["GS-2"] == "posted"


def test_a_reopened_and_a_deleted_row_wait_for_a_person(shop: Dealership, made: Office) -> None:
    first, second = made.deal(1), made.deal(2)
    assert _sync(shop, made).exit_code == 0
    made.edit(first, Status="Quote")
    assert _sync(shop, made).exit_code == 3
    made.delete(second)
    assert _sync(shop, made).exit_code == 3
    codes = [
        one["code"] for row in shop.rows("quarantine") if row["state"] == "open" for one in json.loads(row["reasons"])
        if one["severity"] == "E"
    ]  # fmt: skip
    assert codes == ["S022", "S023"]


def test_how_deals_stand_is_written_beside_them_and_changes_none(shop: Dealership, made: Office) -> None:
    made.deal(1)
    made.deal(2, Make="#REF!")
    made.deal(3, Status="Quote")
    result = _sync(shop, made)
    assert [(one.source, one.written, one.failure) for one in result.standings] == [("sheet", 2, "")]
    told = made.standings()
    assert (told["GS-1"], told["GS-3"]) == ("posted: sale-v1", "")
    assert told["GS-2"] == "quarantined, number 1: Deals!M3 (Make) shows #REF!"
    rows = len(shop.rows("inbox"))
    assert [one.written for one in _sync(shop, made).standings] == [0]
    assert len(shop.rows("inbox")) == rows
    made.edit("GS-2", Make="Skoda")
    made.edit("GS-1", Vehicle_cost="#REF!")
    assert [one.written for one in _sync(shop, made).standings] == [2]
    told = made.standings()
    assert told["GS-2"] == "posted: sale-v1"
    assert told["GS-1"].startswith(
        "posted: sale-v1; its change is quarantined, number 2: Deals!P2 (Vehicle cost) shows #REF!; "
    )
    made.edit("GS-1", Vehicle_cost=8000)
    assert [one.written for one in _sync(shop, made).standings] == [1]
    assert made.standings() == {"GS-1": "posted: sale-v1", "GS-2": "posted: sale-v1", "GS-3": ""}


def test_an_amended_sale_shows_the_version_that_stands_in_the_ledger(shop: Dealership, made: Office) -> None:
    first = made.deal(1)
    _sync(shop, made)
    made.reprice(first, "9500.00")
    _sync(shop, made)
    assert made.standings() == {"GS-1": "posted: sale-v2"}


def _shared_as(made: Office, role: str) -> None:
    settings = made.box.settings
    made.box.settings.shared[settings.client_email] = role


def test_standings_that_cannot_be_written_fail_no_sync_and_are_told(shop: Dealership, made: Office) -> None:
    made.deal(1)
    _shared_as(made, "reader")
    result = _sync(shop, made)
    (one,) = result.standings
    assert (result.exit_code, result.failures, one.written) == (0, [], 0)
    assert "sheet" in one.failure and "Editor" in one.failure
    assert {row["state"] for row in shop.deals().values()} == {"posted"}
    said = Cli(shop.folder).run("sync")
    assert (said.exit_code, said.output.count("Editor")) == (0, 1)
    _shared_as(made, "writer")
    assert [one.written for one in _sync(shop, made).standings] == [1]


def test_nothing_is_written_while_nothing_is_posted(shop: Dealership, made: Office) -> None:
    made.deal(1)
    made.clock.sleep(900)
    assert shop.sync(post=False).standings == []
    assert made.standings() == {"GS-1": ""}


def test_a_source_that_takes_no_standings_is_told_none(shop: Dealership, made: Office) -> None:
    made.deal(1)
    with shop.open() as house:
        source_config = house.source("sheet")
        source_config.settings = source_config.settings.model_copy(update={"standing_range": ""})
        assert tell_standings(house, ["sheet"]) == []
    assert made.standings() == {"GS-1": ""}


def test_standings_are_few_calls(shop: Dealership, made: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 31):
        made.deal(number)
    _sync(shop, made)
    calls: list[str] = []
    perform = made.box.perform

    def noted(call: Any) -> Any:
        calls.append(call.method)
        return perform(call)

    monkeypatch.setattr(made.box, "perform", noted)
    with shop.open() as house:
        assert [one.written for one in tell_standings(house, ["sheet"])] == [0]
    assert calls == ["GET"]  # the tab with its column
    made.edit("GS-1", Ledger="")
    made.edit("GS-9", Ledger="")
    calls.clear()
    with shop.open() as house:
        assert [one.written for one in tell_standings(house, ["sheet"])] == [2]
    assert calls == ["GET", "PUT", "GET"]  # both by one call, then read again


def test_a_row_that_is_still_being_filled_in_waits_and_is_posted_when_it_is_whole(
    shop: Dealership, made: Office
) -> None:
    made.deal(1)
    made.deal(2, VIN="", **{"Stock book price": "", "Sale date": "", "Delivery date": ""})
    assert _sync(shop, made).exit_code == 3
    assert {name for name, row in shop.deals().items() if row["state"] == "posted"} == {"GS-1"}
    made.edit("GS-2", VIN=vin_of(2), Sale_date=date(2026, 9, 10))
    assert _sync(shop, made).exit_code == 3
    made.edit("GS-2", Stock_book_price=8000, Delivery_date=date(2026, 9, 11))
    result = _sync(shop, made)
    assert result.exit_code == 0, (result.as_json(), _reasons(shop))
    assert {row["state"] for row in shop.deals().values()} == {"posted"}


def test_a_spreadsheet_that_was_emptied_takes_nothing_back(shop: Dealership, made: Office) -> None:
    for number in range(1, 8):
        made.deal(number)
    assert _sync(shop, made).exit_code == 0
    tab = made.box.book.tab("Deals")
    kept, tab.rows = tab.rows, tab.rows[:1]
    result = _sync(shop, made)
    assert result.exit_code == 3
    assert "7 of 7 deals" in str(result.as_json())
    tab.rows = []
    result = _sync(shop, made)
    assert result.exit_code == 3
    assert "no heading for columns" in str(result.failures)
    tab.rows = kept
    assert _sync(shop, made).exit_code == 0
    assert {row["state"] for row in shop.deals().values()} == {"posted"}
    assert [row["action"] for row in shop.rows("inbox")] == ["post"] * 7


_PAGE = Path(__file__).parents[2] / "docs" / "sources.md"


def _shown(kind: str) -> str:
    """The example of the page's part on spreadsheets."""
    part = _PAGE.read_text(encoding="utf-8").partition("## Google Sheets\n")[2].partition("\n## ")[0]
    return part.partition(f"```{kind}\n")[2].partition("```")[0]


def test_the_settings_on_the_page_are_settings_that_there_are() -> None:
    own = yaml.safe_load(_shown("yaml"))["sources"]["sheet"]
    assert own.pop("platform") == "google_sheets"
    settings = {name: value for name, value in own.items() if name != "books"}
    checked = settings_of("sheet", settings | {"spreadsheet": "1AbCdEfGhIjKlMnOpQrStUvWxYz"})
    assert {*checked.columns, *checked.without} <= FieldMap.load("google_sheets").reads()
    assert source_of(office(), **settings | given_settings(office())).settings.take_when == ("Delivered",)
