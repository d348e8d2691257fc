"""What happens after the sales: contracts funded, commission received, settlements paid; and the stock at the start.

Written as rows of DealEvents and OpeningStock files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from dealbooks.demo.arithmetic import NOTHING, written
from dealbooks.demo.cars import Car
from dealbooks.demo.market import LAST_DAY
from dealbooks.demo.quarter import SEED, Group
from dealbooks.demo.sales import Row, Sale

STOCK_DAY = date(2026, 6, 30)
OPENING_DAY = date(2026, 7, 1)
STATEMENT_DAYS = (date(2026, 8, 10), date(2026, 9, 10))
STILL_UNFUNDED, STILL_UNPAID = 3, 1
_PARTS = Decimal("18500.00")
_SUNDAY = 6

EVENT_COLUMNS = (
    "deal_number", "store_code", "event", "amount", "date", "method", "reference", "trade_stock_number",
)  # fmt: skip
STOCK_COLUMNS = ("stock_number", "account_role", "amount", "date", "store_code", "department")


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The events of one group with their days, and what is left open at the end of September."""

    events: tuple[tuple[date, Row], ...]
    unfunded: tuple[str, ...]
    unpaid: tuple[str, ...]


def aftermath_of(group: Group, seed: int = SEED) -> Aftermath:
    """Every contract is funded within days and every settlement paid, but for the last few of the US group."""
    rng = Random(f"{seed} {group.book} events")
    american = group.book == "suncoast"
    financed = [sale for sale in group.sales if sale.finance is not None]
    settled = [sale for sale in group.sales if any(trade.payoff for trade in sale.trades)]
    unfunded = tuple(sale.number for sale in financed[-STILL_UNFUNDED:]) if american else ()
    unpaid = tuple(sale.number for sale in settled[-STILL_UNPAID:]) if american else ()
    events: list[tuple[date, Row]] = []
    for sale in financed:
        if sale.number not in unfunded:
            events.append(_funded(rng, sale, group))
        events += _commission(sale)
    for sale in settled:
        if sale.number not in unpaid:
            events += _payoffs(rng, sale, american=american)
    events.sort(key=lambda event: (event[0], event[1]["deal_number"], event[1]["event"]))
    return Aftermath(tuple(events), unfunded, unpaid)


def _funded(rng: Random, sale: Sale, group: Group) -> tuple[date, Row]:
    assert sale.finance is not None
    known = max(sent.arrives for sent in group.sent if sent.sale.number == sale.number)
    day = _banking_day(max(known, sale.delivered) + timedelta(days=rng.randrange(2, 6)))
    return day, _event(sale, "funded", sale.finance.amount, day, "bank_transfer", f"FND-{sale.finance.reference}")


def _commission(sale: Sale) -> list[tuple[date, Row]]:
    """The lender's monthly statement pays the commission of the contracts of the month before."""
    assert sale.finance is not None
    for day in STATEMENT_DAYS:
        first = day.replace(day=1)
        if sale.finance.commission and (first - timedelta(days=1)).month == sale.delivered.month:
            reference = f"STMT-{first:%Y%m}-{sale.finance.reference}"
            return [(day, _event(sale, "reserve_received", sale.finance.commission, day, "bank_transfer", reference))]
    return []


def _payoffs(rng: Random, sale: Sale, *, american: bool) -> list[tuple[date, Row]]:
    made = []
    for trade in sale.trades:
        if trade.payoff:
            day = _banking_day(sale.delivered + timedelta(days=rng.randrange(3, 8)))
            method = "cheque" if american and rng.random() < 0.5 else "bank_transfer"
            row = _event(sale, "payoff_paid", trade.payoff, day, method, f"PO-{trade.car.stock_no}")
            made.append((day, row | {"trade_stock_number": trade.car.stock_no}))
    return made


def _banking_day(day: date) -> date:
    if day.weekday() == _SUNDAY:
        day += timedelta(days=1)
    return min(day, LAST_DAY)


def _event(sale: Sale, event: str, amount: Decimal, day: date, method: str, reference: str) -> Row:
    return {
        "deal_number": sale.number,
        "store_code": sale.store,
        "event": event,
        "amount": written(amount),
        "date": day.isoformat(),
        "method": method,
        "reference": reference,
        "trade_stock_number": "",
    }


def opening_rows(group: Group) -> list[Row]:
    """What stood in stock on 30 June: every car that was sold later and had not been traded in by then, those that are
    still there, and the parts that accessories are made of."""
    cars: dict[str, tuple[str, Car, str]] = {}
    for sale in (*group.sales, *group.unwound, *group.flawed):
        if not sale.car.came_from:
            cars[sale.car.stock_no] = (sale.store, sale.car, sale.recipe.condition)
    for store, car in group.unsold:
        cars[car.stock_no] = (store, car, {"N": "new", "D": "demo"}.get(car.stock_no[0], "used"))
    rows = []
    for store, car, condition in cars.values():
        role, department = ("used_vehicle", "used") if condition == "used" else ("new_vehicle", "new")
        rows.append(_stock(car.stock_no, f"inventory.{role}", car.cost + car.recon, store, department))
    stores = sorted({sale.store for sale in group.sales})
    rows += [_stock(f"PARTS-{store}", "inventory.parts", _PARTS, store, "new") for store in stores]
    return sorted(rows, key=lambda row: (row["store_code"], row["stock_number"]))


def _stock(stock_no: str, role: str, amount: Decimal, store: str, department: str) -> Row:
    return {
        "stock_number": stock_no,
        "account_role": role,
        "amount": written(amount),
        "date": STOCK_DAY.isoformat(),
        "store_code": store,
        "department": department,
    }


def stock_at_end(group: Group) -> dict[str, Decimal]:
    """Cars in stock on 30 September by stock number: not sold, or taken in and not sold on."""
    left = {
        row["stock_number"]: Decimal(row["amount"])
        for row in opening_rows(group)
        if row["account_role"] != "inventory.parts"
    }
    for sale in group.sales:
        for trade in sale.trades:
            left[trade.car.stock_no] = left.get(trade.car.stock_no, NOTHING) + trade.car.cost
    for sale in group.sales:
        left[sale.car.stock_no] -= sale.car.cost + sale.car.recon
    return {stock_no: amount for stock_no, amount in sorted(left.items()) if amount}
