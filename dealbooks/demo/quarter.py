"""The demo's quarter: July to September 2026 in two groups, with what goes wrong and what is put right.

Beside ordinary deals: part-exchanges that are sold on, a deal corrected before it is posted and one after, one that is
unwound a month later and its car sold again, deals over the end of a month, one that is reported late, and rows with
one flaw each.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from dealbooks.demo.cars import Car
from dealbooks.demo.flaws import FLAWS, flawed_row
from dealbooks.demo.market import LAST_DAY, Market, open_days
from dealbooks.demo.recipes import UK_RECIPES, US_RECIPES, Recipe
from dealbooks.demo.sales import Row, Sale, row_of

SEED = 20260701
UNSOLD_CARS = 10
_RESALES = {"northgate": 6, "suncoast": 6}
_FIRST_NUMBER = {"northgate": 70101, "suncoast": 20401}
_PREFIX = {"northgate": "NG", "suncoast": "SC"}
_CORRECTED_BEFORE, _CORRECTED_AFTER, _UNWOUND = date(2026, 7, 16), date(2026, 7, 29), date(2026, 7, 22)
_CORRECTION_DAY, _VOID_DAY, _LATE_DAY = date(2026, 8, 5), date(2026, 8, 12), date(2026, 8, 7)


@dataclass(frozen=True, slots=True)
class Sent:
    """A row on its way into a file: `day` is the business date of that file, `issue` 2 for one sent again, `arrives`
    when the file is dropped."""

    sale: Sale
    row: Row
    day: date
    arrives: date
    issue: int = 0


@dataclass(slots=True)
class Group:
    """One dealer group's quarter. `sales` are the deals as they stand at its end; `unwound` those given back."""

    book: str
    sales: list[Sale] = field(default_factory=list)
    unwound: list[Sale] = field(default_factory=list)
    flawed: list[Sale] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    unsold: list[tuple[str, Car]] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)


def make_group(book: str, seed: int = SEED) -> Group:
    """One group's quarter; the same seed gives the same."""
    rng = Random(f"{seed} {book}")
    market = Market(book, rng)
    recipes = [one for one in (UK_RECIPES if book == "northgate" else US_RECIPES) for _ in range(one.count)]
    rng.shuffle(recipes)
    days = open_days()
    taken = sorted(rng.choice(days[1:]) for _ in recipes)
    group = Group(book)
    numbers = iter(range(_FIRST_NUMBER[book], _FIRST_NUMBER[book] + 1000))
    for recipe, delivered in zip(recipes, taken, strict=True):
        group.sales.append(market.sell(recipe, _store(market), delivered, f"{_PREFIX[book]}-{next(numbers)}"))
    _over_month_end(group)
    fresh = [f"{_PREFIX[book]}-{next(numbers)}" for _ in range(_RESALES[book] + 12)]
    _sell_on(group, market, fresh)
    for sale in group.sales:
        group.sent.append(Sent(sale, row_of(sale), sale.delivered, sale.delivered))
    if book == "northgate":
        _correct_before_posting(group, market, fresh.pop())
        _report_late(group, market, fresh.pop())
    else:
        _correct_after_posting(group, market, fresh.pop())
        _unwind(group, market, fresh.pop(), fresh.pop())
    _spoil(group, market)
    for _ in range(UNSOLD_CARS):
        store = _store(market)
        group.unsold.append((store, market.car(rng.choice(recipes), store)))
    group.sales.sort(key=lambda sale: (sale.delivered, sale.number))
    return group


def _store(market: Market) -> str:
    first, second = market.rules.STORES
    store: str = first if market.rng.random() < 0.6 else second
    return store


def _over_month_end(group: Group) -> None:
    """Signed on the last day of a month, handed over in the next: revenue belongs to the next."""
    for day in (date(2026, 7, 31), date(2026, 8, 31)):
        sale = next(one for one in group.sales if one.delivered > day + timedelta(days=1))
        sale.sold = day
        if sale.deposit_date is not None:
            sale.deposit_date = day


