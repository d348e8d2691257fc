"""Beancount's small syntax: strings, slugs for accounts, tags and links. Pure.

Whatever a person typed into a CRM becomes one line of text that cannot end the string it stands in.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

# Marks that turn the direction of the text after them: they could make a line show other than it is.
_DIRECTION_MARKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_SPACE_CATEGORIES = frozenset({"Cc", "Zs", "Zl", "Zp"})
_NOT_SLUG = re.compile(r"[^A-Za-z0-9]+")
# Words of printing ASCII with single spaces between them: flat already. Most of what is written is so.
_FLAT = re.compile(r"(?:[!-~]+(?: [!-~]+)*)?")
_NOT_KEY = re.compile(r"[^a-zA-Z0-9_-]+")
_KEY_START = re.compile(r"[a-z][a-zA-Z0-9_-]")


def flatten(text: str, limit: int | None = None) -> str:
    """One line: every run of white space and control characters becomes one space, marks that turn the writing
    direction are dropped, half a character (a lone surrogate) becomes U+FFFD. Cut to `limit` characters, with an
    ellipsis."""
    flat = text if _FLAT.fullmatch(text) else _flattened(text)
    if limit is not None and len(flat) > limit:
        return flat[: limit - 1].rstrip() + "…"
    return flat


def _flattened(text: str) -> str:
    out: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if category in _SPACE_CATEGORIES:
            out.append(" ")
        elif category == "Cs":
            out.append("\ufffd")
        elif char not in _DIRECTION_MARKS:
            out.append(char)
    return " ".join("".join(out).split())


@lru_cache(maxsize=4096)
def quoted(text: str, limit: int | None = None) -> str:
    """A string literal: flattened, with backslash and double quote escaped."""
    return '"' + flatten(text, limit).replace("\\", "\\\\").replace('"', '\\"') + '"'


def slug(text: str) -> str:
    """ASCII letters and digits joined by hyphens, accents dropped; empty when nothing of it can be written so."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return _NOT_SLUG.sub("-", plain).strip("-")


def link(prefix: str, text: str) -> str:
    """A link such as `deal-D-104233`. Where the slug loses something of the text, a short hash keeps two texts apart
    ("A/1" and "A 1")."""
    short = slug(text)
    if short != text:
        short = "-".join(
            part for part in (short, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]) if part
        )
    return f"{prefix}-{short}"


@lru_cache(maxsize=256)
def metadata_key(text: str) -> str:
    """A metadata key: starts with a small letter; `stock_no` stays as it is."""
    key = _NOT_KEY.sub("_", text)
    return key if _KEY_START.match(key) else f"x_{key}"
