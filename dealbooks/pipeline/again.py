"""Issue again: a person says that what somebody deleted or voided in the ledger shall stand there after all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select

from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.outbox import Planned
from dealbooks.outbox.again import Choice, Seen, choose, issue_again, look
from dealbooks.periods import Period
from dealbooks.pipeline.guard import check_ledger_fits
from dealbooks.pipeline.periods import closed_through, locks
from dealbooks.pipeline.person import by_person
from dealbooks.pipeline.postings import posting_again
from dealbooks.pipeline.trace import need_deal
from dealbooks.pipeline.work import Wanted, Work, load_work
from dealbooks.posting.sheet import Dated, open_day
from dealbooks.store import Lease
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import deal_versions, entries


@dataclass(frozen=True, slots=True)
class IssuedAgain:
    """What was planned again: entries by name, their documents, and what a person must set against them in the ledger,
    because the ledger keeps it open. `moved` says which entries are booked in the open period instead of their own."""

    deal: str
    book: str
    entries: tuple[str, ...]
    documents: tuple[str, ...]
    by_hand: tuple[str, ...]
    moved: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return asdict(self)


def again(
    house: House, ref: str, *, who: str, why: str, wanted: Sequence[str] = (), apply_by_hand: bool = False
) -> IssuedAgain:
    """Plan again what the ledger does not show any more of a deal: the entries that `wanted` names, or all. It is sent
    by the next run. `apply_by_hand`: a person sets what stands, and was applied to it, against it in the ledger.

    Raises:
        UsageError: who or why is missing, nothing is gone, or it cannot be made again; the message says what to do.
        LeaseLost: another process works on the book.
        StopConnection: the ledger cannot be asked now.
    """
    who, why = by_person(who, why, "A document is issued again by somebody, for a reason.")
    with house.store.read() as conn:
        deal = need_deal(conn, ref)
    book = _book_of(house, deal, wanted)
    check_ledger_fits(house, book)
    ledger = house.ledger(book)
    ledger.get_ready()
    with held(house, book) as lease:
        seen = look(house.store, book, ledger, deal["id"], lease)
        item = _work(house, deal)
        choice = choose(seen, wanted or _gone(item, seen))
        _check_mirrors(item, seen, choice)
        _check_by_hand(seen, choice, asked=apply_by_hand)
        planned = _planned(house, book, item, seen, choice)
        with house.store.transaction(who, "issue again") as tx:
            lease.check(tx)
            closed = closed_through(tx.conn, book)
            late = [one for one in planned if closed is not None and one.posting.entry.accounting_date <= closed]
            if late:
                raise UsageError("A period was closed meanwhile; nothing was planned.", fix="Give the command again.")
            made = issue_again(tx, ledger, seen, choice, planned, who=who, why=why)
    by_entry = {one.posting.key.wire(): one.posting.entry for one in planned}
    return IssuedAgain(
        deal["deal_number"], book, tuple(entry.entry_id for entry in by_entry.values()),
        tuple(f"{by_entry[row['entry']].entry_id}, {row['name']}" for row in made),
        tuple(seen.called(row) for row in choice.by_hand),
        tuple(
            f"{entry.entry_id}: {entry.note}" for entry in by_entry.values()
            if entry.accounting_date != item.recorded[entry.entry_id].accounting_date
        ),
    )  # fmt: skip


@contextmanager
def held(house: House, book: str) -> Iterator[Lease]:
    """Nobody else plans or sends anything of the book meanwhile; yields the lease of its ledger.

    Raises:
        LeaseLost: another process does.
    """
    with ExitStack() as stack:
        stack.enter_context(Lease(house.store, f"plan:{book}"))
        yield stack.enter_context(Lease(house.store, f"ledger:{book}"))


def _book_of(house: House, deal: Row, wanted: Collection[str]) -> str:
    """The book of the named entries; a car moved within the group has entries of its deal in two."""
    if not wanted:
        return str(deal["book"])
    with house.store.read() as conn:
        mine = (entries.c.deal_id == deal["id"]) & (entries.c.state != "superseded")
        books = {row.entry_id: row.book for row in conn.execute(select(entries.c.entry_id, entries.c.book).where(mine))}
    found = {str(books[name]) for name in wanted if name in books}
    if len(found) > 1:
        raise UsageError(f"These entries stand in {len(found)} books.", fix="Give the command once for each of them.")
    return found.pop() if found else str(deal["book"])


def _work(house: House, deal: Row) -> Work:
    (item,) = load_work(house, [deal["id"]], Wanted({deal["id"]: None}, {})) or (None,)
    if item is None:
        raise UsageError(
            f"Nothing of deal {deal['deal_number']} was ever planned for the ledger.",
            fix=f"'dealbooks trace {deal['deal_number']}' shows what it waits for.",
        )
    return item


def _gone(item: Work, seen: Seen) -> list[str]:
    """Everything that is gone, but for a sale that was taken back and the mirror of one that is gone: together they
    come to nothing, and a person names what is wanted of them."""
    reversed_ = {entry.reverses for entry in item.recorded.values() if entry.reverses}
    found = [
        name for name in seen.gone_entries
        if name not in reversed_ and item.recorded[name].reverses not in seen.gone_entries
    ]  # fmt: skip
    if not found:
        number = item.deal["deal_number"]
        raise UsageError(
            f"The ledger still shows everything of deal {number} that stands: nothing is issued a second time."
            if not seen.gone_entries
            else f"Of deal {number} only a sale that was taken back is gone: with its mirror it comes to nothing.",
            fix=f"'dealbooks trace {number}' shows how it stands.",
        )
    return found


def _check_mirrors(item: Work, seen: Seen, choice: Choice) -> None:
    chosen = {seen.names[one] for one in choice.entries}
    lost = {seen.names[row["entry"]] for row in seen.rows if row["id"] in choice.effects and row["id"] in seen.gone}
    for name, entry in item.recorded.items():
        if entry.reverses in lost and name not in lost:
            raise UsageError(
                f"{entry.reverses} was taken back by {name}, which still stands: issued again, it could not be set"
                " against it.",
                fix=f"Void or delete {name} in the ledger as well, or mend the two by hand there.",
            )
        if name in lost and entry.reverses in seen.gone_entries and entry.reverses not in chosen:
            raise UsageError(
                f"{name} takes back {entry.reverses}, which is gone too: there is nothing to take back.",
                fix=f"Leave both as they are, or name both (--entry {entry.reverses} --entry {name}).",
            )


def _check_by_hand(seen: Seen, choice: Choice, *, asked: bool) -> None:
    if choice.by_hand and not asked:
        listed = "; ".join(seen.called(row) for row in choice.by_hand)
        raise UsageError(
            f"What is gone had this applied to it, which still stands and is open now: {listed}.",
            fix="Say --apply-by-hand and apply it to the new document in the ledger, or void or delete it there too,"
            " and it is made again with the rest.",
        )


def _planned(house: House, book: str, item: Work, seen: Seen, choice: Choice) -> list[Planned]:
    """The chosen entries under their next issue, in the open period, as the ledger translates them now."""
    lock, ledger = locks(house, book), house.ledger(book)
    names = [seen.names[one] for one in choice.entries]
    for name in names:
        item.issues[name] = item.issues.get(name, 0) + 1
    made = []
    for entry_id, name in zip(choice.entries, names, strict=True):
        entry = item.recorded[name]
        day = open_day(entry.accounting_date, lock)
        if day.original is not None:
            _check_whole(seen, choice, entry_id, entry, day)
            entry = replace(
                entry, accounting_date=day.booked, original_date=entry.original_date or day.original,
                note=f"{entry.note} {day.note}".strip(),
            )  # fmt: skip
        posting = posting_again(house, item.deal["book"], item, _version_of(house, item, entry_id), entry)
        made.append(Planned(posting, ledger.effects(posting)))
    return made


def _check_whole(seen: Seen, choice: Choice, entry_id: str, entry: Entry, day: Dated) -> None:
    """An entry is booked on one day: a part of it cannot move out of a closed period alone."""
    left = [
        row for row in seen.rows if row["entry"] == entry_id and row["id"] not in choice.effects and not row["subject"]
    ]
    if left:
        listed = "; ".join(seen.called(row) for row in left)
        month = Period.of(entry.accounting_date)
        raise UsageError(
            f"{month} is closed, and a part of {entry.entry_id} stands in it: {listed}. The rest alone cannot be booked"
            f" on {day.booked.isoformat()}.",
            fix=f"Take {month} out of the lock ('dealbooks reopen'), or enter what is missing by hand.",
        )


def _version_of(house: House, item: Work, entry_id: str) -> Deal:
    """The version of the deal that an entry was made from; for money, the one that stands."""
    version = next(row["version"] for row in item.entry_rows if row["id"] == entry_id)
    if not version:
        return item.canonical
    with house.store.read() as conn:
        name = f"{item.deal['id']}/{version}"
        (row,) = read_rows(conn, select(deal_versions.c.deal).where(deal_versions.c.id == name)) or (None,)
    return item.canonical if row is None else Deal.model_validate_json(row["deal"])


__all__ = ["IssuedAgain", "again", "held"]
