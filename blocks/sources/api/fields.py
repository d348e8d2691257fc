"""Which fields a source asks a CRM for: what its map reads, under the names that the account has for it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

# Our own names in the tree of a line: no field is looked for under them.
OWN_OF_LINE = frozenset(("index", "id", "kind", "name", "product", "quantity", "price", "amount"))
Described = Mapping[str, Mapping[str, Mapping[str, Any]]]  # object -> field -> its description


@dataclass(frozen=True, slots=True)
class Fields:
    """What is asked for: object -> its fields. `own` and `own_lines`: name in the map -> field; `missing`: what the map
    reads and the account does not have; `types`: the descriptions."""

    selected: Mapping[str, tuple[str, ...]]
    own: Mapping[str, str]
    own_lines: Mapping[str, str]
    missing: tuple[str, ...] = ()
    types: Described = field(default_factory=dict)

    def of(self, holder: str, name: str) -> Mapping[str, Any]:
        """How the account describes a field of an object."""
        return self.types.get(holder, {}).get(name, {})


def line_names(read_by_map: Collection[str], own: Collection[str] = OWN_OF_LINE) -> set[str]:
    """Names of the map that are fields of a line, without our own. A path through a filter,
    `lines[?kind == 'fee'].cost`, may have what the filter looks at before it."""
    found: set[str] = set()
    for path in read_by_map:
        first, *names = path.split(".")
        if first == "lines":
            found.update(names)
    return found - set(own)
