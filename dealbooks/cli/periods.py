"""`reconcile`, `close` and `reopen`: prove that both sides agree, and lock the month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.bank import draw_bank
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.output import Column
from dealbooks.cli.session import JsonOption, Session, WhoOption, account
from dealbooks.plural import counted

if TYPE_CHECKING:
    from dealbooks.pipeline.close import CloseResult
    from dealbooks.pipeline.exceptions import Looked
    from dealbooks.pipeline.obstacles import Obstacle
    from dealbooks.pipeline.reconcile import Reconciliation

BookArgument = Annotated[str, typer.Argument(help="The book.")]
PeriodArgument = Annotated[str, typer.Argument(help="The month, such as 2026-09.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("reconcile")(reconcile)
    app.command("close")(close)
    app.command("reopen")(reopen)


def reconcile(context: typer.Context, book: BookArgument, period: PeriodArgument, as_json: JsonOption = False) -> int:
    """Compare a month with what the ledger lists.

    Every difference is named, with what mends it, and since when it is known. Nothing is changed in the ledger or the
    deals; 'dealbooks exceptions' shows what became of those of earlier runs.

    Ends 0 when both sides agree, 3 when they do not. The report is kept under reports/ in the var folder.

    Of several months (2026-Q3, 2026, 2026-02..2026-04) the documents alone are compared, all at once: which of them no
    longer stand in the ledger as they were posted.
    """
    from dealbooks.cli.months import reconcile_months
    from dealbooks.returns import Span

    span = Span.parse(period)
    if span.start != span.end:
        return reconcile_months(Session.of(context), book, span, as_json=as_json)
    from dealbooks.pipeline.close import write_report
    from dealbooks.pipeline.exceptions import keep
    from dealbooks.pipeline.reconcile import reconcile as run

    with Session.of(context).house() as house:
        output.working(f"Reading the ledger of {book} for {period} ...")
        looked = keep(house, run(house, book, period))
        found = looked.rec
        report = write_report(house, found)
    if as_json:
        solved = [one.as_json() for one in looked.ended]
        output.say_json({**found.as_json(), "run": looked.run, "raised": list(looked.raised), "solved": solved})
    else:
        _show(found)
        _say_what_came(looked)
        output.say(f"The report is {report}.")
    return 0 if found.agreed else NOT_ALL


def _say_what_came(looked: Looked) -> None:
    """What is otherwise than with the run before."""
    raised = counted(len(looked.raised), "exception is", "exceptions are")
    words = f"Run {looked.run} of {looked.rec.book}: {raised} new or changed"
    output.say(f"{words}, {len(looked.ended)} solved since the run before.")
    for one in looked.ended:
        output.say(f"  {one.id}  {one.code}, {one.where}: {one.gone_by}")


def close(
    context: typer.Context,
    book: BookArgument,
    period: PeriodArgument,
    sign: Annotated[str, typer.Option("--sign", metavar="WHO", help="Who signs. Without it nothing is closed.")] = "",
    note: Annotated[
        str, typer.Option("--note", help="A note for the certificate; says why something is accepted.")
    ] = "",
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="ID",
            help="Accept this obstacle, by its id or class, with --note; or by ID=WHY with a note of its own.",
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Your signing key ('dealbooks keys new' makes one).")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Close a month: show what there is to sign, and what stands in the way; or sign it.

    Without --sign the month is reconciled and its pack written as a draft. With --sign the ledger is read again:
    if it says the same, the month is signed, and with the last signature locked, with a certificate and the pack for
    the auditor. If something changed, nothing is signed, and what changed is shown.

    Ends 0 when the month is closed (or, without --sign, could be), 3 when something stands in the way, has changed, or
    another person must sign too.
    """
    from dealbooks.closing.signers import identify
    from dealbooks.pack import close_with_pack as run

    with Session.of(context).house() as house:
        signer = identify(house.config.signers, sign, key_file=key, account=account()) if sign or key else None
        output.working(f"Reading the ledger of {book} for {period}, and writing the pack ...")
        result = run(house, book, period, sign=signer, note=note, accept=accept or ())
    done = result.closed or (not sign and not result.obstacles)
    if as_json:
        output.say_json(result.as_json())
        return 0 if done else NOT_ALL
    _show(result.reconciliation)
    _obstacles("Accepted", result.accepted)
    _obstacles("Stands in the way", result.obstacles)
    _say_where_it_stands(result, sign)
    return 0 if done else NOT_ALL


def _say_where_it_stands(result: CloseResult, sign: str) -> None:
    """What came of a close, and what to do next."""
    shown = result.shown
    named = f"{result.period} of {result.book}"
    if result.closed:
        output.say(f"{named} is closed. The certificate is {result.certificate}.")
        output.say(f"The pack for the auditor is {result.pack}; 'dealbooks verify' checks it.")
        return
    if shown is not None and shown.changed and (result.changed or not sign):
        output.say("Something is not as it was when it was shown before:")
        for text in shown.changed:
            output.say(f"  {text}")
        if sign:
            output.say("No signature counts for this yet. Look at it, and sign again.")
    if shown is not None:
        output.say(f"What is signed is {shown.page}, shown {shown.shown_at[:19]} UTC, {shown.sha256[:16]}.")
        for one in shown.signatures:
            output.say(f"Signed by {one['name']}, {one['at'][:19]} UTC, identified by: {one['identified_by']}.")
    if result.obstacles:
        output.say(f"{named} is not closed ({result.state.value}).")
        if sign and not result.changed:
            output.say(_what_to_do(result.obstacles))
    elif shown is not None and shown.signatures and shown.wanted:
        output.say("A second person signs with --sign 'NAME' --key FILE; then it is locked.")
    elif not sign:
        output.say("Nothing stands in the way. Close it with --sign 'YOUR NAME'.")


