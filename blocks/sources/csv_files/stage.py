"""Stage a file: copy its bytes once into the archive, hashed on the way, before anything in it is looked at.

The copy is named by its SHA-256, written beside its place, flushed to the disk and renamed, so that a file in the
archive is always whole. The source is never changed.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from blocks.sources.csv_files.drop import MAX_BYTES, Candidate, Expected, Proof
from blocks.sources.csv_files.faults import NotComplete, fault
from blocks.sources.csv_files.names import FileName
from blocks.sources.csv_files.reach import reaching
from dealbooks.catalogue_files import file_finding
from dealbooks.durable import sync_folder

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file in the archive. `sha256` and `size` are of the bytes as they came; `path` is the CSV text to read, which
    for a packed file is its unpacked content and `raw` the packed one."""

    name: str
    uri: str
    path: Path
    raw: Path
    sha256: str
    size: int
    modified: datetime | None
    facts: FileName
    layout: str = ""
    proof: Proof = "none"
    expected: Expected = field(default_factory=Expected)


def stage(candidate: Candidate, archive: Path, *, packed: bool = True, max_bytes: int = MAX_BYTES) -> StagedFile:
    """Copy a file into the archive; staging the same content again gives the same paths.

    `packed` allows .gz and .zip (exactly one member); unpacked content is bounded by `max_bytes` too.

    Raises:
        NotComplete: F018, the bytes do not match the manifest or checksum; nothing stays in the archive.
        FileFault: F017 for a packed file that cannot be opened, F022 for one that is too large.
        StopConnection: when the source cannot be read.
    """
    archive.mkdir(parents=True, exist_ok=True)
    facts, name = candidate.facts, candidate.name
    if (facts.gz or facts.zip) and not packed:
        raise fault("F017", file=name, reason="packed files are not allowed for this source (packed: true)")
    digest, size, temporary = _copy(candidate, archive, max_bytes)
    try:
        _check(candidate, digest, size)
        suffix = ".csv.gz" if facts.gz else ".csv.zip" if facts.zip else ".csv"
        raw = _keep(temporary, archive / f"{digest}{suffix}")
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    path = raw if suffix == ".csv" else _unpack(raw, archive / f"{digest}.csv", name, max_bytes)
    return StagedFile(
        name=name,
        uri=candidate.uri,
        path=path,
        raw=raw,
        sha256=digest,
        size=size,
        modified=candidate.modified,
        facts=facts,
        layout=candidate.layout,
        proof=candidate.proof,
        expected=candidate.expected,
    )


def staged_again(
    name: str, path: Path, facts: FileName, layout: str, *, proof: Proof = "none", expected: Expected | None = None
) -> StagedFile:
    """A StagedFile for a CSV that is in the archive already (a restart, a replay)."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return StagedFile(
        name, path.as_uri(), path, path, digest.hexdigest(), size, None, facts, layout, proof, expected or Expected()
    )


def _copy(candidate: Candidate, archive: Path, max_bytes: int) -> tuple[str, int, Path]:
    digest, size = hashlib.sha256(), 0
    handle, temporary_name = tempfile.mkstemp(dir=archive, prefix=".staging-", suffix=".tmp")
    temporary = Path(temporary_name)
    try:
        with os.fdopen(handle, "wb") as target:
            for chunk in _read(candidate):
                size += len(chunk)
                if size > max_bytes:
                    raise fault("F022", "", f"{max_bytes >> 20} MiB", file=candidate.name)
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size, temporary


def _read(candidate: Candidate) -> Iterator[bytes]:
    what = f"{candidate.name} cannot be read at its source"
    fix = "Check that the file is still there and that this program may read it."
    with (
        reaching(what, fix, getattr(candidate.fs, "storage_options", {})),
        candidate.fs.open(candidate.path, "rb") as stream,
    ):
        while chunk := stream.read(_CHUNK):
            yield chunk


def _check(candidate: Candidate, digest: str, size: int) -> None:
    expected = candidate.expected
    reason = ""
    if expected.bytes is not None and expected.bytes != size:
        reason = f"it has {size} bytes, its manifest says {expected.bytes}"
    elif expected.sha256 and expected.sha256 != digest:
        reason = "its content does not match the checksum that came with it"
    elif candidate.size != size:
        reason = f"it changed while it was copied (from {candidate.size} to {size} bytes)"
    if reason:
        raise NotComplete(file_finding("F018", file=candidate.name, reason=reason))


def _keep(temporary: Path, place: Path) -> Path:
    """Give the copy its name and make the name durable."""
    temporary.replace(place)
    sync_folder(place.parent)
    return place


def _unpack(raw: Path, place: Path, name: str, max_bytes: int) -> Path:
    if place.exists():
        return place
    handle, temporary_name = tempfile.mkstemp(dir=place.parent, prefix=".unpacking-", suffix=".tmp")
    temporary = Path(temporary_name)
    try:
        with os.fdopen(handle, "wb") as target:
            _pour(raw, target, name, max_bytes)
            target.flush()
            os.fsync(target.fileno())
        return _keep(temporary, place)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise fault("F017", file=name, reason=str(error) or "its end is missing") from error
    finally:
        temporary.unlink(missing_ok=True)


def _pour(raw: Path, target: IO[bytes], name: str, max_bytes: int) -> None:
    if raw.name.endswith(".gz"):
        with gzip.open(raw, "rb") as packed:
            _bounded(packed, target, name, max_bytes)
        return
    with zipfile.ZipFile(raw) as box:
        members = [member for member in box.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise fault("F017", file=name, reason=f"it holds {len(members)} files, and must hold exactly one")
        with box.open(members[0]) as packed:
            _bounded(packed, target, name, max_bytes)


def _bounded(packed: Any, target: IO[bytes], name: str, max_bytes: int) -> None:
    size = 0
    while chunk := packed.read(_CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise fault("F022", "", f"{max_bytes >> 20} MiB when unpacked", file=name)
        target.write(chunk)
