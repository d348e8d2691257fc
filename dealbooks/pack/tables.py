"""Tables that a reconciliation and the ledger's own listing give. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dealbooks.money import amount_text
from dealbooks.pack.ledgercopy import LedgerCopy
from dealbooks.pack.model import Table
from dealbooks.pipeline.reconcile import Reconciliation
from dealbooks.pipeline.recorded import Recorded
from dealbooks.pipeline.sheets import Cell, Sheet
from dealbooks.pipeline.since import since_words
from dealbooks.reconcile.accounts import AccountMap
from dealbooks.reconcile.model import money_text
from dealbooks.reconcile.totals import AccountTotal
from dealbooks.reconcile.words import WORDS

ZERO = Decimal(0)
_CONTROL = ("receivable.", "payable.", "inventory.", "interbranch.", "clearing.", "liability.", "tax.")
_ALL = 10**9
TOTAL = "All accounts in "  # and the currency: the name of a row that adds up those above it
# Which events move a control account, as its roll-forward groups them; what is in no group stands under “other”.
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "sales": ("sale.posted", "sale.cost_posted", "dealer_trade.posted"),
    "taken_back": ("sale.reversed", "sale.unwound"),
    "money": (
        "payment.received", "customer.refunded", "deposit.received", "contract.funded",
        "reserve.received", "trade.paid_off",
    ),
}  # fmt: skip


def money(amount: Decimal, currency: str) -> Decimal:
    """An amount with the decimals of its currency; one with more keeps them."""
    return Decimal(money_text(amount, currency))


def tie_out(rec: Reconciliation) -> Table:
    """Every account: what was expected, what the ledger shows, and what explains the difference."""
    rows: list[tuple[Cell, ...]] = []
    for row in rec.totals:
        figures = (row.opening, row.expected, row.other, row.found, row.difference, row.closing)
        amounts = tuple(money(amount, row.currency) for amount in figures)
        rows.append((row.account, row.currency, *amounts, " ".join(row.explained_by)))
    for currency in sorted({row.currency for row in rec.totals}):
        mine = [row for row in rec.totals if row.currency == currency]
        opening, ours, typed, found, closing = (
            money(sum(figures, ZERO), currency)
            for figures in zip(*((one.opening, one.expected, one.other, one.found, one.closing) for one in mine),
                               strict=True)
        )  # fmt: skip
        rows.append((f"{TOTAL}{currency}", currency, opening, ours, typed, found, None, closing, ""))
    columns = (
        "account", "currency", "opening", "expected", "by_hand", "ledger", "difference", "closing", "explained_by",
    )  # fmt: skip
    intro = (
        "Each account that deals touch: where it stood, what our entries of the period come to, what was typed by hand "
        "and explains itself, what the ledger itself shows, and the difference with the exceptions that explain it. "
        "Debit is positive. Differences are not added up: what is too much and what is too little are never set off."
    )
    return Table("tie-out", intro, Sheet("Tie-out by account", columns, tuple(rows)), _ALL)


def matrix(rec: Reconciliation) -> Table:
    """The rows R1 to R18: what was held against what; a side that nobody provided is named, and never agreed."""
    columns = (
        "row", "left", "right", "status", "left_count", "right_count", "left_total", "right_total", "right_more",
        "right_less", "currency", "note",
    )  # fmt: skip

    rows = tuple(
        (
            row.number, row.left, row.right, row.status.value, *row.counts,
            *(None if amount is None else money(amount, row.currency) for amount in row.amounts),
            row.currency, row.note,
        )
        for row in rec.matrix
    )  # fmt: skip
    intro = "What was held against what. What one side has more and what it has less are never set off."
    return Table("matrix", intro, Sheet("Matrix", columns, rows), _ALL)


def activity(rec: Reconciliation) -> Table:
    """What others booked on accounts of the chart, by person and account."""
    columns = ("who", "account", "count", "debit", "credit", "currency", "only_deals")
    rows = tuple(
        (
            one.who or "not told", one.account, one.count, money(one.debit, one.currency),
            money(one.credit, one.currency), one.currency, "yes" if one.owned else "no",
        )
        for one in rec.activity
    )  # fmt: skip
    intro = "Beside our entries, by who booked it. On an account marked yes only deals may move anything."
    return Table("activity", intro, Sheet("Activity of others", columns, rows), _ALL)


def exceptions(rec: Reconciliation) -> Table:
    """Every exception, worst first."""
    columns = (
        "id", "class", "severity", "deal", "where", "what", "ours", "ledger", "difference", "currency", "likely_cause",
        "what_mends_it", "since",
    )  # fmt: skip
    rows = tuple(
        (
            one.id, WORDS[one.code].title if one.code in WORDS else one.code, one.severity.value, one.deal, one.where,
            one.what, one.ours, one.theirs, money(one.difference, one.currency), one.currency, one.cause, one.cure,
            since_words(rec.since, one.id),
        )
        for one in rec.exceptions
    )  # fmt: skip
    return Table("exceptions", "Each disagreement and each open item, once.", Sheet("Exceptions", columns, rows), _ALL)


def by_class(rec: Reconciliation) -> Table:
    """Exceptions counted by class; what the ledger has too much and too little, each by itself."""
    sums: dict[tuple[str, str, str], list[Any]] = {}
    for one in rec.exceptions:
        row = sums.setdefault((one.severity.value, one.code, one.currency), [0, ZERO, ZERO, one.severity.rank])
        row[0] += 1
        row[1 if one.difference > 0 else 2] += one.difference
    columns = ("class", "severity", "count", "ledger_more", "ledger_less", "currency")
    rows = tuple(
        (
            WORDS[code].title if code in WORDS else code, severity, count, money(more, currency),
            money(less, currency), currency,
        )
        for (severity, code, currency), (count, more, less, _) in sorted(
            sums.items(), key=lambda item: (item[1][3], item[0])
        )
    )  # fmt: skip
    intro = "What the ledger shows too much and too little, each by itself; the two are never set off."
    return Table("exceptions-by-class", intro, Sheet("Exceptions by class", columns, rows), _ALL)


def cut_off(rec: Reconciliation) -> Table:
    """Deals of the period that are not settled."""
    rows = tuple((item.id, item.deal, item.kind, item.what, item.cure) for item in rec.cut_off)
    sheet = Sheet("Not settled at cut-off", ("id", "deal", "kind", "what", "what_mends_it"), rows)
    return Table("cut-off", "Deals and payments of the period (or earlier) that do not stand in the ledger.", sheet)


def units(rec: Reconciliation) -> Table:
    """Cars sold, by class."""
    rows = tuple((name, ours, theirs, theirs - ours) for name, (ours, theirs) in rec.units.items())
    sheet = Sheet("Units", ("class", "expected", "ledger", "difference"), rows)
    return Table("units", "Cars sold by class, from our entries and from the ledger's own sales lines.", sheet)


def trial_balance(copy: LedgerCopy) -> Table:
    """Every account as the ledger lists it; debits and credits come to the same."""
    rows: list[tuple[Cell, ...]] = []
    for account, currency in copy.places:
        debit, credit = copy.movement.get((account, currency), (ZERO, ZERO))
        figures = (copy.opening.get((account, currency), ZERO), debit, credit, copy.closing((account, currency)))
        rows.append((account, copy.roles.get(account, ""), currency, *(money(one, currency) for one in figures)))
    for currency in sorted({currency for _, currency in copy.places}):
        mine = [row for row in rows if row[2] == currency]
        sums = (sum((Decimal(str(row[at])) for row in mine), ZERO) for at in (3, 4, 5, 6))
        rows.append((f"{TOTAL}{currency}", "", currency, *(money(one, currency) for one in sums)))
    columns = ("account", "role", "currency", "opening", "debit", "credit", "closing")
    intro = "Every account of the ledger, also those that no deal touches, as the ledger lists them. Debit is positive."
    return Table("trial-balance", intro, Sheet("Trial balance", columns, tuple(rows)), _ALL)


def stock(rec: Reconciliation) -> Table:
    """Cars in stock at the end, and those that moved."""
    rows = tuple(
        (
            row.name, row.currency, money(row.opening, row.currency), money(row.movement, row.currency),
            money(row.closing, row.currency),
        )
        for row in rec.stock
    )  # fmt: skip
    sheet = Sheet("Cars in stock", ("stock_no", "currency", "opening", "movement", "closing"), rows)
    said = "What the ledger holds for each stock number." + (
        "" if rec.stock_is_kept else " This ledger books no purchases by stock number: the balances say nothing alone."
    )
    return Table("stock", said, sheet, 100)


def late(rec: Reconciliation) -> list[tuple[Cell, ...]]:
    """Entries of closed periods that were booked in this one."""
    return [
        ("late, of a closed period", item.deal, item.entry, item.original.isoformat(), item.booked.isoformat(), None,
         rec.currency, "")
        for item in rec.late
    ]  # fmt: skip


def by_hand(rec: Reconciliation) -> Table:
    """Records without a key of ours that explain themselves."""
    rows = tuple(
        (one.kind, one.ref, one.date.isoformat(), one.narration, money(one.amount, one.currency), one.currency)
        for one in rec.by_hand
    )
    columns = ("kind", "reference", "date", "text", "amount", "currency")
    intro = "What others booked on these accounts, and what explains it. What nothing explains is an exception."
    return Table("by-hand", intro, Sheet("Typed by hand and explained", columns, rows), 100)


def receipts(rec: Reconciliation) -> Table:
    """Receipts of customers that others book."""
    rows = tuple(
        (
            one.deal, one.reference, one.date.isoformat(), money(one.amount, one.currency), one.currency,
            one.ref or "to be matched",
        )
        for one in rec.receipts
    )  # fmt: skip
    columns = ("deal", "reference", "date", "amount", "currency", "in_the_ledger")
    return Table("receipts", "Receipts that a bank feed or a provider's app books.", Sheet("Receipts", columns, rows))


def suggestions(rec: Reconciliation) -> Table:
    """What looks alike and was never cleared by that."""
    rows = tuple((one.key[:12], one.ref, one.reason) for one in rec.suggestions)
    sheet = Sheet("Look-alikes", ("our_entry", "ledger_record", "why"), rows)
    return Table("suggestions", "Records that look like an entry of ours. A likeness clears nothing.", sheet)


def roll_forward(rec: Reconciliation, entries: Sequence[Recorded], accounts: AccountMap) -> Table:
    """Each control account: opening, what moved it, closing."""
    moved: dict[tuple[str, str, str], Decimal] = {}
    for one in entries:
        if one.state != "posted":
            continue
        group = next((name for name, events in _GROUPS.items() if one.entry.event in events), "")
        for line in one.entry.lines:
            amount = line.amount if line.base is None else line.base
            place = (accounts.of_role(line.role), amount.currency, group)
            moved[place] = moved.get(place, ZERO) + amount.amount
    rows: list[tuple[Cell, ...]] = []
    for row in rec.totals:
        if any(role.startswith(_CONTROL) for role in row.roles):
            groups = [moved.get((row.account, row.currency, name), ZERO) for name in _GROUPS]
            figures = (
                row.opening, *groups, row.expected - sum(groups, ZERO), row.other, row.difference, row.closing,
            )  # fmt: skip
            rows.append((row.account, row.currency, *(money(one, row.currency) for one in figures)))
    columns = (
        "account", "currency", "opening", "sales", "taken_back", "money", "other_entries", "by_hand", "differences",
        "closing",
    )  # fmt: skip
    intro = (
        "Opening + sales + sales taken back + money received and paid + other entries + typed by hand + differences = "
        "closing, for each control account."
    )
    return Table("roll-forward", intro, Sheet("Roll-forward of control accounts", columns, tuple(rows)), _ALL)


def rounding(entries: Iterable[Recorded]) -> Table:
    """Lines on the accounts for rounding and exchange."""
    rows: list[tuple[Cell, ...]] = []
    for one in entries:
        for line in one.entry.lines:
            if line.role.startswith(("rounding.", "fx.")):
                amount = line.amount if line.base is None else line.base
                figure = Decimal(amount_text(amount.amount, amount.currency))
                day = one.entry.accounting_date.isoformat()
                rows.append((day, one.deal, one.entry.entry_id, line.role, figure, amount.currency))
    columns = ("date", "deal", "entry", "account_role", "amount", "currency")
    return Table("rounding", "Every cent that was rounded.", Sheet("Rounding and exchange", columns, tuple(rows)), 100)


def unexplained(totals: Iterable[AccountTotal]) -> Decimal:
    """What no exception explains, over all accounts, each difference as its size: nothing."""
    return sum((abs(row.difference) for row in totals if row.difference and not row.explained_by), ZERO)
