"""What others book on accounts that are not in the chart, and on such an account beside one of ours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from reconcile_support import POLICY, account, month

from dealbooks.ledger import Record, RecordLine
from dealbooks.reconcile import match
from dealbooks.reconcile.totals import LedgerSums


def typed(ref: str, currency: str = "GBP", **lines: str) -> Record:
    names = {"rent": "Expenses:Rent", "landlord": "Liabilities:Landlord", "ours": account("sales.accessories")}
    some = tuple(RecordLine(names[name], Decimal(amount), currency) for name, amount in lines.items())
    return Record(ref, "", date(2026, 3, 9), "typed by hand", some)


def test_the_proof_holds_where_both_meet_on_one_account() -> None:
    ours, theirs = month()
    theirs = [*theirs, typed("h1", rent="100", landlord="-100"), typed("h2", ours="50", landlord="-50")]
    sums, result = LedgerSums(POLICY), match(ours, theirs, POLICY)
    for record in theirs:
        sums.add(record)
    [row] = [one for one in sums.account_totals(result) if one.account == "Liabilities:Landlord"]
    assert (row.found, row.other, row.difference) == (Decimal(-150), Decimal(-100), Decimal(-50))
    assert [found.subject for found in result.exceptions] == ["h2"]


def test_what_is_no_currency_is_named_with_its_amount() -> None:
    ours, theirs = month()
    result = match(ours, [*theirs, typed("h3", "POINTS", ours="7.50", landlord="-7.50")], POLICY)
    [found] = result.exceptions
    assert (found.currency, found.as_json()["difference"]) == ("POINTS", "7.5")
