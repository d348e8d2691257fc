"""Who a row is and whether it changed: natural key, revision, content hash, and the canonical record itself.

The hash covers the canonical content only: not how the file writes it, not the revision, not columns that the layout
ignores in changes. A changed map or rulebook never changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blocks.sources.csv_files.layout import Layout
from blocks.sources.csv_files.names import FileName
from blocks.sources.csv_files.table import Table
from dealbooks.canonical import canonical_json, sha256_hex

_NOT_CONTENT = ("revision", "action")


def action_of(values: Mapping[str, Any]) -> str:
    """What the row asks for: post (also for corrections) or void."""
    return "void" if values.get("action") == "V" else "post"


def revision_of(values: Mapping[str, Any], facts: FileName) -> tuple[int, ...]:
    """The row's own revision, else the file's date and issue."""
    own = values.get("revision")
    return (int(own),) if own is not None else facts.revision


def store_of(table: Table, facts: FileName) -> str:
    """The shop of rows that state none: the header row's, else the file name's. Known once the first row is read."""
    if table.opening is not None:
        for text in table.opening.fields[1:]:
            name, _, value = text.partition("=")
            if name.strip().lower() == "store" and value.strip():
                return value.strip()
    return facts.store


def key_of(values: Mapping[str, Any], columns: tuple[str, ...]) -> str:
    """The key's values joined by colons; a colon inside a value is escaped, so that two deals never share a key."""
    return ":".join(_part(values.get(column)) for column in columns)


def is_nameless_money(values: Mapping[str, Any]) -> bool:
    """Whether a row tells of money that has no reference of its own: two such rows may be two payments, so that one is
    never taken for the other here. (A settlement is known by its part-exchange.)"""
    return values.get("event") not in (None, "payoff_paid") and not values.get("reference")


def natural_key(source_name: str, key: str) -> str:
    """`csv:{source}:{store_code}:{deal_number}`, or what the layout's key names."""
    return f"csv:{_part(source_name)}:{key}"


def _part(value: object) -> str:
    return "" if value is None else str(value).replace("%", "%25").replace(":", "%3A")


def assemble(values: Mapping[str, Any], layout: Layout) -> dict[str, Any]:
    """The canonical record: single columns as they are, numbered ones as lists of items with their index.

    An item of nothing but zeros and flags says nothing, as exports fill unused columns with 0.00; it is left out.
    """
    data: dict[str, Any] = {}
    items: dict[str, dict[int, dict[str, Any]]] = {}
    flat = layout.flat
    for name, value in values.items():
        group, index, field, _ = flat[name]
        if not group:
            data[name] = value
            continue
        of_group = items.get(group)
        if of_group is None:
            of_group = items[group] = {}
        item = of_group.get(index)
        if item is None:
            of_group[index] = {"index": index, field: value}
        else:
            item[field] = value
    for group, found in items.items():
        kinds = layout.groups[group].columns
        kept = [item for _, item in sorted(found.items()) if _says_something(item, kinds)]
        if kept:
            data[group] = kept
    return data


def _says_something(item: Mapping[str, Any], kinds: Mapping[str, Any]) -> bool:
    for field, value in item.items():
        if field == "index":
            continue
        kind = kinds[field].kind
        if kind in ("money", "rate"):
            if value.strip("-0."):
                return True
        elif kind != "flag" and not kinds[field].one_of:
            return True
    return False


def content_hash(data: Mapping[str, Any], layout: Layout) -> str:
    """SHA-256 of the canonical record (see the module), in hex."""
    content = dict(data)
    for name in (*_NOT_CONTENT, *layout.on_change.ignore):
        content.pop(name, None)
    content["action"] = action_of(data)
    return sha256_hex(canonical_json(content))
