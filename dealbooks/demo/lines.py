"""A sale as the layout with several rows per deal writes it: one row a line, several receipts by themselves."""

from __future__ import annotations

from decimal import Decimal

from dealbooks.demo.arithmetic import written
from dealbooks.demo.sales import Row, Sale, row_of

LINE_COLUMNS = (
    "deal_number", "store_code", "line_no", "line_type", "code", "description", "amount", "cost", "kind",
    "passthrough", "method", "date", "reference", "revision", "action", "sale_date", "delivery_date", "deal_type",
    "condition", "currency", "price_includes_tax", "vat_scheme", "tax_acquisition", "stock_book_price", "balance_due",
    "total", "customer_id", "customer_name", "customer_type", "address1", "city", "region", "postal_code", "country",
    "vin", "stock_number", "registration", "year", "make", "model", "trim", "odometer", "odometer_unit",
)  # fmt: skip
_OF_A_LINE = frozenset(LINE_COLUMNS[2:13])
_ON_EVERY_ROW = ("deal_number", "store_code", "revision")


def lines_of(sale: Sale) -> list[Row]:
    """The rows of one deal: its own columns stand on the first. A payment is split into two receipts of the same way.

    Only for deals without finance and part-exchange, which the demo sends in this layout.
    """
    whole = row_of(sale)
    lines = [_line("vehicle", sale.price, description=f"{sale.car.make} {sale.car.model}", cost=written(sale.car.cost))]
    if sale.car.recon:
        lines.append(_line("cost", None, kind="recon", cost=written(sale.car.recon)))
    lines += [
        _line("fee", fee.amount, description=fee.name, passthrough="Y" if fee.passthrough else "N") for fee in sale.fees
    ]
    lines += [
        _line("product", one.amount, description=one.name, kind=one.kind, cost=written(one.cost))
        for one in sale.products
    ]
    lines += [_line("tax", tax.amount, code=tax.code, description=tax.name) for tax in sale.taxes]
    lines += _receipts(sale)
    if sale.salesperson:
        lines.append(_line("commission", None, code=sale.salesperson))
    common = {name: value for name, value in whole.items() if name in LINE_COLUMNS and name not in _OF_A_LINE}
    rows = []
    for number, line in enumerate(lines, start=1):
        own = common if number == 1 else {name: common[name] for name in _ON_EVERY_ROW}
        rows.append({**own, **line, "line_no": str(number)})
    return rows


def _receipts(sale: Sale) -> list[Row]:
    made: list[Row] = []
    day = sale.delivered.isoformat()
    for method, amount in sale.payments.items():
        first = min(amount, Decimal(2500)) if method == "card" else amount
        parts = [first, amount - first] if amount > first else [amount]
        for part in parts:
            reference = f"R-{sale.number[-5:]}-{len(made) + 1}"
            made.append(_line("payment", part, method=method, date=day, reference=reference))
    return made


def _line(line_type: str, amount: Decimal | None, **words: str) -> Row:
    return {"line_type": line_type, "amount": "" if amount is None else written(amount), **words}
