"""`quarantine`: deals that a check refused, and what a person does about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.session import JsonOption, Session, WhoOption, WhyOption, actor
from dealbooks.plural import counted

if TYPE_CHECKING:
    from dealbooks.pipeline.validate import ValidateResult

RefArgument = Annotated[str, typer.Argument(help="Its number in the list, or the deal number.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Deals that a check refused: list, show, fix, release, retry.", rich_markup_mode=None, no_args_is_help=True
    )
    group.command("list")(list_)
    group.command("show")(show)
    group.command("fix")(fix)
    group.command("release")(release)
    group.command("retry")(retry)
    group.command("export")(export)
    group.command("import")(import_)
    app.add_typer(group, name="quarantine")


def list_(
    context: typer.Context,
    book: Annotated[str, typer.Option("--book", help="Only this book.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List what waits, oldest first, each with what refuses it."""
    from dealbooks.pipeline.quarantine import waiting

    with Session.of(context).house() as house:
        found = waiting(house, book=book or None)
    output.listed(
        found,
        ["number", "book", "deal", "place", "since (UTC)", "why"],
        lambda one: (str(one.id), one.book, one.deal_number, one.place, one.opened_at[:16].replace("T", " "),
                     "; ".join(f"{reason.code}: {reason.message}" for reason in one.errors)),
        as_json=as_json, title=f"In quarantine: {len(found)}",
    )  # fmt: skip


def show(context: typer.Context, ref: RefArgument, as_json: JsonOption = False) -> None:
    """Show one deal in quarantine, with every reason.

    Its corrections so far too, and what the source said."""
    from dealbooks.pipeline import quarantine

    with Session.of(context).house() as house:
        found = [(one, quarantine.record_data(house, one)) for one in quarantine.show(house, ref)]
    if as_json:
        said = [one.as_json() | {"record": {name: str(value) for name, value in data.items()}} for one, data in found]
        output.say_json(said)
        return
    for one, data in found:
        output.heading(f"Number {one.id}: deal {one.deal_number or '(no number)'}, {one.place}")
        output.table(
            ["rule", "weight", "field", "found", "what is wrong"],
            [
                (
                    reason.code,
                    "refuses" if reason in one.errors else "warns",
                    reason.field,
                    reason.value,
                    reason.message,
                )
                for reason in one.reasons
            ],
            title="Reasons",
        )
        if one.overrides:
            output.table(
                ["field", "was", "is", "who", "why", "state"],
                [(row["field"], row["old"], row["new"], row["who"], row["why"], row["state"]) for row in one.overrides],
                title="Corrections so far",
            )
        output.table(["column", "value"], [(name, str(value)) for name, value in data.items()], title="What was said")
    output.say("Correct a field: dealbooks quarantine fix NUMBER FIELD VALUE --who NAME --why TEXT")


def fix(
    context: typer.Context,
    ref: RefArgument,
    field: Annotated[str, typer.Argument(help="A column as shown, or a field of the deal such as vehicle.cost.")],
    value: Annotated[str, typer.Argument(help="The right value.")],
    who: WhoOption,
    why: WhyOption,
    as_json: JsonOption = False,
) -> int:
    """Correct one field and check the deal again.

    It is posted by the next sync. The correction holds for what the source says now; when the source says something
    else, it is dropped with notice.
    """
    from dealbooks.pipeline import quarantine

    with Session.of(context).house() as house:
        result = quarantine.fix(house, ref, field, value, who=who, why=why)
    return _checked([result], as_json=as_json)


def release(
    context: typer.Context, ref: RefArgument, who: WhoOption, why: WhyOption, as_json: JsonOption = False
) -> int:
    """Check a deal again that was mended elsewhere.

    Nothing that still breaks a rule gets through."""
    from dealbooks.pipeline import quarantine

    with Session.of(context).house() as house:
        result = quarantine.release(house, ref, who=who, why=why)
    return _checked([result], as_json=as_json)


def retry(
    context: typer.Context,
    refs: Annotated[list[str] | None, typer.Argument(metavar="[REF]...", help="Numbers; by default all.")] = None,
    who: Annotated[str, typer.Option("--who", help="Who does this; by default you.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Check everything that waits again.

    For when a map or a rulebook was mended."""
    from dealbooks.pipeline import quarantine

    with Session.of(context).house() as house:
        results = quarantine.retry(house, refs or (), who=who or actor())
    return _checked(results, as_json=as_json)


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The sheet to write (CSV).")],
    as_json: JsonOption = False,
) -> None:
    """Write what waits as a sheet to fill in.

    Fill in new_value, who and why, then import it."""
    from dealbooks.errors import UsageError
    from dealbooks.pipeline.quarantine import export_sheet

    with Session.of(context).house() as house:
        try:
            count = export_sheet(house, file)
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}.", fix="Name another file.") from error
    if as_json:
        output.say_json({"file": str(file), "lines": count})
    else:
        output.say(f"{counted(count, 'line is', 'lines are')} in {file}.")


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The sheet, filled in.")],
    who: Annotated[str, typer.Option("--who", help="Who corrected, for lines that name nobody.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Read a filled-in sheet back.

    Every line with a new value becomes a correction, then the deals are checked again."""
    from dealbooks.pipeline.quarantine import import_sheet

    with Session.of(context).house() as house:
        results = import_sheet(house, file, who=who)
    return _checked(results, as_json=as_json)


def _checked(results: Sequence[ValidateResult], *, as_json: bool) -> int:
    left = sum(one.quarantined for one in results)
    if as_json:
        output.say_json([one.as_json() for one in results])
        return NOT_ALL if left else 0
    for one in results:
        for text in one.notices:
            output.say(text)
        for row in one.refused:
            output.say(f"Still in quarantine: {row.deal_number} ({row.place}): {'; '.join(row.reasons)}")
    accepted = sum(one.accepted for one in results)
    words = f"{accepted} accepted, {left} still in quarantine."
    output.say(words + (" 'dealbooks sync' posts what was accepted." if accepted else ""))
    return NOT_ALL if left else 0
