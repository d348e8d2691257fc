"""Validate a batch: every row becomes an accepted version of a deal, or waits in quarantine with its reasons.

What the source says again changes nothing; what is older than what is known changes nothing. A bad row never stops the
others. One transaction takes the whole batch: killed before it, the batch is as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, select

from dealbooks.canonical import canonical_json, compact_json, compact_text, sha256_hex
from dealbooks.catalogue import found, once
from dealbooks.deal import Deal
from dealbooks.deal.rules.history import (
    StandingSale,
    check_period,
    check_posted_receipts,
    check_sold_before,
    check_unwind,
)
from dealbooks.draft import Draft
from dealbooks.findings import Finding, Severity, has_errors
from dealbooks.house import House
from dealbooks.pipeline import history
from dealbooks.pipeline.corrections import active_overrides
from dealbooks.pipeline.deal_objects import record_objects, stated_objects
from dealbooks.pipeline.firstlook import first_look, meet_under_other_names, newer_words
from dealbooks.pipeline.garbage import seldom_collected
from dealbooks.pipeline.item import Item
from dealbooks.pipeline.judge import Override, ToJudge, judge_records
from dealbooks.pipeline.keys import deal_id
from dealbooks.pipeline.periods import closed_through
from dealbooks.pipeline.progress import Progress, silent
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.refusals import close_quarantine, drop_stale_overrides, put_into_quarantine
from dealbooks.pipeline.revisions import is_older, read_revision
from dealbooks.pipeline.settings import BookFinder
from dealbooks.pipeline.taken_back import take_back
from dealbooks.store import Tx
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import batches, deals, inbox

_AT_ONCE = 200  # rows that are judged together


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that was refused: where it stands, and why."""

    deal_number: str
    place: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValidateResult:
    """What became of the rows of a batch. `docs` is the page of Data Docs of this batch."""

    batch: int
    source: str
    rows: int
    accepted: int
    quarantined: int
    unchanged: int
    older: int
    warnings: int
    books: tuple[str, ...]
    refused: tuple[QuarantinedRow, ...] = ()
    notices: tuple[str, ...] = ()
    docs: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "batch": self.batch, "source": self.source, "rows": self.rows, "accepted": self.accepted,
            "quarantined": self.quarantined, "unchanged": self.unchanged, "older": self.older,
            "warnings": self.warnings, "books": list(self.books), "notices": list(self.notices),
            "refused": [
                {"deal": row.deal_number, "place": row.place, "reasons": list(row.reasons)} for row in self.refused
            ],
            "docs": str(self.docs) if self.docs else None,
        }  # fmt: skip


@seldom_collected()
def validate(house: House, batch: int, *, progress: Progress = silent) -> ValidateResult:
    """Judge every new row of a batch and record what became of it.

    Raises:
        UsageError: there is no such batch.
        StopBatch: the data-quality engine could not judge the batch; nothing of it was taken.
    """
    with house.store.read() as conn:
        listed = conn.execute(select(batches).where(batches.c.id == batch)).mappings().one()
        rows = _new_rows(conn, batch)
        items = [Item(row, record_of(row)) for row in rows]
        fixes = active_overrides(conn, [item.record.natural_key for item in items])
        known = history.known_deals(conn, [item.record.natural_key for item in items])
        newer = newer_words(conn, items)
    finder = BookFinder(house, listed["source"])
    for start in range(0, len(items), _AT_ONCE):
        some = items[start : start + _AT_ONCE]
        for item in some:
            first_look(house, listed["source"], item, known.get(item.record.natural_key), newer)
        _judge(house, [item for item in some if item.state == "new"], finder, fixes)
        progress("validate", start + len(some), len(items))
    with house.store.read() as conn:
        meet_under_other_names(conn, house, listed["source"], items)
    docs = _check_batch(house, listed["source"], batch, items)
    with house.store.read() as conn:
        _against_history(conn, items)
    with house.store.transaction(house.actor, f"validate batch {batch}") as tx:
        notices = _record(house, tx, dict(listed), items, fixes)
    return _result(batch, listed["source"], items, notices, docs)


def _new_rows(conn: Connection, batch: int) -> list[Row]:
    query = select(inbox).where((inbox.c.batch_id == batch) & (inbox.c.state == "new") & (inbox.c.kind == "deal"))
    return read_rows(conn, query.order_by(inbox.c.id))


