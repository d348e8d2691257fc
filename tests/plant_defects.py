"""What can be planted: each kind as two steps, one at the source before anything is posted, one in the ledger's files.

A kind's function takes the planter, may change what the source will say, and returns what is to be done in the ledger
once all is posted (or nothing). Each names exactly what the report must say of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from plant_combined import COMBINED
from plant_ledger import (
    UK,
    Kind,
    Ledger,
    Planter,
    amount_of,
    cash,
    cit_role,
    early,
    financed,
    lien,
    paid,
    take_out,
)
from plant_month import FIRST, LAST, void_row
from plant_outside import OUTSIDE, days_without_statement, person_on_the_payroll

from dealbooks.demo.arithmetic import written
from dealbooks.demo.sales import row_of

# One entry is not as it was sent.


def sale_deleted(on: Planter) -> Ledger:
    sale = on.take()
    on.named("sale deleted", "deleted_in_ledger", sale, "sale-v1")
    return lambda: on.file(sale, "sale-v1").unlink()


def receipt_deleted(on: Planter) -> Ledger:
    sale = on.take(paid)
    on.named("receipt deleted", "deleted_in_ledger", sale, "receipt-P")
    return lambda: on.file(sale, "receipt-P").unlink()


def sale_voided(on: Planter) -> Ledger:
    sale = on.take()
    on.named("sale voided", "voided_in_ledger", sale, "sale-v1")
    return lambda: on.void(on.file(sale, "sale-v1"))


def sale_by_a_cent(on: Planter) -> Ledger:
    sale = on.take()
    on.named("amount by a cent", "edited_after_posting", sale, "sale-v1")
    return lambda: on.cent(on.file(sale, "sale-v1"))


def receipt_by_a_lot(on: Planter) -> Ledger:
    sale = on.take(lambda one: paid(one) and early(one))
    on.named("receipt's amount", "edited_after_posting", sale, "receipt-P")
    return lambda: on.cent(on.file(sale, "receipt-P"), Decimal("250.00"))


def tax_code(on: Planter) -> Ledger:
    words = "GB-S" if on.group.book == UK else "US-FL-STATE"
    sale = on.take(lambda one: bool(one.taxes) and any(tax.code == words for tax in one.taxes))
    on.named("tax code", "wrong_tax_code", sale, "sale-v1", words)
    return lambda: on.edit(on.file(sale, "sale-v1"), f'tax_code: "{words}"', 'tax_code: "XX-Z"')


def tax_amount(on: Planter) -> Ledger:
    sale = on.take(lambda one: one.shown_tax > 10)
    role = on.name_of("tax.output" if on.group.book == UK else "payable.sales_tax")
    customer = on.name_of("receivable.customer")
    on.named("tax amount", "edited_after_posting", sale, "sale-v1")

    def do() -> None:
        path = on.file(sale, "sale-v1")
        for account, by in ((role, Decimal(-1)), (customer, Decimal(1))):
            text = path.read_text("utf-8")
            start = text.index(f"  {account}  ") + len(account) + 4
            amount = text[start:].split(" ", 1)[0]
            path.write_text(text[:start] + written(Decimal(amount) + by) + text[start + len(amount) :], "utf-8")

    return do


def account(on: Planter) -> Ledger:
    sale = on.take(paid)
    on.named("account", "wrong_account", sale, "receipt-P")
    old, new = on.name_of("cash.undeposited"), on.name_of("cash.bank")
    return lambda: on.edit(on.file(sale, "receipt-P"), f"^  {old}  ", f"  {new}  ")


def account_of_nobody(on: Planter) -> Ledger:
    sale = on.take()
    on.named("account of nobody", "wrong_account", sale, "sale-v1")
    old = on.name_of("receivable.customer")

    def do() -> None:
        on.edit(on.file(sale, "sale-v1"), f"^  {old}  ", "  Assets:Suspense  ")
        opens = on.folder / "main.beancount"
        if "Assets:Suspense" not in opens.read_text("utf-8"):
            with opens.open("a", encoding="utf-8") as file:
                file.write("\n1970-01-01 open Assets:Suspense\n")

    return do


def next_month(on: Planter) -> Ledger:
    sale = on.take(paid)
    on.named("next month", "wrong_period", sale, "receipt-P")
    return lambda: on.redate(on.file(sale, "receipt-P"), LAST + timedelta(days=2))


def month_before(on: Planter) -> Ledger:
    sale = on.take()
    on.named("month before", "wrong_period", sale, "sale-v1")
    return lambda: on.redate(on.file(sale, "sale-v1"), FIRST - timedelta(days=1))


def moved_into_the_month(on: Planter) -> Ledger:
    sale = on.before()
    on.named("moved into the month", "wrong_period", sale, "sale-v1")
    return lambda: on.redate(on.file(sale, "sale-v1"), FIRST)


def day(on: Planter) -> Ledger:
    sale = on.take()
    on.named("day", "edited_after_posting", sale, "sale-v1")
    other = sale.delivered + timedelta(days=1 if sale.delivered < LAST else -1)
    return lambda: on.redate(on.file(sale, "sale-v1"), other)


def location(on: Planter) -> Ledger:
    sale = on.take()
    on.named("location", "wrong_location", sale, "sale-v1")
    return lambda: on.edit(on.file(sale, "sale-v1"), 'location: "[A-Za-z]+"', 'location: "Hull"')


def department(on: Planter) -> Ledger:
    sale = on.take()
    on.named("department", "edited_after_posting", sale, "department")
    return lambda: on.edit(on.file(sale, "sale-v1"), 'department: "[a-z]+"', 'department: "parts"', count=1)


def car_of_a_line(on: Planter) -> Ledger:
    """The receipt is set against another car: two customers' accounts are wrong, by one edit."""
    sale, other = on.take(lambda one: cash(one) and early(one)), on.take(lambda one: cash(one) and early(one))
    on.named("stock number of a line", "edited_after_posting", sale, "receipt-P", other.car.stock_no)
    return lambda: on.edit(
        on.file(sale, "receipt-P"), f'^    stock_no: "{sale.car.stock_no}"', f'    stock_no: "{other.car.stock_no}"'
    )


