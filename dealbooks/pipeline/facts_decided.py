"""What a person says of money that was told: which receipt of the record it is, that it is another, or that it is none
of this deal. The last word counts: what is booked by an earlier one is booked back by the next sync, never edited.
"""

from __future__ import annotations

import json

from sqlalchemy import Connection, select

from dealbooks.canonical import compact_json
from dealbooks.deal import Deal, Deposit, Payment
from dealbooks.entries import Entry
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.money import exact
from dealbooks.pipeline.facts import folded
from dealbooks.pipeline.facts_entered import Outcome, deal_of, known_fact
from dealbooks.pipeline.facts_money import ANOTHER, BEFORE, SAME_AS, WITHDRAWN
from dealbooks.pipeline.history import newest_deals
from dealbooks.pipeline.person import by_person
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import entries, facts

_NOBODY = "Somebody says what money is, for a reason."

# What a fact is posted as, by kind.
_ENTRIES = {
    "payment": "receipt-{}", "refund": "refund-{}", "funding": "funding-{}", "reserve": "funding-reserve-{}",
    "payoff": "payoff-{}", "chargeback": "chargeback-{}",
}  # fmt: skip


def settle(house: House, ref: str, reference: str, *, same_as: str = "", who: str, why: str) -> Outcome:
    """A person says what a payment is that looks like money of the deal's record: one of its receipts (`same_as`), or
    another payment. A later word takes the place of an earlier one.

    Raises:
        UsageError: there is no such deal, payment or receipt, or it cannot be that receipt; nothing was written.
    """
    who, why = by_person(who, why, _NOBODY)
    deal = deal_of(house, ref)
    if deal is None:
        raise UsageError(f"There is no deal {ref}.", fix="'dealbooks status' lists deals.")
    known = known_fact(house, deal["book"], deal["deal_number"], deal["location"], "payment", reference.strip())
    if known is None:
        raise UsageError(f"Deal {ref} has no payment {reference}.", fix=f"See 'dealbooks trace {ref}'.")
    _refuse_withdrawn(known)
    what = f"is receipt {same_as}" if same_as else "is another payment"
    with house.store.transaction(who, f"payment {reference} of deal {ref} {what}: {why}") as tx:
        if same_as:
            _refuse_receipt(tx.conn, newest_deals(tx.conn, [deal["id"]])[deal["id"]], known, same_as)
        rows = tx.rows(select(facts).where(facts.c.id == known["id"]))
        body = json.loads(rows[0]["body"])
        before = body.get(SAME_AS) or body.get(BEFORE)
        body = {name: value for name, value in body.items() if name not in (SAME_AS, ANOTHER, BEFORE)}
        body |= {SAME_AS: same_as} if same_as else {ANOTHER: "yes"}
        body |= {BEFORE: before} if before and not same_as else {}
        note = f"{what}, says {who}: {why}"
        tx.update("facts", rows, body=compact_json(body), state="waiting", note=note)
    return Outcome(deal["book"], deal["deal_number"], "payment", known["subject"], "settled")


def withdraw(house: House, ref: str, reference: str, *, kind: str = "", book: str = "", who: str, why: str) -> Outcome:
    """A person takes back what was told of money: it is not of this deal, or it was told wrongly. A payment that is
    posted is booked back by the next sync.

    Raises:
        UsageError: there is no such fact, or it is posted and no payment; nothing was written.
    """
    who, why = by_person(who, why, _NOBODY)
    deal = deal_of(house, ref, book=book)
    fact = _one(house, deal, ref, reference, kind, book)
    _refuse_withdrawn(fact)
    name = f"{fact['kind']} {fact['subject']}".strip()
    with house.store.transaction(who, f"withdraw {name} of deal {ref}: {why}") as tx:
        rows = tx.rows(select(facts).where(facts.c.id == fact["id"]))
        said = f"withdrawn by {who}: {why}"
        posted = _posted(tx.conn, rows[0])
        counts = rows[0]["kind"] == "payment" and (posted is not None or rows[0]["state"] == "applied")
        if counts:
            body = json.loads(rows[0]["body"]) | {WITHDRAWN: "yes"}
            tx.update("facts", rows, body=compact_json(body), state="waiting", note=said)
        elif posted is not None:
            raise UsageError(
                f"{name} of deal {fact['deal_number']} is booked ({posted.entry_id}), and only payments are booked "
                "back by themselves.",
                fix=_undo(house, fact, posted),
            )
        else:
            tx.update("facts", rows, state="withdrawn", note=said)
    state = "withdrawing" if counts else "withdrawn"
    return Outcome(fact["book"], fact["deal_number"], fact["kind"], fact["subject"], state)


