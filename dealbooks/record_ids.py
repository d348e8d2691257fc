"""Ids that a platform writes in more than one way, in the one in which its records are kept here. Pure."""

from __future__ import annotations

_SHORT, _LONG = 15, 18
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def kept_id(platform: str, key: str) -> str:
    """A record's id as its source gives it: Salesforce's with 18 characters."""
    return (salesforce_id(key) or key) if platform == "salesforce" else key


def salesforce_id(text: str) -> str:
    """An id of 18 characters from one of 15, whose capitals matter; "" when it is no id. The last three letters say
    which of the others are capitals, five at a time."""
    if not (text.isascii() and text.isalnum()) or len(text) not in (_SHORT, _LONG):
        return ""
    short = text[:_SHORT]
    parts = (short[start : start + 5] for start in range(0, _SHORT, 5))
    more = "".join(_LETTERS[sum(1 << place for place, char in enumerate(part) if char.isupper())] for part in parts)
    return short + more if len(text) == _SHORT else text
