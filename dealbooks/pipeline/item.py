"""One row of the inbox on its way through validation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dealbooks.deal import Deal
from dealbooks.draft import RawRecord
from dealbooks.findings import Finding
from dealbooks.pipeline.judge import Judged
from dealbooks.store.db import Row

_LONGEST_NUMBER = 64


@dataclass(slots=True)
class Item:
    """One row on its way through."""

    row: Row
    record: RawRecord
    state: str = "new"  # then unchanged | superseded | accepted | quarantined | ignored
    note: str = ""
    book: str = ""
    deal_id: str = ""
    said_number: str = ""  # the deal's number, as the row has it
    known: Row | None = None  # the deal as it stands, when there is one
    named: bool = False  # whether this source's key already names that deal
    version: int | None = None
    judged: Judged | None = None
    to_check: Any = None  # its row for the data-quality engine
    deal: Deal | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def number(self) -> str:
        """What people call the deal: its number; where neither the row gives one nor the deal is known, its id at the
        source."""
        said = self.said_number.strip() or (self.known["deal_number"] if self.known is not None else "")
        usable = said.isprintable() and 0 < len(said) <= _LONGEST_NUMBER
        return said if usable else id_at_source(self.record.natural_key)


def id_at_source(natural_key: str) -> str:
    """A record's id, without its source and its store."""
    return natural_key.rsplit(":", 1)[-1]
