"""The calls that a source makes to Google. Nothing here knows what a deal is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from blocks.sources.google_sheets.answers import answer
from blocks.sources.google_sheets.settings import GoogleSheetsSettings
from dealbooks.http import Call, NoReply, Reply

_RENDER = (
    ("majorDimension", "ROWS"),
    ("valueRenderOption", "UNFORMATTED_VALUE"),
    ("dateTimeRenderOption", "SERIAL_NUMBER"),
)
_JSON = {"accept": "application/json", "content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Properties:
    """What a spreadsheet says of itself; `tabs` are the titles of its tabs."""

    timezone: str
    locale: str
    tabs: tuple[str, ...]


class SheetsApi:
    """Calls to one spreadsheet. `read` makes a call that changes nothing, `write` one that does, once."""

    def __init__(
        self,
        settings: GoogleSheetsSettings,
        name: str,
        *,
        read: Callable[[Call], Reply],
        write: Callable[[Call], Reply | NoReply],
    ) -> None:
        self._settings, self._name, self._read, self._write = settings, name, read, write
        self._base = f"{settings.sheets_url.rstrip('/')}/v4/spreadsheets/{settings.spreadsheet}"

    def properties(self) -> Properties:
        """Time zone, locale and tabs. Raises StopConnection."""
        params = {"fields": "properties(timeZone,locale),sheets.properties.title"}
        body = self._get(self._base, params, "read the spreadsheet's settings")
        own = body["properties"]
        tabs = tuple(str(one["properties"]["title"]) for one in body.get("sheets", ()))
        return Properties(str(own.get("timeZone") or ""), str(own.get("locale") or ""), tabs)

    def ranges(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Ranges with their cells, by one call: as they all are at one moment. A tab is a range by `whole`; any other
        name is a named range. Raises StopConnection."""
        query = urlencode([*(("ranges", name) for name in names), *_RENDER])
        what = "read " + ", ".join(name.strip("'") for name in names)
        body = self._get(f"{self._base}/values:batchGet?{query}", {}, what)
        return list(body["valueRanges"])

    def version(self) -> str:
        """What Drive counts: it rises with every change of the file. Raises StopConnection."""
        url = f"{self._settings.drive_url.rstrip('/')}/drive/v3/files/{self._settings.spreadsheet}"
        body = self._get(url, {"fields": "version"}, "ask Drive whether anything changed")
        return str(body.get("version") or "")

    def put(self, name: str, rows: Sequence[Sequence[str | None]]) -> Reply | NoReply:
        """Write cells of a named range, once; None leaves a cell as it is. Text stays text, also where it begins like a
        formula."""
        path = f"{self._base}/values/{quote(name, safe='')}?valueInputOption=RAW"
        body = json.dumps({"majorDimension": "ROWS", "values": [list(row) for row in rows]}).encode()
        return self._write(Call("PUT", path, headers=_JSON, body=body, what=f"write {name}", writes=True))

    def checked(self, reply: Reply, what: str) -> None:
        """Whether a write went well. Raises StopConnection."""
        answer(reply, self._name, what)

    def _get(self, path: str, params: dict[str, str], what: str) -> Any:
        return answer(self._read(Call.get(path, params, what=what)), self._name, what)


def whole(title: str) -> str:
    """A whole tab as a range."""
    doubled = title.replace("'", "''")
    return f"'{doubled}'"
