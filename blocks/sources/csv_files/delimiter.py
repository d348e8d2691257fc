"""Which sign separates the columns, and which column is which: by the headings alone, never by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blocks.sources.csv_files.faults import FileFault, fault
from blocks.sources.csv_files.layout import CsvOptions, Layout, squeeze
from blocks.sources.csv_files.rows import read_rows
from blocks.sources.csv_files.text import open_text

_NAMED = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
_WORDS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SEPARATOR_ROW = "sep="
_SHOWN = 12
_MOST_TORN = 64  # rows before the headings


@dataclass(frozen=True, slots=True)
class Header:
    """The line of headings, understood. `columns`: (position, canonical column, the file's own heading)."""

    line: int
    delimiter: str
    width: int
    columns: tuple[tuple[int, str, str], ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    headings: tuple[str, ...]

    @property
    def headings_of(self) -> dict[str, str]:
        """Canonical column -> the file's own heading."""
        return {column: heading for _, column, heading in self.columns}


def find_header(path: Path, encoding: str, layout: Layout, file: str) -> Header:
    """Find the headings with the separator that fits them.

    Raises:
        FileFault: F019 without headings, F004 or F005 for missing columns, F006 for doubled ones, F020 when more than
            one separator fits, F007 and F014 as `read_rows`.
    """
    stated = _stated_delimiter(path, encoding, layout.csv)
    tries = [stated] if stated else list(_WORDS)
    some = [_header(path, encoding, layout, delimiter, file) for delimiter in tries]
    read = [header for header in some if header is not None]
    if not read:
        with open_text(path, encoding) as stream:
            raise fault("F019", "", sum(1 for _ in stream), file=file)
    fitting = [header for header in read if not header.missing]
    if len(fitting) > 1:
        # A heading row of one single needed column fits everything; the one that finds most columns wins, if alone.
        most = max(len(header.columns) for header in fitting)
        fitting = [header for header in fitting if len(header.columns) == most]
    if len(fitting) > 1:
        words = " or ".join(_WORDS[header.delimiter] for header in fitting)
        raise fault("F020", "", words, file=file, line=fitting[0].line)
    if not fitting:
        raise _no_header(read, path, encoding, layout, file, stated=bool(stated))
    header = fitting[0]
    if header.doubled:
        raise fault("F006", file=file, line=header.line, doubled="; ".join(header.doubled))
    return header


def _stated_delimiter(path: Path, encoding: str, options: CsvOptions) -> str:
    """The separator that a `sep=` row (as Excel writes it) or the layout states; empty to find it out."""
    with open_text(path, encoding) as stream:
        first = stream.readline(64).strip().strip(options.quote)
    if first.lower().startswith(_SEPARATOR_ROW):
        sign = first[len(_SEPARATOR_ROW) :]
        return {"": "\t", "\\t": "\t"}.get(sign, sign[:1])
    if options.delimiter == "auto":
        return ""
    return _NAMED.get(options.delimiter, options.delimiter)


def _header(path: Path, encoding: str, layout: Layout, delimiter: str, file: str) -> Header | None:
    """The headings as they are with one separator; None where it tears fields that stand in quotation marks."""
    seen = blank = 0
    torn = 0
    with open_text(path, encoding) as stream:
        for line, fields in read_rows(stream, delimiter, layout.csv.quote, file):
            if not fields or not any(field.strip() for field in fields):
                torn += fields is None
                blank += 1
                if torn > _MOST_TORN:
                    return None
                continue
            if line == 1 and fields[0].lower().startswith(_SEPARATOR_ROW):
                continue
            prefix = layout.csv.skip_prefix
            if prefix and fields[0].startswith(prefix) and not _is_heading(fields[0], layout):
                continue
            seen += 1
            if seen == layout.csv.header:
                return _match(line, fields, delimiter, layout)
    if torn:
        return None
    raise fault("F019", "", blank + seen, file=file)


def _is_heading(text: str, layout: Layout) -> bool:
    return bool(layout.by_heading.get(squeeze(text)))


def _match(line: int, fields: Sequence[str], delimiter: str, layout: Layout) -> Header:
    columns: list[tuple[int, str, str]] = []
    unknown: list[str] = []
    found: dict[str, list[str]] = {}
    for position, field in enumerate(fields):
        heading = field.strip().lstrip("\ufeff")
        column = layout.by_heading.get(squeeze(heading))
        if column:
            found.setdefault(column, []).append(heading)
            columns.append((position, column, heading))
        elif column is None and heading:
            unknown.append(heading)
    doubled = tuple(
        f"{column} ({', '.join(headings)})" for column, headings in found.items() if len(headings) > 1
    )  # fmt: skip
    missing = tuple(
        entry.replace("|", " or ") for entry in layout.required if not any(name in found for name in entry.split("|"))
    )
    headings = tuple(field.strip() for field in fields)
    return Header(line, delimiter, len(fields), tuple(columns), tuple(unknown), missing, doubled, headings)


def _no_header(
    read: list[Header], path: Path, encoding: str, layout: Layout, file: str, *, stated: bool
) -> FileFault:  # fmt: skip
    best = max(read, key=lambda header: (len(header.columns), header.width))
    shown = ", ".join(best.headings[:_SHOWN]) + (", ..." if len(best.headings) > _SHOWN else "")
    missing = ", ".join(best.missing)
    if not stated and best.width == 1:
        return fault("F004", file=file, line=best.line, missing=missing, headings=shown)
    hint = ""
    if stated:
        other = _other_delimiter(path, encoding, layout, best.delimiter, file)
        own = _WORDS.get(best.delimiter, best.delimiter)
        hint = f" The columns seem to be separated by {other}, not by {own}." if other else ""
    return fault("F005", file=file, line=best.line, missing=missing, headings=shown, hint=hint)


def _other_delimiter(path: Path, encoding: str, layout: Layout, stated: str, file: str) -> str:
    for delimiter, word in _WORDS.items():
        if delimiter == stated:
            continue
        try:
            other = _header(path, encoding, layout, delimiter, file)
            if other is not None and not other.missing:
                return word
        except FileFault:  # the hint is a courtesy; the fault itself is told with the stated separator
            continue
    return ""
