"""Inbox intake: what the gateway stored, read again at its source, checked, planned and posted, within seconds.

    take events -> read the deals again -> check -> plan -> post, book by book

One run a batch, called in its own process by the fast lane (flows/intake.py), which has everything loaded. Its tasks
carry no tags: Prefect asks its server for a slot of every tag before a task begins, and after it. Nothing of
an event gets into the books: the deals are read with our own credentials. What cannot be done now comes again, and what
is lost with this process is found by the next sync.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from prefect import Task, flow, runtime
from prefect.client.schemas.objects import State

from dealbooks.config import Config
from dealbooks.errors import DealbooksError, LeaseLost
from dealbooks.pipeline.agenda import Item
from dealbooks.store.db import stamp
from flows import reports
from flows.deployments import books_of
from flows.lane import CURRENT, PAYMENTS, SIGNATURES, Batch
from flows.summary import Summary
from tasks.extract import extract
from tasks.intake import disputed, read_again, take_events, take_payments, take_signatures
from tasks.load import load
from tasks.quarantine import waiting_in_quarantine
from tasks.transform import transform
from tasks.validate import Checked, validate
from tasks.work import open_config, run_log

P = ParamSpec("P")
R = TypeVar("R")
# What stops a source or a book here is put on the agenda, and does not hold up the others.
_SWEEP = extract.with_options(retries=0)


def _run_name() -> str:
    given: dict[str, Any] = runtime.flow_run.parameters
    return f"inbox-intake {given.get('batch') or 'by hand'}"


@flow(name="inbox-intake", flow_run_name=_run_name, persist_result=False)
async def inbox_intake(config: str = "", batch: int = 0) -> State:
    """Take a batch of what the gateway stored, and carry its deals into the books.

    Args:
        config: Path of dealbooks.yaml; empty means DEALBOOKS_CONFIG, or the one in the working folder.
        batch: Number of the batch in the process that runs it.
    """
    now = CURRENT.get() or Batch(number=batch)
    done = await carry(config, now)
    await _report(config, done, now)
    return reports.state_of(done.summary)


@dataclass(slots=True)
class Carried:
    """What became of a batch."""

    settings: Config
    summary: Summary = field(default_factory=Summary)
    books: list[str] = field(default_factory=list)  # with something to plan or post
    posted: list[str] = field(default_factory=list)
    disputed: list[tuple[str, str]] = field(default_factory=list)
    checked: list[tuple[str, Checked]] = field(default_factory=list)

    def want(self, books: Iterable[str]) -> None:
        """These books have something to plan or post."""
        self.books += [book for book in books if book not in self.books]


async def carry(config: str, batch: Batch, *, plain: bool = False) -> Carried:
    """All stages of one batch. `plain`: without Prefect, which is away.

    Raises:
        DealbooksError: the events could not be taken; nothing was changed.
    """
    done = Carried(open_config(config))
    try:
        batch.taken = taken = await _of(take_events, plain)(config)
        done.summary.took(taken)
        done.want([*taken.books, *batch.names("book")])
        sources = [*batch.names("source"), *(name for name, _ in taken.read_again), *batch.names("record")]
        known = [name for name in dict.fromkeys(sources) if name in done.settings.sources]
        await asyncio.gather(*(_source(config, batch, done, name, plain) for name in known))
        if done.settings.signatures and (taken.unconfirmed or batch.names("inbox")):
            await _signatures(config, batch, done, plain)
        if done.settings.payments and (taken.payments or taken.waiting or batch.names("inbox")):
            await _payments(config, batch, done, plain)
        if done.summary.accepted:
            # A signature may have come before the deal that it makes ready. Not a stage of its own in the UI.
            more = await take_events.fn(config)
            done.summary.took(more)
            done.want(more.books)
            batch.more(more)
    finally:
        batch.read.set()
    await asyncio.gather(*(_book(config, batch, done, book, plain) for book in done.books))
    batch.carried = True
    return done


def _of(task: Task[P, R], plain: bool) -> Callable[P, R]:  # noqa: FBT001 - private
    """The task, or what it does."""
    return task.fn if plain else task


async def _source(config: str, batch: Batch, done: Carried, source: str, plain: bool) -> None:  # noqa: FBT001
    """Read what was told about, which a sweep may not show yet; sweep, where that is due; then check what is new."""
    keys = batch.keys(source)
    sweeps = [Item("source", source)] if source in batch.names("source") else []
    records = [Item("record", source, key) for key in keys]
    new = bool(keys)  # where the reading stops, what was read before is checked all the same
    with _told(batch, done, source, records):
        if keys:
            found = await _of(read_again, plain)(config, source, keys)
            late = set(found.late)
            batch.done([item for item in records if item.key not in late])
            done.summary.read_some(source, found, batch.late(source, found.late))
            new = bool(found.swept.new or found.swept.gone)
    with _told(batch, done, source, sweeps):
        if sweeps:
            done.summary.read(await _of(_SWEEP, plain)(config, source))
            batch.done(sweeps)
    if new or sweeps:
        await _check(config, batch, done, source, plain)


async def _check(config: str, batch: Batch, done: Carried, source: str, plain: bool) -> None:  # noqa: FBT001
    """Check the batches of a source that wait."""
    items = [Item("source", source)]
    with _told(batch, done, source, items):
        checked = await _of(validate, plain)(config, source)
        done.summary.checked(checked)
        done.checked.append((source, checked))
        books = {book for one in checked.batches for book in one.books}
        if checked.facts or checked.openings:
            books.update(books_of(done.settings, source))
        done.want(book for book in done.settings.books if book in books)


async def _signatures(config: str, batch: Batch, done: Carried, plain: bool) -> None:  # noqa: FBT001
    """Read contracts at their providers; what is not signed by all yet is asked for again."""
    items = [SIGNATURES]
    with _told(batch, done, "signatures", items):
        found = await _of(take_signatures, plain)(config)
        done.summary.took_signatures(found)
        done.want(found.events.books)
        batch.more(found.events)
        if found.pending or found.failures:
            batch.put_off(items)
        else:
            batch.done(items)


async def _payments(config: str, batch: Batch, done: Carried, plain: bool) -> None:  # noqa: FBT001
    """Read what was paid at the providers; what they do not confirm yet is asked for again."""
    items = [PAYMENTS]
    with _told(batch, done, "payments", items):
        found = await _of(take_payments, plain)(config)
        done.summary.took_payments(found)
        await asyncio.gather(*(_check(config, batch, done, source, plain) for source in found.sources))
        if found.pending or found.failures:
            batch.put_off(items)
        else:
            batch.done(items)


async def _book(config: str, batch: Batch, done: Carried, book: str, plain: bool) -> None:  # noqa: FBT001
    items = [Item("book", book)]
    with batch.lane.at_book(book) as ours:
        if not ours:
            return
        since = stamp(datetime.now(UTC))
        with _told(batch, done, book, items):
            done.summary.planned(await _of(transform, plain)(config, book))
            drained = await _of(load, plain)(config, book)
            done.summary.posted(drained)
            done.posted.append(book)
            if drained.disputed:
                done.disputed += [(book, deal) for deal in await disputed(config, book, since)]
            if drained.retried or drained.unknown:
                batch.put_off(items)
            else:
                batch.done(items)


@contextmanager
def _told(batch: Batch, done: Carried, what: str, items: Sequence[Item]) -> Iterator[None]:
    """What stops a source or a book is told, and done again later; the others go on."""
    try:
        yield
    except LeaseLost as error:
        given_up = batch.put_off(items)
        run_log().info("%s: %s%s", what, error.words, _left(given_up))
        done.summary.busy.append(what)
    except DealbooksError as error:
        given_up = batch.put_off(items)
        run_log().error("%s: %s%s", what, error.words, _left(given_up))
        done.summary.errors.append(f"{what}: {error.words}")


def _left(given_up: Sequence[Item]) -> str:
    return " It was tried often enough, and is left to the next sync." if given_up else " It is tried again."


async def _report(config: str, done: Carried, batch: Batch) -> None:
    """What the UI shows of the batch, and the events for automations; after everything is posted."""
    if done.summary.quarantined:
        waiting = await waiting_in_quarantine(config)
        for book in done.settings.books:
            await reports.quarantine_table(book, [deal for deal in waiting if deal.book == book])
    if done.summary.rows:
        await reports.sync_table("inbox", done.summary, flow="inbox-intake")
    reports.tell_batch(batch.number, done.summary)
    for source, checked in done.checked:
        for result in checked.batches:
            if result.quarantined:
                reports.tell_quarantined(source, result.batch, result.quarantined)
                reports.tell_deals(reports.DEAL_QUARANTINED, [(source, row.deal_number) for row in result.refused])
    reports.tell_deals(reports.DEAL_DISPUTED, done.disputed)
