"""The frame of what is checked: one row a deal, in columns of text that the suite looks at.

A frame never carries what is posted: exact amounts stay in the canonical deal, and only differences worked out exactly
(as text) come here. Columns named `..._off`, `..._missing` and so on are empty when all is well. Voided deals are not
checked; leave them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dealbooks.deal.rules.money import repeated
from dealbooks.deal.rules.vehicle import FIRST_YEAR, last_year
from dealbooks.deal.vin import read_vin
from dealbooks.draft import Draft
from dealbooks.money import MoneyError, exact, round_amount

if TYPE_CHECKING:
    from pandas import DataFrame

INDEX = "row_id"
COLUMNS = (
    "deal_key", "deal_number", "customer", "sale_date", "contract_date", "delivery_date", "currency", "location",
    "vin", "vin_state", "vin_should", "vin_key", "stock_number", "stock_key", "year_off", "last_year", "vehicle_price",
    "vehicle_cost", "vehicle_lines", "negative_field", "negative_amount", "lienholder_field", "lienholder_missing",
    "receipt_repeated", "total", "total_off", "settlement_off", "tax_total", "tax_off",
)  # fmt: skip
TOLERANCE = Decimal("0.01")  # drop files, section 2

_ZERO = Decimal(0)
_RECEIPTS = ("deposit", "cash_paid", "card_paid", "bank_transfer_paid")
_SETTLEMENT = (*_RECEIPTS, "rebate", "balance_due")
_NOT_NEGATIVE = ("allowance", "acv", "payoff")


@dataclass(frozen=True, slots=True)
class CheckRow:
    """`row_id` is our own inbox row id: what GX hands back, and the only thing that says which deal it was."""

    row_id: int
    columns: Mapping[str, str | None]


def check_row(
    row_id: int,
    *,
    key: str,
    draft: Draft,
    deal: Mapping[str, Any] | None = None,
    tolerance: Decimal = TOLERANCE,
) -> CheckRow:
    """The row of one deal. `key` is the record's natural key; `deal` is the determined deal where there is one (the
    draft's own otherwise). The row identities are worked out over what the source said, within `tolerance`."""
    filled: Mapping[str, Any] = draft.deal if deal is None else deal
    values: dict[str, object] = {"deal_key": key}
    values |= _identity(filled)
    values |= _vehicle(filled)
    values |= _amounts(filled)
    values |= _row_identities(draft, tolerance)
    found = values.get
    return CheckRow(row_id, {name: None if (value := found(name)) is None else _cell(value) for name in COLUMNS})


def to_frame(rows: Sequence[CheckRow]) -> DataFrame:
    """The pandas frame: `row_id` as integers, everything else as text or None."""
    import pandas as pd

    data: dict[str, Any] = {INDEX: pd.Series([row.row_id for row in rows], dtype="int64")}
    for name in COLUMNS:
        data[name] = pd.Series([row.columns[name] for row in rows], dtype=object)
    return pd.DataFrame(data)


def _cell(value: object) -> str | None:
    if value is None:
        return None
    return str(value).strip() or None