def person(on: Planter) -> Ledger:
    sale = on.take(lambda one: bool(one.salesperson))
    on.named("person", "edited_after_posting", sale, "person")
    return lambda: on.edit(on.file(sale, "sale-v1"), f'person: "{sale.salesperson}"', 'person: "SE-99"', count=1)


# Once too often.


def copied(on: Planter) -> Ledger:
    sale = on.take()
    on.named("copied file", "duplicate", sale, "copy-")
    return lambda: on.copy(on.file(sale, "sale-v1"))


def receipt_copied(on: Planter) -> Ledger:
    sale = on.take(lambda one: paid(one) and early(one))
    on.named("copied receipt", "duplicate", sale, "copy-")
    return lambda: on.copy(on.file(sale, "receipt-P"))


def sale_typed_again(on: Planter) -> Ledger:
    sale, tag = on.take(early), on.tag()
    on.named("sale typed again", "duplicate", sale, tag)
    role = {"new": "sales.new_vehicle"}.get(sale.recipe.condition, "sales.used_vehicle")
    lines = (("receivable.customer", sale.price, ""), (role, -sale.price, ""))
    return lambda: on.typed(sale.delivered + timedelta(days=2), f"{tag} sold {sale.car.vin}", *lines, user="eve")


def receipt_typed_again(on: Planter) -> Ledger:
    sale, tag = on.take(lambda one: cash(one) and early(one)), on.tag()
    on.named("receipt typed again", "duplicate", sale, tag)
    lines = (("cash.bank", amount_of(sale), ""), ("receivable.customer", -amount_of(sale), sale.car.stock_no))
    return lambda: on.typed(sale.delivered + timedelta(days=3), f"{tag} paid", *lines)


def funding_typed_again(on: Planter) -> Ledger:
    sale, tag = on.take(financed), on.tag()
    assert sale.finance is not None
    on.named("funding typed again", "duplicate", sale, tag)
    lines = (("cash.bank", sale.finance.amount, ""), (cit_role(sale), -sale.finance.amount, ""))
    words = f"{tag} {sale.finance.company} {sale.finance.reference}"
    return lambda: on.typed(sale.delivered + timedelta(days=9), words, *lines)


