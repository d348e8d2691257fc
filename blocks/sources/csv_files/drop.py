"""A drop folder anywhere that fsspec reaches: which files are wholly there, and why the others wait.

Listing only: nothing is renamed, claimed or deleted at the source (csv_files.md sections 4 and 6). The clock is handed
in. Times of files are compared with it only to let a file settle.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, MutableMapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from fsspec import AbstractFileSystem

from blocks.sources.csv_files.layout import Completeness
from blocks.sources.csv_files.names import FileName, is_side_file, is_temporary, parse_name
from blocks.sources.csv_files.reach import reaching
from blocks.sources.csv_files.remote import address_of, listed, opened, part, whole_when_seen
from dealbooks.errors import StopConnection
from dealbooks.masking import masked, password_in
from dealbooks.money import MoneyError, exact

MAX_FILES = 500
MAX_BYTES = 1 << 30
_MAX_SIDE_FILE = 1 << 20
_NO_FILE = "it is not a file but a link or the like; put the file itself there"
_AHEAD = timedelta(days=2)  # more than any time zone, or a file of tomorrow, can explain
_DONE_MARKS = (".done", ".ok", ".trg")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_MANIFEST = ".manifest.json"

# (uri, size, time of last change) -> whether this file was staged before, as the file ledger knows.
Processed = Callable[[str, int, datetime | None], bool]
Proof = Literal["manifest", "sidecar", "done", "settle", "none"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a manifest, a checksum file or a done-marker says about a file."""

    bytes: int | None = None
    sha256: str = ""
    rows: int | None = None
    control_column: str = ""
    control_sum: Decimal | None = None
    layout: str = ""
    supersedes: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that is wholly there, as far as can be told without reading it."""

    uri: str  # without user and password: it is stored, and shown
    path: str = field(repr=False)
    facts: FileName
    layout: str
    size: int
    modified: datetime | None
    proof: Proof
    expected: Expected = field(default_factory=Expected)
    fs: Any = field(default=None, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.facts.name


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that is not taken yet, and why, in words. `overdue`: it has waited longer than the layout allows."""

    name: str
    reason: str
    since: datetime
    overdue: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """What one look into the folder found, oldest business date first. `unknown`: names that fit no pattern."""

    ready: tuple[Candidate, ...]
    waiting: tuple[Waiting, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """How a file looked when this size and time were first seen."""

    size: int
    modified: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Expectation:
    """One kind of file that the folder may hold."""

    layout: str
    pattern: re.Pattern[str]
    completeness: Completeness


@dataclass(frozen=True, slots=True)
class _Verdict:
    proof: Proof | None
    expected: Expected = field(default_factory=Expected)
    reason: str = ""
    final: bool = False  # said by what belongs to the file, so that no weaker way may overrule it


class DropFolder:
    """See the module. `seen` is kept between two looks; hand in a mapping to keep it longer."""

    def __init__(
        self,
        path: str,
        kinds: Sequence[Expectation],
        *,
        options: dict[str, Any] | None = None,
        seen: MutableMapping[str, Seen] | None = None,
        max_files: int = MAX_FILES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.url = masked(path)
        self._path = path
        self._kinds = tuple(kinds)
        self._options = dict(options or {})
        self._seen: MutableMapping[str, Seen] = {} if seen is None else seen
        self._max_files = max_files
        self._max_bytes = max_bytes

    def look(self, now: datetime, processed: Processed | None = None) -> Listing:
        """List the folder. `now` must have a time zone. Files that `processed` knows are passed over, so that old
        files that stay in the folder never fill a look.

        Raises:
            StopConnection: when the folder cannot be reached.
        """
        fs, entries = self._entries()
        by_name = {str(entry["name"]).rstrip("/").rsplit("/", 1)[-1]: entry for entry in entries}
        ready: list[Candidate] = []
        waiting: list[Waiting] = []
        named = [(facts, kind, by_name[name]) for name in by_name for facts, kind in self._known(name)]
        named.sort(key=lambda item: (item[0].date, item[0].seq, item[0].name))
        for facts, kind, entry in named:
            if entry.get("type") != "file":
                waiting.append(Waiting(facts.name, _NO_FILE, now, overdue=True))
                continue
            size, modified = int(entry.get("size") or 0), _modified(entry)
            uri = masked(address_of(fs, entry["name"], self._path))
            if processed is not None and processed(uri, size, modified):
                continue
            since = self._first_seen(entry["name"], size, modified, now)
            if size > self._max_bytes:
                reason = f"it is larger than {self._max_bytes >> 20} MiB; send it in several files"
                waiting.append(Waiting(facts.name, reason, since, overdue=True))
                continue
            if facts.date > now.date() + _AHEAD:
                reason = (
                    f"its name says {facts.date.isoformat()}, which is more than {_AHEAD.days} days after today, "
                    f"{now.date().isoformat()}; correct its name, or wait for that day"
                )
                waiting.append(Waiting(facts.name, reason, since, overdue=True))
                continue
            if len(ready) == self._max_files:
                reason = f"more than {self._max_files} files are there; it is taken at the next look"
                waiting.append(Waiting(facts.name, reason, now, overdue=False))
                continue
            overdue = now - since >= timedelta(minutes=kind.completeness.wait_minutes)
            with self._reaching():
                verdict = self._verdict(fs, facts, entry, by_name, kind, now, overdue=overdue)
            if verdict.proof is None:
                waiting.append(Waiting(facts.name, verdict.reason, since, overdue))
                continue
            ready.append(
                Candidate(uri, entry["name"], facts, kind.layout, size, modified, verdict.proof, verdict.expected, fs)
            )
        for path in set(self._seen) - {masked(entry["name"]) for entry in entries}:
            del self._seen[path]
        return Listing(tuple(ready), tuple(waiting), tuple(sorted(name for name in by_name if self._stray(name))))

    def _stray(self, name: str) -> bool:
        return not (is_temporary(name) or is_side_file(name) or self._known(name))

    def _entries(self) -> tuple[AbstractFileSystem, list[dict[str, Any]]]:
        with self._reaching():
            fs, root = opened(self._path, self._options)
            found = listed(fs, root)
        if found is None:
            raise StopConnection(f"the drop folder {self.url} does not exist", fix="Create it, or correct the path.")
        return fs, [entry for entry in found if entry.get("type") != "directory"]

    def _reaching(self) -> AbstractContextManager[None]:
        what = f"the drop folder {self.url} cannot be reached"
        return reaching(
            what, "Check the path and the access to it.", {"password": password_in(self._path), **self._options}
        )

    def _known(self, name: str) -> list[tuple[FileName, Expectation]]:
        if is_temporary(name):
            return []
        for kind in self._kinds:
            facts = parse_name(name, kind.pattern)
            if facts is not None:
                return [(facts, kind)]
        return []

    def _first_seen(self, path: str, size: int, modified: datetime | None, now: datetime) -> datetime:
        path = masked(path)
        seen = self._seen.get(path)
        if seen is None or (seen.size, seen.modified) != (size, modified):
            seen = Seen(size, modified, now)
            self._seen[path] = seen
        if modified is not None and modified < seen.at:
            return modified
        return seen.at

    def _verdict(
        self,
        fs: AbstractFileSystem,
        facts: FileName,
        entry: dict[str, Any],
        others: dict[str, dict[str, Any]],
        kind: Expectation,
        now: datetime,
        *,
        overdue: bool,
    ) -> _Verdict:
        rule = kind.completeness
        first = self._by(rule.kind, fs, facts, entry, others, rule, now, overdue=overdue)
        if first.proof is not None or rule.fallback in (None, rule.kind) or first.final:
            return first
        return self._by(str(rule.fallback), fs, facts, entry, others, rule, now, overdue=overdue)

    def _by(
        self,
        how: str,
        fs: AbstractFileSystem,
        facts: FileName,
        entry: dict[str, Any],
        others: dict[str, dict[str, Any]],
        rule: Completeness,
        now: datetime,
        *,
        overdue: bool,
    ) -> _Verdict:
        size = int(entry.get("size") or 0)
        match how:
            case "manifest":
                return _by_manifest(fs, facts.name, size, others)
            case "sidecar":
                return _by_sidecar(fs, facts.name, others)
            case "done":
                return _by_done_mark(fs, facts.name, others)
            case "settle":
                return self._by_settling(fs, facts, entry, rule, now, overdue=overdue)
            case _:
                return _Verdict("none")

    def _by_settling(
        self,
        fs: AbstractFileSystem,
        facts: FileName,
        entry: dict[str, Any],
        rule: Completeness,
        now: datetime,
        *,
        overdue: bool,
    ) -> _Verdict:
        """Size and time have not changed for the settle time, and the last byte ends a line; where no half-written file
        can be seen, at once."""
        if whole_when_seen(fs):
            return _Verdict("settle")
        quiet = now - self._first_seen(entry["name"], int(entry.get("size") or 0), _modified(entry), now)
        if quiet < timedelta(seconds=rule.settle_seconds):
            left = rule.settle_seconds - int(quiet.total_seconds())
            return _Verdict(None, reason=f"it may still be growing; it is taken when unchanged for {left} s more")
        packed = facts.gz or facts.zip
        if not packed and not overdue and entry.get("size") and not _ends_a_line(fs, entry):
            return _Verdict(None, reason="its last line has no end yet; it may still be growing")
        return _Verdict("settle")


def _modified(entry: dict[str, Any]) -> datetime | None:
    """The time of last change, under the names that file systems give it."""
    for key in ("mtime", "LastModified", "last_modified", "modify", "created"):
        value = entry.get(key)
        if isinstance(value, datetime):
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, int | float) and key == "mtime":
            return datetime.fromtimestamp(value, UTC)
    return None


def _ends_a_line(fs: AbstractFileSystem, entry: dict[str, Any]) -> bool:
    size = int(entry["size"])
    tail = part(fs, entry["name"], max(0, size - 4), 4)
    return bool(tail) and (tail[-1:] in b"\r\n" or tail[-2:] in (b"\n\0", b"\0\n"))


def _side_file(fs: AbstractFileSystem, entry: dict[str, Any]) -> str:
    return part(fs, entry["name"], 0, _MAX_SIDE_FILE).decode("utf-8-sig", errors="replace")


def _by_manifest(fs: AbstractFileSystem, name: str, size: int, others: dict[str, dict[str, Any]]) -> _Verdict:
    """A manifest named after the file, or any other manifest of the folder that lists it."""
    stem = name.split(".", 1)[0]
    manifests = sorted(
        (other for other in others if other.endswith(_MANIFEST)), key=lambda other: other != stem + _MANIFEST
    )
    for manifest in manifests:
        try:
            data = json.loads(_side_file(fs, others[manifest]), parse_float=str)
            found = next((item for item in data["files"] if item["name"] == name), None)
            expected = _expected(found) if found is not None else None
        except (ValueError, KeyError, TypeError) as error:
            if manifest == stem + _MANIFEST:
                return _Verdict(None, reason=f"its manifest {manifest} cannot be read ({error})", final=True)
            continue
        if expected is None:
            continue
        if expected.bytes is not None and expected.bytes != size:
            reason = f"it has {size} bytes, its manifest says {expected.bytes}; it may still be on its way"
            return _Verdict(None, expected, reason, final=True)
        return _Verdict("manifest", expected)
    return _Verdict(None, reason="its manifest is not there yet")


def _expected(item: dict[str, Any]) -> Expected:
    control = item.get("control_total") or {}
    total = control.get("sum")
    try:
        control_sum = exact(total) if total is not None else None
    except MoneyError as error:
        raise ValueError("the control total is not an amount") from error
    digest = str(item.get("sha256") or "").lower()
    if digest and not _SHA256.fullmatch(digest):
        raise ValueError("the checksum is not a SHA-256")
    return Expected(
        bytes=None if item.get("bytes") is None else int(item["bytes"]),
        sha256=digest,
        rows=None if item.get("rows") is None else int(item["rows"]),
        control_column=str(control.get("column") or ""),
        control_sum=control_sum,
        layout=str(item.get("layout") or ""),
        supersedes=str(item.get("supersedes") or ""),
    )


def _by_sidecar(fs: AbstractFileSystem, name: str, others: dict[str, dict[str, Any]]) -> _Verdict:
    """`<file>.sha256`, as sha256sum writes it."""
    entry = others.get(f"{name}.sha256") or others.get(f"{name}.sha256sum")
    if entry is None:
        return _Verdict(None, reason="its checksum file (.sha256) is not there yet")
    match = _SHA256.match(_side_file(fs, entry).strip())
    if match is None:
        return _Verdict(None, reason="its checksum file holds no SHA-256", final=True)
    return _Verdict("sidecar", Expected(sha256=match.group().lower()))


def _by_done_mark(fs: AbstractFileSystem, name: str, others: dict[str, dict[str, Any]]) -> _Verdict:
    """`<file>.done`, `.ok` or `.trg`: empty, or holding the SHA-256."""
    entry = next((others[name + mark] for mark in _DONE_MARKS if name + mark in others), None)
    if entry is None:
        return _Verdict(None, reason="its done-marker (.done, .ok or .trg) is not there yet")
    match = _SHA256.match(_side_file(fs, entry).strip()) if entry.get("size") else None
    return _Verdict("done", Expected(sha256=match.group().lower() if match else ""))
