"""Period close: prove that our entries of a month and the ledger's agree, list every exception, wait for a person's
signature, and lock the month.

A run of a deployment is suspended while it waits: its process ends, days may pass, and when the form is filled in it
begins again from the top. So every step may be repeated: what was shown, who signed it and which answers were dealt
with stands in our store, never in the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect import flow, runtime, tags
from prefect.client.schemas.objects import State
from prefect.flow_runs import asuspend_flow_run
from prefect.states import Completed, Failed

from dealbooks.config import Config
from dealbooks.errors import DealbooksError, UsageError
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline.close import CloseResult
from dealbooks.pipeline.signoff import Shown
from dealbooks.plural import counted
from flows import reports
from flows.close_form import Decision, SignOff, form
from tasks.close import dealt_with, decline_shown, show_for_signing, shown_by, sign
from tasks.work import open_config


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the close of one book stands: in one word, and in words. `waits`: a person may sign it now."""

    book: str
    period: str
    name: str
    message: str
    failed: bool = False
    waits: bool = False


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
    return f"period-close {given.get('book') or 'all books'} {given.get('period') or 'last month'}"


@flow(name="period-close", flow_run_name=_run_name, persist_result=False)
async def period_close(config: str, book: str = "", period: str = "") -> State:
    """Compare a month with the ledger, and wait for who signs it.

    Run by a deployment it waits for the form that it shows; run by a program it ends, and the month is signed with
    `dealbooks close`. Books fail apart from each other.

    Args:
        config: Path of dealbooks.yaml; empty means DEALBOOKS_CONFIG, or the one in the working folder.
        book: Which book, or several with commas between them; empty means all.
        period: The month, such as 2026-03; empty means the last one, in each book's time zone.
    """
    try:
        opened = open_config(config)
    except DealbooksError as error:
        return Failed(message=error.words)
    run = str(runtime.flow_run.id)
    books = [one.strip() for one in book.split(",") if one.strip()] or list(opened.books)
    done = [await _show(config, opened, one, period, run) for one in books]
    if runtime.deployment.id is not None:
        done = [await _sign_off(config, one, run) if one.waits else one for one in done]
    return _state(done)


def _state(done: list[Outcome]) -> State:
    message = " | ".join(one.message for one in done)
    bad = [one for one in done if one.failed]
    names = {one.name for one in (bad or done)}
    name = names.pop() if len(names) == 1 else None
    return Failed(name=name, message=message) if bad else Completed(name=name, message=message)


async def _show(config: str, opened: Config, book: str, period: str, run: str) -> Outcome:
    """Read a month of a book and show it, unless this run has done that before it was suspended."""
    try:
        month = str(Period.parse(period)) if period else last_month(opened, book, datetime.now(UTC))
        state, shown = await shown_by(config, book, month, run)
        if state is PeriodState.LOCKED:
            return _closed(book, month)
        if shown is not None:
            return Outcome(book, month, "Waits", f"{book} {month} waits for a signature.", waits=True)
        with tags(f"book:{book}", f"period:{month}"):
            found = await show_for_signing(config, book, month, run)
    except DealbooksError as error:
        return Outcome(book, period, "Failed", error.words, failed=True)
    await reports.close_tables(found.reconciliation)
    await reports.pack_link(found)
    return _told(found)


def _told(result: CloseResult) -> Outcome:
    """How a month that was shown stands."""
    found = result.reconciliation
    counts = (
        (len(found.differences), "difference", "differences"),
        (len(found.open_items), "open item", "open items"),
        (len(found.cut_off), "deal not settled", "deals not settled"),
        (len(found.problems), "problem with the ledger itself", "problems with the ledger itself"),
    )
    told = (
        ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count) or "no open items"
    )
    waits = all(one.acceptable for one in result.obstacles)
    if found.agreed:
        message = f"{result.book} {result.period} agrees with its ledger; {told}."
        return Outcome(result.book, result.period, "Agreed", message, waits=waits)
    message = f"{result.book} {result.period}: {told}; the tables of this run name each, and what mends it."
    return Outcome(result.book, result.period, "Exceptions", message, failed=True, waits=waits)


def _closed(book: str, month: str) -> Outcome:
    return Outcome(book, month, "Closed", f"{book} {month} is closed.")


async def _sign_off(config: str, one: Outcome, run: str) -> Outcome:
    """Wait for who signs a month, as often as it takes: what changed since it was shown is shown again."""
    book, month = one.book, one.period
    told: tuple[str, ...] = ()
    while True:
        try:
            state, shown = await shown_by(config, book, month, run)
            if state is PeriodState.LOCKED:
                return _closed(book, month)
            if shown is None:  # another run or a person showed something else since
                told = await _again(config, book, month, run)
                continue
        except DealbooksError as error:
            return Outcome(book, month, "Failed", error.words, failed=True)
        asked = form(shown, (*told, *shown.changed))
        answer = await asuspend_flow_run(wait_for_input=asked, key=f"{shown.sha256[:24]}-{shown.answers}")
        try:
            ended, told = await _answer(config, shown, answer, run)
            if ended is not None:
                return ended
            await dealt_with(config, shown)
        except DealbooksError as error:
            told = (error.words,)
            await dealt_with(config, shown)


async def _answer(config: str, shown: Shown, answer: SignOff, run: str) -> tuple[Outcome | None, tuple[str, ...]]:
    """Do what a person decided; how it ended, or what to tell with the next form. Raises DealbooksError."""
    book, month, who, note = shown.book, shown.period, answer.who, answer.note.strip()
    if answer.decision is Decision.LATER:
        return Outcome(book, month, "NotSigned", f"{book} {month} is left as it is; nobody has signed it."), ()
    if answer.decision is Decision.DECLINE:
        await decline_shown(config, book, month, who, note)
        return Outcome(book, month, "Declined", f"{book} {month} was not signed as it was shown."), ()
    if answer.decision is Decision.AGAIN:
        return None, await _again(config, book, month, run)
    result = await sign(config, book, month, run, who, note, answer.notes)
    if result.closed:
        return _closed(book, month), ()
    if result.changed:
        return None, ("Something changed since this was shown, so the signature does not count.",)
    if result.obstacles:
        left = ", ".join(sorted({one.code for one in result.obstacles}))
        still = counted(len(result.obstacles), "exception still stands", "exceptions still stand")
        return None, (f"{still} in the way ({left}); nothing was signed.",)
    return None, ("One has signed; somebody else signs too.",)


async def _again(config: str, book: str, month: str, run: str) -> tuple[str, ...]:
    """Read a month again, and show it. Raises DealbooksError."""
    result = await show_for_signing(config, book, month, run)
    await reports.close_tables(result.reconciliation)
    await reports.pack_link(result)
    return () if result.shown is not None and result.shown.changed else ("Nothing has changed since it was shown.",)
