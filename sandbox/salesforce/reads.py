"""Questions answered: rows, pages of them, and what is left for later."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce.records import Records, Row
from sandbox.salesforce.schema import CHILDREN, PARENTS, Field
from sandbox.salesforce.soql import Joined, Query, fits, holds, parse
from sandbox.salesforce.wire import Refusal, shown

_OPTIONS = re.compile(r"batchSize=(\d+)")


@dataclass(slots=True)
class _Locator:
    rows: list[Any]
    batch: int
    until: datetime


class Reads:
    """Queries and their locators."""

    def __init__(self, records: Records, version: Callable[[], str]) -> None:
        self._records, self._settings = records, records.settings
        self._version = version
        self._locators: dict[str, _Locator] = {}
        self._numbers = itertools.count(1)

    def query(self, text: str, *, deleted: bool, options: str = "") -> Any:
        """The first rows of an answer.

        Raises:
            Refusal: the question cannot be answered.
        """
        if len(text) > self._settings.longest_query:
            raise Refusal(400, "QUERY_TOO_COMPLICATED", "Query is either selecting too many fields or is too long")
        asked = parse(text)
        if asked.count:
            return {"totalSize": len(self._found(asked, deleted=deleted)), "done": True, "records": []}
        rows = [self._row(asked, row, deleted=deleted) for row in self._found(asked, deleted=deleted)]
        batch = self._settings.nested_batch if asked.nested else self._settings.batch
        wanted = _OPTIONS.search(options)
        if wanted:
            batch = min(batch, max(200, min(2000, int(wanted[1]))))
        return self._page(rows, batch)

    def more(self, locator: str) -> Any:
        """The next rows, by what stands behind the last slash of `nextRecordsUrl`.

        Raises:
            Refusal: it is not known any more.
        """
        name, _, offset = locator.partition("-")
        held = self._locators.get(name)
        if held is None or held.until <= self._records.clock.now() or not offset.isdigit():
            raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        start = int(offset)
        return self._part(name, held.rows, held.batch, start)

    def forget(self) -> None:
        """Every locator is too old."""
        self._locators.clear()

    def fields_of(self, kind: str) -> dict[str, Field]:
        """The fields that our user may see."""
        hidden = self._settings.hidden
        return {name: one for name, one in self._records.fields[kind].items() if f"{kind}.{name}" not in hidden}

    def row_of(self, kind: str, row: Row, names: list[str]) -> dict[str, Any]:
        """A record as the resource of one record shows it."""
        return self._row(Query(names, kind), row, deleted=False)

    # -- rows ------------------------------------------------------------------------------------------------------

    def _found(self, asked: Query, only: tuple[str, str] | None = None, *, deleted: bool) -> list[Row]:
        if asked.source not in self._records.fields:
            raise Refusal(400, "INVALID_TYPE", f"sObject type '{asked.source}' is not supported.")
        for name in (*asked.fields, *(one[0] for one in asked.order)):
            self._field(asked.source, name)
        self._sound(asked.source, asked.where)
        known: dict[int, set[Any]] = {}

        def answers(inner: Query) -> set[Any]:
            if id(inner) not in known:
                known[id(inner)] = {
                    self._value(inner.source, row, inner.fields[0])[1] for row in self._found(inner, deleted=deleted)
                }
            return known[id(inner)]

        rows = [
            row
            for row in self._records.visible(asked.source, deleted=deleted)
            if (only is None or row[only[0]] == only[1])
            and (
                asked.where is None
                or holds(asked.where, lambda name, row=row: self._value(asked.source, row, name), answers)  # type: ignore[misc]
            )
        ]
        for name, descending, last in reversed(asked.order):
            values = {row["Id"]: self._value(asked.source, row, name)[1] for row in rows}
            there = [row for row in rows if values[row["Id"]] is not None]
            absent = [row for row in rows if values[row["Id"]] is None]
            there.sort(key=lambda row, values=values: values[row["Id"]], reverse=descending)  # type: ignore[misc]
            rows = there + absent if last else absent + there
        rows = rows[asked.offset :]
        return rows if asked.limit is None else rows[: asked.limit]

    def _sound(self, kind: str, condition: Any) -> None:
        """Whether a condition names fields that are there, and compares them with what they can be."""
        if isinstance(condition, Joined):
            for part in condition.parts:
                self._sound(kind, part)
        elif condition is not None:
            fits(condition, self._value(kind, None, condition.field)[0])

    def _row(self, asked: Query, row: Row, *, deleted: bool) -> dict[str, Any]:
        found: dict[str, Any] = {"attributes": self._attributes(asked.source, row)}
        for name in asked.fields:
            self._put(found, asked.source, row, name)
        for inner in asked.nested:
            found[inner.source] = self._nested(asked.source, row, inner, deleted=deleted)
        return found

    def _put(self, found: dict[str, Any], kind: str, row: Row, name: str) -> None:
        relation, _, rest = name.partition(".")
        if not rest:
            own = self._field(kind, name)
            found[own.name] = shown(row[own.name])
            return
        key, parent = self._parent(kind, relation)
        leads = self._records.get(row[key] or "", deleted=True)
        if leads is None:
            found[relation] = None
            return
        inner = found.setdefault(relation, {"attributes": self._attributes(parent, leads)})
        self._put(inner, parent, leads, rest)

    def _nested(self, kind: str, row: Row, inner: Query, *, deleted: bool) -> Any:
        """A question inside: in queryAll it shows deleted children too."""
        if (kind, inner.source) not in CHILDREN:
            raise Refusal(
                400, "INVALID_TYPE", f"Didn't understand relationship '{inner.source}' in FROM part of query call."
            )
        child, key = CHILDREN[kind, inner.source]
        asked = Query(inner.fields, child, where=inner.where, order=inner.order, limit=inner.limit)
        rows = [self._row(asked, one, deleted=deleted) for one in self._found(asked, (key, row["Id"]), deleted=deleted)]
        return self._page(rows, self._settings.lines_at_once) if rows else None

    def _attributes(self, kind: str, row: Row) -> dict[str, str]:
        return {"type": kind, "url": f"/services/data/v{self._version()}/sobjects/{kind}/{row['Id']}"}

    def _value(self, kind: str, row: Row | None, name: str) -> tuple[str, Any]:
        relation, _, rest = name.partition(".")
        if not rest:
            own = self._field(kind, name)
            return own.type, row[own.name] if row is not None else None
        key, parent = self._parent(kind, relation)
        leads = self._records.get(row[key] or "", deleted=True) if row is not None else None
        return self._value(parent, leads, rest)

    def _field(self, kind: str, name: str) -> Field:
        relation, _, rest = name.partition(".")
        if rest:
            return self._field(self._parent(kind, relation)[1], rest)
        names = {one.lower(): own for one, own in self.fields_of(kind).items()}
        if name.lower() not in names:
            raise Refusal(
                400,
                "INVALID_FIELD",
                f"\nSELECT {name} FROM {kind}\n       ^\nERROR at Row:1:Column:8\nNo such column '{name}' on entity "
                f"'{kind}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom "
                "field name.",
            )
        return names[name.lower()]

    def _parent(self, kind: str, relation: str) -> tuple[str, str]:
        if (kind, relation) not in PARENTS:
            raise Refusal(400, "INVALID_FIELD", f"Didn't understand relationship '{relation}' in field path.")
        return PARENTS[kind, relation]

    # -- pages -----------------------------------------------------------------------------------------------------

    def _page(self, rows: list[Any], batch: int) -> Any:
        if len(rows) <= batch:
            return {"totalSize": len(rows), "done": True, "records": rows}
        name = f"01g5e0{next(self._numbers):09d}AAA"
        until = self._records.clock.now() + timedelta(seconds=self._settings.locator_life)
        self._locators[name] = _Locator(rows, batch, until)
        while len(self._locators) > self._settings.locators:  # the oldest is closed
            del self._locators[next(iter(self._locators))]
        return self._part(name, rows, batch, 0)

    def _part(self, name: str, rows: list[Any], batch: int, start: int) -> Any:
        end = start + batch
        answer: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[start:end]}
        if end < len(rows):
            answer["nextRecordsUrl"] = f"/services/data/v{self._version()}/query/{name}-{end}"
        return answer
