"""Facts about a deal that reach us beside it: the lender paid, a settlement was paid. They make no version of the deal.

A fact is known by its deal, kind and subject; the same fact again changes nothing, and with another amount it is a
conflict for a person. A fact that comes before its deal waits for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.canonical import canonical_json, compact_json, sha256_hex
from dealbooks.catalogue import found
from dealbooks.deal import Deal, Funding, PayoffPaid
from dealbooks.findings import Finding
from dealbooks.house import House
from dealbooks.money import MoneyError, exact
from dealbooks.pipeline.corrections import active_overrides, correct_columns
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.settings import BookFinder
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import deals, facts, inbox, quarantine

_KINDS = {"funded": "funding", "reserve_received": "reserve", "payoff_paid": "payoff"}
_TAKING = ("accepted", "planned", "posted")


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as stored; `kind` is funding, reserve or payoff."""

    row: Row
    kind: str
    subject: str
    body: dict[str, Any]


def take_facts(house: House, source: str, batch: int) -> int:
    """Turn the new event rows of a batch into facts; returns how many were new."""
    finder = BookFinder(house, source)
    with house.store.transaction(house.actor, f"facts of batch {batch}") as tx:
        query = select(inbox).where((inbox.c.batch_id == batch) & (inbox.c.state == "new") & (inbox.c.kind == "fact"))
        rows = tx.rows(query.order_by(inbox.c.id))
        fixes = active_overrides(tx.conn, [row["natural_key"] for row in rows])
        taken, refused, new = [], [], []
        known: dict[str, Row] = {}
        for row in rows:
            fact, findings = _read(tx, row, finder, fixes.get(row["natural_key"], ()))
            if fact is None:
                refused.append((row, findings))
                continue
            before = known.get(fact["id"]) or _known(tx, fact["id"])
            if before is None:
                known[fact["id"]] = fact
                new.append(fact)
                taken.append((row, "applied"))
            elif before["body"] == fact["body"]:
                taken.append((row, "unchanged"))
            else:
                words = {"before": json.loads(before["body"])["amount"], "now": json.loads(fact["body"])["amount"]}
                refused.append((row, [found("S013", "amount", fact["subject"], deal=fact["deal_number"], **words)]))
        tx.insert("facts", new)
        for state in ("applied", "unchanged"):
            tx.update("inbox", [row for row, new_state in taken if new_state == state], state=state)
        close_rows(tx, [row for row, _ in taken])
        quarantine_rows(tx, refused)
        return len(new)


def _read(tx: Tx, row: Row, finder: BookFinder, fixes: Sequence[Row]) -> tuple[Row | None, list[Finding]]:
    record = record_of(row)
    record.findings = correct_columns(record, fixes)
    store_code = str(record.data.get("store_code") or "")
    book = finder.book_of_store(store_code)
    if book is None:
        return None, [*record.findings, found("S017", "store_code", store_code, source=row["source"])]
    data = record.data
    kind = _KINDS.get(str(data.get("event") or ""))
    missing = [name for name in ("deal_number", "event", "amount", "date") if not data.get(name)]
    if record.findings or missing or kind is None:
        gaps = [found("S014", name, "", place=row["place"]) for name in missing if name not in _named(record.findings)]
        return None, [*record.findings, *gaps]
    unfit = _unfit(data)
    if unfit:
        return None, unfit
    if kind == "payoff":
        subject = str(data.get("trade_stock_number") or "")
    else:
        subject = str(data.get("reference") or f"{kind}-{data['date']}")
    place = finder.location_of_store(book, store_code) if store_code else ""
    body = {"amount": str(data["amount"]), "date": str(data["date"]), "method": str(data.get("method") or "")}
    deal_number = str(data["deal_number"])
    name = canonical_json([book, place, deal_number, kind, subject])
    return {
        "id": sha256_hex(name)[:32], "book": book, "location": place, "deal_number": deal_number, "deal_id": None,
        "kind": kind, "subject": subject, "body": compact_json(body), "inbox_id": row["id"], "state": "waiting",
        "note": "", "created_at": tx.at,
    }, []  # fmt: skip


def _named(findings: Sequence[Finding]) -> set[str]:
    return {one.field for one in findings}


def _unfit(data: Mapping[str, Any]) -> list[Finding]:
    """What a person put in place of what the file said is read as strictly."""
    findings = []
    try:
        exact(str(data["amount"]))
    except MoneyError as error:
        findings.append(found("S010", "amount", data["amount"], reason=str(error)))
    try:
        date.fromisoformat(str(data["date"]))
    except ValueError:
        findings.append(found("S010", "date", data["date"], reason="it is not a date such as 2026-03-31"))
    return findings


def _known(tx: Tx, fact: str) -> Row | None:
    rows = tx.rows(select(facts).where(facts.c.id == fact))
    return rows[0] if rows else None


