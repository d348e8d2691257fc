"""Tables in memory with transactions: a change is undone when its call fails, numbers that were drawn are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Record = Mapping[str, Any]


class Database:
    """Records by model and id. A record is never changed in place: a change puts a new one in its stead."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[int, Record]] = {}
        self._numbers: dict[str, int] = {}
        self._undo: list[tuple[str, int, Record | None]] = []
        self._indexes: dict[tuple[str, str], dict[Any, dict[int, None]]] = {}

    def all(self, model: str) -> Iterator[tuple[int, Record]]:
        """Every record of a model, in the order they were made."""
        yield from list(self._tables.get(model, {}).items())

    def get(self, model: str, number: int) -> Record | None:
        """One record."""
        return self._tables.get(model, {}).get(number)

    def start_at(self, model: str, number: int) -> None:
        """The next id of a model."""
        self._numbers[model] = number - 1

    def insert(self, model: str, record: Record, number: int = 0) -> int:
        """A new record; its id."""
        number = number or self._numbers.get(model, 0) + 1
        self._numbers[model] = max(self._numbers.get(model, 0), number)
        self._put(model, number, {**record, "id": number})
        return number

    def update(self, model: str, number: int, changes: Record) -> bool:
        """Change a record; whether anything changed."""
        old = self._tables[model][number]
        if all(name in old and old[name] == value for name, value in changes.items()):
            return False
        self._put(model, number, {**old, **changes})
        return True

    def remove(self, model: str, number: int) -> None:
        """Take a record away."""
        self._put(model, number, None)

    def matching(self, model: str, field: str, value: Any) -> list[int]:
        """Ids of the records whose field has exactly this value, found by an index that is made on first use."""
        return sorted(self._index(model, field).get(value, ()))

    def newest(self, model: str, field: str, value: Any) -> int:
        """The highest of them, or 0."""
        return max(self._index(model, field).get(value, ()), default=0)

    def _index(self, model: str, field: str) -> dict[Any, dict[int, None]]:
        index = self._indexes.get((model, field))
        if index is None:
            index = self._indexes[model, field] = {}
            for number, record in self._tables.get(model, {}).items():
                index.setdefault(record.get(field, False), {})[number] = None
        return index

    def commit(self) -> list[tuple[str, int, Record | None]]:
        """Keep the changes; what each record was before its first change, in order."""
        done, self._undo = self._undo, []
        return done

    def rollback(self) -> None:
        """Undo the changes since the last commit."""
        undo, self._undo = self._undo, []
        for model, number, old in reversed(undo):
            self._put(model, number, old)
        self._undo = []

    def _put(self, model: str, number: int, record: Record | None) -> None:
        table = self._tables.setdefault(model, {})
        old = table.get(number)
        self._undo.append((model, number, old))
        for (of, field), index in self._indexes.items():
            if of != model:
                continue
            if old is not None:
                index.get(old.get(field, False), {}).pop(number, None)
            if record is not None:
                index.setdefault(record.get(field, False), {})[number] = None
        if record is None:
            table.pop(number, None)
        else:
            table[number] = record
