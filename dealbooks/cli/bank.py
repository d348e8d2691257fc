"""`bank`: import statements of banks and payment providers, see what was taken, take one back, accept a suggestion."""

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

NumberArgument = Annotated[int, typer.Argument(help="The statement, by its number in `dealbooks bank list`.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        rich_markup_mode=None, no_args_is_help=True, help="Statements of banks and payment providers, for reconcile."
    )
    group.command("import")(import_)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("withdraw")(withdraw)
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
    from dealbooks.pipeline.bank import import_file
    from dealbooks.pipeline.bank_store import HELD

    with Session.of(context).house() as house:
        found = import_file(house, account, file, form=form, days=(day(first, "--from"), day(last, "--to")))
    held = any(one.state == HELD for one in found)
    if as_json:
        output.say_json([one.as_json() for one in found])
        return NOT_ALL if held else 0
    for one in found:
        if one.state == HELD:
            output.say(f"Held, nothing of it is taken. {one.note}")
        else:
            was = "was taken before" if one.state == "known" else f"is taken: {one.new} new lines of {one.lines}"
            output.say(f"{one.account}, {one.first} to {one.last}, {was} (statement {one.number}).")
    for note in dict.fromkeys(one.note for one in found if one.state != HELD and one.note):
        output.say(note)
    return NOT_ALL if held else 0


def list_(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="Only this account.")] = "",
    as_json: JsonOption = False,
) -> None:
    """List the statements that were taken, held or withdrawn."""
    from dealbooks.pipeline.bank_store import statements

    with Session.of(context).house() as house:
        found = statements(house, account)
    amounts = [Column(name, amount=True) for name in ("opening", "closing")]
    output.listed(
        found,
        [Column("no", count=True), "account", "statement", "state", "first day", "last day",
         Column("lines", count=True), *amounts, "currency", "file", "note"],
        lambda one: (one.number, one.account, one.statement, one.state, one.first, one.last, one.lines, one.opening,
                     one.closing, one.currency, one.file, one.note),
        as_json=as_json, title=f"Statements: {len(found)}",
    )  # fmt: skip


def show(
    context: typer.Context,
    number: NumberArgument,
    as_json: JsonOption = False,
) -> None:
    """Show a statement and the lines that were taken with it."""
    from dealbooks.pipeline.bank_store import show as run

    with Session.of(context).house() as house:
        found, lines = run(house, number)
    if as_json:
        output.say_json({**found.as_json(), "taken_lines": [line.as_json() for line in lines]})
        return
    output.pairs(
        [
            ("statement", f"{found.number} {found.statement}".strip()), ("account", found.account),
            ("state", found.state), ("note", found.note), ("file", found.file), ("format", found.format),
            ("days", f"{found.first} to {found.last}" if found.first else ""), ("opening", found.opening),
            ("closing", found.closing), ("currency", found.currency), ("imported", found.at[:19]),
        ]
    )  # fmt: skip
    amounts = [Column(name, amount=True) for name in ("amount", "fee")]
    columns: list[Column | str] = ["line", "day", *amounts, "who", "text", "references"]
    rows = [
        (line.identity[:12], line.booked.isoformat(), line.amount, line.fee or None, line.counterparty, line.text,
         " ".join(line.references))
        for line in lines
    ]  # fmt: skip
    others = found.lines - len(lines)
    tail = f"; {others} more were taken from statements before it" if others > 0 else ""
    output.table(columns, rows, title=f"Lines: {len(lines)}{tail}")


def withdraw(
    context: typer.Context,
    number: NumberArgument,
    who: WhoOption,
    why: WhyOption,
    as_json: JsonOption = False,
) -> None:
    """Take back a statement that was imported wrongly.

    Its lines count no more, its days are not covered, and its file can be imported anew. It stays in the store, and who
    took it back and why is in the audit. Of a closed month it can be taken back only after the month is reopened."""
    from dealbooks.pipeline.bank_decided import withdraw as run

    with Session.of(context).house() as house:
        done = run(house, number, who=who, why=why)
    if as_json:
        output.say_json({**done.statement.as_json(), "withdrawn_lines": done.lines, "accepted": done.accepted})
        return
    one = done.statement
    output.say(
        f"Statement {one.number} of {one.account}, {one.first} to {one.last}, is withdrawn with its {done.lines} lines."
    )
    if done.accepted:
        output.say(
            f"{done.accepted} of them were accepted as money of ours; that counts again if the lines come again."
        )
    output.say("The next reconciliation counts them no more. Import the right file.")


def accept(
    context: typer.Context,
    line: Annotated[str, typer.Argument(help="The bank's line, by its reference in the report.")],
    item: Annotated[str, typer.Argument(help="Our entry, by its reference in the report.")],
    who: WhoOption,
    why: WhyOption,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was accepted.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Say that a line of the bank is this money of ours, as a suggestion of the reconciliation has it.

    It counts where the amounts are equal; for an item that came in several lines, accept each of them."""
    from dealbooks.pipeline import bank_decided

    with Session.of(context).house() as house:
        run = bank_decided.unaccept if undo else bank_decided.accept
        row = run(house, line, item, who=who, why=why)
    if as_json:
        output.say_json({name: row[name] for name in ("line", "item", "who", "why", "state")})
    else:
        done, counts = ("Taken back", "does not count") if undo else ("Accepted", "counts")
        output.say(f"{done}. The next reconciliation {counts} it.")


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
    if bank.not_judged:
        output.say(f"Not judged, because the statements do not reach far enough: {bank.not_judged}.")
    for pair in bank.undecided:
        for key in (*pair.items, *pair.lines):
            output.say(f"To decide: {key} {bank.shown.get(key, '')} ({pair.reason})")