def quarantine_rows(tx: Tx, refused: Sequence[tuple[Row, list[Finding]]]) -> None:
    """Put rows that are no deals (events, opening balances) into quarantine with their reasons."""
    _close(tx, [row for row, _ in refused], state="superseded", why="judged again")
    ids = tx.next_ids("quarantine", len(refused)) if refused else ()
    tx.insert(
        "quarantine",
        [
            {
                "id": number, "inbox_id": row["id"], "source": row["source"], "natural_key": row["natural_key"],
                "content_hash": row["content_hash"], "book": "", "state": "open",
                "deal_number": str(record_of(row).data.get("deal_number") or ""), "place": row["place"],
                "reasons": compact_json([one.as_json() for one in findings]), "opened_at": tx.at, "closed_at": None,
                "closed_by": "",
            }
            for number, (row, findings) in zip(ids, refused, strict=True)
        ],
    )  # fmt: skip
    tx.update("inbox", [row for row, _ in refused], state="quarantined")


def close_rows(tx: Tx, taken: Sequence[Row]) -> None:
    """Rows that waited in quarantine and are taken now."""
    _close(tx, taken, state="released", why="accepted")


def _close(tx: Tx, rows: Sequence[Row], *, state: str, why: str) -> None:
    ids = [row["id"] for row in rows]
    for start in range(0, len(ids), 500):
        open_ = quarantine.c.inbox_id.in_(ids[start : start + 500]) & (quarantine.c.state == "open")
        tx.update("quarantine", tx.rows(select(quarantine).where(open_)), state=state, closed_at=tx.at, closed_by=why)


def link_facts(house: House, book: str) -> None:
    """Give facts that wait for their deal the deal, once it is there."""
    with house.store.read() as conn:
        waiting = (facts.c.book == book) & facts.c.deal_id.is_(None) & (facts.c.state == "waiting")
        rows = [dict(row) for row in conn.execute(select(facts).where(waiting)).mappings()]
        pairs = []
        for start in range(0, len(rows), 400):
            some = rows[start : start + 400]
            numbers = [row["deal_number"] for row in some]
            query = select(deals.c.id, deals.c.deal_number, deals.c.location).where(
                (deals.c.book == book) & deals.c.deal_number.in_(numbers)
            )
            there: dict[str, list[Any]] = {}
            for deal in conn.execute(query):
                there.setdefault(deal.deal_number, []).append(deal)
            for row in some:
                fits = [
                    d for d in there.get(row["deal_number"], []) if not row["location"] or d.location == row["location"]
                ]
                if len(fits) == 1:
                    pairs.append((row, {"deal_id": fits[0].id}))
    if pairs:
        with house.store.transaction(house.actor, "match facts with deals") as tx:
            tx.change("facts", pairs)


def load_facts(conn: Connection, book: str, *, state: str) -> dict[str, list[Fact]]:
    """Facts of deals of a book that are in a state: deal id -> facts in the order of their subjects."""
    query = (
        select(facts)
        .join(deals, deals.c.id == facts.c.deal_id)
        .where((deals.c.book == book) & (facts.c.state == state) & deals.c.state.in_(_TAKING))
        .order_by(facts.c.kind, facts.c.subject)
    )
    loaded: dict[str, list[Fact]] = {}
    for row in conn.execute(query).mappings():
        fact = Fact(dict(row), row["kind"], row["subject"], json.loads(row["body"]))
        loaded.setdefault(row["deal_id"], []).append(fact)
    return loaded


def conflicts(deal: Deal, known: Iterable[Fact]) -> dict[str, str]:
    """Facts that do not fit the deal: fact id -> what is wrong, in words."""
    wrong: dict[str, str] = {}
    payoffs = {trade.stock_no: trade for trade in deal.trade_ins}
    for fact in known:
        amount = exact(fact.body["amount"])
        if fact.kind == "payoff":
            subject = fact.subject or next(iter(payoffs), "")
            trade = payoffs.get(subject)
            if trade is None:
                wrong[fact.row["id"]] = f"deal {deal.deal_id} has no part-exchange with stock number {fact.subject}"
            elif trade.payoff != amount:
                wrong[fact.row["id"]] = (
                    f"{amount} was paid on {subject}, but the settlement in the deal is {trade.payoff}"
                )
        elif deal.finance is None:
            wrong[fact.row["id"]] = f"deal {deal.deal_id} has no finance that a lender could pay"
    return wrong


def with_facts(deal: Deal, known: Iterable[Fact]) -> Deal:
    """The deal with its facts put where the posting rules look for them."""
    fundings = list(deal.fundings)
    trades = list(deal.trade_ins)
    for fact in known:
        day = date.fromisoformat(fact.body["date"])
        method = fact.body.get("method") or "bank_transfer"
        if fact.kind == "payoff":
            paid = PayoffPaid(date=day, method=method)
            subject = fact.subject or (trades[0].stock_no if trades else "")
            trades = [
                trade.model_copy(update={"payoff_paid": paid}) if trade.stock_no == subject else trade
                for trade in trades
            ]
        else:
            fundings.append(
                Funding(
                    funding_id=fact.subject,
                    kind="contract" if fact.kind == "funding" else "reserve",
                    amount=exact(fact.body["amount"]),
                    date=day,
                    method=method,
                )
            )
    return deal.model_copy(update={"fundings": tuple(fundings), "trade_ins": tuple(trades)})
