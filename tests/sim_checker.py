"""The history checker: was each deal posted once, whole, and to the cent? It knows nothing of Dealbooks.

It reads two things: the log of what a sandbox wrote, as that platform's own documents, and the source deals, each with
the entries that an accountant worked out for it by hand. Documents are told apart by the deal numbers in their texts,
never by our keys. What each document does to the accounts is worked out here, from the platform's own fields.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.kit import WriteLog

Where = tuple[str, str]  # day, account code
_NIL = Decimal(0)
_MILLISECONDS = re.compile(r"/Date\((\d+)")


@dataclass(frozen=True)
class Source:
    """A deal as its source has it: number, customer, and what must stand in the books, by hand (debit positive)."""

    number: str
    customer: str
    lines: tuple[tuple[Where, Decimal], ...]


@dataclass(frozen=True)
class Paper:
    """A document of the platform that stands in the books: what it is, and what it does to the accounts."""

    kind: str
    ref: str
    day: str
    postings: Mapping[str, Decimal]
    texts: tuple[str, ...]

    @property
    def face(self) -> tuple[Any, ...]:
        """Two documents with the same face say the same thing twice."""
        return self.kind, self.day, tuple(sorted(self.postings.items()))


@dataclass(frozen=True)
class Held:
    """What stands on a platform: documents of the books, and the texts of each customer."""

    papers: tuple[Paper, ...]
    customers: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, order=True)
class Verdict:
    """What is wrong with one deal: lost, doubled, wrong amount, stray or doubled customer."""

    deal: str
    wrong: str
    told: str = field(compare=False)

    def __str__(self) -> str:
        return f"{self.deal}: {self.wrong} ({self.told})"


def source_of(case: Mapping[str, Any], codes: Mapping[str, str]) -> Source:
    """A case of hand-made entries as a source; `codes` are the account codes of the roles."""
    deal = case["deal"]
    lines = [
        ((entry["accounting_date"], codes[line["account_role"]]), Decimal(line["debit"]) - Decimal(line["credit"]))
        for entry in case["expected"]["entries"]
        for line in entry["lines"]
    ]
    return Source(deal["deal_id"], deal["customer"]["id"], tuple(lines))


# -- judging -----------------------------------------------------------------------------------------------


def check(held: Held, sources: Sequence[Source], own: frozenset[str]) -> list[Verdict]:
    """Every deal that is not in the books exactly once. `own` are the accounts that only settle: a deal is judged by
    them where all others are right."""
    named = _finder([source.number for source in sources])
    papers: dict[str, list[Paper]] = defaultdict(list)
    found: list[Verdict] = []
    for paper in held.papers:
        numbers = {number for text in paper.texts for number in named(text)}
        if len(numbers) == 1:
            papers[numbers.pop()].append(paper)
        elif any(paper.postings.values()):
            found.append(Verdict(" and ".join(sorted(numbers)) or "no deal", "stray", f"{paper.kind} {paper.ref}"))
    for source in sources:
        found += _deal(source, papers[source.number], own)
    return [*found, *_customers(held, sources)]


def _deal(source: Source, papers: Sequence[Paper], own: frozenset[str]) -> Iterator[Verdict]:
    doubled = [face for face, count in Counter(paper.face for paper in papers).items() if count > 1]
    for kind, day, postings in doubled:
        if any(amount for _, amount in postings):
            refs = ", ".join(paper.ref for paper in papers if paper.face == (kind, day, postings))
            yield Verdict(source.number, "doubled", f"{kind} of {day}: {refs}")
    missing: dict[Where, Decimal] = defaultdict(Decimal)
    for where, amount in source.lines:
        missing[where] += amount
    for paper in papers:
        for code, amount in paper.postings.items():
            missing[paper.day, code] -= amount
    off = {where: amount for where, amount in missing.items() if amount}
    if off and not doubled:
        judged = {where: amount for where, amount in off.items() if where[1] not in own} or off
        told = ", ".join(f"{day} {code} {amount:+}" for (day, code), amount in sorted(off.items()))
        yield Verdict(source.number, _named(source, judged), told)


def _named(source: Source, off: Mapping[Where, Decimal]) -> str:
    """Whole lines that are not there are lost, whole lines too many doubled; anything else is a wrong amount."""
    lines: dict[Where, list[Decimal]] = defaultdict(list)
    for where, amount in source.lines:
        lines[where].append(amount)
    sums = {where: _sums(lines.get(where, ())) for where in off}
    if all(amount in sums[where] for where, amount in off.items()):
        return "lost"
    if all(-amount in sums[where] for where, amount in off.items()):
        return "doubled"
    return "wrong amount"


def _sums(amounts: Sequence[Decimal]) -> set[Decimal]:
    some = (itertools.combinations(amounts, size) for size in range(1, len(amounts) + 1))
    return {sum(one, _NIL) for one in itertools.chain.from_iterable(some)}


def _customers(held: Held, sources: Sequence[Source]) -> Iterator[Verdict]:
    named = _finder(sorted({source.customer for source in sources}))
    counted = Counter(number for texts in held.customers for number in {one for text in texts for one in named(text)})
    for customer, count in counted.items():
        if count > 1:
            yield Verdict(f"customer {customer}", "doubled customer", f"{count} of them")


def _finder(numbers: Sequence[str]) -> Callable[[str], list[str]]:
    """Finds whole numbers in a text."""
    either = "|".join(re.escape(number) for number in sorted(numbers, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])").findall


# -- reading the platforms' logs ----------------------------------------------------------------------------


def read_odoo(log: WriteLog, codes: Mapping[str, str]) -> Held:
    """Posted moves of Odoo; `codes` are account codes by id."""
    papers, customers = [], []
    for (kind, ref), document in log.standing().items():
        if kind == "res.partner":
            customers.append(tuple(_texts(document)))
        if kind == "account.move" and document["state"] == "posted":
            sums: dict[str, Decimal] = defaultdict(Decimal)
            for line in document["lines"]:
                if line["account_id"]:
                    sums[codes[str(line["account_id"])]] += line["balance"]
            papers.append(_paper(str(document["move_type"]), ref, str(document["date"]), sums, document))
    return Held(tuple(papers), tuple(customers))


def read_quickbooks(log: WriteLog, codes: Mapping[str, str], receivable: str, tax: str) -> Held:
    """Transactions of QuickBooks; `codes` are account numbers by id, `receivable` and `tax` ids of its own accounts."""
    papers, customers = [], []
    for (kind, ref), document in log.standing().items():
        if kind == "Customer":
            customers.append(tuple(_texts(document)))
        elif "TxnDate" in document:
            sums: dict[str, Decimal] = defaultdict(Decimal)
            for account, amount in _quickbooks(kind, document, receivable, tax):
                sums[codes[account]] += amount
            papers.append(_paper(kind, ref, str(document["TxnDate"]), sums, document))
    return Held(tuple(papers), tuple(customers))


def _quickbooks(kind: str, document: Mapping[str, Any], receivable: str, tax: str) -> Iterator[tuple[str, Decimal]]:
    customer = document.get("ARAccountRef", {}).get("value", receivable)
    if kind == "JournalEntry":
        for line in document["Line"]:
            detail = line["JournalEntryLineDetail"]
            amount = Decimal(line["Amount"])
            yield detail["AccountRef"]["value"], amount if detail["PostingType"] == "Debit" else -amount
        return
    total = Decimal(document["TotalAmt"])
    if kind == "Payment":
        yield document["DepositToAccountRef"]["value"], total
        yield customer, -total
        return
    sign = -1 if kind in ("CreditMemo", "RefundReceipt") else 1
    paid = kind in ("SalesReceipt", "RefundReceipt")
    yield document["DepositToAccountRef"]["value"] if paid else customer, sign * total
    for line in document["Line"]:
        if "SalesItemLineDetail" in line:
            yield line["SalesItemLineDetail"]["ItemAccountRef"]["value"], -sign * Decimal(line["Amount"])
    yield tax, -sign * Decimal(document.get("TxnTaxDetail", {}).get("TotalTax", 0))


def read_xero(log: WriteLog, codes: Mapping[str, str], receivable: str, tax: str) -> Held:
    """Transactions of Xero; `codes` are account codes by id, `receivable` and `tax` codes of its own accounts."""
    papers, customers = [], []
    for (kind, ref), document in log.standing().items():
        if kind == "Contact":
            customers.append(tuple(_texts(document)))
        elif kind in _XERO and document.get("Status") in ("AUTHORISED", "PAID", "POSTED"):
            sums: dict[str, Decimal] = defaultdict(Decimal)
            for account, amount in _XERO[kind](document, receivable, tax):
                sums[codes.get(account, account)] += amount
            papers.append(_paper(kind, ref, _day(document["Date"]), sums, document))
    return Held(tuple(papers), tuple(customers))


_Postings = Iterator[tuple[str, Decimal]]


def _xero_sale(document: Mapping[str, Any], receivable: str, tax: str) -> _Postings:
    sign = 1 if document["Type"] in ("ACCREC", "ACCPAYCREDIT") else -1
    yield receivable, sign * Decimal(document["Total"])
    yield from _xero_lines(document, tax, -sign)


def _xero_bank(document: Mapping[str, Any], receivable: str, tax: str) -> _Postings:
    sign = 1 if document["Type"].startswith("RECEIVE") else -1
    yield _account(document["BankAccount"]), sign * Decimal(document["Total"])
    if document["Type"].endswith("OVERPAYMENT"):
        yield receivable, -sign * Decimal(document["Total"])
    else:
        yield from _xero_lines(document, tax, -sign)


def _xero_lines(document: Mapping[str, Any], tax: str, sign: int) -> _Postings:
    inside = str(document.get("LineAmountTypes", "")).lower() == "inclusive"
    for line in document["LineItems"]:
        taxed = Decimal(line.get("TaxAmount") or 0)
        yield _account(line), sign * (Decimal(line["LineAmount"]) - (taxed if inside else _NIL))
        yield tax, sign * taxed


def _xero_payment(document: Mapping[str, Any], receivable: str, _tax: str) -> _Postings:
    sign = -1 if "CreditNote" in document or "Overpayment" in document else 1
    yield _account(document["Account"]), sign * Decimal(document["Amount"])
    yield receivable, -sign * Decimal(document["Amount"])


def _xero_journal(document: Mapping[str, Any], _receivable: str, _tax: str) -> _Postings:
    for line in document["JournalLines"]:
        yield _account(line), Decimal(line["LineAmount"])


_XERO: Mapping[str, Callable[[Mapping[str, Any], str, str], _Postings]] = {
    "Invoice": _xero_sale, "CreditNote": _xero_sale, "BankTransaction": _xero_bank, "Payment": _xero_payment,
    "ManualJournal": _xero_journal,
}  # fmt: skip


def _account(named: Mapping[str, Any]) -> str:
    return str(named.get("AccountCode") or named.get("Code") or named["AccountID"])


def _day(given: Any) -> str:
    """A day as Xero writes it: `/Date(1775001600000+0000)/`, or as ISO 8601."""
    told = _MILLISECONDS.match(str(given))
    return datetime.fromtimestamp(int(told[1]) / 1000, UTC).date().isoformat() if told else str(given)[:10]


def _paper(kind: str, ref: str, day: str, sums: Mapping[str, Decimal], document: Mapping[str, Any]) -> Paper:
    postings = {code: amount for code, amount in sums.items() if amount}
    return Paper(kind, ref, day, postings, tuple(_texts(document)))


def _texts(value: Any) -> Iterator[str]:
    """Every text in a document, however deep."""
    if isinstance(value, str):
        yield value
        return
    inner: Iterable[Any] = ()
    if isinstance(value, Mapping):
        inner = value.values()
    elif isinstance(value, list | tuple):
        inner = value
    for one in inner:
        yield from _texts(one)
