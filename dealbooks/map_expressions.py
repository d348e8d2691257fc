"""JMESPath expressions of field maps: checked when the map is read, and kept away from floats.

Amounts are text or Decimal in a record. JMESPath's own arithmetic works on floats, so those functions are refused and
exact ones stand in their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, cast

import jmespath
from jmespath import functions
from jmespath.exceptions import JMESPathError

from dealbooks.errors import ConfigError
from dealbooks.map_fields import amount, nonzero_text
from dealbooks.map_paths import paths_of
from dealbooks.money import MoneyError, exact

# Functions of JMESPath that turn numbers into floats -> what to use instead.
_FLOATS = {
    "to_number": "convert: amount",
    "sum": "plus(a, b, ...)",
    "avg": "plus(a, b, ...)",
    "abs": "negate(a)",
    "ceil": "the source's own amount",
    "floor": "the source's own amount",
}
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OF_RECORD = re.compile(r"record\.([A-Za-z_][A-Za-z0-9_]*)")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+")
_NONZERO = re.compile(r"nonzero\(([A-Za-z_][A-Za-z0-9_]*(?:\s*,\s*[A-Za-z_][A-Za-z0-9_]*)*)\)")
_WORDS = re.compile(r"words\(([A-Za-z_][A-Za-z0-9_]*(?:\s*,\s*[A-Za-z_][A-Za-z0-9_]*)*)\)")
_EQUALS = re.compile(r"([A-Za-z_][A-Za-z0-9_]*) == '([^'\\]*)'")

Getter = Callable[[Mapping[str, Any]], Any]
_ANY: Any = {"types": []}


def is_nonzero(value: object) -> bool:
    """Whether there is an amount other than zero.

    Raises:
        MoneyError: when there is something that is no exact amount.
    """
    if type(value) is str:
        return value != "" and nonzero_text(value)
    return value is not None and value != "" and amount(value) != 0


def _plain(value: Decimal) -> str:
    return format(value, "f")


class MapFunctions(functions.Functions):
    """What field maps can call beside JMESPath's own functions; a missing value gives a missing result."""

    @functions.signature({"types": [], "variadic": True})
    def _func_nonzero(self, *values: object) -> bool:
        return any(is_nonzero(value) for value in values)

    @functions.signature({"types": [], "variadic": True})
    def _func_only_one(self, *values: object) -> bool:
        return sum(is_nonzero(value) for value in values) == 1

    @functions.signature(_ANY)
    def _func_negate(self, value: object) -> str | None:
        return None if value is None else _plain(-exact(value))

    @functions.signature({"types": [], "variadic": True})
    def _func_plus(self, *values: object) -> str | None:
        stated = [exact(value) for value in values if value is not None]
        return _plain(sum(stated, Decimal(0))) if stated else None

    @functions.signature(_ANY, _ANY)
    def _func_minus(self, value: object, other: object) -> str | None:
        return None if value is None else _plain(exact(value) - exact(0 if other is None else other))

    @functions.signature({"types": [], "variadic": True})
    def _func_words(self, *values: object) -> str | None:
        return _words(values)

    @functions.signature(_ANY)
    def _func_upper(self, value: object) -> str | None:
        return None if value is None else str(value).upper()

    @functions.signature(_ANY)
    def _func_lower(self, value: object) -> str | None:
        return None if value is None else str(value).lower()

    @functions.signature(_ANY)
    def _func_day(self, value: object) -> str | None:
        """The date of an ISO date or of a local time stamp; a time zone is never converted here."""
        return None if value is None else str(value)[:10]


_FUNCTIONS = MapFunctions()
_OPTIONS = jmespath.Options(custom_functions=_FUNCTIONS)


class Expression:
    """One compiled expression. `column` is set when it is no more than a column's name, which needs no interpreter;
    `names` are the names that it reads, `paths` the same with the steps below them; `by_names`: it looks at nothing
    else."""

    __slots__ = ("by_names", "column", "get", "names", "paths", "text")

    def __init__(self, text: str, where: str) -> None:
        self.text = text.strip()
        self.by_names = True
        self.column = self.text if _COLUMN.fullmatch(self.text) else ""
        self.names: frozenset[str] = frozenset((self.column,)) if self.column else frozenset()
        self.get: Getter = self._getter(where)
        self.paths: frozenset[str] = paths_of(self.text)

    def _getter(self, where: str) -> Getter:
        text = self.text
        if self.column:
            return lambda scope: scope.get(text)
        if match := _NONZERO.fullmatch(text):
            columns = _listed(match)
            self.names = frozenset(columns)
            if len(columns) == 1:
                column = columns[0]
                return lambda scope: is_nonzero(scope.get(column))
            if len(columns) == 2:
                one, other = columns
                return lambda scope: is_nonzero(scope.get(one)) or is_nonzero(scope.get(other))
            return lambda scope: any(is_nonzero(scope.get(column)) for column in columns)
        if match := _EQUALS.fullmatch(text):
            name, wanted = match.group(1), match.group(2)
            self.names = frozenset((name,))
            return lambda scope: scope.get(name) == wanted
        if match := _OF_RECORD.fullmatch(text):
            column = match.group(1)
            self.names = frozenset((column,))
            self.by_names = False
            return lambda scope: scope["record"].get(column) if "record" in scope else scope.get(column)
        parts = text.split(" || ")
        quick = [found for part in parts if (found := _quick(part)) is not None]
        if len(quick) == len(parts):
            self.names = frozenset(name for names, _ in quick for name in names)
            getters = tuple(getter for _, getter in quick)
            return getters[0] if len(getters) == 1 else lambda scope: _first_true(scope, getters)
        if _DOTTED.fullmatch(text):
            steps = text.split(".")
            self.names = frozenset(steps[:1])
            return lambda scope: _walk(scope, steps)
        try:
            compiled = jmespath.compile(text)
        except JMESPathError as error:
            raise ConfigError(
                f"{where}: the expression {text} cannot be read: {str(error).splitlines()[0]}",
                fix="Correct the expression (see https://jmespath.org).",
            ) from error
        parsed = cast("dict[str, Any]", compiled.parsed)
        self.names = frozenset(_checked(parsed, text, where))
        direct = _direct(parsed)
        if direct is not None:
            return direct
        self.by_names = False
        return lambda scope: compiled.search(scope, options=_OPTIONS)


