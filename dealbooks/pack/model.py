"""What a close pack is made of, before it is written: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dealbooks.entries import Entry
from dealbooks.pipeline.certificate import closed_words
from dealbooks.pipeline.reconcile import Reconciliation
from dealbooks.pipeline.sheets import Sheet
from dealbooks.pipeline.trace import Story
from dealbooks.reconcile.matrix import RowStatus
from dealbooks.reports.reconciliation import result_words

MOST_OF_A_CLASS = (
    300  # exceptions of one class on the page; `verify` looks for them there: a format of its own for more
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the pack: `key` names its file and its place on the page, `intro` says what a reader sees in it.
    `shown` is how many rows stand on the page, `page` which columns (empty: all); all of them are in the CSV, the
    workbook and the JSON. None shown: a listing for programs, in CSV and JSON only."""

    key: str
    intro: str
    sheet: Sheet
    shown: int = 300
    page: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """As a heading."""
        return self.sheet.title


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: its label, its length as parts of a hundred, and what it stands for in words."""

    label: str
    parts: int
    words: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart; `words` say all that it shows."""

    key: str
    title: str
    words: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A deal's story with its entries, and the file of the pack that holds them."""

    story: Story
    entries: tuple[tuple[Entry, str], ...]
    file: str


@dataclass(frozen=True, slots=True)
class PackData:
    """All that the files of a pack are made from. `certificate` is None for a draft; `stories` are by internal deal
    id, `numbers` give the internal id of a deal number."""

    rec: Reconciliation
    title: str
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...]
    stories: Mapping[str, Told]
    numbers: Mapping[str, str]
    versions: Mapping[str, str]
    read_up_to: Mapping[str, str]
    platform: str
    certificate: Mapping[str, Any] | None = None
    docs: Mapping[str, bytes] = field(default_factory=dict)
    ledger_text: str = ""
    ledger_book: bytes = b""

    @property
    def draft(self) -> bool:
        """Whether nobody has signed it."""
        return self.certificate is None

    @property
    def result(self) -> str:
        """The result in a sentence: of a signed pack, that it is closed and what was accepted."""
        if self.certificate is None:
            return result_words(self.rec)
        return f"{closed_words(self.certificate)[:1].upper()}{closed_words(self.certificate)[1:]}."

    @property
    def not_provided(self) -> str:
        """The rows of the matrix that have only one side, in words; empty: none."""
        return "; ".join(
            f"{row.number} ({row.left} / {row.right})"
            for row in self.rec.matrix if row.status is RowStatus.NOT_PROVIDED
        )  # fmt: skip
