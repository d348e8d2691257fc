"""Files of which the same content is always the same bytes: zip archives and workbooks without a clock in them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path

from dealbooks.pack.shown import heading
from dealbooks.pipeline.sheets import Sheet, append_sheet

_BEGINNING = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")
_NOT_A_TITLE = re.compile(r"[\[\]:*?/\\]")


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of some files, in the order of their names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _BEGINNING)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            info.create_system = 3
            archive.writestr(info, files[name])
    return out.getvalue()


def beancount_book(main: Path) -> bytes:
    """The Beancount files of a book, as they stand, in one archive."""
    root = main.parent
    found = sorted(path for path in root.rglob("*.beancount") if not path.name.startswith("."))
    return zipped({path.relative_to(root).as_posix(): path.read_bytes() for path in found})


def book_stamp(main: Path) -> tuple[tuple[str, int, int], ...]:
    """What is another one when a file of a Beancount book was written, removed or added since: names, sizes, and the
    times of their last change, which no program can set back."""
    found = []
    for path in sorted(main.parent.rglob("*.beancount")):
        with suppress(FileNotFoundError):  # removed just now: then the next stamp is another one
            about = path.stat()
            found.append((path.as_posix(), about.st_size, about.st_ctime_ns))
    return tuple(found)


def workbook(sheets: Sequence[Sheet], day: date) -> bytes:
    """Sheets as one Excel workbook, dated with a given day."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(_NOT_A_TITLE.sub(" ", sheet.title)[:31])
        append_sheet(page, sheet, [heading(name) for name in sheet.columns])
    out = io.BytesIO()
    book.save(out)
    stamp = f"{day.isoformat()}T00:00:00Z".encode()
    with zipfile.ZipFile(out) as made:
        files = {info.filename: made.read(info) for info in made.infolist()}
    core = "docProps/core.xml"
    files[core] = _STAMP.sub(rb"\g<1>" + stamp + rb"\g<2>", files[core])
    return zipped(files)
