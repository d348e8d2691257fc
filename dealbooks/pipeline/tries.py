"""How often something that cannot be read was tried, which stands at the end of its note. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MOST = 5  # as often it is tried before a person looks at it
_TRIED = re.compile(r"\(tried (\d+) times?\)$")


@dataclass(frozen=True, slots=True)
class Tried:
    """After one more try: how many there were, whether that is enough, and the note that says so."""

    times: int
    enough: bool
    note: str


def tried_again(note: str, why: str) -> Tried:
    """It was tried once more than its note says, and this is why it could not be read."""
    before = _TRIED.search(note)
    times = int(before[1]) + 1 if before else 1
    return Tried(times, times >= _MOST, f"{why} (tried {times} {'time' if times == 1 else 'times'})")
