"""The files of banks and of others for a planted month: statements of two accounts, and the lists of a month's end.

Money is told as banks tell it: by reference, by name only, in parts, card takings by the day less a fee that is stated,
takings in notes paid in, one wire of a lender for all contracts of a day. Amounts are the generator's own; the lists of
others are read off the ledger's files before anybody touches them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from plant_ledger import BankRow, Lists, Planter
from plant_month import BEFORE, FIRST, LAST, PlantedHouse

from dealbooks.demo.arithmetic import cents, written
from dealbooks.demo.lines import lines_of
from dealbooks.demo.sales import Sale
from dealbooks.pipeline.bank import import_file
from dealbooks.pipeline.lists import import_list

MONTH = f"{FIRST:%Y-%m}"
_COVERED = (BEFORE - timedelta(days=10), date(2026, 9, 14))
_GAP = (date(2026, 8, 29), LAST)
_FEE = Decimal("0.012")
_LINE = re.compile(r"^  ([A-Z][A-Za-z]+:\S+)  (-?\d+\.\d+) [A-Z]{3}\n((?:    .*\n)*)", re.MULTILINE)
# Lenders whose name in the deal is that of the bank; others stand in it under a code of the rulebook.
_KNOWN_BY_NAME = ("Black Horse", "Ally Financial", "Credit Union 1")
_EARNED = ("sale.posted", "sale.reversed", "sale.unwound")


@dataclass(frozen=True, slots=True)
class Money:
    """Money of a deal as it was agreed: kind is receipt, funded, reserve or payoff."""

    sale: Sale
    kind: str
    method: str
    day: date
    amount: Decimal
    words: str


def money_of(planter: Planter) -> Iterator[Money]:
    """All money of a book's deals that reached the books."""
    for sale in planter.group.sales:
        if sale.number in planter.group.refused:
            continue
        if sale.deposit and sale.deposit_date:
            yield Money(sale, "receipt", "card", sale.deposit_date, sale.deposit, "deposit")
        if sale.recipe.lines_layout:
            paid = [row for row in lines_of(sale) if row["line_type"] == "payment"]
            for row in paid:
                yield Money(sale, "receipt", row["method"], sale.delivered, Decimal(row["amount"]), row["reference"])
        else:
            for method, amount in sale.payments.items():
                yield Money(sale, "receipt", method, sale.delivered, amount, "")
    for one in planter.group.events:
        if one.sale.number in planter.group.refused:
            continue
        if one.event == "payoff_paid":
            lender = next(trade.lender for trade in one.sale.trades if trade.car.stock_no == one.trade)
            yield Money(one.sale, "payoff", "bank_transfer", one.day, -one.amount, f"{lender} {one.trade}")
        elif one.sale.finance is not None:
            kind = "funded" if one.event == "funded" else "reserve"
            words = f"{one.sale.finance.company} {one.sale.finance.reference}"
            yield Money(one.sale, kind, "bank_transfer", one.day, one.amount, words)


def bank_rows(planter: Planter) -> tuple[list[BankRow], list[BankRow]]:
    """The lines of the main account, and those of the account for cards."""
    rng = planter.rng
    main: list[BankRow] = []
    cards: list[BankRow] = []
    takings: dict[tuple[str, date], Decimal] = {}
    wires: dict[tuple[str, date], list[Money]] = {}
    for one in money_of(planter):
        row = BankRow(next_day(one.day), one.amount, f"{one.words} {one.sale.number} {one.sale.buyer.name}".strip())
        change = planter.bank_changes.get((one.sale.number, one.kind))
        if change is not None:
            main += change(row)
        elif one.kind == "receipt" and one.method in ("card", "cash"):
            takings[one.method, one.day] = takings.get((one.method, one.day), Decimal(0)) + one.amount
        elif one.kind == "funded" and one.sale.finance is not None and one.sale.number not in planter.used:
            wires.setdefault((one.sale.finance.company, one.day), []).append(one)
        elif one.kind == "receipt" and one.sale in planter.group.twins:
            main.append(BankRow(row.day, row.amount, one.sale.buyer.name))
        elif one.kind == "receipt" and one.amount > 400 and not one.sale.deposit and rng.random() < 0.15:
            main += [BankRow(row.day, row.amount - 300, row.text), BankRow(row.day, Decimal(300), row.text)]
        elif one.kind == "receipt" and rng.random() < 0.25:
            main.append(BankRow(row.day, row.amount, one.sale.buyer.name))
        else:
            main.append(row)
    for (method, day), amount in takings.items():
        if method == "cash":
            main.append(BankRow(next_day(day), amount, "CASH LODGEMENT"))
        else:
            fee = cents(amount * _FEE)
            cards.append(BankRow(next_day(day), amount - fee, "MERCHANT SETTLEMENT", fee))
    for (lender, day), some in wires.items():
        if lender in _KNOWN_BY_NAME and len(some) > 1 and rng.random() < 0.5:
            main.append(BankRow(next_day(day), sum((one.amount for one in some), Decimal(0)), lender))
        else:
            main += [BankRow(next_day(day), one.amount, one.words) for one in some]
    main += [BankRow(next_day(day), amount, text) for day, amount, text in planter.bank]
    main += [BankRow(date(2026, 8, day), Decimal(-1200 - day), "RENT AND RATES") for day in (3, 17)]
    return main, cards


