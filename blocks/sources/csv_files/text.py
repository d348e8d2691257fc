"""From bytes to characters: which encoding a file has, decided by rules and never by statistics (csv_files.md 3.2).

A byte order mark decides. Without one the file is UTF-8, strictly; if it is not, the encodings that the settings name
are tried in turn, and the file is flagged. A byte that none of them knows refuses the file: nothing is replaced.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blocks.sources.csv_files.faults import fault
from dealbooks.catalogue_files import file_finding
from dealbooks.errors import ConfigError
from dealbooks.findings import Finding

_CHUNK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UTF8 = frozenset(("utf-8", "utf-8-sig"))


@dataclass(frozen=True, slots=True)
class TextFacts:
    """How to read a file as text. `warnings` says when it was not UTF-8."""

    encoding: str
    ends_with_newline: bool
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Undecodable:
    line: int


def known_encoding(name: str) -> str:
    """The name of an encoding as Python writes it.

    Raises:
        ConfigError: when there is no such encoding.
    """
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise ConfigError(
            f"there is no encoding '{name}'", fix="Use utf-8-sig, cp1252, latin-1, cp850 or mac_roman."
        ) from error


def examine(path: Path, encodings: Sequence[str], file: str) -> TextFacts:
    """Read the whole file once as bytes, and say how to read it as text.

    `encodings` is the layout's list: those that are not UTF-8 are fallbacks. `file` is the name for messages.

    Raises:
        FileFault: F001 for an empty file, F002 for bytes that no encoding knows, F003 for null characters.
    """
    if path.stat().st_size == 0:
        raise fault("F001", file=file)
    with path.open("rb") as stream:
        head = stream.read(4)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return _facts(path, encoding, file, tried=encoding)
    tried = ["utf-8"]
    outcome = _try(path, "utf-8", file)
    if isinstance(outcome, TextFacts):
        return outcome
    first = outcome.line
    for name in encodings:
        encoding = known_encoding(name)
        if encoding in _UTF8:
            continue
        tried.append(name)
        outcome = _try(path, encoding, file)
        if isinstance(outcome, TextFacts):
            warning = file_finding("F030", "", name, file=file, line=first)
            return TextFacts(encoding, outcome.ends_with_newline, (warning,))
    raise fault("F002", file=file, line=outcome.line, tried=" or ".join(tried))


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    """Open a file as text as the csv reader wants it (line ends untouched); bytes that do not fit raise."""
    return path.open("r", encoding=encoding, errors="strict", newline="")


def _facts(path: Path, encoding: str, file: str, tried: str) -> TextFacts:
    outcome = _try(path, encoding, file)
    if isinstance(outcome, _Undecodable):
        raise fault("F002", file=file, line=outcome.line, tried=tried)
    return outcome


def _try(path: Path, encoding: str, file: str) -> TextFacts | _Undecodable:
    """Decode the whole file in pieces; the pieces are thrown away."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    line = 1
    last = ""
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return _Undecodable(line + error.object.count(b"\n", 0, error.start))
            null = text.find("\0")
            if null >= 0:
                raise fault("F003", file=file, line=line + text.count("\n", 0, null))
            if text:
                line += text.count("\n")
                last = text[-1]
            if not chunk:
                return TextFacts(encoding, last in ("\n", "\r"))
