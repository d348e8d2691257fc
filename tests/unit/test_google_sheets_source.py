"""The source of Google Sheets against its sandbox: rows, keys, tokens, Drive's version, standings."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from google_sheets_support import HEADINGS, Office, given_settings, key_json, office, source_of
from hypothesis import given
from hypothesis import strategies as st

from blocks.sources.google_sheets.block import GoogleSheets
from blocks.sources.google_sheets.column import is_ours
from blocks.sources.google_sheets.factory import account_of, build, settings_of
from blocks.sources.google_sheets.source import GoogleSheet
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.mapping import FieldMap
from dealbooks.pipeline.states import DEAL_STATES
from dealbooks.source import CursorExpired, SourceRecord
from sandbox.google_sheets.ranges import Area
from sandbox.kit import Fault


@pytest.fixture
def made() -> Office:
    return office()


def read(source: GoogleSheet, made: Office) -> dict[str, SourceRecord]:
    return {one.key: one for page in source.everything(made.clock.now()) for one in page.records}


def wrong(record: SourceRecord) -> list[str]:
    return [str(one["row_problem"]) for one in record.data.get("row_problems", ())]


def test_a_row_is_a_deal(made: Office) -> None:
    made.deal(1, price="18450.10")
    made.deal(2, Status="Quote")
    found = read(source_of(made), made)
    data = found["GS-1"].data
    assert (data["sale_date"], data["sale_price"], data["year"]) == ("2026-09-10", "18450.1", "2022")
    assert data["price_includes_tax"] is True
    assert "status" not in data
    assert found["GS-1"].place == "Deals row 2 (GS-1)"
    assert (found["GS-2"].counts, found["GS-2"].data) == (False, {})


def test_the_order_of_rows_and_columns_changes_nothing(made: Office) -> None:
    for number in range(1, 6):
        made.deal(number)
    before = {key: one.data for key, one in read(source_of(made), made).items()}
    made.hand.reverse("Deals")
    for row in made.box.book.tab("Deals").rows:
        row.insert(0, "anything")
    assert {key: one.data for key, one in read(source_of(made), made).items()} == before


def test_rows_with_the_same_id_are_both_set_aside(made: Office) -> None:
    made.deal(1, price="10000.00")
    made.deal(2)
    made.deal(1, price="12000.00")
    found = read(source_of(made), made)
    assert wrong(found["GS-1"]) == ["rows 2 and 4 of Deals have the same id GS-1"]
    assert found["GS-1"].place == "Deals rows 2 and 4 (GS-1)"
    assert wrong(found["GS-2"]) == []
    assert FieldMap.load("google_sheets").value("deal_id", found["GS-2"].data) == "GS-2"


def test_a_sold_row_without_an_id_is_set_aside_and_an_unsold_one_is_nobodys(made: Office) -> None:
    made.deal(1, **{"Deal ID": ""})
    made.deal(2, **{"Deal ID": "", "Status": "Quote"})
    made.hand.add("Deals", {"Notes": "sold in spring:"})
    (record,) = read(source_of(made), made).values()
    assert wrong(record) == ["Deals!A2 (Deal ID) holds no id"]


def test_cells_that_cannot_be_used_are_named_by_their_reference(made: Office) -> None:
    made.deal(1, VIN=1234567, **{"Vehicle cost": "#REF!", "Sale date": "10/9/26"})
    made.edit("GS-1", Sale_price="10.000,00")
    made.deal(2, Status="#N/A")
    found = read(source_of(made), made)
    assert wrong(found["GS-1"]) == [
        "Deals!C2 (Sale date) holds text, not a date: 10/9/26 (en_GB)",
        "Deals!J2 (VIN) holds a number, not text: 1234567",
        "Deals!P2 (Vehicle cost) shows #REF!",
        "Deals!U2 (Sale price) holds text, not a number: 10.000,00 (en_GB)",
    ]
    assert found["GS-2"].counts
    assert wrong(found["GS-2"]) == ["Deals!B3 (Status) shows #N/A"]
    assert len(source_of(made).problems()) == 5


def test_an_error_in_a_column_that_nobody_reads_is_nothing(made: Office) -> None:
    made.deal(1, Notes="#REF!")
    assert wrong(read(source_of(made), made)["GS-1"]) == []


def test_the_words_that_count_can_be_several(made: Office) -> None:
    made.deal(1, Status=" paid ")
    made.deal(2, Status="Delivered")
    made.deal(3, Status="Undelivered")
    found = read(source_of(made, take_when=["Delivered", "Paid"]), made)
    assert {key: one.counts for key, one in found.items()} == {"GS-1": True, "GS-2": True, "GS-3": False}
    assert settings_of("crm", given_settings(made, take_when="Paid")).take_when == ("Paid",)


def test_the_currency_says_how_many_decimals(made: Office) -> None:
    made.deal(1, price="1250000.4", Currency="JPY")
    made.deal(2, price="1250.1254", Currency="KWD")
    found = read(source_of(made), made)
    assert (found["GS-1"].data["sale_price"], found["GS-2"].data["sale_price"]) == ("1250000", "1250.125")


def test_lines_hang_on_their_deal_and_lost_ones_are_told() -> None:
    made = office(lines=True)
    made.deal(1)
    made.hand.add("Lines", {"Deal ID": "GS-1", "Kind": "Product", "Name": "Warranty", "Amount": Decimal("399.5")})
    made.hand.add("Lines", {"Deal ID": "GS-1", "Kind": "Trade-in", "Name": "Polo", "Amount": -3000})
    made.hand.add("Lines", {"Deal ID": "GS-7", "Kind": "Fee", "Name": "Plates", "Amount": "#REF!"})
    source = source_of(made)
    data = read(source, made)["GS-1"].data
    assert [(one["index"], one["kind"], one["amount"]) for one in data["lines"]] == [
        (1, "vehicle", "10000"), (2, "product", "399.5"), (3, "trade_in", "-3000"),
    ]  # fmt: skip
    assert data["total"] == "10399.5"
    assert source.problems() == ["Lines!A5 (Deal ID) names a deal that the tab Deals does not have."]
    made.hand.add("Lines", {"Deal ID": "GS-1", "Kind": "Fee", "Name": "Plates"})
    assert wrong(read(source, made)["GS-1"]) == ["Lines!E6 (Amount) holds no amount"]


def test_a_sweep_is_two_calls_however_many_rows(made: Office) -> None:
    for number in range(1, 40):
        made.deal(number)
    source = source_of(made)
    assert len(read(source, made)) == 39
    assert [one.what for one in source.exchanges()] == ["read the spreadsheet's settings", "read Deals"]


def test_deals_that_are_fetched_together_are_read_together(made: Office) -> None:
    made.deal(1, Make="Skoda")
    made.deal(2)
    source = source_of(made)

    def fetched(key: str) -> Any:
        record = source.fetch(key)
        return record and record.data["make"], len(source.exchanges())

    assert (fetched("GS-1"), fetched("GS-2")) == (("Skoda", 2), ("Skoda", 2))
    source.get_ready()
    assert (fetched("GS-1"), fetched("GS-2"), fetched("GS-3")) == (("Skoda", 2), ("Skoda", 0), (None, 0))
    made.edit("GS-1", Make="Seat")
    source.get_ready()
    assert fetched("GS-1") == ("Seat", 2)
    made.edit("GS-1", Make="Audi")
    made.clock.sleep(61)
    assert fetched("GS-1") == ("Audi", 2)


def test_what_drive_has_seen_no_change_of_is_not_read(made: Office) -> None:
    made.deal(1)
    source = source_of(made, drive=True)
    assert source.capabilities.cursor == "feed"

    def sweep(now: datetime, cursor: Any) -> tuple[int, Any]:
        pages = list(source.changes(cursor, now))
        return sum(len(page.records) for page in pages), pages[-1].cursor

    count, cursor = sweep(made.clock.now(), None)
    assert (count, cursor["version"]) == (1, str(made.box.book.version))
    source.exchanges()
    made.clock.sleep(600)
    assert sweep(made.clock.now(), cursor) == (0, cursor)
    assert [one.what for one in source.exchanges()] == ["ask Drive whether anything changed"]
    with pytest.raises(CursorExpired):
        list(source_of(made, drive=True, take_when="Paid").changes(cursor, made.clock.now()))
    made.deal(2)
    with pytest.raises(CursorExpired):
        list(source.changes(cursor, made.clock.now()))
    *_, last = source.everything(made.clock.now())
    assert sweep(made.clock.now(), last.cursor) == (0, last.cursor)
    made.clock.sleep(25 * 3600)
    with pytest.raises(CursorExpired):
        list(source.changes(last.cursor, made.clock.now()))


def test_a_drive_that_is_not_enabled_is_a_problem(made: Office) -> None:
    made.box.settings.drive = False
    assert "Drive API" in source_of(made, drive=True).problems()[0]
    assert source_of(made).problems() == []


def test_a_changed_heading_tab_or_time_zone_stops_the_source(made: Office) -> None:
    made.deal(1)
    source = source_of(made, timezone="Europe/London")
    assert source.problems() == []
    made.hand.head("Deals", "VIN", "Chassis number")
    with pytest.raises(StopConnection, match="no heading for columns that are read: vin"):
        read(source, made)
    assert len(read(source_of(made, columns={"vin": "Chassis number"}), made)) == 1
    made.hand.head("Deals", "Chassis number", "VIN")
    made.box.settings.timezone = "America/New_York"
    with pytest.raises(StopConnection, match="set to the time zone America/New_York"):
        read(source, made)
    made.box.settings.timezone = "Europe/London"
    made.hand.rename_tab("Deals", "Sales 2026")
    with pytest.raises(StopConnection, match="Unable to parse range"):
        read(source, made)
    assert len(read(source_of(made, tab="Sales 2026"), made)) == 1


def test_a_map_that_would_take_broken_rows_does_not_start(made: Office) -> None:
    with pytest.raises(StopConnection, match="does not read row_problems"):
        source_of(made, ["deal_id", "vin"]).get_ready()


def test_too_many_calls_are_waited_out(made: Office) -> None:
    made.deal(1)
    made.faults.order([None, *[Fault.LIMIT_MINUTE] * 4], "read")
    before = made.clock.now()
    assert len(read(source_of(made), made)) == 1
    assert (made.clock.now() - before).total_seconds() >= 60


def test_a_token_is_used_until_shortly_before_its_end(made: Office) -> None:
    source = source_of(made)
    read(source, made)
    made.clock.sleep(1800)
    read(source, made)
    assert made.box.identity.issued == 1
    made.clock.sleep(1750)
    read(source, made)
    assert made.box.identity.issued == 2


def test_what_google_refuses_is_said_with_what_to_do(made: Office) -> None:
    source = source_of(made)
    made.box.settings.shared = {}
    with pytest.raises(StopConnection, match="does not have permission") as caught:
        read(source, made)
    assert "Share the spreadsheet" in caught.value.fix
    made.box.settings.client_email = "other@example.com"
    with pytest.raises(StopConnection, match=r"gives the service account .* no token \(invalid_grant\)"):
        source_of(made, client_email="gone@example.com").get_ready()


def test_an_assertion_for_somebody_else_or_of_another_time_is_refused(made: Office) -> None:
    with pytest.raises(StopConnection, match="invalid_grant"):
        source_of(made, token_url="https://elsewhere.example/token").get_ready()
    late = source_of(made)
    late._session.now = lambda: made.clock.now() - timedelta(hours=3)
    with pytest.raises(StopConnection, match="invalid_grant") as caught:
        late.get_ready()
    assert "clock" in caught.value.fix


def standing(made: Office, **given: Any) -> GoogleSheet:
    return source_of(made, standing_range=made.standing_column(), **given)


def cells(made: Office) -> dict[str, dict[str, Any]]:
    """What stands under the headings of the dealership, by deal."""
    heads, *rows = made.hand.rows("Deals")
    told = [{head: cell for head, cell in zip(heads, row, strict=False) if head in HEADINGS and cell} for row in rows]
    return {row["Deal ID"]: row for row in told}


KNOWN = {"GS-1": "posted", "GS-2": "quarantined: Deals!C3 (Sale date) holds no date", "GS-3": ""}


def test_standings_are_written_into_their_own_column_and_nowhere_else(made: Office) -> None:
    for number in (1, 2, 3):
        made.deal(number)
    source, before, content = standing(made), cells(made), read(source_of(made), made)
    assert source.problems() == []
    assert source.write_standings(KNOWN.__getitem__) == 2
    assert made.standings() == KNOWN
    assert cells(made) == before
    assert read(source, made) == content
    source.exchanges()
    assert source.write_standings(KNOWN.__getitem__) == 0
    assert [one.what for one in source.exchanges()] == ["read Deals, Standing"]
    assert source.write_standings(lambda _key: "") == 2
    assert made.standings() == dict.fromkeys(KNOWN, "")


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER, Fault.TIMEOUT_BEFORE, Fault.SERVER_ERROR, Fault.LIMIT_MINUTE])
def test_standings_are_right_whatever_became_of_the_first_try(made: Office, fault: Fault) -> None:
    for number in (1, 2, 3):
        made.deal(number)
    source = standing(made)
    made.faults.order([fault], "write")
    assert source.write_standings(KNOWN.__getitem__) == 2
    assert made.standings() == KNOWN
    if fault is Fault.TIMEOUT_AFTER:
        return  # it was written
    made.faults.order([fault] * 4, "write")
    with pytest.raises(StopConnection, match="could not be written"):
        source.write_standings(lambda key: "posted" if key == "GS-3" else KNOWN[key])


def test_rows_and_columns_that_move_between_reading_and_writing_lose_nothing(
    made: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        made.deal(number)
    source, before = standing(made), cells(made)
    put, tries = source._api.put, []

    def meanwhile(name: str, rows: Any) -> Any:
        tries.append(name)
        if len(tries) == 1:
            made.hand.reverse("Deals")
            made.hand.insert_column("Deals", "Notes")
        return put(name, rows)

    monkeypatch.setattr(source._api, "put", meanwhile)
    source.write_standings(KNOWN.__getitem__)
    assert made.standings() == KNOWN
    assert len(tries) == 2
    assert cells(made) == before


def test_what_somebody_else_wrote_into_the_column_is_left_alone(made: Office) -> None:
    for number in (1, 2, 3):
        made.deal(number)
    source = standing(made)
    made.edit("GS-1", Ledger="ask Ann")
    made.edit("GS-3", Ledger="posted")
    assert source.write_standings(KNOWN.__getitem__) == 2
    assert made.standings() == KNOWN | {"GS-1": "ask Ann"}
    assert source.problems() == ["Deals!Z2 holds what Dealbooks did not write: it is left as it is."]


def test_a_range_that_is_no_free_column_is_refused(made: Office) -> None:
    made.deal(1)
    made.hand.make_tab("Other", ["Ledger"])
    made.hand.name_column("Deals", "VIN", "Cars")
    made.hand.name_column("Other", "Ledger", "Elsewhere")
    made.box.book.named |= {"Wide": Area("Deals", 0, 24, None, 25), "Short": Area("Deals", 0, 25, 0, 25)}
    for name, said in (("Cars", "over a column that is read"), ("Elsewhere", "no column of the tab Deals")):
        with pytest.raises(StopConnection, match=said):
            source_of(made, standing_range=name).write_standings(lambda _key: "posted")
    assert "no column of the tab" in source_of(made, standing_range="Wide").problems()[0]
    assert "no column of the tab" in source_of(made, standing_range="Short").problems()[0]
    made.box.book.named["Short"] = Area("Deals", 0, 25, 1, 25)
    made.deal(2)
    assert "does not reach all rows" in source_of(made, standing_range="Short").problems()[0]
    assert "Unable to parse range" in source_of(made, standing_range="Gone").problems()[0]


def test_nothing_is_written_unless_a_column_is_named(made: Office) -> None:
    source = source_of(made)
    with pytest.raises(ConfigError, match="names no column"):
        source.write_standings(lambda _key: "posted")
    assert account_of("crm", source.settings).scope.endswith("spreadsheets.readonly")
    made.box.settings.shared = {made.box.settings.client_email: "reader"}
    made.deal(1)
    with pytest.raises(StopConnection, match="does not have permission"):
        standing(made).write_standings(lambda _key: "posted")


@given(st.text(max_size=40))
def test_only_empty_cells_and_states_are_ours(text: str) -> None:
    assert is_ours(text) == (text == "" or any(text.partition(mark)[0] in DEAL_STATES for mark in ":,"))


def test_the_key_is_found_in_a_file_or_given_whole_or_in_two_parts(made: Office, tmp_path: Path) -> None:
    text = key_json(made.box)
    (tmp_path / "key.json").write_text(text, encoding="utf-8")
    own = {"private_key": ""}
    whole = account_of("crm", settings_of("crm", given_settings(made)))
    filed = settings_of("crm", given_settings(made, **own, key_file="key.json"))
    assert account_of("crm", filed, tmp_path) == whole
    parts = given_settings(made, private_key=whole.private_key, client_email=whole.client_id)
    assert account_of("crm", settings_of("crm", parts)).private_key == whole.private_key
    for blank in ("", " \n"):
        with pytest.raises(ConfigError, match="needs the key"):
            build("crm", given_settings(made, private_key=blank, client_email="a@example.com"))
    with pytest.raises(ConfigError, match="cannot be read"):
        build("crm", given_settings(made, **own, key_file="gone.json"), tmp_path)
    with pytest.raises(ConfigError, match="not the JSON file"):
        build("crm", given_settings(made, private_key="{broken"))
    with pytest.raises(StopConnection, match="private key of the service account cannot be read") as caught:
        source_of(made, private_key="nonsense", client_email="a@example.com").get_ready()
    assert "nonsense" not in f"{caught.value!r}{caught.value.fix}{caught.value.__context__!r}"


def test_a_setting_that_there_is_not_is_named(made: Office) -> None:
    with pytest.raises(ConfigError, match="sheet_id"):
        build("crm", given_settings(made, sheet_id="x"))
    with pytest.raises(ConfigError, match="spreadsheet"):
        build("crm", given_settings(made, spreadsheet="https://docs.google.com/x"))


def test_a_block_makes_the_source(made: Office) -> None:
    given = given_settings(made)
    block = GoogleSheets(**given)
    assert block.settings()["without"] == given["without"]
    source = block.build("crm")
    assert isinstance(source, GoogleSheet)
    assert source.settings.spreadsheet == given["spreadsheet"]
    assert "PRIVATE" not in f"{block!r}{block.model_dump_json()}"
    assert "needs the key" in GoogleSheets(spreadsheet=given["spreadsheet"]).check()[0]