def _undo(house: House, fact: Row, posted: Entry) -> str:
    """How a person takes back money that is booked and no payment."""
    deal = fact["deal_number"]
    if fact["kind"] == "refund":
        return (
            "Money that came back is entered as a payment: dealbooks event add "
            f"{deal} --kind payment --amount {posted.total_debit}"
        )
    chart = house.chart(fact["book"]).roles
    lines = []
    for line in posted.lines:
        account = chart[line.role]
        side = "credit" if line.amount.amount > 0 else "debit"
        lines.append(f"{side} {account.number} {account.name} {abs(line.amount.amount)}")
    return (
        f"Enter a journal in the ledger that turns it round: {'; '.join(lines)}. Name {deal} and {posted.entry_id} in "
        "its text; 'dealbooks reconcile' shows it beside our entry."
    )


def _refuse_withdrawn(fact: Row) -> None:
    if fact["state"] == "withdrawn" or json.loads(fact["body"]).get(WITHDRAWN) == "yes":
        raise UsageError(
            f"{fact['kind']} {fact['subject']} of deal {fact['deal_number']} is withdrawn already.",
            fix="Enter money under a reference of its own with 'dealbooks event add'.",
        )


def _refuse_receipt(conn: Connection, record: Deal, fact: Row, same_as: str) -> None:
    """Refuse that a payment is a receipt which the record does not have, of another amount, or that another is."""
    stated: list[Deposit | Payment] = [*record.deposits, *record.payments]
    receipts = {one.receipt_id: one for one in stated}
    receipt = receipts.get(same_as)
    if receipt is None:
        raise UsageError(
            f"The record of deal {record.deal_id} has no receipt {same_as}.",
            fix=f"It has {', '.join(receipts) or 'none'}.",
        )
    amount = exact(json.loads(fact["body"])["amount"])
    if receipt.amount != amount:
        raise UsageError(
            f"Payment {fact['subject']} is {amount}, and receipt {same_as} is {receipt.amount}: they are not the same "
            "money.",
            fix="Where it is part of that receipt, take it back: dealbooks event withdraw. Else say --another.",
        )
    names = {folded(same_as)}
    if isinstance(receipt, Payment) and receipt.processor_ref:
        names.add(folded(receipt.processor_ref))
    others = (facts.c.deal_id == fact["deal_id"]) & (facts.c.kind == "payment") & (facts.c.state != "withdrawn")
    for other in read_rows(conn, select(facts).where(others & (facts.c.id != fact["id"]))):
        body = json.loads(other["body"])
        said = folded(str(body.get(SAME_AS) or ""))
        if body.get(WITHDRAWN) != "yes" and (said in names or folded(other["subject"]) in names):
            raise UsageError(
                f"Receipt {same_as} is payment {other['subject']} already, and is one payment.",
                fix=f"Say --another, or first what {other['subject']} is, if not that.",
            )


def _one(house: House, deal: Row | None, ref: str, reference: str, kind: str, book: str) -> Row:
    """The fact of a deal, or of a deal number for which no deal has come, under a reference."""
    named = facts.c.deal_number == ref.strip()
    chosen = named if deal is None else (facts.c.deal_id == deal["id"]) | (named & facts.c.deal_id.is_(None))
    chosen = chosen & (facts.c.book == book) if book else chosen
    with house.store.read() as conn:
        rows = [row for row in read_rows(conn, select(facts).where(chosen)) if kind in ("", row["kind"])]
    fits = [row for row in rows if folded(row["subject"]) == folded(reference)]
    if not fits:
        there = ", ".join(sorted(f"{row['kind']} {row['subject']}".strip() for row in rows)) or "nothing"
        raise UsageError(f"No money {reference} was told of deal {ref}.", fix=f"There is {there}.")
    if len(fits) > 1:
        listed = ", ".join(sorted(f"{row['kind']} in {row['book']}" for row in fits))
        raise UsageError(f"{len(fits)} are called {reference}: {listed}.", fix="Give --kind, or --book.")
    return fits[0]


def _posted(conn: Connection, fact: Row) -> Entry | None:
    """The entry that was planned for a fact."""
    if fact["deal_id"] is None:
        return None
    mine = (entries.c.deal_id == fact["deal_id"]) & (entries.c.state != "superseded")
    start = _ENTRIES[fact["kind"]].format("")
    query = select(entries.c.entry_id, entries.c.body).where(mine & entries.c.entry_id.startswith(start))
    for row in conn.execute(query.order_by(entries.c.seq)):
        subject = row.entry_id.removeprefix(start)
        # A settlement is known by its car, however that was written; without one it is that of the only car.
        only = fact["kind"] == "payoff" and (not fact["subject"] or folded(subject) == folded(fact["subject"]))
        if subject == fact["subject"] or only:
            return Entry.from_json(json.loads(row.body))
    return None
