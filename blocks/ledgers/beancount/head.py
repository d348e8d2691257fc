"""The audit heads kept beside the ledger: for each book the number and hash of the last link of its audit chain.

A store that was cut or rewritten cannot also reach this file, so that `dealbooks audit verify --head` finds it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blocks.ledgers.beancount.files import cannot_write, replace_file
from blocks.ledgers.beancount.folder import folder_lock
from dealbooks.errors import StopConnection

HEAD_FILE = "audit-head.json"

_HASH = re.compile(r"[0-9a-f]{16,128}")


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a book's audit chain: its number (from 1) and its hash in hex."""

    seq: int
    hash: str


def read_head(root: Path, book: str) -> Head | None:
    """The head kept for a book; None when none was kept yet. Raises StopConnection when the file cannot be read."""
    held = _load(root).get(book)
    return None if held is None else Head(held["seq"], held["hash"])


def write_head(root: Path, book: str, seq: int, digest: str) -> Head:
    """Keep a head, whole or not at all, durable on return; gives the head that is now kept. A head never goes back: a
    writer that was paused does not undo a newer one, and a store restored from an old backup shows as cut.

    Raises:
        StopConnection: the file cannot be read or written.
        ValueError: the number or the hash is none.
    """
    if seq < 1 or not _HASH.fullmatch(digest):
        raise ValueError("an audit head has a number from 1 and a hash in hex")
    try:
        root.mkdir(mode=0o750, parents=True, exist_ok=True)
        with folder_lock(root):
            heads = _load(root)
            held = heads.get(book)
            if held is not None and held["seq"] >= seq:
                return Head(held["seq"], held["hash"])
            heads[book] = {"seq": seq, "hash": digest}
            text = json.dumps(heads, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
            replace_file(root / HEAD_FILE, text.encode())
            return Head(seq, digest)
    except OSError as error:
        raise cannot_write(root, error) from error


def _load(root: Path) -> dict[str, Any]:
    try:
        data = json.loads((root / HEAD_FILE).read_bytes())
        if not isinstance(data, dict) or not all(_is_head(value) for value in data.values()):
            raise ValueError("not a list of heads")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StopConnection(
            f"The audit heads in {root / HEAD_FILE} cannot be read.",
            fix="Restore the file from the backup of the ledger folder; it is the proof that the audit log is whole.",
        ) from error
    return data


def _is_head(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"seq", "hash"}
        and isinstance(value["seq"], int)
        and isinstance(value["hash"], str)
    )
