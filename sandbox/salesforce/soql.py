"""SOQL as far as queries for deals need it: fields over relations, questions inside, conditions, order, limit."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.salesforce.wire import Refusal, checked

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<day>\d{4}-\d\d-\d\d)
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_OPERATORS = frozenset(("=", "!=", "<>", "<", "<=", ">", ">="))
_SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_RESERVED = frozenset(
    ("select", "from", "where", "order", "by", "limit", "offset", "and", "or", "not", "in", "like", "asc", "desc",
     "nulls", "first", "last", "null", "true", "false")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Literal:
    """A value of a condition."""

    kind: str  # text, moment, day, number, boolean, null
    value: Any


@dataclass(frozen=True, slots=True)
class Compare:
    """A field compared with a value, several, or the answers of a question."""

    field: str
    operator: str  # one of the signs, in, not in, like
    value: Any  # Literal, list[Literal] or Query


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by and, or; or one denied."""

    how: str
    parts: tuple[Any, ...]


@dataclass(slots=True)
class Query:
    """A question."""

    fields: list[str]
    source: str
    nested: list[Query] = field(default_factory=list)
    count: bool = False
    where: Any = None
    order: list[tuple[str, bool, bool]] = field(default_factory=list)  # field, descending, nulls last
    limit: int | None = None
    offset: int = 0


def malformed(message: str) -> Refusal:
    """The question cannot be read."""
    return Refusal(400, "MALFORMED_QUERY", message)


def parse(text: str) -> Query:
    """A question.

    Raises:
        Refusal: it is none.
    """
    reader = _Reader(text)
    found = reader.query()
    if reader.kind:
        raise malformed(f"unexpected token: '{reader.word}'")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place = 0
        text = text.rstrip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise malformed(f"line 1:{place} no viable alternative at character '{text[place]}'")
            kind = match.lastgroup or ""
            self._tokens.append((kind, match[kind]))
            place = match.end()
        self._at = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    @property
    def word(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else "<EOF>"

    def _is(self, word: str) -> bool:
        return self.kind in ("name", "sign") and self.word.lower() == word

    def _take(self, *words: str) -> bool:
        """Go past these words, if they are what comes."""
        start = self._at
        for word in words:
            if not self._is(word):
                self._at = start
                return False
            self._at += 1
        return True

    def _must(self, word: str) -> None:
        if not self._take(word):
            raise malformed(f"expecting {word}, found '{self.word}'")

    def _name(self) -> str:
        if self.kind != "name" or self.word.lower() in _RESERVED:
            raise malformed(f"unexpected token: '{self.word}'")
        found = self.word
        self._at += 1
        return found

    def query(self) -> Query:
        self._must("select")
        found = Query([], "")
        while True:
            if self._take("("):
                found.nested.append(self.query())
                self._must(")")
            elif self._is("count"):
                self._at += 1
                self._must("(")
                self._must(")")
                found.count = True
            else:
                found.fields.append(self._name())
            if not self._take(","):
                break
        self._must("from")
        found.source = self._name()
        if self._take("where"):
            found.where = self._conditions()
        if self._take("order", "by"):
            found.order.append(self._ordered())
            while self._take(","):
                found.order.append(self._ordered())
        if self._take("limit"):
            found.limit = self._whole()
        if self._take("offset"):
            found.offset = self._whole()
        return found

    def _ordered(self) -> tuple[str, bool, bool]:
        name = self._name()
        descending = self._take("desc")
        if not descending:
            self._take("asc")
        last = descending
        if self._take("nulls"):
            last = not self._take("first")
            if last:
                self._must("last")
        return name, descending, last

    def _whole(self) -> int:
        if self.kind != "number" or not self.word.isdigit():
            raise malformed(f"unexpected token: '{self.word}'")
        found = int(self.word)
        self._at += 1
        return found

    def _conditions(self) -> Any:
        """AND and OR may not be mixed without brackets."""
        parts = [self._condition()]
        how = ""
        while self._is("and") or self._is("or"):
            if how and not self._is(how):
                raise malformed(f"unexpected token: '{self.word}'")
            how = self.word.lower()
            self._at += 1
            parts.append(self._condition())
        return Joined(how, tuple(parts)) if how else parts[0]

    def _condition(self) -> Any:
        if self._take("not"):
            return Joined("not", (self._condition(),))
        if self._take("("):
            found = self._conditions()
            self._must(")")
            return found
        name = self._name()
        if self._take("not", "in"):
            return Compare(name, "not in", self._several())
        if self._take("in"):
            return Compare(name, "in", self._several())
        if self._take("like"):
            return Compare(name, "like", self._literal())
        if self.word not in _OPERATORS:
            raise malformed(f"unexpected token: '{self.word}'")
        operator = "!=" if self.word == "<>" else self.word
        self._at += 1
        return Compare(name, operator, self._literal())

    def _several(self) -> Any:
        self._must("(")
        found: Any
        if self._is("select"):
            found = self.query()
        else:
            found = [self._literal()]
            while self._take(","):
                found.append(self._literal())
        self._must(")")
        return found

    def _literal(self) -> Literal:
        kind, word = self.kind, self.word
        self._at += 1
        if kind == "text":
            plain = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), word[1:-1])
            return Literal("text", plain)
        if kind == "moment":
            return Literal("moment", datetime.fromisoformat(word).astimezone(UTC))
        if kind == "day":
            return Literal("day", date.fromisoformat(word))
        if kind == "number":
            return Literal("number", Decimal(word))
        lower = word.lower()
        if kind == "name" and lower in ("true", "false"):
            return Literal("boolean", lower == "true")
        if kind == "name" and lower == "null":
            return Literal("null", None)
        raise malformed(f"unexpected token: '{word}'")