def next_day(day: date) -> date:
    """The business day after a day."""
    day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day


def give_statements(planter: Planter, house: PlantedHouse) -> None:
    """Import the statements of a book's two accounts; the cards' has a gap where that is planted."""
    main, cards = bank_rows(planter)
    book = planter.group.book
    _statement(house, f"{book}-main", main, _COVERED, balance=Decimal(100_000))
    if planter.gap:
        lost = [row for row in cards if _GAP[0] <= row.day <= _GAP[1]]
        kept = [row for row in cards if row not in lost]
        _statement(
            house, f"{book}-cards", [row for row in kept if row.day < _GAP[0]],
            (_COVERED[0], _GAP[0] - timedelta(days=1)),
        )  # fmt: skip
        _statement(
            house, f"{book}-cards", [row for row in kept if row.day > _GAP[1]],
            (_GAP[1] + timedelta(days=1), _COVERED[1]),
        )  # fmt: skip
    else:
        _statement(house, f"{book}-cards", cards, _COVERED)


def _statement(
    house: PlantedHouse, account: str, rows: list[BankRow], days: tuple[date, date], balance: Decimal | None = None
) -> None:
    text = "Date,Amount,Fee,Description" + (",Balance\n" if balance is not None else "\n")
    for row in sorted(rows, key=lambda one: (one.day, one.amount, one.text)):
        if not days[0] <= row.day <= days[1]:
            continue
        text += f'{row.day.isoformat()},{written(row.amount)},{written(row.fee)},"{row.text}"'
        if balance is not None:
            balance += row.amount
            text += f",{written(balance)}"
        text += "\n"
    path = house.folder / f"{account}-{days[0].isoformat()}.csv"
    path.write_text(text, "utf-8")
    for one in import_file(house.house, account, path, days=days):
        if one.state != "taken":
            raise LookupError(f"{path.name}: {one.state}, {one.note}")


# Lists of others.


def lists_of(planter: Planter) -> Lists:
    """What the stock list, lenders, providers, payroll and the factory say when all is well, by reference. The ledger's
    files must be untouched."""
    found: Lists = {"stock": dict(stock_list(planter)), "floorplan": {}}
    named: dict[str, dict[str, Decimal]] = {"lender": {}, "provider": {}, "payroll": {}, "factory": {}}
    names = planter.name_of
    whose = {
        names("receivable.finance_reserve"): ("lender", 1), names("payable.fi_provider"): ("provider", -1),
        names("payable.commission"): ("payroll", -1), names("receivable.manufacturer"): ("factory", 1),
    }  # fmt: skip
    for path in planter.paths():
        text = path.read_text("utf-8")
        head = dict(re.findall(r'^  ([a-z_]+): "([^"]*)"$', text, re.MULTILINE))
        if head.get("event") not in _EARNED or not FIRST <= date.fromisoformat(text[:10]) <= LAST:
            continue
        for account, amount, meta in _LINE.findall(text):
            if account in whose:
                kind, sign = whose[account]
                about = dict(re.findall(r'    ([a-z_]+): "([^"]*)"\n', meta))
                name = about.get("person", "") if kind == "payroll" else about.get("stock_no") or head["stock_no"]
                named[kind][name] = named[kind].get(name, Decimal(0)) + sign * Decimal(amount)
    for kind, some in named.items():
        found[kind] = {name: amount for name, amount in some.items() if amount}
    return found


def stock_list(planter: Planter) -> Iterator[tuple[str, Decimal]]:
    """Cars that stand in stock at the month's end, with what they were bought for."""
    group = planter.group
    for sale in group.sales:
        sold = sale.delivered <= LAST and sale.number not in group.void | group.refused
        _, amount = (group.stock if sale.car.stock_no in group.stock else group.bought)[sale.car.stock_no]
        if not sold:
            yield sale.car.stock_no, amount
        else:
            for trade in sale.trades:
                yield trade.car.stock_no, trade.car.cost


def give_lists(planter: Planter, house: PlantedHouse, lists: Lists) -> None:
    """Import the lists of a book, after what is planted on them."""
    for change in planter.list_changes:
        change(lists)
    for kind, rows in lists.items():
        text = "reference,amount\n" + "".join(
            f"{name},{'' if amount is None else written(amount)}\n" for name, amount in sorted(rows.items())
        )
        path = house.folder / f"{planter.group.book}-{kind}.csv"
        path.write_text(text, "utf-8")
        if rows:
            import_list(house.house, kind, planter.group.book, MONTH, path)
