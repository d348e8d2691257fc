"""`go-live`, `pause` and `resume`: whether what is planned for a book is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption, Session, Switch, WhoOption, WhyOption

if TYPE_CHECKING:
    from dealbooks.pipeline.golive import Likeness

Book = Annotated[str, typer.Argument(help="The book.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("go-live")(go_live)
    app.command("pause")(pause)
    app.command("resume")(resume)


def go_live(
    context: typer.Context,
    book: Book,
    who: WhoOption = "",
    typed: Annotated[
        list[str] | None,
        typer.Option("--typed", metavar="DEAL", help="A deal that stands in the ledger already, typed by hand."),
    ] = None,
    others: Annotated[
        Switch, typer.Option("--post-others", help="All other deals that are listed are not in the ledger: post them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Let a book that stands in shadow post.

    Lists first what may have been typed into the ledger by hand (the same VIN, stock number or deal number, or an
    amount of the sale at about its day), and asks of each whether it is the same sale. Such a deal is never posted."""
    from dealbooks.pipeline.golive import go_live as let_post
    from dealbooks.pipeline.golive import look_alike
    from dealbooks.pipeline.standing import standing_of

    with Session.of(context).house() as house:
        alike = look_alike(house, book) if standing_of(house, book).mode == "shadow" else []
        left = _left(alike, typed or [], others=others, ask=not as_json and output.on_terminal())
        done = let_post(house, book, who=who, typed=left)
    if as_json:
        output.say_json({**done.as_json(), "alike": [one.as_json() for one in alike]})
        return
    output.say(
        f"{book} is live: {done.to_send} entries are planned; the next sync or 'dealbooks drain {book}' sends them."
    )
    if done.left:
        output.say(f"Left as typed by hand: {', '.join(done.left)}")


def pause(
    context: typer.Context,
    book: Book,
    who: WhoOption = "",
    why: WhyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Send nothing of a book until it is resumed.

    It is still read, checked and planned. A call that is under way is finished."""
    from dealbooks.pipeline.standing import pause as stop

    with Session.of(context).house() as house:
        now = stop(house, book, who=who, why=why)
    if as_json:
        output.say_json(now.as_json())
    else:
        output.say(f"{book} is paused. 'dealbooks resume {book} --who NAME' ends it.")


def resume(context: typer.Context, book: Book, who: WhoOption = "", as_json: JsonOption = False) -> None:
    """Send again what a paused book has planned."""
    from dealbooks.pipeline.standing import resume as go_on

    with Session.of(context).house() as house:
        now = go_on(house, book, who=who)
    if as_json:
        output.say_json(now.as_json())
    else:
        output.say(f"{book} goes on. The next sync, or 'dealbooks drain {book}', sends what is planned.")


def _left(alike: list[Likeness], typed: list[str], *, others: bool, ask: bool) -> set[str]:
    """The deals that are in the ledger already, as a person says."""
    from dealbooks.errors import UsageError

    known = {name: one.deal_id for one in alike for name in (one.deal, one.deal_id)}
    if unknown := sorted(set(typed) - set(known)):
        raise UsageError(
            f"Nothing in the ledger is like {', '.join(unknown)}.", fix="Name deals that 'dealbooks go-live' lists."
        )
    left = {known[name] for name in typed}
    open_ = [one for one in alike if one.deal_id not in left]
    if others or not open_:
        return left
    output.table(
        ["deal", "date", "amount", "in the ledger", "because of"],
        [(one.deal, one.day, one.amount, f"{one.record_day} {one.narration} ({one.ref})", one.why) for one in open_],
        title="May be in the ledger already, typed by hand",
    )
    if not ask:
        raise UsageError(
            f"{len({one.deal_id for one in open_})} deals may be in the ledger already; nothing was changed.",
            fix="Name those that are with --typed DEAL (again and again), and say --post-others for the rest.",
        )
    for deal_id in dict.fromkeys(one.deal_id for one in open_):
        deal = next(one.deal for one in open_ if one.deal_id == deal_id)
        if typer.confirm(f"Does {deal} stand in the ledger already?"):
            left.add(deal_id)
    return left
