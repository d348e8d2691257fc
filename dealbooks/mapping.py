"""Field maps: YAML that says which field of the deal comes from which column or expression of a source's record.

    raw record --map--> Draft

Pure, and checked when it is read: an expression that cannot be parsed, a field that a deal does not have or an unknown
key is a ConfigError that names the file, the key and what is known. A value that does not fit is a finding of that
deal, never an exception. Most fields are plain columns and are looked up without an interpreter. Which fields a record
can fill depends on the columns that it has, so that is worked out once for all records of the same columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.draft import Draft, RawRecord
from dealbooks.errors import ConfigError
from dealbooks.map_fields import deal_kind, said_kind
from dealbooks.map_rules import (
    NEGATED,
    SAID,
    ListRule,
    Rule,
    compiled,
    compiled_list,
    converted,
    holds,
    items_of,
    origin_in,
    origin_of_item,
    put,
    remember,
    value_of,
)
from dealbooks.map_spec import MapFile, find_map, read_map


@dataclass(frozen=True, slots=True)
class MapRow:
    """One row of `map check`: a field, where it comes from, what was found, and how that stands."""

    field: str
    origin: str
    value: str
    status: Literal["found", "not in this record", "refused", "column not used"]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What records with the same columns can fill: (whether it is said beside the deal, path, rule), and of plain
    columns also the parts of the rule that each value needs: parents, leaf, column, conversion."""

    plain: list[tuple[bool, str, Rule, tuple[str, ...], str, str, Any]]
    worked_out: list[tuple[bool, str, Rule]]
    lists: list[ListRule]


