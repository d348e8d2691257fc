"""The Google Sheets sandbox, judged by gspread and google-auth."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import gspread
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.service_account import Credentials
from google_sheets_support import HEADINGS, Office, key_json, office
from keys_support import key_pair

from sandbox.google_sheets import GoogleSheetsSandbox, Settings
from sandbox.google_sheets.ranges import Area, parsed
from sandbox.kit import Answer, Call, Fault, FaultPlan, RealClock

WRITE = "https://www.googleapis.com/auth/spreadsheets"
READ = f"{WRITE}.readonly"


class Direct(requests.adapters.BaseAdapter):
    """Hands requests to the sandbox without a network."""

    def __init__(self, box: GoogleSheetsSandbox) -> None:
        super().__init__()
        self._box = box

    def send(self, request: requests.PreparedRequest, **_more: Any) -> requests.Response:
        body = request.body or b""
        given = body.encode() if isinstance(body, str) else body
        answer: Answer = self._box.handle(Call.of(request.method or "", request.url or "", request.headers, given))
        response = requests.Response()
        response.status_code, response._content, response.url = answer.status, answer.body, request.url or ""
        response.headers.update(answer.headers)
        response.request = request
        return response

    def close(self) -> None:
        return


@pytest.fixture
def made() -> Office:
    """In real time: google-auth looks at the clock."""
    box = GoogleSheetsSandbox(Settings(public_key=key_pair()[1]), clock=RealClock(), faults=FaultPlan())
    box.hand.make_tab("Deals", HEADINGS)
    return Office(box, office().clock, box.faults, lines=False)


def client(made: Office, scope: str = WRITE, **key: str) -> gspread.Client:
    """The vendor-neutral client, by the service account."""
    plain = requests.Session()
    plain.mount("https://", Direct(made.box))
    info = json.loads(key_json(made.box)) | key
    credentials = Credentials.from_service_account_info(info, scopes=[scope])
    credentials.refresh(Request(plain))
    session = AuthorizedSession(credentials, auth_request=Request(plain), max_refresh_attempts=0)
    session.mount("https://", Direct(made.box))
    return gspread.Client(auth=None, session=session)


def test_rows_are_read_by_gspread_as_they_stand(made: Office) -> None:
    made.deal(1, price="18450.10")
    book = client(made).open_by_key(made.box.settings.spreadsheet)
    assert (book.title, book.timezone, book.locale) == ("Northgate deals", "Europe/London", "en_GB")
    tab = book.worksheet("Deals")
    (row,) = tab.get_all_records(value_render_option=gspread.utils.ValueRenderOption.unformatted)
    assert (row["Deal ID"], row["Sale date"], row["Sale price"]) == ("GS-1", 46275, 18450.1)
    (shown,) = tab.get_all_records()
    assert shown["Sale date"] == "10/09/2026"


def test_what_is_empty_at_the_end_is_cut(made: Office) -> None:
    made.hand.add("Deals", {"Deal ID": "GS-1", "Status": "Quote"})
    tab = client(made).open_by_key(made.box.settings.spreadsheet).worksheet("Deals")
    assert tab.get("A2:Z9") == [["GS-1", "Quote"]]
    assert tab.get("A3:Z9") == [[]]
    both = tab.batch_get(["A1:B1", "A2:A"])
    assert [list(one) for one in both] == [[["Deal ID", "Status"]], [["GS-1"]]]


def test_gspread_writes_and_appends(made: Office) -> None:
    book = client(made).open_by_key(made.box.settings.spreadsheet)
    tab = book.add_worksheet("Ledger", rows=10, cols=5)
    tab.append_row(["Deal ID", "Standing"])
    answer = tab.append_row(["GS-1", "=1+1"], value_input_option=gspread.utils.ValueInputOption.raw)
    assert answer["updates"]["updatedRange"] == "Ledger!A2:B2"
    assert answer["tableRange"].startswith("Ledger!A1")
    tab.update([["GS-2", 1.5, True]], "A3:C3")
    assert made.hand.rows("Ledger") == [["Deal ID", "Standing"], ["GS-1", "=1+1"], ["GS-2", Decimal("1.5"), True]]
    tab.update([["2026-11-20", "7.25"]], "A4:B4", value_input_option=gspread.utils.ValueInputOption.user_entered)
    assert tab.get("A4:B4", value_render_option="UNFORMATTED_VALUE") == [[46346, 7.25]]


def test_rows_below_are_not_written_over_when_rows_are_inserted(made: Office) -> None:
    made.box.book.add_tab("Ledger", [["a"], ["b"], [], [], ["below", "x"]])
    tab = client(made).open_by_key(made.box.settings.spreadsheet).worksheet("Ledger")
    tab.append_row(["c"], table_range="A1:A3", insert_data_option="INSERT_ROWS")
    assert [row[:1] for row in made.hand.rows("Ledger")] == [["a"], ["b"], ["c"], [], [], ["below"]]


def test_a_named_range_moves_with_its_column_and_null_leaves_a_cell_as_it_is(made: Office) -> None:
    book = client(made).open_by_key(made.box.settings.spreadsheet)
    tab = book.add_worksheet("Ledger", rows=10, cols=5)
    tab.append_rows([["Deal ID", "Standing"], ["GS-1", "new"], ["GS-2", "new"]])
    tab.define_named_range("B1:B10", "Standing")
    with pytest.raises(gspread.exceptions.APIError, match="already exists"):
        tab.define_named_range("A1:A2", "Standing")
    assert book.values_get("Standing")["range"] == "Ledger!B1:B10"
    made.hand.insert_column("Ledger", "Standing")
    made.hand.rename_tab("Ledger", "Sales 2026")
    raw = {"valueInputOption": "RAW"}
    assert book.values_update("Standing", raw, {"values": [[None], [None], ["=1+1"]]})["updatedRows"] == 3
    found = book.values_get("Standing")
    assert (found["range"], found["values"]) == ("'Sales 2026'!C1:C10", [["Standing"], ["new"], ["=1+1"]])
    with pytest.raises(gspread.exceptions.APIError, match="tried writing to row"):
        book.values_update("Standing", raw, {"values": [["x"]] * 11})
    with pytest.raises(gspread.exceptions.APIError, match="valueInputOption"):
        book.values_update("Standing", {}, {"values": [["x"]]})


@pytest.mark.parametrize("text", ["Nowhere!A1:B", "Deals!", "Deals!1A:B2:C3", "'Deals!A1:B2"])
def test_a_range_that_cannot_be_read_is_refused(made: Office, text: str) -> None:
    book = client(made).open_by_key(made.box.settings.spreadsheet)
    with pytest.raises(gspread.exceptions.APIError, match="Unable to parse range") as caught:
        book.values_get(text)
    assert caught.value.code == 400


def test_a_spreadsheet_that_is_not_shared_or_not_there(made: Office) -> None:
    given = client(made)
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        given.open_by_key("1NoSuchSpreadsheet000000000")
    made.box.settings.shared = {}
    with pytest.raises(PermissionError):
        given.open_by_key(made.box.settings.spreadsheet)


def test_a_token_to_read_does_not_write_and_a_reader_neither(made: Office) -> None:
    reading = client(made, READ).open_by_key(made.box.settings.spreadsheet).worksheet("Deals")
    with pytest.raises(gspread.exceptions.APIError, match="insufficient authentication scopes"):
        reading.append_row(["x"])
    made.box.settings.shared = {made.box.settings.client_email: "reader"}
    with pytest.raises(gspread.exceptions.APIError, match="does not have permission"):
        client(made).open_by_key(made.box.settings.spreadsheet).worksheet("Deals").append_row(["x"])


def test_more_than_sixty_reads_a_minute_are_refused(made: Office) -> None:
    book = client(made).open_by_key(made.box.settings.spreadsheet)
    for _ in range(59):
        book.values_get("Deals!A1")
    with pytest.raises(gspread.exceptions.APIError, match="Read requests per minute per user") as caught:
        book.values_get("Deals!A1")
    assert (caught.value.code, caught.value.error["status"]) == (429, "RESOURCE_EXHAUSTED")


def test_an_assertion_that_another_key_signed_is_refused(made: Office) -> None:
    made.box.settings.public_key = key_pair.__wrapped__()[1]
    with pytest.raises(RefreshError, match="invalid_grant"):
        client(made)


def test_an_assertion_of_somebody_else_is_refused(made: Office) -> None:
    with pytest.raises(RefreshError, match="invalid_grant"):
        client(made, client_email="other@example.com")


def test_a_fault_answers_as_google_does(made: Office) -> None:
    book = client(made).open_by_key(made.box.settings.spreadsheet)
    made.faults.order([Fault.SERVER_ERROR, Fault.LIMIT_MINUTE], "read")
    for code in (500, 429):
        with pytest.raises(gspread.exceptions.APIError) as caught:
            book.values_get("Deals!A1")
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("Deals", Area("Deals")), ("'Sales 2026'!A2:T", Area("Sales 2026", 1, 0, None, 19)),
        ("Deals!B3", Area("Deals", 2, 1, 2, 1)), ("Deals!3:7", Area("Deals", 2, 0, 6, None)),
        ("'It''s'!AA1:AB2", Area("It's", 0, 26, 1, 27)), ("A1:B2", Area("Deals", 0, 0, 1, 1)),
    ],
)  # fmt: skip
def test_ranges_are_read(text: str, area: Area) -> None:
    assert parsed(text, ["Deals", "Sales 2026", "It's"]) == area
