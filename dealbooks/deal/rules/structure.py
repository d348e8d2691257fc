"""A deal that cannot be read, told in a controller's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from dealbooks.catalogue import found
from dealbooks.deal.fields import FIRST_DAY
from dealbooks.findings import Finding

_AMOUNT = "a plain number such as 1250.00, without thousands separators"
_WANTED = {
    "value_error": _AMOUNT,
    "date": "a date such as 2026-03-14",
    "int": "a whole number",
    "greater_than_equal": f"a date from {FIRST_DAY} on",
    "greater_than": "a larger number",
    "bool": "yes or no (true, false)",
    "string_too_long": "a shorter text",
    "string_pattern": "a currency code of three capital letters, such as GBP",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "dict": "a table of names and values",
    "model": "a group of fields",
}
_QUOTED = re.compile(r"'([^']*)'")
_LONGEST_VALUE = 60


def structure_findings(error: ValidationError) -> list[Finding]:
    """Turn pydantic's error about a Deal into findings, in the order of the deal's fields: path, value, what to do."""
    return [_finding(dict(one)) for one in error.errors(include_url=False)]


def _finding(error: dict[str, Any]) -> Finding:
    kind = str(error["type"])
    path = field_path(error["loc"])
    value = _shown(error.get("input"))
    if kind in ("missing", "string_too_short") or (error.get("input") is None and kind != "extra_forbidden"):
        return found("D001", path)
    if kind == "extra_forbidden":
        return found("D004", path)
    if kind == "literal_error":
        allowed = ", ".join(_QUOTED.findall(str(error.get("ctx", {}).get("expected", ""))))
        return found("D003", path, value, allowed=allowed)
    wanted = next((words for start, words in _WANTED.items() if kind.startswith(start)), "another kind of value")
    if kind == "value_error" and path.endswith("fraction"):
        wanted = "a fraction such as 3/23 (from 0 to under 1)"
    elif kind.startswith("string_pattern") and not path.endswith("currency"):
        wanted = "text without control characters"
    elif kind == "greater_than_equal" and path == "deal_version":
        wanted = "a larger number"
    return found("D002", path, value, wanted=wanted)


def field_path(location: Iterable[int | str]) -> str:
    """('lines', 0, 'unit_price') -> 'lines[0].unit_price'."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (dict, list, tuple)):
        return "a group of values"
    text = "".join(one if one.isprintable() else "?" for one in str(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
