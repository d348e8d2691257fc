"""`trace`: the whole story of one deal."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption, Session, Switch

if TYPE_CHECKING:
    from dealbooks.pipeline.said import Said

_WIDE = 100
_INDENT = " " * 11
_MARGIN = " " * 23


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("trace")(trace)


def trace(
    context: typer.Context,
    deal: Annotated[
        str, typer.Argument(help="Deal number, VIN, stock number, internal id, or a number of the quarantine list.")
    ],
    full: Annotated[
        Switch, typer.Option("--full", help="Also print what was sent to the ledger and what came back, word by word.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell the whole story of one deal.

    What arrived, which rules fired, what was sent, and what the ledger answered; of a ledger over the internet every
    exchange, without its secrets."""
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
            for line in textwrap.wrap(
                detail, _WIDE, initial_indent=_MARGIN, subsequent_indent=f"{_MARGIN}  ",
                break_on_hyphens=False, break_long_words=False,
            ):  # fmt: skip
                output.say(line)
    if story.determined:
        output.table(["field", "filled by"], list(story.determined.items()), title="What was determined, and by what")
    _conversation("What was said to the source when it was read (times in UTC)", story.reads, full=full)
    _conversation("What was said to the ledger (times in UTC)", story.exchanges, full=full)


def _conversation(title: str, exchanges: Sequence[Said], *, full: bool) -> None:
    if not exchanges:
        return
    output.heading(title)
    day = ""
    for said in exchanges:
        if said.at[:10] != day:
            day = said.at[:10]
            output.say(day)
        for line in told(said, full=full):
            output.say(line)


def told(said: Said, *, full: bool) -> Iterator[str]:
    """One exchange in lines of at most 100 characters: when, how, how it ended, for what; the address; the platform's
    words; with `full` both bodies."""
    ending = f"{said.outcome} ({said.status})" if said.status else said.outcome
    about = f"{said.what} [{said.effect}]" if said.effect else said.what
    yield _cut(f"{said.at[11:19]}  {said.method:<4}  {ending:<20}  {said.seconds:>7} s  {about}")
    yield from _wrapped(said.address) if full else (_cut(_INDENT + said.address),)
    if said.message:
        yield from _wrapped(f"it said: {said.message}")
    if full:
        for name, body in (("sent", said.request), ("came back", said.response)):
            if body:
                yield f"{_INDENT}{name}:"
                yield from _wrapped(_pretty(body))


def _cut(line: str) -> str:
    return line if len(line) <= _WIDE else f"{line[: _WIDE - 1]}…"


def _wrapped(text: str) -> Iterator[str]:
    for line in text.splitlines():
        margin = _INDENT + " " * (len(line) - len(line.lstrip()))
        yield from textwrap.wrap(
            line.strip(), _WIDE, initial_indent=margin, subsequent_indent=f"{margin}  ", break_on_hyphens=False
        )


def _pretty(body: str) -> str:
    """JSON with its parts under one another, numbers as they are written; anything else as it came."""
    import orjson

    try:
        data = json.loads(body, parse_float=orjson.Fragment)
    except ValueError:
        return body
    return orjson.dumps(data, option=orjson.OPT_INDENT_2).decode()
