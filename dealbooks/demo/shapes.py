"""Which deals are of the same shape: what an accountant would call another kind of deal."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

Shape = tuple[str, ...]


def shape_of(row: Mapping[str, str]) -> Shape:
    """What a row's deal is made of, without its amounts: regime, scheme, class, buyer, finance, kinds of part-exchange,
    deposit, discount, accessories, products, fees, rebate, ways of payment, result on the car, balance left open."""
    return (
        "us" if row.get("currency") == "USD" else "uk",
        row.get("vat_scheme") or "none",
        "wholesale" if row.get("deal_type") == "wholesale" else row.get("condition", ""),
        row.get("customer_type", ""),
        row.get("finance_type", ""),
        *_trades(row),
        _yes(row, "deposit"),
        _yes(row, "discount"),
        _yes(row, "accessories_total"),
        "+".join(row[name] for name in sorted(row) if name.startswith("product") and name.endswith("_kind")),
        "+".join(row[name] for name in sorted(row) if name.startswith("fee") and name.endswith("_name")),
        _yes(row, "rebate"),
        "+".join(way for way in ("cash_paid", "card_paid", "bank_transfer_paid") if _amount(row, way)),
        _result(row),
        _yes(row, "balance_due"),
    )


def _amount(row: Mapping[str, str], column: str) -> Decimal:
    return Decimal(row.get(column) or "0")


def _yes(row: Mapping[str, str], column: str) -> str:
    return column if _amount(row, column) else ""


def _trades(row: Mapping[str, str]) -> Shape:
    kinds = []
    for prefix in ("trade1", "trade2"):
        allowance, worth = _amount(row, f"{prefix}_allowance"), _amount(row, f"{prefix}_acv")
        payoff = _amount(row, f"{prefix}_payoff")
        if not allowance:
            kinds.append("")
            continue
        value = "over" if allowance > worth else "under" if allowance < worth else "at value"
        equity = "free" if not payoff else "negative" if payoff > allowance else "lien"
        kinds.append(f"{value}, {equity}")
    return tuple(kinds)


def _result(row: Mapping[str, str]) -> str:
    """Profit, nil or loss on the car under the margin scheme, where it decides the tax."""
    if row.get("vat_scheme") != "margin":
        return ""
    margin = _amount(row, "vehicle_price") - _amount(row, "discount") - _amount(row, "stock_book_price")
    return "profit" if margin > 0 else "loss" if margin < 0 else "nil"
