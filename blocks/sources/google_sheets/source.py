"""A spreadsheet of Google Sheets as a source of deals: a row is a sale.

A spreadsheet says neither which rows changed nor which are gone. So a sweep reads it whole, by one call, and what
differs is told by its content; what is absent from a whole reading is gone. Where Drive may be asked, its version of
the file says beforehand that nothing changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from blocks.sources.api import ApiSource, instant, utc_text
from blocks.sources.api.fields import line_names
from blocks.sources.google_sheets.api import SheetsApi, whole
from blocks.sources.google_sheets.cells import Reading
from blocks.sources.google_sheets.column import Column, Standings, as_values, changes, column_of, others
from blocks.sources.google_sheets.grant import Session
from blocks.sources.google_sheets.settings import GoogleSheetsSettings
from blocks.sources.google_sheets.table import Table, Wanted, table_of
from blocks.sources.google_sheets.trees import ID, OWN, OWN_OF_LINE, PROBLEMS, lost_lines, records
from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.errors import ConfigError, DealbooksError, StopConnection
from dealbooks.http import Connection, NoReply
from dealbooks.source import Cursor, CursorExpired, Page, SourceCapabilities, SourceRecord

_OPTIONAL = ("currency", "store_code", "price_includes_tax")
_NOT_CONTENT = {"client_email", "private_key", "key_file", "page", "standing_range", "timeout"}
_TRIES = 4
_TOGETHER = timedelta(minutes=1)
_AGAIN = frozenset((401, 429, 500, 502, 503, 504))


@dataclass(slots=True)
class _Fetched:
    """A reading that serves several deals that are fetched one after another, until a moment."""

    until: datetime
    records: dict[str, SourceRecord] | None = None


class GoogleSheet(ApiSource):
    """Deals of one spreadsheet. `fields` are the paths that the map reads."""

    def __init__(
        self, connection: Connection, settings: GoogleSheetsSettings, session: Session, fields: frozenset[str]
    ) -> None:
        super().__init__(connection, renew=session.renew)
        self.settings = settings
        self._session = session
        self._read_by_map = fields
        self._fetched: _Fetched | None = None
        self._api = SheetsApi(settings, connection.name, read=self.read, write=connection.call)

    @property
    def capabilities(self) -> SourceCapabilities:
        """What it can do."""
        told = bool(self.settings.standing_range)
        if not self.settings.drive:
            return SourceCapabilities("everything", None, self.settings.page, "absence", told)
        return SourceCapabilities("feed", self.settings.reread_hours * 3600, self.settings.page, "absence", told)

    def get_ready(self) -> None:
        """Have a token, and a map that refuses rows with something wrong in them. Deals that are fetched one after
        another from now on are read together, for a minute at most.

        Raises:
            StopConnection: the map does not, or Google cannot be read now.
        """
        self._ready()
        self._fetched = _Fetched(self._session.now() + _TOGETHER)

    def changes(self, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """Nothing, where Drive says that the file is as it was.

        Raises:
            CursorExpired: it is not, or everything is due to be read.
            StopConnection: Google cannot be read.
        """
        if cursor is None:
            yield from self.everything(now)
            return
        self._ready()
        last = instant(str(cursor["at"]))
        due = now - last > timedelta(hours=self.settings.reread_hours)
        if due or cursor.get("as") != self._as or cursor.get("version") != self._api.version():
            raise CursorExpired(f"{self.connection.name} has changed, or is due to be read whole.")
        yield Page((), cursor)

    def everything(self, now: datetime) -> Iterator[Page]:
        """See `DealSource`. What changes while it is read is read the next time."""
        self._ready()
        cursor: Cursor | None = None
        if self.settings.drive:
            cursor = {"at": utc_text(now), "version": self._api.version(), "as": self._as}
        found, page = self._records(), self.settings.page
        for start in range(0, len(found), page):
            yield Page(tuple(found[start : start + page]))
        yield Page((), cursor)

    def fetch(self, key: str) -> SourceRecord | None:
        """See `DealSource`: the spreadsheet is read whole, once for all that are fetched after `get_ready`."""
        together = self._fetched
        if together is None or self._session.now() > together.until:
            self._ready()
            return {one.key: one for one in self._records()}.get(key)
        if together.records is None:
            together.records = {one.key: one for one in self._records()}
        return together.records.get(key)

    def problems(self) -> list[str]:
        """See `DealSource`."""
        try:
            self._ready()
            deals, lines, reading = self._tables()
            found = records(deals, lines, reading, self._columns)
            if self.settings.drive:
                self._api.version()
            odd = others(*self._standing_column()) if self.settings.standing_range else []
        except DealbooksError as error:
            return [error.words]
        said = [*odd, *lost_lines(deals, lines)]
        for record in found:
            said += [f"{one['row_problem']}." for one in record.data.get(PROBLEMS, ())]
        return said

    def write_standings(self, standings: Standings) -> int:
        """Write how deals stand into the column that the setting `standing_range` names, where it says something else;
        how many cells these are.

        Raises:
            ConfigError: no column is named.
            StopConnection: it is none that is free, or Google refuses, or does not answer; what is not written is
                written the next time.
        """
        name = self.settings.standing_range
        if not name:
            raise ConfigError(
                f"{self.connection.name} names no column for standings of deals.",
                fix="Name an empty column under Data, Named ranges, share the spreadsheet with our account as Editor, "
                "and give the name under standing_range.",
            )
        self._ready()
        written = 0
        for _ in range(_TRIES):
            deals, column = self._standing_column()
            wanted = changes(deals, column, standings)
            if not wanted:
                return written
            written = written or len(wanted)
            end = self._api.put(name, as_values(wanted, column))
            if not isinstance(end, NoReply) and end.status not in _AGAIN:
                self._api.checked(end, f"write {name}")
            # What was written, and where rows have moved meanwhile, is seen when it is read again.
        raise StopConnection(
            f"{self.connection.name}: standings of deals could not be written into {name}, or somebody sorts the rows.",
            fix="The next run writes what is not there yet.",
        )

    def _ready(self) -> None:
        if not any(path.partition(".")[0] == PROBLEMS for path in self._read_by_map):
            raise StopConnection(
                f"The field map of {self.connection.name} does not read {PROBLEMS}: rows with cells that cannot be "
                "used would be taken as if they were right.",
                fix="Copy the entry said.rows, under lists, from the shipped map google_sheets into yours.",
            )
        self._session.ready()

    # -- reading ---------------------------------------------------------------------------------------------------

    def _records(self) -> list[SourceRecord]:
        deals, lines, reading = self._tables()
        return records(deals, lines, reading, self._columns)

    def _tables(self) -> tuple[Table, Table | None, Reading]:
        settings, name = self.settings, self.connection.name
        reading = self._reading()
        titles = [settings.tab, *([settings.lines_tab] if settings.lines_tab else [])]
        values = [list(one.get("values", ())) for one in self._api.ranges([whole(title) for title in titles])]
        deals = table_of(settings.tab, values[0], settings.header_row, self._wanted, name)
        if not settings.lines_tab:
            return deals, None, reading
        return deals, table_of(settings.lines_tab, values[1], settings.header_row, self._wanted_lines, name), reading

    def _standing_column(self) -> tuple[Table, Column]:
        """The rows of deals and the column of standings, of one moment."""
        settings, name = self.settings, self.connection.name
        rows, column = self._api.ranges([whole(settings.tab), settings.standing_range])
        deals = table_of(settings.tab, list(rows.get("values", ())), settings.header_row, self._wanted, name)
        return deals, column_of(column, deals, settings, name)

    def _reading(self) -> Reading:
        """How cells are read.

        Raises:
            StopConnection: the spreadsheet has another time zone than it should, or none that is known.
        """
        own = self._api.properties()
        wanted = self.settings.timezone
        try:
            ZoneInfo(own.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise StopConnection(
                f"{self.connection.name}: the spreadsheet's time zone {own.timezone!r} is not known.",
                fix="Set it in the spreadsheet under File, Settings.",
            ) from error
        if wanted and own.timezone != wanted:
            raise StopConnection(
                f"{self.connection.name}: the spreadsheet is set to the time zone {own.timezone}, and timezone says "
                f"{wanted}: its dates would be other days.",
                fix="Correct it in the spreadsheet under File, Settings, or correct timezone.",
            )
        return Reading(self.settings, own.timezone, own.locale)

    # -- what is looked for ----------------------------------------------------------------------------------------

    @cached_property
    def _columns(self) -> frozenset[str]:
        """Columns of the tab of deals that the map reads."""
        own = {path for path in self._read_by_map if path.partition(".")[0] not in OWN}
        return frozenset(own) - set(self.settings.without) | {ID, *_OPTIONAL}

    @cached_property
    def _wanted(self) -> Wanted:
        needed = self._columns - {*_OPTIONAL} | {self.settings.status}
        return Wanted(needed, _OPTIONAL, self.settings.columns)

    @cached_property
    def _wanted_lines(self) -> Wanted:
        """Columns of the tab with lines."""
        read = line_names(self._read_by_map, OWN_OF_LINE)
        needed = {name for name in read if f"lines.{name}" not in self.settings.without}
        optional = OWN_OF_LINE - {"index", "amount"}
        return Wanted(needed | {ID, "amount"}, optional, self.settings.columns, "lines.")

    @cached_property
    def _as(self) -> str:
        """By what it is read: with other settings or another map everything is read anew."""
        how = self.settings.model_dump(mode="json", exclude=_NOT_CONTENT)
        return sha256_hex(canonical_json([how, sorted(self._read_by_map)]))[:16]
