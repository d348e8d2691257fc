"""Make a close pack: as a draft at any time, or with the certificate when a period is signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.ledger import Record
from dealbooks.pack.files import CERTIFICATE, pack_files, sealed, write_pack
from dealbooks.pack.gather import gather, new_copy, versions
from dealbooks.periods import Period
from dealbooks.pipeline.close import CloseResult, close
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.store import Lease


@dataclass(frozen=True, slots=True)
class Made:
    """A pack that was made: its folder, how many files it has, and what it is about."""

    folder: Path
    files: int
    rec: Reconciliation

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "folder": str(self.folder), "files": self.files, "draft": True, "book": self.rec.book,
            "period": self.rec.period, "agreed": self.rec.agreed,
        }  # fmt: skip


def draft_pack(house: House, book: str, period: str, folder: Path | None = None) -> Made:
    """Reconcile a period now, and write its pack as a draft: marked so, without a certificate. Nothing is closed.
    `folder` is by default packs/BOOK-PERIOD-draft in the var folder; a draft that stands there is replaced.

    Raises:
        UsageError: there is no such book or period, or the folder holds something else, or a signed pack.
        StopConnection: the ledger cannot be read now, or the folder not be written to.
    """
    month = Period.parse(period)
    place = folder or house.var / "packs" / f"{book}-{month}-draft"
    if (place / CERTIFICATE).exists():
        raise UsageError(f"{place} holds a signed pack.", fix="Name another folder for the draft.")
    copy = new_copy(house, book, month)
    rec = reconcile(house, book, period, see=copy.see)
    files = pack_files(gather(house, rec, copy))
    write_pack(place, files)
    return Made(place, len(files), rec)


class PackKeeper:
    """Keeps the pack of a period while it is closed (`Evidence` of dealbooks.pipeline.close)."""

    def __init__(self, house: House, book: str, period: Period) -> None:
        self._house = house
        self._copy = new_copy(house, book, period)

    def see(self, record: Record) -> None:
        """Take in a record of the ledger, as the reconciliation reads it."""
        self._copy.see(record)

    def keep(self, rec: Reconciliation, certificate: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
        """Write the pack; gives the certificate with who signed how, what the books were made with, and the hash of
        the manifest. Raises StopConnection."""
        whole = {
            "signatures": _signatures(certificate), **certificate, "versions": versions(self._house, rec.book),
        }  # fmt: skip
        files = pack_files(gather(self._house, rec, self._copy, whole))
        write_pack(folder, files)
        return sealed(whole, files["manifest.json"])


def close_with_pack(
    house: House, book: str, period: str, *, sign: str | None = None, note: str = "", accept: Sequence[str] = ()
) -> CloseResult:
    """`dealbooks.pipeline.close.close`, with the pack of what is signed. Raises what that raises.

    Raises:
        LeaseLost: another process signs a period of this book just now: it would write over the same files.
    """
    month = Period.parse(period)
    house.book(book)
    if sign is None:
        return close(house, book, period, note=note, accept=accept)
    with Lease(house.store, f"close:{book}"):
        keeper = PackKeeper(house, book, month)
        return close(house, book, period, sign=sign, note=note, accept=accept, evidence=keeper)


def _signatures(certificate: Mapping[str, Any]) -> list[dict[str, str]]:
    """Who stands behind a certificate that does not say it by itself: a typed name, and the user of the machine."""
    at = str(certificate["signed_at"])
    return [
        {"part": "signed by", "name": certificate["signed_by"], "identified_by": "typed", "at": at},
        {"part": "prepared by", "name": certificate["prepared_by"], "identified_by": "operating-system account",
         "at": at},
    ]  # fmt: skip
