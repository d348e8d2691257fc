"""What a bookkeeper does honestly, and deals that are only unusual: none of it may be named (see `plant_defects`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from plant_ledger import (
    Kind,
    Ledger,
    Planter,
    amount_of,
    cash,
    cit_role,
    early,
    financed,
    lien,
    take_out,
)
from plant_month import FIRST, LAST, void_row

from dealbooks.demo.sales import row_of


def lender_by_hand(on: Planter) -> Ledger:
    sale = on.take(financed)
    assert sale.finance is not None
    event = take_out(on.group, sale, "funded")
    on.fine("lender's payment by car")
    on.bank.append((event.day, sale.finance.amount, f"{sale.finance.company} transfer"))
    lines = (("cash.bank", sale.finance.amount, ""), (cit_role(sale), -sale.finance.amount, sale.car.stock_no))
    return lambda: on.typed(event.day, "lender paid", *lines, user="bob")


def lender_by_contract(on: Planter) -> Ledger:
    """In two parts, by the contract's number in the words."""
    sale = on.take(financed)
    assert sale.finance is not None
    event = take_out(on.group, sale, "funded")
    first, words = sale.finance.amount - 1000, f"{sale.finance.company} {sale.finance.reference}"
    on.fine("lender's payment in two parts by contract")
    on.bank += [(event.day, first, "transfer"), (event.day + timedelta(days=1), Decimal(1000), "transfer")]

    def do() -> None:
        for number, part in enumerate((first, Decimal(1000))):
            lines = (("cash.bank", part, ""), (cit_role(sale), -part, ""))
            on.typed(event.day + timedelta(days=number), words, *lines, user="bob")

    return do


def settlement_by_hand(on: Planter) -> Ledger:
    sale = on.take(lien)
    event, trade = take_out(on.group, sale, "payoff_paid"), sale.trades[0]
    on.fine("settlement by car")
    on.bank.append((event.day, -trade.payoff, f"settlement {trade.lender}"))
    lines = (("payable.trade_payoff", trade.payoff, trade.car.stock_no), ("cash.bank", -trade.payoff, ""))
    return lambda: on.typed(event.day, "settlement", *lines, user="bob")


def commission_by_hand(on: Planter) -> Ledger:
    sale = on.take(financed)
    assert sale.finance is not None
    amount = sale.finance.commission
    on.fine("finance commission by contract")
    on.bank.append((LAST, amount, "commission statement"))
    lines = (("cash.bank", amount, ""), ("receivable.finance_reserve", -amount, ""))
    return lambda: on.typed(LAST, f"statement {sale.finance and sale.finance.reference}", *lines, user="bob")


def fees_by_hand(on: Planter) -> Ledger:
    sale = on.take(lambda one: any(fee.passthrough for fee in one.fees))
    amount = sum((fee.amount for fee in sale.fees if fee.passthrough), Decimal(0))
    on.fine("fees sent on by car")
    on.bank.append((LAST, -amount, "licensing authority"))
    lines = (("payable.government_fees", amount, sale.car.stock_no), ("cash.bank", -amount, ""))
    return lambda: on.typed(LAST, "fees sent on", *lines, user="bob")


def owing_by_hand(on: Planter) -> Ledger:
    """What the deal states as still due is paid, and the bookkeeper enters it."""
    sale = on.take(lambda one: early(one) and bool(one.owing))
    on.fine("balance due entered by the bookkeeper")
    on.bank.append((sale.delivered + timedelta(days=5), sale.owing, "rest of the price"))
    lines = (("cash.bank", sale.owing, ""), ("receivable.customer", -sale.owing, sale.car.stock_no))
    return lambda: on.typed(sale.delivered + timedelta(days=5), f"rest {sale.number}", *lines, user="bob")


def overheads(on: Planter) -> Ledger:
    on.fine("rent, and other work on accounts of nobody's deals")
    lines = (("expense.auction_fees", Decimal("80.00"), ""), ("payable.supplier", Decimal("-80.00"), ""))
    return lambda: on.typed(date(2026, 8, 28), "auction", *lines, user="eve")


def banking(on: Planter) -> Ledger:
    on.fine("takings brought to the bank")
    on.bank.append((date(2026, 8, 17), Decimal("1250.00"), "paying-in slip 17"))
    lines = (("cash.bank", Decimal("1250.00"), ""), ("cash.undeposited", Decimal("-1250.00"), ""))
    return lambda: on.typed(date(2026, 8, 17), "paying-in slip 17", *lines, user="bob")


def refunded_by_hand(on: Planter) -> Ledger:
    """A deal is unwound, and the bookkeeper pays the customer back."""
    sale = on.take(lambda one: cash(one) and early(one))
    amount, when = amount_of(sale), sale.delivered + timedelta(days=8)
    on.group.later.append(void_row(sale, when))
    on.group.void.add(sale.number)
    on.fine("customer of an unwound deal repaid by the bookkeeper")
    on.bank.append((when + timedelta(days=2), -amount, "refund by transfer"))
    lines = (("receivable.customer", amount, sale.car.stock_no), ("cash.bank", -amount, ""))
    return lambda: on.typed(when + timedelta(days=2), f"refund {sale.number}", *lines, user="bob")


def lender_repaid(on: Planter) -> Ledger:
    sale = on.take(lambda one: financed(one) and not one.trades and not one.payments and not one.deposit)
    assert sale.finance is not None
    amount, when = sale.finance.amount, sale.delivered + timedelta(days=10)
    on.group.later.append(void_row(sale, when))
    on.group.void.add(sale.number)
    on.fine("lender of an unwound deal repaid by the bookkeeper")
    on.bank.append((when + timedelta(days=3), -amount, "returned to lender"))
    lines = ((cit_role(sale), amount, sale.car.stock_no), ("cash.bank", -amount, ""))
    return lambda: on.typed(when + timedelta(days=3), f"returned {sale.finance and sale.finance.reference}", *lines)


def unwound_over_month_end(on: Planter) -> None:
    """Sold in July, taken back in August."""
    sale = on.before(lambda one: not one.trades and one.finance is not None and not one.payments and not one.deposit)
    on.group.events = [one for one in on.group.events if one.sale is not sale]
    on.group.later.append(void_row(sale, FIRST + timedelta(days=4)))
    on.group.void.add(sale.number)
    on.fine("unwound over the month's end")


def corrected(on: Planter) -> None:
    """The source corrects a price after it was posted: reversed and posted again."""
    sale = on.take(lambda one: cash(one) and early(one) and not one.fees)
    on.group.market.reprice(sale, Decimal(100))
    sale.revision, sale.action = 2, "C"
    on.group.later.append(row_of(sale))
    on.fine("corrected after posting")


def lender_little_less_at_the_bank(on: Planter) -> None:
    sale = on.take(financed)
    on.bank_changes[sale.number, "funded"] = lambda row: [replace(row, amount=row.amount - Decimal("0.70"))]
    on.fine("lender's wire a little less")


def funded_short_by_little(on: Planter) -> None:
    """Up to 1.00 less is no exception (R5)."""
    sale = on.take(financed)
    [one] = on.group.events_of(sale, "funded")
    one.amount -= Decimal("0.80")
    on.fine("lender paid a little less")


HARMLESS: Mapping[str, Kind] = {
    one.__name__: one
    for one in (
        lender_by_hand, lender_by_contract, settlement_by_hand, commission_by_hand, fees_by_hand, owing_by_hand,
        lender_little_less_at_the_bank, overheads, banking, refunded_by_hand, lender_repaid, unwound_over_month_end,
        corrected, funded_short_by_little,
    )
}  # fmt: skip
