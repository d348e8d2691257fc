"""A spreadsheet with the columns of a dealership and a few sales, and a service account that it is shared with."""

from __future__ import annotations

import json
from collections.abc import Collection
from decimal import Decimal

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.google_sheets.platform import GoogleSheetsSandbox
from sandbox.google_sheets.settings import Settings
from sandbox.kit.sample import Furnished, SampleSale, sample_sales

NAME = "sheet"
STANDING = "Standing"  # heading and name of the column into which is written back how each deal stands
_NO_COLUMN = ("total",)


def selling(names: Collection[str], place: str) -> tuple[GoogleSheetsSandbox, Furnished]:
    """The sandbox, and what a connection to it is set to; `names` are those that the field map reads, `place` is the
    location of the sales."""
    private, public = _keys()
    box = GoogleSheetsSandbox(Settings(public_key=public))
    own = sorted(name for name in names if "." not in name and name not in _NO_COLUMN and name != "deal_id")
    headings = [name.replace("_", " ").capitalize() for name in ("deal_id", "status", *own)]
    box.hand.make_tab("Deals", [*headings, STANDING])
    box.hand.name_column("Deals", STANDING, STANDING)
    for sale in sample_sales(box.clock.now()):
        box.hand.add("Deals", {name.replace("_", " "): value for name, value in _row(sale, place).items()})
    email = box.settings.client_email
    key = {"type": "service_account", "private_key": private, "client_email": email}
    return box, Furnished(
        {
            "spreadsheet": box.settings.spreadsheet, "timezone": box.settings.timezone, "standing_range": STANDING,
        },
        {"token_url": "/token", "sheets_url": ""},
        {"private_key": json.dumps(key)},
    )  # fmt: skip


def _row(sale: SampleSale, place: str) -> dict[str, object]:
    return {
        "deal_id": f"GS-{sale.number}", "status": "Delivered", "sale_date": sale.sold, "delivery_date": sale.delivered,
        "currency": "GBP", "store_code": place, "customer_id": f"C-{sale.number}", "customer_name": sale.customer,
        "customer_type": "individual", "vin": sale.vin, "stock_no": f"U{sale.number}", "year": sale.year,
        "make": sale.make, "model": sale.model, "condition": "Used", "vehicle_cost": Decimal(sale.cost),
        "stock_book_price": Decimal(sale.cost), "tax_acquisition": "margin", "vat_scheme": "margin",
        "deal_type": "cash", "sale_price": Decimal(sale.price), "contract_total": Decimal(sale.price),
        "bank_transfer_paid": Decimal(sale.price), "payment_date": sale.delivered,
    }  # fmt: skip


def _keys() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
