"""`reconcile` over several months: which of them still stand in the ledger as they were posted."""

from __future__ import annotations

from dealbooks.cli import output
from dealbooks.cli.faults import NOT_ALL
from dealbooks.cli.output import Column
from dealbooks.cli.session import Session
from dealbooks.returns import Span


def reconcile_months(session: Session, book: str, span: Span, *, as_json: bool) -> int:
    """Look over the months of a span, and show each with what is wrong. Changes nothing."""
    from dealbooks.pipeline.months import months
    from dealbooks.reconcile.model import money_text

    with session.house() as house:
        found = months(house, book, span)
    agreed = not any(month.exceptions for month in found)
    if as_json:
        output.say_json(
            {"book": book, "span": str(span), "agreed": agreed, "months": [month.as_json() for month in found]}
        )
        return 0 if agreed else NOT_ALL
    output.table(
        ["month", *(Column(name, count=True) for name in ("entries", "as posted", "exceptions"))],
        [(month.period, month.entries, month.agreed, len(month.exceptions)) for month in found],
        title=f"{book}, {span}: documents",
    )
    if not agreed:
        output.table(
            ["month", "class", "where", "what", "currency", Column("difference", amount=True)],
            [
                (month.period, one.code, one.where, one.what, one.currency, money_text(one.difference, one.currency))
                for month in found
                for one in month.exceptions
            ],
            title="What does not agree",
        )
    output.say("This compares documents. 'dealbooks reconcile' of one month also says what others booked, what is")
    output.say("still open, what the bank shows, and proves every account.")
    return 0 if agreed else NOT_ALL
