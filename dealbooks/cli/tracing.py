"""`trace`: the whole story of one deal."""

from __future__ import annotations

from typing import Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption, Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("trace")(trace)


def trace(
    context: typer.Context,
    deal: Annotated[
        str, typer.Argument(help="Deal number, VIN, stock number, internal id, or a number of the quarantine list.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Tell the whole story of one deal.

    What arrived, which rules fired, what was sent, and what the ledger answered."""
    from dealbooks.pipeline.trace import trace as tell

    with Session.of(context).house() as house:
        story = tell(house, deal)
    if as_json:
        output.say_json(story.as_json())
        return
    output.heading(f"Deal {story.deal}: {story.state}")
    output.say(story.meaning)
    output.pairs(
        [("book", story.book), ("internal id", story.deal_id)]
        + [(name.replace("_", " "), value) for name, value in story.about.items()]
    )
    output.heading("What happened (times in UTC)")
    for moment in story.moments:
        output.say(f"{moment.at[:19].replace('T', ' ')}  {moment.kind:<10}  {moment.text}")
        for detail in moment.details:
            output.say(f"{'':21}{'':12}  {detail}")
    if story.determined:
        output.table(["field", "filled by"], list(story.determined.items()), title="What was determined, and by what")
