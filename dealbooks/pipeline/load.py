"""Load: drain the outbox of one book into its ledger. Needs neither Prefect nor frames."""

from __future__ import annotations

from dealbooks.house import House
from dealbooks.outbox import Drain, DrainResult
from dealbooks.pipeline.progress import Progress, silent


def load(house: House, book: str, *, progress: Progress = silent) -> DrainResult:
    """Send everything of a book that may be sent now.

    Raises:
        UsageError: there is no such book.
        LeaseLost: another process drains it.
        StopConnection: the ledger cannot be used now.
    """
    house.book_config(book)
    return Drain(
        house.store, book, house.ledger(book), progress=lambda done, total: progress(f"post {book}", done, total)
    ).run()
