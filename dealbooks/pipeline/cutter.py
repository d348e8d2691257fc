"""Rows of the inbox cut into batches, the same for files and for records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import select

from dealbooks.draft import RawRecord
from dealbooks.house import House
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import batches

BATCH_ROWS = 2000  # the data-quality engine costs half a second a batch, a row of it some 80 KiB until it is taken


class BatchCutter:
    """Cuts rows into batches of bounded size, over the ends of files: a batch is one run of the data-quality engine.

    A deal or a car that comes again starts a new batch, so that a later row is judged after the earlier one was taken.
    `marks` are what names the car: its VIN, its stock number.
    """

    def __init__(self, source: str, most: int, marks: Callable[[RawRecord], Iterable[str]]) -> None:
        self.most = most
        self._marks_of = marks
        self._source = source
        self._batch: Row | None = None
        self._count = 0
        self._marks: set[str] = set()

    def assign(self, tx: Tx, records: Sequence[RawRecord]) -> list[int]:
        """The batch of each record; new batches and their sizes are written in this transaction."""
        numbers: list[int] = []
        for record in records:
            marks = {record.natural_key, *self._marks_of(record)} - {""}
            if self._batch is None or self._count >= self.most or self._marks & marks:
                self._write(tx)
                self._batch = self._new(tx)
                self._count = 0
                self._marks = set()
            self._marks |= marks
            self._count += 1
            numbers.append(self._batch["id"])
        self._write(tx)
        return numbers

    def _new(self, tx: Tx) -> Row:
        row: Row = {
            "id": tx.next_ids("batches")[0], "source": self._source, "state": "extracted", "row_count": 0,
            "summary": "{}", "created_at": tx.at,
        }  # fmt: skip
        tx.insert("batches", [row])
        return row

    def _write(self, tx: Tx) -> None:
        if self._batch is not None and self._batch["row_count"] != self._count:
            (self._batch,) = tx.update("batches", [self._batch], row_count=self._count)


def batches_that_wait(house: House, source: str) -> tuple[int, ...]:
    """Batches of a source that are not validated yet, oldest first (also those of an earlier, killed run)."""
    with house.store.read() as conn:
        query = select(batches.c.id).where((batches.c.source == source) & (batches.c.state == "extracted"))
        return tuple(row.id for row in conn.execute(query.order_by(batches.c.id)))
