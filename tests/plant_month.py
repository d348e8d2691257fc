"""A month of N deals of two groups, UK and US, as their systems would drop it, posted by the real pipeline.

Made from a seed. Amounts, dates, customers, cars and the kind of each deal are drawn; the figures that the banks' files
and the lists of others need are the generator's own, never those of the code that is tested.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import yaml
from pipeline_support import LightValidator

from dealbooks.config import load_config
from dealbooks.demo.aftermath import EVENT_COLUMNS, STOCK_COLUMNS
from dealbooks.demo.arithmetic import written
from dealbooks.demo.inbox import SALE_COLUMNS
from dealbooks.demo.lines import LINE_COLUMNS, lines_of
from dealbooks.demo.market import Market, open_days
from dealbooks.demo.recipes import UK_RECIPES, US_RECIPES, Recipe
from dealbooks.demo.sales import Row, Sale, row_of
from dealbooks.demo.setup import write_setup
from dealbooks.house import House
from dealbooks.pipeline.sync import sync

MONTH = "2026-08"
FIRST, LAST = date(2026, 8, 1), date(2026, 8, 31)
BEFORE, AFTER = date(2026, 7, 1), date(2026, 9, 12)
BOOKS = ("northgate", "suncoast")
CURRENCY = {"northgate": "GBP", "suncoast": "USD"}
ENTITY = {"northgate": "uk", "suncoast": "us"}
_PREFIX = {"northgate": "NG", "suncoast": "SC"}
_TODAY = datetime(2026, 9, 14, 9, 0, tzinfo=UTC)
# A sale with nothing beside the car, paid by bank transfer: two of them can be made alike.
PLAIN = {
    "northgate": Recipe(1, "used", "margin", margin="loss"),
    "suncoast": Recipe(1, "used", buyer="trade", margin="loss"),
}


@dataclass(slots=True)
class Event:
    """What happened to a deal after its sale: a row of a DealEvents file."""

    sale: Sale
    event: str
    amount: Decimal
    day: date
    trade: str = ""
    reference: str = ""

    @property
    def row(self) -> Row:
        """As it is written."""
        return {
            "deal_number": self.sale.number, "store_code": self.sale.store, "event": self.event,
            "amount": written(self.amount), "date": self.day.isoformat(), "method": "bank_transfer",
            "reference": self.reference, "trade_stock_number": self.trade,
        }  # fmt: skip


@dataclass(slots=True)
class Group:
    """One book's deals. `later` are rows that come in a second sweep (corrections, voids); `void` and `refused` are
    numbers of deals that are taken back, and of those that must not get into the books; `stock` are amounts of cars
    before the month, by stock number; `bought` those that the bookkeeper typed in."""

    book: str
    rng: Random
    market: Market
    sales: list[Sale] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    later: list[Row] = field(default_factory=list)
    void: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    stock: dict[str, tuple[Sale, Decimal]] = field(default_factory=dict)
    bought: dict[str, tuple[Sale, Decimal]] = field(default_factory=dict)
    twins: tuple[Sale, ...] = ()
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(10001, 90000)))

    @property
    def recipes(self) -> list[Recipe]:
        """Kinds of deals, as often as they come."""
        return [one for one in (UK_RECIPES if self.book == "northgate" else US_RECIPES) for _ in range(one.count)]

    def sell(self, recipe: Recipe, delivered: date) -> Sale:
        """Agree one more deal; it is not taken in yet."""
        store = self.rng.choice(self.market.rules.STORES)
        return self.market.sell(recipe, store, delivered, f"{_PREFIX[self.book]}-{next(self._numbers)}")

    def add(self, sale: Sale) -> Sale:
        """Take a deal in: its row, what happens after it, and how its car came into stock."""
        self.sales.append(sale)
        self.events += _after(self.rng, sale)
        if not sale.recipe.lines_layout:
            self.rows.append(row_of(sale))
        whose = self.stock if len(self.sales) % 2 else self.bought
        whose[sale.car.stock_no] = (sale, sale.car.cost + sale.car.recon)
        return sale

    def events_of(self, sale: Sale, event: str) -> list[Event]:
        """What was told of a deal, of one kind."""
        return [one for one in self.events if one.sale is sale and one.event == event]


def make_group(book: str, deals: int, seed: int) -> Group:
    """So many deals: nine in ten delivered in the month, the others before and after it."""
    rng = Random(f"{seed} {book} plant")
    group = Group(book, rng, Market(book, rng))
    recipes = group.recipes
    inside, outside = open_days(FIRST, LAST), [*open_days(date(2026, 7, 10), date(2026, 7, 31))]
    outside += open_days(date(2026, 9, 1), date(2026, 9, 8))
    for number in range(deals - 2):
        group.add(group.sell(rng.choice(recipes), rng.choice(inside if number % 10 else outside)))
    _twins(group)
    return group


def _twins(group: Group) -> None:
    """Two customers of one name pay the same amount for two cars on one day."""
    day = date(2026, 8, 12)
    first = group.sell(PLAIN[group.book], day)
    second = group.sell(PLAIN[group.book], day)
    second.price, second.payments = first.price, dict(first.payments)
    second.buyer = replace(second.buyer, name=first.buyer.name)
    group.market.rules.put_tax(second)
    group.twins = (group.add(first), group.add(second))


def _after(rng: Random, sale: Sale) -> list[Event]:
    found = []
    if sale.finance is not None:
        day = _banking_day(sale.delivered + timedelta(days=rng.randrange(1, 5)))
        found.append(Event(sale, "funded", sale.finance.amount, day, reference=f"FND-{sale.finance.reference}"))
        if sale.finance.commission and sale.delivered < FIRST:
            paid = date(2026, 8, 10)
            found.append(
                Event(sale, "reserve_received", sale.finance.commission, paid, reference=f"ST-{sale.finance.reference}")
            )
    for trade in sale.trades:
        if trade.payoff:
            day = _banking_day(sale.delivered + timedelta(days=rng.randrange(2, 8)))
            reference = f"PO-{trade.car.stock_no}"
            found.append(Event(sale, "payoff_paid", trade.payoff, day, trade.car.stock_no, reference))
    return [one for one in found if one.day <= AFTER]


def _banking_day(day: date) -> date:
    return day + timedelta(days=1) if day.weekday() == 6 else day


def void_row(sale: Sale, day: date) -> Row:
    """The row that takes a sale back."""
    gone = replace(sale, revision=2, action="V", void_date=day, void_reason="returned")
    return row_of(gone)


def text_of(rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Rows as a drop file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class PlantedHouse:
    """A folder with a store, two drop folders and two ledgers; its house is opened anew for each step."""

    def __init__(self, folder: Path, validator: Any = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.validator = validator or LightValidator()
        config = write_setup(folder)
        settings = yaml.safe_load(config.read_text("utf-8"))
        settings["store"] = f"sqlite:///{folder / 'dealbooks.db'}"
        for book in BOOKS:
            settings["books"][book]["amend_limit"] = 100_000
            source = settings["sources"][f"{book}_drop"]
            source["completeness"] = {"kind": "none", "fallback": None}
            source["layouts"] = ["completed_sale", "completed_sale_lines", "deal_events", "opening_stock"]
        settings["bank_accounts"] = {
            name: {"book": book} for book in BOOKS for name in (f"{book}-main", f"{book}-cards")
        }  # fmt: skip
        config.write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")
        self.config = config
        self._stack = ExitStack()
        self.house = self._stack.enter_context(
            House.open(load_config(config), actor="planter", clock=lambda: _TODAY)
        )  # fmt: skip
        self.house.__dict__["validator"] = self.validator

    def close(self) -> None:
        """Close the house."""
        self._stack.close()

    def drop(self, book: str, name: str, rows: Sequence[Mapping[str, str]], columns: Sequence[str]) -> None:
        """Put a file into a book's drop folder; none where there are no rows."""
        if rows:
            path = self.folder / "inbox" / book / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text_of(rows, columns), "utf-8", newline="")

    def drop_first(self, group: Group) -> None:
        """All that the source says at first: stock, sales, and what happened after."""
        stock = [
            {
                "stock_number": number, "account_role": _stock_role(sale), "amount": written(amount),
                "date": "2026-06-30", "store_code": sale.store,
                "department": "used" if sale.recipe.condition == "used" else "new",
            }
            for number, (sale, amount) in sorted(group.stock.items())
        ]  # fmt: skip
        self.drop(group.book, "OpeningStock_20260701.csv", stock, STOCK_COLUMNS)
        self.drop(group.book, "CompletedSale_20260901.csv", group.rows, SALE_COLUMNS)
        lined = [row for sale in group.sales if sale.recipe.lines_layout for row in lines_of(sale)]
        self.drop(group.book, "CompletedSaleLines_20260901.csv", lined, LINE_COLUMNS)
        self.drop(group.book, "DealEvents_20260902.csv", [one.row for one in group.events], EVENT_COLUMNS)

    def drop_later(self, group: Group, name: str = "CompletedSale_20260905.csv") -> None:
        """What the source says in a second sweep."""
        self.drop(group.book, name, group.later, SALE_COLUMNS)

    def sync(self, *, post: bool = True) -> Any:
        """Run everything once."""
        return sync(self.house, post=post)

    def ledger_folder(self, book: str) -> Path:
        """Where a book's files are."""
        return self.folder / "books" / book


def _stock_role(sale: Sale) -> str:
    return "inventory.used_vehicle" if sale.recipe.condition == "used" else "inventory.new_vehicle"


def stock_role(sale: Sale) -> str:
    """The role of the account that a sale's car stands on."""
    return _stock_role(sale)


def in_month(sales: Iterable[Sale]) -> list[Sale]:
    """Those delivered in the month."""
    return [one for one in sales if FIRST <= one.delivered <= LAST]
