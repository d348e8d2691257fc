"""Facts about a deal that reach us beside it: the lender paid, a settlement was paid, income was charged back. They
make no version of the deal.

A fact is known by its deal, kind and subject (a reference, or the stock number of a part-exchange; capitals and spaces
around it do not matter). The same fact again changes nothing; with another amount, day or method it is refused. A fact
that comes before its deal waits for it, and one that does not fit its deal is held until the deal is corrected.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.canonical import canonical_json, compact_json, sha256_hex
from dealbooks.catalogue import found
from dealbooks.deal import Chargeback, Deal, Funding, PayoffPaid, SaleLine
from dealbooks.entries import Entry
from dealbooks.findings import Finding
from dealbooks.house import House
from dealbooks.money import MoneyError, exact
from dealbooks.pipeline.corrections import active_overrides, correct_columns
from dealbooks.pipeline.records import record_of
from dealbooks.pipeline.settings import BookFinder
from dealbooks.posting.chargeback import charged_back
from dealbooks.store import Tx
from dealbooks.store.db import Row
from dealbooks.store.tables import deals, facts, inbox, quarantine

_KINDS = {
    "funded": "funding",
    "reserve_received": "reserve",
    "payoff_paid": "payoff",
    "charged_back": "chargeback",
}
_F_AND_I = ("fi_product", "insurance")
_TAKING = ("accepted", "planned", "posted")
_UNSETTLED = ("waiting", "conflict")
_METHOD = "bank_transfer"  # of money that is told without a method


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as stored; `kind` is funding, reserve, payoff or chargeback."""

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
        refused: list[tuple[Row, list[Finding]]] = []
        told: list[tuple[Row, Row]] = []
        for row in rows:
            fact, findings = _read(tx, row, house, finder, fixes.get(row["natural_key"], ()))
            if fact is None:
                refused.append((row, findings))
            else:
                told.append((row, fact))
        known = _Known(tx, [fact for _, fact in told])
        new, taken = [], []
        for row, fact in told:
            before = known.same(fact)
            if before is None:
                new.append(known.add(fact))
                taken.append((row, "applied"))
            elif changed := _changed(before, fact):
                refused.append((row, [changed]))
            else:
                known.place(before, fact["location"])
                taken.append((row, "unchanged"))
        tx.insert("facts", new)
        tx.change("facts", known.placed)
        for state in ("applied", "unchanged"):
            tx.update("inbox", [row for row, new_state in taken if new_state == state], state=state)
        close_rows(tx, [row for row, _ in taken])
        quarantine_rows(tx, refused)
        return len(new)


class _Known:
    """Facts that were told before, of the deals of some new ones. A fact that names no store is that of any store, and
    belongs to the first that names one: only there it is looked for from then on."""

    def __init__(self, tx: Tx, told: Sequence[Row]) -> None:
        self._new: set[str] = set()
        self._facts: dict[tuple[str, ...], list[Row]] = {}
        self._locations: dict[tuple[str, str], set[str]] = {}
        self.placed: list[tuple[Row, Row]] = []
        numbers = sorted({fact["deal_number"] for fact in told})
        for start in range(0, len(numbers), 500):
            some = numbers[start : start + 500]
            for row in tx.rows(select(facts).where(facts.c.deal_number.in_(some)).order_by(facts.c.inbox_id)):
                self._facts.setdefault(_name(row), []).append(row)
            query = select(deals.c.book, deals.c.deal_number, deals.c.location).where(deals.c.deal_number.in_(some))
            for deal in tx.rows(query):
                self._locations.setdefault((deal["book"], deal["deal_number"]), set()).add(deal["location"])

    def same(self, fact: Row) -> Row | None:
        """The fact as it was told before; one that names no store is first given that of the only deal it can mean."""
        places = self._locations.get((fact["book"], fact["deal_number"]), set())
        if not fact["location"] and len(places) == 1:
            fact["location"] = next(iter(places))
        place = fact["location"]
        fits = [one for one in self._facts.get(_name(fact), ()) if not place or one["location"] in ("", place)]
        fits.sort(key=lambda one: (one["location"] != place, _changed(one, fact) is not None))
        return fits[0] if fits else None

    def add(self, fact: Row) -> Row:
        """Take a new fact, under its own name from now on."""
        fact["id"] = sha256_hex(canonical_json([fact["location"], *_name(fact)]))[:32]
        self._new.add(fact["id"])
        self._facts.setdefault(_name(fact), []).append(fact)
        return fact

    def place(self, before: Row, location: str) -> None:
        """Note the store of a fact that was told without one."""
        if location and not before["location"]:
            if before["id"] not in self._new:
                self.placed.append((dict(before), {"location": location}))
            before["location"] = location


