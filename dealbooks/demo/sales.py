"""A sale of the demo, and the row of a CompletedSale file that the dealership's system writes for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from dealbooks.demo.arithmetic import NOTHING, written
from dealbooks.demo.cars import Car
from dealbooks.demo.people import Buyer
from dealbooks.demo.recipes import Recipe

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee; one that is passed through is owed to an authority in full."""

    name: str
    amount: Decimal
    passthrough: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A product sold beside the car; `cost` is what its provider is paid."""

    name: str
    kind: str
    amount: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class TradedCar:
    """A car taken in part-exchange; `car.cost` is what it is worth."""

    car: Car
    allowance: Decimal
    payoff: Decimal = NOTHING
    lender: str = ""


@dataclass(frozen=True, slots=True)
class TaxLine:
    """A tax as the source states it; `rate` in per cent, empty for the VAT of a margin."""

    name: str
    code: str
    base: Decimal
    rate: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Contract:
    """A finance contract; `commission` is what the lender pays for it."""

    kind: str
    company: str
    amount: Decimal
    commission: Decimal
    reference: str


@dataclass(slots=True)
class Sale:
    """One sale as the dealership agreed it. `shown_tax` stands on the invoice, `margin_tax` is inside the price."""

    book: str
    store: str
    number: str
    recipe: Recipe
    sold: date
    delivered: date
    car: Car
    buyer: Buyer
    price: Decimal
    salesperson: str
    discount: Decimal = NOTHING
    accessories: Decimal = NOTHING
    fees: tuple[Fee, ...] = ()
    products: tuple[Product, ...] = ()
    trades: tuple[TradedCar, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    shown_tax: Decimal = NOTHING
    margin_tax: Decimal = NOTHING
    deposit: Decimal = NOTHING
    deposit_date: date | None = None
    rebate: Decimal = NOTHING
    finance: Contract | None = None
    fi_manager: str = ""
    payments: dict[str, Decimal] = field(default_factory=dict)
    owing: Decimal = NOTHING
    revision: int = 1
    action: str = "P"
    void_date: date | None = None
    void_reason: str = ""

    @property
    def total(self) -> Decimal:
        """What the invoice comes to."""
        parts = [self.price, -self.discount, self.accessories]
        parts += [fee.amount for fee in self.fees]
        parts += [product.amount for product in self.products]
        return sum(parts, self.shown_tax if self.book == "suncoast" else NOTHING)

    @property
    def to_settle(self) -> Decimal:
        """What is left after part-exchange, deposit and rebate: to be paid, financed or owed."""
        equity = sum((trade.allowance - trade.payoff for trade in self.trades), NOTHING)
        return self.total - equity - self.deposit - self.rebate


def _identity(sale: Sale) -> Row:
    buyer = sale.buyer
    trade_sale = buyer.kind == "trade"
    kind = "wholesale" if trade_sale else "finance" if sale.finance else "cash"
    american = sale.book == "suncoast"
    return {
        "deal_number": sale.number,
        "store_code": sale.store,
        "revision": str(sale.revision),
        "action": sale.action,
        "sale_date": sale.sold.isoformat(),
        "delivery_date": sale.delivered.isoformat(),
        "deal_type": kind,
        "condition": sale.recipe.condition,
        "currency": "USD" if american else "GBP",
        "customer_id": buyer.customer_id,
        "customer_name": buyer.name,
        "customer_type": "person" if buyer.kind == "person" else "company",
        "address1": buyer.address,
        "city": buyer.city,
        "region": buyer.region,
        "postal_code": buyer.postal_code,
        "country": buyer.country,
        "tax_number": buyer.tax_number,
    }


def _car(sale: Sale) -> Row:
    car, american = sale.car, sale.book == "suncoast"
    row = {
        "vin": car.vin,
        "stock_number": car.stock_no,
        "registration": car.registration,
        "year": str(car.year),
        "make": car.make,
        "model": car.model,
        "trim": car.trim,
        "odometer": str(car.odometer),
        "odometer_unit": "mi",
        "vehicle_cost": written(car.cost),
        "recon_cost": written(car.recon),
        "vehicle_price": written(sale.price),
        "discount": written(sale.discount),
        "price_includes_tax": "N" if american else "Y",
        "accessories_total": written(sale.accessories),
    }
    if not american and sale.recipe.condition == "used":
        row["tax_acquisition"] = car.acquired
        row["stock_book_price"] = "" if car.stock_book is None else written(car.stock_book)
    return row


def _extras(sale: Sale) -> Row:
    row: Row = {}
    for number, fee in enumerate(sale.fees, start=1):
        row |= {
            f"fee{number}_name": fee.name,
            f"fee{number}_amount": written(fee.amount),
            f"fee{number}_passthrough": "Y" if fee.passthrough else "N",
        }
    for number, product in enumerate(sale.products, start=1):
        row |= {
            f"product{number}_name": product.name,
            f"product{number}_kind": product.kind,
            f"product{number}_amount": written(product.amount),
            f"product{number}_cost": written(product.cost),
        }
    for number, tax in enumerate(sale.taxes, start=1):
        row |= {
            f"tax{number}_name": tax.name,
            f"tax{number}_code": tax.code,
            f"tax{number}_base": written(tax.base),
            f"tax{number}_rate": tax.rate,
            f"tax{number}_amount": written(tax.amount),
        }
    row["tax_total"] = written(sum((tax.amount for tax in sale.taxes), NOTHING))
    return row


def _trades(sale: Sale) -> Row:
    row: Row = {}
    for number, trade in enumerate(sale.trades, start=1):
        prefix, car = f"trade{number}", trade.car
        row |= {
            f"{prefix}_vin": car.vin,
            f"{prefix}_registration": car.registration,
            f"{prefix}_stock_number": car.stock_no,
            f"{prefix}_year": str(car.year),
            f"{prefix}_make": car.make,
            f"{prefix}_model": car.model,
            f"{prefix}_allowance": written(trade.allowance),
            f"{prefix}_acv": written(car.cost),
            f"{prefix}_payoff": written(trade.payoff),
            f"{prefix}_payoff_lender": trade.lender,
            f"{prefix}_seller_status": "" if sale.book == "suncoast" else "private",
        }
    return row


def _settlement(sale: Sale) -> Row:
    scheme = {"margin": "margin", "zero": "zero"}.get(sale.recipe.scheme, "standard")
    row = {
        "vat_scheme": "none" if sale.book == "suncoast" else scheme,
        "deposit": written(sale.deposit),
        "deposit_date": sale.deposit_date.isoformat() if sale.deposit_date else "",
        "cash_paid": written(sale.payments.get("cash", NOTHING)),
        "card_paid": written(sale.payments.get("card", NOTHING)),
        "bank_transfer_paid": written(sale.payments.get("bank_transfer", NOTHING)),
        "payment_date": sale.delivered.isoformat() if sale.payments else "",
        "rebate": written(sale.rebate),
        "balance_due": written(sale.owing),
        "total": written(sale.total),
        "salesperson_id": sale.salesperson,
        "fi_manager_id": sale.fi_manager,
    }
    if sale.finance is not None:
        row |= {
            "finance_type": sale.finance.kind,
            "finance_amount": written(sale.finance.amount),
            "finance_company": sale.finance.company,
            "finance_reference": sale.finance.reference,
            "finance_commission": written(sale.finance.commission),
        }
    if sale.void_date is not None:
        row |= {"void_date": sale.void_date.isoformat(), "void_reason": sale.void_reason}
    return row


def row_of(sale: Sale) -> Row:
    """The row of a CompletedSale file, in canonical column names; empty cells stay empty."""
    return {**_identity(sale), **_car(sale), **_extras(sale), **_trades(sale), **_settlement(sale)}
