"""Make a close pack: as a draft at any time, or with the certificate when a period is signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dealbooks.canonical import sha256_hex
from dealbooks.closing.signers import Signer
from dealbooks.errors import StopBatch, UsageError
from dealbooks.house import House
from dealbooks.ledger import Record
from dealbooks.pack.archive import book_stamp
from dealbooks.pack.files import CERTIFICATE, pack_files, sealed, write_pack
from dealbooks.pack.gather import gather, new_copy
from dealbooks.pack.model import PackData
from dealbooks.periods import Period
from dealbooks.pipeline.close import CloseResult, close
from dealbooks.pipeline.obstacles import Drafted
from dealbooks.pipeline.reconcile import Reconciliation, reconcile
from dealbooks.pipeline.signoff import waiting
from dealbooks.store import Lease

_READINGS = 3  # of a ledger in whose files somebody writes meanwhile


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
        LeaseLost: another process closes a period of this book just now, or makes a draft.
    """
    month = Period.parse(period)
    house.book(book)
    place = folder or draft_folder(house, book, str(month))
    with _alone(house, book):
        if (place / CERTIFICATE).exists():
            raise UsageError(f"{place} holds a signed pack.", fix="Name another folder for the draft.")
        copy = new_copy(house, book, month)
        rec = reconcile(house, book, period, see=copy.see)
        files = pack_files(gather(house, rec, copy))
        write_pack(place, files)
    return Made(place, len(files), rec)


class LedgerMoved(StopBatch):
    """Files of a ledger were changed between the listing of its records and the copy of the files: a pack of both would
    not be of one ledger."""


class PackKeeper:
    """Keeps the pack of a period while it is closed (`Evidence` of dealbooks.pipeline.close)."""

    def __init__(self, house: House, book: str, period: Period) -> None:
        self._house = house
        self._copy = new_copy(house, book, period)
        self._data: PackData | None = None
        self._before = _stamp(house, book)

    def see(self, record: Record) -> None:
        """Take in a record of the ledger, as the reconciliation reads it."""
        self._copy.see(record)

    def draft(self, rec: Reconciliation) -> Drafted:
        """Write the pack as a draft, for who is to sign it.

        Raises:
            LedgerMoved: the files of the ledger are not those that were listed.
            StopConnection: the folder cannot be written to.
        """
        self._data = gather(self._house, rec, self._copy, closing=True)
        if _stamp(self._house, rec.book) != self._before:
            raise LedgerMoved(
                f"The ledger of {rec.book} was written to while it was read.",
                fix="Let running syncs end, and whoever works in it finish, then run again.",
            )
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


def _stamp(house: House, book: str) -> object:
    """What is another one when the files of a ledger changed; of one without files always the same."""
    main = getattr(house.ledger(book), "main", None)
    return book_stamp(main) if isinstance(main, Path) else None


def _alone(house: House, book: str) -> Lease:
    """The lease under which packs of a book are written."""
    return Lease(house.store, f"close:{book}")


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
        LedgerMoved: the ledger's files were written to during each of some readings.
        LeaseLost: another process closes a period of this book just now: it would write over the same files.
    """
    month = Period.parse(period)
    house.book(book)
    with _alone(house, book) as lease:

        def read(signer: Signer | str | None) -> CloseResult:
            keeper = PackKeeper(house, book, month)
            return close(
                house, book, period, sign=signer, note=note, accept=accept, evidence=keeper, lease=lease, run=run
            )

        def once(signer: Signer | str | None) -> CloseResult:
            for _ in range(_READINGS - 1):
                with suppress(LedgerMoved):
                    return read(signer)
            return read(signer)

        with house.store.read() as conn:
            known = waiting(conn, book, month)
        if sign is not None and (known is None or not known.statement["pack_sha256"]):
            first = once(None)
            if first.obstacles:
                return first
        return once(sign)
