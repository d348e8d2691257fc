"""Facts about a deal that reached us beside it: the lender paid, a settlement was paid. They make no version of the deal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from dealbooks.canonical import canonical_json, sha256_hex
from dealbooks.deal import Deal, Funding, PayoffPaid
from dealbooks.money import exact
from dealbooks.store.db import Row
from dealbooks.store.tables import deals, facts


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as stored; `kind` is funding, reserve or payoff."""

    row: Row
    kind: str
    subject: str
    body: dict[str, Any]


def fact_id(natural_key: str, kind: str, subject: str) -> str:
    """A fact is the same fact when its deal, kind and subject are the same."""
    return sha256_hex(canonical_json([natural_key, kind, subject]))[:32]


def load_facts(conn: Connection, book: str, *, state: str) -> dict[str, list[Fact]]:
    """Facts of deals of a book that are in a state: deal id -> facts in the order of their subjects."""
    query = (
        select(facts)
        .join(deals, deals.c.id == facts.c.deal_id)
        .where((deals.c.book == book) & (facts.c.state == state) & deals.c.state.in_(["accepted", "planned", "posted"]))
        .order_by(facts.c.kind, facts.c.subject)
    )
    found: dict[str, list[Fact]] = {}
    for row in conn.execute(query).mappings():
        found.setdefault(row["deal_id"], []).append(
            Fact(dict(row), row["kind"], row["subject"], json.loads(row["body"]))
        )
    return found


def with_facts(deal: Deal, known: Iterable[Fact]) -> Deal:
    """The deal with its facts put where the posting rules look for them."""
    fundings = list(deal.fundings)
    trades = list(deal.trade_ins)
    for fact in known:
        if fact.kind in ("funding", "reserve"):
            fundings.append(
                Funding(
                    funding_id=fact.subject,
                    kind="contract" if fact.kind == "funding" else "reserve",
                    amount=exact(fact.body["amount"]),
                    date=date.fromisoformat(fact.body["date"]),
                    method=fact.body.get("method") or "bank_transfer",
                )
            )
        else:
            paid = PayoffPaid(
                date=date.fromisoformat(fact.body["date"]), method=fact.body.get("method") or "bank_transfer"
            )
            trades = [
                trade.model_copy(update={"payoff_paid": paid}) if trade.stock_no == fact.subject else trade
                for trade in trades
            ]
    return deal.model_copy(update={"fundings": tuple(fundings), "trade_ins": tuple(trades)})
