"""The matrix R1 to R18 of a reconciliation: what the store and the ledger tell, and what lists say. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from dealbooks.ledger import Record
from dealbooks.pipeline.bank_side import BankReconciliation
from dealbooks.pipeline.cutoff import CutOff
from dealbooks.pipeline.mirror import INTERCOMPANY, Mirror
from dealbooks.pipeline.named import ListsHeld
from dealbooks.pipeline.periods import PeriodHouse
from dealbooks.pipeline.recorded import Recorded, Sale, sales_of
from dealbooks.plural import counted
from dealbooks.reconcile.lists import KINDS
from dealbooks.reconcile.matrix import Detail, MatrixRow, RowStatus, details_of, make_row, shown_in
from dealbooks.reconcile.model import Expected, MatchPolicy, MatchResult, ReconException, money_text
from dealbooks.reconcile.receipts import OthersReceipt
from dealbooks.reconcile.sides import RECEIPTS, SALES, BothSides, Moved, Side, side, total_by
from dealbooks.reconcile.totals import CUSTOMER, STOCK, UNIT_CLASSES, AccountTotal

ZERO = Decimal(0)
_TAX = ("tax.*", "payable.sales_tax")


@dataclass(frozen=True, slots=True)
class Given:
    """What the rows are made from."""

    expected: Sequence[Expected]
    result: MatchResult
    records: Sequence[Record]
    sides: BothSides
    exceptions: Sequence[ReconException]
    unsettled: Sequence[CutOff]
    receipts: Sequence[OthersReceipt]
    bank: BankReconciliation
    lists: ListsHeld
    mirror: Mirror
    totals: Sequence[AccountTotal]
    stock_is_kept: bool


def matrix(house: PeriodHouse, policy: MatchPolicy, given: Given) -> tuple[MatrixRow, ...]:
    """The rows, in order."""
    kinds = _kinds(given)
    make = _Maker(policy, given, kinds, _sales(house, policy, given))
    return tuple(make.rows())


def _kinds(given: Given) -> dict[str, str]:
    """Of what document an exception speaks (see `matrix.rows_of`)."""
    events: dict[str, str] = {}
    for item in given.expected:
        events[item.key] = item.entry.event
        events[f"deal {item.deal}, {item.entry.entry_id}"] = item.entry.event
    found = dict(given.lists.rows)
    for one in given.exceptions:
        event = events.get(one.subject.partition(" ")[0]) or events.get(one.where, "")
        if one.id not in found and event:
            known = "receipt" if event in RECEIPTS else "other"
            found[one.id] = "sale" if event in SALES else known
    return found


def _sales(house: PeriodHouse, policy: MatchPolicy, given: Given) -> dict[str, Sale]:
    """The sales that we expect in the period, worked out again from their deals: key of the entry -> sale."""
    wanted = [
        (item, Recorded(item.entry, item.deal_id, item.deal, item.version, item.state))
        for item in _counted(given)
        if item.entry.event in SALES and policy.first <= item.entry.accounting_date <= policy.last
    ]
    keys = {id(one): item.key for item, one in wanted}
    return {keys[id(sale.recorded)]: sale for sale in sales_of(house, [one for _, one in wanted])}


def _counted(given: Given) -> list[Expected]:
    return [*(item for item, _ in given.result.matched), *given.result.absent]


class _Maker:
    def __init__(self, policy: MatchPolicy, given: Given, kinds: Mapping[str, str], sales: Mapping[str, Sale]) -> None:
        self._policy, self._given, self._kinds, self._sales = policy, given, kinds, sales
        self._sides = given.sides
        self._ours, self._theirs, self._others = (_by_account(one) for one in (
            given.sides.ours, given.sides.theirs, given.sides.others,
        ))  # fmt: skip
        self._carries_stock = given.sides.carries("stock_no")

    def rows(self) -> Iterable[MatrixRow]:
        """R1 to R18."""
        yield self._documents()
        yield self._lines()
        yield self._receipts()
        yield from self._bank()
        yield self._ledger(
            "R6", "tax by code, from deals", "tax accounts", _TAX, by=self._dimension("tax_code"), sign=-1, name="code"
        )
        yield self._margin()
        yield self._ledger(
            "R8", "commission earned, by person", "commissions payable", ("payable.commission",),
            by=self._dimension("person"), sign=-1, name="person",
        )  # fmt: skip
        yield self._list("payroll", "commission booked, by person", "payroll")
        yield self._relief()
        yield self._stock_list()
        yield self._trades()
        yield self._ledger(
            "R12", "deposits taken and used", "customer deposits held", ("payable.customer_deposits",),
            by=self._dimension("receipt"), sign=-1,
        )  # fmt: skip
        yield self._ledger(
            "R13", "rebates and incentives claimed", "due from the manufacturer", ("receivable.manufacturer",),
            by=self._dimension("party"), name="program",
        )  # fmt: skip
        yield self._list("factory", "rebates and incentives booked", "factory statement")
        yield self._list("lender", "finance commission booked", "lenders' statements")
        yield self._list("provider", "owed to warranty and insurance providers", "providers' statements")
        yield self._ledger(
            "R15", "government fees collected", "government fees payable", ("payable.government_fees",),
            by=lambda one: one.stock_no, sign=-1,
        )  # fmt: skip
        yield self._interbranch()
        yield self._ledger(
            "R16", "intercompany, as booked by deals", "intercompany in the ledger",
            INTERCOMPANY, found=(),
        )  # fmt: skip
        if self._given.mirror.here:
            yield self._mirror()
        yield self._list("floorplan", "cars on the floorplan that are not sold", "floorplan statement")
        yield self._trial_balance()

    def _row(
        self, number: str, left: str, right: str, ours: Side | None, theirs: Side | None, *, note: str = "",
        details: Sequence[Detail] = (), found: Sequence[ReconException] | None = None, debits: bool = False,
    ) -> MatrixRow:  # fmt: skip
        shown = shown_in(number, self._given.exceptions, self._kinds) if found is None else found
        return make_row(
            number, left, right, ours, theirs, self._policy.currency, shown, note=note, details=details, debits=debits
        )

    def _dimension(self, name: str) -> Callable[[Moved], str]:
        carries = self._sides.carries(name)
        return lambda one: one.line.dimensions.get(name, "") if carries else ""

    def _on(self, lines: Mapping[str, Sequence[Moved]], *roles: str) -> list[Moved]:
        """The lines on accounts that play one of some roles."""
        plays = self._policy.accounts.plays
        return [one for account, own in lines.items() if plays(account, *roles) for one in own]

    def _plays(self, *roles: str) -> Callable[[Moved], bool]:
        plays = lru_cache(maxsize=None)(lambda account: self._policy.accounts.plays(account, *roles))
        return lambda one: plays(one.line.account)

    def _ledger(
        self, number: str, left: str, right: str, roles: Sequence[str], *, by: Callable[[Moved], str] | None = None,
        sign: int = 1, name: str = "", found: Sequence[ReconException] | None = None,
    ) -> MatrixRow:  # fmt: skip
        """A row that holds our lines on some accounts against the ledger's, without what explains itself."""
        left_lines, right_lines = self._on(self._ours, *roles), self._on(self._theirs, *roles)
        ours, theirs = _signed(side(left_lines, by=by), sign), _signed(side(right_lines, by=by), sign)
        details: tuple[Detail, ...] = ()
        if name and by is not None:
            details = details_of(
                _signed(total_by(left_lines, by), sign),
                _signed(total_by(right_lines, by), sign),
            )
        return self._row(number, left, right, ours, theirs, note=self._beside(*roles), details=details, found=found)

    def _beside(self, *roles: str) -> str:
        """What was booked there by hand, and explains itself."""
        amounts = [one.line.amount for one in self._on(self._others, *roles)]
        if not amounts:
            return ""
        shown = money_text(sum((abs(one) for one in amounts), ZERO), self._policy.currency)
        lines = counted(len(amounts), "line")
        return f"Typed by hand and self-explaining: {lines} ({shown} {self._policy.currency}, gross)."

    def _documents(self) -> MatrixRow:
        """R1: completed deals, worked out again from what the source said, against sales documents."""
        invoiced: dict[str, Decimal] = {}
        for item in _counted(self._given):
            if item.entry.event in SALES:
                invoiced[item.key] = sum(
                    ((one.base or one.amount).amount for one in item.entry.lines
                     if one.part == "invoice" and one.role == CUSTOMER), ZERO,
                )  # fmt: skip
        ours_at = side(self._on(self._ours, CUSTOMER))
        inside = {one.owner for one in self._sides.ours}
        left = {key: amount for key, amount in invoiced.items() if key in inside}
        for key, sale in self._sales.items():
            if sale.deal.currency == self._policy.currency:
                left[key] = sale.sign * sale.figures.invoice.gross_total
        for waiting in self._given.unsettled:
            if waiting.kind != "fact":
                left[f"not settled: {waiting.id}"] = ZERO
        lost = [
            one for one in self._given.exceptions if one.code == "missing_in_ledger" and one.subject not in invoiced
        ]
        left |= {f"lost: {one.subject}": ZERO for one in lost if self._kinds.get(one.id) != "receipt"}
        right = self._found_documents(invoiced, ours_at)
        waits = len([one for one in self._given.unsettled if one.kind != "fact"])
        note = f"{waits} deals of the period are not settled; their amount is not counted." if waits else ""
        return self._row("R1", "completed deals of the source", "sales documents in the ledger", left, right, note=note)

    def _found_documents(self, invoiced: Mapping[str, Decimal], ours_at: Mapping[str, Decimal]) -> dict[str, Decimal]:
        sold, customer = self._plays(*UNIT_CLASSES), self._plays(CUSTOMER)
        grouped: dict[str, list[Moved]] = {}
        for one in self._sides.theirs:
            grouped.setdefault(one.owner, []).append(one)
        found = {}
        for owner, lines in grouped.items():
            charged = [one.line.amount for one in lines if customer(one)]
            if owner in invoiced:
                found[owner] = invoiced[owner] + sum(charged, ZERO) - ours_at.get(owner, sum(charged, ZERO))
            elif any(one.event in SALES or (not one.event and sold(one)) for one in lines):
                sales = sum((one.line.amount for one in lines if sold(one)), ZERO)
                wanted = [one if sales <= 0 else -one for one in charged]
                amount = sum((one for one in wanted if one > 0), ZERO)
                found[owner] = amount if sales <= 0 else -amount
        return found

    def _lines(self) -> MatrixRow:
        """R2: lines of our documents by account, tax code and location."""
        own = {item.key for item, _ in self._given.result.matched}
        code, place = self._dimension("tax_code"), self._dimension("location")

        def by(one: Moved) -> str:
            return f"{one.line.account} {code(one)} {place(one)}"

        ours = side(self._sides.ours, by=by)
        theirs = side((one for one in self._sides.theirs if one.owner in own), by=by)
        ours, theirs = ({name: amount for name, amount in one.items() if amount} for one in (ours, theirs))
        lacks = [name.replace("_", " ") for name in ("tax_code", "location") if not self._sides.carries(name)]
        note = f"The ledger's lines show no {' and no '.join(lacks)}: not compared." if lacks else ""
        return self._row(
            "R2",
            "debits that deals give",
            "debits of the same entries in the ledger",
            ours,
            theirs,
            note=note,
            debits=True,
        )

    def _receipts(self) -> MatrixRow:
        ours, theirs = (
            side(one for one in self._on(lines, "cash.*") if one.event in RECEIPTS)
            for lines in (self._ours, self._theirs)
        )
        for told in self._given.receipts:
            if told.currency == self._policy.currency and self._policy.first <= told.date <= self._policy.last:
                name = f"{told.deal} {told.reference}"
                ours[name] = told.amount
                if told.ref:
                    theirs[name] = told.amount
        return self._row("R3", "payments and refunds of deals", "receipts in the ledger", ours, theirs)

    def _bank(self) -> Iterable[MatrixRow]:
        """R4 and R5, as the bank's side has them."""
        words = {
            "R4": ("receipts, refunds and settlements booked", "at the bank or provider"),
            "R5": ("payments of finance companies booked", "at the bank"),
        }
        for number, (left, right) in words.items():
            found = shown_in(number, self._given.exceptions, self._kinds)
            rows = [row for row in self._given.bank.rows if row.code == number]
            if self._given.bank.status == "not provided":
                yield self._row(number, left, right, None, None, note="No bank statement is imported.", found=found)
                continue
            for row in rows:
                difference = row.difference
                own = [one for one in found if one.currency == row.currency]
                made = make_row(number, left, right, {}, {}, row.currency, own)
                open_ = bool(difference or row.undecided_count)
                moving = f"{row.in_transit_count} in transit, {row.undecided_count} to decide."
                yield MatrixRow(
                    number, left, right, RowStatus.DIFFERS if open_ else made.status, row.left_count, row.right_count,
                    row.left_total, row.right_total, max(difference, ZERO), max(-difference, ZERO), row.currency,
                    made.exceptions, moving if row.in_transit_count or row.undecided_count else "",
                )  # fmt: skip
            if not rows:
                yield self._row(number, left, right, {}, {}, found=found)

    def _margin(self) -> MatrixRow:
        """R7: the stock book, worked out again from the deals; a car sold at a loss stands in it with nothing."""
        ours: dict[str, Decimal] = {}
        for key, sale in self._sales.items():
            book = sale.figures.taxes.margin
            if book is not None and sale.deal.currency == self._policy.currency:
                ours[key] = sale.sign * book.vat
        theirs = _signed(side(self._on(self._theirs, "tax.margin")), -1)
        there = {one.owner for one in self._sides.theirs}
        theirs |= {key: ZERO for key in ours if key in there and key not in theirs}
        return self._row(
            "R7",
            "margin scheme: stock book",
            "margin scheme tax account",
            ours,
            theirs,
            note=self._beside("tax.margin"),
        )

    def _of_car_sold(self, one: Moved) -> bool:
        return one.stock_no == one.car or not self._carries_stock

    def _relief(self) -> MatrixRow:
        ours, theirs = (
            side(one for one in self._on(lines, *STOCK) if one.car and self._of_car_sold(one))
            for lines in (self._ours, self._theirs)
        )

        return self._row(
            "R9", "cost of vehicles sold", "taken out of stock", _signed(ours, -1), _signed(theirs, -1),
            note=self._beside(*STOCK),
        )  # fmt: skip

    def _trades(self) -> MatrixRow:
        def by(one: Moved) -> str:
            return f"{one.stock_no if self._carries_stock else ''} {one.line.account}"

        def lines(of: Mapping[str, Sequence[Moved]]) -> list[Moved]:
            taken = [one for one in self._on(of, *STOCK) if one.car and not self._of_car_sold(one)]
            return [*self._on(of, "payable.trade_payoff"), *taken]

        return self._row(
            "R11", "part-exchanges taken, settlements owed and paid", "stock and settlements in the ledger",
            side(lines(self._ours), by=by), side(lines(self._theirs), by=by),
            note=self._beside("payable.trade_payoff"),
        )  # fmt: skip

    def _interbranch(self) -> MatrixRow:
        lines = [one for some in (self._theirs, self._others) for one in self._on(some, "interbranch.clearing")]
        debit = side(one for one in lines if one.line.amount > 0)
        credit = _signed(side(one for one in lines if one.line.amount < 0), -1)
        left, right = "interbranch clearing, debits", "interbranch clearing, credits"
        return self._row("R16", left, right, debit, credit, found=())

    def _mirror(self) -> MatrixRow:
        held = self._given.mirror
        left, right = "due from and to group companies here", "the same in the other companies' ledgers"
        return self._row("R16", left, right, held.here, held.there, note=held.note)

    def _stock_list(self) -> MatrixRow:
        left, right = "cars on the stock list", "cars in stock in the ledger"
        held = self._given.lists.held.get("stock")
        if held is not None:
            return self._row("R10", left, right, held.said, held.books, note=self._from("stock"))
        kept = self._given.stock_is_kept
        note = "No stock list is imported for the month." if kept else "The ledger does not keep cars by stock number."
        return self._row("R10", left, right, None, None, note=note)

    def _list(self, kind: str, left: str, right: str) -> MatrixRow:
        held, about = self._given.lists.held.get(kind), KINDS[kind]
        if held is None:
            note = f"Give it with dealbooks lists import {kind}."
            return self._row(about.row, left, right, None, None, note=note, found=())
        return self._row(about.row, left, right, held.books, held.said, note=self._from(kind), found=held.exceptions)

    def _from(self, kind: str) -> str:
        one = self._given.lists.lists[kind]
        return f"From {one.file}, {counted(len(one.rows), 'row')}, hash {one.sha256[:12]}."

    def _trial_balance(self) -> MatrixRow:
        own = [row for row in self._given.totals if row.currency == self._policy.currency]
        ours = {row.account: row.expected + row.other for row in own}
        theirs = {row.account: row.found for row in own}
        apart = len(self._given.totals) - len(own)
        note = f"{apart} accounts in other currencies stand in the tie-out." if apart else ""
        details = tuple(Detail(row.account, row.expected + row.other, row.found) for row in own if row.difference)
        return self._row(
            "R18", "our postings, and what others booked and explains itself", "movement of the ledger's accounts",
            ours, theirs, note=note, details=details, debits=True,
        )  # fmt: skip


def _signed(items: Mapping[str, Decimal], sign: int) -> dict[str, Decimal]:
    return {name: sign * amount for name, amount in items.items()}


def _by_account(lines: Iterable[Moved]) -> dict[str, list[Moved]]:
    found: dict[str, list[Moved]] = {}
    for one in lines:
        found.setdefault(one.line.account, []).append(one)
    return found
