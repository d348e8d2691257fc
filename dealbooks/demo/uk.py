"""The UK group's deals: prices with VAT inside, the margin scheme, VAT-qualifying cars, finance houses that buy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from dealbooks.demo.arithmetic import CENT, NOTHING, cents, ending, vat_inside
from dealbooks.demo.cars import UK_MODELS, UK_VANS, Car, Model, make_plate, make_vin
from dealbooks.demo.recipes import Recipe
from dealbooks.demo.sales import Fee, Product, Sale, TaxLine

BOOK = "northgate"
STORES = ("LEEDS", "YORK")
SALESPEOPLE = {"LEEDS": ("SE-11", "SE-12", "SE-14"), "YORK": ("SE-20", "SE-21")}
FI_MANAGERS = {"LEEDS": "BM-02", "YORK": "BM-05"}
LENDERS = {
    "hire_purchase": ("Black Horse", "Northern Motor Finance"),
    "pcp": ("Northern Motor Finance", "Black Horse"),
    "loan": ("Pennine Personal Loans",),
}
LIENHOLDERS = ("Motor Credit UK", "Black Horse")
_REGISTRATION_FEE = Decimal("55.00")
_DUTIES = (Decimal("200.00"), Decimal("455.00"), Decimal("560.00"), Decimal("1410.00"))
_DUTY_OF_A_USED_CAR = Decimal("195.00")
_DELIVERY = (Decimal("595.00"), Decimal("695.00"))
_ADMIN = (Decimal("99.00"), Decimal("149.00"))


@dataclass(frozen=True, slots=True)
class _Listed:
    """A product of the price list: shown name, kind in the file, retail prices, share that its provider is paid."""

    name: str
    kind: str
    prices: tuple[int, ...]
    share: Decimal


_PRODUCTS = {
    "warranty": _Listed("Extended warranty 24 months", "vsc", (399, 599, 795), Decimal("0.52")),
    "gap": _Listed("GAP return to invoice", "gap", (299, 349), Decimal("0.45")),
    "tyre": _Listed("Tyre and alloy insurance", "other", (249, 279), Decimal("0.5")),
    "paint": _Listed("Paint protection", "paint", (249, 399), Decimal("0.2")),
    "service plan": _Listed("Service plan 3 years", "other", (459, 579), Decimal("0.8")),
}
_EXEMPT = frozenset(("vsc", "gap"))
_EXEMPT_NAMES = frozenset(("Tyre and alloy insurance",))


def stock_car(rng: Random, recipe: Recipe, store: str, serial: int) -> Car:
    """A car of the opening stock that fits a recipe; VAT on the purchase of new and qualifying cars is not in cost."""
    model = rng.choice(UK_VANS if recipe.van else UK_MODELS)
    letter = {"new": "N", "demo": "D", "used": "U"}[recipe.condition]
    stock_no = f"{letter}{store[0]}{serial:04d}"
    vin_of = {"year": 2026, "serial": 100000 + serial * 37, "plant": rng.choice("AEMWK")}
    if recipe.condition == "new":
        cost = cents(model.list_price / Decimal("1.2") * Decimal(rng.randrange(900, 941)) / 1000)
        return _car(model, stock_no, vin_of, "", rng.randrange(4, 20), cost, "qualifying")
    if recipe.condition == "demo":
        plate = make_plate(rng, date(2026, 4, 10))
        cost = cents(model.list_price / Decimal("1.2") * Decimal(rng.randrange(820, 861)) / 1000)
        return _car(model, stock_no, vin_of, plate, rng.randrange(800, 6500), cost, "qualifying")
    age = rng.randrange(2, 8)
    vin_of["year"] = 2026 - age
    plate = make_plate(rng, date(2026 - age, rng.choice((3, 5, 10, 11)), 12))
    worth = ending(model.list_price * Decimal("0.86") ** age * Decimal(rng.randrange(88, 100)) / 100, 50)
    recon = cents(Decimal(rng.randrange(0, 780)) + rng.randrange(0, 100) * CENT) if rng.random() < 0.7 else NOTHING
    miles = age * rng.randrange(6200, 11800)
    if recipe.scheme == "margin":
        return _car(model, stock_no, vin_of, plate, miles, worth, "margin", recon, worth)
    return _car(model, stock_no, vin_of, plate, miles, cents(worth / Decimal("1.2")), "qualifying", recon)


def _car(
    model: Model,
    stock_no: str,
    vin_of: dict[str, object],
    plate: str,
    miles: int,
    cost: Decimal,
    acquired: str,
    recon: Decimal = NOTHING,
    stock_book: Decimal | None = None,
) -> Car:
    year = int(str(vin_of["year"]))
    vin = make_vin(model.vin_start, year, int(str(vin_of["serial"])), str(vin_of["plant"]))
    return Car(
        stock_no, vin, plate, year, model.make, model.model, model.trim, miles, cost, recon, stock_book, acquired
    )


def traded_car(rng: Random, stock_no: str, serial: int, worth: Decimal) -> Car:
    """A car that a private customer brings, worth about so much; the group resells it under the margin scheme."""
    model = rng.choice(UK_MODELS)
    age = rng.randrange(4, 11)
    plate = make_plate(rng, date(2026 - age, rng.choice((3, 6, 9, 12)), 3))
    vin_of: dict[str, object] = {
        "year": 2026 - age,
        "serial": (600000 + serial * 53) % 1_000_000,
        "plant": rng.choice("AEMWK"),
    }
    return _car(model, stock_no, vin_of, plate, age * rng.randrange(7000, 12000), worth, "margin")


def price_of(rng: Random, recipe: Recipe, car: Car) -> Decimal:
    """The price asked, with VAT where the car carries it."""
    paid = car.cost + car.recon
    with_vat = paid if recipe.scheme == "margin" else cents(paid * Decimal("1.2"))
    if recipe.scheme == "zero":
        with_vat = paid
    if recipe.margin == "zero":
        return car.stock_book if car.stock_book is not None else with_vat
    factor = {"profit": rng.randrange(107, 116), "thin": rng.randrange(101, 104), "loss": rng.randrange(91, 97)}
    return ending(with_vat * Decimal(factor[recipe.margin]) / 100, 95)


def fees_of(rng: Random, recipe: Recipe) -> tuple[Fee, ...]:
    """The fees of the invoice, those of the licensing authority passed through."""
    made = []
    for name in recipe.fees:
        if name == "delivery":
            made.append(Fee("Delivery and plates", rng.choice(_DELIVERY)))
        elif name == "admin":
            made.append(Fee("Admin fee", rng.choice(_ADMIN)))
        elif name == "first registration":
            made.append(Fee("First registration fee", _REGISTRATION_FEE, passthrough=True))
        elif recipe.condition == "new":
            made.append(Fee("Vehicle excise duty", rng.choice(_DUTIES), passthrough=True))
        else:
            made.append(Fee("Vehicle excise duty", _DUTY_OF_A_USED_CAR, passthrough=recipe.condition == "used"))
    return tuple(made)


def products_of(rng: Random, recipe: Recipe) -> tuple[Product, ...]:
    """The products sold beside the car; costs are what the provider or the workshop is paid."""
    made = []
    for key in recipe.products:
        listed = _PRODUCTS[key]
        price = Decimal(rng.choice(listed.prices))
        made.append(Product(listed.name, listed.kind, price, cents(price * listed.share)))
    return tuple(made)


def put_tax(sale: Sale) -> None:
    """Work out the VAT: on the price of new and qualifying cars, inside the margin of margin cars, nil on exports.

    Each line's VAT is rounded by itself. Fees of the dealership follow the car; insurance is exempt; a licence fee
    passed through is outside VAT, but on a car that is registered already it is part of the price.
    """
    scheme = sale.recipe.scheme or "qualifying"
    car_lines = [sale.price, -sale.discount, *(fee.amount for fee in sale.fees if not fee.passthrough)]
    other = [sale.accessories, *(one.amount for one in sale.products if not _exempt(one))]
    if scheme == "zero":
        sale.taxes, sale.shown_tax, sale.margin_tax = (), NOTHING, NOTHING
        return
    standard = other if scheme == "margin" else [*car_lines, *other]
    shown = sum((vat_inside(amount) for amount in standard), NOTHING)
    taxes = []
    if any(standard):
        net = sum(standard, NOTHING) - shown
        taxes.append(TaxLine("VAT 20%", "GB-S", net, "20.000", shown))
    sale.shown_tax, sale.margin_tax = shown, NOTHING
    if scheme == "margin":
        margin = sum(car_lines, NOTHING) - (sale.car.stock_book or NOTHING)
        sale.margin_tax = vat_inside(max(margin, NOTHING))
        if sale.margin_tax:
            taxes.append(TaxLine("VAT MARGIN", "", margin, "", sale.margin_tax))
    sale.taxes = tuple(taxes)


def _exempt(product: Product) -> bool:
    return product.kind in _EXEMPT or product.name in _EXEMPT_NAMES


def commission_of(amount: Decimal) -> Decimal:
    """What a finance house pays for a contract."""
    return cents(amount * Decimal("0.028"))
