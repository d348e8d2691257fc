"""Kinds of defect of which several are on one deal: each is named, and none hides another (see `plant_defects`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from plant_ledger import UK, Kind, Ledger, Planter, financed, lien, paid, take_out
from plant_month import LAST


def three_on_one(on: Planter) -> Ledger:
    sale = on.take(lambda one: financed(one) and paid(one))
    take_out(on.group, sale, "funded")
    on.named("of three: location", "wrong_location", sale, "sale-v1")
    on.named("of three: receipt", "deleted_in_ledger", sale, "receipt-P")
    on.named("of three: contract", "cit_unpaid", sale)

    def do() -> None:
        on.edit(on.file(sale, "sale-v1"), 'location: "[A-Za-z]+"', 'location: "Hull"')
        on.file(sale, "receipt-P").unlink()

    return do


def copy_and_date(on: Planter) -> Ledger:
    sale = on.take(paid)
    on.named("of two: copy", "duplicate", sale, "copy-")
    on.named("of two: receipt's month", "wrong_period", sale, "receipt-P")

    def do() -> None:
        on.copy(on.file(sale, "sale-v1"))
        on.redate(on.file(sale, "receipt-P"), LAST + timedelta(days=3))

    return do


def cent_and_settlement(on: Planter) -> Ledger:
    sale = on.take(lien)
    take_out(on.group, sale, "payoff_paid")
    on.named("of two: cent", "edited_after_posting", sale, "sale-v1")
    on.named("of two: settlement", "payoff_late", sale)
    return lambda: on.cent(on.file(sale, "sale-v1"))


def two_in_one_document(on: Planter) -> Ledger:
    """One document is named once, under the gravest class, with all that differs."""
    words = "GB-S" if on.group.book == UK else "US-FL-STATE"
    sale = on.take(lambda one: any(tax.code == words for tax in one.taxes))
    on.named("tax code and location of one document", "wrong_tax_code", sale, "tax code", "Hull")

    def do() -> None:
        on.edit(on.file(sale, "sale-v1"), f'tax_code: "{words}"', 'tax_code: "XX-Z"')
        on.edit(on.file(sale, "sale-v1"), 'location: "[A-Za-z]+"', 'location: "Hull"')

    return do


def voided_and_typed(on: Planter) -> Ledger:
    """The sale is voided, and its receipt stands on another account."""
    sale = on.take(paid)
    on.named("of two: voided", "voided_in_ledger", sale, "sale-v1")
    on.named("of two: account", "wrong_account", sale, "receipt-P")
    old, new = on.name_of("cash.undeposited"), on.name_of("cash.bank")

    def do() -> None:
        on.void(on.file(sale, "sale-v1"))
        on.edit(on.file(sale, "receipt-P"), f"^  {old}  ", f"  {new}  ")

    return do


def stock_and_location(on: Planter) -> Ledger:
    sale = on.take()
    on.stood_in_with(sale, Decimal("41.00"))
    on.named("of two: stock", "sold_in_stock", sale)
    on.named("of two: department", "edited_after_posting", sale, "department")
    return lambda: on.edit(on.file(sale, "sale-v1"), 'department: "[a-z]+"', 'department: "parts"', count=1)


COMBINED: Mapping[str, Kind] = {
    one.__name__: one
    for one in (
        three_on_one, copy_and_date, cent_and_settlement, two_in_one_document, voided_and_typed, stock_and_location,
    )
}  # fmt: skip
