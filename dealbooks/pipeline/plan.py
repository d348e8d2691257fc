"""Plan: what a sync would post now, found by a rehearsal of which nothing remains. And a plan kept, held against now.

The rehearsal runs every stage but the last on a store that is rolled back and a folder that is thrown away, so that it
takes the same decisions as the sync that follows. A plan names each posting by its key and the hash of its content: two
plans that hold the same pairs would post the same, to the cent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, select, true

from dealbooks import registry
from dealbooks.entries import Entry
from dealbooks.errors import ConfigError, StopBatch, StopConnection
from dealbooks.house import House
from dealbooks.ledger import Ledger
from dealbooks.money import amount_text
from dealbooks.outbox import EffectState
from dealbooks.pipeline.ahead import ReadAhead, read_ahead
from dealbooks.pipeline.batch_plan import AccountSum, BatchPlan, NotPosted, PlannedPosting, moved
from dealbooks.pipeline.load import load
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.quarantine import waiting
from dealbooks.pipeline.standings import tell_standings
from dealbooks.pipeline.sync import SyncResult, sync
from dealbooks.store import Store
from dealbooks.store.tables import deals, effects, entries, files

Stopped = StopConnection | ConfigError
_TO_SEND = tuple(
    state.value for state in (EffectState.HELD, EffectState.PENDING, EffectState.SENDING, EffectState.UNKNOWN)
)
_TAKES_BACK = ("sale.reversed", "sale.unwound")


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
    result.standings = tell_standings(house, kept.sources)
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
