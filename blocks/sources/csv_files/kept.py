"""Rows of a file as they were read when it was judged, kept so that nothing is read and understood twice.

They wait in a temporary file that nobody else sees: in memory up to 8 MB, beyond that in the archive's folder, which
has room for files of this size. A run that was killed has none, and reads the archived file again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import orjson

from dealbooks.findings import Finding

_IN_MEMORY = 8 << 20


@dataclass(slots=True)
class ReadRow:
    """A row, understood. `data` is its canonical record; where a deal has several rows, the row's own values.

    `key` names its deal, None when it names none; `digest` is the hash of its content. `seed` stands for the content
    of a row whose fields could not be told apart.
    """

    line: int
    data: dict[str, Any]
    findings: list[Finding]
    key: str | None
    action: str
    revision: tuple[int, ...]
    digest: str
    seed: str = ""


class KeptRows:
    """See the module. Written once, then read once."""

    def __init__(self, folder: Path) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(folder))  # noqa: SIM115 - closed by its reader

    @property
    def there(self) -> bool:
        """Whether the rows can still be had."""
        return not self._file.closed

    def add(self, row: ReadRow) -> None:
        """Keep one more."""
        findings = [one.as_json() for one in row.findings]
        values = (row.line, row.data, findings, row.key, row.action, row.revision, row.digest, row.seed)
        self._file.write(orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE))

    def take(self, skipped: Collection[int]) -> Iterator[ReadRow]:
        """The rows in the order of their lines but for the skipped ones; afterwards they are gone."""
        with self._file as file:
            file.seek(0)
            for text in file:
                line, data, findings, key, action, revision, digest, seed = orjson.loads(text)
                if line not in skipped:
                    told = [Finding.from_json(one) for one in findings]
                    yield ReadRow(line, data, told, key, action, tuple(revision), digest, seed)

    def close(self) -> None:
        """Let go of them unread."""
        self._file.close()
