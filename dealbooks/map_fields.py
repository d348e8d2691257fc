"""What a field map may fill: the fields of the canonical deal and what kind of value each takes, read off the model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from dealbooks.deal import Deal
from dealbooks.errors import ConfigError
from dealbooks.money import exact

ValueKind = Literal["amount", "date", "integer", "flag", "text", "any"]

# What a draft may say beside the deal (dealbooks.draft) and what kind of value each is; other names stay as they are.
_SAID_AMOUNTS = frozenset(
    (
        "total", "tax_total", "base", "rate", "amount", "cost", "commission", "commission_amount",
        "fi_commission_amount", "deposit", "cash_paid", "card_paid", "bank_transfer_paid", "rebate", "balance_due",
        "allowance", "acv", "payoff",
    )
)  # fmt: skip
_SAID_FLAGS = frozenset(("price_includes_tax", "taxable", "passthrough"))
_SAID_DATES = frozenset(("deposit_date", "payment_date", "void_date", "first_registration"))


def said_kind(name: str) -> ValueKind:
    """The kind of value of a name in `said`."""
    leaf = name.rsplit(".", 1)[-1]
    if leaf in _SAID_AMOUNTS:
        return "amount"
    if leaf in _SAID_FLAGS:
        return "flag"
    return "date" if leaf in _SAID_DATES else "any"


@lru_cache(maxsize=512)
def deal_kind(path: str, where: str) -> ValueKind:
    """The kind of value that a field of the deal takes.

    Raises:
        ConfigError: when the deal has no such field, or it is a whole part or list.
    """
    return _kind_in(Deal, path, path, where)


@lru_cache(maxsize=512)
def item_kind(list_name: str, path: str, where: str) -> ValueKind:
    """The kind of value that a field of one item of a list of the deal takes (lines, trade_ins, payments, ...)."""
    return _kind_in(item_model(list_name, where), path, f"{list_name}[].{path}", where)


def item_model(list_name: str, where: str) -> type[BaseModel]:
    """The model of one item of a list of the deal.

    Raises:
        ConfigError: when the deal has no such list.
    """
    lists = {name: found for name in Deal.model_fields if (found := _item(_bare(_annotation(Deal, name)))) is not None}
    if list_name not in lists:
        raise ConfigError(f"{where}: a deal has no list {list_name}", fix=f"Use one of {', '.join(sorted(lists))}.")
    return lists[list_name]


def _kind_in(model: type[BaseModel], path: str, shown: str, where: str) -> ValueKind:
    name, _, rest = path.partition(".")
    if name not in model.model_fields:
        known = ", ".join(sorted(model.model_fields))
        raise ConfigError(f"{where}: a deal has no field {shown}", fix=f"Known there: {known}.")
    kind = _bare(_annotation(model, name))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if rest:
            return _kind_in(kind, rest, shown, where)
        known = ", ".join(f"{shown}.{field}" for field in kind.model_fields)
        raise ConfigError(f"{where}: {shown} is a part of the deal, not a field", fix=f"Name its fields: {known}.")
    if _item(kind) is not None:
        raise ConfigError(f"{where}: {shown} is a list of the deal", fix=f"Fill it under lists: {shown}.")
    if get_origin(kind) is dict:
        return "text"
    if rest:
        raise ConfigError(f"{where}: {shown.rpartition('.')[0]} has no fields of its own", fix="Correct the name.")
    return _KINDS.get(kind, "text")


_KINDS: dict[Any, ValueKind] = {Decimal: "amount", date: "date", int: "integer", bool: "flag", Fraction: "text"}


def _annotation(model: type[BaseModel], name: str) -> Any:
    return model.model_fields[name].annotation


def _bare(annotation: Any) -> Any:
    """An annotation without Annotated and without None."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            annotation = next(one for one in get_args(annotation) if one is not NoneType)
        else:
            return annotation


def _item(annotation: Any) -> type[BaseModel] | None:
    if get_origin(annotation) is tuple:
        first = _bare(get_args(annotation)[0])
        if isinstance(first, type) and issubclass(first, BaseModel):
            return first
    return None


def _date(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    return _date_text(str(value))


@lru_cache(maxsize=8192)
def _date_text(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _integer(value: Any) -> int:
    if isinstance(value, bool | float):
        raise ValueError("it is not a whole number")
    return int(value)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("y", "yes", "true", "1"):
        return True
    if word in ("n", "no", "false", "0"):
        return False
    raise ValueError("it is neither yes nor no")


def _text(value: Any) -> str | None:
    if type(value) is str:
        return value or None
    if isinstance(value, float | dict | list):
        raise ValueError("it is not text")
    return str(value) or None


@lru_cache(maxsize=8192)
def _amount_text(text: str) -> Decimal:
    return exact(text)


def amount(value: Any) -> Decimal:
    """`exact`, which for text is worked out once: a record states many amounts more than once.

    Raises:
        MoneyError: as `exact`.
    """
    return _amount_text(value) if type(value) is str else exact(value)


@lru_cache(maxsize=8192)
def nonzero_text(text: str) -> bool:
    """Whether text states an amount other than zero. Raises as `amount`."""
    return exact(text) != 0


def _negative(value: Any) -> Decimal:
    negated = -amount(value)
    return negated if negated else abs(negated)


class SetAside(ValueError):
    """The source says itself that something in the record cannot be used; the text is what it says."""


def _refused(value: Any) -> None:
    raise SetAside(str(value))


CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "amount": amount,
    "negative": _negative,
    "date": _date,
    "integer": _integer,
    "flag": _flag,
    "text": _text,
    "refused": _refused,
}
