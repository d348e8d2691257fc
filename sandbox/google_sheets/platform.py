"""The Google Sheets sandbox: the gate that every call passes, its resources, and faults of Google's own kind."""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.google_sheets.book import Tab, Workbook, entered
from sandbox.google_sheets.hand import Hand
from sandbox.google_sheets.identity import PATH, Identity
from sandbox.google_sheets.ranges import Area, named, parsed
from sandbox.google_sheets.settings import Settings
from sandbox.google_sheets.wire import Refusal, picked
from sandbox.kit import Answer, Call, Clock, Fault, FaultPlan, Platform, as_json

_SHEETS, _DRIVE = "/v4/spreadsheets/", "/drive/v3/files/"
_RENDERS = ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA")
_INPUTS = ("RAW", "USER_ENTERED")
_MINUTE = timedelta(minutes=1)


class GoogleSheetsSandbox(Platform):
    """One spreadsheet. Paths: `/token`, `/v4/spreadsheets/...`, `/drive/v3/files/...`."""

    name = "google_sheets"

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, faults: FaultPlan | None = None
    ) -> None:
        super().__init__(clock=clock, faults=faults)
        self.settings = settings or Settings()
        self.identity = Identity(self.settings, self.clock)
        self.book = Workbook(self.settings, self.clock, self.log)
        self.hand = Hand(self.book, self._alone)
        self._spent: dict[tuple[str, str], deque[datetime]] = {}
        self._errors = itertools.cycle(self.settings.server_errors)

    def kind_of(self, call: Call) -> str:
        """`write`, `read` or `token`."""
        if call.path == PATH:
            return "token"
        return "read" if call.method == "GET" else "write"

    def perform(self, call: Call) -> Answer:
        """Do what the call asks for."""
        if call.path == PATH:
            return self.identity.perform(call)
        kind = self.kind_of(call)
        drive = call.path.startswith(_DRIVE)
        try:
            user = self.identity.check(call, "drive" if drive else kind)
            self._count(user, "drive" if drive else kind)
            return as_json(self._file(call, user) if drive else self._spreadsheet(call, user, kind))
        except Refusal as refusal:
            return refusal.answer

    def served_at(self, address: str) -> None:
        """Assertions are for the address of the token endpoint."""
        self.settings.audience = f"{address}{PATH}"

    def faulty(self, fault: Fault, call: Call) -> Answer | None:
        """Google's own answer to a fault."""
        if fault is Fault.SERVER_ERROR:
            return Refusal(next(self._errors), "Internal error encountered.").answer
        if call.path == PATH:
            return None
        if fault is Fault.TOKEN_EXPIRED:
            self.identity.revoke()
            return Refusal(401, "Request had invalid authentication credentials.").answer
        return _quota(self.kind_of(call)).answer if fault is Fault.LIMIT_MINUTE else None

    # -- the gate --------------------------------------------------------------------------------------------------

    def _count(self, user: str, kind: str) -> None:
        most = {"read": self.settings.reads_per_minute, "write": self.settings.writes_per_minute}.get(kind)
        calls, now = self._spent.setdefault((user, kind), deque()), self.clock.now()
        while calls and calls[0] <= now - _MINUTE:
            calls.popleft()
        if most is not None and len(calls) >= most:
            raise _quota(kind)
        calls.append(now)

    # -- Drive -----------------------------------------------------------------------------------------------------

    def _file(self, call: Call, user: str) -> Any:
        if not self.settings.drive:
            raise Refusal(403, "Google Drive API has not been used in project 1 before or it is disabled.")
        ref = call.path.removeprefix(_DRIVE)
        if call.method != "GET" or ref != self.settings.spreadsheet or user not in self.settings.shared:
            raise Refusal(404, f"File not found: {ref}.")
        whole = {
            "kind": "drive#file", "id": ref, "name": self.settings.title,
            "mimeType": "application/vnd.google-apps.spreadsheet", "version": str(self.book.version),
            "modifiedTime": f"{self.book.modified:%Y-%m-%dT%H:%M:%S}.000Z",
        }  # fmt: skip
        return picked(whole, call.query.get("fields", "kind,id,name,mimeType"))

    # -- Sheets ----------------------------------------------------------------------------------------------------

    def _spreadsheet(self, call: Call, user: str, kind: str) -> Any:
        ref, _, rest = call.path.removeprefix(_SHEETS).partition("/")
        ref, _, verb = ref.partition(":")
        if not call.path.startswith(_SHEETS) or ref != self.settings.spreadsheet:
            raise Refusal(404, "Requested entity was not found.")
        self.identity.allow(user, kind)
        if not rest:
            if verb == "batchUpdate" and call.method == "POST":
                return self._structure(call)
            return picked(self._described(), call.query.get("fields", ""))
        if rest == "values:batchGet" and call.method == "GET":
            return {"spreadsheetId": ref, "valueRanges": [self._values(call, one) for one in call.every["ranges"]]}
        if rest == "values:batchUpdate" and call.method == "POST":
            return self._written_several(call)
        if not rest.startswith("values/"):
            raise Refusal(404, "Requested entity was not found.")
        area = rest.removeprefix("values/")
        if call.method == "GET":
            return self._values(call, area)
        if call.method == "PUT":
            return self._written(self._area(area), self._body(call)["values"], self._option(call.query), area)
        if call.method == "POST" and area.endswith(":append"):
            return self._appended(call, self._area(area.removesuffix(":append")))
        raise Refusal(404, "Requested entity was not found.")

    def _described(self) -> dict[str, Any]:
        sheets = [{"properties": _properties(tab, place)} for place, tab in enumerate(self.book.tabs)]
        return {
            "spreadsheetId": self.settings.spreadsheet,
            "properties": {
                "title": self.settings.title, "locale": self.settings.locale, "timeZone": self.settings.timezone,
                "autoRecalc": "ON_CHANGE",
            },
            "sheets": sheets,
            "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{self.settings.spreadsheet}/edit",
        }  # fmt: skip

    def _values(self, call: Call, text: str) -> dict[str, Any]:
        render = call.query.get("valueRenderOption", "FORMATTED_VALUE")
        if render not in _RENDERS:
            raise Refusal(400, f"Invalid value at 'value_render_option' (type.googleapis.com/...): \"{render}\"")
        area = self._whole(self._area(text))
        rows = self.book.values(area, render)
        if call.query.get("majorDimension") == "COLUMNS":
            width = max((len(row) for row in rows), default=0)
            rows = [[row[place] if place < len(row) else "" for row in rows] for place in range(width)]
        found = {"range": named(area), "majorDimension": call.query.get("majorDimension", "ROWS")}
        return found | ({"values": rows} if rows else {})

    def _appended(self, call: Call, area: Area) -> dict[str, Any]:
        option, rows = self._option(call.query), self._body(call)["values"]
        tab = self.book.tab(area.tab)
        last = tab.last_used(area)
        place = last + 1 if last >= 0 else area.row
        if call.query.get("insertDataOption") == "INSERT_ROWS":
            tab.rows[place:place] = [[] for _ in rows] if place < len(tab.rows) else []
        updates = self._written(replace(area, row=place, last_row=None), rows, option, "append")
        found: dict[str, Any] = {"spreadsheetId": self.settings.spreadsheet, "updates": updates}
        if last >= 0:
            found["tableRange"] = named(replace(self._whole(area), last_row=last))
        return found

    def _written_several(self, call: Call) -> dict[str, Any]:
        body = self._body(call)
        option = self._option(body)
        done = [
            self._written(self._area(one["range"]), one["values"], option, one["range"]) for one in body.get("data", [])
        ]
        cells = sum(one["updatedCells"] for one in done)
        return {"spreadsheetId": self.settings.spreadsheet, "totalUpdatedCells": cells, "responses": done}

    def _written(self, area: Area, rows: list[list[Any]], option: str, what: str) -> dict[str, Any]:
        tab = self.book.tab(area.tab)
        width = max((len(row) for row in rows), default=0)
        if area.last_row is not None and len(rows) > area.last_row - area.row + 1:
            raise Refusal(
                400, f"Requested writing within range [{what}], but tried writing to row [{area.last_row + 2}]"
            )
        for place, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    tab.put(area.row + place, area.column + column, entered(value, option))
        self.book.changed("append" if what == "append" else "update", area.tab, {"values": rows})
        end = replace(area, last_row=area.row + len(rows) - 1, last_column=area.column + max(width, 1) - 1)
        return {
            "spreadsheetId": self.settings.spreadsheet, "updatedRange": named(end), "updatedRows": len(rows),
            "updatedColumns": width, "updatedCells": sum(len(row) for row in rows),
        }  # fmt: skip

    def _structure(self, call: Call) -> dict[str, Any]:
        """Of the many requests of batchUpdate only a new tab and a new named range."""
        known = {"addSheet": self._new_tab, "addNamedRange": self._new_name}
        replies = []
        for request in self._body(call).get("requests", []):
            ((kind, what),) = request.items()
            if kind not in known:
                raise Refusal(400, "Invalid requests[0]: No request set.")
            replies.append({kind: known[kind](what)})
        return {"spreadsheetId": self.settings.spreadsheet, "replies": replies}

    def _new_tab(self, what: dict[str, Any]) -> dict[str, Any]:
        title = what["properties"]["title"]
        if title in [tab.title for tab in self.book.tabs]:
            raise Refusal(400, f'Invalid requests[0].addSheet: A sheet with the name "{title}" already exists.')
        return {"properties": _properties(self.book.add_tab(title), len(self.book.tabs) - 1)}

    def _new_name(self, what: dict[str, Any]) -> dict[str, Any]:
        """A GridRange begins with 0, and ends before its end; without an end it goes to the end of the tab."""
        name, grid = what["namedRange"]["name"], what["namedRange"]["range"]
        tab = next(one for one in self.book.tabs if one.number == grid.get("sheetId", 0))
        if name in self.book.named:
            raise Refusal(400, f"Invalid requests[0].addNamedRange: A named range with the name {name} already exists.")
        ends = [grid.get(end) for end in ("endRowIndex", "endColumnIndex")]
        last_row, last_column = (None if end is None else end - 1 for end in ends)
        starts = grid.get("startRowIndex", 0), grid.get("startColumnIndex", 0)
        self.book.named[name] = Area(tab.title, *starts, last_row, last_column)
        self.book.changed("update", tab.title, {"named": name})
        return {"namedRange": {"namedRangeId": str(len(self.book.named)), "name": name, "range": grid}}

    # -- small things ----------------------------------------------------------------------------------------------

    def _area(self, text: str) -> Area:
        if text in self.book.named:
            return self.book.named[text]
        try:
            return parsed(text, [tab.title for tab in self.book.tabs])
        except (ValueError, IndexError) as error:
            raise Refusal(400, f"Unable to parse range: {text}") from error

    def _whole(self, area: Area) -> Area:
        tab = self.book.tab(area.tab)
        if area.row >= tab.height or area.column >= tab.width:
            raise Refusal(400, f"Range ({named(area)}) exceeds grid limits. Max rows: {tab.height}")
        last_row = tab.height - 1 if area.last_row is None else min(area.last_row, tab.height - 1)
        last_column = tab.width - 1 if area.last_column is None else min(area.last_column, tab.width - 1)
        return replace(area, last_row=last_row, last_column=last_column)

    def _option(self, holder: Mapping[str, Any]) -> str:
        option = str(holder.get("valueInputOption", ""))
        if option not in _INPUTS:
            raise Refusal(400, "'valueInputOption' is required but not specified")
        return option

    def _body(self, call: Call) -> dict[str, Any]:
        try:
            body = json.loads(call.body or b"null", parse_float=Decimal)
        except ValueError as error:
            raise Refusal(400, "Invalid JSON payload received. Unexpected token.") from error
        if not isinstance(body, dict):
            raise Refusal(400, "Invalid JSON payload received. Unknown name.")
        return body


def _properties(tab: Tab, place: int) -> dict[str, Any]:
    return {
        "sheetId": tab.number, "title": tab.title, "index": place, "sheetType": "GRID",
        "gridProperties": {"rowCount": tab.height, "columnCount": tab.width},
    }  # fmt: skip


def _quota(kind: str) -> Refusal:
    name = "Write" if kind == "write" else "Read"
    return Refusal(
        429, f"Quota exceeded for quota metric '{name} requests' and limit '{name} requests per minute per user' of "
        "service 'sheets.googleapis.com' for consumer 'project_number:100000000001'.",
    )  # fmt: skip
