"""Money that no deal will ever take by itself: of a sale that was taken back or is from before go-live, or of a deal
that has not come. A person is told, and says what becomes of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select

from dealbooks.house import House
from dealbooks.pipeline.facts import ENDED, MONEY, UNSETTLED
from dealbooks.store.db import Row
from dealbooks.store.tables import deals, facts

PATIENCE = timedelta(days=14)  # as long money may wait for its deal before a person is asked
_WITHDRAW = "dealbooks event withdraw"
_AT_ONCE = 200


def hold_stranded(house: House, book: str) -> list[tuple[str, str]]:
    """Hold what cannot be posted any more, and what has waited too long for its deal: (deal number, why, and what to
    do) of each, also of those that were held before."""
    with house.store.read() as conn:
        found = _stranded(conn, book, house.clock())
    told = [(row, why) for row, why in found if (row["state"], row["note"]) != ("conflict", why)]
    for start in range(0, len(told), _AT_ONCE):
        some = told[start : start + _AT_ONCE]
        with house.store.transaction(house.actor, "money that waits for a person") as tx:
            chosen = facts.c.id.in_([row["id"] for row, _ in some]) & facts.c.state.in_(UNSETTLED)
            why_of = {row["id"]: why for row, why in some}
            changes = [
                (row, {"state": "conflict", "note": why_of[row["id"]]}) for row in tx.rows(select(facts).where(chosen))
            ]
            tx.change("facts", changes)
    return [(row["deal_number"], why) for row, why in found]


def _stranded(conn: Connection, book: str, now: datetime) -> list[tuple[Row, str]]:
    early = deals.c.state == "before_go_live"
    ended = and_(deals.c.state.in_(ENDED), facts.c.kind.not_in(MONEY))
    query = (
        select(facts, deals.c.state.label("deal_state"))
        .join(deals, deals.c.id == facts.c.deal_id, isouter=True)
        .where((facts.c.book == book) & facts.c.state.in_(UNSETTLED) & or_(facts.c.deal_id.is_(None), early, ended))
        .order_by(facts.c.deal_number, facts.c.id)
    )
    found = []
    for one in conn.execute(query).mappings():
        row = dict(one)
        why = _why(row, row.pop("deal_state"), now)
        if why:
            found.append((row, why))
    return found


def _why(row: Row, deal_state: str | None, now: datetime) -> str:
    name = f"{row['kind']} {row['subject']}".strip()
    take_back = f"{_WITHDRAW} {row['deal_number']} '{row['subject']}'"
    if deal_state is None:
        if now - datetime.fromisoformat(row["created_at"]) < PATIENCE:
            return ""
        return (
            f"{name} has waited {PATIENCE.days} days for deal {row['deal_number']}, which is not there: send the deal, "
            f"or take the money back and enter it for the right deal: {take_back}"
        )
    if deal_state == "before_go_live":
        return (
            f"{name}: the deal is from before go-live and is never posted: enter the money in the ledger by hand, then "
            f"close it here: {take_back}"
        )
    return (
        f"{name}: the sale was taken back, so that it is not posted by itself: enter it in the ledger by hand, then "
        f"close it here: {take_back}"
    )
