"""What the suite needs of a ledger under test: a rig. A further ledger is one module in `rigs/`, with a class `Rig`.

A rig holds a sandbox with a virtual clock, a book whose chart the sandbox has, a connected ledger, and a store whose
outbox feeds it. Beside that it is the hand of a person in the ledger, who edits, voids, deletes and locks.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from conformance.deals import BOOK, NAMES, sums_of
from sqlalchemy import select

from dealbooks.book import Book, Chart
from dealbooks.ledger import Ledger, Outcome, Posting, PostingKey, Reading, Record, Request, Verdict
from dealbooks.outbox import Drain, DrainResult, Planned, enqueue
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from dealbooks.store.tables import effects, entries
from dealbooks.store.tables import exchanges as exchanges_table
from sandbox.kit import Answer, Call, Fault, FaultPlan, Platform, VirtualClock

ALWAYS = (date(2000, 1, 1), date(2099, 12, 31))
_REGIONS = (*("us",) * 8, *("uk",) * 6, "au", "au", "eu", "eu", "ca", "nz", "jp", "gulf", "us", "uk")
REGIONS = dict(zip(NAMES, _REGIONS, strict=True))
CURRENCIES = {
    "us": "USD", "uk": "GBP", "au": "AUD", "eu": "EUR", "ca": "CAD", "nz": "NZD", "jp": "JPY", "gulf": "KWD",
}  # fmt: skip
BEFORE = (Fault.REFUSED, Fault.TIMEOUT_BEFORE, Fault.SERVER_ERROR, Fault.ERROR_BODY_200)
AFTER = (Fault.TIMEOUT_AFTER, Fault.RESET, Fault.SERVER_ERROR_AFTER, Fault.LATE_COMMIT)
LIMITS = (Fault.LIMIT_SECOND, Fault.LIMIT_MINUTE, Fault.LIMIT_DAY, Fault.LIMIT_CONCURRENT)
_TAKES_BACK = ("sale.reversed", "sale.unwound")


class Unable(Exception):
    """This ledger has no such thing; why. The test is skipped, and must stand in skips.yaml."""


class Rig(ABC):
    """One book in one ledger, and everything around it.

    `sale`, `journal` and `money` are the names of the effects that write a sale (not paid by a sales receipt), its
    journal and a receipt; `folded` are account roles that the ledger keeps on the account of another; `modes` are ways
    to post the same deals, each with settings (a mode named `long ...` is run by the long suite only).
    """

    name: ClassVar[str]
    over_http: ClassVar[bool] = True
    impossible: ClassVar[frozenset[Fault]] = frozenset()  # faults that its protocol does not have
    keeps_customers: ClassVar[bool] = True
    finds_customers_by_id: ClassVar[bool] = True
    foreign: ClassVar[bool] = True  # deals in another currency than the book's can be posted
    sale: ClassVar[str]
    journal: ClassVar[str]
    money: ClassVar[str]
    folded: ClassVar[Mapping[str, str]] = {}
    modes: ClassVar[Mapping[str, Mapping[str, Any]]] = {"": {}}
    limits: ClassVar[Mapping[Fault, float]] = {}  # each 429, and the seconds that its Retry-After asks for, or nothing
    figures: ClassVar[Mapping[str, str]] = {}  # what is changed -> the figure that tells it, where it has another name
    nowhere: ClassVar[Mapping[str, Any]] = {}  # settings under which the ledger has no place for any dimension
    own_limits: ClassVar[Mapping[str, Any]] = {}  # settings under which the platform's own limits hold
    calls_to_see_a_dead_grant: ClassVar[int] = 0  # calls that a run makes before it knows
    rates_off_by: ClassVar[Decimal] = Decimal(0)  # what its rounding of exchange rates may cost on an account
    small_pages: ClassVar[Mapping[str, Any]] = {}  # settings under which a list comes in several pages
    unlinks: ClassVar[
        Mapping[str, Any]
    ] = {}  # settings under which a paid sale can be taken away, and its payment stays
    calls_to_see_no_change: ClassVar[int] = 0  # by a process that is connected
    credit: ClassVar[str] = ""  # what the ledger calls a credit note; nothing: it has none

    ledger: Ledger
    book: Book
    taken: int

    def __init__(self, folder: Path, region: str = "uk", **settings: Any) -> None:
        """A rig for the books of a region; `settings` are those of the ledger.

        Raises:
            Unable: the ledger, or its sandbox, has no books of that region.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.region, self.settings = folder, region, settings
        self.faults, self.taken = FaultPlan(), 0
        self.meanwhile: Callable[[], None] | None = None
        self.clock = VirtualClock()
        self.store = Store(f"sqlite:///{folder / 'store.db'}", clock=self.clock)
        ensure(self.store)
        self.made()
        self.reconnect()

    # -- made by a platform ----------------------------------------------------------------------------------

    @abstractmethod
    def made(self) -> None:
        """Make the sandbox and the book."""

    @abstractmethod
    def connected(self, **settings: Any) -> Ledger:
        """A new process's ledger: nothing is remembered."""

    @abstractmethod
    def balances(self) -> dict[str, Decimal]:
        """What the sandbox itself holds, by account number, debit positive, nil left out."""

    @abstractmethod
    def standing(self) -> Mapping[str, int]:
        """How many documents of each kind stand in the sandbox, customers not counted."""

    @abstractmethod
    def written(self) -> int:
        """How many changes the sandbox has logged."""

    def customers(self) -> list[str]:
        """The names of all customers in the ledger."""
        return []

    def known(self, kind: str, name: str) -> None:
        """Somebody typed a `customer` or a `vendor` of that name."""
        raise Unable("no customers are kept")

    def change(self, ref: str, what: str) -> None:
        """Change `total` (by a cent), `tax`, `date` (by a day) or `dimension` (taken away) of a document by hand."""
        raise Unable("nothing can be changed")

    def void(self, ref: str) -> None:
        """Void a document by hand."""
        raise Unable("nothing can be voided")

    def applied(self, ref: str) -> bool:
        """Whether a payment is set against something."""
        raise Unable("nothing is set against anything")

    def delete(self, ref: str) -> None:
        """Delete a document by hand."""
        raise Unable("nothing can be deleted")

    def twin(self, ref: str) -> None:
        """A person copies a document, with our key in it."""
        raise Unable("no copy can be made")

    def take_number(self, request: Request) -> None:
        """Somebody else's document gets the number that a request is about to use."""
        raise Unable("documents have no numbers")

    def lock(self, until: date | None) -> None:
        """Close the books in the ledger up to a day, that day too; None opens them."""
        raise Unable("no closing date")

    def drop(self, what: str) -> tuple[str, ...]:
        """Take an account, a tax code or a place (`account`, `tax`, `tracking`) that a sale of G10 needs away; the
        words by which a person must be told."""
        raise Unable("it is made when it is needed")

    def texts(self, ref: str) -> str:
        """All texts of a document, one after another."""
        raise Unable("no texts")

    def has_texts(self, ref: str) -> bool:
        """Whether a document has texts of ours."""
        return True

    def places_of(self, ref: str) -> set[str]:
        """The locations and departments of a document, as the ledger's own dimensions have them."""
        raise Unable("no dimensions")

    def calls(self) -> int:
        """How many calls the sandbox has taken, tokens included."""
        return self.taken

    def revoke(self) -> None:
        """Somebody disconnects us: the grant is dead."""
        raise Unable("nothing to be connected to")

    @abstractmethod
    def number(self, account: str) -> str:
        """The number of an account as the ledger's records name it."""

    @abstractmethod
    def kind(self, name: str) -> str:
        """What `standing` calls the document of an effect."""

    def typed(self, day: date, amount: Decimal) -> None:
        """Somebody types a journal between two accounts."""
        raise Unable("nothing can be typed")

    def no_such_ref(self) -> str:
        """A reference, well formed, of a document that is not there."""
        return "no-such-ref"

    @property
    def first_of_journal(self) -> str:
        """The effect that carries a journal's lines."""
        return self.journal

    @abstractmethod
    def spoiled(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The payload of a journal, changed so that the ledger refuses it for good."""

    def counted(self, platform: Platform) -> Platform:
        """A sandbox whose calls are counted."""
        handle = platform.handle

        def counting(call: Call) -> Answer:
            self.taken += 1
            answer = handle(call)
            happens, self.meanwhile = self.meanwhile, None
            if happens is not None:
                happens()
            return answer

        platform.handle = counting  # type: ignore[method-assign]
        return platform

    # -- the same for all --------------------------------------------------------------------------------------

    @property
    def chart(self) -> Chart:
        """The book's chart."""
        assert self.book.chart is not None
        return self.book.chart

    def reconnect(self, **settings: Any) -> Ledger:
        """A new process with the same book."""
        self.ledger = self.connected(**{**self.settings, **settings})
        return self.ledger

    def put(self, *postings: Posting) -> tuple[Posting, ...]:
        """Plan postings into the outbox, as the pipeline does: what takes a sale back goes before its new version."""
        self.ledger.get_ready()
        planned: list[Planned] = []
        before: dict[str, list[PostingKey]] = defaultdict(list)
        for one in postings:
            after = tuple(before[one.key.deal]) if one.entry.event == "sale.posted" else ()
            planned.append(Planned(one, self.ledger.effects(one), after))
            if one.entry.event in _TAKES_BACK:
                before[one.key.deal].append(one.key)
        with self.store.transaction("conformance", "enqueue") as tx:
            enqueue(tx, self.ledger, planned)
        return postings

    def order(self, *faults: Fault | None, kind: str = "write") -> None:
        """The next calls of a kind meet these faults."""
        if not self.over_http:
            raise Unable("nothing is said over a network")
        if self.impossible & set(faults):
            raise Unable("its protocol has no such fault")
        self.faults.order(faults, kind)

    def documents(self) -> set[str]:
        """The references of all documents that effects came back with; no customers, and nothing that only matches."""
        kept = ("customer", "match", "allocation", "stock", "covered")
        return {row["ref"] for row in self.rows() if row["ref"] and not row["name"].startswith(kept)}

    def drain(self) -> DrainResult:
        """One run of the outbox."""
        return Drain(self.store, BOOK, self.ledger).run()

    def settled(self, rounds: int = 40, pause: float = 1000.0) -> DrainResult:
        """Run the outbox again and again, by a new process each time, until nothing is left to be sent or looked up."""
        for _ in range(rounds):
            result = self.drain()
            if not any(result.by_state.get(state) for state in ("held", "pending", "sending", "unknown")):
                break
            self.clock.sleep(pause)
            self.reconnect()
        return result

    def rows(self) -> list[dict[str, Any]]:
        """Every effect, in the order in which it was planned."""
        with self.store.read() as conn:
            return [dict(row) for row in conn.execute(select(effects).order_by(effects.c.seq)).mappings()]

    def row(self, name: str, deal: str = "") -> dict[str, Any]:
        """The first effect of a name."""
        return next(row for row in self.rows() if row["name"] == name and deal in ("", row["deal_id"]))

    def exchanges(self) -> list[dict[str, Any]]:
        """What was said to the ledger while it was drained, in order."""
        with self.store.read() as conn:
            query = select(exchanges_table).order_by(exchanges_table.c.id)
            return [dict(row) for row in conn.execute(query).mappings()]

    def days(self) -> dict[str, str]:
        """The accounting date of each entry, by its own key and by that of each of its effects."""
        with self.store.read() as conn:
            query = select(effects.c.id, entries.c.id, entries.c.accounting_date)
            rows = list(conn.execute(query.join(entries, entries.c.id == effects.c.entry)))
        return {key: day for effect, entry, day in rows for key in (effect, entry)}

    def open(self) -> dict[str, str]:
        """Effects that are not posted, and why."""
        found = {f"{row['name']} is {row['state']}": row["reason"] for row in self.rows()}
        return {told: reason for told, reason in found.items() if not told.endswith((" is posted", " is superseded"))}

    def states(self) -> set[str]:
        """The states in which effects are."""
        return {row["state"] for row in self.rows()}

    def request(self, name: str) -> Request:
        """The request of the first effect of a name."""
        return self.requested(self.row(name))

    def requested(self, row: Mapping[str, Any]) -> Request:
        """The request of an effect that is planned or posted, as the outbox makes it."""
        rows = {one["id"]: one for one in self.rows()}
        refs = {what: rows[effect]["ref"] for what, effect in json.loads(row["waits_for"]).items()}
        return Request(row["seq"], row["id"], row["name"], json.loads(row["payload"]), refs, row["subject"])

    def in_doubt(self, name: str, ref: str = "") -> None:
        """The answer of an effect was lost, or (with its reference) came, and it was not read back: it is to be looked
        up."""
        with self.store.transaction("conformance", "its answer was lost") as tx:
            row = self.row(name)
            tx.update("effects", [row], state="unknown", ref=ref, next_at=tx.at)

    def pending(self, name: str, payload: Mapping[str, Any] | None = None) -> None:
        """An effect is to be sent (again) under its own key, whatever the ledger has."""
        with self.store.transaction("conformance", "to be sent again") as tx:
            row = self.row(name)
            body = row["payload"] if payload is None else json.dumps(payload)
            tx.update("effects", [row], state="pending", ref="", next_at=tx.at, payload=body)

    def after(self, name: str, happens: Callable[[str], None]) -> None:
        """Something happens to a document after it was written, and before it is read."""
        send = self.ledger.send

        def sent(requests: Sequence[Request]) -> list[Outcome]:
            outcomes = send(requests)
            for request, outcome in zip(requests, outcomes, strict=True):
                if request.name == name and outcome.verdict is Verdict.HAPPENED:
                    happens(outcome.ref)
            return outcomes

        self.ledger.send = sent  # type: ignore[method-assign]

    def reading(self, ref: str) -> Reading:
        """What the ledger shows of a document."""
        (found,) = self.ledger.read([ref])
        return found

    def records(self, first: date = ALWAYS[0], last: date = ALWAYS[1]) -> list[Record]:
        """What the ledger lists for a period."""
        return list(self.ledger.records(first, last))

    def wanted(self, *cases: str) -> dict[str, Decimal]:
        """What the entries of golden cases leave on each account, by its number, nil left out."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for case in cases:
            for role, amount in sums_of(case, self.folded).items():
                sums[self.chart.roles[role].number] += amount
        return _without_nil(sums)

    def summed(self, postings: Iterable[Posting]) -> dict[str, Decimal]:
        """The same, of postings in the book's own currency."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for posting in postings:
            for line in posting.entry.lines:
                sums[self.chart.roles[self.folded.get(line.role, line.role)].number] += line.amount.amount
        return _without_nil(sums)


def _without_nil(sums: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {number: amount for number, amount in sorted(sums.items()) if amount}
