"""The query language: `select ... from ... where ... orderby ... startposition ... maxresults ...`. No OR, no joins.

Which fields may be asked for is Intuit's `filterable` remark on each field; PrivateNote is seen not to be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.quickbooks.company import INDEXED, NAMES, PEOPLE, SALES, Company, Document, name_key
from sandbox.quickbooks.refusals import bad_query
from sandbox.quickbooks.shapes import SHAPES

_TOKEN = re.compile(r"\s*('(?:[^'\\]|\\.)*'|<=|>=|!=|[=<>(),*]|[A-Za-z_][\w.]*|-?\d+(?:\.\d+)?)")
_EVERY = {"Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime"}
_FORM = {
    "DocNumber", "TxnDate", "CustomerRef", "TotalAmt", "Balance", "DueDate", "DepartmentRef", "ClassRef", "ShipDate",
}  # fmt: skip
_PEOPLE = {
    "DisplayName", "GivenName", "FamilyName", "MiddleName", "CompanyName", "PrintOnCheckName", "Active",
    "PrimaryEmailAddr", "FullyQualifiedName", "Balance", "Title", "Suffix", "Taxable", "Job",
}  # fmt: skip
_LIST = {
    "Name", "Active", "FullyQualifiedName", "Type", "AccountType", "AccountSubType", "Classification", "AcctNum", "Sku",
    "ParentRef", "SubAccount", "Taxable", "Description",
}  # fmt: skip
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda have, want: bool(have == want),
    "<": lambda have, want: bool(have < want),
    ">": lambda have, want: bool(have > want),
    "<=": lambda have, want: bool(have <= want),
    ">=": lambda have, want: bool(have >= want),
}


@dataclass(slots=True)
class _Asked:
    kind: str = ""
    count: bool = False
    fields: tuple[str, ...] = ()
    where: tuple[tuple[str, str, list[str]], ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    start: int = 1
    most: int = 0


def answer(company: Company, text: str, lag: float) -> tuple[dict[str, Any], bool]:
    """The QueryResponse, and whether something was not shown because it is younger than `lag` seconds.

    Raises:
        Refusal: 4000 where it cannot be read, 4001 where it asks for what cannot be asked for.
    """
    asked = _Parser(text, company).asked()
    found, hidden = _found(company, asked, lag)
    if asked.count:
        return {"totalCount": len(found)}, hidden
    for name, falling in reversed(asked.order or (("Id", True),)):
        found.sort(key=lambda row: _comparable(_field(row, name)), reverse=falling)
    page = found[asked.start - 1 : asked.start - 1 + asked.most]
    if not page:
        return {}, hidden
    rows = [_projected(row, asked.fields) for row in page]
    return {asked.kind: rows, "startPosition": asked.start, "maxResults": len(page)}, hidden


def _found(company: Company, asked: _Asked, lag: float) -> tuple[list[Document], bool]:
    rows, hidden = [], False
    youngest = company.now() - timedelta(seconds=lag)
    only_active = asked.kind in NAMES and not any(name == "Active" for name, _, _ in asked.where)
    table = company.tables[asked.kind]
    for ref in _candidates(company, asked):
        row = table[ref]
        if (only_active and not row["Active"]) or (asked.kind, ref) in company.hidden:
            continue
        if not all(_holds(row, *condition) for condition in asked.where):
            continue
        if lag and company.created[asked.kind, ref] > youngest:
            hidden = True
            continue
        rows.append(row)
    return rows, hidden


def _candidates(company: Company, asked: _Asked) -> list[str]:
    """The ids that can meet the conditions: few, where one asks for an id or a number."""
    for name, operator, wanted in asked.where:
        if operator == "=" and name == "Id":
            return [wanted[0]] if wanted[0] in company.tables[asked.kind] else []
        if operator == "=" and name in INDEXED:
            return list(company.index.get((asked.kind, name, wanted[0]), ()))
        if operator == "=" and name in ("DisplayName", "Name") and asked.kind in NAMES:
            kind, ref = company.names.get(name_key(asked.kind, wanted[0]), ("", ""))
            return [ref] if kind == asked.kind else []
    return list(company.tables[asked.kind])


def _field(row: Document, name: str) -> Any:
    if name == "Id":
        return Decimal(row["Id"])
    value: Any = row
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        return value.get("value", value.get("Address"))
    return value


def _comparable(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, (Decimal, int)) else (2, str(value))


def _holds(row: Document, name: str, operator: str, wanted: list[str]) -> bool:
    have = _field(row, name)
    if have is None:
        return False
    if operator == "like":
        pattern = ".*".join(re.escape(part) for part in wanted[0].split("%"))
        return re.fullmatch(pattern, str(have), re.IGNORECASE | re.DOTALL) is not None
    if operator == "in":
        return any(_holds(row, name, "=", [one]) for one in wanted)
    want: Any = wanted[0]
    if name.startswith("MetaData."):
        have, want = datetime.fromisoformat(have), _moment(want)
    elif isinstance(have, bool):
        want = want.lower() == "true"
    elif isinstance(have, (Decimal, int)):
        try:
            want = Decimal(want)
        except InvalidOperation:
            raise bad_query(f"QueryValidationError: value {want} is not valid for property {name}") from None
    return _OPERATORS[operator](have, want)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_query(f"QueryValidationError: {text} is not a time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _projected(row: Document, fields: tuple[str, ...]) -> Mapping[str, Any]:
    if not fields:
        return row
    tops = dict.fromkeys(name.split(".")[0] for name in fields)
    return {"domain": "QBO", "sparse": True, **{name: row[name] for name in tops if name in row}}


class _Parser:
    """Reads one query."""

    def __init__(self, text: str, company: Company) -> None:
        self._company = company
        self._tokens: list[str] = []
        place, text = 0, text.strip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise bad_query(f"QueryParserError: Encountered {text[place]!r} at line 1, column {place + 1}.", "4000")
            self._tokens.append(match.group(1))
            place = match.end()
        self._next = 0

    def asked(self) -> _Asked:
        asked = _Asked(most=self._company.settings.query_default)
        self._expect("select")
        asked.count, asked.fields = self._selected()
        self._expect("from")
        asked.kind = self._entity(self._take())
        if self._taken("where"):
            asked.where = self._conditions(asked.kind)
        if self._taken("orderby") or (self._taken("order") and self._expect("by")):
            asked.order = self._ordered(asked.kind)
        if self._taken("startposition"):
            asked.start = self._whole(1, None)
        if self._taken("maxresults"):
            asked.most = self._whole(0, self._company.settings.query_limit)
        if self._next < len(self._tokens):
            raise self._lost()
        for name in asked.fields:
            self._known(asked.kind, name)
        return asked

    def _selected(self) -> tuple[bool, tuple[str, ...]]:
        if self._taken("count"):
            for mark in "(*)":
                self._expect(mark)
            return True, ()
        names = [self._take()]
        while self._taken(","):
            names.append(self._take())
        return False, () if "*" in names else tuple(names)

    def _conditions(self, kind: str) -> tuple[tuple[str, str, list[str]], ...]:
        made = []
        while True:
            name = self._take()
            self._filterable(kind, name)
            operator = self._take().lower()
            if operator == "in":
                self._expect("(")
                values = [self._value()]
                while self._taken(","):
                    values.append(self._value())
                self._expect(")")
            elif operator == "like" or operator in _OPERATORS:
                values = [self._value()]
            else:
                raise self._lost(-1)
            made.append((name, operator, values))
            if not self._taken("and"):
                return tuple(made)

    def _ordered(self, kind: str) -> tuple[tuple[str, bool], ...]:
        made = []
        while True:
            name = self._take()
            self._filterable(kind, name)
            falling = self._taken("desc")
            if not falling:
                self._taken("asc")
            made.append((name, falling))
            if not self._taken(","):
                return tuple(made)

    def _entity(self, name: str) -> str:
        for kind in self._company.tables:
            if kind.lower() == name.lower():
                return kind
        raise bad_query(f"QueryValidationError: Invalid context declaration: {name}")

    def _known(self, kind: str, name: str) -> None:
        top = name.split(".")[0]
        if top not in SHAPES.get(kind, {top: ""}):
            raise bad_query(f"QueryValidationError: Property {name} not found for Entity {kind}")

    def _filterable(self, kind: str, name: str) -> None:
        self._known(kind, name)
        allowed = set(_EVERY)
        if kind in SALES:
            allowed |= _FORM | ({"PaymentRefNum"} if kind == "SalesReceipt" else set())
        elif kind == "Payment":
            allowed |= {"TxnDate", "CustomerRef", "TotalAmt", "PaymentRefNum", "UnappliedAmt"}
        elif kind == "JournalEntry":
            allowed |= {"DocNumber", "TxnDate", "TotalAmt"}
        elif kind in PEOPLE:
            allowed |= _PEOPLE
        else:
            allowed |= _LIST
        if name not in allowed and f"{kind}.{name}" not in self._company.settings.also_filterable:
            raise bad_query(f"QueryValidationError: property '{name}' is not queryable")

    def _whole(self, least: int, most: int | None) -> int:
        token = self._take()
        if not token.isdigit():
            raise self._lost(-1)
        if int(token) < least:
            raise bad_query(f"QueryValidationError: value {token} is too small. Min allowed value is {least}.")
        if most is not None and int(token) > most:
            raise bad_query(f"QueryValidationError: value {token} is too large. Max allowed value is {most}.")
        return int(token)

    def _value(self) -> str:
        token = self._take()
        if token[0] == "'":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token.lower() in ("true", "false") or token[0] in "-0123456789":
            return token
        raise self._lost(-1)

    def _take(self) -> str:
        if self._next >= len(self._tokens):
            raise self._lost()
        self._next += 1
        return self._tokens[self._next - 1]

    def _taken(self, word: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next].lower() == word:
            self._next += 1
            return True
        return False

    def _expect(self, word: str) -> bool:
        if not self._taken(word):
            raise self._lost()
        return True

    def _lost(self, back: int = 0) -> Exception:
        place = self._next + back
        token = self._tokens[place] if place < len(self._tokens) else "<EOF>"
        column = sum(len(one) + 1 for one in self._tokens[:place]) + 1
        return bad_query(f'QueryParserError: Encountered " {token} "" at line 1, column {column}.', "4000")
