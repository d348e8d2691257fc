"""Check a close pack: every file, no more and no less, and that what its parts say is the same. Needs no store.

What it cannot see alone: a pack that was made anew as a whole, certificate included. That shows against the store, or
against the hash of the certificate that was given another way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dealbooks.canonical import sha256_hex
from dealbooks.closing.statement import check_signatures, content_hash
from dealbooks.errors import UsageError
from dealbooks.pack.beancheck import BOOK, check_proof
from dealbooks.pack.files import CERTIFICATE, DRAFT, MANIFEST, read_manifest, said_by
from dealbooks.pack.totals import compare_totals
from dealbooks.pipeline.certificate import certificate_text, json_text
from dealbooks.plural import counted

_UNLISTED = frozenset({MANIFEST, CERTIFICATE})
_NO_FILE = b"no file: a link, a pipe or a device"
_CERTIFICATE_TEXT = "certificate.txt"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was signed: which file, and what."""

    file: str
    what: str

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return {"file": self.file, "what": self.what}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `checked` says what was looked at, in words; `certificate` is the hash of the certificate."""

    folder: Path
    draft: bool
    book: str
    period: str
    certificate: str
    problems: tuple[Problem, ...]
    checked: tuple[str, ...] = field(default=())

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "pack": str(self.folder), "intact": self.intact, "draft": self.draft, "book": self.book,
            "period": self.period, "certificate_sha256": self.certificate, "checked": list(self.checked),
            "problems": [one.as_json() for one in self.problems],
        }  # fmt: skip


def verify_pack(folder: Path, *, keys: Mapping[str, str] | None = None) -> Verdict:
    """Check a pack in a folder, offline. `keys` are public keys that are known from elsewhere, by the name of whose
    they are: each of these people must have signed, with that key.

    Raises:
        UsageError: the folder is no pack: it has no manifest that can be read.
    """
    files = _read(folder)
    try:
        manifest = read_manifest(files[MANIFEST])
    except (KeyError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{folder} is no close pack: it has no {MANIFEST} that can be read.",
            fix="Name the folder that holds report.html and manifest.json, unpacked and whole.",
        ) from error
    problems = _files_differ(manifest["files"], files)
    changed = {one.file for one in problems}
    checked = [f"{counted(len(manifest['files']), 'file')} against the manifest"]
    draft = bool(manifest.get("draft"))
    certificate = _certificate(files, manifest, problems)
    if certificate is not None:
        checked.append("the certificate against the manifest, and against its text")
        hashes = {name: about["sha256"] for name, about in manifest["files"].items()}
        said_signed, wrong = check_signatures(certificate, content_hash(hashes), keys)
        checked += said_signed
        problems += [Problem(CERTIFICATE, one) for one in wrong]
    elif keys:
        problems.append(Problem(CERTIFICATE, f"was not signed by {', '.join(keys)}: there is none that can be read"))
    elif draft:
        checked.append("a draft: there is no certificate to check")
    if not changed & {"report.json", "report.html", "csv/tie-out.csv", "tables.json", "workbook.xlsx"}:
        problems += [Problem(*one) for one in compare_totals(files, certificate)]
        checked.append("the totals of page, CSV, workbook, JSON and certificate against each other")
    if changed:
        checked.append("not the sums of the Beancount files: files were changed")
    else:
        said, found = check_proof(files)
        checked.append(said)
        named = _named_problems(files)
        if named and any(name == BOOK for name, _ in found):
            words = "bean-check complains of the book itself, as the report says"
            checked.append(f"{words} ({counted(named, 'complaint')})")
            found = [one for one in found if one[0] != BOOK]
        problems += [Problem(*one) for one in found]
    hashed = sha256_hex(files[CERTIFICATE]) if CERTIFICATE in files else ""
    return Verdict(
        folder, draft, str(manifest.get("book", "")), str(manifest.get("period", "")), hashed, tuple(problems),
        tuple(checked),
    )  # fmt: skip


def _named_problems(files: Mapping[str, bytes]) -> int:
    """How many complaints of the ledger itself the report names."""
    try:
        return len(json.loads(files["report.json"])["problems"])
    except (KeyError, ValueError, TypeError, RecursionError):
        return 0


def _read(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", fix="Name the folder of the pack; unpack it first.")
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            name = path.relative_to(folder).as_posix()
            try:
                found[name] = path.read_bytes() if path.is_file() and not path.is_symlink() else _NO_FILE
            except OSError as error:
                raise UsageError(
                    f"{path} cannot be read: {error.strerror}.", fix="Check the rights and the disk, then run again."
                ) from error
    return found


def _files_differ(listed: Mapping[str, Mapping[str, Any]], files: Mapping[str, bytes]) -> list[Problem]:
    hashes = {name: sha256_hex(content) for name, content in files.items() if name not in _UNLISTED}
    missing = [name for name in listed if name not in hashes]
    added = {name: value for name, value in hashes.items() if name not in listed}
    problems = [
        Problem(name, "was changed: it is not the file that the manifest lists")
        for name, value in hashes.items()
        if name in listed and listed[name]["sha256"] != value
    ]
    for name in missing:
        renamed = next((other for other, value in added.items() if value == listed[name]["sha256"]), None)
        if renamed is None:
            problems.append(Problem(name, "is missing"))
        else:
            problems.append(Problem(name, f"was renamed to {renamed}"))
            del added[renamed]
    return problems + [Problem(name, "was added: the manifest does not list it") for name in added]


def _certificate(
    files: Mapping[str, bytes], manifest: Mapping[str, Any], problems: list[Problem]
) -> dict[str, Any] | None:
    """The certificate, if there is one that can be read; what is wrong with it goes to `problems`."""
    if manifest.get("draft"):
        problems += [
            Problem(name, f"was added: the pack is a draft ({DRAFT})")
            for name in (CERTIFICATE, _CERTIFICATE_TEXT)
            if name in files
        ]
        if DRAFT not in manifest["files"]:
            problems.append(Problem(DRAFT, "is missing: the manifest says that the pack is a draft"))
        return None
    if CERTIFICATE not in files:
        problems.append(Problem(CERTIFICATE, "is missing"))
        return None
    try:
        data = json.loads(files[CERTIFICATE])
        text = certificate_text(data, manifest["format"])
        about = (data["book"], data["period"])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        problems.append(Problem(CERTIFICATE, "cannot be read as a certificate"))
        return None
    if said_by(data) != manifest.get("certificate_says"):
        problems.append(Problem(CERTIFICATE, "was changed: the manifest was made with another certificate"))
    elif files[CERTIFICATE] != json_text(data).encode():
        problems.append(Problem(CERTIFICATE, "was changed: it is not written as it was made"))
    if data.get("manifest_sha256") != sha256_hex(files[MANIFEST]):
        problems.append(Problem(MANIFEST, "was changed: it is not the one that the certificate seals"))
    if files.get(_CERTIFICATE_TEXT, b"").decode("utf-8", "replace") != text:
        problems.append(Problem(_CERTIFICATE_TEXT, "does not say what certificate.json says"))
    if about != (manifest.get("book"), manifest.get("period")):
        problems.append(Problem(CERTIFICATE, "is of another book or period than the manifest"))
    if data.get("report_sha256") != sha256_hex(files.get("report.json", b"").decode("utf-8", "replace")):
        problems.append(Problem("report.json", "is not the report that the certificate seals"))
    assert isinstance(data, dict)
    return data
