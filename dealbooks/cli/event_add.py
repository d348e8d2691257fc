"""`event`: money of a deal that a person enters, what a payment is that looks like one of the record's receipts, and
what is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.session import JsonOption, Session, Switch, WhoOption, WhyOption, day

if TYPE_CHECKING:
    from dealbooks.pipeline.facts_entered import Outcome

DealArgument = Annotated[str, typer.Argument(help="Deal number, or internal id.")]
_WORDS = {
    "waiting": "is taken; the next sync posts it when its deal may be posted",
    "known": "was told before; nothing is changed. Other money needs a --reference of its own",
    "stored": "is stored; the next sync takes it",
    "settled": "is as you say; the next sync goes on with the deal",
    "withdrawn": "is withdrawn; nothing of it was posted",
    "withdrawing": "is withdrawn; the next sync books back what is posted of it",
}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Money of a deal that a person enters: add, settle, withdraw.", no_args_is_help=True)
    group.command("add")(add)
    group.command("settle")(settle)
    group.command("withdraw")(withdraw)
    app.add_typer(group, name="event")


def add(
    context: typer.Context,
    deal: DealArgument,
    kind: Annotated[
        str,
        typer.Option("--kind", help="payment, refund, funding, reserve (the lender paid it), payoff or chargeback."),
    ],
    amount: Annotated[str, typer.Option("--amount", help="What moved, such as 1250.00, in the book's currency.")],
    date: Annotated[str, typer.Option("--date", help="The day on which it moved, such as 2026-10-01.")],
    who: WhoOption,
    why: WhyOption,
    method: Annotated[
        str,
        typer.Option(
            "--method", help="cash, card, bank_transfer, cheque, cashier_cheque or direct_debit; by default a transfer."
        ),
    ] = "",
    reference: Annotated[
        str, typer.Option("--reference", help="Its own number, by which it is known; by default its kind and day.")
    ] = "",
    product: Annotated[
        str, typer.Option("--product", help="chargeback: the product; by default the finance commission.")
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="chargeback: cancelled, early_payoff, unwind or other.")] = "",
    stock_number: Annotated[
        str, typer.Option("--stock-number", help="payoff: the part-exchange, where there are several.")
    ] = "",
    book: Annotated[str, typer.Option("--book", help="The book, for money that comes before its deal.")] = "",
    location: Annotated[str, typer.Option("--location", help="The location, for money before its deal.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Enter money that moved for a deal, as a DealEvents file tells it.

    It is checked before anything is written, kept in the audit chain, and posted by the next sync, once. Ends 3 when it
    waits in quarantine."""
    from dealbooks.errors import UsageError
    from dealbooks.money import MoneyError, exact
    from dealbooks.pipeline.facts_entered import Entered, enter

    when = day(date, "--date")
    if when is None:
        raise UsageError("There is no date.", fix="Give --date, such as 2026-10-01.")
    try:
        moved = exact(amount)
    except MoneyError as error:
        raise UsageError(f"--amount: {error}", fix="Write it as 1250.00.") from error
    entered = Entered(
        deal, kind, moved, when, method=method, reference=reference, product=product, reason=reason,
        stock_no=stock_number, book=book, location=location,
    )  # fmt: skip
    with Session.of(context).house() as house:
        outcome = enter(house, entered, who=who, why=why)
    return _said(outcome, as_json=as_json)


def settle(
    context: typer.Context,
    deal: DealArgument,
    reference: Annotated[str, typer.Argument(help="The payment, as `dealbooks trace DEAL` names it.")],
    who: WhoOption,
    why: WhyOption,
    same_as: Annotated[str, typer.Option("--same-as", help="It is this receipt of the deal's record.")] = "",
    another: Annotated[Switch, typer.Option("--another", help="It is another payment than the record states.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Say what a payment is that looks like money of the deal's record.

    The same money is booked once; another payment beside it. The last word counts: what an earlier one booked is booked
    back."""
    from dealbooks.errors import UsageError
    from dealbooks.pipeline.facts_decided import settle as run

    if bool(same_as) == another:
        raise UsageError("It is either of the record, or another.", fix="Give --same-as RECEIPT, or --another.")
    with Session.of(context).house() as house:
        outcome = run(house, deal, reference, same_as=same_as, who=who, why=why)
    return _said(outcome, as_json=as_json)


def withdraw(
    context: typer.Context,
    deal: DealArgument,
    reference: Annotated[str, typer.Argument(help="The money, as `dealbooks trace DEAL` names it.")],
    who: WhoOption,
    why: WhyOption,
    kind: Annotated[str, typer.Option("--kind", help="Of what kind, where several have that reference.")] = "",
    book: Annotated[str, typer.Option("--book", help="The book, where deals of several have that number.")] = "",
    as_json: JsonOption = False,
) -> int:
    """Take back what was told of money: it is not of this deal, or was told wrongly.

    A payment that is posted is booked back by the next sync. Other money that is posted is refused, with what to do."""
    from dealbooks.pipeline.facts_decided import withdraw as run

    with Session.of(context).house() as house:
        outcome = run(house, deal, reference, kind=kind, book=book, who=who, why=why)
    return _said(outcome, as_json=as_json)


def _said(outcome: Outcome, *, as_json: bool) -> int:
    code = NOT_ALL if outcome.state == "quarantined" else 0
    if as_json:
        output.say_json(outcome.as_json())
        return code
    name = f"{outcome.kind} {outcome.subject}".strip()
    if outcome.state == "quarantined":
        output.say(f"Deal {outcome.deal}: {name} waits in quarantine: {'; '.join(outcome.reasons)}")
    else:
        output.say(f"Deal {outcome.deal}: {name} {_WORDS[outcome.state]}.")
    return code
