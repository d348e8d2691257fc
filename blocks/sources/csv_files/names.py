"""What the name of a dropped file says: the business date, the issue, the shop, and whether it is packed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from dealbooks.errors import ConfigError

# csv_files.md section 1; {prefix} is CompletedSale, DealEvents, ...
_PATTERN = (
    r"^{prefix}_(?P<date>\d{{8}})(?:_(?P<seq>\d{{1,4}}|\d{{6}}))?(?:_(?P<store>[A-Za-z0-9-]+))?"
    r"\.csv(?P<packed>\.gz|\.zip)?$"
)
_SIDE_FILES = (".done", ".ok", ".trg", ".sha256", ".sha256sum", ".manifest.json")
_TEMPORARY = (".part", ".tmp", ".filepart", ".crdownload", ".partial")


@dataclass(frozen=True, slots=True)
class FileName:
    """A drop file's name, read. `date` is the business date of the extract, not of the sales in it.

    `seq` is the issue of the day (2 = sent again) or the time HHMMSS, 0 when the name has none; it orders files of
    one date. `store` is empty when the name has none.
    """

    name: str
    date: date
    seq: int = 0
    store: str = ""
    gz: bool = False
    zip: bool = False

    @property
    def revision(self) -> tuple[int, int]:
        """What stands for a revision when rows have none: a later file has a higher one."""
        return int(f"{self.date:%Y%m%d}"), self.seq


def default_pattern(prefix: str) -> str:
    """The pattern of file names that begin with this prefix."""
    return _PATTERN.format(prefix=re.escape(prefix))


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of file names, ignoring case.

    Raises:
        ConfigError: when it is not a regular expression, or has no group named date.
    """
    try:
        compiled = re.compile(pattern, re.IGNORECASE | re.ASCII)
    except re.error as error:
        raise ConfigError(
            f"the file name pattern {pattern} cannot be read: {error}", fix="Correct it under sources: ... pattern."
        ) from error
    if "date" not in compiled.groupindex:
        raise ConfigError(
            f"the file name pattern {pattern} has no group named date",
            fix=r"Write the part that holds the date as (?P<date>\d{8}).",
        )
    return compiled


def parse_name(name: str, pattern: re.Pattern[str]) -> FileName | None:
    """Read a file's name; None when it is not a file of this pattern, or its date is no day of the calendar."""
    match = pattern.fullmatch(name)
    if match is None:
        return None
    parts = match.groupdict()
    digits = parts["date"]
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
    lowered = name.lower()
    return FileName(
        name=name,
        date=day,
        seq=int(parts.get("seq") or 0),
        store=parts.get("store") or "",
        gz=lowered.endswith(".gz"),
        zip=lowered.endswith(".zip"),
    )


def is_side_file(name: str) -> bool:
    """Whether the name alone says that it belongs to another file: a done-marker, a checksum, a manifest."""
    return name.lower().endswith(_SIDE_FILES)


def is_temporary(name: str) -> bool:
    """Whether the name alone says that a writer is still at it: .part, .tmp, a leading dot or tilde (section 4)."""
    return name.startswith((".", "~")) or name.lower().endswith(_TEMPORARY)
