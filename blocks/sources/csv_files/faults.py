"""How reading ends early: a fault of the whole file, or a file that is not wholly there yet."""

from __future__ import annotations

from dealbooks.catalogue_files import file_finding
from dealbooks.errors import StopBatch
from dealbooks.findings import Finding


class FileFault(StopBatch):
    """The file is refused whole; `finding` is the reason by its rule."""

    def __init__(self, finding: Finding, *, fix: str = "") -> None:
        super().__init__(finding.message, fix=fix)
        self.finding = finding


class NotComplete(FileFault):
    """The bytes do not match what the manifest or checksum says; the writer may be half-way. Nothing was staged."""


def fault(code: str, field: str = "", value: object = "", **words: object) -> FileFault:
    """A fault of the whole file by its rule."""
    return FileFault(file_finding(code, field, value, **words))
