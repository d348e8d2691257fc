"""Rules of the lines: what the customer buys (deal model, section 4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dealbooks.catalogue import found
from dealbooks.deal.model import Deal
from dealbooks.deal.parts import SaleLine
from dealbooks.deal.rules.amounts import DEDUCTIONS, extended, text
from dealbooks.deal.rules.known import Known
from dealbooks.findings import Finding
from dealbooks.money import round_amount

# Money of these kinds is owed to somebody, who must be named.
OWED_TO_A_PROVIDER = frozenset({"fi_product", "insurance", "government_fee", "lessor_fee"})
WORDS = {
    "vehicle": "car", "discount": "discount", "recharge": "recharge", "accessory": "accessory",
    "fi_product": "finance and insurance product", "insurance": "insurance", "doc_fee": "documentation fee",
    "admin_fee": "admin fee", "delivery_fee": "delivery fee", "government_fee": "government fee",
    "recycling_deposit": "recycling deposit", "lessor_fee": "lessor's fee", "auction_fee": "auction fee",
}  # fmt: skip


def check_vehicle_line(deal: Deal, known: Known) -> Iterator[Finding]:
    """One deal sells one car."""
    cars = [(index, line) for index, line in enumerate(deal.lines) if line.kind == "vehicle"]
    if len(cars) != 1:
        yield found("D060", "lines", len(cars))
    for index, line in cars:
        if line.quantity != 1:
            yield found("D061", f"lines[{index}].quantity", text(line.quantity))


def check_lines(deal: Deal, known: Known) -> Iterator[Finding]:
    """Each line by itself: sign, number, provider, cost."""
    for line_id, times in Counter(line.line_id for line in deal.lines).items():
        if times > 1:
            yield found("D064", "lines", line_id)
    for index, line in enumerate(deal.lines):
        path = f"lines[{index}]"
        kind = WORDS[line.kind]
        amount = extended(line, deal.currency)
        if line.kind in DEDUCTIONS and amount > 0:
            yield found("D062", f"{path}.unit_price", text(amount), line=line.line_id, kind=kind)
        elif line.kind not in DEDUCTIONS and amount < 0:
            yield found("D063", f"{path}.unit_price", text(amount), line=line.line_id, kind=kind)
        if line.kind in OWED_TO_A_PROVIDER and line.provider is None:
            yield found("D065", f"{path}.provider", line=line.line_id, kind=kind)
        yield from _cost(deal, line, path)


def _cost(deal: Deal, line: SaleLine, path: str) -> Iterator[Finding]:
    if line.cost is None:
        if line.kind == "insurance":
            yield found("D067", f"{path}.cost", line=line.line_id)
        elif line.kind == "fi_product":
            yield found("D068", f"{path}.cost", line=line.line_id)
        return
    if deal.currency != deal.base_currency:
        return  # costs are in base currency: not to be compared with prices
    price = extended(line, deal.currency)
    cost = round_amount(line.quantity * line.cost, deal.currency)
    if line.kind == "insurance" and price < cost:
        yield found("D066", f"{path}.unit_price", text(price), line=line.line_id, cost=text(cost))
    if line.kind == "government_fee" and price != cost:
        yield found("D070", f"{path}.unit_price", text(price), line=line.line_id, cost=text(cost))


def check_insurance(deal: Deal, known: Known) -> Iterator[Finding]:
    """Insurance is sold to the customer, never to the finance house that buys the car."""
    if deal.billed_to == deal.customer.id or not _finance_house(deal):
        return
    for index, line in enumerate(deal.lines):
        if line.kind == "insurance":
            yield found("D069", f"lines[{index}].kind", deal.billed_to, line=line.line_id)


def _finance_house(deal: Deal) -> bool:
    if deal.bill_to is not None and deal.bill_to.type in ("finance_company", "finance_house", "lessor"):
        return True
    return deal.finance is not None and deal.billed_to == deal.finance.lender