_FITS = {
    "text": ("id", "string", "picklist", "reference", "textarea", "email", "phone", "url"),
    "moment": ("datetime",),
    "day": ("date",),
    "number": ("currency", "double", "percent", "int"),
    "boolean": ("boolean",),
}


def holds(condition: Any, value_of: Callable[[str], tuple[str, Any]], answers: Callable[[Query], set[Any]]) -> bool:
    """Whether a condition holds of a record. `value_of` gives type and value of a field, `answers` the values of a
    question's one field.

    Raises:
        Refusal: a field is compared with what it cannot be.
    """
    if isinstance(condition, Joined):
        results = (holds(one, value_of, answers) for one in condition.parts)
        if condition.how == "not":
            return not next(results)
        return all(results) if condition.how == "and" else any(results)
    kind, value = value_of(condition.field)
    if condition.operator in ("in", "not in"):
        if isinstance(condition.value, Query):
            found = value in answers(condition.value)
        else:
            found = any(_equal(kind, value, _fitting(condition.field, kind, one)) for one in condition.value)
        return found is (condition.operator == "in")
    given = _fitting(condition.field, kind, condition.value)
    if condition.operator == "like":
        pattern = re.escape(str(given)).replace("%", ".*").replace("_", ".")
        return value is not None and re.fullmatch(pattern, str(value), re.IGNORECASE) is not None
    if condition.operator == "=":
        return _equal(kind, value, given)
    if condition.operator == "!=":
        return not _equal(kind, value, given)
    if value is None or given is None:
        return False
    return bool(_SIGNS[condition.operator](value, given))


def fits(condition: Compare, kind: str) -> None:
    """Whether a field of a type can be compared with what the condition says.

    Raises:
        Refusal: it cannot.
    """
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    for value in values:
        if isinstance(value, Literal):
            _fitting(condition.field, kind, value)


def _fitting(name: str, kind: str, literal: Literal) -> Any:
    if literal.kind != "null" and kind not in _FITS[literal.kind]:
        wanted = "should not be enclosed in quotes" if literal.kind == "text" else "is of another type"
        raise Refusal(400, "INVALID_FIELD", f"value of filter criterion for field '{name}' {wanted}")
    if literal.kind == "text" and kind in ("id", "reference") and len(literal.value) == 15:
        return checked(literal.value)
    return literal.value


def _equal(kind: str, value: Any, given: Any) -> bool:
    """Text is compared without regard to capitals, ids with."""
    if isinstance(value, str) and isinstance(given, str) and kind not in ("id", "reference"):
        return value.casefold() == given.casefold()
    return bool(value == given)
