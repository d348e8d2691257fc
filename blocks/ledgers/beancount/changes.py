"""What changed in a folder of Beancount files: a look at the times of the files, not at what is in them.

A file of an entry is told when its status was changed since the cursor (`ctime`, which no program can set back), and
only those files are read. Files that people write in are known by the hash of their text: when one changed, everything
is listed. What of ours is not there any more is known by its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from blocks.ledgers.beancount.files import SUFFIX, is_ref
from blocks.ledgers.beancount.folder import ACCOUNTS_FILE, MAIN_FILE
from dealbooks.errors import StopConnection
from dealbooks.ledger import Record

_INCLUDE = re.compile(rb'^include\s+"([^"]+)"', re.MULTILINE)
_AGAIN = 60 * 10**9  # nanoseconds; told again by the next look, since clocks are set and writers are slow


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a folder saw, and when it began (nanoseconds): entries' files with the time of their last change,
    and what people's files are."""

    began: int
    entries: dict[str, int]
    hand: str

    @property
    def cursor(self) -> str:
        """Where the next look begins."""
        return json.dumps({"at": self.began - _AGAIN, "hand": self.hand}, sort_keys=True)

    def since(self, cursor: str) -> list[str] | None:
        """The entries that were written since a cursor, by reference; None where everything has to be listed."""
        held = json.loads(cursor) if cursor else {}
        if held.get("hand") != self.hand:
            return None
        return sorted(ref for ref, changed in self.entries.items() if changed >= held["at"])

    def gone(self, ours: Sequence[str]) -> tuple[str, ...]:
        """Those of some references whose file is not there."""
        return tuple(sorted(ref for ref in ours if is_ref(ref) and ref not in self.entries))


def look(root: Path) -> Seen:
    """Look at a ledger's folder. Raises StopConnection."""
    began = time.time_ns()  # a ledger lies on a local disk, whose times are of this clock
    entries: dict[str, int] = {}
    people: list[Path] = []
    try:
        for path, changed in _files(root):
            ref = path.relative_to(root).as_posix()
            if is_ref(ref):
                entries[ref] = changed
            else:
                people.append(path)
        hand = _hash(root, people)
    except OSError as error:
        raise StopConnection(
            f"The ledger folder {root} cannot be read: {error.strerror or 'unknown fault'}.",
            fix="Check that the folder is there and may be read; it is looked at again by the next run.",
        ) from error
    return Seen(began, entries, hand)


def only(root: Path, refs: Sequence[str]) -> str:
    """The text of a ledger that has the entries of some references, and nothing else. Raises OSError."""
    lines = (root / MAIN_FILE).read_text("utf-8", errors="replace").splitlines()
    files = [root / ACCOUNTS_FILE, *(root / ref for ref in refs)]
    includes = (f'include "{path.absolute().as_posix()}"' for path in files)
    return "\n".join([*(line for line in lines if line.startswith("option ")), *includes, ""])


def told_apart(records: Iterable[Record]) -> Iterator[Record]:
    """Records of one reference (a file in which an entry stands twice, a pad directive), each with one of its own."""
    known: dict[str, int] = {}
    for record in records:
        known[record.ref] = count = known.get(record.ref, 0) + 1
        yield record if count == 1 else replace(record, ref=f"{record.ref} ({count})")


def _hash(root: Path, people: Sequence[Path]) -> str:
    """Of the files that people write in, and of what these include from elsewhere. Raises OSError."""
    found = hashlib.sha256()
    waiting, known = sorted(people, reverse=True), set(people)
    while waiting:
        path = waiting.pop()
        data = path.read_bytes()
        found.update(json.dumps([path.as_posix(), hashlib.sha256(data).hexdigest()]).encode())
        for pattern in _INCLUDE.findall(data):
            place = Path(os.path.normpath(path.parent / pattern.decode("utf-8", "replace")))
            if not place.is_relative_to(root):
                anchor = Path(place.anchor)
                more = sorted(set(anchor.glob(place.relative_to(anchor).as_posix())) - known)
                known.update(more)
                waiting += more
    return found.hexdigest()


def _files(root: Path) -> Iterator[tuple[Path, int]]:
    """Every Beancount file below a folder with its time; hidden ones are writers' own. Raises OSError."""
    if not root.exists():
        return
    with os.scandir(root) as found:
        for item in found:
            if item.name.startswith("."):
                continue
            if item.is_dir():
                yield from _files(Path(item.path))
            elif item.name.endswith(SUFFIX):
                yield Path(item.path), item.stat().st_ctime_ns