def _listed(match: re.Match[str]) -> tuple[str, ...]:
    return tuple(name.strip() for name in match.group(1).split(","))


def _quick(text: str) -> tuple[tuple[str, ...], Getter] | None:
    """A column, or words(...) of columns, without the interpreter."""
    if _COLUMN.fullmatch(text):
        return (text,), lambda scope: scope.get(text)
    if match := _WORDS.fullmatch(text):
        columns = _listed(match)
        return columns, lambda scope: _words([scope.get(column) for column in columns])
    return None


def _words(values: Iterable[object]) -> str | None:
    return " ".join([str(value) for value in values if value is not None and value != ""]) or None


def _first_true(scope: Mapping[str, Any], getters: tuple[Getter, ...]) -> Any:
    """What || means in JMESPath: the first value that is not null, false or empty, else the last."""
    value = None
    for getter in getters:
        value = getter(scope)
        if _is_true(value):
            break
    return value


def _is_true(value: object) -> bool:
    """What JMESPath takes for true: 0 is."""
    return value is not None and value is not False and value not in ("", [], {})


def _direct(node: dict[str, Any]) -> Getter | None:
    """An expression of columns, literals, &&, || and our own functions, without the interpreter; None for others."""
    kind, value = node["type"], node.get("value")
    if kind == "field":
        column = str(value)
        return lambda scope: scope.get(column)
    if kind == "literal":
        return lambda scope: value
    parts = [_direct(child) for child in node["children"]] if kind in _DIRECT else []
    getters = tuple(part for part in parts if part is not None)
    if not parts or len(getters) < len(parts):
        return None
    if kind == "or_expression":
        return lambda scope: _first_true(scope, getters)
    if kind == "and_expression":
        left, right = getters
        return lambda scope: right(scope) if _is_true(found := left(scope)) else found
    function = _OWN.get(value) if isinstance(value, str) else None
    if function is None or not _fits(function, len(getters)):
        return None
    return lambda scope: function(_FUNCTIONS, *[getter(scope) for getter in getters])


_DIRECT = frozenset(("or_expression", "and_expression", "function_expression"))
_OWN = {name.removeprefix("_func_"): one for name, one in vars(MapFunctions).items() if name.startswith("_func_")}


def _fits(function: Any, count: int) -> bool:
    """Whether a function takes so many arguments; if not, the interpreter says so when it is called."""
    signature = function.signature
    return count >= len(signature) if signature[-1].get("variadic") else count == len(signature)


def _walk(scope: Any, parts: list[str]) -> Any:
    for part in parts:
        if not isinstance(scope, Mapping):
            return None
        scope = scope.get(part)
    return scope


def _checked(node: dict[str, Any], text: str, where: str) -> Iterator[str]:
    """The names that an expression reads; refuses what would make a float."""
    kind, value = node.get("type"), node.get("value")
    if kind == "field" and isinstance(value, str):
        yield value
    if kind == "literal" and _has_float(value):
        raise ConfigError(
            f"{where}: the expression {text} holds a number with decimals, which would not be exact",
            fix="Write the amount as text, such as '12.50'.",
        )
    if kind == "function_expression" and isinstance(value, str):
        if value in _FLOATS:
            raise ConfigError(
                f"{where}: the expression {text} uses {value}, which would not be exact",
                fix=f"Use {_FLOATS[value]} instead.",
            )
        if value not in MapFunctions.FUNCTION_TABLE:
            raise ConfigError(
                f"{where}: the expression {text} uses the function {value}, which there is not",
                fix=f"Use one of {', '.join(sorted(set(MapFunctions.FUNCTION_TABLE) - set(_FLOATS)))}.",
            )
    for child in node.get("children", ()):
        yield from _checked(child, text, where)


def _has_float(value: object) -> bool:
    if isinstance(value, float):
        return True
    if isinstance(value, dict):
        return any(_has_float(item) for item in value.values())
    return isinstance(value, list) and any(_has_float(item) for item in value)


# What an expression can fail with on a record that is not as the map expects.
EXPRESSION_ERRORS = (JMESPathError, MoneyError, TypeError)
