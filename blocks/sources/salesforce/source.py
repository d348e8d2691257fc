"""Salesforce's opportunities as a source of deals.

Changes are found by the time of change (SystemModstamp) of the opportunity and of its lines: a line of which an own
field is edited does not touch its opportunity. A query that shows deleted records tells what was deleted, while it is
in the recycle bin; after a longer time everything is compared. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus

from blocks.sources.api import LINES_PART, ApiSource, Window, instant, pages, windows
from blocks.sources.api.fields import Fields
from blocks.sources.salesforce import query, trees
from blocks.sources.salesforce.answers import LocatorGone, answer
from blocks.sources.salesforce.fields import OBJECTS, OPPORTUNITY, chosen, missing_text
from blocks.sources.salesforce.grant import Session
from blocks.sources.salesforce.settings import SalesforceSettings
from dealbooks.errors import DealbooksError, StopConnection
from dealbooks.http import Call, Connection
from dealbooks.record_ids import salesforce_id
from dealbooks.source import Cursor, CursorExpired, Page, SourceCapabilities, SourceRecord

_LINES_AT_ONCE = 2000
_IDS_AT_ONCE = 200
_LONGEST = 14_000  # characters of a question in an address, which may have 16 KB [R]
_ID_LENGTH = 30  # characters of an id there, with quotes and comma
_DAY = 86_400.0
Row = Mapping[str, Any]


class SalesforceSales(ApiSource):
    """Opportunities of one org. `fields` are the paths that the map reads."""

    def __init__(
        self, connection: Connection, settings: SalesforceSettings, session: Session, fields: frozenset[str]
    ) -> None:
        super().__init__(connection, renew=session.renew)
        self.settings = settings
        self._session = session
        self._read_by_map = fields

    @property
    def capabilities(self) -> SourceCapabilities:
        """What it can do."""
        return SourceCapabilities("changed_since", self.settings.cursor_days * _DAY, self.settings.page, "listed")

    def get_ready(self) -> None:
        """Have a token, and know that the org shows every field that is read.

        Raises:
            StopConnection: it does not, or Salesforce cannot be read now.
        """
        self._session.token()
        if self._fields.missing:
            message, fix = missing_text(self._fields, self.connection.name)
            del self._fields, self._described  # somebody mends it: looked up anew the next time
            raise StopConnection(message, fix=fix)

    def changes(self, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """See `DealSource`."""
        self.get_ready()
        self._must_hold(cursor, now)
        found = windows(cursor, now, overlap=self.settings.overlap_seconds, behind=self.settings.behind_seconds)
        yield from pages(found, self._changed_deals, self._changed_lines)

    def everything(self, now: datetime) -> Iterator[Page]:
        """See `DealSource`. The cursor is of the time before it began."""
        self.get_ready()
        (window,) = windows(None, now, overlap=0, behind=self.settings.behind_seconds)
        for rows in self._deals((), "", deleted=False):
            yield Page(tuple(self._records(rows)))
        yield Page((), window.done)

    def fetch(self, key: str) -> SourceRecord | None:
        """See `DealSource`."""
        self.get_ready()
        wanted = salesforce_id(key)
        if not wanted:
            return None
        rows = [row for some in self._deals([query.by_ids([wanted])], "", deleted=False) for row in some]
        return self._records(rows)[0] if rows else None

    def problems(self) -> list[str]:
        """See `DealSource`."""
        try:
            self.get_ready()
            self._asked(query.opportunities(self._fields, self.settings, (), 1), deleted=True)
        except DealbooksError as error:
            return [error.words]
        lost = set(self.settings.without) & {*self._described[OPPORTUNITY], *self._fields.own.values()}
        said = [f"{one} is listed under without, and this org has it: take it off the list." for one in sorted(lost)]
        if self.settings.take_when == "stages" and not self.settings.stages:
            said.append("take_when is stages, and stages names none: no opportunity is a completed sale.")
        return said

    # -- what changed ----------------------------------------------------------------------------------------------

    def _must_hold(self, cursor: Cursor | None, now: datetime) -> None:
        """A cursor is good for as long as deleted records can be read."""
        if not cursor:
            return
        last = cursor.get("at") or cursor.get("since") or cursor.get("until")
        if last and now - instant(str(last)) > timedelta(days=self.settings.cursor_days):
            raise CursorExpired(
                f"{self.connection.name} was last read more than {self.settings.cursor_days:g} days ago."
            )

    def _changed_deals(self, window: Window) -> Iterator[Page]:
        for rows in self._deals(query.within(window), window.after, deleted=True):
            yield Page(tuple(self._records(rows)), window.at(str(rows[-1]["Id"])))

    def _changed_lines(self, window: Window, after: str) -> Iterator[Page]:
        """Opportunities of which a line changed or was deleted, and not they themselves in this window. From the
        beginning all are new."""
        if window.since is None:
            return
        first, last = query.stamp(window.since), query.stamp(window.until)
        found = self._batches(
            lambda past: query.changed_lines(window, past, _LINES_AT_ONCE), after, _LINES_AT_ONCE, deleted=True
        )
        for lines in found:
            elsewhere = sorted({str(line["OpportunityId"]) for line in lines if not _in(line, first, last)})
            for start in range(0, len(elsewhere), self._at_once):
                some = elsewhere[start : start + self._at_once]
                for rows in self._deals([query.by_ids(some)], "", deleted=True):
                    yield Page(tuple(self._records(rows)))
            yield Page((), window.at(str(lines[-1]["Id"]), part=LINES_PART))

    @cached_property
    def _at_once(self) -> int:
        """How many ids fit into one question beside its fields."""
        length = len(quote_plus(query.opportunities(self._fields, self.settings, (), self.settings.page)))
        return min(_IDS_AT_ONCE, self.settings.page, max(1, (_LONGEST - length) // _ID_LENGTH))

    # -- whole opportunities ---------------------------------------------------------------------------------------

    def _deals(self, where: Sequence[str], after: str, *, deleted: bool) -> Iterator[list[Row]]:
        page = self.settings.page
        return self._batches(
            lambda past: query.opportunities(self._fields, self.settings, [*where, *query.after_id(past)], page),
            after,
            page,
            deleted=deleted,
        )

    def _records(self, rows: Sequence[Row]) -> list[SourceRecord]:
        return [
            trees.record(row, self._lines(row), self._fields, self.settings)
            if trees.counts(row, self.settings)
            else trees.header(row)
            for row in rows
        ]

    def _lines(self, row: Row) -> list[Row]:
        """The lines that came with an opportunity; of more than came at once, all of them asked for anew."""
        nested = row.get("OpportunityLineItems")
        if isinstance(nested, Mapping) and not nested.get("done", True):
            opportunity = str(row["Id"])
            found = self._batches(
                lambda past: query.lines_of(self._fields, opportunity, past, _LINES_AT_ONCE),
                "",
                _LINES_AT_ONCE,
                deleted=False,
            )
            return trees.standing([line for some in found for line in some])
        return trees.standing(trees.rows_of(nested))

    # -- asking ----------------------------------------------------------------------------------------------------

    def _batches(self, ask: Callable[[str], str], after: str, limit: int, *, deleted: bool) -> Iterator[list[Row]]:
        """All rows of a question by id, as they come. Salesforce may give fewer at once than were asked for, and the
        rest under an address that does not hold for ever: when it does not, the question is asked anew from where it
        stood."""
        while True:
            count = 0
            body = self._asked(ask(after), deleted=deleted)
            while True:
                rows: list[Row] = list(body["records"])
                count += len(rows)
                if rows:
                    after = str(rows[-1]["Id"])
                    yield rows
                if body.get("done", True):
                    break
                try:
                    body = self._get(f"{self._session.base()}{body['nextRecordsUrl']}", {}, "read on")
                except LocatorGone:
                    count = limit
                    break
            if count < limit:
                return

    def _asked(self, soql: str, *, deleted: bool) -> Any:
        return self._get(self._address("queryAll" if deleted else "query"), {"q": soql}, "read opportunities")

    def _get(self, path: str, params: Mapping[str, str], what: str) -> Any:
        return answer(self.read(Call.get(path, params, what=what)), self.connection.name, what)

    def _address(self, resource: str) -> str:
        return f"{self._session.base()}/services/data/v{self.settings.version}/{resource}"

    # -- what seldom changes ---------------------------------------------------------------------------------------

    @cached_property
    def _described(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        """Object -> field -> its description, of what our user may see."""
        found = {}
        for name in OBJECTS:
            body = self._get(self._address(f"sobjects/{name}/describe"), {}, f"describe {name}")
            found[name] = {str(one["name"]): one for one in body["fields"]}
        return found

    @cached_property
    def _fields(self) -> Fields:
        return chosen(self._read_by_map, self.settings, self._described)


def _in(line: Row, first: str, last: str) -> bool:
    """Whether the opportunity of a line changed in the window too. Both are UTC in text of fixed width."""
    stamp = str((line.get("Opportunity") or {}).get("SystemModstamp") or "")[:19]
    return first[:19] <= stamp <= last[:19]