def payoff_typed_again(on: Planter) -> Ledger:
    sale, tag = on.take(lien), on.tag()
    trade = sale.trades[0]
    on.named("settlement typed again", "duplicate", sale, tag)
    lines = (("payable.trade_payoff", trade.payoff, trade.car.stock_no), ("cash.bank", -trade.payoff, ""))
    return lambda: on.typed(sale.delivered + timedelta(days=11), f"{tag} settlement", *lines)


def twin_typed_again(on: Planter) -> Ledger:
    """Two customers of one name paid the same on one day; the second's payment is typed again, by its car."""
    first, second = on.group.twins
    on.used |= {first.number, second.number}
    tag = on.tag()
    on.named("payment of a twin typed again", "duplicate", second, tag)
    lines = (("cash.bank", amount_of(second), ""), ("receivable.customer", -amount_of(second), second.car.stock_no))
    return lambda: on.typed(second.delivered, f"{tag} paid", *lines)


def twin_by_name_only(on: Planter) -> Ledger:
    """The same amount again under the name that both have: nobody can say whose it is."""
    first, second = on.group.twins
    on.used |= {first.number, second.number}
    tag = on.tag()
    on.named("payment under a name of two", "unexplained_ledger_entry", "", tag)
    lines = (("cash.bank", amount_of(first), ""), ("receivable.customer", -amount_of(first), ""))
    return lambda: on.typed(first.delivered, f"{tag} {first.buyer.name}", *lines, user="eve")


def sold_twice(on: Planter) -> None:
    """The source sells one car to two customers, under two deal numbers."""
    sale = on.take(lambda one: cash(one) and early(one))
    other = on.group.sell(sale.recipe, sale.delivered + timedelta(days=3))
    other = replace(sale, number=other.number, sold=other.sold, delivered=other.delivered, buyer=other.buyer)
    on.used.add(other.number)
    on.group.rows.append(row_of(other))
    on.named("one car sold twice", "quarantined", other, part="cut_off")


# Nobody's.


def stranger(on: Planter) -> Ledger:
    sale = on.take()
    on.named("key of nobody", "missing_in_source", "", "carries a key", sale.number)
    return lambda: on.stranger(on.file(sale, "sale-v1"))


def sale_of_nobody(on: Planter) -> Ledger:
    tag = on.tag()
    on.named("sale of nobody", "missing_in_source", "", tag)
    amount = Decimal(on.rng.randrange(3000, 9000)) + Decimal("0.37")
    lines = (("receivable.customer", amount, ""), ("sales.used_vehicle", -amount, ""))
    return lambda: on.typed(date(2026, 8, 19), f"{tag} sold privately", *lines, user="eve")


def manual(on: Planter) -> Ledger:
    """On an account that only deals move."""
    tag = on.tag()
    on.named("manual posting", "unexplained_ledger_entry", "", tag)
    tax = "tax.output" if on.group.book == UK else "payable.sales_tax"
    role = on.rng.choice(
        ["income.doc_fee", "sales.accessories", tax, "payable.commission", "receivable.customer", "rounding.difference"]
    )
    amount = Decimal(on.rng.randrange(20, 900)) + Decimal(on.rng.randrange(1, 99)) / 100
    when, user = date(2026, 8, on.rng.randrange(1, 32)), on.rng.choice(["carol", ""])
    return lambda: on.typed(when, tag, (role, -amount, ""), ("expense.auction_fees", amount, ""), user=user)


def manual_on_a_car(on: Planter) -> Ledger:
    """More cost is put on a car that is sold and gone: not towards nothing."""
    sale, tag = on.take(early), on.tag()
    on.named("cost typed onto a sold car", "unexplained_ledger_entry", "", tag)
    role = "inventory.used_vehicle" if sale.recipe.condition == "used" else "inventory.new_vehicle"
    lines = ((role, Decimal("-85.00"), sale.car.stock_no), ("expense.auction_fees", Decimal("85.00"), ""))
    return lambda: on.typed(LAST, tag, *lines)


def clears_too_much(on: Planter) -> Ledger:
    """A lender's payment typed for more than the contract: it clears nothing, and the contract is still open."""
    sale, tag = on.take(financed), on.tag()
    assert sale.finance is not None
    take_out(on.group, sale, "funded")
    on.named("payment beyond the contract", "unexplained_ledger_entry", "", tag)
    on.named("and the contract itself", "cit_unpaid", sale)
    more = sale.finance.amount + 1
    lines = (("cash.bank", more, ""), (cit_role(sale), -more, sale.car.stock_no))
    return lambda: on.typed(sale.delivered + timedelta(days=6), tag, *lines)


