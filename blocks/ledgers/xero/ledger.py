"""Xero as a ledger of Dealbooks: invoices, credit notes, payments, manual journals, bank transactions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from blocks.ledgers.api import ApiLedger
from blocks.ledgers.xero import changes
from blocks.ledgers.xero.allocations import Allocations
from blocks.ledgers.xero.answers import answered
from blocks.ledgers.xero.bodies import body_of, is_of_deal, ref_id
from blocks.ledgers.xero.directory import Directory
from blocks.ledgers.xero.figures import expected_of, figures_of, money
from blocks.ledgers.xero.reads import Reads
from blocks.ledgers.xero.records import records_of
from blocks.ledgers.xero.settings import XeroSettings
from blocks.ledgers.xero.translate import specs_of
from blocks.ledgers.xero.wire import KEY_LENGTH, amount, put
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
    Presence,
    Reading,
    Record,
    Request,
    Verdict,
)
from dealbooks.oauth import TokenSource

_WHAT = {
    "customer": "create the contact", "invoice": "create the invoice", "credit-note": "create the credit note",
    "journal": "create the manual journal", "payment": "create the payment", "refund": "create the refund",
    "bank": "create the bank transaction", "allocation": "allocate the credit note",
}  # fmt: skip
_FOUR_DECIMALS = {"unitdp": "4"}
_NOTHING = "Allocations/none"
_BATCH = 50
_GONE = ("VOIDED", "DELETED")
_AGAIN = "-2"  # the refusal of the first attempt is kept under the key itself


class XeroLedger(ApiLedger):
    """A book kept in a Xero organisation."""

    def __init__(
        self,
        book: Book,
        settings: XeroSettings,
        connection: Connection,
        *,
        tokens: TokenSource | None = None,
        locations: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(connection, tokens=tokens, together=settings.concurrent)
        self._book = book
        self._settings = settings
        self._locations = dict(locations or {})
        self._reads = Reads(self.read_again, settings)
        self._allocations = Allocations(self._reads, self.call, settings)
        self._directory: Directory | None = None
        self._contacts: dict[str, Lookup] = {}  # by our number: who is there
        self._freed: dict[str, list[str]] = {}  # by effect: credit notes that were taken off, and not yet set back

    @property
    def capabilities(self) -> Capabilities:
        """What this ledger can do; sections are those of Xero's fact sheet."""
        return Capabilities(
            key_length=KEY_LENGTH,  # a header takes 128 (5), but the key also stands in references that people read
            safe_resend=False,  # payments, journals and bank transactions have no unique field (5)
            # Xero keeps a key for six minutes from the first call (5). A second send is decided on in one drain and
            # made in another, which may be later than that: so it waits until absence is proven.
            native_key_seconds=None,
            searchable=True,  # by number, by the payments of a document, by narration or reference (4, 5)
            settle_seconds=self._settings.settle_seconds,
            batch_size=_BATCH,  # one call each, since a key covers a whole call (3.1); they are read back together
            drafts=True,  # Status DRAFT (3.1)
            documents=True,
            dimensions=2,  # active tracking categories (3.1)
            attachments=False,  # Xero takes them (3.1); none are sent
            lock_dates=True,  # PeriodLockDate, EndOfYearLockDate (6)
        )

    def get_ready(self) -> None:
        """Have a token, and know the organisation's accounts, tax rates and tracking categories."""
        super().get_ready()
        self.directory()

    def directory(self) -> Directory:
        """The organisation's accounts, tax rates and tracking categories, looked up once. Raises StopConnection."""
        if self._directory is None:
            self._directory = self._looked_up()
        return self._directory

    def effects(self, posting: Posting) -> tuple[EffectSpec, ...]:
        """The ordered write calls that carry this posting.

        Raises:
            ConfigError: the chart, the organisation or the settings lack something.
            PostingError: no document can carry it.
            StopConnection: the organisation could not be looked up.
        """
        return specs_of(posting, self.directory())

    def expected(self, request: Request) -> Mapping[str, str]:
        """Pure: the figures that a reading of this request must show."""
        return expected_of(request)

    # -- writing -------------------------------------------------------------------------------------------

    def send(self, requests: Sequence[Request]) -> list[Outcome]:
        """One call an effect; who of the contacts is there already is asked once before them.

        Raises:
            StopConnection: Xero cannot be used now; nothing was sent.
        """
        unknown = [_number(one) for one in requests if one.payload["op"] == "customer"]
        unknown = [number for number in unknown if number not in self._contacts]
        if len(unknown) > 1:
            self._contacts |= self._reads.contacts(unknown) or {}
        outcomes = super().send(requests)
        if any(outcome.verdict is Verdict.REFUSED for outcome in outcomes):
            self._contacts.clear()  # one may have been archived
        return outcomes

    def touches(self, request: Request) -> Iterable[str]:
        """The documents and the contact that an effect refers to; of a contact, also its name; what settles documents
        of a deal, one after another."""
        if request.payload["op"] == "customer":
            return (request.subject, f"name {str(request.payload['body']['Name']).casefold()}")
        deal = request.payload.get("deal")
        return (*super().touches(request), f"deal {deal}" if deal else "")

    def write(self, request: Request) -> Outcome:
        """Make the call of one effect; for a contact, a refund and an allocation the few calls.

        Raises:
            StopConnection: no call that writes was made, or only such as change nothing when they are repeated.
        """
        op = request.payload["op"]
        if op == "customer":
            return self._customer(request)
        if op == "refund":
            return self._refund(request)
        return self._allocate(request) if op == "allocation" else self._create(request)

    def _create(self, request: Request, attempt: str = "") -> Outcome:
        resource, what = request.payload["resource"], self._what(request)
        params = _FOUR_DECIMALS if "LineItems" in request.payload["body"] else {}
        call = put(f"/{resource}", {resource: [body_of(request)]}, request.key + attempt, what=what, params=params)
        end = self.call(call, effect=request.key)
        if isinstance(end, Outcome):
            return end
        told = answered(end, resource, what, self._settings)
        if told.taken:
            return self._adopted(request, told.outcome)
        if told.exceeds and not attempt and request.payload["op"] == "payment":
            return self._overtaken(request, told.outcome)
        return told.outcome

    def _overtaken(self, request: Request, refused: Outcome) -> Outcome:
        """A payment that comes after its sale was taken back finds the invoice settled by the credit note: the payment
        goes first, and the credit note is set against what else is open. All is looked up before anything is taken off,
        since what follows a call that was tried must not hide how it ended.
        """
        found = self._reads.find(request)
        outcome = Outcome(Verdict.HAPPENED, found.ref)
        if found.presence is not Presence.FOUND:
            resource, _, ref = request.refs[request.payload["pays"]].partition("/")
            room, held = self._allocations.room(resource, ref, request.payload["deal"])
            if room < amount(request.payload["body"]["Amount"]):
                return refused
            self._freed[request.key] = [one.note for one in held]
            outcome = self._allocations.free(held)
            if outcome.verdict is Verdict.HAPPENED:
                outcome = self._create(request, _AGAIN)
            if outcome.verdict is Verdict.UNKNOWN:
                return outcome  # looked up, and what was taken off is set back then
        try:
            back = self._set_back(request)
        except StopConnection as error:
            back = Outcome(Verdict.UNKNOWN, reason=error.message)
        return outcome if back.verdict is Verdict.HAPPENED else _unfinished(outcome, back)

    def _set_back(self, request: Request) -> Outcome:
        """Set the credit notes that a payment took off, in this attempt or an earlier one, against what is open. After
        what settles its own sale comes an allocation that does it."""
        payload, notes = request.payload, self._freed.get(request.key, ())
        if payload["pays"] != "sale/invoice":
            return Outcome(Verdict.HAPPENED)
        invoice = ref_id(request.refs["sale/invoice"])
        outcome = self._allocations.set_back(invoice, payload["deal"], payload["body"]["Date"], notes)
        if outcome.verdict is Verdict.HAPPENED:
            self._freed.pop(request.key, None)
        return outcome

    def _adopted(self, request: Request, refused: Outcome) -> Outcome:
        """The number is in use: by ourselves, earlier, or by somebody else."""
        found = self._reads.numbered(request)
        if found.presence is Presence.FOUND:
            return Outcome(Verdict.HAPPENED, found.ref)
        return Outcome(Verdict.REFUSED, reason=found.reason or refused.reason)

    def _customer(self, request: Request) -> Outcome:
        """Found by our number, or created; where the name is another contact's, with our number behind it."""
        number = _number(request)
        found = self._contacts.pop(number, None) or self._reads.contact(number)
        if found.presence is Presence.UNDECIDED:
            return Outcome(Verdict.REFUSED, reason=found.reason)
        outcome = Outcome(Verdict.HAPPENED, found.ref)
        if found.presence is Presence.ABSENT:
            outcome = self._made(request, number)
        if outcome.verdict is Verdict.HAPPENED:
            self._contacts[number] = Lookup(Presence.FOUND, outcome.ref)
        return outcome

    def _made(self, request: Request, number: str) -> Outcome:
        body, what = dict(request.payload["body"]), self._what(request)
        suffix = f" ({number})"
        for name in (body["Name"], body["Name"][: 255 - len(suffix)] + suffix):
            sent = {**body, "Name": name}
            text = json.dumps([self._settings.tenant_id, sent], sort_keys=True)
            key = hashlib.sha256(text.encode()).hexdigest()[:40]  # of the party, not of the posting: one a person
            end = self.call(put("/Contacts", {"Contacts": [sent]}, key, what=what), effect=request.key)
            if isinstance(end, Outcome):
                return end
            told = answered(end, "Contacts", what, self._settings)
            if not told.name_taken:
                return told.outcome
        found = self._reads.contact(number)
        return Outcome(Verdict.HAPPENED, found.ref) if found.presence is Presence.FOUND else told.outcome

    def _refund(self, request: Request) -> Outcome:
        """Money back: out of the open credit note of the deal that leaves enough."""
        wanted = amount(request.payload["body"]["Amount"])
        contact = ref_id(request.refs["customer"])
        where = f'Contact.ContactID==Guid("{contact}") AND Status=="AUTHORISED"'
        for note in self._reads.pages("CreditNotes", where):
            if is_of_deal(note, request.payload["deal"]) and amount(note.get("RemainingCredit")) >= wanted:
                paid = {**request.payload, "pays": "credit-note"}
                refs = {**request.refs, "credit-note": f"CreditNotes/{note['CreditNoteID']}"}
                return self._create(Request(request.effect_id, request.key, request.name, paid, refs))
        reason = f"Xero has no credit note of deal {request.payload['deal']} with {money(wanted)} left to be refunded."
        return Outcome(Verdict.REFUSED, reason=reason)

    def _allocate(self, request: Request) -> Outcome:
        """Set the credit notes that this effect waited for against the invoice."""
        invoice, notes = self._to_allocate(request)
        outcome = self._allocations.make(invoice, notes, request.payload["date"], request.key)
        if outcome.verdict is not Verdict.HAPPENED:
            return outcome
        return Outcome(Verdict.HAPPENED, self._allocation_ref(invoice, notes))

    @staticmethod
    def _to_allocate(request: Request) -> tuple[str, list[str]]:
        invoice = ref_id(request.refs[request.payload["invoice"]])
        notes = [ref_id(ref) for ref in request.refs.values() if ref.startswith("CreditNotes/")]
        return invoice, notes

    @staticmethod
    def _allocation_ref(invoice: str, notes: Sequence[str]) -> str:
        return f"Allocations/{invoice}/{','.join(notes)}" if notes else _NOTHING

    def _what(self, request: Request) -> str:
        payload = request.payload
        return f"{_WHAT[payload['op']]} {payload.get('number') or payload.get('mark', '')}".strip()

    # -- reading -------------------------------------------------------------------------------------------

    def find(self, requests: Sequence[Request]) -> list[Lookup]:
        """Look each request up; a payment that took credit notes off is found when they are set back. Raises
        StopConnection when Xero does not answer."""
        if requests:
            self.connection.held = requests[0].held
        return [self._found(request) for request in requests]

    def _found(self, request: Request) -> Lookup:
        if request.payload["op"] == "payment":
            found, back = self._reads.find(request), self._set_back(request)
            if back.verdict is Verdict.HAPPENED:
                return found
            return Lookup(Presence.UNDECIDED, reason=_unfinished(Outcome(Verdict.UNKNOWN), back).reason)
        if request.payload["op"] != "allocation":
            return self._reads.find(request)
        invoice, notes = self._to_allocate(request)
        if self._allocations.left(invoice, notes):
            return Lookup(Presence.ABSENT)
        return Lookup(Presence.FOUND, self._allocation_ref(invoice, notes))

    def read(self, refs: Sequence[str]) -> list[Reading]:
        """Read each ref from Xero itself, those of a resource together. Raises StopConnection."""
        named = [ref.partition("/")[::2] for ref in refs]
        found = {
            resource: self._reads.several(resource, [rest for one, rest in named if one == resource])
            for resource in dict.fromkeys(resource for resource, _ in named)
            if resource != "Allocations"
        }
        return [
            _reading(ref, self._figures(resource, rest, found))
            for ref, (resource, rest) in zip(refs, named, strict=True)
        ]

    def joins(self, request: Request) -> Joins:
        """A payment and the document that it pays; an allocation and both its sides."""
        payload = request.payload
        if payload["op"] == "allocation":
            notes = [name for name, ref in request.refs.items() if ref.startswith("CreditNotes/")]
            return Joins((payload["invoice"], *notes), document=False)
        return Joins((payload["pays"],) if payload.get("pays") else ())

    def _figures(
        self, resource: str, rest: str, found: Mapping[str, Mapping[str, dict[str, Any] | None]]
    ) -> Mapping[str, str] | None:
        if resource == "Allocations":
            invoice, _, notes = rest.partition("/")
            left = self._allocations.left(invoice, notes.split(",")) if notes else Decimal(0)
            return {"left to allocate": money(left)}
        document = found[resource][rest]
        return None if document is None else figures_of(resource, document)

    def records(self, first: date, last: date) -> Iterable[Record]:
        """Every transaction of a period. Raises StopConnection."""
        return records_of(self._reads, self.directory(), first, last)

    def changes(self, since: str, ours: Sequence[str] = ()) -> Changes:
        """What changed, by If-Modified-Since, which tells of what was voided and deleted too; see `changes`."""
        return changes.changes(self._reads, self.directory, since)

    def listed(self, refs: Sequence[str]) -> Mapping[str, Record | None]:
        """Transactions by their references."""
        return changes.listed(self._reads, self.directory, refs)

    def lock_date(self) -> date | None:
        """The later of the organisation's two lock dates, as they are now. Raises StopConnection."""
        if self._directory is None:
            return self.directory().lock_date
        self._directory.organisation = self._reads.organisation()
        return self._directory.lock_date

    def reached(self, given: Mapping[str, str]) -> list[str]:
        """Which organisations the consent opened, and whether the settings name one of them."""
        found = {str(one.get("tenantId")): str(one.get("tenantName")) for one in self._reads.organisations()}
        if self._settings.tenant_id in found:
            return [f"It is the organisation {found[self._settings.tenant_id]}."]
        return [
            "The consent is for other organisations than the one that dealbooks.yaml names.",
            f"Write the one you mean into it, under books.{self._book.name}.ledger:",
            *(f'  tenant_id: "{ref}"  # {name}' for ref, name in found.items()),
        ]

    def kept_in(self) -> str:
        """The name of the company. Raises StopConnection."""
        return str(self._reads.organisation().get("Name") or "")

    def problems(self) -> list[str]:
        """What is wrong with the connection, the organisation or the settings, in words."""
        try:
            self._directory = self._looked_up()
            return self._directory.problems()
        except (StopConnection, ConfigError) as error:
            return [error.words]

    def _looked_up(self) -> Directory:
        return Directory(
            self._book,
            self._settings,
            self._locations,
            organisation=self._reads.organisation(),
            accounts=self._reads.all("Accounts"),
            tax_rates=self._reads.all("TaxRates"),
            tracking=self._reads.all("TrackingCategories"),
        )


def _reading(ref: str, figures: Mapping[str, str] | None) -> Reading:
    return Reading(ref, figures, void=figures is not None and figures.get("status") in _GONE)


def _unfinished(outcome: Outcome, back: Outcome) -> Outcome:
    """A payment is in doubt until the credit notes that it took off are set back."""
    reason = (
        f"{outcome.reason} A credit note that was taken off the invoice for this payment is not set against an invoice "
        f"of the deal again: {back.reason} It is tried again; where Xero refuses it, allocate the credit note there."
    )
    return Outcome(Verdict.UNKNOWN, outcome.ref, reason.strip())


def _number(request: Request) -> str:
    """Our number of a contact."""
    return str(request.payload["body"]["ContactNumber"])
