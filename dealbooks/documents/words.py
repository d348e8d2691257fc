"""Descriptions on documents: what the customer, and whoever opens the ledger, reads. Texts only."""

from __future__ import annotations

from collections.abc import Mapping

from dealbooks.deal import Deal, SaleLine, TradeIn

_KINDS = {
    "vehicle": "Vehicle",
    "discount": "Discount",
    "recharge": "Costs charged on",
    "accessory": "Accessory",
    "fi_product": "Protection product",
    "insurance": "Insurance",
    "doc_fee": "Documentation fee",
    "admin_fee": "Administration fee",
    "delivery_fee": "Delivery fee",
    "government_fee": "Government fee",
    "recycling_deposit": "Recycling deposit",
    "lessor_fee": "Collected for the lessor",
    "auction_fee": "Auction fee",
}

# For entry lines without facts, and for settlements; what stands in braces are dimensions.
_ROLES = {
    "sales.accessories": "Accessories",
    "income.doc_fee": "Documentation fee",
    "income.admin_fee": "Administration fee",
    "income.fi_products": "Protection product",
    "income.insurance_commission": "Insurance: arranging fee",
    "payable.fi_provider": "Insurance: premium of {party}",
    "payable.government_fees": "Collected for {party}",
    "payable.lessor": "Collected for {party}",
    "asset.recycling_deposit": "Recycling deposit",
    "expense.auction_fees": "Auction fee",
    "tax.lct": "Luxury car tax",
    "rounding.difference": "Rounding",
    "inventory.used_vehicle": "Part-exchange {stock_no}",
    "payable.trade_payoff": "Settlement of part-exchange {stock_no} to {party}",
    "payable.customer_deposits": "Deposit {receipt}",
    "receivable.manufacturer": "Manufacturer's rebate {party}",
    "receivable.contracts_in_transit": "Financed by {party}",
    "receivable.finance_company": "Financed by {party}",
    "clearing.settlement": "Added to the invoice: settled in the deal's journal",
}
_IN_PART = {("finance", "payable.lessor"): "Kept by {party}"}


def of_line(deal: Deal, line: SaleLine) -> str:
    """A line of the deal; the car with its VIN and stock number, by which it is searched in the ledger."""
    text = line.description or _KINDS[line.kind]
    if line.kind != "vehicle":
        return text
    car = deal.vehicle
    if not line.description:
        named = " ".join(str(part) for part in (car.year, car.make, car.model) if part)
        text = named or text
    return f"{text}, VIN {car.vin}, stock {car.stock_no}"


def of_trade(trade: TradeIn) -> str:
    """A car taken in part-exchange."""
    car = " ".join(str(part) for part in (trade.year, trade.make, trade.model, trade.registration) if part)
    return f"Part-exchange {car or trade.vin or ''}".rstrip() + f", stock {trade.stock_no}"


def of_role(part: str, role: str, dimensions: Mapping[str, str], tax_code: str | None = None) -> str:
    """An entry line of which nothing else is known."""
    text = _IN_PART.get((part, role)) or _ROLES.get(role)
    if text is not None:
        return text.format_map(_Gaps(dimensions))
    if role.startswith(("tax.", "payable.sales_tax")):
        return f"Tax {tax_code}" if tax_code else "Tax"
    stock_no = dimensions.get("stock_no")
    return f"Vehicle, stock {stock_no}" if stock_no else role


class _Gaps(dict[str, str]):
    """Dimensions; one that is missing is left out of the text."""

    def __missing__(self, key: str) -> str:
        return ""
