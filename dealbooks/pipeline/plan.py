"""Plan: what a sync would post now, found by a rehearsal of which nothing remains. And a plan kept, held against now.

The rehearsal runs every stage but the last on a store that is rolled back and a folder that is thrown away, so that it
takes the same decisions as the sync that follows. A plan names each posting by its key and the hash of its content: two
plans that hold the same pairs would post the same, to the cent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, select, true

from dealbooks import registry
from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.entries import Entry
from dealbooks.errors import ConfigError, StopBatch, StopConnection, UsageError
from dealbooks.house import House
from dealbooks.ledger import Ledger
from dealbooks.money import amount_text
from dealbooks.outbox import EffectState
from dealbooks.pipeline.ahead import ReadAhead, read_ahead
from dealbooks.pipeline.load import load
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.quarantine import waiting
from dealbooks.pipeline.sync import SyncResult, sync
from dealbooks.store import Store
from dealbooks.store.tables import deals, effects, entries, files

FORMAT = "dealbooks-plan/1"
Stopped = StopConnection | ConfigError
_TO_SEND = tuple(
    state.value for state in (EffectState.HELD, EffectState.PENDING, EffectState.SENDING, EffectState.UNKNOWN)
)
_TAKES_BACK = ("sale.reversed", "sale.unwound")


@dataclass(frozen=True, slots=True)
class PlannedPosting:
    """One entry that a sync would send. `total` is its debit side; `amends`: it takes back or replaces a sale that
    stands in the ledger; `new`: it was not in the outbox before."""

    book: str
    deal: str
    deal_id: str
    entry: str
    event: str
    date: str
    currency: str
    total: str
    key: str
    body_hash: str
    amends: bool
    new: bool

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "deal": self.deal, "deal_id": self.deal_id, "entry": self.entry, "event": self.event,
            "date": self.date, "currency": self.currency, "total": self.total, "key": self.key,
            "body_hash": self.body_hash, "amends": self.amends, "new": self.new,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What a plan would move on one account of a book, in one currency."""

    book: str
    account: str
    role: str
    currency: str
    debit: str
    credit: str

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "book": self.book, "account": self.account, "role": self.role, "currency": self.currency,
            "debit": self.debit, "credit": self.credit,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotPosted:
    """A deal, a file or a connection that a sync would not post, and why. `kind` is quarantined, waiting, held, file,
    failure or before_go_live."""

    kind: str
    name: str
    place: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {"kind": self.kind, "name": self.name, "place": self.place, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a sync would do now. `sources` and `since` are its scope; `over_limit` the books whose amendments are more
    than a sync takes without this plan, with how many."""

    made_at: str
    sources: tuple[str, ...]
    since: str
    postings: tuple[PlannedPosting, ...]
    accounts: tuple[AccountSum, ...]
    not_posted: tuple[NotPosted, ...]
    over_limit: Mapping[str, int]

    @property
    def digest(self) -> str:
        """Names what would be posted: the same digest, the same postings."""
        return sha256_hex(canonical_json(sorted([one.key, one.body_hash] for one in self.postings)))

    @property
    def amended(self) -> frozenset[str]:
        """Internal ids of the deals whose posted sale this plan changes or takes back."""
        return frozenset(one.deal_id for one in self.postings if one.amends)

    @property
    def complete(self) -> bool:
        """Whether every deal that was seen would be posted."""
        return not any(one.kind in ("quarantined", "held", "file", "failure") for one in self.not_posted)

    def as_json(self) -> dict[str, Any]:
        """Plain types; the form of a plan that is kept."""
        return {
            "format": FORMAT, "made_at": self.made_at, "scope": {"sources": list(self.sources), "since": self.since},
            "digest": self.digest, "postings": [one.as_json() for one in self.postings],
            "accounts": [one.as_json() for one in self.accounts],
            "not_posted": [one.as_json() for one in self.not_posted],
            "amendments_over_limit": dict(self.over_limit),
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: Any, where: str) -> BatchPlan:
        """Read what `as_json` wrote; `where` names it in errors.

        Raises:
            UsageError: it is no plan, or not as it was written.
        """
        try:
            if data["format"] != FORMAT:
                raise UsageError(f"{where} was made by another version of Dealbooks.", fix="Make the plan again.")
            plan = cls(
                data["made_at"], tuple(data["scope"]["sources"]), data["scope"]["since"],
                tuple(PlannedPosting(**one) for one in data["postings"]),
                tuple(AccountSum(**one) for one in data["accounts"]),
                tuple(NotPosted(**one) for one in data["not_posted"]), data["amendments_over_limit"],
            )  # fmt: skip
            kept = data["digest"]
        except (KeyError, TypeError) as error:
            raise UsageError(f"{where} is not a plan.", fix="Make one with 'dealbooks plan --out FILE'.") from error
        if plan.digest != kept:
            raise UsageError(f"{where} was changed after it was made.", fix="Make the plan again.")
        return plan


class _All(frozenset[str]):
    """Approves every amendment: a plan shows them all."""

    def __contains__(self, _deal: object) -> bool:
        return True

    def __len__(self) -> int:
        return 1


class RehearsalHouse(House):
    """The same house on a store and in a folder that are thrown away."""

    def __init__(
        self,
        real: House,
        store: Store,
        var: Path,
        ahead: Mapping[str, ReadAhead],
        asked: Mapping[str, Ledger | Stopped],
    ) -> None:
        super().__init__(real.config, actor=real.actor, clock=real.clock)
        self.store.close()
        self.store = store
        self._var = var
        self._ahead = ahead
        self._asked = asked

    def ledger(self, book: str) -> Ledger:
        """A ledger; one over an API is the real one, which has its token: one that was renewed here would be rolled
        back with the rest. Raises what it raised when it was got ready."""
        found = self._asked.get(book)
        if isinstance(found, Stopped):
            raise found
        return found or super().ledger(book)

    def source(self, name: str) -> Any:
        """A source; one over an API has been read before."""
        return self._ahead.get(name) or super().source(name)

    @property
    def var(self) -> Path:
        """The folder that is thrown away."""
        return self._var


def plan(
    house: House,
    *,
    sources: Sequence[str] | None = None,
    since: date | None = None,
    progress: Progress = silent,
) -> BatchPlan:
    """What `sync` would post with the same arguments; nothing is changed and nothing is sent.

    Raises:
        UsageError: there is no such source.
    """
    names = tuple(sources) if sources else tuple(house.config.sources)
    for name in names:
        house.source_config(name)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dealbooks-plan-")))
        ahead = {name: read_ahead(house, name, folder) for name in names if _has_records(house, name)}
        asked = {book: _got_ready(house, book) for book in books_of(house, names) if not _is_embedded(house, book)}
        rehearsal = RehearsalHouse(house, stack.enter_context(house.store.rehearse()), folder, ahead, asked)
        store = rehearsal.store
        _lend_archive(house, rehearsal)
        with store.read() as conn:
            before = _known(conn, true())
        result = sync(rehearsal, sources=names, since=since, approve=_All(), post=False, progress=progress)
        postings, accounts = _to_send(rehearsal, names, before)
        return BatchPlan(
            house.store.now(), names, since.isoformat() if since else "", postings, accounts,
            _not_posted(rehearsal, result), _over_limit(house, postings),
        )  # fmt: skip


def _has_records(house: House, source: str) -> bool:
    return registry.source_platform(house.source_config(source).platform).kind == "records"


def _is_embedded(house: House, book: str) -> bool:
    return registry.ledger_platform(house.book_config(book).ledger.platform).embedded


def _got_ready(house: House, book: str) -> Ledger | Stopped:
    """The ledger with all that a rehearsal asks it for, or why there is none now."""
    try:
        ledger = house.ledger(book)
        ledger.get_ready()
    except (StopConnection, ConfigError) as error:
        return error
    return ledger


def moved(kept: BatchPlan, now: BatchPlan, posted: Collection[str] = ()) -> list[str]:
    """What is not any more as a kept plan says, in words; empty when the same would be posted. `posted` are keys of
    entries that stand in the ledger."""
    old = {one.key: one for one in kept.postings}
    new = {one.key: one for one in now.postings}
    said = [_words(new[key], "is new since the plan was made") for key in new if key not in old]
    said += [
        _words(old[key], "is posted already" if key in posted else "would not be posted any more")
        for key in old
        if key not in new
    ]
    for key, one in old.items():
        other = new.get(key)
        if other is not None and other.body_hash != one.body_hash:
            change = f"is now {other.currency} {other.total}" if other.total != one.total else "has other lines now"
            said.append(_words(one, change))
    return sorted(said)


def sync_plan(house: House, kept: BatchPlan, *, progress: Progress = silent) -> SyncResult:
    """Post exactly what a kept plan says.

    It is rehearsed again first; and what was planned for good is held against it once more before a byte is sent.

    Raises:
        StopBatch: something moved; nothing was sent. The message says what.
    """
    since = date.fromisoformat(kept.since) if kept.since else None
    now = plan(house, sources=kept.sources, since=since, progress=progress)
    with house.store.read() as conn:
        posted = _known(conn, entries.c.state == "posted")
    _refuse_moved(moved(kept, now, posted), planned=False)
    result = sync(house, sources=kept.sources, since=since, approve=kept.amended, post=False, progress=progress)
    postings, _ = _to_send(house, kept.sources, frozenset())
    now = BatchPlan("", kept.sources, kept.since, postings, (), (), {})
    _refuse_moved(moved(kept, now), planned=True)
    for book in books_of(house, kept.sources):
        result.loaded.append(load(house, book, progress=progress))
    return result


def books_of(house: House, sources: Iterable[str]) -> list[str]:
    """The books that these sources feed."""
    return sorted({book for source in sources for book in house.source_config(source).books.values()})


# -- inside --------------------------------------------------------------------------------------------------------


def _refuse_moved(said: Sequence[str], *, planned: bool) -> None:
    if not said:
        return
    shown = "; ".join(said[:10]) + (f"; and {len(said) - 10} more" if len(said) > 10 else "")
    kept = " What is new was planned, and the next sync sends it." if planned else ""
    raise StopBatch(
        f"The plan does not hold any more, so nothing was posted: {shown}.{kept}",
        fix="Make a new plan with 'dealbooks plan --out FILE', look at it, and post that one.",
    )


def _words(one: PlannedPosting, change: str) -> str:
    return f"{one.entry} of {one.deal} ({one.book}, {one.currency} {one.total}) {change}"


def _lend_archive(house: House, rehearsal: RehearsalHouse) -> None:
    """Files that were taken up half are read again from the archive: the rehearsal sees those."""
    with rehearsal.store.read() as conn:
        names = [row.archive for row in conn.execute(select(files.c.archive).where(files.c.state == "accepted"))]
    lent = rehearsal.var / "archive"
    lent.mkdir()
    for found in (path for name in names for path in (house.var / "archive").glob(f"{name}*")):
        place = lent / found.name
        if not place.exists():
            place.symlink_to(found.absolute())


def _known(conn: Connection, condition: Any) -> frozenset[str]:
    return frozenset(row.id for row in conn.execute(select(entries.c.id).where(condition)))


def _to_send(
    house: House, sources: Sequence[str], before: Collection[str]
) -> tuple[tuple[PlannedPosting, ...], tuple[AccountSum, ...]]:
    """Every entry of which something is still to be sent, in the order in which it would be, and its accounts."""
    query = (
        select(entries, deals.c.deal_number)
        .join(deals, deals.c.id == entries.c.deal_id, isouter=True)
        .where((entries.c.state == "planned") & entries.c.book.in_(books_of(house, sources)))
        .where(entries.c.id.in_(select(effects.c.entry).where(effects.c.state.in_(_TO_SEND))))
        .order_by(entries.c.book, entries.c.seq)
    )
    postings: list[PlannedPosting] = []
    sums: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    with house.store.read() as conn:
        rows = [dict(row) for row in conn.execute(query).mappings()]
    changed = {row["deal_id"] for row in rows if row["event"] in _TAKES_BACK}
    for row in rows:
        entry = Entry.from_json(json.loads(row["body"]))
        for line in entry.lines:
            place = (row["book"], line.role, entry.currency)
            debit, credit = sums.get(place, (Decimal(0), Decimal(0)))
            sums[place] = (debit + line.debit, credit + line.credit)
        amends = row["version"] > 0 and row["deal_id"] in changed
        postings.append(
            PlannedPosting(
                row["book"], row["deal_number"] or _opening_name(row["key"]), row["deal_id"], row["entry_id"],
                row["event"], row["accounting_date"], row["currency"],
                amount_text(entry.total_debit, entry.currency), row["id"], row["body_hash"], amends,
                row["id"] not in before,
            )
        )  # fmt: skip
    accounts = [_account_sum(house, place, both) for place, both in sums.items()]
    return tuple(postings), tuple(sorted(accounts, key=lambda one: (one.book, one.currency, one.account)))


def _opening_name(key: str) -> str:
    parts = json.loads(key)
    return f"{parts[2]} {parts[3].partition('/')[0]}".strip()


def _account_sum(house: House, place: tuple[str, str, str], both: tuple[Decimal, Decimal]) -> AccountSum:
    book, role, currency = place
    account = house.chart(book).roles.get(role)
    shown = f"{account.number} {account.name}" if account is not None else role
    return AccountSum(book, shown, role, currency, *(amount_text(side, currency) for side in both))


def _not_posted(house: House, result: SyncResult) -> tuple[NotPosted, ...]:
    found = [NotPosted("failure", "", "", text) for text in result.failures]
    for extracted in result.extracted:
        found += [
            NotPosted("file" if one.state == "held" else "waiting", one.name, extracted.source, "; ".join(one.reasons))
            for one in extracted.files
            if one.state in ("held", "waiting")
        ]
        found += [NotPosted("failure", "", extracted.source, text) for text in extracted.notices]
    for item in waiting(house):
        reasons = "; ".join(one.message for one in item.errors)
        found.append(NotPosted("quarantined", item.deal_number or item.place, item.place, reasons))
    for book in result.transformed:
        found += [NotPosted("held", deal, book.book, reason) for deal, reason in book.held]
        found += [NotPosted("waiting", deal, book.book, reason) for deal, reason in book.waiting]
        if book.before_go_live:
            text = f"{book.before_go_live} deals are dated before go-live and are never posted"
            found.append(NotPosted("before_go_live", "", book.book, text))
    return tuple(found)


def _over_limit(house: House, postings: Iterable[PlannedPosting]) -> dict[str, int]:
    changed: dict[str, set[str]] = {}
    for one in postings:
        if one.amends and one.new:
            changed.setdefault(one.book, set()).add(one.deal_id)
    return {
        book: len(some) for book, some in sorted(changed.items()) if len(some) > house.book_config(book).amend_limit
    }
