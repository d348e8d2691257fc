"""Cars taken in part-exchange: stock number, stand-in value, lienholder, the seller's tax status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealbooks.determine.rules import Defaults
from dealbooks.determine.work import Work, by_source
from dealbooks.money import exact

_NOTHING: Mapping[str, Any] = {}


def fill_trades(work: Work, defaults: Defaults) -> None:
    """Every trade-in of the deal; R024, R033."""
    trades: list[dict[str, Any]] = work.deal.get("trade_ins") or []
    said = list(work.said.get("trades") or ())
    for index, trade in enumerate(trades):
        path = f"trade_ins[{index}]"
        more, column = _said_of(said, len(trades), index)
        _fill_stock_no(work, trade, path, index, defaults)
        if trade.get("acv") is None and trade.get("allowance") is not None:
            work.fill(trade, path, "acv", trade["allowance"], "no stand-in value: the allowance")
            work.found("R033", f"{path}.acv", trade.get("stock_no") or index + 1, amount=trade["allowance"])
        _fill_lienholder(work, trade, path, more.get("payoff_lender"))
        seller = more.get("seller_status")
        if seller:
            work.fill(trade, path, "seller_tax_status", seller, by_source(f"{column}.seller_status"))


def _said_of(said: list[Any], trades: int, index: int) -> tuple[Mapping[str, Any], str]:
    """What the source says beside the trade at a position: in the same order, or by its `index` from 0."""
    if len(said) == trades:
        return said[index], f"trades[{index}]"
    for place, one in enumerate(said):
        if one.get("index") == index:
            return one, f"trades[{place}]"
    return _NOTHING, ""


def _fill_stock_no(work: Work, trade: dict[str, Any], path: str, index: int, defaults: Defaults) -> None:
    stock_no = str((work.deal.get("vehicle") or {}).get("stock_no") or "")
    if trade.get("stock_no") or not stock_no or index >= len(defaults.trade_suffixes):
        return
    for old, new in defaults.trade_prefixes.items():
        if stock_no.startswith(old):
            stock_no = new + stock_no[len(old) :]
            break
    trade["stock_no"] = stock_no + defaults.trade_suffixes[index]
    work.provenance[f"{path}.stock_no"] = defaults.why


def _fill_lienholder(work: Work, trade: dict[str, Any], path: str, said: object) -> None:
    name = str(trade.get("lienholder") or said or "")
    if not name or (not trade.get("lienholder") and exact(trade.get("payoff") or 0) == 0):
        return
    rule = work.rules.lienholder(name)
    if rule is None:
        trade.pop("lienholder", None)
        work.found("R024", f"{path}.lienholder", name)
        return
    work.replace(trade, path, "lienholder", rule.id, rule.why)
