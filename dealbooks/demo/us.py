"""The US group's deals: sales tax added by county of registration, trade-in credit, retail instalment contracts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from dealbooks.demo.arithmetic import CENT, NOTHING, cents, ending, tax_on
from dealbooks.demo.cars import US_MODELS, Car, Model, make_vin
from dealbooks.demo.recipes import Recipe
from dealbooks.demo.sales import Fee, Product, Sale, TaxLine

BOOK = "suncoast"
STORES = ("TAMPA", "BRANDON")
SALESPEOPLE = {"TAMPA": ("SP-014", "SP-017", "SP-022"), "BRANDON": ("SP-031", "SP-033")}
FI_MANAGERS = {"TAMPA": "FM-003", "BRANDON": "FM-006"}
LENDERS = {"retail_instalment": ("Captive Finance", "Ally Financial", "Credit Union 1")}
LIENHOLDERS = ("Credit Union 1", "Ally Financial", "Lender A")
_DOC_FEE = Decimal("899.00")
_FILING_FEE = Decimal("149.00")
_TIRE_FEE = Decimal("6.50")
_TITLE_FEES = (Decimal("412.35"), Decimal("225.00"), Decimal("118.85"))
# What the exporting system charges; the same for both counties but for the surtax.
_STATE_RATE = Decimal("0.06")
_SURTAX_LIMIT = Decimal("5000.00")
_SURTAX = {"33": ("US-FL-HILLSBOROUGH", Decimal("0.015")), "337": ("US-FL-PINELLAS", Decimal("0.01"))}


@dataclass(frozen=True, slots=True)
class _Listed:
    """A product of the price list: shown name, kind in the file, retail prices, share that its provider is paid."""

    name: str
    kind: str
    prices: tuple[int, ...]
    share: Decimal


_PRODUCTS = {
    "vsc": _Listed("Vehicle service contract 84/84", "vsc", (1895, 2195, 2495), Decimal("0.51")),
    "gap": _Listed("GAP waiver", "gap", (695, 795), Decimal("0.39")),
    "maintenance": _Listed("Prepaid maintenance plan", "other", (699, 895), Decimal("0.62")),
    "tire and wheel": _Listed("Tire and wheel protection", "other", (599, 745), Decimal("0.44")),
    "paint": _Listed("Paint sealant", "paint", (495, 595), Decimal("0.25")),
}
_AS_SERVICE_CONTRACT = frozenset(("vsc", "other"))


def stock_car(rng: Random, recipe: Recipe, store: str, serial: int) -> Car:
    """A car of the opening stock that fits a recipe."""
    model = rng.choice(US_MODELS)
    letter = "U" if recipe.condition == "used" else "N" if recipe.condition == "new" else "D"
    stock_no = f"{letter}{store[0]}{serial:04d}"
    plant = rng.choice("ACGLR")
    if recipe.condition == "new":
        cost = cents(model.list_price * Decimal(rng.randrange(905, 946)) / 1000)
        return _car(model, stock_no, 2026, serial, plant, rng.randrange(3, 25), cost)
    if recipe.condition == "demo":
        cost = cents(model.list_price * Decimal(rng.randrange(850, 881)) / 1000)
        return _car(model, stock_no, 2026, serial, plant, rng.randrange(1500, 7000), cost)
    age = rng.randrange(2, 8)
    worth = ending(model.list_price * Decimal("0.87") ** age * Decimal(rng.randrange(86, 98)) / 100, 50)
    recon = cents(Decimal(rng.randrange(0, 1600)) + rng.randrange(0, 100) * CENT) if rng.random() < 0.8 else NOTHING
    return _car(model, stock_no, 2026 - age, serial, plant, age * rng.randrange(8000, 14500), worth, recon)


def _car(
    model: Model,
    stock_no: str,
    year: int,
    serial: int,
    plant: str,
    miles: int,
    cost: Decimal,
    recon: Decimal = NOTHING,
) -> Car:
    vin = make_vin(model.vin_start, year, 200000 + serial * 41, plant)
    return Car(stock_no, vin, "", year, model.make, model.model, model.trim, miles, cost, recon)


def traded_car(rng: Random, stock_no: str, serial: int, worth: Decimal) -> Car:
    """A car that a customer trades in, worth about so much."""
    age = rng.randrange(4, 11)
    return _car(
        rng.choice(US_MODELS), stock_no, 2026 - age, 9000 + serial, rng.choice("ACGLR"),
        age * rng.randrange(9000, 15000), worth,
    )  # fmt: skip


def price_of(rng: Random, recipe: Recipe, car: Car) -> Decimal:
    """The price asked, without tax."""
    paid = car.cost + car.recon
    factor = {
        "profit": rng.randrange(106, 115),
        "thin": rng.randrange(101, 103),
        "zero": 100,
        "loss": rng.randrange(90, 97),
    }
    return ending(paid * Decimal(factor[recipe.margin]) / 100, 95)


def fees_of(rng: Random, recipe: Recipe) -> tuple[Fee, ...]:
    """The fees of the invoice; title and tire fees are passed through."""
    known = {
        "doc": Fee("Pre-delivery service and document fee", _DOC_FEE),
        "filing": Fee("Electronic filing fee", _FILING_FEE),
        "title": Fee("Title and registration", rng.choice(_TITLE_FEES), passthrough=True),
        "tire": Fee("Tire and battery fee", _TIRE_FEE, passthrough=True),
    }
    return tuple(known[name] for name in recipe.fees)


def products_of(rng: Random, recipe: Recipe) -> tuple[Product, ...]:
    """The products sold beside the car; costs are what the provider or the workshop is paid."""
    made = []
    for key in recipe.products:
        listed = _PRODUCTS[key]
        price = Decimal(rng.choice(listed.prices))
        made.append(Product(listed.name, listed.kind, price, cents(price * listed.share)))
    return tuple(made)


def put_tax(sale: Sale) -> None:
    """Work out the sales tax of the county of registration; none on a sale for resale.

    State tax and surtax on car, accessories and dealer's fees, less the allowance for traded cars, the surtax on the
    first 5,000 only; on service contracts state tax and surtax on the whole price.
    """
    sale.margin_tax = NOTHING
    if sale.buyer.kind == "trade":
        sale.taxes, sale.shown_tax = (), NOTHING
        return
    county, surtax = _SURTAX["337" if sale.buyer.postal_code.startswith("337") else "33"]
    car = [sale.price, -sale.discount, sale.accessories]
    car += [fee.amount for fee in sale.fees if not fee.passthrough]
    car += [one.amount for one in sale.products if one.kind == "paint"]
    contracts = sum((one.amount for one in sale.products if one.kind in _AS_SERVICE_CONTRACT), NOTHING)
    credit = sum((trade.allowance for trade in sale.trades), NOTHING)
    on_car = max(sum(car, NOTHING) - credit, NOTHING)
    on_limit = min(on_car, _SURTAX_LIMIT)
    percent = f"{surtax * 100:.3f}"
    taxes = [
        TaxLine("FLORIDA STATE", "US-FL-STATE", on_car + contracts, "6.000", tax_on(on_car + contracts, _STATE_RATE)),
        TaxLine("COUNTY SURTAX", county, on_limit, percent, tax_on(on_limit, surtax)),
    ]
    if contracts:
        taxes.append(TaxLine("COUNTY SURTAX SVC", f"{county}-SW", contracts, percent, tax_on(contracts, surtax)))
    sale.taxes = tuple(taxes)
    sale.shown_tax = sum((tax.amount for tax in taxes), NOTHING)


def commission_of(amount: Decimal) -> Decimal:
    """What a lender pays for a contract: the reserve."""
    return cents(amount * Decimal("0.021"))
