"""Period close: prove that our entries of a month and the ledger's agree, and list every exception.

It locks nothing: a person signs with `dealbooks close`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import flow, runtime, tags
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from dealbooks.config import Config
from dealbooks.errors import DealbooksError, UsageError
from dealbooks.periods import Period
from flows import reports
from tasks.reconcile import reconcile
from tasks.work import in_words, open_config


def last_month(config: Config, book: str, now: datetime) -> str:
    """The month before the one that it is in the book's time zone, as `2026-03`. Raises UsageError for no such book."""
    if book not in config.books:
        known = ", ".join(config.books)
        raise UsageError(f"There is no book called {book!r}; there is {known}.", fix="See books: in dealbooks.yaml.")
    today = now.astimezone(config.books[book].zone()).date()
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    return f"{year:04d}-{month:02d}"


def _run_name() -> str:
    given: dict[str, Any] = runtime.flow_run.parameters
    return f"period-close {given.get('book')} {given.get('period') or 'last month'}"


@flow(name="period-close", flow_run_name=_run_name, persist_result=False)
async def period_close(config: str, book: str, period: str = "") -> State:
    """Compare a month of a book with its ledger.

    Args:
        config: Path of dealbooks.yaml; empty means DEALBOOKS_CONFIG, or the one in the working folder.
        book: Which book.
        period: The month, such as 2026-03; empty means the last one, in the book's time zone.
    """
    try:
        month = str(Period.parse(period)) if period else last_month(open_config(config), book, datetime.now(UTC))
        with tags(f"book:{book}", f"period:{month}"):
            found = await reconcile(config, book, month)
    except DealbooksError as error:
        return Failed(message=in_words(error))
    await reports.close_tables(found)
    counts = (
        (len(found.differences), "difference", "differences"),
        (len(found.open_items), "open item", "open items"),
        (len(found.cut_off), "deal not settled", "deals not settled"),
        (len(found.problems), "problem with the ledger itself", "problems with the ledger itself"),
    )
    told = (
        ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count) or "no open items"
    )
    if found.agreed:
        return Completed(name="Agreed", message=f"{book} {month} agrees with its ledger; {told}.")
    return Failed(
        name="Exceptions",
        message=f"{book} {month}: {told}; the tables of this run name each, and what mends it.",
    )
