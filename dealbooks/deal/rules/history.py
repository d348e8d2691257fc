"""Rules that need what was posted before. The store hands in the facts; nothing here asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dealbooks.catalogue import found
from dealbooks.deal.model import Deal
from dealbooks.deal.parts import Deposit, Payment
from dealbooks.deal.rules.amounts import text
from dealbooks.findings import Finding


@dataclass(frozen=True, slots=True)
class StandingSale:
    """A sale of another deal that is posted, and was not unwound. `deal` is what people call that deal."""

    deal: str
    vin: str
    stock_no: str
    sold_on: date


@dataclass(frozen=True, slots=True)
class PostedReceipt:
    """Money of this deal that is posted already. `told_beside`: it was not the deal's record that told of it first, so
    that its day and method are not the record's to say."""

    receipt_id: str
    amount: Decimal
    method: str
    date: date
    told_beside: bool = False


def check_sold_before(deal: Deal, standing: Iterable[StandingSale]) -> list[Finding]:
    """One car is sold once, and one stock number too, until the earlier sale is unwound. `standing` are sales of other
    deals of the same legal entity with this deal's VIN or stock number."""
    findings = []
    for sale in standing:
        if sale.vin and sale.vin == deal.vehicle.vin:
            findings.append(found("S002", "vehicle.vin", sale.vin, other=sale.deal, on=sale.sold_on))
        elif sale.stock_no and sale.stock_no == deal.vehicle.stock_no:
            findings.append(found("S003", "vehicle.stock_no", sale.stock_no, other=sale.deal, on=sale.sold_on))
    return findings


def check_posted_receipts(deal: Deal, posted: Mapping[str, PostedReceipt]) -> list[Finding]:
    """Money received is a fact: a receipt that is posted does not change. A receipt that is gone is a matter of the
    amendment, not of this rule."""
    findings = []
    groups: dict[str, tuple[Deposit | Payment, ...]] = {"deposits": deal.deposits, "payments": deal.payments}
    for group, parts in groups.items():
        for index, part in enumerate(parts):
            before = posted.get(part.receipt_id)
            now = PostedReceipt(part.receipt_id, part.amount, part.method, part.date)
            if before is None or (before.told_beside and before.amount == now.amount):
                continue
            if (before.amount, before.method, before.date) != (now.amount, now.method, now.date):
                path = f"{group}[{index}]"
                findings.append(found("S004", path, part.receipt_id, posted=_told(before), now=_told(now)))
    return findings


def _told(receipt: PostedReceipt) -> str:
    return f"{text(receipt.amount)} by {receipt.method.replace('_', ' ')} on {receipt.date}"


def check_go_live(deal: Deal, post_from: date | None) -> list[Finding]:
    """Deals from before the books were taken over are never posted."""
    if post_from is None or deal.accounting_date >= post_from:
        return []
    return [found("S006", "dates.accounting", deal.accounting_date, start=post_from)]


def check_period(deal: Deal, closed_through: date | None, moved_to: date) -> list[Finding]:
    """A late deal goes to the next open period, with a note. `moved_to` is the first open day."""
    if closed_through is None or deal.accounting_date > closed_through:
        return []
    return [found("S007", "dates.accounting", deal.accounting_date, closed=closed_through, moved=moved_to)]


def check_amendments(count: int, limit: int) -> list[Finding]:
    """A run that would change many posted deals at once needs a person's approval."""
    return [found("S005", "", count, limit=limit)] if count > limit else []


def check_unwind(deal: Deal, sold_on: Mapping[str, str]) -> list[Finding]:
    """A sale is not unwound by itself when its part-exchange has been sold on. `sold_on`: stock number of a traded car
    -> the deal that sold it."""
    if not any(event.event == "unwound" for event in deal.lifecycle):
        return []
    return [
        found("S009", f"trade_ins[{index}].stock_no", trade.stock_no, other=sold_on[trade.stock_no])
        for index, trade in enumerate(deal.trade_ins)
        if trade.stock_no in sold_on
    ]
