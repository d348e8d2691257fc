"""The rules of a field map, compiled: which value of a record fills which field, and when."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

from dealbooks.catalogue_files import file_finding
from dealbooks.errors import ConfigError
from dealbooks.findings import Finding
from dealbooks.map_expressions import EXPRESSION_ERRORS, Expression, Getter
from dealbooks.map_fields import CONVERTERS, SetAside, item_kind, item_model, said_kind
from dealbooks.map_spec import FieldSpec, ListSpec
from dealbooks.money import MoneyError

SAID = "said."
NEGATED = ", sign turned"
_GROUP = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[\*\]")
_SHAPES = 1000  # sets of columns that are remembered; a file has few


@dataclass(slots=True)
class Rule:
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
    paths: frozenset[str]  # the same with the steps below them, `customer.email`
    plain: bool  # a column as it is: no condition, no translation
    by_names: bool  # depends on the columns `names` only, so that it is the same for all records without them

    def silent(self, columns: Collection[str]) -> bool:
        """Whether it finds nothing in any record that has only these columns."""
        if self.plain:
            return self.column not in columns
        if not self.by_names or not self.names.isdisjoint(columns):
            return False
        findings: list[Finding] = []
        return value_of(self, {}, findings) is None and not findings


_Active = list[tuple[int, Rule]]  # position among the rules of a list, and the rule


@dataclass(slots=True)
class ListRule:
    """One compiled entry of a list."""

    target: str
    in_said: bool
    whole: bool
    group: str
    each: Getter | None
    when: Getter | None
    rules: list[Rule]
    names: frozenset[str]
    paths: frozenset[str]
    reads_record: bool  # some field of an item comes from the record around it
    asks: frozenset[str] | None  # the columns that `when` depends on; None: it looks at more than columns
    origins: dict[tuple[int, int], list[tuple[str, str]]] = field(default_factory=dict)
    active: dict[tuple[str, ...], _Active] = field(default_factory=dict)

    def silent(self, columns: Collection[str]) -> bool:
        """Whether it adds nothing to any record that has only these columns."""
        if not self.whole:
            return self.each is None and self.group not in columns
        if self.when is None or self.asks is None or not self.asks.isdisjoint(columns):
            return False
        findings: list[Finding] = []
        return not holds(self.when, {}, self.target, findings) and not findings

    def active_in(self, scope: Mapping[str, Any]) -> _Active:
        """The rules that can find something in an item."""
        shape = tuple(scope)
        known = self.active.get(shape)
        if known is None:
            known = [(place, rule) for place, rule in enumerate(self.rules) if not rule.silent(scope)]
            remember(self.active, shape, known)
        return known


def compiled(path: str, spec: FieldSpec, where: str, section: str, kind: str) -> Rule:
    """One field of a map, ready to be looked up. `where` and `section` name it in errors.

    Raises:
        ConfigError: for an expression or template that cannot be read.
    """
    key = f"{where}, {section}: {path}"
    column, get, origin, names, by_names = "", None, "", frozenset[str](), True
    paths = frozenset[str]()
    if spec.expression is not None:
        expression = Expression(spec.expression, key)
        column, get, origin, names = expression.column, expression.get, expression.text, expression.names
        by_names, paths = expression.by_names, expression.paths
    elif spec.template is not None:
        get, names = _template(spec.template, key)
        paths = names
        origin = spec.template
    else:
        fixed = spec.value
        get, origin = (lambda _: fixed), f"always {fixed}"
    when = Expression(spec.when, f"{key}, when") if spec.when is not None else None
    if when is not None:
        names |= when.names
        paths |= when.paths
        by_names = by_names and when.by_names
    convert = spec.convert or ("" if kind == "any" else kind)
    if convert == "negative":
        origin += NEGATED
    *parents, leaf = path.split(".")
    values = None if spec.values is None else {word.casefold(): value for word, value in spec.values.items()}
    return Rule(
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
        paths=paths,
        plain=bool(column) and when is None and values is None and spec.otherwise is None,
        by_names=by_names,
    )


def compiled_list(target: str, spec: ListSpec, where: str) -> ListRule:
    """One entry of a list of a map. Raises as `compiled`, and for a list or field that a deal does not have."""
    in_said = target.startswith(SAID)
    name = target.removeprefix(SAID)
    key = f"{where}, lists: {target}"
    if not in_said:
        item_model(name, key)
    each, group, names, within = None, "", frozenset[str](), frozenset[str]()
    whole = spec.each.strip() == "@"
    if not whole:
        match = _GROUP.fullmatch(spec.each.strip())
        group = match.group(1) if match else ""
        names = within = frozenset((group,))
        if match is None:
            expression = Expression(spec.each, f"{key}, each")
            each, names, within = expression.get, expression.names, expression.paths
    when = Expression(spec.when, f"{key}, when") if spec.when is not None else None
    if when is not None and whole:
        names |= when.names
    rules = [
        compiled(path, one, where, f"lists: {target}", said_kind(path) if in_said else item_kind(name, path, key))
        for path, one in spec.set.items()
    ]
    read = {path for rule in rules for path in rule.paths} | (when.paths if when is not None else frozenset())
    paths = frozenset(read) if whole else within | {one for path in read for one in _from_record(path, within)}
    texts = [spec.when or "", *(one.expression or one.template or "" for one in spec.set.values())]
    reads_record = any("record" in text for text in texts)
    held = None if when is None else when.get
    asks = when.names if when is not None and when.by_names else None
    return ListRule(name, in_said, whole, group, each, held, rules, names, paths, reads_record, asks)


def _from_record(path: str, groups: Iterable[str]) -> Iterator[str]:
    """A path of an item as it is seen from the record; `record` and `index` are not the item's own."""
    if path == "record" or path.startswith("record."):
        yield path.partition(".")[2]
    elif path != "index":
        yield from (f"{group}.{path}" for group in groups)


