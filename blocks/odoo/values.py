"""Values of Odoo as they are read, and texts as they are sent. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

# What is no character of XML 1.0 (section 2.2), and the carriage return, which XML reads as a line break.
_NOT_SENT = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def id_of(value: Any) -> int:
    """The id of a many2one as it is read: `[id, name]`, or False."""
    return int(value[0]) if isinstance(value, list | tuple) and value else int(value or 0)


def name_of(value: Any) -> str:
    """The name of a many2one as it is read."""
    return str(value[1]) if isinstance(value, list | tuple) and len(value) > 1 else ""


def number_of(value: Any) -> Decimal:
    """A float or monetary field as it is read: the wires make it a Decimal; a whole number may come as an integer."""
    return value if isinstance(value, Decimal) else Decimal(int(value or 0))


def plain(value: Any) -> Any:
    """A value in JSON types; in its texts, characters that one of the protocols cannot carry are blanks."""
    if isinstance(value, str):
        return _NOT_SENT.sub(" ", value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value