def _part(deal: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = deal.get(name)
    return part if type(part) is dict or isinstance(part, Mapping) else {}


def _parts(deal: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    parts = deal.get(name)
    if not parts:
        return []
    return (
        [part for part in parts if type(part) is dict or isinstance(part, Mapping)]
        if isinstance(parts, Sequence)
        else []
    )


def _amount(value: object) -> Decimal | None:
    """An exact amount; None when there is none, or one that the structure check will refuse."""
    try:
        return None if value is None else exact(value)
    except MoneyError:
        return None


def _total(parts: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    return sum((_amount(part.get(name)) or _ZERO for part in parts), _ZERO)


def _identity(deal: Mapping[str, Any]) -> dict[str, object]:
    dates, customer = _part(deal, "dates"), _part(deal, "customer")
    contract, delivery = _day(dates.get("contract")), _day(dates.get("delivery"))
    return {
        "deal_number": deal.get("deal_id"),
        "customer": "known" if customer.get("id") or customer.get("name") else None,
        "sale_date": dates.get("contract") or dates.get("delivery") or dates.get("accounting"),
        "contract_date": contract,
        "delivery_date": delivery,
        "currency": deal.get("currency"),
        "location": deal.get("location"),
    }


def _day(value: object) -> str | None:
    """A date as ISO text; None when it cannot be read, which has a finding of its own."""
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        return None


def _vehicle(deal: Mapping[str, Any]) -> dict[str, object]:
    car = _part(deal, "vehicle")
    vin, stock_number = _cell(car.get("vin")), _cell(car.get("stock_no"))
    reading = read_vin(vin)
    entity = _cell(deal.get("legal_entity")) or ""
    year, dates = car.get("year"), _part(deal, "dates")
    decisive = next((day for name in ("accounting", "delivery", "contract") if (day := _day(dates.get(name)))), None)
    newest = last_year(date.fromisoformat(decisive).year) if decisive is not None else None
    doubtful = isinstance(year, int) and newest is not None and not FIRST_YEAR <= year <= newest
    return {
        "vin": vin,
        "vin_state": None if reading.state == "missing" else reading.state,
        "vin_should": reading.should,
        "vin_key": f"{entity} {vin.upper()}" if vin else None,
        "stock_number": stock_number,
        "stock_key": f"{entity} {stock_number}" if stock_number else None,
        "year_off": year if doubtful else None,
        "last_year": newest,
        "vehicle_cost": car.get("cost"),
    }


def _amounts(deal: Mapping[str, Any]) -> dict[str, object]:
    cars = [line for line in _parts(deal, "lines") if line.get("kind") == "vehicle"]
    lien = next(
        (
            (f"trade_ins[{index}].lienholder", payoff)
            for index, trade in enumerate(_parts(deal, "trade_ins"))
            if (payoff := _amount(trade.get("payoff")) or _ZERO) > 0 and not trade.get("lienholder")
        ),
        (None, None),
    )
    negative = next(_negative(deal), (None, None))
    receipts = [str(part.get("receipt_id")) for name in ("deposits", "payments") for part in _parts(deal, name)]
    return {
        "vehicle_price": cars[0].get("unit_price") if cars else None,
        "vehicle_lines": len(cars),
        "negative_field": negative[0],
        "negative_amount": negative[1],
        "lienholder_field": lien[0],
        "lienholder_missing": lien[1],
        "receipt_repeated": next(iter(repeated(receipts)), None),
    }


def _negative(deal: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Amounts below nil, in the order in which the deal's own rules list them."""
    car = _part(deal, "vehicle")
    for name in ("cost", "recon_cost", "stock_book_purchase_price"):
        yield from _below(f"vehicle.{name}", car.get(name))
    for index, trade in enumerate(_parts(deal, "trade_ins")):
        for name in _NOT_NEGATIVE:
            yield from _below(f"trade_ins[{index}].{name}", trade.get(name))
    for group in ("deposits", "payments", "rebates"):
        for index, part in enumerate(_parts(deal, group)):
            yield from _below(f"{group}[{index}].amount", part.get("amount"))
    yield from _below("finance.reserve", _part(deal, "finance").get("reserve"))


def _below(path: str, value: object) -> Iterator[tuple[str, Decimal]]:
    amount = _amount(value)
    if amount is not None and amount < 0:
        yield path, amount


def _row_identities(draft: Draft, tolerance: Decimal) -> dict[str, object]:
    """The sums that a row of a drop file must keep (drop files, section 2); silent where the source is."""
    said = draft.said
    total, tax_total = _amount(said.get("total")), _amount(said.get("tax_total"))
    columns: dict[str, object] = {"total": said.get("total"), "tax_total": said.get("tax_total")}
    if total is not None:
        columns["total_off"] = _off(_total_differences(draft, total, tax_total or _ZERO), tolerance)
        if any(said.get(name) is not None for name in _SETTLEMENT) or said.get("finance"):
            columns["settlement_off"] = _off([_settlement_difference(draft, total)], tolerance)
    taxes = _parts(said, "taxes")
    if tax_total is not None and taxes:
        columns["tax_off"] = _off([tax_total - _total(taxes, "amount")], tolerance)
    return columns


def _off(differences: list[Decimal], tolerance: Decimal) -> Decimal | None:
    """The first difference, unless one of them is within the tolerance."""
    return None if any(abs(difference) <= tolerance for difference in differences) else differences[0]


def _total_differences(draft: Draft, total: Decimal, tax_total: Decimal) -> list[Decimal]:
    currency = str(draft.deal.get("currency") or "USD")
    lines = _parts(draft.deal, "lines")
    known = {line.get("line_id") for line in lines}
    charged = sum((_extended(line, currency) for line in lines), _ZERO)
    for group in ("fees", "products"):
        charged += _total((part for part in _parts(draft.said, group) if part.get("line_id") not in known), "amount")
    included = draft.said.get("price_includes_tax")
    without, with_tax = total - charged, total - charged - tax_total
    if included is None:  # the source does not say: either form may hold
        return [with_tax, without]
    return [without] if included else [with_tax]


def _extended(line: Mapping[str, Any], currency: str) -> Decimal:
    price, quantity = _amount(line.get("unit_price")) or _ZERO, _amount(line.get("quantity", "1"))
    if quantity is None or quantity == 1:
        return price
    try:
        return round_amount(quantity * price, currency)
    except MoneyError:  # an unknown currency has a finding of its own
        return quantity * price


def _settlement_difference(draft: Draft, total: Decimal) -> Decimal:
    trades = _parts(draft.deal, "trade_ins")
    due = total - _total(trades, "allowance") + _total(trades, "payoff")
    paid = sum((_amount(draft.said.get(name)) or _ZERO for name in _SETTLEMENT), _ZERO)
    if not any(name in draft.said for name in _RECEIPTS):  # a source that lists its receipts one by one
        paid += _total(_parts(draft.deal, "deposits"), "amount") + _total(_parts(draft.deal, "payments"), "amount")
    if "rebate" not in draft.said:
        paid += _total(_parts(draft.deal, "rebates"), "amount")
    return due - paid - (_amount(_part(draft.said, "finance").get("amount")) or _ZERO)
