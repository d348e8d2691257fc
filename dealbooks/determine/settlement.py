"""How the deal is paid: deposits, payments, rebates, and the total that was signed."""

from __future__ import annotations

from typing import Any

from dealbooks.determine.rules import Defaults
from dealbooks.determine.work import Work, by_source
from dealbooks.money import exact

# Column, receipt id when the source has no reference, method.
_PAYMENTS = (
    ("cash_paid", "P-CASH", "cash"),
    ("card_paid", "P-CARD", "card"),
    ("bank_transfer_paid", "P-BANK", "bank_transfer"),
)


def fill_settlement(work: Work, defaults: Defaults) -> None:
    """Receipts with their dates and methods, rebates with their programme (R030), the balance still due."""
    said, deal = work.said, work.deal
    if not deal.get("deposits") and _some(said.get("deposit")):
        deal["deposits"] = [{"receipt_id": str(said.get("deposit_ref") or "D1"), "amount": said["deposit"]}]
        work.provenance["deposits[0]"] = by_source("deposit")
    if not deal.get("payments"):
        _add_payments(work)
    sale_date, why = _sale_date(work)
    for key in ("deposits", "payments"):
        single = key[:-1]
        for index, receipt in enumerate(deal.get(key) or ()):
            path = f"{key}[{index}]"
            work.fill(receipt, path, "date", said.get(f"{single}_date"), by_source(f"{single}_date"))
            work.fill(receipt, path, "date", sale_date, why)
            if key == "deposits":
                work.fill(receipt, path, "method", defaults.deposit_method, defaults.why)
    if not deal.get("rebates") and _some(said.get("rebate")):
        deal["rebates"] = [{"amount": said["rebate"]}]
        work.provenance["rebates[0]"] = by_source("rebate")
    for index, rebate in enumerate(deal.get("rebates") or ()):
        _fill_rebate(work, f"rebates[{index}]", rebate)
    if _some(said.get("balance_due")):
        work.fill(deal, "", "balance_due", said["balance_due"], by_source("balance_due"))


def fill_total(work: Work, defaults: Defaults) -> None:
    """The source's total as the signed total (both include tax), with the tolerance of the book's currency."""
    deal = work.deal
    if work.said.get("total") is not None:
        work.fill(deal, "", "contract_total", work.said["total"], by_source("total"))
    if deal.get("contract_total") is not None:
        work.fill(deal, "", "rounding_tolerance", defaults.rounding_tolerance, defaults.why)


def _some(amount: object) -> bool:
    return amount is not None and exact(amount) != 0


def _add_payments(work: Work) -> None:
    payments: list[dict[str, Any]] = []
    reference = work.said.get("payment_ref")
    stated = [one for one in _PAYMENTS if _some(work.said.get(one[0]))]
    for column, receipt_id, method in stated:
        if reference and len(stated) == 1:
            receipt_id = str(reference)
        work.provenance[f"payments[{len(payments)}]"] = by_source(column)
        payments.append({"receipt_id": receipt_id, "amount": work.said[column], "method": method})
    if payments:
        work.deal["payments"] = payments


def _sale_date(work: Work) -> tuple[Any, str]:
    dates = work.deal["dates"]
    if dates.get("contract") is not None:
        return dates["contract"], "no date of the receipt: the sale date"
    return dates["delivery"], "no date of the receipt: the delivery date"


def _fill_rebate(work: Work, path: str, rebate: dict[str, Any]) -> None:
    make = str((work.deal.get("vehicle") or {}).get("make") or "")
    rule = work.rules.rebate(make)
    if rule is not None:
        work.fill(rebate, path, "program", rule.program, rule.why)
        work.fill(rebate, path, "assigned_to_dealer", rule.assigned_to_dealer, rule.why)
    if rebate.get("program") is None or rebate.get("assigned_to_dealer") is None:
        work.found("R030", f"{path}.program", rebate.get("amount", ""), make=make or "the car's make")
