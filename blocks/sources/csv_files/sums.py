"""The sums that every row of a sale must keep (csv_files.md section 2): a row that does not is refused with the
computed difference; the other rows go on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from dealbooks.catalogue_files import file_finding
from dealbooks.findings import Finding

_ZERO = Decimal(0)
_SETTLEMENT = (
    "deposit", "cash_paid", "card_paid", "bank_transfer_paid", "rebate", "finance_amount", "balance_due",
)  # fmt: skip
_RECEIPTS = ("deposits", "payments")


def sum_findings(
    data: Mapping[str, Any], columns: Collection[str], tolerance: Decimal, file: str, line: int
) -> list[Finding]:
    """What does not add up in a canonical record. `columns` are the canonical columns that the file has: a file
    without any settlement column is not checked for its settlement."""
    found: list[Finding] = []
    taxes = _of(data.get("taxes"), "amount")
    tax = _amount(data, "tax_total") if "tax_total" in data else taxes
    where = {"file": file, "line": line}
    if "tax_total" in data and any("amount" in item for item in data.get("taxes", ())) and abs(tax - taxes) > tolerance:
        words = {"computed": f"{taxes:f}", "difference": f"{tax - taxes:f}"}
        found.append(file_finding("F117", "tax_total", f"{tax:f}", **where, **words))
    if "total" not in data or "vehicle_price" not in data:
        return found
    total = _amount(data, "total")
    net = (
        _amount(data, "vehicle_price")
        - _amount(data, "discount")
        + _amount(data, "accessories_total")
        + _of(data.get("fees"), "amount")
        + _of(data.get("products"), "amount")
        + _amount(data, "luxury_car_tax_amount")  # Australia: it comes on top of a price with GST in it
    )
    computed = _nearest(total, net, tax, data)
    if abs(total - computed) > tolerance:
        words = {"computed": f"{computed:f}", "difference": f"{total - computed:f}"}
        found.append(file_finding("F115", "total", f"{total:f}", **where, **words))
    if any(name in columns for name in _SETTLEMENT) or any(name in data for name in _RECEIPTS):
        found += _settlement(data, total, tolerance, where)
    return found


def _settlement(
    data: Mapping[str, Any], total: Decimal, tolerance: Decimal, where: Mapping[str, object]
) -> Iterable[Finding]:
    trades = data.get("trades")
    # A registered seller charges tax on top of the allowance: it is owed for the car as the allowance is.
    allowance, payoff = _of(trades, "allowance") + _of(trades, "input_tax"), _of(trades, "payoff")
    due = total - allowance + payoff
    paid = sum((_amount(data, name) for name in _SETTLEMENT), _ZERO)
    paid += sum((_of(data.get(name), "amount") for name in _RECEIPTS), _ZERO)
    if abs(due - paid) <= tolerance:
        return []
    words = {
        "total": f"{total:f}",
        "allowance": f"{allowance:f}",
        "payoff": f"{payoff:f}",
        "computed": f"{paid:f}",
        "difference": f"{due - paid:f}",
    }
    return [file_finding("F116", "balance_due", f"{due:f}", **where, **words)]


def _nearest(total: Decimal, net: Decimal, tax: Decimal, data: Mapping[str, Any]) -> Decimal:
    """The total to be expected; a file that does not say whether prices include tax may have it either way."""
    if "price_includes_tax" in data:
        return net if data["price_includes_tax"] else net + tax
    return min((net + tax, net), key=lambda computed: abs(total - computed))


def _amount(data: Mapping[str, Any], name: str) -> Decimal:
    value = data.get(name)
    return _ZERO if value is None else Decimal(value)


def _of(items: Iterable[Mapping[str, Any]] | None, name: str) -> Decimal:
    return sum((_amount(item, name) for item in items or ()), _ZERO)
