"""A JSON file that a person gives: each way in which it can be wrong is told in plain words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dealbooks.errors import UsageError

# No count, version or year is longer; an amount stands in quotes.
_DIGITS = 12
_FIX = "It must be JSON, with amounts in quotes."


def read_json(file: Path) -> Any:
    """The content of a file; a byte order mark at its beginning is passed over.

    Raises:
        UsageError: it cannot be opened, is not UTF-8 or not JSON, holds a number with decimals that is not in quotes,
            or a field that stands twice.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{file} is not a text in UTF-8 (byte {error.start + 1}).", fix="Save it again with the encoding UTF-8."
        ) from error
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror or error}.", fix="Check that this user may read the file."
        ) from error
    try:
        return json.loads(
            text, parse_float=_no_float, parse_constant=_no_float, parse_int=_whole, object_pairs_hook=_each_once
        )
    except RecursionError as error:
        raise UsageError(f"{file} cannot be read: its values are nested too deeply.", fix=_FIX) from error
    except ValueError as error:
        raise UsageError(f"{file} cannot be read: {error}", fix=_FIX) from error


def _no_float(text: str) -> Any:
    raise ValueError(f"the number {text[:40]} is not in quotes")


def _whole(text: str) -> int:
    return int(text) if len(text) <= _DIGITS else _no_float(text)


def _each_once(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in fields:
        if name in found:
            raise ValueError(f"the field {name} stands twice in one group; keep one")
        found[name] = value
    return found
