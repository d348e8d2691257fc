"""`sync` and `drain`: what is new at the sources goes into the books."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.output import Column
from dealbooks.cli.progress import progress
from dealbooks.cli.session import JsonOption, Session, day

if TYPE_CHECKING:
    from dealbooks.house import House
    from dealbooks.outbox import DrainResult
    from dealbooks.pipeline.sync import SyncResult

_MOST = 10
_STATES = ("posted", "disputed", "refused", "unknown", "pending", "held", "sending")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sync")(sync)
    app.command("drain")(drain)


def sync(
    context: typer.Context,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only this source; may be given several times.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="Only what the source dated on or after this day.")
    ] = "",
    plan_file: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Post exactly what this plan says, or refuse and say what moved. It approves the plan's amendments.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Take up what is new at the sources, check it, and post it.

    Run it as often as you like: what was done before is not done again. Ends 0 when every deal it saw is posted or
    already was, 3 when some are not.
    """
    since_day = day(since, "--since")
    with Session.of(context).house() as house:
        if plan_file is not None:
            result = _by_plan(house, plan_file, source, since)
        else:
            from dealbooks.pipeline.sync import sync as run

            with progress() as bars:
                result = run(house, sources=source, since=since_day, progress=bars)
        if as_json:
            output.say_json(result.as_json())
        else:
            from dealbooks.pipeline.quarantine import waiting

            _report(result, len(waiting(house)))
    return result.exit_code


def _by_plan(house: House, file: Path, source: Sequence[str] | None, since: str) -> SyncResult:
    from dealbooks.cli.planning import read_plan
    from dealbooks.errors import UsageError
    from dealbooks.pipeline.plan import sync_plan

    kept = read_plan(file)
    if source or since:
        raise UsageError(
            "A plan names its own sources and dates.", fix="Leave out --source and --since, or make a plan with them."
        )
    with progress() as bars:
        return sync_plan(house, kept, progress=bars)


def drain(
    context: typer.Context,
    book: Annotated[str, typer.Argument(help="The book; by default every one.", show_default=False)] = "",
    refused: Annotated[
        str, typer.Option("--refused-again", metavar="WHO", help="Send what the ledger refused again; say who says so.")
    ] = "",
    as_json: JsonOption = False,
) -> int:
    """Send what is planned, and look up what is in doubt.

    It is part of every sync. Needs no Prefect. Ends 0 when nothing is left to be sent, 3 when something is."""
    from dealbooks.errors import StopConnection
    from dealbooks.pipeline.load import load

    done: list[DrainResult] = []
    failures: list[str] = []
    with Session.of(context).house() as house, progress() as bars:
        books = [book] if book else list(house.config.books)
        for name in books:
            try:
                done.append(load(house, name, again_by=refused, progress=bars))
            except StopConnection as error:
                failures.append(f"book {name}: {error.words}")
    if as_json:
        output.say_json({"loaded": [one.as_json() for one in done], "failures": failures})
    else:
        _loaded(done)
        _list("Could not be worked on", failures)
    return 0 if not failures and all(one.clean for one in done) else NOT_ALL


