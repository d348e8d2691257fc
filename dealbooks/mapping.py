"""Field maps: YAML that says which field of the deal comes from which column or expression of a source's record.

    raw record --map--> Draft

Pure, and checked when it is read: an expression that cannot be parsed, a field that a deal does not have or an unknown
key is a ConfigError that names the file, the key and what is known. A value that does not fit is a finding of that
deal, never an exception. Most fields are plain columns and are looked up without an interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.catalogue_files import file_finding
from dealbooks.draft import Draft, RawRecord
from dealbooks.errors import ConfigError
from dealbooks.findings import Finding
from dealbooks.map_expressions import EXPRESSION_ERRORS, Expression, Getter
from dealbooks.map_fields import CONVERTERS, deal_kind, item_kind, item_model, said_kind
from dealbooks.map_spec import FieldSpec, ListSpec, MapFile, find_map, read_map
from dealbooks.money import MoneyError

_GROUP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[\*\]")
_NEGATED = ", sign turned"
_SAID = "said."


@dataclass(frozen=True, slots=True)
class MapRow:
    """One row of `map check`: a field, where it comes from, what was found, and how that stands."""

    field: str
    origin: str
    value: str
    status: Literal["found", "not in this record", "refused", "column not used"]


@dataclass(slots=True)
class _Rule:
    """One compiled field."""

    path: str
    parents: tuple[str, ...]
    leaf: str
    column: str
    get: Getter | None
    when: Getter | None
    values: Mapping[str, str] | None
    otherwise: Any
    convert: Any
    kind: str
    origin: str
    names: frozenset[str]
    plain: bool  # a column as it is: no condition, no translation


@dataclass(slots=True)
class _ListRule:
    """One compiled entry of a list."""

    target: str
    in_said: bool
    whole: bool
    group: str
    each: Getter | None
    when: Getter | None
    rules: list[_Rule]
    names: frozenset[str]
    reads_record: bool  # some field of an item comes from the record around it
    origins: dict[tuple[int, int], list[tuple[str, str]]] = field(default_factory=dict)


class FieldMap:
    """See the module. Build with `load` or `parse`."""

    def __init__(self, spec: MapFile, where: str) -> None:
        self.content_hash = sha256_hex(canonical_json(spec.model_dump(mode="json")))
        self.name = spec.map
        self.where = where
        self._columns = dict(spec.columns)
        self._deal = [_compiled(path, one, where, "deal", deal_kind(path, where)) for path, one in spec.deal.items()]
        self._said = [_compiled(path, one, where, "said", said_kind(path)) for path, one in spec.said.items()]
        self._lists = [_compiled_list(target, one, where) for target, entries in spec.lists.items() for one in entries]

        self._plain: dict[str, list[tuple[bool, str, _Rule]]] = {}
        self._worked_out: list[tuple[bool, str, _Rule]] = []
        for in_said, rule in [*((False, rule) for rule in self._deal), *((True, rule) for rule in self._said)]:
            path = _SAID + rule.path if in_said else rule.path
            if rule.plain:
                self._plain.setdefault(rule.column, []).append((in_said, path, rule))
            else:
                self._worked_out.append((in_said, path, rule))

    @classmethod
    def load(cls, name_or_path: str | Path) -> FieldMap:
        """A shipped map by its name (csv_files), or a file of the dealership's own.

        Raises:
            ConfigError: naming the file, the key and what is known.
        """
        path = find_map(name_or_path)
        try:
            return cls.parse(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise ConfigError(f"the map {path} cannot be read: {error.strerror}", fix="Check the path.") from error

    @classmethod
    def parse(cls, text: str, where: str) -> FieldMap:
        """A map from YAML text; `where` names it in errors.

        Raises:
            ConfigError: see `load`.
        """
        return cls(read_map(text, where), where)

    def draft(self, record: RawRecord) -> Draft:
        """What the record says about the deal; values that do not fit are left out, with a finding."""
        draft = Draft({})
        data = record.data
        origin = draft.origin
        trees = (draft.deal, draft.said)
        for column, stated in data.items():
            for in_said, path, rule in self._plain.get(column, ()):
                value = stated if rule.convert is None else _converted(rule, stated, draft.findings)
                if value is not None:
                    _put(trees[in_said], rule, value)
                    origin[path] = column
        for in_said, path, rule in self._worked_out:
            value = _value(rule, data, draft.findings)
            if value is not None:
                _put(trees[in_said], rule, value)
                origin[path] = _origin(rule, data, rule.origin)
        for entry in self._lists:
            if entry.whole or entry.each is not None or entry.group in data:
                self._add_items(entry, data, draft)
        return draft

    def _add_items(self, entry: _ListRule, data: Mapping[str, Any], draft: Draft) -> None:
        items = _items(entry, data, draft.findings)
        if not items:
            return
        holder = draft.said if entry.in_said else draft.deal
        target: list[dict[str, Any]] | None = holder.get(entry.target)
        for scope in items:
            if entry.when is not None and not _holds(entry.when, scope, entry.target, draft.findings):
                continue
            if target is None:
                target = holder[entry.target] = []
            position = len(target)
            item: dict[str, Any] = {}
            origins = self._origins(entry, position, scope.get("index", 0))
            for rule, (path, origin) in zip(entry.rules, origins, strict=True):
                if rule.plain:
                    value = scope.get(rule.column)
                    if value is None:
                        continue
                    if rule.convert is not None:
                        value = _converted(rule, value, draft.findings)
                else:
                    value = _value(rule, scope, draft.findings)
                    origin = _origin(rule, scope, origin)
                if value is not None:
                    _put(item, rule, value)
                    draft.origin[path] = origin
            target.append(item)

    def _origins(self, entry: _ListRule, position: int, index: Any) -> list[tuple[str, str]]:
        """Path and origin for each field of an item; the same for every record, so worked out once."""
        known = entry.origins.get((position, index))
        if known is None:
            prefix = f"{_SAID if entry.in_said else ''}{entry.target}[{position}]."
            naming = self._columns.get(entry.group, f"{entry.group}[{{index}}].{{field}}")
            known = [(prefix + rule.path, _origin_of_item(rule, entry, naming, index)) for rule in entry.rules]
            if len(entry.origins) < 1000:
                entry.origins[position, index] = known
        return known

    def check(self, sample: RawRecord) -> list[MapRow]:
        """What the map makes of one record, for `map check`: every field, where it came from, what is missing, and the
        columns of the record that no field uses."""
        draft = self.draft(sample)
        refused = {found.field for found in draft.findings}
        rows = [
            _checked_row(path, origin, draft, refused)
            for path, origin in [
                *((rule.path, rule.origin) for rule in self._deal),
                *((_SAID + rule.path, rule.origin) for rule in self._said),
            ]
        ]
        listed = [path for path in draft.origin if "[" in path]
        rows += [_checked_row(path, draft.origin[path], draft, refused) for path in listed]
        for entry in self._lists:
            shown = f"{_SAID if entry.in_said else ''}{entry.target}"
            if not any(path.startswith(f"{shown}[") for path in listed):
                rows.append(MapRow(shown, entry.group or "@", "", "not in this record"))
        used = self.columns_used()
        rows += [
            MapRow("", sample.columns.get(name, name), str(sample.data[name]), "column not used")
            for name in sample.data
            if name not in used
        ]
        return rows

    def columns_used(self) -> frozenset[str]:
        """Names of the record that the map reads."""
        used = {name for rule in (*self._deal, *self._said) for name in rule.names}
        for entry in self._lists:
            used |= entry.names
            if entry.whole:
                used.update(name for rule in entry.rules for name in rule.names)
        return frozenset(used)


def amounts_of(draft: Draft) -> dict[str, Decimal]:
    """The inverse of a map for amounts: column -> amount, for every amount of a draft that stands in one column.

    Amounts worked out by an expression have no column, and are left out.
    """
    found: dict[str, Decimal] = {}
    for path, origin in draft.origin.items():
        in_said = path.startswith(_SAID)
        value = _at(draft.said, path[len(_SAID) :]) if in_said else _at(draft.deal, path)
        if not isinstance(value, Decimal):
            continue
        column = origin.partition(", ")[0]
        if column.isidentifier():
            found[column] = -value if origin.endswith(_NEGATED) and value else value
    return found


def _at(tree: Any, path: str) -> Any:
    for part in path.replace("[", ".").replace("]", "").split("."):
        tree = tree[int(part)] if isinstance(tree, list) else tree[part]
    return tree


def _compiled(path: str, spec: FieldSpec, where: str, section: str, kind: str) -> _Rule:
    key = f"{where}, {section}: {path}"
    column, get, origin, names = "", None, "", frozenset[str]()
    if spec.expression is not None:
        expression = Expression(spec.expression, key)
        column, get, origin, names = expression.column, expression.get, expression.text, expression.names
    elif spec.template is not None:
        get, names = _template(spec.template, key)
        origin = spec.template
    else:
        fixed = spec.value
        get, origin = (lambda _: fixed), f"always {fixed}"
    when = Expression(spec.when, f"{key}, when") if spec.when is not None else None
    if when is not None:
        names |= when.names
    convert = spec.convert or ("" if kind == "any" else kind)
    if convert == "negative":
        origin += _NEGATED
    *parents, leaf = path.split(".")
    values = None if spec.values is None else {word.casefold(): value for word, value in spec.values.items()}
    return _Rule(
        path=path,
        parents=tuple(parents),
        leaf=leaf,
        column=column,
        get=None if column else get,
        when=None if when is None else when.get,
        values=values,
        otherwise=spec.otherwise,
        convert=CONVERTERS.get(convert),
        kind=convert,
        origin=origin,
        names=names,
        plain=bool(column) and when is None and values is None and spec.otherwise is None,
    )


def _compiled_list(target: str, spec: ListSpec, where: str) -> _ListRule:
    in_said = target.startswith(_SAID)
    name = target.removeprefix(_SAID)
    key = f"{where}, lists: {target}"
    if not in_said:
        item_model(name, key)
    each, group, names = None, "", frozenset[str]()
    whole = spec.each.strip() == "@"
    if not whole:
        match = _GROUP.fullmatch(spec.each.strip())
        group = match.group(1) if match else ""
        names = frozenset((group,))
        if match is None:
            expression = Expression(spec.each, f"{key}, each")
            each, names = expression.get, expression.names
    when = Expression(spec.when, f"{key}, when") if spec.when is not None else None
    if when is not None and whole:
        names |= when.names
    rules = [
        _compiled(path, one, where, f"lists: {target}", said_kind(path) if in_said else item_kind(name, path, key))
        for path, one in spec.set.items()
    ]
    texts = [spec.when or "", *(one.expression or one.template or "" for one in spec.set.values())]
    reads_record = any("record" in text for text in texts)
    held = None if when is None else when.get
    return _ListRule(name, in_said, whole, group, each, held, rules, names, reads_record)


def _template(text: str, where: str) -> tuple[Getter, frozenset[str]]:
    """A template's getter: nothing when one of its columns is missing."""
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ConfigError(f"{where}: the template {text} cannot be read: {error}", fix="Write F{index}.") from error
    if not all(name.isidentifier() for name in names):
        raise ConfigError(f"{where}: the template {text} may only name columns", fix="Write F{index}.")

    def get(scope: Mapping[str, Any]) -> str | None:
        if any(scope.get(name) is None for name in names):
            return None
        return text.format_map({name: scope[name] for name in names})

    return get, frozenset(names)