# What is open.


def unfunded(on: Planter) -> None:
    sale = on.take(financed)
    take_out(on.group, sale, "funded")
    on.named("lender has not paid", "cit_unpaid", sale)


def funded_short(on: Planter) -> None:
    sale = on.take(financed)
    [one] = on.group.events_of(sale, "funded")
    one.amount -= Decimal("175.00")
    on.named("lender paid less", "cit_short", sale)


def funded_over(on: Planter) -> None:
    sale = on.take(financed)
    [one] = on.group.events_of(sale, "funded")
    one.amount += Decimal("40.00")
    on.named("lender paid more than the contract", "fact", sale, part="cut_off")


def settlement_open(on: Planter) -> None:
    sale = on.take(lien)
    take_out(on.group, sale, "payoff_paid")
    on.named("settlement not paid", "payoff_late", sale)


def stock_too_high(on: Planter) -> None:
    sale = on.take()
    on.stood_in_with(sale, Decimal("310.00"))
    on.named("sold with less than it stood in with", "sold_in_stock", sale)


def stock_too_low(on: Planter) -> None:
    sale = on.take()
    on.stood_in_with(sale, Decimal("-95.00"))
    on.named("bought for less than it is sold with", "negative_stock", sale)


def unwound_and_funded(on: Planter) -> None:
    """Taken back after the lender had paid: the lender's money is still here."""
    sale = on.take(lambda one: financed(one) and not one.trades and not one.payments and not one.deposit)
    on.group.later.append(void_row(sale, sale.delivered + timedelta(days=10)))
    on.group.void.add(sale.number)
    on.named("unwound, and the lender not repaid", "unwind_incomplete", sale)


def unwound_not_refunded(on: Planter) -> None:
    sale = on.take(lambda one: cash(one) and early(one))
    on.group.later.append(void_row(sale, sale.delivered + timedelta(days=8)))
    on.group.void.add(sale.number)
    on.named("unwound, and the customer not repaid", "customer_balance", sale)


def wrong_last_month(on: Planter) -> Ledger:
    """What somebody typed in July stands on a customer's account in August."""
    sale = on.before(cash)
    on.named("typed last month", "customer_balance", sale)
    lines = (("receivable.customer", Decimal("60.00"), sale.car.stock_no), ("cash.bank", Decimal("-60.00"), ""))
    return lambda: on.typed(FIRST - timedelta(days=1), on.tag(), *lines)


# At the source.


def flawed(on: Planter) -> None:
    """A row that must be refused: the deal is not in the books."""
    sale = on.take(lambda one: not one.recipe.lines_layout)
    row = next(one for one in on.group.rows if one["deal_number"] == sale.number)
    row["vehicle_price"] = written(sale.price + Decimal("0.40"))
    on.group.events = [one for one in on.group.events if one.sale is not sale]
    on.group.refused.add(sale.number)
    on.named("row that does not add up", "quarantined", sale, part="cut_off")


_INSIDE: Mapping[str, Kind] = {
    one.__name__: one
    for one in (
        sale_deleted, receipt_deleted, sale_voided, sale_by_a_cent, receipt_by_a_lot, tax_code, tax_amount, account,
        account_of_nobody, next_month, month_before, moved_into_the_month, day, location, department, car_of_a_line,
        person, copied, receipt_copied, sale_typed_again, receipt_typed_again, funding_typed_again,
        payoff_typed_again, sold_twice, stranger, sale_of_nobody, manual, manual_on_a_car, clears_too_much, unfunded,
        funded_short, funded_over, settlement_open, stock_too_high, stock_too_low, unwound_and_funded,
        unwound_not_refunded, wrong_last_month, flawed,
    )
}  # fmt: skip
DEFECTS: Mapping[str, Kind] = {**_INSIDE, **COMBINED, **OUTSIDE}
# Once in a book: there is one pair of twins.
ONCE: Mapping[str, Kind] = {
    one.__name__: one
    for one in (
        twin_typed_again,
        twin_by_name_only,
        days_without_statement,
        person_on_the_payroll,
    )
}
