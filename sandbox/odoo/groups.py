"""Sums by group: `read_group` and, in 19, `formatted_read_group`."""

from __future__ import annotations

import calendar
import functools
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.odoo.errors import value_error

if TYPE_CHECKING:
    from sandbox.odoo.model import Model

Key = tuple[Any, ...]


def _grouped(model: Model, domain: Sequence[Any], groupby: Sequence[str]) -> dict[Key, list[int]]:
    found: dict[Key, list[int]] = {}
    for number in model.found(domain):
        found.setdefault(tuple(_group(model, number, spec) for spec in groupby), []).append(number)
    return dict(sorted(found.items(), key=lambda item: [(value is False, str(value)) for value in item[0]]))


def _group(model: Model, number: int, spec: str) -> Any:
    name, _, step = spec.partition(":")
    if name not in model.fields:
        raise value_error(f"Invalid field '{name}' on model '{model.name}'")
    value = model.value(number, name)
    if model.fields[name].type in ("date", "datetime") and value:
        day = str(value)[:10]
        return {"day": day, "year": f"{day[:4]}-01-01"}.get(step, f"{day[:7]}-01")
    return value


def _shown(model: Model, spec: str, value: Any) -> Any:
    name, _, step = spec.partition(":")
    field = model.fields[name]
    if field.type == "many2one" and value:
        return [value, model.env[field.relation].display(value)]
    if field.type in ("date", "datetime") and value:
        start = date.fromisoformat(value)
        return {"day": f"{start:%d %b %Y}", "year": f"{start:%Y}"}.get(step, f"{start:%B %Y}")
    return value


def _domain(model: Model, spec: str, value: Any) -> list[Any]:
    """The condition that picks one group."""
    name, _, step = spec.partition(":")
    if model.fields[name].type not in ("date", "datetime") or not value:
        return [[name, "=", value]]
    start = date.fromisoformat(value)
    if step == "day":
        last = start
    elif step == "year":
        last = date(start.year, 12, 31)
    else:
        last = start.replace(day=calendar.monthrange(start.year, start.month)[1])
    return ["&", [name, ">=", start.isoformat()], [name, "<=", last.isoformat()]]


def _aggregate(model: Model, numbers: Sequence[int], name: str, how: str) -> Any:
    if name not in model.fields:
        raise value_error(f"Invalid field '{name}' on model '{model.name}'")
    values = [model.value(number, name) for number in numbers]
    if how == "count_distinct":
        return len(set(values))
    if how == "count":
        return len([value for value in values if value is not False])
    if how in ("min", "max"):
        return min(values) if how == "min" else max(values)
    if how != "sum":
        raise value_error(f"Invalid aggregation '{how}'")
    return sum(values, Decimal(0))


def formatted(
    model: Model,
    domain: Sequence[Any],
    groupby: Sequence[str],
    aggregates: Sequence[str],
    offset: int,
    limit: int | None,
    order: str,
) -> list[dict[str, Any]]:
    """As 19 answers it."""
    found: list[dict[str, Any]] = []
    for key, numbers in _grouped(model, domain, groupby).items():
        row: dict[str, Any] = {spec: _shown(model, spec, value) for spec, value in zip(groupby, key, strict=True)}
        for aggregate in aggregates:
            name, _, how = aggregate.partition(":")
            row[aggregate] = len(numbers) if aggregate == "__count" else _aggregate(model, numbers, name, how)
        row["__extra_domain"] = [
            part for spec, value in zip(groupby, key, strict=True) for part in _domain(model, spec, value)
        ]
        found.append(row)
    return _cut(found, offset, limit, order)


def read_group(
    model: Model,
    domain: Sequence[Any],
    fields: Sequence[str],
    groupby: str | Sequence[str],
    offset: int,
    limit: int | None,
    order: str,
    *,
    lazy: bool,
) -> list[dict[str, Any]]:
    """As the versions up to 18 answer it: `lazy` groups by the first field only."""
    listed = [groupby] if isinstance(groupby, str) else list(groupby)
    used = listed[:1] if lazy else listed
    found: list[dict[str, Any]] = []
    for key, numbers in _grouped(model, domain, used).items():
        row: dict[str, Any] = {spec: _shown(model, spec, value) for spec, value in zip(used, key, strict=True)}
        row[f"{used[0].partition(':')[0]}_count" if lazy and used else "__count"] = len(numbers)
        for spec in fields:
            name, _, how = spec.partition(":")
            if name in model.fields and model.fields[name].type in ("monetary", "float", "integer"):
                row[name] = _aggregate(model, numbers, name, how or "sum")
        own = [part for spec, value in zip(used, key, strict=True) for part in _domain(model, spec, value)]
        row["__domain"] = [*own, *domain]
        found.append(row)
    return _cut(found, offset, limit, order)


def _cut(rows: list[dict[str, Any]], offset: int, limit: int | None, order: str) -> list[dict[str, Any]]:
    for part in reversed([part.strip() for part in order.split(",") if part.strip()]):
        name, _, way = part.partition(" ")
        rows.sort(key=functools.partial(_sortable, name), reverse=way.strip().lower() == "desc")
    return rows[offset : offset + limit] if limit else rows[offset:]


def _sortable(name: str, row: dict[str, Any]) -> Any:
    held = row.get(name)
    return held[1] if isinstance(held, list) else str(held or "") if not isinstance(held, Decimal | int) else held