def _name(fact: Row) -> tuple[str, ...]:
    return fact["book"], fact["deal_number"], fact["kind"], _folded(fact["subject"])


def _folded(text: str) -> str:
    return text.strip().casefold()


def _changed(before: Row, now: Row) -> Finding | None:
    """What is told with other words now; None when it is the same fact."""
    old, new = _terms(before), _terms(now)
    names = [name for name in old if old[name] != new[name]]
    if not names:
        return None
    was, now_is = (" and ".join(f"{name} {terms[name]}" for name in names) for terms in (old, new))
    subject = now["subject"] or "the settlement"
    return found("S013", names[0], subject, deal=now["deal_number"], before=was, now=now_is)


def _terms(fact: Row) -> dict[str, Any]:
    body = json.loads(fact["body"])
    terms: dict[str, Any] = {
        "amount": exact(body["amount"]), "date": body["date"],
        "method": (body["method"] or _METHOD).replace("_", " "),
    }  # fmt: skip
    return terms | {"product": _folded(body["product"])} if "product" in body else terms


def _read(tx: Tx, row: Row, house: House, finder: BookFinder, fixes: Sequence[Row]) -> tuple[Row | None, list[Finding]]:
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
    unfit = [*other_currency(data, row["place"], house.book(book).currency), *_unfit(data, row["place"])]
    if unfit:
        return None, unfit
    if kind == "payoff":
        subject = str(data.get("trade_stock_number") or "").strip()
    else:
        subject = str(data.get("reference") or "").strip() or f"{kind}-{data['date']}"
    place = finder.location_of_store(book, store_code) if store_code else ""
    body = {"amount": str(data["amount"]), "date": str(data["date"]), "method": str(data.get("method") or "")}
    if kind == "chargeback":
        body |= {"product": str(data.get("product") or "").strip(), "reason": str(data.get("reason") or "")}
    return {
        "id": "", "book": book, "location": place, "deal_number": str(data["deal_number"]), "deal_id": None,
        "kind": kind, "subject": subject, "body": compact_json(body), "inbox_id": row["id"], "state": "waiting",
        "note": "", "created_at": tx.at,
    }, []  # fmt: skip


def _named(findings: Sequence[Finding]) -> set[str]:
    return {one.field for one in findings}


def other_currency(data: Mapping[str, Any], place: str, currency: str) -> list[Finding]:
    """The finding that a row (an event, an opening balance) is in another currency than its book; none without one."""
    said = str(data.get("currency") or "").strip().upper()
    return [found("S018", "currency", said, place=place, currency=currency)] if said not in ("", currency) else []


def _unfit(data: Mapping[str, Any], place: str) -> list[Finding]:
    """What a person put in place of what the file said is read as strictly."""
    findings = []
    try:
        if exact(str(data["amount"])) <= 0:
            findings.append(found("S019", "amount", data["amount"], place=place))
    except MoneyError as error:
        findings.append(found("S010", "amount", data["amount"], reason=str(error)))
    try:
        date.fromisoformat(str(data["date"]))
    except ValueError:
        findings.append(found("S010", "date", data["date"], reason="it is not a date such as 2026-03-31"))
    return findings


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
                    pairs.append((row, {"deal_id": fits[0].id, "location": fits[0].location}))
    if pairs:
        with house.store.transaction(house.actor, "match facts with deals") as tx:
            tx.change("facts", pairs)


def load_facts(conn: Connection, book: str, *, state: str | None = None) -> dict[str, list[Fact]]:
    """Facts of deals of a book that are in a state: deal id -> facts in the order of their subjects. Without a state
    those that are not applied yet: they wait, or did not fit their deal when it was last looked at."""
    states = _UNSETTLED if state is None else (state,)
    query = (
        select(facts)
        .join(deals, deals.c.id == facts.c.deal_id)
        .where((deals.c.book == book) & facts.c.state.in_(states) & deals.c.state.in_(_TAKING))
        .order_by(facts.c.kind, facts.c.subject)
    )
    loaded: dict[str, list[Fact]] = {}
    for row in conn.execute(query).mappings():
        fact = Fact(dict(row), row["kind"], row["subject"], json.loads(row["body"]))
        loaded.setdefault(row["deal_id"], []).append(fact)
    return loaded


