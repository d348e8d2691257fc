"""Values on their way in and out: checked by the field's type, empty is False, money is Decimal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.odoo.errors import value_error
from sandbox.odoo.schema import Field


def cleaned(model: str, field: Field, value: Any) -> Any:
    """A value of a create or write, as it is kept; commands of x2many fields come back untouched.

    Raises:
        OdooError: it is not one of this field.
    """
    if field.type in ("one2many", "many2many"):
        return value or []
    if field.type == "boolean":
        return bool(value)
    if field.type in ("float", "monetary"):
        return number(value)
    if value is None or value is False or value == "":
        return 0 if field.type == "integer" else False
    if field.type in ("integer", "many2one", "many2one_reference"):
        return _integer(value)
    if field.type == "date":
        return _date(value)
    if field.type == "datetime":
        return _datetime(value)
    if field.type == "selection" and field.selection and value not in field.selection:
        raise value_error(f"Wrong value for {model}.{field.name}: {value!r}")
    if field.type == "json":
        return value if isinstance(value, Mapping) else json.loads(str(value), parse_float=Decimal)
    return str(value)


def number(value: Any) -> Decimal:
    """A number.

    Raises:
        OdooError: it is none.
    """
    if value is None or value is False or value == "":
        return Decimal(0)
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise value_error(f"could not convert string to float: {value!r}") from error
    if not found.is_finite():
        raise value_error(f"could not convert string to float: {value!r}")
    return found


def _integer(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise value_error(f"invalid literal for int() with base 10: {value!r}") from error


def _date(value: Any) -> str:
    text = str(value)
    if len(text) == 19:  # a datetime is cut
        text = text[:10]
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()  # noqa: DTZ007
    except ValueError as error:
        raise value_error(str(error)) from error


def _datetime(value: Any) -> str:
    text = str(value)
    text = f"{text} 00:00:00" if len(text) == 10 else text
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    except ValueError as error:
        raise value_error(str(error)) from error
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def rounded(amount: Decimal, places: int) -> Decimal:
    """Rounded to a currency's decimals, half away from zero."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def as_text(value: Any) -> str:
    """A value as JSON text; a Decimal becomes a number with a point, as the server's floats are written."""
    if isinstance(value, Decimal):
        text = format(value.normalize(), "f")
        return text if "." in text else f"{text}.0"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(key))}: {as_text(held)}" for key, held in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(as_text(held) for held in value)}]"
    return json.dumps(value)
