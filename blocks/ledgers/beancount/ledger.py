"""Beancount as a ledger of Dealbooks: translates postings to text files, and reads them back.

Sending a key again can never make a second transaction, so nothing here needs a window or a wait: a look-up is final.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from blocks.ledgers.beancount import changes
from blocks.ledgers.beancount.accounts import OPENING_ACCOUNT, ChartAccounts, OpenAccount
from blocks.ledgers.beancount.files import EffectFiles, Item, Result, State, cannot_write, good_key, is_ref
from blocks.ledgers.beancount.folder import LedgerFolder
from blocks.ledgers.beancount.head import read_head, write_head
from blocks.ledgers.beancount.programs import check, query
from blocks.ledgers.beancount.text import DIMENSIONS, KEY_LENGTH, posting_accounts, posting_text
from dealbooks.book import Chart
from dealbooks.canonical import sha256_hex
from dealbooks.errors import StopConnection
from dealbooks.ledger import (
    Capabilities,
    Changes,
    EffectSpec,
    Joins,
    Lookup,
    Outcome,
    Posting,
    Presence,
    Reading,
    Record,
    RecordLine,
    Request,
    Verdict,
)
from dealbooks.money import MoneyError, minor_digits, round_exact

if TYPE_CHECKING:
    from dealbooks.http import Exchange

EFFECT = "journal"
OPENED = date(1970, 1, 1)

_CAPABILITIES = Capabilities(
    key_length=KEY_LENGTH,
    safe_resend=True,
    native_key_seconds=None,
    searchable=True,
    settle_seconds=0,
    batch_size=200,
    lock_dates=False,
    dimensions=None,
    lasting_refs=False,  # what is typed by hand is named by its line
)
_VERDICTS = {
    State.WRITTEN: Verdict.HAPPENED,
    State.ALREADY: Verdict.HAPPENED,
    State.CONFLICT: Verdict.HAPPENED,  # something stands under the key; reading it back shows that it is not ours
    State.NOT_WRITTEN: Verdict.DID_NOT_HAPPEN,
    State.UNSURE: Verdict.UNKNOWN,
}
_PRESENCES = {
    State.ALREADY: Presence.FOUND,
    State.NOT_WRITTEN: Presence.ABSENT,
    State.CONFLICT: Presence.FOUND,
    State.UNSURE: Presence.UNDECIDED,
}
_NOISE = Decimal("1e-9")  # Beancount keeps a price per unit to 28 digits; the total it gives back is off by less
_MOST_PROBLEMS = 50
_READ = (*DIMENSIONS, "tax_code")  # what of a line's metadata is read back


class BeancountLedger:
    """A book kept in a folder of Beancount files.

    `path` is the folder, `title` and `currency` the book's, `chart` its accounts. `opening_account` takes opening
    balances when the chart has no account for them; `opened` is the day all accounts are opened, before any entry;
    `stale_after` is the age in seconds at which a killed writer's temporary is cleared away, longer than any lease;
    `locations` gives a location code the name it has in the ledger; `book` is the book's own name, for messages.

    Raises:
        ConfigError: the chart has two accounts that cannot be told apart, or one that cannot be written.
    """

    def __init__(
        self,
        path: Path | str,
        title: str,
        currency: str,
        chart: Chart,
        opening_account: str = OPENING_ACCOUNT,
        opened: date = OPENED,
        stale_after: float = 86_400.0,
        locations: Mapping[str, str] | None = None,
        book: str = "",
    ) -> None:
        minor_digits(currency)
        self.path = Path(path)
        self.currency = currency
        self.accounts = ChartAccounts(chart, opening_account, book)
        self.locations = dict(locations or {})
        self._folder = LedgerFolder(self.path, title, currency, opened)
        self._files = EffectFiles(self.path, stale_after)
        self._open: frozenset[str] = frozenset()

    @property
    def capabilities(self) -> Capabilities:
        """What this ledger can do."""
        return _CAPABILITIES

    @property
    def main(self) -> Path:
        """The file to give to bean-check, bean-query or fava."""
        return self._folder.main

    def write_head(self, book: str, seq: int, digest: str) -> None:
        """Keep the head of a book's audit chain beside the ledger (see `blocks.ledgers.beancount.head`)."""
        write_head(self.path, book, seq, digest)

    def read_head(self, book: str) -> tuple[int, str] | None:
        """The head kept for a book: number and hash of a link; None when none was kept."""
        held = read_head(self.path, book)
        return None if held is None else (held.seq, held.hash)

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever written here: `send` makes main.beancount before the first posting."""
        return not self.main.exists()

    def prepare(self) -> None:
        """Make the folder, main.beancount and accounts.beancount, so that Fava can show an empty ledger. `send` does
        it too. Raises StopConnection."""
        self._files.prepare()
        self._open = self._folder.prepare(self.accounts.opens)

    def effects(self, posting: Posting) -> tuple[EffectSpec, ...]:
        """Pure: one effect, whose payload is the text of the transaction and the accounts that must be open.

        Raises:
            ConfigError: the chart lacks an account, or the entry's currency has no amounts in the book's.
            BrokenInvariant: the entry does not balance.
        """
        text = posting_text(posting, self.accounts, self.currency, self.locations)
        return (EffectSpec(EFFECT, {"text": text, "accounts": list(posting_accounts(posting, self.accounts))}),)

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """Write each request's file once; an outcome per request, in order.

        Raises:
            StopConnection: the folder cannot be written to (disk full, no right, not there); nothing was written.
        """
        if len(requests) > _CAPABILITIES.batch_size:
            raise ValueError(f"at most {_CAPABILITIES.batch_size} requests at a time, not {len(requests)}")
        outcomes: list[Outcome | None] = []
        items: list[Item] = []
        wanted: set[str] = set()
        for request in requests:
            fault = _fault(request)
            outcomes.append(Outcome(Verdict.REFUSED, reason=fault) if fault else None)
            if not fault:
                items.append(_item(request))
                wanted.update(request.payload["accounts"])
        if items:
            self._ensure(wanted)
            results = iter(self._files.write(items))
            self._folder.touch()
            outcomes = [_outcome(next(results)) if outcome is None else outcome for outcome in outcomes]
        return [outcome for outcome in outcomes if outcome is not None]

    def _ensure(self, names: set[str]) -> None:
        """Every account is open before an entry uses it, also one that left the chart after the entry was planned."""
        if not self._open or not self._folder.accounts.exists() or not self._folder.main.exists():
            self.prepare()
        missing = names - self._open
        if missing:
            old = [OpenAccount(name) for name in sorted(missing)]
            self._open = self._folder.prepare((*self.accounts.opens, *old))

    def find(self, requests: Sequence[Request]) -> list[Lookup]:
        """Whether each request's file stands, with our content. Other content under its key is undecided."""
        faults = [_fault(request) for request in requests]
        good = [_item(request) for request, fault in zip(requests, faults, strict=True) if not fault]
        results = iter(self._files.look(good))
        return [Lookup(Presence.ABSENT, reason=fault) if fault else _lookup(next(results)) for fault in faults]

    def expected(self, request: Request) -> Mapping[str, str]:
        """Pure: the hash of the file, so that every byte of date, amounts and accounts is compared."""
        return {"sha256": sha256_hex(_item(request).data)}

    def joins(self, request: Request) -> Joins:
        """Nothing is set against anything: a transaction says all itself."""
        return Joins()

    def read(self, refs: Sequence[str]) -> list[Reading]:
        """The hash of each file as it stands now, read anew. Raises StopConnection when a file cannot be read."""
        readings: list[Reading] = []
        for ref in refs:
            data = self._files.read(ref)
            figures = None if data is None else {"sha256": sha256_hex(data)}
            readings.append(Reading(ref, figures, void=data is not None and _says_nothing(data)))
        return readings

    def records(self, first: date, last: date) -> Iterator[Record]:
        """Every transaction dated from `first` to `last`, as Beancount reads the ledger, ours or typed by hand, in
        order of date. Amounts are in the book's currency where a line has a price in it. Who made a transaction is told
        by its metadata `user`, where somebody writes it.

        Raises:
            StopConnection: bean-query is not installed, or failed.
        """
        if self.main.exists():
            yield from self._records(self.main, f"where date >= {first.isoformat()} and date <= {last.isoformat()}")

    def _records(self, main: Path, where: str = "") -> Iterator[Record]:
        columns = ", ".join(f"meta('{name}')" for name in _READ)
        text = (
            "select entry_meta('filename'), entry_meta('lineno'), date, narration, entry_meta('posting_key'), "
            f"entry_meta('user'), account, str(weight), {columns} {where}"
        )
        for head, rows in groupby(query(main, text), key=lambda row: tuple(row[:6])):
            yield self._record(head, rows)

    def changes(self, since: str, ours: Sequence[str] = ()) -> Changes:
        """What changed, by the times of the files and the hash of those that people write in; see `changes`. What is
        typed by hand is named by its line, which moves."""
        seen = changes.look(self.path)
        written = seen.since(since)
        if written is None:
            self._check_includes()
            records = tuple(changes.told_apart(self.records(date.min, date.max)))
            return Changes(records, (), seen.cursor, whole=True)
        here = self.listed(written)
        gone = {ref for ref, record in here.items() if record is None} | set(seen.gone(ours))
        records = tuple(record for record in here.values() if record is not None)
        return Changes(records, tuple(sorted(gone)), seen.cursor)

    def _check_includes(self) -> None:
        """Raise StopConnection where the files of entries stand, and main.beancount does not have them read."""
        missing = self._folder.missing_lines() if self.main.exists() else []
        if missing:
            raise StopConnection(
                f"{self.main} no longer has the line {missing[0]}: what stands behind it is not in the books.",
                fix="Put the line back, then look again.",
            )

    def listed(self, refs: Sequence[str]) -> Mapping[str, Record | None]:
        """The transactions of some entries' files, read without the rest of the ledger; None: there is none.

        Raises:
            StopConnection: the files cannot be read.
        """
        wanted = [ref for ref in dict.fromkeys(refs) if is_ref(ref)]
        there = [ref for ref in wanted if (self.path / ref).exists()]
        found: dict[str, Record | None] = dict.fromkeys(wanted)
        if there:
            with tempfile.TemporaryDirectory() as folder:
                main = Path(folder) / "main.beancount"
                try:
                    main.write_text(changes.only(self.path, there), encoding="utf-8")
                except OSError as error:
                    raise cannot_write(self.path, error) from error
                found |= {one.ref: one for one in changes.told_apart(self._records(main))}
        return found

    def _record(self, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Record:
        file, line, day, narration, key, who = head
        ref = self._place(file)
        if not (is_ref(ref) and good_key(key)):
            ref = f"{ref}:{line}"
        lines = tuple(
            _line(row[6], row[7], {name: value for name, value in zip(_READ, row[8:], strict=True) if value})
            for row in rows
        )
        return Record(ref, key if good_key(key) else "", date.fromisoformat(day), narration, lines, who)

    def trial_balance(self, as_of: date) -> tuple[RecordLine, ...]:
        """The balance of every account that is not nil at the end of a day, by account and currency, debit positive.

        Raises:
            StopConnection: bean-query is not installed, or failed.
        """
        if not self.main.exists():
            return ()
        text = f"select account, str(weight) where date <= {as_of.isoformat()}"
        totals: dict[tuple[str, str], Decimal] = {}
        for account, weight in query(self.main, text):
            line = _line(account, weight, {})
            place = (line.account, line.currency)
            totals[place] = totals.get(place, Decimal(0)) + line.amount
        return tuple(
            RecordLine(account, total, currency) for (account, currency), total in sorted(totals.items()) if total
        )

    def lock_date(self) -> date | None:
        """None: Beancount has no closing date of its own."""
        return None

    def get_ready(self) -> None:
        """Nothing has to be got ready."""

    def exchanges(self) -> list[Exchange]:
        """Nothing is said to anybody."""
        return []

    def problems(self) -> list[str]:
        """What is wrong with the folder, with main.beancount or with the entries, in words; empty when all is well."""
        if not self.main.exists():
            parent = next(path for path in (self.path, *self.path.absolute().parents) if path.exists())
            if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
                return []
            return [f"The ledger folder {self.path} cannot be made, because {parent} may not be written to."]
        try:
            said = [
                f"{self.main} no longer has the line {line}: what stands behind it is not read. Put the line back."
                for line in self._folder.missing_lines()
            ]
            if not os.access(self.path, os.W_OK | os.X_OK):
                said.append(f"The ledger folder {self.path} may not be written to.")
            complaints = check(self.main)
        except (OSError, StopConnection) as error:
            return [error.words if isinstance(error, StopConnection) else str(error)]
        for complaint in complaints:
            place = f"{self._place(complaint.file)}, line {complaint.line}: " if complaint.file else ""
            said.append(
                place + complaint.text.replace(f"{self.path.resolve()}/", "").replace(f"{self.path}/", "") + "."
            )
        if len(said) > _MOST_PROBLEMS:
            said = [*said[:_MOST_PROBLEMS], f"... and {len(said) - _MOST_PROBLEMS} more; bean-check lists them all."]
        return said

    def _place(self, file: str) -> str:
        """A file as named from the ledger's folder."""
        path = Path(file)
        for root in (self.path.absolute(), self.path.resolve()):
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return file


def _says_nothing(data: bytes) -> bool:
    """Whether only blank lines and comments are left of a file."""
    return all(not line.strip() or line.lstrip().startswith(b";") for line in data.splitlines())


def _line(account: str, weight: str, dimensions: Mapping[str, str]) -> RecordLine:
    number, _, currency = weight.strip().partition(" ")
    return RecordLine(account, _tidy(Decimal(number.replace(",", "")), currency), currency, dimensions)


def _tidy(value: Decimal, currency: str) -> Decimal:
    """Cut the noise of a price per unit; what somebody typed with more decimals stays as typed."""
    try:
        cut = round_exact(value, minor_digits(currency))
    except MoneyError:  # shares, miles: whatever else somebody keeps in the ledger
        return value
    return cut if abs(cut - value) < _NOISE else value


def _fault(request: Request) -> str:
    """Why a request can never be written; empty when it can."""
    text, accounts = request.payload.get("text"), request.payload.get("accounts")
    if not good_key(request.key):
        return "Its key is not one that a ledger file can be named by."
    if request.name != EFFECT or not isinstance(text, str) or not isinstance(accounts, list):
        return "It does not hold a Beancount transaction."
    if not text.endswith("\n") or not text.strip() or "\0" in text or not _encodes(text):
        return "The text of its transaction is not whole."
    if not all(isinstance(name, str) and name in text for name in accounts):
        return "It names an account that its transaction does not use."
    return ""


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _item(request: Request) -> Item:
    return Item(request.key, str(request.payload["text"]).encode())


def _outcome(result: Result) -> Outcome:
    verdict = _VERDICTS[result.state]
    return Outcome(verdict, result.ref if verdict is Verdict.HAPPENED else "", result.reason)


def _lookup(result: Result) -> Lookup:
    presence = _PRESENCES[result.state]
    return Lookup(presence, result.ref if presence is Presence.FOUND else "", result.reason)