class FieldMap:
    """See the module. Build with `load` or `parse`."""

    def __init__(self, spec: MapFile, where: str) -> None:
        self.content_hash = sha256_hex(canonical_json(spec.model_dump(mode="json")))
        self.name = spec.map
        self.where = where
        self._columns = dict(spec.columns)
        self._deal = [compiled(path, one, where, "deal", deal_kind(path, where)) for path, one in spec.deal.items()]
        self._said = [compiled(path, one, where, "said", said_kind(path)) for path, one in spec.said.items()]
        self._lists = [compiled_list(target, one, where) for target, entries in spec.lists.items() for one in entries]

        self._by_path = {rule.path: rule for rule in self._deal} | {SAID + rule.path: rule for rule in self._said}
        self._plain: dict[str, list[tuple[bool, str, Rule]]] = {}
        self._worked_out: list[tuple[bool, str, Rule]] = []
        for in_said, rule in [*((False, rule) for rule in self._deal), *((True, rule) for rule in self._said)]:
            path = SAID + rule.path if in_said else rule.path
            if rule.plain:
                self._plain.setdefault(rule.column, []).append((in_said, path, rule))
            else:
                self._worked_out.append((in_said, path, rule))
        self._plans: dict[tuple[str, ...], _Plan] = {}

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
        origin, findings = draft.origin, draft.findings
        trees = (draft.deal, draft.said)
        plan = self._plan(data)
        for in_said, path, rule, parents, leaf, column, convert in plan.plain:
            value = data[column]
            if convert is not None:
                try:
                    value = convert(value)
                except (ValueError, TypeError):
                    value = converted(rule, value, findings)
            if value is not None:
                tree = trees[in_said]
                for name in parents:
                    tree = tree.setdefault(name, {})
                tree[leaf] = value
                origin[path] = column
        for in_said, path, rule in plan.worked_out:
            value = value_of(rule, data, findings)
            if value is not None:
                put(trees[in_said], rule, value)
                origin[path] = origin_in(rule, data, rule.origin)
        for entry in plan.lists:
            self._add_items(entry, data, draft)
        return draft

    def _plan(self, data: Mapping[str, Any]) -> _Plan:
        """What a record with these columns can fill."""
        shape = tuple(data)
        plan = self._plans.get(shape)
        if plan is None:
            plan = _Plan(
                [
                    (in_said, path, rule, rule.parents, rule.leaf, rule.column, rule.convert)
                    for column in data
                    for in_said, path, rule in self._plain.get(column, ())
                ],
                [one for one in self._worked_out if not one[2].silent(data)],
                [entry for entry in self._lists if not entry.silent(data)],
            )
            remember(self._plans, shape, plan)
        return plan

    def _add_items(self, entry: ListRule, data: Mapping[str, Any], draft: Draft) -> None:
        items = items_of(entry, data, draft.findings)
        if not items:
            return
        origin_of, findings = draft.origin, draft.findings
        holder = draft.said if entry.in_said else draft.deal
        target: list[dict[str, Any]] | None = holder.get(entry.target)
        for scope in items:
            if entry.when is not None and not holds(entry.when, scope, entry.target, findings):
                continue
            if target is None:
                target = holder[entry.target] = []
            item: dict[str, Any] = {}
            origins = self._origins(entry, len(target), scope.get("index", 0))
            for place, rule in entry.active_in(scope):
                path, origin = origins[place]
                if rule.plain:
                    value = scope[rule.column]
                    if value is None:
                        continue
                    if rule.convert is not None:
                        try:
                            value = rule.convert(value)
                        except (ValueError, TypeError):
                            value = converted(rule, value, findings)
                else:
                    value = value_of(rule, scope, findings)
                    if rule.otherwise is not None:
                        origin = origin_in(rule, scope, origin)
                if value is not None:
                    if rule.parents:
                        put(item, rule, value)
                    else:
                        item[rule.leaf] = value
                    origin_of[path] = origin
            target.append(item)

    def _origins(self, entry: ListRule, position: int, index: Any) -> list[tuple[str, str]]:
        """Path and origin for each field of an item; the same for every record, so worked out once."""
        known = entry.origins.get((position, index))
        if known is None:
            prefix = f"{SAID if entry.in_said else ''}{entry.target}[{position}]."
            naming = self._columns.get(entry.group, f"{entry.group}[{{index}}].{{field}}")
            known = [(prefix + rule.path, origin_of_item(rule, entry, naming, index)) for rule in entry.rules]
            remember(entry.origins, (position, index), known)
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
                *((SAID + rule.path, rule.origin) for rule in self._said),
            ]
        ]
        listed = [path for path in draft.origin if "[" in path]
        rows += [_checked_row(path, draft.origin[path], draft, refused) for path in listed]
        for entry in self._lists:
            shown = f"{SAID if entry.in_said else ''}{entry.target}"
            if not any(path.startswith(f"{shown}[") for path in listed):
                rows.append(MapRow(shown, entry.group or "@", "", "not in this record"))
        used = self.columns_used()
        rows += [
            MapRow("", sample.columns.get(name, name), str(sample.data[name]), "column not used")
            for name in sample.data
            if name not in used
        ]
        return rows

    def value(self, path: str, data: Mapping[str, Any]) -> Any:
        """What one field of the deal, or of `said` (`said.store_code`), is in this record, without the rest; None when
        there is nothing, it does not fit, or the map does not fill it."""
        rule = self._by_path.get(path)
        return None if rule is None else value_of(rule, data, [])

    def reads(self) -> frozenset[str]:
        """Every path of the record that the map reads: `name`, `customer.email`, and for the items of a list
        `lines.amount`. What a source need not be asked for is not among them."""
        paths = {path for rule in (*self._deal, *self._said) for path in rule.paths}
        for entry in self._lists:
            paths |= entry.paths
        longer = {path.rpartition(".")[0] for path in paths if "." in path}
        return frozenset(path for path in paths if path and path not in longer)

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
        in_said = path.startswith(SAID)
        value = _at(draft.said, path[len(SAID) :]) if in_said else _at(draft.deal, path)
        if not isinstance(value, Decimal):
            continue
        column = origin.partition(", ")[0]
        if column.isidentifier():
            found[column] = -value if origin.endswith(NEGATED) and value else value
    return found


def _at(tree: Any, path: str) -> Any:
    for part in path.replace("[", ".").replace("]", "").split("."):
        tree = tree[int(part)] if isinstance(tree, list) else tree[part]
    return tree


def _checked_row(path: str, origin: str, draft: Draft, refused: set[str]) -> MapRow:
    if path in draft.origin:
        in_said = path.startswith(SAID)
        value = _at(draft.said, path[len(SAID) :]) if in_said else _at(draft.deal, path)
        return MapRow(path, origin, str(value), "found")
    return MapRow(path, origin, "", "refused" if path.removeprefix(SAID) in refused else "not in this record")