def _template(text: str, where: str) -> tuple[Getter, frozenset[str]]:
    """A template's getter: nothing when one of its columns is missing."""
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ConfigError(f"{where}: the template {text} cannot be read: {error}", fix="Write F{index}.") from error
    if not all(name.isidentifier() for name in names):
        raise ConfigError(f"{where}: the template {text} may only name columns", fix="Write F{index}.")

    if len(names) == text.count("{") == text.count("}") == 1 and (plain := f"{{{names[0]}}}") in text:
        name = names[0]
        before, _, after = text.partition(plain)
        return (lambda scope: None if (value := scope.get(name)) is None else f"{before}{value}{after}"), frozenset(
            (name,)
        )

    def get(scope: Mapping[str, Any]) -> str | None:
        if any(scope.get(name) is None for name in names):
            return None
        return text.format_map({name: scope[name] for name in names})

    return get, frozenset(names)


def value_of(rule: Rule, scope: Mapping[str, Any], findings: list[Finding]) -> Any:
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
    return value if rule.convert is None else converted(rule, value, findings)


def origin_in(rule: Rule, scope: Mapping[str, Any], origin: str) -> str:
    """Where a value came from: of a column that was empty, the stand-in."""
    if rule.otherwise is not None and rule.column and scope.get(rule.column) is None:
        return f"always {rule.otherwise}"
    return origin


def converted(rule: Rule, value: Any, findings: list[Finding]) -> Any:
    """A value as its field takes it; None, with a finding, where it does not fit."""
    try:
        return rule.convert(value)
    except MoneyError as error:
        findings.append(file_finding("F201", rule.path, value, origin=rule.origin, reason=str(error)))
    except SetAside as error:
        findings.append(file_finding("F204", rule.path, error, reason=error))
    except (ValueError, TypeError) as error:
        findings.append(file_finding("F202", rule.path, value, origin=rule.origin, reason=str(error)))
    return None


def remember(known: dict[Any, Any], key: Any, value: Any) -> None:
    """Keep what was worked out for a set of columns, up to a bound."""
    if len(known) < _SHAPES:
        known[key] = value


def put(tree: dict[str, Any], rule: Rule, value: Any) -> None:
    """Set a value at its path, the parts on the way made where they are missing."""
    for name in rule.parents:
        tree = tree.setdefault(name, {})
    tree[rule.leaf] = value


def holds(when: Getter, scope: Mapping[str, Any], target: str, findings: list[Finding]) -> bool:
    """Whether a condition holds; one that cannot be worked out does not, with a finding."""
    try:
        return bool(when(scope))
    except EXPRESSION_ERRORS as error:
        findings.append(file_finding("F203", target, "", origin="when", reason=_first_line(error)))
        return False


def items_of(entry: ListRule, data: Mapping[str, Any], findings: list[Finding]) -> Sequence[Mapping[str, Any]]:
    """The items of a record that an entry of a list is for."""
    if entry.whole:
        return (data,)
    try:
        found = data.get(entry.group) if entry.each is None else entry.each(data)
    except EXPRESSION_ERRORS as error:
        findings.append(file_finding("F203", entry.target, "", origin="each", reason=_first_line(error)))
        return ()
    if not found:
        return ()
    if not isinstance(found, list) or not all(type(item) is dict or isinstance(item, Mapping) for item in found):
        reason = "it should find a list of items"
        findings.append(file_finding("F203", entry.target, "", origin=entry.group or "each", reason=reason))
        return ()
    if not entry.reads_record and all("index" in item for item in found):
        return found
    return [{**item, "record": data, "index": item.get("index", place)} for place, item in enumerate(found, 1)]


def origin_of_item(rule: Rule, entry: ListRule, naming: str, index: Any) -> str:
    """Where a field of an item comes from, in the words of the file: `fee2_amount`."""
    if not rule.column or entry.whole or not entry.group:
        return rule.origin
    return rule.origin.replace(rule.column, naming.format(index=index, field=rule.column), 1)


def _first_line(error: Exception) -> str:
    lines: Iterator[str] = iter(str(error).splitlines())
    return next(lines, type(error).__name__)
