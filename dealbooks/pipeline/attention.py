"""What of a book's calls to its ledger, and of money that was told, waits for something: for a person, for an answer,
or for a better moment."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, func, select

from dealbooks.outbox import EffectState
from dealbooks.pipeline.decisions import DECISIONS, decision
from dealbooks.store.tables import deals, effects, facts, tokens

_S = EffectState
_MOST = 20


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing: of which deal (empty: of the whole connection), how it stands, why, and what to do."""

    deal: str
    state: str
    why: str
    fix: str

    def as_json(self) -> dict[str, str]:
        """Plain types."""
        return asdict(self)


def attention(conn: Connection, book: str, now: str) -> tuple[Attention, ...]:
    """The connection's own trouble first, then the oldest calls that are in doubt, disputed or refused, then money that
    waits for its deal or does not fit it. Asks nobody."""
    return (*_connection(conn, book), *_pause(conn, book, now), *_calls(conn, book), *_money(conn, book))


def _money(conn: Connection, book: str) -> list[Attention]:
    """Payments and the like that are held, and those whose deal is not there yet."""
    held, alone = facts.c.state == "conflict", facts.c.deal_id.is_(None) & (facts.c.state == "waiting")
    query = (
        select(facts).where((facts.c.book == book) & (held | alone)).order_by(facts.c.state, facts.c.id).limit(_MOST)
    )
    found = []
    for row in conn.execute(query):
        name = f"{row.kind} {row.subject}".strip()
        if row.state == "conflict":
            found.append(Attention(row.deal_number, "held", f"{name}: {row.note}", "Say what it is, as written there."))
        else:
            fix = (
                f"Nothing, if the deal is still to come; else: dealbooks event withdraw {row.deal_number} {row.subject}"
            )
            found.append(Attention(row.deal_number, "waiting", f"{name} came, and its deal is not there.", fix))
    return found


def _connection(conn: Connection, book: str) -> list[Attention]:
    state = conn.execute(select(tokens.c.state).where(tokens.c.connection == book)).scalar()
    if state != "dead":
        return []
    why = "The ledger does not accept our authorisation any more; nothing is sent."
    return [Attention("", "reconnect", why, f"Reconnect it: dealbooks connect {book}")]


def _pause(conn: Connection, book: str, now: str) -> list[Attention]:
    """Calls that were put off, because the ledger was busy, spent or could not be reached."""
    later = (effects.c.book == book) & (effects.c.state == _S.PENDING.value) & (effects.c.next_at > now)
    query = select(func.count(), func.min(effects.c.next_at), func.max(effects.c.reason)).where(later)
    count, until, why = conn.execute(query).one()
    if not count:
        return []
    when = f"{until[:19].replace('T', ' ')} UTC"
    waits = f"{count} {'call waits' if count == 1 else 'calls wait'} until {when}. {why}".strip()
    return [Attention("", "put off", waits, "Nothing: a run after that goes on.")]


def _calls(conn: Connection, book: str) -> list[Attention]:
    columns = (effects.c.id, effects.c.state, effects.c.name, effects.c.reason, effects.c.figures, deals.c.deal_number)
    query = (
        select(*columns)
        .join(deals, deals.c.id == effects.c.deal_id)
        .where((effects.c.book == book) & effects.c.state.in_(list(DECISIONS)))
        .order_by(effects.c.seq)
        .limit(_MOST)
    )
    return [
        Attention(
            row.deal_number, row.state, f"{row.name} ({row.id[:12]}): {row.reason}",
            decision(row.state, shown=bool(row.figures), book=book, deal=row.deal_number, effect=row.id),
        )
        for row in conn.execute(query)
    ]  # fmt: skip
