"""Kinds of defect outside the ledger: in the statements of banks, and on the lists of others (see `plant_defects`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from plant_ledger import (
    Kind,
    Ledger,
    Lists,
    Planter,
    by_transfer,
    early,
    financed,
    lien,
)

from dealbooks.demo.sales import Sale

# At the bank.


def not_at_the_bank(on: Planter) -> None:
    sale = on.take(lambda one: by_transfer(one) and on.alone(one))
    on.bank_changes[sale.number, "receipt"] = lambda _: []
    on.named("payment not at the bank", "unpaid", sale)


def less_at_the_bank(on: Planter) -> None:
    sale = on.take(by_transfer)
    on.bank_changes[sale.number, "receipt"] = lambda row: [replace(row, amount=row.amount - 50)]
    on.named("less at the bank", "unpaid", sale)


def more_at_the_bank(on: Planter) -> None:
    sale = on.take(by_transfer)
    on.bank_changes[sale.number, "receipt"] = lambda row: [replace(row, amount=row.amount + 25)]
    on.named("more at the bank", "overpaid", sale)


def twice_at_the_bank(on: Planter) -> None:
    sale = on.take(by_transfer)
    on.bank_changes[sale.number, "receipt"] = lambda row: [row, replace(row, day=row.day + timedelta(days=7))]
    on.named("paid twice", "overpaid", sale)


def lender_less_at_the_bank(on: Planter) -> None:
    sale = on.take(financed)
    on.bank_changes[sale.number, "funded"] = lambda row: [replace(row, amount=row.amount - 120)]
    on.named("lender's wire less than booked", "cit_short", sale)


def lender_more_at_the_bank(on: Planter) -> None:
    sale = on.take(financed)
    on.bank_changes[sale.number, "funded"] = lambda row: [replace(row, amount=row.amount + 80)]
    on.named("lender's wire more than booked", "cit_over", sale)


def settlement_not_at_the_bank(on: Planter) -> None:
    sale = on.take(lien)
    on.bank_changes[sale.number, "payoff"] = lambda _: []
    on.named("settlement not at the bank", "unpaid", sale)


def line_of_a_deal_not_booked(on: Planter) -> None:
    sale = on.take(by_transfer)
    extra = Decimal(on.rng.randrange(30, 90)) + Decimal("0.33")
    on.bank.append((sale.delivered + timedelta(days=3), extra, f"towels and mats {sale.number}"))
    on.named("line of a deal, not booked", "unexplained_bank_line", sale, "towels")


def unpaid_and_relocated(on: Planter) -> Ledger:
    """Two of one deal: at the bank, and in the ledger."""
    sale = on.take(lambda one: by_transfer(one) and on.alone(one))
    on.bank_changes[sale.number, "receipt"] = lambda _: []
    on.named("of two: payment not at the bank", "unpaid", sale)
    on.named("of two: location", "wrong_location", sale, "sale-v1")
    return lambda: on.edit(on.file(sale, "sale-v1"), 'location: "[A-Za-z]+"', 'location: "Hull"')


def days_without_statement(on: Planter) -> None:
    on.gap = True
    on.named("days without a statement", "statement_missing", "", "2026-08-29 to 2026-08-31", "cards")


# On the lists of others.


def car_not_on_the_list(on: Planter) -> None:
    sale = on.later()
    on.list_changes.append(lambda lists: lists["stock"].pop(sale.car.stock_no))
    on.named("car not on the stock list", "list_difference", "", "stock list", sale.car.stock_no)


def sold_car_on_the_list(on: Planter) -> None:
    sale = on.take()
    on.list_changes.append(lambda lists: lists["stock"].update({sale.car.stock_no: None}))
    on.named("sold car on the stock list", "sold_in_stock", "", "stock list", sale.car.stock_no)


def car_of_nobody_on_the_list(on: Planter) -> None:
    name = f"XX{on.rng.randrange(10_000, 99_999)}"
    on.list_changes.append(lambda lists: lists["stock"].update({name: Decimal(4000)}))
    on.named("car of nobody on the stock list", "list_difference", "", "stock list", name)


def on_the_list(kind: str, fits: Callable[[Sale], bool]) -> Kind:
    def plant(on: Planter) -> None:
        sale = on.take(fits)

        def change(lists: Lists) -> None:
            lists[kind][sale.car.stock_no] = (lists[kind][sale.car.stock_no] or Decimal(0)) + Decimal("12.50")

        on.list_changes.append(change)
        on.named(f"other amount on the {kind} list", "list_difference", "", f"{kind} list", sale.car.stock_no)

    return plant


def not_on_the_lenders_statement(on: Planter) -> None:
    sale = on.take(financed)
    on.list_changes.append(lambda lists: lists["lender"].pop(sale.car.stock_no))
    on.named("contract not on the lender's statement", "list_difference", "", "lender list", sale.car.stock_no)


def voided_and_on_the_lenders_statement(on: Planter) -> Ledger:
    """The sale is voided: named once, and the lender's statement, which is right, is not."""
    sale = on.take(financed)
    on.named("voided, and right at the lender", "voided_in_ledger", sale, "sale-v1")
    return lambda: on.void(on.file(sale, "sale-v1"))


def person_on_the_payroll(on: Planter) -> None:
    sale = on.take(lambda one: bool(one.salesperson))

    def change(lists: Lists) -> None:
        lists["payroll"]["SE-404"] = Decimal("75.00")

    on.used.add(sale.number)
    on.list_changes.append(change)
    on.named("person of nobody on the payroll", "list_difference", "", "payroll list", "SE-404")


def on_the_floorplan(on: Planter) -> None:
    sale = on.take(early)
    on.list_changes.append(lambda lists: lists["floorplan"].update({sale.car.stock_no: Decimal(9000)}))
    on.named("sold, and on the floorplan", "floorplan_unpaid", "", "floorplan list", sale.car.stock_no)


def location_and_list(on: Planter) -> Ledger:
    """The car taken in part-exchange is not on the list, and the sale stands at another location."""
    sale = on.take(lien)
    trade = sale.trades[0].car.stock_no
    on.list_changes.append(lambda lists: lists["stock"].pop(trade))
    on.named("of two: stock list", "list_difference", "", "stock list", trade)
    on.named("of two: its sale's location", "wrong_location", sale, "sale-v1")
    return lambda: on.edit(on.file(sale, "sale-v1"), 'location: "[A-Za-z]+"', 'location: "Hull"')


OUTSIDE: Mapping[str, Kind] = {
    one.__name__: one
    for one in (
        not_at_the_bank, less_at_the_bank,
        more_at_the_bank, twice_at_the_bank, lender_less_at_the_bank, lender_more_at_the_bank,
        settlement_not_at_the_bank, line_of_a_deal_not_booked, unpaid_and_relocated, car_not_on_the_list,
        sold_car_on_the_list, car_of_nobody_on_the_list, not_on_the_lenders_statement,
        voided_and_on_the_lenders_statement, on_the_floorplan, location_and_list,
    )
} | {
    "other_amount_of_a_lender": on_the_list("lender", financed),
    "other_amount_of_a_provider": on_the_list("provider", lambda one: any(p.kind == "gap" for p in one.products)),
}  # fmt: skip
