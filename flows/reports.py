"""What a run shows in the Prefect UI: how it ends, and tables and links with keys that stay, so that each has a
history; and the events that automations react to.

No personal data: a deal's number, where its row stands, and which rules it broke; never the values.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from prefect.artifacts import acreate_link_artifact, acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Completed, Failed

from dealbooks.pipeline.close import CloseResult
from dealbooks.pipeline.drift import Watched
from dealbooks.pipeline.drift_found import DriftRow
from dealbooks.pipeline.reconcile import Reconciliation
from dealbooks.plural import counted
from flows.summary import Summary
from tasks.quarantine import WaitingDeal

MOST_ROWS = 200
NO_BOOK = "no-book"  # rows that could not be read far enough to tell whose they are
# Events. Once a batch, with counts:
BATCH_DONE = "dealbooks.batch.done"
BATCH_QUARANTINED = "dealbooks.batch.quarantined"
# A deal each, from the fast lane only, since a backfill may have thousands:
DEAL_QUARANTINED = "dealbooks.deal.quarantined"
DEAL_DISPUTED = "dealbooks.deal.disputed"
# A finding of the drift watch each, once, and again when it changed:
DRIFT_FOUND = "dealbooks.drift.found"
_MOST_DEALS = 50  # events of one batch


def key(kind: str, name: str) -> str:
    """An artifact's key: small letters, digits and dashes only."""
    return f"{kind}-{name}".lower().replace("_", "-")


def state_of(done: Summary) -> State:
    """How the run ends: red only when something failed; deals that wait for a person end it complete, by name."""
    if done.errors:
        return Failed(message=" | ".join([*done.errors, done.in_words()]))
    if done.quarantined:
        return Completed(name="Quarantined", message=done.in_words())
    if done.held or done.refused or done.held_files:
        return Completed(name="NeedsAPerson", message=done.in_words())
    return Completed(message=done.in_words())


async def sync_table(source: str, done: Summary, *, flow: str = "deal-sync") -> None:
    """What each stage of the run did."""
    rows = done.rows or [{"stage": "read", "what": source, "result": "nothing new"}]
    await acreate_table_artifact(
        [dict(row) for row in rows],
        key=key(flow, source),
        description=f"**{source}**: {done.in_words()}" + "".join(f"\n\n{line}" for line in done.errors),
    )


async def quarantine_table(book: str, waiting: Sequence[WaitingDeal]) -> None:
    """The deals of a book that wait in quarantine, newest first."""
    rows = [
        {"deal": deal.deal_number, "place": deal.place, "since": deal.since, "reasons": "; ".join(deal.reasons)}
        for deal in waiting[:MOST_ROWS]
    ]
    whose = "no known book" if book == NO_BOOK else book
    more = f" The newest {MOST_ROWS} are shown." if len(waiting) > MOST_ROWS else ""
    await acreate_table_artifact(
        rows,
        key=key("quarantine", book),
        description=(
            f"{counted(len(waiting), 'deal')} of **{whose}** in quarantine.{more} See what is wrong with "
            "`dealbooks quarantine show DEAL`; correct it there or with the deployment *quarantine-fix/correct*."
        ),
    )


async def data_docs_link(source: str, page: Path) -> None:
    """Where the data-quality report of a batch stands."""
    await acreate_link_artifact(
        page.absolute().as_uri(),
        link_text="Data Docs of the newest batch",
        key=key("data-docs", source),
        description="What was checked, rule by rule. The page is a file on the machine that ran the check.",
    )


def tell_quarantined(source: str, batch: int, count: int) -> None:
    """That some deals of a batch need a person, told once. A hint for automations; the quarantine itself is the
    record."""
    emit_event(
        event=BATCH_QUARANTINED,
        resource={
            "prefect.resource.id": f"dealbooks.batch.{batch}",
            "prefect.resource.name": f"batch {batch} of {source}",
            "dealbooks.source": source,
        },
        payload={"source": source, "batch": batch, "count": count},
    )


