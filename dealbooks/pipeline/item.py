"""One row of the inbox on its way through validation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dealbooks.deal import Deal
from dealbooks.draft import RawRecord
from dealbooks.findings import Finding
from dealbooks.pipeline.judge import Judged
from dealbooks.store.db import Row


@dataclass(slots=True)
class Item:
    """One row on its way through."""

    row: Row
    record: RawRecord
    state: str = "new"  # then unchanged | superseded | accepted | quarantined | ignored
    note: str = ""
    book: str = ""
    deal_id: str = ""
    known: Row | None = None  # the deal as it stands, when there is one
    named: bool = False  # whether this source's key already names that deal
    version: int | None = None
    judged: Judged | None = None
    to_check: Any = None  # its row for the data-quality engine
    deal: Deal | None = None
    findings: list[Finding] = field(default_factory=list)