def _judge(house: House, items: Sequence[Item], finder: BookFinder, fixes: Mapping[str, Sequence[Row]]) -> None:
    to_judge: list[tuple[Item, ToJudge]] = []
    for item in items:
        setting = finder.setting(item.record, known=item.book)
        if setting is None:
            store_code = finder.store_code(item.record)
            item.findings = [*item.record.findings, found("S017", "store_code", store_code, source=item.row["source"])]
            item.state = "quarantined"
            continue
        item.book = setting.book.name
        of_deal = fixes.get(item.record.natural_key, ())
        own = [fix for fix in of_deal if fix["content_hash"] == item.record.content_hash]
        overrides = [Override(fix["field"], fix["new"], fix["who"]) for fix in own]
        to_judge.append((item, ToJudge(item.record, setting, overrides)))
    for (item, _), judged in zip(to_judge, judge_records(row for _, row in to_judge), strict=True):
        item.judged, item.deal = judged, judged.deal
        item.said_number = str(judged.draft.deal.get("deal_id") or "")
        item.findings = once(judged.findings)
        if not item.deal_id:
            item.deal_id = deal_id(item.book, finder.identity(item.record, judged))
        if judged.filled and item.record.action == "post":
            item.to_check = house.check_row(
                item.row["id"], key=item.record.natural_key, draft=judged.draft, deal=judged.filled
            )
            # Not needed any more, and a batch has many.
            judged.draft, judged.filled, judged.posted = Draft({}), {}, None


def _check_batch(house: House, source: str, batch: int, items: Sequence[Item]) -> Path | None:
    """The batch through Great Expectations; its findings join those of each row, each told once."""
    judged = {item.row["id"]: item for item in items if item.state == "new" and item.to_check is not None}
    if not judged:
        return None
    outcome = house.validator.check([item.to_check for item in judged.values()], name=f"{source}-{batch}")
    for row_id, findings in outcome.findings.items():
        judged[row_id].findings = _without_consequence(once([*judged[row_id].findings, *findings]))
    docs: Path | None = outcome.docs
    return docs


def _without_consequence(findings: list[Finding]) -> list[Finding]:
    """That a deal cannot be turned into entries (S011) says nothing new where the reason for it was found."""
    others = [one for one in findings if one.code != "S011"]
    return others if has_errors(others) else findings


def _against_history(conn: Connection, items: Sequence[Item]) -> None:
    """Rules that need what was taken before: one car is sold once, money received does not change."""
    standing = history.standing_sales(conn, [item.deal for item in items if item.deal is not None])
    changed = [item.deal_id for item in items if item.known is not None and item.deal is not None]
    receipts = history.posted_receipts(conn, changed)
    newest = history.newest_deals(conn, [i.deal_id for i in items if i.known is not None and i.record.action == "void"])
    taken: dict[tuple[str, str], list[StandingSale]] = {}
    closed: dict[str, date | None] = {}
    for item in items:
        if item.judged is None or item.state != "new":
            continue
        if item.record.action == "void" and item.deal_id in newest:
            take_back(item, newest[item.deal_id])
            if item.state == "ignored":
                continue
            if item.deal is not None:
                item.findings += check_unwind(item.deal, history.sold_on(conn, item.book, item.deal))
        elif item.deal is not None and not has_errors(item.findings):
            others = [*standing.for_deal(item.book, item.deal_id, item.deal)]
            for key in (("vin", item.deal.vehicle.vin), ("stock", item.deal.vehicle.stock_no)):
                others += [sale for sale in taken.get((item.book, "/".join(key)), []) if sale not in others]
            item.findings += check_sold_before(item.deal, history.without_returned(conn, item.book, item.deal, others))
            item.findings += check_posted_receipts(item.deal, receipts.get(item.deal_id, {}))
            if item.book not in closed:
                closed[item.book] = closed_through(conn, item.book)
            last = closed[item.book]
            item.findings += check_period(
                item.deal, last, last + timedelta(days=1) if last else item.deal.accounting_date
            )
        item.state = "quarantined" if item.deal is None or has_errors(item.findings) else "accepted"
        if item.state == "accepted" and item.deal is not None and item.record.action == "post" and item.known is None:
            sale = history.standing_sale(item.deal)
            for key in (("vin", sale.vin), ("stock", sale.stock_no)):
                taken.setdefault((item.book, "/".join(key)), []).append(sale)


# -- recording -----------------------------------------------------------------------------------------------------


def _record(house: House, tx: Tx, batch: Row, items: Sequence[Item], fixes: Mapping[str, Sequence[Row]]) -> list[str]:
    notices = drop_stale_overrides(tx, items, fixes)
    books = {item.book for item in items if item.state == "accepted"}
    hashes = {book: house.config_hash(book, batch["source"]) for book in books}
    _accept(tx, [item for item in items if item.state == "accepted"], batch, hashes)
    close_quarantine(tx, items)
    put_into_quarantine(tx, [item for item in items if item.state == "quarantined"])
    _mark(tx, items)
    _remember_newest(tx, items)
    tx.update("batches", [batch], state="validated", summary=canonical_json(_counts(items)))
    return notices