def _value(rule: _Rule, scope: Mapping[str, Any], findings: list[Finding]) -> Any:
    """What a rule finds in a scope, translated and converted; None when there is nothing."""
    try:
        if rule.when is not None and not rule.when(scope):
            return None
        value = scope.get(rule.column) if rule.column else rule.get(scope) if rule.get is not None else None
    except EXPRESSION_ERRORS as error:
        findings.append(file_finding("F203", rule.path, "", origin=rule.origin, reason=_first_line(error)))
        return None
    if rule.values is not None and value is not None:
        value = rule.values.get(str(value).casefold())
    if value is None:
        value = rule.otherwise
        if value is None:
            return None
    return value if rule.convert is None else _converted(rule, value, findings)


def _origin(rule: _Rule, scope: Mapping[str, Any], origin: str) -> str:
    """Where a value came from: of a column that was empty, the stand-in."""
    if rule.otherwise is not None and rule.column and scope.get(rule.column) is None:
        return f"always {rule.otherwise}"
    return origin


def _converted(rule: _Rule, value: Any, findings: list[Finding]) -> Any:
    try:
        return rule.convert(value)
    except MoneyError as error:
        findings.append(file_finding("F201", rule.path, value, origin=rule.origin, reason=str(error)))
    except (ValueError, TypeError) as error:
        findings.append(file_finding("F202", rule.path, value, origin=rule.origin, reason=str(error)))
    return None


