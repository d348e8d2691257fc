"""A number with what is counted, in the singular or the plural."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """`1 difference`, `2 differences`, `2 entries`: `many` is for a plural that is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
