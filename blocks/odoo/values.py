"""Values of Odoo as they are read. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def id_of(value: Any) -> int:
    """The id of a many2one as it is read: `[id, name]`, or False."""
    return int(value[0]) if isinstance(value, list | tuple) and value else int(value or 0)


def name_of(value: Any) -> str:
    """The name of a many2one as it is read."""
    return str(value[1]) if isinstance(value, list | tuple) and len(value) > 1 else ""


def number_of(value: Any) -> Decimal:
    """A float or monetary field as it is read: the wires make it a Decimal; a whole number may come as an integer."""
    return value if isinstance(value, Decimal) else Decimal(int(value or 0))
