"""Which rows of the demo go into which file, and how each file is written."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from dealbooks.demo.aftermath import EVENT_COLUMNS, OPENING_DAY, STOCK_COLUMNS, Aftermath, opening_rows
from dealbooks.demo.exports import DropFile, Habit, export
from dealbooks.demo.lines import LINE_COLUMNS, lines_of
from dealbooks.demo.market import FIRST_DAY, LAST_DAY
from dealbooks.demo.quarter import Group, Sent
from dealbooks.demo.sales import Row

YORK_LAYOUT = "completed_sale_york/1"
YORK_PREFIX = "CompletedSaleYork"
_SATURDAY = 5
_NIGHTLY_FROM = date(2026, 9, 1)
_RESENT, _RESENT_AS = "CompletedSale_20260718.csv", "CompletedSale_20260720.csv"
_RESENT_DAY = date(2026, 7, 20)

_ALIASES = {
    "deal_number": "Deal No",
    "stock_number": "Stock #",
    "vehicle_price": "Sale Price",
    "finance_company": "Lender",
    "finance_amount": "Amount Financed",
    "customer_name": "Buyer Name",
    "total": "Out The Door",
}


def _fee_columns(number: int) -> list[str]:
    return [f"fee{number}_{name}" for name in ("name", "amount", "passthrough")]


def _product_columns(number: int) -> list[str]:
    return [f"product{number}_{name}" for name in ("name", "kind", "amount", "cost")]


def _tax_columns(number: int) -> list[str]:
    return [f"tax{number}_{name}" for name in ("name", "code", "base", "rate", "amount")]


def _trade_columns(number: int) -> list[str]:
    names = (
        "vin", "registration", "stock_number", "year", "make", "model", "allowance", "acv", "payoff", "payoff_lender",
        "seller_status",
    )  # fmt: skip
    return [f"trade{number}_{name}" for name in names]


SALE_COLUMNS: tuple[str, ...] = (
    "deal_number", "store_code", "revision", "action", "sale_date", "delivery_date", "deal_type", "condition",
    "currency", "customer_id", "customer_name", "customer_type", "address1", "city", "region", "postal_code", "country",
    "tax_number", "vin", "stock_number", "registration", "year", "make", "model", "trim", "odometer", "odometer_unit",
    "vehicle_cost", "recon_cost", "tax_acquisition", "stock_book_price", "vehicle_price", "discount",
    "price_includes_tax", "accessories_total",
    *(name for number in range(1, 5) for name in _fee_columns(number)),
    *(name for number in range(1, 4) for name in _product_columns(number)),
    *(name for number in range(1, 4) for name in _tax_columns(number)),
    "tax_total", "vat_scheme",
    *(name for number in (1, 2) for name in _trade_columns(number)),
    "deposit", "deposit_date", "cash_paid", "card_paid", "bank_transfer_paid", "payment_date", "rebate", "finance_type",
    "finance_amount", "finance_company", "finance_reference", "finance_commission", "balance_due", "total",
    "salesperson_id", "fi_manager_id", "void_date", "void_reason",
)  # fmt: skip


def inbox_of(group: Group, aftermath: Aftermath) -> list[DropFile]:
    """All files of one group, in the order of their arrival."""
    folder = f"inbox/{group.book}"
    files = _sales(group, folder)
    files += _lines(group, folder)
    proof = Habit(proof="done" if group.book == "northgate" else "manifest")
    cuts = [day for day in _cuts(weekly=True) if day <= LAST_DAY]
    for day, dated in _by_cut(aftermath.events, cuts).items():
        path = f"{folder}/DealEvents_{day:%Y%m%d}.csv"
        files += export(path, "deal_events/1", dated, EVENT_COLUMNS, "amount", day, proof)
    path = f"{folder}/OpeningStock_{OPENING_DAY:%Y%m%d}.csv"
    files += export(path, "opening_stock/1", opening_rows(group), STOCK_COLUMNS, "amount", OPENING_DAY, proof)
    return sorted(files, key=lambda file: (file.arrives, file.path))


def _sales(group: Group, folder: str) -> list[DropFile]:
    together: dict[tuple[date, int, str, date], list[Row]] = defaultdict(list)
    split = group.book == "northgate"
    for sent in sorted(group.sent, key=_by_day_and_number):
        if not sent.sale.recipe.lines_layout:
            cut = _cut(sent.day, _cuts(weekly=split))
            arrives = cut if sent.issue == 0 else max(cut, sent.arrives)
            together[(cut, sent.issue, sent.sale.store if split else "", arrives)].append(sent.row)
    files: list[DropFile] = []
    for (day, issue, store, arrives), rows in sorted(together.items()):
        name, layout, habit = _named(day, issue, store)
        files += export(f"{folder}/{name}", layout, rows, SALE_COLUMNS, "total", arrives, habit)
    if not split:
        files += _sent_again(files, folder)
    return files


def _by_day_and_number(sent: Sent) -> tuple[date, str, int]:
    return sent.day, sent.sale.number, sent.issue


def _named(day: date, issue: int, store: str) -> tuple[str, str, Habit]:
    again = f"_{issue}" if issue else ""
    if store == "YORK" and day >= _NIGHTLY_FROM:  # York has got a new system, made for the continent
        habit = Habit(delimiter=";", decimal_comma=True, grouped=True, proof="done")
        return f"{YORK_PREFIX}_{day:%Y%m%d}{again}.csv", YORK_LAYOUT, habit
    name = f"CompletedSale_{day:%Y%m%d}{again}{f'_{store}' if store else ''}.csv"
    return name, "completed_sale/1", _habit(day, store)


def _habit(day: date, store: str) -> Habit:
    week = day.isocalendar().week % 4
    if store == "LEEDS":
        pounds = Habit(encoding="cp1252", currency_sign="£", grouped=True, proof="done")
        return (pounds, Habit(armour=True, proof="done"), Habit(encoding="utf-8-sig", proof="done"), pounds)[week]
    if store == "YORK":
        habit = Habit(delimiter=";", null="N/A", separator_row=week == 0, proof="done")
        return replace(habit, lower_vin=week % 2 == 1)
    if day >= _NIGHTLY_FROM:
        return Habit(trailer=True)
    habits = (Habit(headings=_ALIASES), Habit(encoding="utf-8-sig", lower_vin=True), Habit(null="N/A"))
    return (*habits, Habit(grouped=True, currency_sign="$"))[week]


def _sent_again(files: list[DropFile], folder: str) -> list[DropFile]:
    """The same file under another name, its manifest too: nothing in it is new."""
    old = {file.path: file for file in files}
    content = old[f"{folder}/{_RESENT}"].content
    manifest = old[f"{folder}/{_RESENT.replace('.csv', '.manifest.json')}"].content
    return [
        DropFile(f"{folder}/{_RESENT_AS}", content, _RESENT_DAY),
        DropFile(
            f"{folder}/{_RESENT_AS.replace('.csv', '.manifest.json')}",
            manifest.replace(_RESENT.encode(), _RESENT_AS.encode()),
            _RESENT_DAY,
        ),
    ]


def _lines(group: Group, folder: str) -> list[DropFile]:
    """Deals with several receipts of one kind, which a single row cannot hold."""
    together: dict[tuple[date, str], list[Row]] = defaultdict(list)
    for sent in sorted(group.sent, key=_by_day_and_number):
        if sent.sale.recipe.lines_layout:
            together[(_cut(sent.day, _cuts(weekly=True)), sent.sale.store)] += lines_of(sent.sale)
    files: list[DropFile] = []
    habit = Habit(proof="done" if group.book == "northgate" else "manifest")
    for (day, store), rows in sorted(together.items()):
        path = f"{folder}/CompletedSaleLines_{day:%Y%m%d}_{store}.csv"
        files += export(path, "completed_sale_lines/1", rows, LINE_COLUMNS, "amount", day, habit)
    return files


def _cuts(*, weekly: bool) -> list[date]:
    """The days on which files are written: Saturdays and the last day of a month; for the US group nightly from
    September on."""
    days = [FIRST_DAY + timedelta(days=offset) for offset in range((LAST_DAY - FIRST_DAY).days + 1)]
    return [
        day
        for day in days
        if day.weekday() == _SATURDAY or (day + timedelta(days=1)).day == 1 or (not weekly and day >= _NIGHTLY_FROM)
    ]


def _cut(day: date, cuts: Sequence[date]) -> date:
    return cuts[bisect_left(cuts, day)]


def _by_cut(dated: Iterable[tuple[date, Row]], cuts: Sequence[date]) -> dict[date, list[Row]]:
    found: dict[date, list[Row]] = defaultdict(list)
    for day, row in dated:
        found[_cut(day, cuts)].append(row)
    return dict(sorted(found.items()))
