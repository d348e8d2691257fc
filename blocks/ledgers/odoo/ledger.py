"""Odoo as a ledger of Dealbooks: journal entries and invoices of `account.move`, a draft and its post each.

Nothing in Odoo makes a call happen once [C: no idempotency key, `ref` is not unique]. What does here: a draft carries
our key and has no effect on the books; it is looked for before it is made; and only one draft of a key is ever posted,
since posting looks for the key again, drops the drafts of ours that lost, and posting twice is refused by Odoo itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from blocks.ledgers.api import ApiLedger
from blocks.ledgers.odoo import changes
from blocks.ledgers.odoo.directory import Directory
from blocks.ledgers.odoo.reads import MATCHED, Reads
from blocks.ledgers.odoo.settings import OdooSettings
from blocks.ledgers.odoo.translate import KEY_LENGTH, effects_of
from blocks.ledgers.odoo.writes import Writes
from blocks.odoo.server import Server
from dealbooks.book import Book
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.http import Connection
from dealbooks.ledger import (
    Capabilities,
    Changes,
    EffectSpec,
    Joins,
    Lookup,
    Outcome,
    Posting,
    Reading,
    Record,
    Request,
)


class OdooLedger(ApiLedger):
    """A book kept in one company of an Odoo database."""

    def __init__(self, connection: Connection, book: Book, settings: OdooSettings, key: str) -> None:
        super().__init__(connection)
        self._settings = settings
        self._server = Server(
            self.read_again,
            lambda call, effect: self.call(call, effect=effect),
            name=connection.name, database=settings.database, user=settings.user, key=key, wire=settings.protocol,
        )  # fmt: skip
        self.directory = Directory(self._server, settings, book)
        self._reads = Reads(self.directory)
        self._writes = Writes(self._reads)
        self._entered = False

    @property
    def capabilities(self) -> Capabilities:
        """What Odoo can do."""
        return Capabilities(
            key_length=KEY_LENGTH,  # a text field of ours, or `ref`, both without a limit
            safe_resend=False,  # no idempotency key; `ref` and `invoice_origin` are not unique [C section 5]
            native_key_seconds=None,
            searchable=True,  # by our field, else by `ref` [C section 5]
            settle_seconds=self._settings.settle_seconds,  # limit_time_real, 120 s [R section 7], proxies, and a margin
            batch_size=20,  # one call each; they are read back together
            drafts=True,  # create makes a draft, action_post posts it [C section 3]
            documents=True,  # out_invoice, out_refund, entry [C section 3.1]
            dimensions=None,  # analytic plans, any number [C section 3.1]
            attachments=False,  # not used
            lock_dates=True,  # lock dates of res.company [C section 6]
        )

    def effects(self, posting: Posting) -> tuple[EffectSpec, ...]:
        """The write calls of a posting; see `translate`. What Odoo has is looked up once.

        Raises:
            ConfigError, PostingError: it cannot be carried into this Odoo.
            StopConnection: Odoo cannot be asked what it has.
        """
        self._enter()
        return effects_of(posting, self.directory)

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """Make the calls, one after another; what is there already, and the lock dates, are read once before them.

        Raises:
            StopConnection: Odoo cannot be used now; nothing was sent.
        """
        self._enter()
        posts = any(one.payload["do"] == "post" for one in requests)
        self._writes.locked = self.lock_date() if posts else None
        self._writes.begin(requests)
        return super().send(requests)

    def write(self, request: Request) -> Outcome:
        """One effect. Raises StopConnection where what is read before it cannot be: it was not done."""
        return self._writes.do(request)

    def find(self, requests: Sequence[Request]) -> list[Lookup]:
        """Look each effect up by its key, or by what it changes."""
        self._enter()
        self._writes.begin(requests)
        return [self._writes.look(request) for request in requests]

    def expected(self, request: Request) -> Mapping[str, str]:
        """Pure: what a reading must show."""
        payload, refs = request.payload, request.refs
        if payload["do"] == "customer":
            return {"key": payload["party"]}
        if payload["do"] == "analytic":
            return {"key": payload["values"]["code"]}
        if payload["do"] == "match":
            return {"open": MATCHED}
        found = dict(payload["figures"])
        if "customer" in payload:
            found["customer"] = refs[payload["customer"]].rpartition("/")[2]
        return found

    def joins(self, request: Request) -> Joins:
        """Matching ties entries together, and is no entry itself."""
        payload = request.payload
        if payload["do"] != "match":
            return Joins()
        return Joins((*payload["moves"], *payload.get("pair", ())), document=False)

    def read(self, refs: Sequence[str]) -> list[Reading]:
        """The figures of each ref, by reads of their own."""
        self._enter()
        return self._reads.readings(refs)

    def records(self, first: date, last: date) -> Iterable[Record]:
        """Posted entries of the company in a period, ours or not."""
        self._enter()
        return self._reads.records(first, last)

    def changes(self, since: str, ours: Sequence[str] = ()) -> Changes:
        """What changed, by the moment of its last write; see `changes`."""
        self._enter()
        return changes.changes(self._reads, since, ours)

    def listed(self, refs: Sequence[str]) -> Mapping[str, Record | None]:
        """Entries by their references."""
        self._enter()
        return changes.listed(self._reads, refs)

    def lock_date(self) -> date | None:
        """The latest of the company's lock dates that can hold one of our entries back."""
        self._enter()
        held = self.directory.locks().values()
        return max((date.fromisoformat(day) for day in held), default=None)

    def kept_in(self) -> str:
        """The name of the company. Raises StopConnection."""
        self._enter()
        return self.directory.company.name

    def problems(self) -> list[str]:
        """What is wrong with the connection, the company or the settings, in words."""
        try:
            self._enter()
            return self._complaints()
        except (StopConnection, ConfigError) as error:
            return [error.words]

    def _complaints(self) -> list[str]:
        directory, book = self.directory, self.directory.book
        found: list[str] = []
        if directory.company.currency != book.currency:
            found.append(
                f"{directory.company.name} is kept in {directory.company.currency} and the book {book.name} in "
                f"{book.currency}: choose another company of Odoo, or another book."
            )
        used = self._settings.journals
        found += [
            f"Odoo has no journal with the short code {code}: correct it under journals."
            for code in (used.sales, used.general, used.money)
            if code and code not in directory.journals
        ]
        try:
            _ = directory.taxes
        except ConfigError as error:
            found.append(error.words)
        for role in sorted(book.chart.roles if book.chart is not None else ()):
            try:
                directory.account(role, "the chart")
            except ConfigError as error:
                found.append(error.message)
        return found

    def _enter(self) -> None:
        if not self._entered:
            self.directory.enter()
            self._entered = True
