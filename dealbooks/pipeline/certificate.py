"""The certificate of a close, in words, and its files on the disk.

The words of a certificate that was signed are part of what was sealed: `verify` makes them again, and compares. So they
belong to a format. Whoever changes a word adds a format and its own function, and leaves those before it as they are.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from dealbooks.durable import sync_folder
from dealbooks.errors import StopConnection
from dealbooks.plural import counted

FORMAT = 2  # of the certificates, and of the packs, that are made now
_LINE = "-" * 78


def json_text(data: Mapping[str, Any]) -> str:
    """A report or certificate as it is written and hashed."""
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def certificate_text(data: Mapping[str, Any], form: int = FORMAT) -> str:
    """A certificate as a person reads and prints it, in the words of a format; `data` is its JSON. Raises KeyError:
    there is no such format."""
    return _TEXTS[form](data)


def _text_1(data: Mapping[str, Any]) -> str:
    """The words of format 1."""
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
        lines.append("Accepted:")
        for item in data["accepted"]:
            said = f" ({item['who']}: {item['note']})" if item.get("note") else ""
            lines.append(f"  {item['id']}  {item['code']}: {item['what']}{said}")
        lines.append("")
    if data.get("accepted_before"):
        lines.append("Differences that were accepted before:")
        lines += [f"  {item['id']}  {item['what']} ({item['who']}: {item['why']})" for item in data["accepted_before"]]
        lines.append("")
    if data.get("late"):
        lines.append("Booked in this period, and of one that was closed before:")
        lines += [
            f"  deal {item['deal']}, {item['entry']}: of {item['original_date']}, booked {item['booked']}"
            for item in data["late"]
        ]
        lines.append("")
    if data.get("since_reopened"):
        lines += _since_reopened_1(data["since_reopened"])
    head = data["audit_head"]
    lines += [
        f"Report         SHA-256 {data['report_sha256']}",
        f"Audit head     link {head['links']} of book {head['book']}, {head['hash']}",
        *(
            f"{one['part'].capitalize():<14} {one['name']}, {one['at']}, identified by: {one['identified_by']}"
            + (f" {one['key']}" if one.get("key") else "")
            for one in data.get("signatures", ())
        ),
        *(f"{name.replace('_', ' ').capitalize():<14} {said}" for name, said in data.get("versions", {}).items()),
        "",
    ]
    return "\n".join(lines)


def _since_reopened_1(told: Mapping[str, Any]) -> list[str]:
    """What was done in a period while it was out of the lock."""
    lines = [f"Since certificate {told['certificate']}, which no longer holds:"]
    lines += [
        f"  reopened by {one['who']}, approved by {one['approver']}, {one['at'][:19]}: {one['reason']}"
        for one in told["reopened"]
    ]
    lines += [f"  deal {one['deal']}: {one['event']}, {one['date']}, {one['state']}" for one in told["entries"]]
    lines += [
        f"  {one['account']}: movement was {one['was']}, is {one['is']} {one['currency']}" for one in told["accounts"]
    ]
    if not told["accounts_compared"]:
        lines.append("  (the accounts could not be compared: the file of that certificate is not as it was sealed)")
    elif not told["entries"] and not told["accounts"]:
        lines.append("  nothing was changed")
    return [*lines, ""]


def closed_words(data: Mapping[str, Any]) -> str:
    """How a certificate's period was closed, as formats from 2 on say it."""
    accepted = len(data["accepted"])
    return f"closed, with {counted(accepted, 'accepted exception')}" if accepted else "closed, both sides agree"


# What the counts of a certificate count.
_COUNTED_2 = {
    "entries": "Entries of deals, dated in the period",
    "records": "Documents that the ledger lists in the period",
    "matched": "Entries that were found in the ledger",
    "exceptions": "Exceptions, with open items",
    "cut_off": "Deals and payments not in the ledger at cut-off",
    "by_hand": "Typed by hand, and explained without an exception",
}