def tell_batch(number: int, done: Summary) -> None:
    """What became of a batch of the fast lane, in counts."""
    emit_event(
        event=BATCH_DONE,
        resource={"prefect.resource.id": "dealbooks.inbox", "prefect.resource.name": "the inbox"},
        payload={
            "batch": number,
            "matched": done.events.matched,
            "waiting": done.events.waiting,
            "review": done.review,
            "accepted": done.accepted,
            "quarantined": done.quarantined,
            "posted": done.posted_count,
            "held": done.held,
            "refused": done.refused,
            "failures": len(done.errors),
        },
    )


def tell_deals(event: str, found: Sequence[tuple[str, str]]) -> None:
    """One event for each deal that needs a person: by the book or source that it is of, and its number."""
    for place, deal in found[:_MOST_DEALS]:
        emit_event(
            event=event,
            resource={
                "prefect.resource.id": f"dealbooks.deal.{place}.{deal}",
                "prefect.resource.name": f"deal {deal} of {place}",
                "dealbooks.place": place,
            },
            payload={"deal": deal, "place": place},
        )


async def close_tables(found: Reconciliation) -> None:
    """The tie-out by account, and the exceptions, of one book and period."""
    shown = found.as_json()
    await acreate_table_artifact(
        shown["totals"][:MOST_ROWS],
        key=key("tie-out", found.book),
        description=f"**{found.book}, {found.period}**: our entries and the ledger's own, by account.",
    )
    names = ("id", "code", "severity", "deal", "where", "difference", "currency", "since", "cure")
    empty = dict.fromkeys(names, "")
    rows = [
        *({name: row[name] for name in names} for row in shown["exceptions"]),
        *(
            empty | {"id": row["id"], "code": f"not settled: {row['kind']}", "deal": row["deal"], "cure": row["cure"]}
            for row in shown["cut_off"]
        ),
        *(empty | {"code": "ledger", "cure": problem} for problem in shown["problems"]),
    ]
    await acreate_table_artifact(
        rows[:MOST_ROWS],
        key=key("exceptions", found.book),
        description=f"**{found.book}, {found.period}**: {counted(len(rows), 'line')}: exceptions worst first, then "
        "what is not settled yet.",
    )


async def pack_link(result: CloseResult) -> None:
    """Where the report of a month stands that waits for its signature."""
    shown = result.shown
    if shown is None:
        return
    await acreate_link_artifact(
        Path(shown.page).absolute().as_uri(),
        link_text=f"{result.book} {result.period}, to be signed",
        key=key("close", result.book),
        description=f"The report as it was shown {shown.shown_at[:16]} UTC; what is signed is {shown.sha256[:16]}. It "
        "is a file on the machine that made it.",
    )


def tell_drift(book: str, found: Sequence[DriftRow]) -> None:
    """One event for each finding. Told again, since a message could not be sent, it has the id that Prefect knows."""
    for row in found[:_MOST_DEALS]:
        one = row.finding
        emit_event(
            event=DRIFT_FOUND,
            id=uuid5(NAMESPACE_URL, f"dealbooks drift {book} {one.id} {one.mark} {row.raised_at}"),
            resource={
                "prefect.resource.id": f"dealbooks.drift.{book}.{one.id}",
                "prefect.resource.name": f"{one.code} in the ledger of {book}",
                "dealbooks.book": book,
            },
            payload={
                "book": book, "finding": one.id, "code": one.code, "severity": one.severity, "where": one.where,
                "deal": one.deal, "period": one.period, "closed": one.closed, "difference": one.difference,
                "currency": one.currency,
            },
        )  # fmt: skip


async def drift_table(found: Watched) -> None:
    """What of the ledger of a book does not agree, worst first."""
    names = ("id", "code", "severity", "period", "closed", "deal", "where", "difference", "currency", "cure")
    rows = [
        {name: row.finding.as_json()[name] for name in names} | {"first seen": row.first_seen[:16]}
        for row in found.open[:MOST_ROWS]
    ]
    told = counted(found.told, "document was", "documents were")
    how = "the whole ledger was read" if found.whole else f"{told} changed since the last look"
    await acreate_table_artifact(
        rows,
        key=key("drift", found.book),
        description=f"**{found.book}**: {counted(len(found.open), 'finding waits', 'findings wait')} for a person, "
        f"{len(found.raised)} new; {how}. See `dealbooks drift {found.book}`.",
    )
