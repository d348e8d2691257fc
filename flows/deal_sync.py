"""Deal sync: read what a source has, check it, plan it, post it. One task a stage, any number of deals.

Run it as often as you like: it catches up to now, and what was done before is not done again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from prefect import flow, runtime, tags
from prefect.client.schemas.objects import State
from prefect.states import Failed

from dealbooks.errors import DealbooksError, LeaseLost
from dealbooks.pipeline.standings import may_be_told
from flows import reports
from flows.deployments import books_of
from flows.summary import Summary
from tasks.extract import extract
from tasks.intake import take_events, take_payments, take_signatures
from tasks.load import load, tell_standings
from tasks.quarantine import waiting_in_quarantine
from tasks.transform import transform
from tasks.validate import Checked, validate
from tasks.work import open_config, run_log


def _run_name() -> str:
    given: dict[str, Any] = runtime.flow_run.parameters
    words = ["deal-sync", given.get("source") or "all sources"]
    if given.get("since"):
        words.append(f"since {given['since']}")
    if given.get("plan_only"):
        words.append("plan only")
    return " ".join(words)


@flow(name="deal-sync", flow_run_name=_run_name, persist_result=False)
async def deal_sync(
    config: str = "",
    source: str = "",
    since: date | None = None,
    plan_only: bool = False,  # noqa: FBT001 - a flow's parameters are named by the form that starts it
) -> State:
    """Carry completed deals from a source into the books.

    Args:
        config: Path of dealbooks.yaml; empty means DEALBOOKS_CONFIG, or the one in the working folder.
        source: Which source to read; empty means all of them.
        since: Only what the source dated on or after this day; empty means everything not seen yet.
        plan_only: Check and plan, but send nothing now; what is planned is sent by the next run that posts.
    """
    settings = open_config(config)
    if source and source not in settings.sources:
        return Failed(message=f"There is no source {source!r}; there is {', '.join(settings.sources)}.")
    done = Summary()
    for name in [source] if source else settings.sources:
        await _sync_source(done, config, name, books_of(settings, name), since=since, plan_only=plan_only)
    waiting = await waiting_in_quarantine(config)
    for book in done.books:
        await reports.quarantine_table(book, [deal for deal in waiting if deal.book == book])
    if unplaced := [deal for deal in waiting if not deal.book]:
        await reports.quarantine_table(reports.NO_BOOK, unplaced)
    await reports.sync_table(source or "all", done)
    return reports.state_of(done)


async def _sync_source(
    done: Summary, config: str, source: str, books: list[str], *, since: date | None, plan_only: bool
) -> None:
    """What stops one file, one batch or one ledger does not stop the others."""
    done.add_books(books)
    with tags(f"source:{source}"):
        async with _told(done, source):
            done.read(await extract(config, source, since))
        async with _told(done, source):
            await _report_checked(done, source, await validate(config, source))
        async with _told(done, "events"):
            await _take_told(done, config)
        for book in books:
            with tags(f"book:{book}"):
                async with _told(done, book):
                    done.planned(await transform(config, book))
                    if not plan_only:
                        done.posted(await load(config, book))
        if not plan_only and may_be_told(open_config(config), source):
            async with _told(done, source):
                for told in await tell_standings(config, source):
                    done.told_back(told)
                    if told.failure:
                        run_log().warning("%s: %s", source, told.failure)


async def _take_told(done: Summary, config: str) -> None:
    """What webhooks told: events find their deals, and contracts and payments are read at their providers. The records
    that events name were just swept, or are by the run of their own source."""
    more = True
    while more:
        taken = await take_events(config)
        done.took(taken)
        more = taken.more
    settings = open_config(config)
    if settings.signatures:
        done.took_signatures(await take_signatures(config))
    if settings.payments:
        paid = await take_payments(config)
        done.took_payments(paid)
        for source in paid.sources:
            await _report_checked(done, source, await validate(config, source))


async def _report_checked(done: Summary, source: str, checked: Checked) -> None:
    done.checked(checked)
    for batch in checked.batches:
        if batch.docs is not None:
            await reports.data_docs_link(source, batch.docs)
        if batch.quarantined:
            reports.tell_quarantined(source, batch.batch, batch.quarantined)


@asynccontextmanager
async def _told(done: Summary, what: str) -> AsyncIterator[None]:
    """Keep an error for the end of the run, so that the rest goes on. Another process at the same ledger is none."""
    try:
        yield
    except LeaseLost as error:
        run_log().warning("%s: %s", what, error.words)
        done.busy.append(what)
    except DealbooksError as error:
        run_log().error("%s: %s", what, error.words)
        done.errors.append(f"{what}: {error.words}")