def _sell_on(group: Group, market: Market, numbers: list[str]) -> None:
    """Cars taken in part-exchange come back as stock of the store that took them, at what they were worth."""
    taken = [(sale, trade) for sale in group.sales for trade in sale.trades if sale.delivered < date(2026, 9, 5)]
    for index, (sale, trade) in enumerate(taken[:: max(1, len(taken) // _RESALES[group.book])][: _RESALES[group.book]]):
        to_trade = index % 3 == 2
        scheme = "margin" if group.book == "northgate" else ""
        fees = () if to_trade else ("admin",) if scheme else ("doc", "title")
        recipe = Recipe(
            1, "used", "margin" if scheme else "", fees=fees, buyer="trade" if to_trade else "person",
            margin="loss" if to_trade else "profit", pay=("bank_transfer",) if to_trade else ("card",),
        )  # fmt: skip
        stock = trade.car
        if scheme:  # the stock book shows the whole allowance, the ledger what the car is worth
            stock = _restock(stock, sale.number, trade.allowance)
        else:
            stock = _restock(stock, sale.number, None)
        delivered = min(LAST_DAY, sale.delivered + timedelta(days=market.rng.randrange(9, 25)))
        if delivered.weekday() == 6:
            delivered += timedelta(days=1)
        group.sales.append(market.sell(recipe, sale.store, delivered, numbers.pop(), stock))


def _restock(car: Car, came_from: str, stock_book: Decimal | None) -> Car:
    return Car(
        car.stock_no, car.vin, car.registration, car.year, car.make, car.model, car.trim, car.odometer, car.cost,
        stock_book=stock_book, acquired=car.acquired, came_from=came_from,
    )  # fmt: skip


def _correct_before_posting(group: Group, market: Market, number: str) -> None:
    """The price was typed wrong; the second issue of the day's file has it right."""
    recipe = Recipe(1, "used", "margin", fees=("admin",), pay=("bank_transfer",))
    sale = market.sell(recipe, "LEEDS", _CORRECTED_BEFORE, number)
    group.sent.append(Sent(deepcopy(sale), row_of(sale), sale.delivered, sale.delivered))
    market.reprice(sale, Decimal(300))
    sale.revision, sale.action = 2, "C"
    group.sent.append(Sent(sale, row_of(sale), sale.delivered, sale.delivered, issue=2))
    group.sales.append(sale)
    group.corrected.append(number)


def _correct_after_posting(group: Group, market: Market, number: str) -> None:
    """The contract is rewritten for less before the lender paid, when the sale was already in July's books."""
    recipe = Recipe(1, "used", finance="retail_instalment", fees=("doc", "title"), products=("vsc",), deposit=True)
    sale = market.sell(recipe, "TAMPA", _CORRECTED_AFTER, number)
    group.sent.append(Sent(deepcopy(sale), row_of(sale), sale.delivered, sale.delivered))
    market.reprice(sale, Decimal(400))
    sale.revision, sale.action = 2, "C"
    group.sent.append(Sent(sale, row_of(sale), sale.delivered, _CORRECTION_DAY, issue=2))
    group.sales.append(sale)
    group.corrected.append(number)


def _unwind(group: Group, market: Market, number: str, again: str) -> None:
    """The lender declined after delivery: the car came back, and was sold to somebody else in September."""
    recipe = Recipe(
        1, "new", finance="retail_instalment", fees=("doc", "title", "tire"), products=("gap",), deposit=True
    )
    sale = market.sell(recipe, "BRANDON", _UNWOUND, number)
    group.sent.append(Sent(deepcopy(sale), row_of(sale), sale.delivered, sale.delivered))
    sale.revision, sale.action = 2, "V"
    sale.void_date, sale.void_reason = _VOID_DAY, "financing_declined"
    group.sent.append(Sent(sale, row_of(sale), _VOID_DAY, _VOID_DAY))
    group.unwound.append(sale)
    second = market.sell(
        Recipe(1, "new", fees=("doc", "title", "tire"), discount=True), "BRANDON", date(2026, 9, 9), again, sale.car
    )
    group.sent.append(Sent(second, row_of(second), second.delivered, second.delivered))
    group.sales.append(second)


def _report_late(group: Group, market: Market, number: str) -> None:
    """Handed over on 30 July, but the paperwork was only finished in August."""
    sale = market.sell(
        Recipe(1, "used", "qualifying", pay=("card",), discount=True), "LEEDS", date(2026, 7, 30), number
    )
    group.sent.append(Sent(sale, row_of(sale), _LATE_DAY, _LATE_DAY))
    group.sales.append(sale)


def _spoil(group: Group, market: Market) -> None:
    """Rows with one flaw each, in files of different weeks."""
    for flaw in FLAWS:
        if flaw.book == group.book:
            sale = market.sell(flaw.recipe, flaw.store, flaw.delivered, flaw.deal_number)
            group.flawed.append(sale)
            group.sent.append(Sent(sale, flawed_row(row_of(sale), flaw.kind), flaw.delivered, flaw.delivered))
