"""How figures and names are shown on a page, and how files of deals are called. Pure."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from dealbooks.canonical import sha256_hex
from dealbooks.money import MoneyError, exact
from dealbooks.pipeline.sheets import Cell

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")


def amount_shown(amount: Decimal) -> str:
    """An amount as a person reads it: thousands apart, a true minus sign."""
    text = f"{abs(amount):,f}"
    return f"\u2212{text}" if amount < 0 else text


def percent(rate: str) -> str:
    """A rate as a person reads it: `0.20` is 20%. What is no figure stays as it is."""
    try:
        whole = exact(rate) * 100
    except MoneyError:
        return rate
    return f"{whole.normalize():f}%"


def cell_shown(cell: Cell) -> str:
    """A cell of a table."""
    if cell is None:
        return ""
    return amount_shown(cell) if isinstance(cell, Decimal) else str(cell)


def heading(name: str) -> str:
    """A column's name as a heading."""
    words = name.replace("_", " ")
    fixed = {"vin": "VIN", "id": "Reference", "vat": "VAT", "margin vat": "Margin VAT"}
    return fixed.get(words, words[:1].upper() + words[1:])


def deal_file(number: str, deal_id: str) -> str:
    """The file of a deal's story: its number as far as a file can be called so, and a mark that makes it its own."""
    flat = unicodedata.normalize("NFKD", number).encode("ascii", "ignore").decode("ascii")
    name = _NOT_PLAIN.sub("-", flat).strip("-")[:40] or "deal"
    return f"deals/{name}-{sha256_hex(deal_id)[:8]}.html"
