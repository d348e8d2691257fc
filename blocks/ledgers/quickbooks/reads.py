"""Reads: documents by id, queries with their pages, the company, and records for reconciliation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from blocks.ledgers.quickbooks import wire
from blocks.ledgers.quickbooks.answers import MISSING_REFERENCE, Fault, document_in, fault_in
from blocks.ledgers.quickbooks.directory import Company, Directory, Row, company_of
from blocks.ledgers.quickbooks.figures import decimal, form_sums, journal_sums, value_of
from blocks.ledgers.quickbooks.settings import QuickBooksSettings
from dealbooks.errors import StopConnection
from dealbooks.http import Call, Reply
from dealbooks.ledger import Record, RecordLine

_T = TypeVar("_T")
_R = TypeVar("_R")
_TRIES = 4
_LISTED = 50  # ids or names in one query, which stands in an address
_INACTIVE_TOO = ("Customer",)


class AtOnce(Protocol):
    """Does a job for each item, some at once; the results in the order of the items."""

    def __call__(self, job: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        """Raises what a job raises."""


class Reads:
    """Asks one company. `ask` makes a call that only reads, and makes it again while QuickBooks is busy; `at_once` does
    a job for several things at once."""

    def __init__(self, ask: Callable[[Call], Reply], settings: QuickBooksSettings, name: str, at_once: AtOnce) -> None:
        self._ask = ask
        self._at_once = at_once
        self._settings = settings
        self._name = name

    def path(self, what: str) -> str:
        """An address of the company."""
        return f"/v3/company/{self._settings.realm_id}/{what}"

    def document(self, kind: str, number: str) -> Row | None:
        """A document by its id; None when it is not there.

        Raises:
            StopConnection: QuickBooks does not answer, or not as it should.
        """
        path = self.path(f"{kind.lower()}/{number}" if number else kind.lower())
        reply, fault = self._asked(path, {}, f"read {kind} {number}")
        if fault is not None:
            if fault.code in MISSING_REFERENCE:
                return None
            raise self._unclear(f"reading {kind} {number}", fault)
        return document_in(reply, kind)

    def documents(self, named: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Row | None]:
        """Documents by their kind and id, in as few queries as there are, some at once. One that a query does not show,
        since a search may lag, is read by itself; None: it is not there.

        Raises:
            StopConnection: as above.
        """
        by_kind: dict[str, list[str]] = {}
        for kind, number in dict.fromkeys(named):
            by_kind.setdefault(kind, []).append(number)
        asked = [
            (kind, where + _active_too(kind))
            for kind, numbers in by_kind.items()
            if len(numbers) > 1
            for where in one_of("Id", numbers)
        ]
        found: dict[tuple[str, str], Row | None] = {
            (kind, str(row["Id"])): row for kind, rows in self.lists(asked) for row in rows
        }
        missing = [one for one in dict.fromkeys(named) if one not in found]

        def alone(one: tuple[str, str]) -> Row | None:
            return self.document(*one)

        return found | dict(zip(missing, self._at_once(alone, missing), strict=True))

    def lists(self, asked: Sequence[tuple[str, str]]) -> list[tuple[str, list[Row]]]:
        """The rows of several queries (kind and condition), some at once. Raises StopConnection."""

        def listed(one: tuple[str, str]) -> tuple[str, list[Row]]:
            return one[0], self.rows(*one)

        return self._at_once(listed, asked)

    def rows(self, kind: str, where: str = "") -> list[Row]:
        """Every row of a query, page after page: a page has 1,000 rows at most [R]. A row that comes twice, because
        something was changed between two pages, is kept once.

        Raises:
            StopConnection: as above.
        """
        found: dict[str, Row] = {}
        start, size = 1, self._settings.page_size
        while True:
            text = f"select * from {kind}{f' where {where}' if where else ''} orderby Id startposition {start}"
            reply, fault = self._asked(self.path("query"), {"query": f"{text} maxresults {size}"}, f"list {kind}")
            if fault is not None:
                raise self._unclear(f"listing {kind}", fault)
            body = reply.json()
            if not isinstance(body, Mapping) or not isinstance(body.get("QueryResponse"), Mapping):
                raise self._unclear(f"listing {kind}", Fault("", f"HTTP {reply.status}", "", ""))
            page: Sequence[Row] = body["QueryResponse"].get(kind, ())
            found |= {str(row["Id"]): row for row in page}
            if len(page) < size:
                return list(found.values())
            start += size

    def changed(self, kinds: Sequence[str], since: str) -> tuple[list[tuple[str, Row]], str] | None:
        """What change data capture tells of some kinds, in one call, and when it answered; None where it refuses the
        moment (it goes back 30 days [C]).

        Raises:
            StopConnection: as above.
        """
        params = {"entities": ",".join(kinds), "changedSince": since}
        reply, fault = self._asked(self.path("cdc"), params, "list what changed")
        if fault is not None and fault.kind == "ValidationFault":
            return None
        body = reply.json()
        if fault is None and isinstance(body, Mapping) and body.get("CDCResponse") and body.get("time"):
            answers = [part for one in body["CDCResponse"] for part in one.get("QueryResponse", ())]
            rows = [(kind, row) for part in answers for kind in kinds for row in part.get(kind, ())]
            return rows, str(body["time"])
        raise self._unclear("listing what changed", fault or Fault("", f"HTTP {reply.status}", "", ""))

    def time(self) -> str:
        """The time by the clock of QuickBooks. Raises StopConnection."""
        path = self.path(f"companyinfo/{self._settings.realm_id}")
        reply, fault = self._asked(path, {}, "ask for the time")
        body = reply.json()
        if fault is None and isinstance(body, Mapping) and body.get("time"):
            return str(body["time"])
        raise self._unclear("asking for the time", fault or Fault("", f"HTTP {reply.status}", "", ""))

    def company(self) -> Company:
        """What the company says of itself."""
        info = self.document("CompanyInfo", self._settings.realm_id)
        preferences = self.preferences()
        if info is None:
            raise self._unclear("reading the company", Fault("", "it is not there", "", ""))
        return company_of(info, preferences)

    def preferences(self) -> Row:
        """The company's preferences."""
        found = self.document("Preferences", "")
        if found is None:
            raise self._unclear("reading the preferences", Fault("", "they are not there", "", ""))
        return found

    def closing_date(self) -> date | None:
        """The day up to which the books are closed, that day too; None when they are open."""
        text = self.preferences().get("AccountingInfoPrefs", {}).get("BookCloseDate")
        return date.fromisoformat(str(text)[:10]) if text else None

    def _asked(self, path: str, params: Mapping[str, str], what: str) -> tuple[Reply, Fault | None]:
        """The answer, and the fault in it; asked again when QuickBooks answers 200 with a fault of its own."""
        given = {"minorversion": str(self._settings.minor_version), **params}
        for _ in range(_TRIES):
            reply = self._ask(Call.get(path, given, what=what))
            fault = fault_in(reply)
            if fault is None or fault.kind != "SystemFault":
                break
        return reply, fault

    def _unclear(self, what: str, fault: Fault) -> StopConnection:
        return StopConnection(
            f"{self._name}: {what} failed: {fault.text}", fix="Nothing is lost; it is tried again by the next run."
        )


