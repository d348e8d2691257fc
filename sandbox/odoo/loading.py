"""`load`: rows with external ids. A row whose id is known changes its record, so a second load changes nothing;
an error of any row undoes them all and is told in `messages`, with status 200."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.odoo.env import Env
from sandbox.odoo.errors import OdooError
from sandbox.odoo.schema import Field

_DATA = "ir.model.data"


class RowError(Exception):
    """A row that cannot be read."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


def load(env: Env, model: str, fields: Sequence[str], data: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Make or change records; the ids of the records, or none and what is wrong."""
    messages: list[dict[str, Any]] = []
    ids: list[int] = []
    columns = [name.split("/") for name in fields]
    for index, (start, end, rows) in enumerate(_records(env, model, columns, data)):
        where = {"rows": {"from": start, "to": end}, "record": index, "type": "error"}
        try:
            ids.append(_one(env, model, columns, rows))
        except OdooError as error:
            messages.append({**where, "message": error.message})
        except RowError as error:
            messages.append({**where, "message": str(error), "field": error.field})
    return {"ids": False if messages else ids, "messages": messages, "nextrow": 0}


def _records(
    env: Env, model: str, columns: Sequence[Sequence[str]], data: Sequence[Sequence[str]]
) -> list[tuple[int, int, list[Sequence[str]]]]:
    """Rows by record: one begins where a cell that is not of a line is filled."""
    many = {
        name
        for name, *rest in columns
        if rest and name in env.schema[model] and env.schema[model][name].type == "one2many"
    }
    found: list[tuple[int, int, list[Sequence[str]]]] = []
    for number, row in enumerate(data):
        begins = any(cell for column, cell in zip(columns, row, strict=True) if column[0] not in many)
        if begins or not found:
            found.append((number, number, [row]))
        else:
            start, _, rows = found[-1]
            found[-1] = (start, number, [*rows, row])
    return found


def _one(env: Env, model: str, columns: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> int:
    values, named = _values(env, model, columns, rows[0])
    lines: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for row in rows:
        for field in dict.fromkeys(column[0] for column in columns):
            if field in env.schema[model] and env.schema[model][field].type == "one2many":
                inner = [(column[1:], cell) for column, cell in zip(columns, row, strict=True) if column[0] == field]
                relation = env.schema[model][field].relation
                held, name = _values(env, relation, [path for path, _ in inner], [cell for _, cell in inner])
                if held or name:
                    lines.setdefault(field, []).append((name, held))
    commands: dict[str, list[Any]] = {}
    for field, listed in lines.items():
        relation = env.schema[model][field].relation
        for name, held in listed:
            known = _known(env, relation, name)
            commands.setdefault(field, []).append((1, known, held) if known else (0, 0, held))
    known = _known(env, model, named)
    before = {field: set(env[model].children(known, env.schema[model][field])) for field in lines} if known else {}
    if known:
        env[model].write([known], {**values, **commands})
    else:
        known = env[model].create([{**values, **commands}])[0]
        _name(env, model, known, named)
    for field, listed in lines.items():
        shape = env.schema[model][field]
        fresh = [line for line in env[model].children(known, shape) if line not in before.get(field, set())]
        new = [name for name, _ in listed if not _known(env, shape.relation, name)]
        for line, name in zip(sorted(fresh), new, strict=False):
            _name(env, shape.relation, line, name)
    return known


def _values(env: Env, model: str, columns: Sequence[Sequence[str]], row: Sequence[str]) -> tuple[dict[str, Any], str]:
    """Values of one row for one model, and the external id that it gives its record."""
    values: dict[str, Any] = {}
    named = ""
    for column, cell in zip(columns, row, strict=True):
        name, *rest = column
        if name == "id":
            named = cell
            continue
        field = env.schema[model].get(name)
        if field is None:
            raise RowError(f"Unknown field '{name}'", name)
        if field.type == "one2many" or cell in ("", None):
            continue
        values[name] = _cell(env, field, rest, cell)
    return values, named


def _cell(env: Env, field: Field, path: Sequence[str], cell: str) -> Any:
    if field.type == "many2one":
        return _reference(env, field, path, cell)
    if field.type == "many2many":
        return [(6, 0, [_reference(env, field, path, part.strip()) for part in cell.split(",")])]
    if field.type == "boolean":
        return cell.strip().lower() in ("1", "true", "yes")
    return cell


def _reference(env: Env, field: Field, path: Sequence[str], cell: str) -> int:
    if path == [".id"]:
        if not cell.isdigit() or env.database.get(field.relation, int(cell)) is None:
            raise RowError(f"No matching record found for database id '{cell}' in field '{field.name}'", field.name)
        return int(cell)
    if path == ["id"]:
        known = _known(env, field.relation, cell)
        if not known:
            raise RowError(f"No matching record found for external id '{cell}' in field '{field.name}'", field.name)
        return known
    found: list[int] = env[field.relation].search([["display_name", "=", cell]])
    if not found:
        raise RowError(f"No matching record found for name '{cell}' in field '{field.name}'", field.name)
    return found[0]


def _parts(name: str) -> tuple[str, str]:
    module, dot, rest = name.partition(".")
    return (module, rest) if dot else ("__import__", name)


def _known(env: Env, model: str, name: str) -> int:
    """The record that an external id names, or 0."""
    if not name:
        return 0
    module, rest = _parts(name)
    for number in env.database.matching(_DATA, "name", rest):
        record = env.record(_DATA, number)
        if record["module"] == module and record["model"] == model:
            return int(record["res_id"])
    return 0


def _name(env: Env, model: str, number: int, name: str) -> None:
    if name:
        module, rest = _parts(name)
        env[_DATA].create([{"module": module, "name": rest, "model": model, "res_id": number}])
