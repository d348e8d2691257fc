"""`issue-again` and `accept-difference`: what a person decides of a document that does not stand as it should."""

from __future__ import annotations

from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption, Session, Switch, WhoOption, WhyOption

Deal = Annotated[str, typer.Argument(help="Deal number, VIN, stock number or internal id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("issue-again")(issue_again)
    app.command("accept-difference")(accept_difference)


def issue_again(
    context: typer.Context,
    deal: Deal,
    entry: Annotated[
        list[str] | None,
        typer.Option("--entry", metavar="NAME", help="Only this entry, such as sale-v1; all that is gone without it."),
    ] = None,
    who: WhoOption = "",
    why: WhyOption = "",
    apply_by_hand: Annotated[
        Switch,
        typer.Option(
            "--apply-by-hand", help="Payments that stand are applied to the new document in the ledger, by you."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make again what somebody deleted or voided in the ledger.

    The ledger is asked first: what it still shows is never made a second time. The next sync or drain sends the new
    document, under a number of its own, dated in the open period. Given twice, the command makes one."""
    from dealbooks.pipeline.again import again

    with Session.of(context).house() as house:
        done = again(house, deal, who=who, why=why, wanted=tuple(entry or ()), apply_by_hand=apply_by_hand)
    if as_json:
        output.say_json(done.as_json())
        return
    output.say(f"Planned again for deal {done.deal}: {'; '.join(done.documents)}.")
    for moved in done.moved:
        output.say(moved)
    for one in done.by_hand:
        output.say(f"Apply this to the new document in the ledger: {one}.")
    output.say(f"The next sync, or 'dealbooks drain {done.book}', sends it.")


def accept_difference(
    context: typer.Context,
    deal: Deal,
    effect: Annotated[
        str,
        typer.Option("--effect", metavar="ID", help="The disputed write call: the beginning of its key in 'trace'."),
    ] = "",
    who: WhoOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let the ledger's own figures of a document stand, although they are not ours.

    They are read again first, and the month is reconciled; exactly what differs then is accepted, and shown so by
    every reconciliation and close. A document that is gone, or is another's, cannot be accepted."""
    from dealbooks.pipeline.accept import accept_difference as accept

    with Session.of(context).house() as house:
        done = accept(house, deal, effect, who=who, why=why)
    if as_json:
        output.say_json(done.as_json())
    else:
        output.say(f"Accepted by {done.who}: {'; '.join(done.differences)}.")