def quoted(text: str) -> str:
    """A text in a query; quotation marks and backslashes are escaped with a backslash [R]."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def records(reads: Reads, directory: Directory, first: date, last: date) -> Iterator[Record]:
    """Every sale, payment and journal entry of a period, both days included."""
    where = f"TxnDate >= '{first.isoformat()}' and TxnDate <= '{last.isoformat()}'"
    for kind in wire.TRANSACTIONS:
        for row in reads.rows(kind, where):
            yield record_of(kind, row, directory)


def record_of(kind: str, row: Row, directory: Directory) -> Record:
    """One transaction as its lines in the books."""
    note = str(row.get("PrivateNote") or "")
    narration = " ".join(text for text in (str(row.get("DocNumber") or row.get("PaymentRefNum") or ""), note) if text)
    return Record(
        wire.ref_of(kind, row["Id"]),
        wire.key_in(note),
        date.fromisoformat(str(row["TxnDate"])),
        narration,
        tuple(line for line in _lines(kind, row, directory) if line.amount),
    )


def _lines(kind: str, row: Row, directory: Directory) -> Iterator[RecordLine]:
    currency = value_of(row, "CurrencyRef") or directory.book.currency
    total = decimal(row.get("TotalAmt"))
    customer = str((row.get("CustomerRef") or {}).get("name", ""))
    said = {"customer": customer} if customer else {}

    # Under names of their own: QuickBooks keeps none of them on the lines that it adds itself (customers, deposits), so
    # that they cannot be compared line by line; each document was compared with them when it was posted.
    def line(account: str, amount: Decimal, klass: str = "", department: str = "", **more: str) -> RecordLine:
        dimensions: dict[str, str] = dict(more)
        if klass:
            dimensions["class"] = directory.named("Class", klass)
        if department:
            dimensions["place"] = directory.named("Department", department)
        return RecordLine(directory.label(account), amount, currency, dimensions)

    if kind == wire.JOURNAL:
        for account, klass, department, amount in journal_sums(row):
            yield line(account, amount, klass, department)
        return
    receivable = directory.account("receivable.customer", needed_by="the customers' account")
    deposit = value_of(row, "DepositToAccountRef")
    if kind == wire.PAYMENT:
        yield line(deposit, total)
        yield line(receivable, -total, **said)
        return
    sign = -1 if kind in (wire.CREDIT, wire.REFUND) else 1
    head = value_of(row, "DepartmentRef")
    against = deposit if kind in (wire.RECEIPT, wire.REFUND) else receivable
    received = decimal(row.get("Deposit")) if kind == wire.INVOICE else Decimal(0)
    yield line(against, sign * total - received, **said)
    if received:
        yield line(deposit, received)
    for account, klass, _, amount in form_sums(row, directory):
        yield line(account, -sign * amount, klass, head)
    tax = decimal((row.get("TxnTaxDetail") or {}).get("TotalTax"))
    if tax:
        role = "payable.sales_tax" if directory.company.in_us else "tax.output"
        yield line(directory.account(role, needed_by="the tax on sales"), -sign * tax)


def one_of(name: str, values: Sequence[str]) -> list[str]:
    """Conditions, one a query, that find the rows of which a field has one of some values. `in` [C data queries]."""
    texts = [quoted(value) for value in dict.fromkeys(values)]
    parts = [texts[start : start + _LISTED] for start in range(0, len(texts), _LISTED)]
    return [f"{name} = {part[0]}" if len(part) == 1 else f"{name} in ({', '.join(part)})" for part in parts]


def name_searches(names: Sequence[str], kind: str) -> list[str]:
    """Conditions, one a query, that find rows by their names, inactive ones too where they hold a name."""
    return [where + _active_too(kind) for where in one_of("DisplayName", names)]


def _active_too(kind: str) -> str:
    return " and Active in (true, false)" if kind in _INACTIVE_TOO else ""


def customers_of(rows: Sequence[Mapping[str, Any]], party: str) -> list[Mapping[str, Any]]:
    """Those of the customers that carry our id of a party."""
    return [row for row in rows if wire.party_in(row.get("Notes")) == party.replace("]", ")")]