def _text_2(data: Mapping[str, Any]) -> str:
    """The words of format 2."""
    alone = [f"{row['row']} ({row['left']} / {row['right']})" for row in data.get("not_provided", ())]
    units = ", ".join(f"{name} {both['ledger']} of {both['expected']}" for name, both in data["units"].items())
    lines = [
        f"Close certificate {data['certificate']}",
        "",
        *_fact_2("Legal entity", f"{data['legal_entity']} (book {data['book']})"),
        *_fact_2("Period", f"{data['period']}, {data['first_day']} to {data['last_day']}"),
        *_fact_2("Signed by", f"{data['signed_by']}, {data['signed_at']} (prepared by {data['prepared_by']})"),
        *_fact_2("Result", closed_words(data)),
        *(_fact_2("Not provided", f"{'; '.join(alone)}: one side was never given") if alone else ()),
        *_fact_2("Note", data["note"] or "none"),
        "",
        *(f"{_COUNTED_2.get(name, name.replace('_', ' ')):<60} {count:>17,}" for name, count in data["counts"].items()),
        "",
        *_fact_2("Units sold", f"{units} (in the ledger, of those expected)" if units else "none"),
        "",
        f"{'Account':<40} {'Movement':>16} {'Difference':>16}",
        _LINE,
    ]
    for row in data["totals"]:
        name, *more = wrap(row["account"], 40) or [""]
        lines.append(f"{name:<40} {row['found']:>16} {row['difference']:>16} {row['currency']}")
        lines += [f"  {part}" for part in more]
    lines += [_LINE, ""]
    if data["accepted"]:
        lines.append("Accepted:")
        for item in data["accepted"]:
            lines += _item_2(f"{item['id']}  {item['code'].replace('_', ' ')}: {item['what']}")
            if item.get("note"):
                lines += _item_2(f"accepted by {item['who']}: {item['note']}", "    ")
        lines.append("")
    if data.get("accepted_before"):
        lines.append("Differences that were accepted before:")
        for item in data["accepted_before"]:
            lines += _item_2(f"{item['id']}  {item['what']} ({item['who']}: {item['why']})")
        lines.append("")
    if data.get("late"):
        lines.append("Booked in this period, and of one that was closed before:")
        for item in data["late"]:
            lines += _item_2(
                f"deal {item['deal']}, {item['entry']}: of {item['original_date']}, booked {item['booked']}"
            )
        lines.append("")
    if data.get("since_reopened"):
        for line in _since_reopened_1(data["since_reopened"]):
            lines += _item_2(line.strip()) if line.startswith("  ") else [line]
    head = data["audit_head"]
    lines += _fact_2("Report", f"SHA-256 {data['report_sha256']}")
    lines += _fact_2("Audit head", f"link {head['links']} of book {head['book']}, {head['hash']}")
    for one in data.get("signatures", ()):
        by = f"{one['name']}, {one['at']}, identified by: {one['identified_by']}"
        lines += _fact_2(one["part"].capitalize(), f"{by} {one['key']}" if one.get("key") else by)
    for name, said in data.get("versions", {}).items():
        lines += _fact_2(name.replace("_", " ").capitalize(), said)
    return "\n".join([*lines, ""])


def _fact_2(name: str, said: str) -> list[str]:
    """A name and what is said of it, over as many lines as it takes."""
    return _wrapped_2(said, f"{name:<15}" if len(name) < 15 else f"{name} ", " " * 15)


def _item_2(said: str, indent: str = "  ") -> list[str]:
    return _wrapped_2(said, indent, "    ")


def _wrapped_2(said: str, first: str, others: str) -> list[str]:
    return wrap(
        said, 80, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    ) or [first.rstrip()]


_TEXTS: Mapping[int, Callable[[Mapping[str, Any]], str]] = {1: _text_1, 2: _text_2}
FORMATS = frozenset(_TEXTS)


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files whole and durable: a reader sees the old or the new content, after a crash too.

    Raises:
        StopConnection: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            _replace(folder / name, text)
        sync_folder(folder)
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