def _put(tree: dict[str, Any], rule: _Rule, value: Any) -> None:
    for name in rule.parents:
        tree = tree.setdefault(name, {})
    tree[rule.leaf] = value


def _holds(when: Getter, scope: Mapping[str, Any], target: str, findings: list[Finding]) -> bool:
    try:
        return bool(when(scope))
    except EXPRESSION_ERRORS as error:
        findings.append(file_finding("F203", target, "", origin="when", reason=_first_line(error)))
        return False


def _items(entry: _ListRule, data: Mapping[str, Any], findings: list[Finding]) -> Sequence[Mapping[str, Any]]:
    if entry.whole:
        return (data,)
    try:
        found = data.get(entry.group) if entry.each is None else entry.each(data)
    except EXPRESSION_ERRORS as error:
        findings.append(file_finding("F203", entry.target, "", origin="each", reason=_first_line(error)))
        return ()
    if not found:
        return ()
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        reason = "it should find a list of items"
        findings.append(file_finding("F203", entry.target, "", origin=entry.group or "each", reason=reason))
        return ()
    if not entry.reads_record and all("index" in item for item in found):
        return found
    return [{**item, "record": data, "index": item.get("index", place)} for place, item in enumerate(found, 1)]


def _origin_of_item(rule: _Rule, entry: _ListRule, naming: str, index: Any) -> str:
    if not rule.column or entry.whole or not entry.group:
        return rule.origin
    return rule.origin.replace(rule.column, naming.format(index=index, field=rule.column), 1)


def _checked_row(path: str, origin: str, draft: Draft, refused: set[str]) -> MapRow:
    if path in draft.origin:
        in_said = path.startswith(_SAID)
        value = _at(draft.said, path[len(_SAID) :]) if in_said else _at(draft.deal, path)
        return MapRow(path, origin, str(value), "found")
    return MapRow(path, origin, "", "refused" if path.removeprefix(_SAID) in refused else "not in this record")


def _first_line(error: Exception) -> str:
    lines: Iterator[str] = iter(str(error).splitlines())
    return next(lines, type(error).__name__)