def _report(result: SyncResult, waits: int) -> None:
    files = [one for extracted in result.extracted for one in extracted.files]
    rows = [
        (one.source, sum(f.state == "taken" for f in one.files), sum(f.state == "held" for f in one.files),
         sum(f.state == "waiting" for f in one.files), sum(f.rows for f in one.files))
        for one in result.extracted if one.swept is None
    ]  # fmt: skip
    counts = [Column(name, count=True) for name in ("taken", "held", "waiting", "rows")]
    if rows:
        output.table(["source", *counts], rows, title="Files")
    swept = [
        (one.source, one.swept.read, one.swept.new, one.swept.unchanged, one.swept.gone, one.swept.not_counted)
        for one in result.extracted
        if one.swept is not None
    ]
    if swept:
        counts = [Column(name, count=True) for name in ("read", "new", "unchanged", "gone", "no sales")]
        output.table(["source", *counts], swept, title="Records")
    _list("Look at these", [text for one in result.extracted for text in one.notices])
    _list("Files that are not taken yet", [one.said for one in files if one.state == "waiting"])
    _list("Files that are held", [one.said for one in files if one.state == "held"])
    _list("Files that are not known", [one.said for one in files if one.state == "unknown"])
    checked = [
        (one.source, one.batch, one.accepted, one.unchanged, one.older, one.quarantined, one.warnings)
        for one in result.validated
    ]
    if checked:
        names = ("batch", "accepted", "unchanged", "older", "quarantined", "warnings")
        output.table(["source", *(Column(name, count=True) for name in names)], checked, title="Checked")
    if result.facts or result.openings:
        output.say(f"Also taken: {result.facts} payment facts, {result.openings} opening balances.")
    told = result.events
    if told.matched or told.waiting or told.review or told.ignored:
        words = f"{told.matched} matched, {told.waiting} wait for their deal, {told.review} are for a person"
        output.say(f"Events: {words}. 'dealbooks events' shows what has no deal.")
    read = result.signatures
    if read.confirmed or read.pending or read.review:
        words = f"{read.confirmed} signed, {read.pending} not signed by all yet, {read.review} for a person"
        output.say(f"Contracts that were read: {words}.")
    _list("Notices", [text for one in result.validated for text in one.notices])
    refused = [
        f"{row.deal_number} ({row.place}): {'; '.join(row.reasons)}" for one in result.validated for row in one.refused
    ]
    _list("In quarantine", refused, more="'dealbooks quarantine list' shows all of them.")
    _list(
        "Not posted yet",
        [f"{deal}: {reason}" for one in result.transformed for deal, reason in one.waiting],
        more="'dealbooks status' counts them.",
    )
    _list(
        "Held",
        [f"{deal}: {reason}" for one in result.transformed for deal, reason in one.held],
        more="'dealbooks plan --out FILE' shows them, 'dealbooks sync --plan FILE' posts them.",
    )
    _loaded(result.loaded)
    for one in result.standings:
        if one.written:
            output.say(f"Written back to {one.source}: how {one.written} deals stand now.")
    _list("Could not be written back (the next sync does it)", result.warnings)
    _list("Could not be worked on", result.failures)
    output.say(_closing(result))
    if waits and result.exit_code == 0:
        output.say(f"Of earlier runs, {waits} still in quarantine: 'dealbooks quarantine list'.")


def _closing(result: SyncResult) -> str:
    posted = sum(one.posted for one in result.loaded)
    if result.exit_code == 0:
        shadow = sum(one.shadow or 0 for one in result.loaded)
        if any(one.shadow is not None for one in result.loaded):
            return f"{posted} posted now; shadow: {shadow} would post."
        return f"{posted} posted now. Every deal that was seen is posted or already was."
    quarantined = sum(one.quarantined for one in result.validated)
    left = sum(
        count for one in result.loaded for state, count in one.by_state.items() if state not in ("posted", "superseded")
    )
    held = sum(len(one.held) for one in result.transformed)
    files = sum(len(one.held) for one in result.extracted)
    refused = quarantined + result.refused_facts + result.refused_openings
    notices = sum(len(one.notices) for one in result.extracted)
    parts = (
        (refused, "in quarantine"), (held, "held"), (files, "files held"), (left, "calls not settled"),
        (notices, "to look at"), (len(result.failures), "not worked on"),
    )  # fmt: skip
    return f"{posted} posted now; " + ", ".join(f"{count} {words}" for count, words in parts if count) + "."


def _loaded(results: Iterable[DrainResult]) -> None:
    results = list(results)
    rows: list[tuple[str | int, ...]] = [
        (one.book, one.posted, *(one.by_state.get(state, 0) for state in _STATES))
        for one in results
        if one.shadow is None
    ]
    for one in results:
        if one.shadow is not None:
            output.say(f"{one.book} is in shadow: {one.shadow} entries would be posted, and nothing is sent.")
            output.say(f"  'dealbooks plan' shows them; 'dealbooks go-live {one.book} --who NAME' lets it post.")
    if rows:
        heads = [Column(name, count=True) for name in ("posted now", *_STATES)]
        output.table(["book", *heads], rows, title="In the ledger")


def _list(title: str, lines: Sequence[str], *, more: str = "") -> None:
    if not lines:
        return
    output.heading(f"{title}: {len(lines)}")
    for line in lines[:_MOST]:
        output.say(f"  {line}")
    if len(lines) > _MOST:
        output.say(f"  ... and {len(lines) - _MOST} more. {more}".rstrip())
    elif more:
        output.say(f"  {more}")
