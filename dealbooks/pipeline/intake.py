"""What the fast lane asks of the store: whether there is something new, and which deals need a person."""

from __future__ import annotations

from sqlalchemy import select

from dealbooks.store import Store
from dealbooks.store.tables import deals, effects, events

_NEW = select(events.c.id).where(events.c.state == "new").limit(1)


def anything_new(store: Store) -> bool:
    """Whether an event waits to be taken: one look into an index.

    Raises:
        StopConnection: the store cannot be read now.
    """
    with store.read() as conn:
        return conn.execute(_NEW).first() is not None


def disputed_since(store: Store, book: str, since: str) -> list[str]:
    """Numbers of the deals of a book of which a posting was found since then not to stand in the ledger as it was sent
    (`since` as the store writes a moment).

    Raises:
        StopConnection: the store cannot be read now.
    """
    own = (effects.c.book == book) & (effects.c.state == "disputed") & (effects.c.updated_at >= since)
    query = select(deals.c.deal_number).join(effects, effects.c.deal_id == deals.c.id).where(own).distinct()
    with store.read() as conn:
        return sorted(conn.execute(query).scalars())
