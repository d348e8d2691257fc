"""The `where` and `order` parameters: a part of Xero's filter language."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.xero.wire import Doc

Test = Callable[[Mapping[str, Any]], bool]
Look = Callable[[Mapping[str, Any], str], Any]

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"\\]|\\.)*") | (?P<number>-?\d+(?:\.\d+)?) |
    (?P<op>==|!=|>=|<=|<>|=|>|<|&&|\|\||\(|\)|,) | (?P<name>[A-Za-z_][A-Za-z0-9_.]*)
    )""",
    re.VERBOSE,
)
_SAME = {"=": "==", "<>": "!=", "&&": "AND", "||": "OR"}


class BadQuery(Exception):
    """A filter that Xero does not understand."""


class _Guid(str):
    __slots__ = ()


class Parser:
    """Reads one filter. `fields` are the names that the resource has; `look` finds the value of one in a document."""

    def __init__(self, text: str, fields: frozenset[str], look: Look) -> None:
        self._tokens = _tokens(text)
        self._fields, self._look = fields, look
        self._at = 0

    def parse(self) -> Test:
        """The filter as a test.

        Raises:
            BadQuery: it is none, or names what the resource does not have.
        """
        test = self._either()
        if self._at != len(self._tokens):
            raise BadQuery(f"unexpected {self._peek()[1]}")
        return test

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "end of filter")

    def _take(self, wanted: str = "") -> tuple[str, str]:
        found = self._peek()
        if wanted and found[1] != wanted:
            raise BadQuery(f"{wanted} expected, not {found[1]}")
        self._at += 1
        return found

    def _either(self) -> Test:
        tests = [self._both()]
        while self._peek()[1].upper() in ("OR", "||"):
            self._take()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda doc: any(test(doc) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._peek()[1].upper() in ("AND", "&&"):
            self._take()
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda doc: all(test(doc) for test in tests)

    def _one(self) -> Test:
        if self._peek()[1] == "(":
            self._take()
            test = self._either()
            self._take(")")
            return test
        kind, name = self._take()
        if kind != "name":
            raise BadQuery(f"a field expected, not {name}")
        field, _, method = name.rpartition(".")
        if method in _METHODS and self._peek()[1] == "(":
            return self._method(field, method)
        self._known(name)
        op = self._take()[1]
        op = _SAME.get(op, op)
        if op not in _COMPARE:
            raise BadQuery(f"an operator expected, not {op}")
        return self._compare(name, op, self._value())

    def _method(self, field: str, method: str) -> Test:
        self._known(field)
        self._take("(")
        wanted = self._value()
        self._take(")")
        if not isinstance(wanted, str):
            raise BadQuery(f"{method} needs a text")
        return lambda doc: _METHODS[method](str(self._look(doc, field) or "").casefold(), wanted.casefold())

    def _known(self, name: str) -> None:
        if name not in self._fields:
            raise BadQuery(f"No property or field '{name}' exists")

    def _value(self) -> Any:
        kind, text = self._take()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "number":
            return Decimal(text)
        if kind == "name" and text.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text.lower()]
        if kind == "name" and text in ("DateTime", "Guid"):
            self._take("(")
            parts = [self._take()[1]]
            while self._peek()[1] == ",":
                self._take()
                parts.append(self._take()[1])
            self._take(")")
            return _moment(parts) if text == "DateTime" else _Guid(parts[0].strip('"').lower())
        raise BadQuery(f"a value expected, not {text}")

    def _compare(self, name: str, op: str, wanted: Any) -> Test:
        guid = name.endswith("ID")
        if wanted is not None and guid != isinstance(wanted, _Guid):
            raise BadQuery(f"Operator '{op}' incompatible with operand types of {name}")
        compare = _COMPARE[op]

        def test(doc: Mapping[str, Any]) -> bool:
            left, right = _alike(self._look(doc, name), wanted, name)
            if left is None or right is None:
                return compare(left is None, right is None) if op in ("==", "!=") else False
            return compare(left, right)

        return test


def order_by(text: str, fields: frozenset[str], look: Look) -> Callable[[list[Doc]], list[Doc]]:
    """The `order` parameter as a sort.

    Raises:
        BadQuery: a field is unknown.
    """
    keys = []
    for part in text.split(","):
        name, _, way = part.strip().partition(" ")
        if name not in fields or way.strip().upper() not in ("", "ASC", "DESC"):
            raise BadQuery(f"cannot order by {part.strip()}")
        keys.append((name, way.strip().upper() == "DESC"))

    def ordered(docs: list[Doc]) -> list[Doc]:
        for name, down in reversed(keys):
            docs = sorted(docs, key=lambda doc, name=name: _sortable(look(doc, name)), reverse=down)  # type: ignore[misc]
        return docs

    return ordered


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else "")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise BadQuery(f"not understood from: {text[at:][:40]}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def _moment(parts: list[str]) -> datetime:
    try:
        return datetime(*(int(part) for part in parts))  # type: ignore[arg-type]  # noqa: DTZ001
    except (ValueError, TypeError):
        raise BadQuery(f"DateTime({', '.join(parts)}) is not a date") from None


def _alike(left: Any, right: Any, name: str) -> tuple[Any, Any]:
    """Both in a form that can be compared."""
    if isinstance(left, datetime):
        left = left.replace(tzinfo=None)
    elif isinstance(left, date):
        left = datetime(left.year, left.month, left.day)  # noqa: DTZ001
    if left is not None and right is not None:
        kinds = [datetime, Decimal, bool, str]
        one, other = (next((kind for kind in kinds if isinstance(value, kind)), object) for value in (left, right))
        if one is not other:
            raise BadQuery(f"Operator incompatible with operand types of {name}")
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold(), right.casefold()
    return left, right


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: bool(left == right), "!=": lambda left, right: bool(left != right),
    ">=": lambda left, right: bool(left >= right), "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right), "<": lambda left, right: bool(left < right),
}  # fmt: skip
_METHODS: dict[str, Callable[[str, str], bool]] = {
    "Contains": lambda text, part: part in text, "StartsWith": lambda text, part: text.startswith(part),
    "EndsWith": lambda text, part: text.endswith(part),
}  # fmt: skip
