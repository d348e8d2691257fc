"""Journal entries of QuickBooks Online as they are sent. Field names: Finance.xsd. A journal entry has one line at most
on accounts receivable or payable, and that line names its customer [R]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from blocks.ledgers.quickbooks import wire
from blocks.ledgers.quickbooks.bodies import number_of, payload_of
from blocks.ledgers.quickbooks.directory import PAYABLE, RECEIVABLE, Directory
from blocks.ledgers.quickbooks.figures import ZERO, pinned
from dealbooks.documents import words
from dealbooks.documents.values import CUSTOMER
from dealbooks.entries import Line
from dealbooks.ledger import Posting
from dealbooks.money import amount_text
from dealbooks.posting import PostingError

_OF_CUSTOMER = (CUSTOMER, "payable.customer_deposits", "payable.customer_refund")


class _Side(NamedTuple):
    """One line of a journal entry; `customer` is the name of the effect that finds or makes its customer."""

    account: str
    klass: str
    department: str
    customer: str
    amount: Decimal
    text: str


def names_customer(party: str, lines: Sequence[Line], posting: Posting) -> bool:
    """Whether a journal names a party as its customer: on accounts receivable it must, for deposits it helps."""
    mine = [line.role for line in lines if line.dimensions.get("party") == party]
    return CUSTOMER in mine or (party in posting.parties and any(role in _OF_CUSTOMER for role in mine))


def journal(
    posting: Posting, name: str, lines: Sequence[Line], customers: Mapping[str, str], directory: Directory
) -> dict[str, Any] | None:
    """A journal entry; None when nothing is left of it. `customers` are the effects of the parties that it names.

    Raises:
        PostingError: QuickBooks would not take it.
    """
    sides = _sides(posting, name, lines, customers, directory)
    if not sides:
        return None
    currency = posting.entry.currency
    number = number_of(posting, name, directory.settings.number_length)
    body: dict[str, Any] = {
        "DocNumber": number,
        "TxnDate": posting.entry.accounting_date.isoformat(),
        "Line": [_line(side, currency, directory.settings.text_length) for side in sides],
    }
    if not directory.company.in_us:
        body["GlobalTaxCalculation"] = "NotApplicable"
    receivable = [side.customer for side in sides if directory.account_type(side.account) == RECEIVABLE]
    expect = {
        "date": body["TxnDate"],
        "status": "posted",
        "currency": currency,
        "customer": wire.awaited(receivable[0]) if receivable else "",
        "total": amount_text(sum((side.amount for side in sides if side.amount > 0), ZERO), currency),
        "lines": pinned((side.account, side.klass, side.department, side.amount) for side in sides),
    }
    return payload_of(posting, wire.JOURNAL, f"{name} {number}", number, body, expect)


def _sides(
    posting: Posting, name: str, lines: Sequence[Line], customers: Mapping[str, str], directory: Directory
) -> list[_Side]:
    """The lines that come to something; those of one customer on accounts receivable are one."""
    needed_by = f"{name} of deal {posting.deal_number}"
    found: list[_Side] = []
    control: dict[tuple[str, str], int] = {}
    for line in lines:
        account = directory.account(line.role, needed_by=needed_by)
        customer = customers.get(line.dimensions.get("party", ""), "")
        side = _Side(
            account, *directory.place(line.dimensions), customer, line.amount.amount, _said(line, posting, directory)
        )
        if directory.account_type(account) in (RECEIVABLE, PAYABLE):
            if line.role != CUSTOMER:
                raise _no_journal(posting, line.role, directory.label(account))
            before = control.setdefault((account, customer), len(found))
            if before < len(found):
                found[before] = found[before]._replace(amount=found[before].amount + side.amount)
                continue
        found.append(side)
    if len(control) > 1:
        raise PostingError(
            posting.deal_number,
            f"{name} would have several lines on the customers' account, and QuickBooks takes one in a journal entry",
            fix="Enter it in QuickBooks by hand.",
        )
    return [side for side in found if side.amount]


def _no_journal(posting: Posting, role: str, account: str) -> PostingError:
    return PostingError(
        posting.deal_number,
        f"{account}, the account for {role}, is one for customers or suppliers in QuickBooks: it takes no journal "
        "without naming one of them",
        fix="Name another current asset or liability account for the role in the book's chart.",
    )


def _line(side: _Side, currency: str, longest: int) -> dict[str, Any]:
    detail: dict[str, Any] = {
        "PostingType": "Debit" if side.amount > 0 else "Credit",
        "AccountRef": {"value": side.account},
    }
    if side.klass:
        detail["ClassRef"] = {"value": side.klass}
    if side.department:
        detail["DepartmentRef"] = {"value": side.department}
    if side.customer:
        detail["Entity"] = {"Type": "Customer", "EntityRef": {"value": wire.awaited(side.customer)}}
    return {
        "Amount": amount_text(abs(side.amount), currency),
        "Description": side.text[:longest],
        "DetailType": "JournalEntryLineDetail",
        "JournalEntryLineDetail": detail,
    }


def _said(line: Line, posting: Posting, directory: Directory) -> str:
    """The description of a line: the car, whose money or commission it is, and what QuickBooks has no place for."""
    text = words.of_role(line.part, line.role, line.dimensions, line.tax_code)
    if text == line.role:
        text = f"{line.part.replace('_', ' ').capitalize()}, deal {posting.deal_number}"
    more = [line.dimensions.get(name, "") for name in ("party", "person", "stock_no")]
    text = ", ".join([text, *(value for value in more if value and value not in text)])
    told = directory.without_place(line.dimensions)
    return f"{text}; {told}" if told else text
