"""Load: drain the outbox of one book into its ledger. Needs neither Prefect nor frames."""

from __future__ import annotations

from dealbooks.house import House
from dealbooks.ledger import Ledger
from dealbooks.outbox import Drain, DrainResult
from dealbooks.pipeline.garbage import seldom_collected
from dealbooks.pipeline.guard import check_ledger_fits
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.store import Store
from dealbooks.store.audit import heads
from dealbooks.store.db import HOUSE_CHAIN


@seldom_collected()
def load(house: House, book: str, *, again_by: str = "", progress: Progress = silent) -> DrainResult:
    """Send everything of a book that may be sent now. `again_by` names a person who says that what the ledger refused
    shall be sent again.

    Raises:
        UsageError: there is no such book.
        LeaseLost: another process drains it.
        StopConnection: the ledger cannot be used now.
    """
    house.book_config(book)
    check_ledger_fits(house, book)
    ledger = house.ledger(book)
    drain = Drain(house.store, book, ledger, progress=lambda done, total: progress(f"post {book}", done, total))
    if again_by:
        drain.send_refused_again(again_by)
    result = drain.run()
    keep_head(house.store, book, ledger)
    return result


def keep_head(store: Store, book: str, ledger: Ledger) -> None:
    """Keep the heads of the book's and the intake's audit chains beside the ledger, where the ledger can: a store that
    is cut or rewritten later cannot also reach them."""
    write_head = getattr(ledger, "write_head", None)
    if write_head is not None:
        found = heads(store)
        for chain in (book, HOUSE_CHAIN):
            if chain in found:
                write_head(chain, *found[chain])
