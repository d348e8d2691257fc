"""Heads of audit chains that are kept outside the store, and the proof that the store still holds them.

A store that was cut or rewritten as a whole proves itself; a head on a certificate or beside the ledger does not move
with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import select

from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.store import Store
from dealbooks.store.audit import AuditReport, Break, verify
from dealbooks.store.db import HOUSE_CHAIN
from dealbooks.store.tables import audit


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A link of a book's chain as it was seen once: its number, its hash, and where that is kept."""

    book: str
    links: int
    hash: str
    where: str

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"book": self.book, "links": self.links, "hash": self.hash, "where": self.where}


def heads_of_ledgers(house: House) -> list[KeptHead]:
    """Heads that are kept beside the embedded ledgers of this house.

    Raises:
        StopConnection: such a file cannot be read.
    """
    found = []
    for book, config in house.config.books.items():
        if config.ledger.platform != "beancount":
            continue
        root = house.config.path(str((config.ledger.model_extra or {}).get("path", "")))
        for chain in (book, HOUSE_CHAIN):
            head = import_module("blocks.ledgers.beancount").read_head(root, chain)
            if head is not None:
                found.append(KeptHead(chain, head.seq, head.hash, str(root)))
    return found


def heads_in_file(file: Path) -> list[KeptHead]:
    """Heads of a close certificate, of a file beside a ledger, or of `audit verify --json` (JSON).

    Raises:
        UsageError: the file holds no head.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if "audit_head" in data:
            one = data["audit_head"]
            return [KeptHead(one["book"], int(one["links"]), one["hash"], str(file))]
        return [
            KeptHead(book, int(one["links"] if "links" in one else one["seq"]), one["hash"], str(file))
            for book, one in data.get("heads", data).items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{file} holds no head of an audit chain.",
            fix="Give the certificate of a close (certificate.json), or audit-head.json of a ledger's folder.",
        ) from error


def prove(store: Store, kept: Sequence[KeptHead]) -> AuditReport:
    """Verify the chains, and that each kept head still stands in its chain."""
    report = verify(store)
    breaks = list(report.breaks)
    with store.read() as conn:
        for head in kept:
            query = select(audit.c.hash).where((audit.c.book == head.book) & (audit.c.seq == head.links))
            found = conn.execute(query).scalar()
            where = f"chain {head.book}, link {head.links}"
            if found is None:
                last = report.heads.get(head.book, (0, ""))[0]
                said = f"its end was cut off: {head.where} holds link {head.links}, the chain ends at {last}"
                breaks.append(Break(where, said))
            elif found != head.hash:
                breaks.append(Break(where, f"it is not the link that {head.where} holds: the chain was rewritten"))
    return replace(report, breaks=tuple(breaks))
