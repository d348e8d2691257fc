"""Search domains in prefix notation, and the order of results."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.odoo.errors import value_error
from sandbox.odoo.schema import Field

Test = Callable[[int], bool]
Leaf = tuple[str, str, Any]
OPERATORS = frozenset({
    "=", "!=", "<>", "<", ">", "<=", ">=", "in", "not in", "like", "not like", "ilike", "not ilike", "=like", "=ilike",
    "=?",
})  # fmt: skip


def is_leaf(item: Any) -> bool:
    """Whether a part of a domain is a condition."""
    return isinstance(item, list | tuple) and len(item) == 3 and isinstance(item[0], str) and item[1] in OPERATORS


def certain(domain: Sequence[Any]) -> list[Leaf]:
    """Conditions that every result must meet: those outside any `|` and `!`."""
    if any(item in ("|", "!") for item in domain if isinstance(item, str)):
        return []
    return [(item[0], item[1], item[2]) for item in domain if is_leaf(item)]


def compiled(domain: Sequence[Any], leaf: Callable[[Leaf], Test]) -> Test:
    """The whole domain as one test of an id.

    Raises:
        OdooError: it is no domain.
    """
    stack: list[Test] = []
    for item in reversed(list(domain)):
        if item == "!":
            stack.append(_negated(_popped(stack, domain)))
        elif item in ("&", "|"):
            first, second = _popped(stack, domain), _popped(stack, domain)
            stack.append(_both(first, second) if item == "&" else _either(first, second))
        elif is_leaf(item):
            stack.append(leaf((item[0], item[1], item[2])))
        else:
            raise value_error(f"Invalid domain term {item!r}")
    if not stack:
        return lambda number: True
    if len(stack) == 1:
        return stack[0]
    return lambda number: all(test(number) for test in reversed(stack))


def _popped(stack: list[Test], domain: Sequence[Any]) -> Test:
    if not stack:
        raise value_error(f"Domain() invalid item in domain: {list(domain)!r}")
    return stack.pop()


def _negated(test: Test) -> Test:
    return lambda number: not test(number)


def _both(first: Test, second: Test) -> Test:
    return lambda number: first(number) and second(number)


def _either(first: Test, second: Test) -> Test:
    return lambda number: first(number) or second(number)


def comparison(field: Field, operator: str, wanted: Any) -> Callable[[Any], bool]:
    """A test of a stored value."""
    if operator == "<>":
        operator = "!="
    if operator in ("in", "not in"):
        listed = [comparable(field, value) for value in (wanted if isinstance(wanted, list | tuple) else [wanted])]
        return (lambda held: _among(held, listed)) if operator == "in" else (lambda held: not _among(held, listed))
    if operator in ("=", "!=", "=?"):
        if operator == "=?" and (wanted is None or wanted is False):
            return lambda held: True
        values = wanted if isinstance(wanted, list | tuple) else [wanted]
        listed = [comparable(field, value) for value in values]
        return (lambda held: not _among(held, listed)) if operator == "!=" else (lambda held: _among(held, listed))
    if operator.lstrip("not ").strip("=") in ("like", "ilike"):
        return _like(operator, str(wanted))
    value = comparable(field, wanted)
    tests: dict[str, Callable[[Any], bool]] = {
        "<": lambda held: held < value,
        ">": lambda held: held > value,
        "<=": lambda held: held <= value,
        ">=": lambda held: held >= value,
    }
    test = tests[operator]
    empty_counts = field.type in ("integer", "float", "monetary", "boolean")
    return lambda held: (held is not False or empty_counts) and test(held)


def _among(held: Any, listed: Sequence[Any]) -> bool:
    if isinstance(held, tuple):
        return any(value in held if value is not False else not held for value in listed)
    return any(held == value and (held is False) == (value is False) for value in listed) or (
        held in (False, 0) and any(value in (False, 0) for value in listed) and not isinstance(held, str)
    )


def _like(operator: str, wanted: str) -> Callable[[Any], bool]:
    negative = operator.startswith("not ")
    flags = re.IGNORECASE | re.DOTALL if "ilike" in operator else re.DOTALL
    pattern = wanted if operator.startswith("=") else f"%{wanted}%"
    expression = re.compile("".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern), flags)
    return lambda held: bool(held is not False and expression.fullmatch(str(held))) != negative


def comparable(field: Field, value: Any) -> Any:
    """A value of a domain in the form in which the field is kept.

    Raises:
        OdooError: it is not one of this field.
    """
    if value is None:
        return False
    if field.type in ("float", "monetary") and value is not False:
        try:
            return Decimal(str(value))
        except InvalidOperation as error:
            raise value_error(f"could not convert string to float: {value!r}") from error
    if field.type in ("date", "datetime") and isinstance(value, str):
        return _moment(field, value)
    if field.type in ("integer", "many2one") and isinstance(value, str) and value.isdigit():
        return int(value)
    return value


def _moment(field: Field, value: str) -> str:
    if field.type == "date":
        try:
            return datetime.strptime(value[:10], "%Y-%m-%d").date().isoformat()  # noqa: DTZ007
        except ValueError as error:
            raise value_error(str(error)) from error
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError as error:
        raise value_error(f"time data {value!r} does not match format '%Y-%m-%d %H:%M:%S'") from error
    return parsed.strftime("%Y-%m-%d %H:%M:%S.%f")


def sort_keys(order: str) -> list[tuple[str, bool]]:
    """`write_date asc, id desc` as pairs of a field and whether it goes down.

    Raises:
        OdooError: it is no order.
    """
    found = []
    for part in order.split(","):
        match = re.fullmatch(r"\s*([\w.]+)(?:\s+(asc|desc))?(?:\s+nulls\s+(?:first|last))?\s*", part, re.IGNORECASE)
        if match is None:
            raise OrderError(order)
        found.append((match[1], (match[2] or "asc").lower() == "desc"))
    return found


class OrderError(ValueError):
    """No order."""
