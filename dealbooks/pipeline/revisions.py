"""Which of two statements of a source about one deal is the newer one. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence


def read_revision(text: str) -> tuple[int, ...]:
    """A revision as the store keeps it."""
    return tuple(json.loads(text))


def is_older(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether `one` was said before `other`. A revision that the row states and one that comes from the file's name
    cannot be told apart in time; then neither is older, and what arrives last counts."""
    return len(one) == len(other) and tuple(one) < tuple(other)
