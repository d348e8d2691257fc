"""The files of a pack: made in memory from its data, then written as a whole.

Everything but the certificate and the manifest is in the manifest by its hash; the certificate holds the manifest's
hash, and the manifest holds the hash of what the certificate says. So no one of them can be changed alone.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.durable import sync_folder
from dealbooks.errors import StopConnection, UsageError
from dealbooks.pack.archive import workbook
from dealbooks.pack.model import PackData
from dealbooks.pack.render import deal_page, report_page
from dealbooks.pack.shown import heading
from dealbooks.periods import Period
from dealbooks.pipeline.certificate import FORMAT, FORMATS, certificate_text, json_text
from dealbooks.pipeline.sheets import Sheet, write_csv

MANIFEST, CERTIFICATE, DRAFT = "manifest.json", "certificate.json", "DRAFT.txt"
_SEAL = "manifest_sha256"
_MADE, _OLD = ".pack-made-", ".pack-old-"  # folders beside a pack, while it is written
_DRAFT = "This pack is a draft. Nobody has signed it, the period is not closed by it, and it has no certificate.\n"


def pack_files(data: PackData) -> dict[str, bytes]:
    """Every file of a pack by its path, the manifest and the certificate too. The same data gives the same bytes."""
    cover = Sheet("Cover", ("item", "value"), _cover(data))
    sheets = [cover, *(table.sheet for table in data.tables if table.shown)]
    files: dict[str, bytes] = {
        "report.html": report_page(data).encode(),
        "report.json": json_text(data.rec.as_json()).encode(),
        "tables.json": json_text({table.key: table.sheet.as_json() for table in data.tables}).encode(),
        "workbook.xlsx": workbook(sheets, Period.parse(data.rec.period).last),
        "beancount/period.beancount": data.ledger_text.encode(),
        **data.docs,
    }
    if data.ledger_book:
        files["beancount/book.zip"] = data.ledger_book
    for table in data.tables:
        files[f"csv/{table.key}.csv"] = _csv(table.sheet)
    for told in data.stories.values():
        files[told.file] = deal_page(data, told).encode()
    if data.certificate is None:
        files[DRAFT] = _DRAFT.encode()
    else:
        files["certificate.txt"] = certificate_text(data.certificate).encode()
    manifest = _manifest(data, files)
    files[MANIFEST] = manifest
    if data.certificate is not None:
        files[CERTIFICATE] = json_text(sealed(data.certificate, manifest)).encode()
    return files


def sealed(certificate: Mapping[str, Any], manifest: bytes) -> dict[str, Any]:
    """A certificate with the hash of the manifest of its pack."""
    return {**certificate, _SEAL: sha256_hex(manifest)}


def said_by(certificate: Mapping[str, Any]) -> str:
    """The hash of what a certificate says, without the manifest that holds this hash."""
    return sha256_hex(canonical_json({name: value for name, value in certificate.items() if name != _SEAL}))


def _manifest(data: PackData, files: Mapping[str, bytes]) -> bytes:
    made: dict[str, Any] = {
        "format": FORMAT, "book": data.rec.book, "period": data.rec.period, "draft": data.draft,
        "certificate_says": "" if data.certificate is None else said_by(data.certificate),
        "files": {
            name: {"sha256": sha256_hex(content), "bytes": len(content)}
            for name, content in sorted(files.items())
        },
    }  # fmt: skip
    return json_text(made).encode()


def _cover(data: PackData) -> tuple[tuple[str, str], ...]:
    rec, signed = data.rec, data.certificate
    rows = [
        ("Pack", "DRAFT, not signed" if data.draft else "signed"), ("Name", data.title),
        ("Legal entity", rec.legal_entity), ("Book", rec.book), ("Period", rec.period), ("Currency", rec.currency),
        ("As of", rec.as_of.isoformat()), ("Ledger", data.platform), ("Result", data.result),
        ("Not provided", data.not_provided or "nothing"),
    ]  # fmt: skip
    if signed is not None:
        rows += [
            (one["part"].capitalize(), f"{one['name']}, {one['at'][:19]} UTC, identified by: {one['identified_by']}")
            for one in signed["signatures"]
        ]
        rows += [("Note", signed["note"] or "none")]
        rows += [
            (f"Accepted {one['id']}", f"{one['what']} ({one['who']}: {one['note']})") for one in signed["accepted"]
        ]
    rows += [(f"Source {name}, last record", at) for name, at in data.read_up_to.items()]
    rows += [(heading(name), said) for name, said in data.versions.items()]
    return tuple(rows)


def _csv(sheet: Sheet) -> bytes:
    out = io.StringIO(newline="")
    write_csv(sheet, out)
    return out.getvalue().encode("utf-8-sig")


def write_pack(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a pack into a folder, whole and durable: nobody sees half of one. A pack that stands there is replaced. The
    caller sees to it that nobody else writes there.

    Raises:
        UsageError: something else than a pack stands there.
        StopConnection: the folder cannot be written to.
    """
    strange = _strange(folder)
    if strange:
        raise UsageError(
            f"{folder} holds something else than a pack: {strange}.", fix="Name a folder that is not there yet."
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}{_MADE}", dir=folder.parent))
        try:
            made.chmod(0o755)
            for name, content in files.items():
                path = made / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            os.sync()
            if folder.exists():
                old = Path(tempfile.mkdtemp(prefix=f".{folder.name}{_OLD}", dir=folder.parent))
                folder.rename(old / "pack")
                made.rename(folder)
                shutil.rmtree(old)
            else:
                made.rename(folder)
        finally:
            if made.exists():
                shutil.rmtree(made)
        sync_folder(folder.parent)
    except OSError as error:
        raise StopConnection(
            f"{folder} cannot be written to: {error.strerror}.", fix="Check the disk and the rights, then run again."
        ) from error


def _clear(folder: Path) -> None:
    """Remove what writers that were killed left beside a pack. Whoever writes holds the lease of its book, so that
    none of them still writes. Raises OSError."""
    ours = re.compile(rf"\.{re.escape(folder.name)}({re.escape(_MADE)}|{re.escape(_OLD)})[a-z0-9_]{{8}}")
    for path in list(folder.parent.iterdir()):
        if ours.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)


def _strange(folder: Path) -> str:
    """What in a folder is no part of the pack that stands there; empty: all is, or nothing stands there."""
    if not folder.is_dir():
        return folder.name if folder.exists() else ""
    try:
        there = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir()]
    except FileNotFoundError:  # another process puts its pack into this place just now
        return ""
    try:
        listed = set(read_manifest((folder / MANIFEST).read_bytes())["files"])
    except (OSError, ValueError, RecursionError):
        return next(iter(there), "")
    return next((name for name in there if name not in {*listed, MANIFEST, CERTIFICATE}), "")


def read_manifest(text: bytes) -> dict[str, Any]:
    """A manifest, if it is one.

    Raises:
        ValueError: it is none.
        UsageError: it is of a later version of this program.
    """
    data = json.loads(text)
    if not isinstance(data, dict) or not isinstance(data.get("files"), dict):
        raise ValueError("not a manifest")
    form = data.get("format")
    if type(form) is not int or form < 1:
        raise ValueError("not a manifest")
    if form not in FORMATS:
        raise UsageError(
            f"The pack is of format {form}, and this program knows {', '.join(map(str, sorted(FORMATS)))}.",
            fix="Check it with the version of dealbooks that its certificate names, or a later one.",
        )
    if not all(isinstance(one, dict) and isinstance(one.get("sha256"), str) for one in data["files"].values()):
        raise ValueError("not a manifest")
    return data
