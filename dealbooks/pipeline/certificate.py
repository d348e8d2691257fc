"""The certificate of a close, in words, and its files on the disk."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dealbooks.errors import StopConnection

_LINE = "-" * 78


def json_text(data: Mapping[str, Any]) -> str:
    """A report or certificate as it is written and hashed."""
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def certificate_text(data: Mapping[str, Any]) -> str:
    """A certificate as a person reads and prints it; `data` is its JSON."""
    lines = [
        f"Close certificate {data['certificate']}",
        "",
        f"Legal entity   {data['legal_entity']} (book {data['book']})",
        f"Period         {data['period']}, {data['first_day']} to {data['last_day']}",
        f"Signed by      {data['signed_by']}, {data['signed_at']} (prepared by {data['prepared_by']})",
        f"Result         {'both sides agree' if data['agreed'] else 'closed with accepted exceptions'}",
        f"Note           {data['note'] or 'none'}",
        "",
        "Counts         " + ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in data["counts"].items()),
        "Units          "
        + (
            ", ".join(f"{name} {both['ledger']} of {both['expected']}" for name, both in data["units"].items())
            or "none"
        ),
        "",
        f"{'Account':<42} {'Movement':>16} {'Difference':>16}",
        _LINE,
    ]
    lines += [
        f"{row['account'][:42]:<42} {row['found']:>16} {row['difference']:>16} {row['currency']}"
        for row in data["totals"]
    ]
    lines += [_LINE, ""]
    if data["accepted"]:
        lines.append("Accepted with the note above:")
        lines += [f"  {item['id']}  {item['code']}: {item['what']}" for item in data["accepted"]]
        lines.append("")
    if data.get("accepted_before"):
        lines.append("Differences that were accepted before:")
        lines += [f"  {item['id']}  {item['what']} ({item['who']}: {item['why']})" for item in data["accepted_before"]]
        lines.append("")
    head = data["audit_head"]
    lines += [
        f"Report         SHA-256 {data['report_sha256']}",
        f"Audit head     link {head['links']} of book {head['book']}, {head['hash']}",
        *(
            f"{one['part'].capitalize():<14} {one['name']}, {one['identified_by']}"
            for one in data.get("signatures", ())
        ),
        *(f"{name.replace('_', ' ').capitalize():<14} {said}" for name, said in data.get("versions", {}).items()),
        "",
    ]
    return "\n".join(lines)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files whole and durable: a reader sees the old or the new content, after a crash too.

    Raises:
        StopConnection: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            _replace(folder / name, text)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise StopConnection(
            f"{folder} cannot be written to: {error.strerror}.", fix="Check the disk and the rights, then run again."
        ) from error


def _replace(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", dir=path.parent, delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
