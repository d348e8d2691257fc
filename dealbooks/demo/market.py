"""How one deal comes about: a car, a buyer, what is agreed and how it is paid, drawn from a recipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from types import ModuleType

from dealbooks.demo import uk, us
from dealbooks.demo.arithmetic import NOTHING, cents, ending
from dealbooks.demo.cars import Car
from dealbooks.demo.people import Buyer, uk_buyer, us_buyer
from dealbooks.demo.recipes import Recipe
from dealbooks.demo.sales import Contract, Sale, TradedCar

FIRST_DAY, LAST_DAY = date(2026, 7, 1), date(2026, 9, 30)
_SUFFIXES = {"northgate": "PQ", "suncoast": "AB"}
_ACCESSORIES = (Decimal("189.00"), Decimal("345.00"), Decimal("649.99"))
_DEPOSITS = (Decimal("250.00"), Decimal("500.00"), Decimal("1000.00"))
_REBATES = (Decimal("500.00"), Decimal("750.00"), Decimal("1000.00"))
_SUNDAY = 6


@dataclass(slots=True)
class Market:
    """One group's dealing. Numbers run on from deal to deal, so the order of calls matters."""

    book: str
    rng: Random
    serials: Iterator[int] = field(default_factory=lambda: count(101))
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def rules(self) -> ModuleType:
        """The country's own part: prices, fees, products, tax."""
        return uk if self.book == uk.BOOK else us

    def car(self, recipe: Recipe, store: str) -> Car:
        """A car that stands in the opening stock of a store."""
        made: Car = self.rules.stock_car(self.rng, recipe, store, next(self.serials))
        return made

    def buyer(self, kind: str, store: str) -> Buyer:
        """Somebody new."""
        make = uk_buyer if self.book == uk.BOOK else us_buyer
        return make(self.rng, next(self.numbers), kind, store)

    def sell(self, recipe: Recipe, store: str, delivered: date, number: str, car: Car | None = None) -> Sale:
        """Agree a deal on a car (one from the opening stock unless given), delivered on that day."""
        rng, rules = self.rng, self.rules
        car = car or self.car(recipe, store)
        sold = max(FIRST_DAY, delivered - timedelta(days=rng.choice((0, 0, 0, 1, 2, 4))))
        sale = Sale(
            book=self.book,
            store=store,
            number=number,
            recipe=recipe,
            sold=sold,
            delivered=delivered,
            car=car,
            buyer=self.buyer(recipe.buyer, store),
            price=rules.price_of(rng, recipe, car),
            salesperson="" if recipe.buyer == "trade" else rng.choice(rules.SALESPEOPLE[store]),
            fees=rules.fees_of(rng, recipe),
            products=rules.products_of(rng, recipe),
        )
        if recipe.discount:
            sale.discount = Decimal(rng.randrange(2, 9) * 50)
        if recipe.accessories:
            sale.accessories = rng.choice(_ACCESSORIES)
        if recipe.trade:
            sale.trades = self._trades(sale)
        if recipe.deposit:
            sale.deposit = rng.choice(_DEPOSITS)
            sale.deposit_date = max(FIRST_DAY, sold - timedelta(days=rng.randrange(0, 6)))
        if recipe.rebate:
            sale.rebate = rng.choice(_REBATES)
        rules.put_tax(sale)
        self._settle(sale)
        return sale

    def _trades(self, sale: Sale) -> tuple[TradedCar, ...]:
        rng, kind = self.rng, sale.recipe.trade
        stock_no = sale.car.stock_no
        if self.book == us.BOOK and stock_no.startswith("N"):
            stock_no = f"U{stock_no[1:]}"
        wanted = 2 if kind == "two" else 1
        worth = ending(min(sale.price * Decimal(rng.randrange(18, 34)) / 100, Decimal(17000)) / wanted, 0, 50)
        made = []
        for suffix in _SUFFIXES[self.book][:wanted]:
            car: Car = self.rules.traded_car(rng, stock_no + suffix, next(self.serials), worth)
            allowance, payoff, lender = worth, NOTHING, ""
            if kind in ("over", "over-negative"):
                allowance = worth + Decimal(rng.randrange(3, 16) * 50)
            elif kind == "under":
                allowance = worth - Decimal(rng.randrange(2, 8) * 50)
            if kind in ("lien", "under", "negative", "over-negative"):
                low, high = (112, 136) if "negative" in kind else (35, 75)
                payoff = cents(
                    allowance * Decimal(rng.randrange(low, high)) / 100 + Decimal(rng.randrange(1, 99)) / 100
                )
                lender = rng.choice(self.rules.LIENHOLDERS)
            made.append(TradedCar(car, allowance, payoff, lender))
        return tuple(made)

    def _settle(self, sale: Sale) -> None:
        rng, recipe = self.rng, sale.recipe
        left = sale.to_settle
        if recipe.owing:
            sale.owing = Decimal(100)
            left -= sale.owing
        if recipe.finance:
            down = ending(left * Decimal(rng.choice((0, 0, 5, 10))) / 100, 0)
            if down > 0:
                sale.payments[recipe.pay[0]] = down
            sale.fi_manager = self.rules.FI_MANAGERS[sale.store]
            lender = rng.choice(self.rules.LENDERS[recipe.finance])
            reference = f"{sale.number[-5:]}-{rng.randrange(10**6):06d}"
            amount = left - down
            sale.finance = Contract(recipe.finance, lender, amount, self.rules.commission_of(amount), reference)
            return
        share = cents(left / len(recipe.pay))
        *others, last = sorted(recipe.pay, reverse=True)
        if last == "cash" and others:  # notes for a part only: a large sum in cash has to be reported
            others, last = ["cash", *others[1:]], others[0]
        for method in others:
            in_notes = Decimal(rng.randrange(8, 40) * 100)
            sale.payments[method] = min(share, in_notes) if method == "cash" else share
        sale.payments[last] = left - sum(sale.payments.values())

    def reprice(self, sale: Sale, cut: Decimal) -> None:
        """Cut the price of an agreed deal: the contract, or the payment, becomes less by what the total does."""
        before = sale.to_settle
        sale.price -= cut
        self.rules.put_tax(sale)
        less = before - sale.to_settle
        if sale.finance is not None:
            old = sale.finance
            sale.finance = Contract(old.kind, old.company, old.amount - less, old.commission, old.reference)
        else:
            method = max(sale.payments, key=lambda name: sale.payments[name])
            sale.payments[method] -= less


def open_days(first: date = FIRST_DAY, last: date = LAST_DAY) -> list[date]:
    """The days on which cars are handed over: all but Sundays."""
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return [day for day in days if day.weekday() != _SUNDAY]
