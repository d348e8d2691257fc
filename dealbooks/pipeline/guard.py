"""Refuse to plan or post when the store and the ledger do not belong together any more.

A store that was restored from an old backup does not know what stands in the ledger; a ledger folder that is gone
would be begun anew beside a store that knows of its postings. Both are found before anything is planned or sent.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from dealbooks.errors import StopConnection
from dealbooks.house import House
from dealbooks.outbox import EffectState
from dealbooks.store.db import HOUSE_CHAIN
from dealbooks.store.tables import audit, effects


def check_ledger_fits(house: House, book: str) -> None:
    """Compare the audit heads kept beside a ledger with the store's chains, where the ledger can keep them.

    Raises:
        StopConnection: the store is older than the ledger, or the ledger's folder is not the one that was posted to.
    """
    ledger: Any = house.ledger(book)
    if not hasattr(ledger, "read_head"):
        return
    kept = {chain: ledger.read_head(chain) for chain in (book, HOUSE_CHAIN)}
    with house.store.read() as conn:
        for chain, head in kept.items():
            if head is None:
                continue
            found = conn.execute(
                select(audit.c.hash).where((audit.c.book == chain) & (audit.c.seq == head[0]))
            ).scalar()
            if found != head[1]:
                raise StopConnection(
                    f"The store does not know all that was posted to the ledger of {book}: it was lost, or restored"
                    f" from an older copy (the ledger keeps link {head[0]} of chain {chain}; the store lacks it).",
                    fix="Put the newest copy of the store back; if there is none, see docs/operations.md.",
                )
        posted = (effects.c.book == book) & (effects.c.state == EffectState.POSTED.value)
        if ledger.is_new and conn.execute(select(effects.c.id).where(posted).limit(1)).first() is not None:
            raise StopConnection(
                f"The ledger of {book} is empty, and the store knows of postings in it.",
                fix="Put the ledger's folder back, or correct ledger.path in dealbooks.yaml.",
            )
