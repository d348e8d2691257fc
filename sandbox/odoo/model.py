"""What every model can do: create, write, unlink, and the reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sandbox.odoo.database import Record
from sandbox.odoo.domains import Leaf, OrderError, Test, certain, comparison, compiled, sort_keys
from sandbox.odoo.env import Env
from sandbox.odoo.errors import foreign_key, missing_error, user_error, value_error
from sandbox.odoo.schema import Field
from sandbox.odoo.values import cleaned

Values = Mapping[str, Any]
_F = TypeVar("_F", bound=Callable[..., Any])
_LABELS = {
    "account.move.line": "Journal Item",
    "account.move": "Journal Entry",
    "account.account": "Account",
    "res.partner": "Contact",
    "account.journal": "Journal",
    "account.payment": "Payments",
}
_USERS = {
    "res.partner": (("account.move", "partner_id"), ("account.move.line", "partner_id")),
    "account.account": (("account.move.line", "account_id"),),
    "account.journal": (("account.move", "journal_id"),),
}
_ORDERS = {
    "account.move": "date desc, name desc, invoice_date desc, id desc",
    "account.move.line": "date desc, move_name desc, id",
    "account.account": "code",
    "account.journal": "sequence, type, code",
    "account.tax": "sequence, id",
    "account.payment": "date desc, name desc",
    "res.partner": "complete_name, id desc",
    "sale.order": "date_order desc, id desc",
    "sale.order.line": "order_id, sequence, id",
}


def public(*, ids: bool) -> Callable[[_F], _F]:
    """Marks a method that callers may call; `ids`: it works on records."""

    def marked(method: _F) -> _F:
        method.takes_ids = ids  # type: ignore[attr-defined]
        return method

    return marked


class Model:
    """The records of one model in one call. `derived` are fields that are worked out when they are read."""

    derived: frozenset[str] = frozenset()

    def __init__(self, env: Env, name: str) -> None:
        self.env = env
        self.name = name
        self.fields = env.schema[name]

    # --- what a model may do in its own way ---

    def prepared(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values of a new record with what the server adds."""
        return values

    def made(self, number: int, commands: Mapping[str, Any]) -> None:
        """A record was made; `commands` are its one2many values."""
        for field, value in commands.items():
            self.command(number, self.fields[field], value)

    def computed(self, record: Record, field: Field) -> Any:
        """The value of a field that is not kept."""
        return record.get(field.name, _empty(field))

    # --- writing ---

    @public(ids=False)
    def create(self, vals_list: Sequence[Values] | Values) -> list[int]:
        """Make records; their ids."""
        listed = [vals_list] if isinstance(vals_list, Mapping) else vals_list
        return [self.create_one(values) for values in listed]

    @public(ids=True)
    def write(self, ids: Sequence[int], vals: Values) -> bool:
        """Change records."""
        for number in ids:
            self.env.record(self.name, number)
        for number in ids:
            kept, commands = self.split(vals, number)
            self.change(number, kept)
            for field, value in commands.items():
                self.command(number, self.fields[field], value)
        return True

    @public(ids=True)
    def unlink(self, ids: Sequence[int]) -> bool:
        """Take records away."""
        for number in ids:
            if self.env.database.get(self.name, number) is not None:
                self.remove(number)
        return True

    def create_one(self, values: Values) -> int:
        """Make one record; its id."""
        kept, commands = self.split({**self._defaults(), **values})
        record = self.prepared(kept)
        for name, field in self.fields.items():
            if field.required and not field.computed and field.type not in ("boolean", "float", "integer", "many2many"):
                self._required(name, record)
            if field.type != "one2many" and name not in record:
                record[name] = _empty(field)
        stamp, uid = self.env.stamp, self.env.uid
        record = {**record, "create_date": stamp, "create_uid": uid, "write_date": stamp, "write_uid": uid}
        self.check_references(record)
        number = self.env.database.insert(self.name, record)
        self.made(number, commands)
        return number

    def change(self, number: int, changes: Values, *, quiet: bool = False) -> None:
        """Change one record; `quiet`: its write date stays, as with what the server computes."""
        self.check_references(changes)
        if self.env.database.update(self.name, number, changes) and not quiet:
            stamp = {"write_date": self.env.stamp, "write_uid": self.env.uid}
            self.env.database.update(self.name, number, stamp)

    def remove(self, number: int) -> None:
        """Take one record away, with the names that external ids gave it.

        Raises:
            OdooError: an entry uses it.
        """
        for model, field in _USERS.get(self.name, ()):
            if self.env.database.matching(model, field, number):
                raise foreign_key(_LABELS[model], model, _LABELS[self.name], field)
        self.env.database.remove(self.name, number)
        for named in self.env.database.matching("ir.model.data", "res_id", number):
            if self.env.record("ir.model.data", named)["model"] == self.name:
                self.env.database.remove("ir.model.data", named)

    def split(self, values: Values, number: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
        """Values as they are kept, and the commands of one2many fields; `number` is the record that is changed.

        Raises:
            OdooError: a field that is not there, a value that is not one of its field.
        """
        kept: dict[str, Any] = {}
        commands: dict[str, Any] = {}
        for name, value in values.items():
            field = self.fields.get(name)
            if field is None:
                raise value_error(f"Invalid field '{name}' in '{self.name}'")
            if field.computed:
                continue
            clean = cleaned(self.name, field, value)
            if field.type == "one2many":
                commands[name] = clean
            elif field.type == "many2many":
                kept[name] = _linked(self.value(number, name) if number else (), clean)
            else:
                kept[name] = clean
        return kept, commands

    def command(self, number: int, field: Field, commands: Iterable[Any]) -> None:
        """Apply the commands of a one2many field."""
        lines = self.env[field.relation]
        for command in commands:
            code, target, *rest = command
            if code == 0:
                lines.create_one({**rest[0], field.inverse: number})
            elif code == 1:
                lines.write([target], rest[0])
            elif code in (2, 3):
                lines.unlink([target])
            elif code == 5:
                lines.unlink(self.children(number, field))
            elif code == 6:
                lines.unlink([held for held in self.children(number, field) if held not in rest[0]])
            elif code != 4:
                raise value_error(f"Invalid command: {command!r}")

    def check_references(self, values: Values) -> None:
        """Every record that is referred to must be there.

        Raises:
            OdooError: one is not.
        """
        for name, value in values.items():
            field = self.fields.get(name)
            if field is None or not field.relation or not value or field.relation not in self.env.schema:
                continue
            for number in value if isinstance(value, tuple) else (value,):
                if self.env.database.get(field.relation, number) is None:
                    if field.type == "many2one" and name == "account_id":
                        label = _LABELS.get(field.relation, field.relation)
                        raise foreign_key(_LABELS.get(self.name, self.name), self.name, label, name)
                    raise missing_error(field.relation, number, self.env.uid)

    def _defaults(self) -> dict[str, Any]:
        given = {
            name.removeprefix("default_"): value
            for name, value in self.env.context.items()
            if name.startswith("default_")
        }
        found = {name: value for name, value in given.items() if name in self.fields}
        if "active" in self.fields:
            found.setdefault("active", True)
        return found

    def _required(self, name: str, record: Record) -> None:
        if not record.get(name):
            raise user_error(f"Missing required value for the field '{self.fields[name].facts()['string']}' ({name})")

    # --- reading ---

    def children(self, number: int, field: Field) -> list[int]:
        """The records of a one2many field."""
        return self.env.database.matching(field.relation, field.inverse, number)

    def value(self, number: int, name: str) -> Any:
        """A field's value as it is kept, or worked out now.

        Raises:
            OdooError: no such field.
        """
        record = self.env.record(self.name, number)
        field = self.fields.get(name)
        if field is None:
            raise value_error(f"Invalid field '{name}' on '{self.name}'")
        if name == "display_name":
            return self.display(number)
        if field.type == "one2many":
            return tuple(self.children(number, field))
        return self.computed(record, field)

    def display(self, number: int) -> str:
        """The name under which a record is shown."""
        record = self.env.record(self.name, number)
        return str(record.get("name") or f"{self.name},{number}")

    @public(ids=True)
    def read(
        self, ids: Sequence[int], fields: Sequence[str] | None = None, load: str | None = "_classic_read"
    ) -> list[dict[str, Any]]:
        """Records as callers see them; those that are not there are left out."""
        names = list(fields) if fields else list(self.fields)
        for name in names:
            if name not in self.fields:
                raise value_error(f"Invalid field '{name}' on '{self.name}'")
        there = [number for number in ids if self.env.database.get(self.name, number) is not None]
        return [
            {"id": number, **{name: self._shown(number, name, load) for name in names if name != "id"}}
            for number in there
        ]

    def _shown(self, number: int, name: str, load: str | None) -> Any:
        field, value = self.fields[name], self.value(number, name)
        if field.type == "many2one" and value and load == "_classic_read" and field.relation in self.env.schema:
            return [value, self.env[field.relation].display(value)]
        if field.type == "datetime" and value:
            return value[:19]
        return list(value) if isinstance(value, tuple) else value

    @public(ids=False)
    def search(
        self, domain: Sequence[Any] = (), offset: int = 0, limit: int | None = None, order: str | None = None
    ) -> list[int]:
        """Ids of the records that meet a domain."""
        found = self._ordered(self.found(domain), order or _ORDERS.get(self.name, "id"))
        return found[offset : offset + limit] if limit else found[offset:]

    @public(ids=False)
    def search_count(self, domain: Sequence[Any] = (), limit: int | None = None) -> int:
        """How many records meet a domain."""
        count = len(self.found(domain))
        return min(count, limit) if limit else count

    @public(ids=False)
    def search_read(
        self,
        domain: Sequence[Any] | None = None,
        fields: Sequence[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        load: str | None = "_classic_read",
    ) -> list[dict[str, Any]]:
        """The records that meet a domain."""
        return self.read(self.search(domain or (), offset, limit, order), fields, load)

    @public(ids=False)
    def fields_get(
        self, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
    ) -> dict[str, dict[str, Any]]:
        """The model's fields."""
        chosen = [name for name in self.fields if not allfields or name in allfields]
        facts = {name: self.fields[name].facts() for name in chosen}
        if not attributes:
            return facts
        return {name: {key: fact[key] for key in attributes if key in fact} for name, fact in facts.items()}

    def found(self, domain: Sequence[Any]) -> list[int]:
        """Ids of the records that meet a domain, in the order they were made."""
        domain = list(domain)
        mentioned = any(isinstance(item, list | tuple) and item and item[0] == "active" for item in domain)
        if "active" in self.fields and not mentioned and self.env.context.get("active_test", True):
            domain = [["active", "=", True], *domain]
        test = compiled(domain, self._leaf)
        return [number for number in self._candidates(domain) if test(number)]

    def _candidates(self, domain: Sequence[Any]) -> list[int]:
        """Records that can meet the domain: found by index where a condition asks for one value."""
        for name, operator, wanted in certain(domain):
            field = self.fields.get(name)
            if operator != "=" or field is None or field.type not in ("char", "many2one") or not wanted:
                continue
            if isinstance(wanted, str) == (field.type == "char") and name not in self.derived | {"display_name"}:
                return self.env.database.matching(self.name, name, wanted)
        return [number for number, _ in self.env.database.all(self.name)]

    def _leaf(self, leaf: Leaf) -> Test:
        path, operator, wanted = leaf
        name, _, rest = path.partition(".")
        field = self.fields.get(name)
        if field is None:
            raise value_error(f"Invalid field {self.name}.{name} in condition {(path, operator, wanted)!r}")
        if rest:
            return self._through(field, [rest, operator, wanted])
        if field.relation and operator in ("like", "ilike", "=like", "=ilike") and isinstance(wanted, str):
            return self._through(field, ["display_name", operator, wanted])
        if field.relation and operator in ("=", "!=") and isinstance(wanted, str):
            return self._through(field, ["display_name", operator, wanted])
        held = comparison(field, operator, wanted)
        return lambda number: held(self.value(number, name))

    def _through(self, field: Field, leaf: list[Any]) -> Test:
        related = self.env[field.relation]
        test = compiled([leaf], related._leaf)

        def passed(number: int) -> bool:
            value = self.value(number, field.name)
            return any(test(other) for other in (value if isinstance(value, tuple) else (value,)) if other)

        return passed

    def _ordered(self, numbers: list[int], order: str) -> list[int]:
        try:
            keys = sort_keys(order)
        except OrderError as error:
            raise user_error(f'Invalid "order" specified ({order}).') from error
        for name, down in reversed(keys):
            if name not in self.fields:
                raise value_error(f"Invalid field '{name}' on '{self.name}'")
            numbers.sort(key=lambda number, name=name: _sortable(self.value(number, name)), reverse=down)  # type: ignore[misc]
        return numbers


def _sortable(value: Any) -> tuple[int, Any]:
    """Empty values come last going up, first going down."""
    return (1, 0) if value is False else (0, value)


def _empty(field: Field) -> Any:
    if field.type in ("one2many", "many2many"):
        return ()
    if field.type in ("float", "monetary"):
        return cleaned("", field, False)
    return 0 if field.type == "integer" else False


def _linked(held: tuple[int, ...], commands: Iterable[Any]) -> tuple[int, ...]:
    """Ids after the commands of a many2many field."""
    ids = list(held)
    for command in commands:
        if isinstance(command, int):
            ids.append(command)
            continue
        code, target, *rest = command
        if code == 6:
            ids = list(rest[0])
        elif code == 4:
            ids.append(target)
        elif code in (2, 3):
            ids = [number for number in ids if number != target]
        elif code == 5:
            ids = []
        else:
            raise value_error(f"Invalid command: {command!r}")
    return tuple(dict.fromkeys(ids))
