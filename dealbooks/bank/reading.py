"""From a statement's file to statements: which format it is, and its reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Literal

from dealbooks import registry
from dealbooks.bank.camt import read_camt
from dealbooks.bank.csvrows import statements_of_rows
from dealbooks.bank.model import MOST_BYTES, Statement, Unreadable
from dealbooks.bank.ofx import read_ofx
from dealbooks.bank.swift import read_mt940
from dealbooks.errors import UsageError

Format = Literal["camt", "mt940", "ofx", "csv"]
FORMATS: tuple[Format, ...] = ("camt", "mt940", "ofx", "csv")
_READERS: Mapping[str, Callable[[bytes, str, str], list[Statement]]] = {
    "camt": read_camt,
    "mt940": read_mt940,
    "ofx": read_ofx,
}
_HEAD = 8192
# What people take for a statement's file, by how it begins.
_OTHERS: Mapping[bytes, tuple[str, str]] = {
    b"%PDF": ("a PDF: a page for people to read", "Export camt.053, MT940, OFX or CSV from the bank."),
    b"PK\x03\x04": ("a workbook or an archive", "Unpack the archive, or save the sheet of the workbook as CSV."),
    b"\xd0\xcf\x11\xe0": ("a workbook of an old Excel", "Save its sheet as CSV."),
    b"\x1f\x8b": ("compressed", "Unpack it."),
}
_MT940 = re.compile(rb"^(\{1:|:20:)", re.MULTILINE)


def read_bytes(path: Path) -> bytes:
    """A statement's file, whole.

    Raises:
        UsageError: there is no such file, or it cannot be opened.
        Unreadable: it is empty, or larger than a statement is.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.", fix="Name the file.") from error
    if len(data) > MOST_BYTES:
        raise Unreadable(f"{path.name} is larger than {MOST_BYTES // (1024 * 1024)} MiB.", fix="Export a shorter time.")
    if not data.strip():
        raise Unreadable(f"{path.name} is empty.", fix="Export it again; a month without movements has balances still.")
    return data


def format_of(data: bytes) -> Format:
    """Which format a file is, by how it begins."""
    head = data[:_HEAD].replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf").lstrip()
    upper = head.upper()
    if upper.startswith(b"OFXHEADER") or b"<OFX>" in upper or b"<?OFX" in upper:
        return "ofx"
    if head.startswith((b"<", b"\xff\xfe<", b"\xfe\xff<")):
        return "camt"
    return "mt940" if _MT940.search(head) else "csv"


def read_statements(
    path: Path,
    account: str,
    *,
    form: str = "",
    layout: str | Path = "bank",
    currency: str = "",
    days: tuple[date | None, date | None] = (None, None),
) -> list[Statement]:
    """The statements in a file, checked: each adds up.

    Args:
        form: one of FORMATS; empty: by how the file begins.
        layout: of a CSV file.
        currency: of a CSV file that does not state it.
        days: which days a CSV file covers, where its lines do not begin on the first and end on the last.

    Raises:
        UsageError: the format is not known, or the file cannot be opened.
        Unreadable: the file is refused, with the reason in words.
    """
    if form and form not in FORMATS:
        raise UsageError(f"There is no format called {form!r}.", fix=f"Use one of {', '.join(FORMATS)}.")
    data = read_bytes(path)
    for begins, (what, cure) in _OTHERS.items():
        if data.startswith(begins):
            raise Unreadable(f"{path.name} is {what}.", fix=cure)
    chosen = form or format_of(data)
    if chosen != "csv":
        return _READERS[chosen](data, account, path.name)
    module, _, name = registry.STATEMENT_ROWS.partition(":")
    rows = getattr(import_module(module), name)(path, layout)
    return statements_of_rows(rows, account, path.name, currency=currency, days=days)