def _what_to_do(left: Sequence[Obstacle]) -> str:
    """Why a signature did not count although nothing changed, and what to type."""
    why = "The signature does not count, because something stands in the way."
    if not all(one.acceptable for one in left):
        return f"{why} Mend it, and sign again."
    return f"{why} Mend it, or sign again and say why it is accepted: --accept '{left[0].id}=WHY'" + (
        ", for each of them." if len(left) > 1 else "."
    )


def reopen(
    context: typer.Context,
    book: BookArgument,
    period: PeriodArgument,
    who: WhoOption,
    reason: Annotated[str, typer.Option("--reason", help="Why it is reopened.")],
    approver: Annotated[str, typer.Option("--approver", help="Who approves it: somebody else.")],
    days: Annotated[
        int | None, typer.Option("--days", help="For how long; by default, and at most, the book's close.reopen_days.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take a closed month out of the lock, for some days.

    Its certificate stays, as the signature that no longer holds. The next one lists what was changed meanwhile."""
    from dealbooks.pipeline.reopened import reopen as run
    from dealbooks.pipeline.reopened import reopened_now

    with Session.of(context).house() as house:
        row = run(house, book, period, who=who, reason=reason, approver=approver, days=days)
        until = next((one.until for one in reopened_now(house.store, book) if one.period == str(row.period)), "")
    if as_json:
        output.say_json({**row.as_json(), "until": until})
    else:
        output.say(f"{row.period} of {row.book} is {row.state.value} until {until[:16].replace('T', ' ')} UTC.")
        output.say("Close it again when it is mended.")


def _show(found: Reconciliation) -> None:
    from dealbooks.pipeline.since import since_words
    from dealbooks.reconcile.model import money_text

    words = "both sides agree" if found.agreed else counted(len(found.differences), "difference")
    output.heading(f"{found.legal_entity}, {found.period}, in {found.currency}: {words}")
    output.table(
        [
            "row", "left", "right", "status", *(Column(name, count=True) for name in ("items", "items there")),
            *(Column(name, amount=True) for name in ("total", "total there", "more there", "less there")),
        ],
        [
            (
                row.number, row.left, row.right, row.status.value, *row.counts,
                *("" if amount is None else money_text(amount, row.currency) for amount in row.amounts),
            )
            for row in found.matrix
        ],
        title="Matrix",
    )  # fmt: skip
    names = ("opening", "expected", "ledger", "by hand", "difference", "closing")
    output.table(
        ["account", "currency", *(Column(name, amount=True) for name in names)],
        [
            (
                row.account,
                row.currency,
                *(
                    money_text(amount, row.currency)
                    for amount in (row.opening, row.expected, row.found, row.other, row.difference, row.closing)
                ),
            )
            for row in found.totals
        ],
        title="Tie-out by account",
    )
    if found.receipts:
        output.table(
            ["deal", "reference", "date", Column("amount", amount=True), "currency", "in the ledger"],
            [
                (
                    one.deal,
                    one.reference,
                    one.date.isoformat(),
                    money_text(one.amount, one.currency),
                    one.currency,
                    one.ref or "to be matched",
                )
                for one in found.receipts
            ],
            title="Receipts of customers that others book",
        )
    draw_bank(found.bank)
    if found.exceptions:
        still = counted(len(found.open_items), "open item")
        output.table(
            [
                "id",
                "class",
                "severity",
                "where",
                "what",
                "currency",
                Column("difference", amount=True),
                "since",
                "what mends it",
            ],
            [
                (
                    one.id,
                    one.code,
                    one.severity.value,
                    one.where,
                    one.what,
                    one.currency,
                    money_text(one.difference, one.currency),
                    since_words(found.since, one.id),
                    one.cure,
                )
                for one in found.exceptions
            ],
            title=f"Exceptions: {counted(len(found.differences), 'difference')}, {still}",
        )
    if found.cut_off:
        output.table(
            ["id", "kind", "what", "what mends it"],
            [(one.id, one.kind, one.what, one.cure) for one in found.cut_off],
            title="Not settled",
        )
    for text in found.problems:
        output.say(f"The ledger reports: {text}")


def _obstacles(title: str, found: Iterable[Obstacle]) -> None:
    rows = [
        (one.id, one.code, one.what, one.cure, "may be accepted" if one.acceptable else "must be mended")
        for one in found
    ]
    if rows:
        output.table(["id", "class", "what", "what mends it", ""], rows, title=f"{title}: {len(rows)}")