def _counts(items: Sequence[Item]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for item in items:
        counts[item.state] = counts.get(item.state, 0) + 1
    return counts


def _accept(tx: Tx, items: Sequence[Item], batch: Row, hashes: Mapping[str, str]) -> None:
    new_deals, changed, aliases, versions = [], [], [], []
    seen: dict[str, Row] = {}
    for item in items:
        deal = item.deal
        if deal is None:
            continue
        known = seen.get(item.deal_id) or item.known
        number = (known["version"] if known else 0) + 1
        deal = _versioned(deal, number, item)
        values = {
            "book": item.book, "state": _taken_as(item), "deal_number": deal.deal_id, "vin": deal.vehicle.vin,
            "stock_no": deal.vehicle.stock_no, "customer": deal.customer.name or deal.customer.id,
            "location": deal.location, "source": batch["source"], "content_hash": item.record.content_hash,
            "revision": json.dumps(list(item.record.revision)), "version": number,
            "accounting_date": _booked_on(deal, known).isoformat(), "updated_at": tx.at,
        }  # fmt: skip
        if known is None:
            row = {"id": item.deal_id, "posted_version": 0} | values
            new_deals.append(row)
            aliases.append({"natural_key": item.record.natural_key, "deal_id": item.deal_id})
        else:
            row = known | values
            changed.append((known, values))
            if not item.named:
                aliases.append({"natural_key": item.record.natural_key, "deal_id": item.deal_id})
        seen[item.deal_id] = row
        body = deal.as_text()
        warnings = [one.as_json() for one in item.findings]
        versions.append(
            {
                "id": f"{item.deal_id}/{number}", "deal_id": item.deal_id, "version": number, "book": item.book,
                "state": "accepted", "content_hash": item.record.content_hash, "inbox_id": item.row["id"],
                "batch_id": batch["id"], "deal": body, "deal_hash": sha256_hex(body),
                "provenance": compact_text(item.judged.provenance if item.judged else {}),
                "warnings": compact_json(warnings), "config_hash": hashes[item.book],
                "note": "unwound" if item.record.action == "void" else "", "created_at": tx.at,
            }
        )  # fmt: skip
        item.version = number
    tx.insert("deals", new_deals)
    tx.change("deals", changed)
    tx.insert("deal_aliases", aliases)
    tx.insert("deal_versions", versions)
    record_objects(tx, (one for item in items if item.deal for one in stated_objects(item.deal_id, item.deal)))


def _taken_as(item: Item) -> str:
    return "unwinding" if item.record.action == "void" else "accepted"


def _versioned(deal: Deal, number: int, item: Item) -> Deal:
    """The deal under its version. What changes a posted deal is dated with its own fact (PC-6), so it says when it was
    told; the sale keeps its date, for a version that was never posted, and for its tax point."""
    if item.record.action != "post":
        return deal
    changes: dict[str, Any] = {"deal_version": number}
    if number > 1 and deal.amended_at is None:
        told = date.fromisoformat(item.record.changed_on) if item.record.changed_on else deal.accounting_date
        changes["amended_at"] = max(told, deal.accounting_date)
        changes["amend_reason"] = deal.amend_reason or "changed at the source"
    return deal.model_copy(update=changes)


def _booked_on(deal: Deal, known: Row | None) -> date:
    """The day that the newest version is booked on: its own for what changes a posted deal."""
    if known is not None and known["posted_version"] and deal.amended_at is not None:
        return deal.amended_at
    return deal.accounting_date


def _mark(tx: Tx, items: Sequence[Item]) -> None:
    """The state of each inbox row; what is unchanged need not be kept twice."""
    kept: list[tuple[Row, Row]] = []
    dropped: list[tuple[Row, Row]] = []
    for item in items:
        values = {"state": item.state, "note": item.note, "deal_id": item.deal_id or None, "version": item.version}
        if item.state == "unchanged":
            dropped.append((item.row, values | {"body": None}))
        else:
            kept.append((item.row, values))
    tx.change("inbox", kept)
    tx.change("inbox", dropped)


def _remember_newest(tx: Tx, items: Sequence[Item]) -> None:
    """The same content in a newer file: what is older than that file changes nothing any more."""
    newer = [
        {"_id": item.known["id"], "_revision": json.dumps(list(item.record.revision))}
        for item in items
        if item.state == "unchanged"
        and item.known is not None
        and is_older(read_revision(item.known["revision"]), item.record.revision)
    ]
    if newer:  # not a column that the audit chain seals
        statement = deals.update().where(deals.c.id == bindparam("_id")).values(revision=bindparam("_revision"))
        tx.conn.execute(statement, newer)


def _result(batch: int, source: str, items: Sequence[Item], notices: list[str], docs: Path | None) -> ValidateResult:
    count: Callable[[str], int] = lambda state: sum(item.state == state for item in items)  # noqa: E731
    refused = tuple(
        QuarantinedRow(
            item.number, item.row["place"],
            tuple(one.message for one in item.findings if one.severity is Severity.ERROR),
        )
        for item in items
        if item.state == "quarantined"
    )  # fmt: skip
    warnings = sum(
        one.severity is Severity.WARNING for item in items if item.state == "accepted" for one in item.findings
    )
    notices += [f"{item.row['place']}: {item.note}" for item in items if item.state == "ignored"]
    return ValidateResult(
        batch, source, len(items), count("accepted"), count("quarantined"), count("unchanged"), count("superseded"),
        warnings, tuple(sorted({item.book for item in items if item.book})), refused, tuple(notices), docs,
    )  # fmt: skip
