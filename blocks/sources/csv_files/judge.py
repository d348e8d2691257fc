"""Judge a staged file before anything of it is taken: file faults hold it whole, row faults are only counted here.

One pass over the rows, with memory that does not grow with the file. Never raises for what is in the file. The rows of
a file that is accepted are kept as they were read.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

from blocks.sources.csv_files.duplicates import Duplicate, SeenRows
from blocks.sources.csv_files.faults import FileFault, fault
from blocks.sources.csv_files.identity import is_nameless_money, key_of, store_of
from blocks.sources.csv_files.kept import KeptRows
from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.rowparser import ParsedRow
from blocks.sources.csv_files.rowreader import RowReader
from blocks.sources.csv_files.stage import StagedFile
from blocks.sources.csv_files.table import Table
from blocks.sources.csv_files.text import TextFacts, examine
from blocks.sources.csv_files.values import CellError, decimal_parser
from dealbooks.catalogue_files import file_finding
from dealbooks.errors import StopBatch
from dealbooks.findings import Finding

_LISTED = 100
_TOTAL_WORDS = frozenset(("total", "totals", "grand total", "sum", "subtotal"))

Status = Literal["accepted", "held", "empty"]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read wholly, and why."""

    line: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """A count or sum that the file or its manifest states, and what was counted."""

    name: str
    stated: str
    counted: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done with a file. `findings` are the faults that hold it; `warnings` never do.

    `bad_rows` lists the first hundred; `bad_row_count` has them all. `duplicates` say which lines count. `kept` holds
    the rows of an accepted file until they are taken; it is not stored.
    """

    status: Status
    findings: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    row_count: int = 0
    bad_row_count: int = 0
    bad_rows: tuple[BadRow, ...] = ()
    controls: tuple[Control, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    totals_line: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    kept: KeptRows | None = field(default=None, compare=False, repr=False)

    @property
    def skipped_lines(self) -> frozenset[int]:
        """Lines that are no record: a totals row, repeated rows, older revisions."""
        skipped = {self.totals_line}
        for found in self.duplicates:
            if found.kept:
                skipped.update(line for line in found.lines if line != found.kept)
        return frozenset(skipped)

    @property
    def conflicts(self) -> dict[int, Duplicate]:
        """Lines that contradict another line of the same deal."""
        return {line: found for found in self.duplicates if not found.kept for line in found.lines}

    @property
    def accepted(self) -> bool:
        """Whether its rows may be taken (an empty file has none)."""
        return self.status != "held"

    def refuse(self, file: str) -> StopBatch:
        """The error to raise for a held file: its first fault, and how many more there are."""
        more = len(self.findings) - 1
        text = self.findings[0].message if self.findings else f"{file} was not accepted"
        return StopBatch(text + (f" ({more} more)" if more > 0 else ""), fix="Nothing of the file was taken.")

    def as_json(self) -> dict[str, Any]:
        """Plain types for the store."""
        data = asdict(replace(self, kept=None))
        del data["kept"]
        data["findings"] = [found.as_json() for found in self.findings]
        data["warnings"] = [found.as_json() for found in self.warnings]
        data["bad_rows"] = [
            {"line": row.line, "findings": [found.as_json() for found in row.findings]} for row in self.bad_rows
        ]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Judgement:
        """Read what `as_json` wrote."""
        return cls(
            **{
                **data,
                "findings": tuple(Finding.from_json(item) for item in data["findings"]),
                "warnings": tuple(Finding.from_json(item) for item in data["warnings"]),
                "bad_rows": tuple(
                    BadRow(item["line"], tuple(Finding.from_json(found) for found in item["findings"]))
                    for item in data["bad_rows"]
                ),
                "controls": tuple(Control(**item) for item in data["controls"]),
                "duplicates": tuple(
                    Duplicate(item["key"], tuple(item["lines"]), item["kept"], item["kind"])
                    for item in data["duplicates"]
                ),
            }
        )


def judge(staged: StagedFile, layout: Layout) -> Judgement:
    """Read the whole file once and say whether its rows may be taken.

    Held: undecodable, 0 bytes, columns missing or doubled, cut off, control counts or sums that differ, or too many bad
    rows. Empty: headings and no rows, which is legal.
    """
    file = staged.name
    try:
        facts = examine(staged.path, layout.csv.encoding, file)
        table = Table(staged.path, facts.encoding, layout, file)
        with SeenRows() as seen, ExitStack() as unless_accepted:
            kept = KeptRows(staged.path.parent)
            unless_accepted.callback(kept.close)
            judgement = _Pass(staged, layout, facts, table, seen, kept).run()
            if judgement.status == "accepted":
                unless_accepted.pop_all()
                return replace(judgement, kept=kept)
            return judgement
    except FileFault as error:
        return Judgement("held", (error.finding,))


class _Pass:
    """One pass over one file."""

    def __init__(
        self, staged: StagedFile, layout: Layout, facts: TextFacts, table: Table, seen: SeenRows, kept: KeptRows
    ) -> None:
        self._staged = staged
        self._layout = layout
        self._facts = facts
        self._table = table
        self._seen = seen
        self._kept = kept
        self._file = staged.name
        self._findings: list[Finding] = []
        self._warnings: list[Finding] = list(facts.warnings)
        self._controls: list[Control] = []
        self._sums = dict.fromkeys(
            (name for name in (layout.control_column, staged.expected.control_column) if name in layout.flat),
            Decimal(0),
        )
        self._unsummed = dict.fromkeys(self._sums, 0)
        self._rows = self._bad = self._totals_line = 0
        self._listed: list[BadRow] = []

    def run(self) -> Judgement:
        short_line = self._read_rows()
        self._check_opening()
        self._check_cut_off(short_line)
        self._check_trailer()
        self._check_manifest()
        self._check_bad_rows()
        duplicates = tuple(self._seen.duplicates())
        header = self._table.header
        if header.unknown:
            self._warn("F035", ", ".join(header.unknown[:20]))
        if self._rows == 0 and not self._findings:
            self._warn("F031")
        status: Status = "held" if self._findings else "accepted" if self._rows else "empty"
        return Judgement(
            status=status,
            findings=tuple(self._findings),
            warnings=(*self._warnings, *self._told(duplicates)),
            encoding=self._facts.encoding,
            delimiter=header.delimiter,
            row_count=self._rows,
            bad_row_count=self._bad,
            bad_rows=tuple(self._listed),
            controls=tuple(self._controls),
            duplicates=duplicates,
            totals_line=self._totals_line,
            columns=header.headings_of,
        )

    def _read_rows(self) -> int:
        """Read them all; returns the line of the last row when it has too few fields, else 0."""
        layout = self._layout
        reader = RowReader(self._staged, layout, self._table)
        identity, last_key = layout.row_identity, layout.row_identity[-1]
        of_lines = layout.rows == "lines"
        short_line = 0
        for line, fields in self._table.rows():
            row = reader.parse(line, fields)
            short_line = line if fields is not None and len(fields) < self._table.header.width else 0
            if row.findings and self._is_totals(row):
                self._totals_line = line
                self._warn("F032", line=line)
                continue
            self._rows += 1
            self._add_up(row)
            if row.findings:
                self._bad += 1
                if len(self._listed) < _LISTED:
                    self._listed.append(BadRow(line, tuple(row.findings)))
            read = reader.understand(row, fields)
            self._kept.add(read)
            named = row.values and read.key is not None and (not of_lines or last_key in row.values)
            if named and not is_nameless_money(row.values):
                self._seen.add(key_of(row.values, identity), read.revision, read.digest, line)
        return short_line

    def _is_totals(self, row: ParsedRow) -> bool:
        """A row without a key, or with the word for it, whose control column is the sum of the rows above."""
        column = self._layout.control_column
        value = row.values.get(column)
        if value is None or not self._rows or Decimal(value) != self._sums.get(column):
            return False
        kinds = self._layout.flat
        words = [
            str(text).casefold() for name, text in row.values.items() if kinds[name][3].kind in ("text", "id", "date")
        ]
        return all(word.rstrip(":") in _TOTAL_WORDS for word in words)

    def _add_up(self, row: ParsedRow) -> None:
        for column in self._sums:
            value = row.values.get(column)
            if value is not None:
                self._sums[column] += Decimal(value)
            elif row.findings:
                self._unsummed[column] += 1

    def _check_opening(self) -> None:
        opening, facts = self._table.opening, self._staged.facts
        stated = self._staged.expected.layout
        if opening is not None:
            said = [text.strip() for text in opening.fields[1:]]
            if said and said[0] and said[0] != self._layout.layout:
                self._fault("F015", said[0], line=opening.line, expected=self._layout.layout)
            if len(said) > 1 and said[1] and said[1] != facts.date.isoformat():
                self._warn("F036", said[1], line=opening.line, expected=facts.date.isoformat())
            store = store_of(self._table, facts)
            if facts.store and store != facts.store:
                self._warn("F036", store, line=opening.line, expected=facts.store)
        elif stated and stated != self._layout.layout:
            self._fault("F015", stated, line=1, expected=self._layout.layout)

    def _check_cut_off(self, short_line: int) -> None:
        """No end to the last line: proven whole only by a checksum, a trailer, or (for whole rows) a done-marker."""
        proven = bool(self._staged.expected.sha256) or self._table.trailer is not None
        if self._facts.ends_with_newline or proven:
            return
        last = self._table.last_row_line or self._table.header.line
        if short_line:
            self._fault("F008", line=last, reason="its last row ends in the middle")
        elif self._layout.csv.final_newline == "required" and self._staged.proof != "done":
            self._fault("F008", line=last, reason="its last line has no end")

    def _check_trailer(self) -> None:
        trailer = self._table.trailer
        if trailer is None:
            return
        column = self._layout.control_column
        read = decimal_parser(self._layout.numbers, "F104")
        texts = [text.strip() for text in trailer.fields[1:3]]
        try:
            count = int(read(texts[0]))
            total = read(texts[1]) if len(texts) > 1 and texts[1] else None
        except (CellError, IndexError):
            self._fault("F021", ",".join(trailer.fields), line=trailer.line, column=column)
            return
        agrees = count == self._rows
        self._controls.append(Control("trailer rows", str(count), str(self._rows), agrees))
        if not agrees:
            self._fault("F009", count, line=trailer.line, counted=self._rows)
        if total is not None:
            self._check_sum("trailer", "F010", column, total, line=trailer.line)

    def _check_manifest(self) -> None:
        expected = self._staged.expected
        if expected.rows is not None:
            agrees = expected.rows == self._rows
            self._controls.append(Control("manifest rows", str(expected.rows), str(self._rows), agrees))
            if not agrees:
                self._fault("F011", expected.rows, counted=self._rows)
        if expected.control_sum is not None:
            column = expected.control_column or self._layout.control_column
            self._check_sum("manifest", "F012", column, expected.control_sum)

    def _check_sum(self, who: str, code: str, column: str, stated: Decimal, **words: object) -> None:
        counted = self._sums.get(column)
        if counted is None or self._unsummed[column]:
            unread = self._unsummed.get(column, self._rows)
            if counted != stated:
                self._warnings.append(file_finding("F037", column, unread, file=self._file, column=column))
            return
        agrees = counted == stated
        self._controls.append(Control(f"{who} sum of {column}", f"{stated:f}", f"{counted:f}", agrees))
        if not agrees:
            difference = f"{counted - stated:f}"
            self._fault(code, f"{stated:f}", column=column, counted=f"{counted:f}", difference=difference, **words)

    def _check_bad_rows(self) -> None:
        rule = self._layout.bad_rows
        if self._bad < rule.at_least or self._bad <= rule.share * self._rows:
            return
        first = self._listed[0]
        share = f"{(rule.share * 100).normalize():f}"
        reason = first.findings[0].message
        words = {"bad": self._bad, "rows": self._rows, "share": share, "line": first.line, "reason": reason}
        self._findings.append(file_finding("F013", "", self._bad, **{"file": self._file, **words}))

    def _told(self, duplicates: tuple[Duplicate, ...]) -> list[Finding]:
        """One warning a doubled key, for the first hundred; what they do to rows is told with the rows."""
        told = []
        for found in duplicates[:_LISTED]:
            if found.kind == "conflict":
                continue
            lines = listed_lines(found.lines)
            code = "F033" if found.kind == "identical" else "F034"
            told.append(file_finding(code, "", found.key, file=self._file, lines=lines, line=found.kept))
        return told

    def _fault(self, code: str, value: object = "", **words: object) -> None:
        self._findings.append(fault(code, "", value, **{"file": self._file, **words}).finding)

    def _warn(self, code: str, value: object = "", **words: object) -> None:
        self._warnings.append(file_finding(code, "", value, **{"file": self._file, **words}))


def listed_lines(lines: tuple[int, ...]) -> str:
    """Line numbers for a message, cut after ten."""
    shown = ", ".join(str(line) for line in lines[:10])
    return shown + (", ..." if len(lines) > 10 else "")
