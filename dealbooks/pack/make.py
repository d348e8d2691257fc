"""Make a close pack: as a draft at any time, or with the certificate when a period is signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dealbooks.canonical import sha256_hex
from dealbooks.closing.signers import Signer
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.ledger import Record
from dealbooks.pack.files import CERTIFICATE, pack_files, sealed, write_pack
from dealbooks.pack.gather import gather, new_copy
from dealbooks.pack.model import PackData
from dealbooks.periods import Period
from dealbooks.pipeline.close import CloseResult, close
from dealbooks.pipeline.obstacles import Drafted
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.pipeline.signoff import waiting
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
    place = folder or draft_folder(house, book, str(month))
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
        self._data: PackData | None = None

    def see(self, record: Record) -> None:
        """Take in a record of the ledger, as the reconciliation reads it."""
        self._copy.see(record)

    def draft(self, rec: Reconciliation) -> Drafted:
        """Write the pack as a draft, for who is to sign it. Raises StopConnection."""
        self._data = gather(self._house, rec, self._copy, closing=True)
        files = pack_files(self._data)
        place = draft_folder(self._house, rec.book, rec.period)
        write_pack(place, files)
        hashes = {name: sha256_hex(content) for name, content in files.items()}
        return Drafted(place / "report.html", hashes, self._data.versions)

    def keep(self, rec: Reconciliation, certificate: Mapping[str, Any], folder: Path) -> Mapping[str, Any]:
        """Write the pack; gives the certificate with the hash of the manifest. Raises StopConnection."""
        data = self._data or gather(self._house, rec, self._copy, closing=True)
        files = pack_files(replace(data, certificate=certificate))
        write_pack(folder, files)
        return sealed(certificate, files["manifest.json"])


def draft_folder(house: House, book: str, period: str) -> Path:
    """Where the draft of a pack stands."""
    return house.var / "packs" / f"{book}-{period}-draft"


def close_with_pack(
    house: House,
    book: str,
    period: str,
    *,
    sign: Signer | str | None = None,
    note: str = "",
    accept: Sequence[str] = (),
    run: str = "",
) -> CloseResult:
    """`dealbooks.pipeline.close.close`, with the pack of what is shown and signed. Who signs what nobody was shown
    yet is shown it first: the ledger is read twice all the same. Raises what that raises.

    Raises:
        LeaseLost: another process closes a period of this book just now: it would write over the same files.
    """
    month = Period.parse(period)
    house.book(book)
    with Lease(house.store, f"close:{book}") as lease:

        def once(signer: Signer | str | None) -> CloseResult:
            keeper = PackKeeper(house, book, month)
            return close(
                house, book, period, sign=signer, note=note, accept=accept, evidence=keeper, lease=lease, run=run
            )

        with house.store.read() as conn:
            known = waiting(conn, book, month)
        if sign is not None and (known is None or not known.statement["pack_sha256"]):
            first = once(None)
            if first.obstacles:
                return first
        return once(sign)