def conflicts(deal: Deal, known: Iterable[Fact], recorded: Iterable[Entry]) -> dict[str, str]:
    """Facts that do not fit the deal, given what is recorded of it: fact id -> what is wrong, in words."""
    wrong: dict[str, str] = {}
    charged = charged_back(recorded)
    payoffs = {_folded(trade.stock_no): trade for trade in deal.trade_ins}
    for fact in known:
        amount = exact(fact.body["amount"])
        if fact.kind == "payoff":
            subject = fact.subject or next(iter(payoffs), "")
            trade = payoffs.get(_folded(subject))
            if trade is None:
                wrong[fact.row["id"]] = f"deal {deal.deal_id} has no part-exchange with stock number {fact.subject}"
            elif trade.payoff != amount:
                wrong[fact.row["id"]] = (
                    f"{amount} was paid on {subject}, but the settlement in the deal is {trade.payoff}"
                )
        elif fact.kind == "chargeback":
            if said := _unfit_chargeback(deal, fact.body, charged):
                wrong[fact.row["id"]] = said
        elif deal.finance is None:
            wrong[fact.row["id"]] = f"deal {deal.deal_id} has no finance that a lender could pay"
    return wrong


def _unfit_chargeback(deal: Deal, body: Mapping[str, Any], charged: dict[str | None, Decimal]) -> str:
    """What is wrong with a chargeback, in words; empty when it fits its deal. `charged` counts what is taken back from
    each product."""
    ends = [event.at for event in deal.lifecycle if event.event in ("unwound", "cancelled")]
    if ends:
        return f"deal {deal.deal_id} was taken back on {max(ends)}, and the income that is charged back with it"
    if deal.currency != deal.base_currency:
        return f"deal {deal.deal_id} is in {deal.currency}: enter the chargeback in the ledger by hand"
    named = body.get("product") or ""
    fits = _lines_named(deal, named) if named else []
    if named and len(fits) != 1:
        many = "no" if not fits else "more than one"
        return f"deal {deal.deal_id} has {many} finance and insurance product {named}: name it as the deal's line does"
    name: str | None = None
    if named:
        name, earned = fits[0].line_id, fits[0].quantity * fits[0].unit_price
    else:
        earned = deal.finance.reserve if deal.finance is not None else Decimal(0)
    total = charged.get(name, Decimal(0)) + exact(body["amount"])
    if total > earned:
        what = f"product {named}" if named else "the finance reserve"
        return f"{total} are charged back in deal {deal.deal_id}, but {what} brought {earned}"
    charged[name] = total
    return ""


def _lines_named(deal: Deal, named: str) -> list[SaleLine]:
    """The F&I lines that a name can mean: by number, else by description, else by provider."""
    lines = [line for line in deal.lines if line.kind in _F_AND_I]
    for field_ in ("line_id", "description", "provider"):
        fits = [line for line in lines if _folded(getattr(line, field_) or "") == _folded(named)]
        if fits:
            return fits
    return []


def with_facts(deal: Deal, known: Sequence[Fact]) -> Deal:
    """The deal with its facts put where the posting rules look for them."""
    if not known:
        return deal
    fundings = list(deal.fundings)
    trades = list(deal.trade_ins)
    charged = list(deal.chargebacks)
    for fact in known:
        day = date.fromisoformat(fact.body["date"])
        method = fact.body.get("method") or _METHOD
        if fact.kind == "payoff":
            paid = PayoffPaid(date=day, method=method)
            subject = fact.subject or (trades[0].stock_no if trades else "")
            trades = [
                trade.model_copy(update={"payoff_paid": paid}) if _folded(trade.stock_no) == _folded(subject) else trade
                for trade in trades
            ]
        elif fact.kind == "chargeback":
            named = fact.body.get("product") or ""
            charged.append(
                Chargeback(
                    chargeback_id=fact.subject,
                    amount=exact(fact.body["amount"]),
                    date=day,
                    reason=fact.body.get("reason") or "cancelled",
                    line_id=_lines_named(deal, named)[0].line_id if named else None,
                )
            )
        else:
            fundings.append(
                Funding(
                    funding_id=fact.subject if fact.kind == "funding" else f"reserve-{fact.subject}",
                    kind="contract" if fact.kind == "funding" else "reserve",
                    amount=exact(fact.body["amount"]),
                    date=day,
                    method=method,
                )
            )
    return deal.model_copy(
        update={"fundings": tuple(fundings), "trade_ins": tuple(trades), "chargebacks": tuple(charged)}
    )
