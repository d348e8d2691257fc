"""QuickBooks Online behind the ledger protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial

from blocks.ledgers.api import ApiLedger
from blocks.ledgers.quickbooks import changes, wire
from blocks.ledgers.quickbooks.answers import MISSING_REFERENCE, fault_in, outcome_of
from blocks.ledgers.quickbooks.customers import Customers, names_of
from blocks.ledgers.quickbooks.directory import Company, Directory, Row
from blocks.ledgers.quickbooks.figures import expected_of, figures_of, value_of
from blocks.ledgers.quickbooks.reads import Reads, one_of, quoted, records
from blocks.ledgers.quickbooks.settings import QuickBooksSettings
from blocks.ledgers.quickbooks.translate import effects_of
from dealbooks.book import Book
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.http import Call, Connection, Reply
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
    Request,
    Verdict,
)
from dealbooks.oauth import TokenSource

KEY_LENGTH = 50  # [C] longest requestid of a single call
_BATCH = 200
# What a payment or a sales receipt is deposited to must be a bank or other current asset account [C].
_TYPES = {
    "receivable.customer": ("Accounts Receivable",),
    "clearing.settlement": ("Bank", "Other Current Asset"),
    "cash.undeposited": ("Bank", "Other Current Asset"),
}
_COUNTRIES = {"us": "US", "uk": "GB", "au": "AU", "ca": "CA", "nz": "NZ", "jp": "JP"}


class QuickBooksLedger(ApiLedger):
    """One company (realm), for one book. `locations` gives a location code its name in QuickBooks."""

    def __init__(
        self,
        book: Book,
        settings: QuickBooksSettings,
        connection: Connection,
        *,
        tokens: TokenSource | None = None,
        locations: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(connection, tokens=tokens, together=settings.calls_at_once)
        self._book = book
        self._settings = settings
        self._locations = tuple(locations or ())
        self.reads = Reads(self.read_again, settings, connection.name, self.at_once)
        self.directory = Directory(book, settings, self.reads.rows, self.reads.company, locations)
        self._customers = Customers(self.reads, self._create, settings.realm_id, KEY_LENGTH)

    @property
    def capabilities(self) -> Capabilities:
        """What QuickBooks Online can do; each with what backs it."""
        return Capabilities(
            key_length=KEY_LENGTH,
            # requestid replays the first answer [C], but for how long is not published, and a public report shows two
            # payments under one requestid: it is sent with every write, and not relied on alone.
            safe_resend=False,
            native_key_seconds=self._settings.request_id_seconds,
            # DocNumber of sales forms and journal entries, PaymentRefNum of payments, DisplayName of customers.
            searchable=True,
            # A call ends after 120 s [C]; what was begun may still be done, and a search may lag.
            settle_seconds=self._settings.settle_seconds,
            # One call an effect: a batch is not atomic, its keys are shorter, and a replayed batch is reported to fail.
            # So many are sent, ten at a time, before they are read back together.
            batch_size=_BATCH,
            drafts=False,  # a document posts when it is created
            documents=True,
            dimensions=2,  # class and location (department)
            attachments=False,
            lock_dates=True,  # Preferences.AccountingInfoPrefs.BookCloseDate
        )

    def effects(self, posting: Posting) -> tuple[EffectSpec, ...]:
        """See `dealbooks.ledger.Ledger`. Looks lists of the company up where it has not yet.

        Raises:
            ConfigError: the chart or the company lacks an account, item, tax code, class or location.
            PostingError: the entry cannot be carried into QuickBooks.
            StopConnection: QuickBooks does not answer.
        """
        return effects_of(posting, self.directory)

    # -- writing -------------------------------------------------------------------------------------------

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """One call an effect; who of the customers is there already is asked once before them.

        Raises:
            StopConnection: QuickBooks cannot be used now; nothing was sent.
        """
        self._customers.look_up([one for one in requests if one.payload["kind"] == wire.CUSTOMER])
        return super().send(requests)

    def touches(self, request: Request) -> Iterable[str]:
        """The documents that an effect refers to; of a customer, also the names that it may have."""
        if request.payload["kind"] == wire.CUSTOMER:
            return (request.subject, *(f"name {name}" for name in names_of(request)))
        return (ref for ref in request.refs.values() if wire.split_ref(ref)[0] != wire.CUSTOMER)

    def write(self, request: Request) -> Outcome:
        """Make the call of one effect, and say how it ended."""
        kind, what = str(request.payload["kind"]), str(request.payload["what"])
        if kind == wire.COVERED:
            return Outcome(Verdict.HAPPENED, ref=_sale_of(request))
        if kind == wire.CUSTOMER:
            return self._customers.found_or_made(request)
        body = wire.encoded(request, self._settings.note_length)
        end = self._create(kind, body, request.key, request.key, what)
        if isinstance(end, Outcome):
            return end
        fault = fault_in(end)
        if fault is not None and fault.is_duplicate_number:
            return self._adopted(request, fault.assigned_to, f"{what}: {fault.text}")
        if fault is not None and fault.code in MISSING_REFERENCE:
            self.directory.forget()
            self._customers.forget()
        return outcome_of(end, kind, what)

    def _create(self, kind: str, body: bytes, key: str, effect: str, what: str) -> Reply | Outcome:
        headers = {"accept": "application/json", "content-type": "application/json"}
        params = {"minorversion": str(self._settings.minor_version), "requestid": key}
        call = Call("POST", self.reads.path(kind.lower()), params, headers, body, f"create {what}", writes=True)
        try:
            return self.call(call, effect=effect)
        except StopConnection as error:  # no authorisation can be had: nothing was sent
            return Outcome(Verdict.DID_NOT_HAPPEN, reason=f"{what}: {error.message}")

    def _adopted(self, request: Request, holder: str, reason: str) -> Outcome:
        """The number is used: by this very effect, whose first answer was lost, or by another document. What is adopted
        is compared figure by figure when it is read back."""
        kind = str(request.payload["kind"])
        try:
            named = self.reads.document(kind, holder) if holder else None
            holders = [named] if named is not None else self._held(kind, [request])
        except StopConnection as error:
            return Outcome(Verdict.UNKNOWN, reason=f"{reason} It could not be looked up: {error.message}")
        for row in holders:
            if wire.key_in(row.get("PrivateNote")) == request.key:
                return Outcome(Verdict.HAPPENED, ref=wire.ref_of(kind, row["Id"]))
        if holder or holders:
            return Outcome(Verdict.REFUSED, reason=f"{reason} That document is not ours: give it another number.")
        return Outcome(Verdict.UNKNOWN, reason=f"{reason} A search does not show which document has it.")

    # -- looking up ------------------------------------------------------------------------------------------

    def find(self, requests: Sequence[Request]) -> list[Lookup]:
        """Look each request up: by its number, and our key in the memo."""
        kinds = [str(one.payload["kind"]) for one in requests]
        rows = {
            kind: self._held(kind, [one for one, its in zip(requests, kinds, strict=True) if its == kind])
            for kind in dict.fromkeys(kinds)
            if kind not in (wire.COVERED, wire.CUSTOMER)
        }
        return [self._find(kind, one, rows.get(kind, ())) for kind, one in zip(kinds, requests, strict=True)]

    def _held(self, kind: str, requests: Sequence[Request]) -> list[Row]:
        """What QuickBooks shows under the numbers of some documents of a kind."""
        found = self.reads.lists([(kind, where) for where in self._searches(kind, requests)])
        return list({str(row["Id"]): row for _, rows in found for row in rows}.values())

    def _searches(self, kind: str, requests: Sequence[Request]) -> Iterable[str]:
        if kind != wire.PAYMENT or self._settings.find_payments_by == "PaymentRefNum":
            name = "DocNumber" if kind != wire.PAYMENT else "PaymentRefNum"
            return one_of(name, [str(one.payload["number"]) for one in requests])
        bodies = [wire.filled(one.payload["body"], one.refs) for one in requests]
        return dict.fromkeys(
            f"CustomerRef = {quoted(value_of(body, 'CustomerRef'))} and TxnDate = {quoted(str(body['TxnDate']))}"
            for body in bodies
        )

    def _find(self, kind: str, request: Request, rows: Sequence[Row]) -> Lookup:
        if kind == wire.COVERED:
            return Lookup(Presence.FOUND, _sale_of(request))
        if kind == wire.CUSTOMER:
            return self._customers.find(request)
        mine = [row for row in rows if wire.key_in(row.get("PrivateNote")) == request.key]
        if len(mine) > 1:
            ids = ", ".join(str(row["Id"]) for row in mine)
            return Lookup(Presence.UNDECIDED, reason=f"QuickBooks holds it {len(mine)} times: {kind} {ids}.")
        if mine:
            return Lookup(Presence.FOUND, wire.ref_of(kind, mine[0]["Id"]))
        return Lookup(Presence.ABSENT)

    # -- reading ---------------------------------------------------------------------------------------------

    def expected(self, request: Request) -> Mapping[str, str]:
        """The figures that a reading must show."""
        return expected_of(request.payload, request.refs, self.directory)

    def read(self, refs: Sequence[str]) -> list[Reading]:
        """Read documents by their ids, those of a kind together.

        Raises:
            StopConnection: QuickBooks does not answer.
        """
        named = [wire.split_ref(ref) for ref in refs]
        found = self.reads.documents(named)
        shown = [(kind, found[kind, number]) for kind, number in named]
        return [
            _reading(ref, None if row is None else figures_of(kind, row, self.directory))
            for ref, (kind, row) in zip(refs, shown, strict=True)
        ]

    def joins(self, request: Request) -> Joins:
        """A payment and what it is applied to. One of nothing only ties a credit memo to what settles it."""
        payload = request.payload
        if payload["kind"] == wire.COVERED:
            return Joins((f"{payload['sale']}/receipt",), document=False)
        if payload["kind"] != wire.PAYMENT:
            return Joins()
        links = [link for line in payload["body"]["Line"] for link in line["LinkedTxn"]]
        return Joins(tuple(link["TxnId"]["$ref"] for link in links), document=request.name != "applied")

    def records(self, first: date, last: date) -> Iterable[Record]:
        """Every sale, payment and journal entry of a period, both days included."""
        return records(self.reads, self.directory, first, last)

    def changes(self, since: str, ours: Sequence[str] = ()) -> Changes:
        """What changed, by change data capture, which tells of deletions too; see `changes`."""
        return changes.changes(self.reads, self.directory, since)

    def listed(self, refs: Sequence[str]) -> Mapping[str, Record | None]:
        """Sales, payments and journal entries by their references."""
        return changes.listed(self.reads, self.directory, refs)

    def lock_date(self) -> date | None:
        """The closing date of the books in QuickBooks."""
        return self.reads.closing_date()

    def reached(self, given: Mapping[str, str]) -> list[str]:
        """Which company the consent is for, and whether the settings name it."""
        realm = given.get("realmId", "")
        if realm and realm != self._settings.realm_id:
            return [
                f"The consent is for the company with the number {realm}, and dealbooks.yaml names another one.",
                f'Write into it, under books.{self._book.name}.ledger:  realm_id: "{realm}"',
            ]
        return []

    def kept_in(self) -> str:
        """The name of the company. Raises StopConnection."""
        return self.reads.company().name

    def problems(self) -> list[str]:
        """What is wrong with the connection or the company, in words; empty when all is well."""
        try:
            company = self.reads.company()
        except (ConfigError, StopConnection) as error:
            return [error.words]
        try:
            return self._wrong(company) + self._missing(company)
        except StopConnection as error:
            return [*self._wrong(company), error.words]

    def _wrong(self, company: Company) -> list[str]:
        book, said = self._book, []
        if company.currency and company.currency != book.currency:
            said.append(
                f"{company.name} is kept in {company.currency} in QuickBooks, the book {book.name} in {book.currency}."
            )
        wanted = _COUNTRIES.get(book.regime)
        if wanted and company.country and company.country != wanted:
            said.append(f"{company.name} is in {company.country} in QuickBooks, the book {book.name} in {wanted}.")
        if not company.own_numbers:
            said.append(
                f"{company.name} does not use its own transaction numbers: switch custom transaction numbers on in "
                "QuickBooks, since a document is found again by its number."
            )
        kept = (self._settings.locations_as, self._settings.departments_as)
        if "department" in kept and not company.tracks_departments:
            said.append(f"{company.name} does not track locations: they are left out.")
        if "class" in kept and not company.tracks_classes:
            said.append(f"{company.name} does not track classes: they are left out.")
        return said

    def _missing(self, company: Company) -> list[str]:
        """What of the book's chart, tax codes and locations the company has not, or has of another type. Raises
        StopConnection."""
        self.directory.forget()
        checks: list[Callable[[], object]] = [
            partial(self.directory.account, role, needed_by="the chart")
            for role in (self._book.chart.roles if self._book.chart is not None else ())
        ]
        if not company.in_us:
            checks += [self.directory.no_tax, self.directory.tax_codes]
        checks += [partial(self.directory.place, {"location": code}) for code in self._locations]
        said = []
        for check in checks:
            try:
                check()
            except ConfigError as error:
                said.append(error.words)
        return list(dict.fromkeys(said)) + ([] if said else self._of_wrong_type())

    def _of_wrong_type(self) -> list[str]:
        said = []
        for role, types in _TYPES.items():
            account = self.directory.account(role, needed_by="every sale")
            found = self.directory.account_type(account)
            if found not in types:
                said.append(
                    f"The account {self.directory.label(account)} for {role} is of the type {found} in QuickBooks, and "
                    f"must be {' or '.join(types)}."
                )
        return said


def _reading(ref: str, figures: Mapping[str, str] | None) -> Reading:
    return Reading(ref, figures, void=figures is not None and figures.get("status") == "voided")


def _sale_of(request: Request) -> str:
    """The reference of the sales receipt that carries a receipt."""
    return request.refs[f"{request.payload['sale']}/receipt"]


__all__ = ["KEY_LENGTH", "QuickBooksLedger"]
