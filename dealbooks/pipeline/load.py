"""Load: drain the outbox of one book into its ledger. Needs neither Prefect nor frames."""

from __future__ import annotations

from sqlalchemy import func, select

from dealbooks.errors import StopConnection
from dealbooks.house import House
from dealbooks.ledger import Ledger
from dealbooks.outbox import Drain, DrainResult
from dealbooks.pipeline.garbage import seldom_collected
from dealbooks.pipeline.guard import check_ledger_fits
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.standing import standing_of
from dealbooks.store import Store
from dealbooks.store.audit import heads
from dealbooks.store.db import HOUSE_CHAIN
from dealbooks.store.tables import entries


@seldom_collected()
def load(house: House, book: str, *, again_by: str = "", progress: Progress = silent) -> DrainResult:
    """Send everything of a book that may be sent now. `again_by` names a person who says that what the ledger refused
    shall be sent again.

    Raises:
        UsageError: there is no such book.
        LeaseLost: another process drains it.
        StopConnection: the ledger cannot be used now, or a person has paused the book. A pause while it runs lets the
            batch under way end, and leaves the rest.
    """
    standing = standing_of(house, book)
    if standing.paused:
        raise StopConnection(
            f"{book} was paused by {standing.who} ({standing.why}); nothing of it is sent.",
            fix=f"'dealbooks resume {book} --who NAME' ends it.",
        )
    if standing.mode == "shadow":
        return DrainResult(book, 0, 0, 0, 0, 0, shadow=_planned(house, book))
    check_ledger_fits(house, book)
    ledger = house.ledger(book)
    drain = Drain(
        house.store, book, ledger,
        progress=lambda done, total: progress(f"post {book}", done, total),
        may_go_on=lambda: standing_of(house, book).sends,
    )  # fmt: skip
    if again_by:
        drain.send_refused_again(again_by)
    result = drain.run()
    keep_head(house.store, book, ledger)
    return result


def _planned(house: House, book: str) -> int:
    """How many entries of a book wait to be sent."""
    with house.store.read() as conn:
        query = select(func.count()).where((entries.c.book == book) & (entries.c.state == "planned"))
        return int(conn.execute(query).scalar_one())


def keep_head(store: Store, book: str, ledger: Ledger) -> None:
    """Keep the heads of the book's and the intake's audit chains beside the ledger, where the ledger can: a store that
    is cut or rewritten later cannot also reach them."""
    write_head = getattr(ledger, "write_head", None)
    if write_head is not None:
        found = heads(store)
        for chain in (book, HOUSE_CHAIN):
            if chain in found:
                write_head(chain, *found[chain])
