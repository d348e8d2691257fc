"""`bank`: import statements of banks and payment providers, list what was imported, and accept a suggestion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.output import Column
from dealbooks.cli.session import JsonOption, Session, WhoOption, WhyOption, day

if TYPE_CHECKING:
    from dealbooks.pipeline.bank_side import BankReconciliation

AccountArgument = Annotated[str, typer.Argument(help="The account, as it is called under bank_accounts:.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        rich_markup_mode=None, no_args_is_help=True, help="Statements of banks and payment providers, for reconcile."
    )
    group.command("import")(import_)
    group.command("list")(list_)
    group.command("accept")(accept)
    app.add_typer(group, name="bank")


def import_(
    context: typer.Context,
    account: AccountArgument,
    file: Annotated[Path, typer.Argument(help="The statement: camt.053, camt.054, MT940, OFX or CSV.")],
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="camt, mt940, ofx or csv; by default by its content.")
    ] = "",
    first: Annotated[
        str, typer.Option("--from", metavar="DAY", help="First day that a CSV file covers (2026-03-01).")
    ] = "",
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day that a CSV file covers.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Take a statement into the store.

    No line is taken twice, also where statements overlap. A statement that does not add up, or does not follow from
    the one before it, is held with the reason, and nothing of its file is taken.

    Ends 0 when it is taken (or was before), 3 when it is held.
    """
    from dealbooks.pipeline.bank import HELD, import_file

    with Session.of(context).house() as house:
        found = import_file(house, account, file, form=form, days=(day(first, "--from"), day(last, "--to")))
    held = any(one.state == HELD for one in found)
    if as_json:
        output.say_json([one.as_json() for one in found])
        return NOT_ALL if held else 0
    for one in found:
        if one.state == HELD:
            output.say(f"{one.file} is held: {one.note}")
        else:
            was = "was taken before" if one.state == "known" else f"is taken: {one.new} new lines of {one.lines}"
            output.say(f"{one.account}, {one.first} to {one.last}, {was}.")
    return NOT_ALL if held else 0


def list_(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="Only this account.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the statements that were taken or held."""
    from dealbooks.pipeline.bank import statements

    with Session.of(context).house() as house:
        found = statements(house, account)
    amounts = [Column(name, amount=True) for name in ("opening", "closing")]
    output.listed(
        found,
        ["account", "statement", "state", "first day", "last day", Column("lines", count=True), *amounts, "currency",
         "file", "note"],
        lambda one: (one.account, one.statement, one.state, one.first, one.last, one.lines, one.opening, one.closing,
                     one.currency, one.file, one.note),
        as_json=as_json, title=f"Statements: {len(found)}",
    )  # fmt: skip


def accept(
    context: typer.Context,
    line: Annotated[str, typer.Argument(help="The bank's line, by its reference in the report.")],
    item: Annotated[str, typer.Argument(help="Our entry, by its reference in the report.")],
    who: WhoOption,
    why: WhyOption,
    as_json: JsonOption = False,
) -> None:
    """Say that a line of the bank is this money of ours, as a suggestion of the reconciliation has it.

    It counts where the amounts are equal; for an item that came in several lines, accept each of them."""
    from dealbooks.pipeline.bank import accept as run

    with Session.of(context).house() as house:
        row = run(house, line, item, who=who, why=why)
    if as_json:
        output.say_json({name: row[name] for name in ("line", "item", "who", "why", "state")})
    else:
        output.say("Accepted. The next reconciliation counts it.")


def draw_bank(bank: BankReconciliation) -> None:
    """The bank's side of a reconciliation: what agreed, and which days are covered."""
    from dealbooks.reports.bank import STATUS_WORDS, bank_rows

    output.say(f"Bank and payment providers. {STATUS_WORDS[bank.status]}")
    if bank.status == "not provided":
        return
    head, rows = bank_rows(bank)
    output.table([Column(name, amount=index > 3) for index, name in enumerate(head)], rows)
    for one in bank.coverage:
        days = ", ".join(f"{first} to {last}" for first, last in one.missing)
        output.say(f"{one.account}: " + (f"no statement for {days}." if days else "every day has its statement."))
    for pair in bank.undecided:
        for key in (*pair.items, *pair.lines):
            output.say(f"To decide: {key} {bank.shown.get(key, '')} ({pair.reason})")
