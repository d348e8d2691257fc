"""`events`: what webhooks told that has not found its deal, and what a person does about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.session import JsonOption, Session, Switch, WhoOption, WhyOption

if TYPE_CHECKING:
    from dealbooks.pipeline.events_shown import ShownEvent

IdArgument = Annotated[int, typer.Argument(metavar="ID", help="Its number in the list.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(rich_markup_mode=None)
    group.callback(invoke_without_command=True)(events)
    group.command("show")(show)
    group.command("attach")(attach)
    group.command("ignore")(ignore)
    app.add_typer(group, name="events")


def events(
    context: typer.Context,
    everything: Annotated[
        Switch, typer.Option("--all", help="Also those that found their deal, or are ignored.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List what webhooks told that has no deal, or that a person must look at, oldest first.

    It waits for its deal, its deal never came, it may be about several deals, or money was lost."""
    from dealbooks.events.words import KIND_WORDS
    from dealbooks.pipeline.events_shown import OPEN, listed

    if context.invoked_subcommand is not None:
        return
    with Session.of(context).house() as house:
        found = listed(house, everything=everything)
    output.listed(
        found,
        ["number", "state", "webhook", "what", "names", "told", "came (UTC)", "deal", "note"],
        lambda one: (str(one.id), _state(one), one.hook, KIND_WORDS.get(one.kind, one.kind), one.names,
                     f"{one.amount} {one.currency}".strip(), _time(one.received_at), one.deal, one.note),
        as_json=as_json,
        title=f"Events: {len(found)}" if everything else f"Events without a deal, or for a person: {len(found)}",
    )  # fmt: skip
    if not as_json and any(one.state in OPEN for one in found):
        output.say("See one with its sender's words: dealbooks events show NUMBER")
        output.say("Say which deal one is about: dealbooks events attach NUMBER DEAL --who NAME --why TEXT")
        output.say("Set one aside: dealbooks events ignore NUMBER --who NAME --why TEXT")


def show(context: typer.Context, event: IdArgument, as_json: JsonOption = False) -> None:
    """Show one event, with its sender's own words.

    For a payment without a deal also the deals that have its amount, its currency and its payer: they are only shown,
    nothing is done with them."""
    from dealbooks.events.words import KIND_WORDS, RULE_WORDS
    from dealbooks.pipeline import events_shown

    with Session.of(context).house() as house:
        found = events_shown.show(house, event)
    if as_json:
        output.say_json(found.as_json())
        return
    one = found.event
    output.heading(f"Event {one.id} of {one.hook}: {KIND_WORDS.get(one.kind, one.kind)}")
    output.table(
        ["what", "value"],
        [
            ("state", _state(one)),
            ("deal", f"{one.deal} of {one.book} ({one.deal_id})" if one.deal else "none"),
            ("found because", RULE_WORDS.get(one.rule, "")),
            ("names", one.names),
            ("words", found.text),
            ("amount told", f"{one.amount} {one.currency}".strip()),
            ("happened (UTC)", _time(one.occurred_at)),
            ("came (UTC)", _time(one.received_at)),
            ("note", one.note),
        ],
    )
    if found.suggested:
        output.table(
            ["deal", "book", "customer", "date"],
            [(sale.number, sale.book, sale.customer, sale.day.isoformat()) for sale in found.suggested],
            title="Deals with this amount, currency and payer",
        )
    if found.body is not None:
        output.heading("The sender's own words")
        output.say(json.dumps(found.body, indent=2, ensure_ascii=False))
    if one.state in events_shown.OPEN:
        output.say(f"Say which deal it is: dealbooks events attach {one.id} DEAL --who NAME --why TEXT")


def attach(
    context: typer.Context,
    event: IdArgument,
    deal: Annotated[str, typer.Argument(help="Deal number, VIN, stock number or internal id.")],
    who: WhoOption,
    why: WhyOption,
    as_json: JsonOption = False,
) -> None:
    """Say which deal an event is about.

    It counts from the next sync on, as if it had been found."""
    from dealbooks.pipeline import events_shown

    with Session.of(context).house() as house:
        found = events_shown.attach(house, event, deal, who=who, why=why)
    if as_json:
        output.say_json(found.as_json())
        return
    output.say(f"Event {found.id} is attached to {found.deal} of {found.book}. 'dealbooks sync' goes on with it.")
    output.say(f"It is {found.note}.")


def ignore(
    context: typer.Context, event: IdArgument, who: WhoOption, why: WhyOption, as_json: JsonOption = False
) -> None:
    """Say that an event counts for nothing."""
    from dealbooks.pipeline import events_shown

    with Session.of(context).house() as house:
        found = events_shown.ignore(house, event, who=who, why=why)
    if as_json:
        output.say_json(found.as_json())
        return
    output.say(f"Event {found.id} is {found.note}.")


def _state(one: ShownEvent) -> str:
    return f"{one.state} (test mode)" if one.test else one.state


def _time(moment: str) -> str:
    return moment[:16].replace("T", " ")
