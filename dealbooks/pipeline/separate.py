"""Segregation of duties: who worked on the deals of a month is not the only one who signs it.

See period-close.md section 8. Only where the book asks for it (`close: {segregation: true}`). Reads only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from dealbooks.closing.signers import Signer
from dealbooks.errors import UsageError
from dealbooks.periods import Period
from dealbooks.pipeline.facts_entered import ENTERED_BY
from dealbooks.pipeline.obstacles import CloseHouse
from dealbooks.pipeline.signoff import Shown
from dealbooks.store.tables import acceptances, bank_lines, bank_links, deals, entries, facts, inbox, overrides


def check_separate(house: CloseHouse, book: str, month: Period, shown: Shown | None, signer: Signer) -> None:
    """Raise UsageError when this signature would be the last one, and everybody who signs worked on the month."""
    rules = house.book_config(book).close
    if not rules.segregation:
        return
    signed = [str(one["name"]) for one in shown.signatures] if shown is not None else []
    if len(signed) + 1 < (2 if rules.four_eyes else 1):
        return
    with house.store.read() as conn:
        worked = workers(conn, book, month)
    did = [worked.get(_plain(name)) for name in (*signed, signer.name)]
    if all(did):
        raise UsageError(
            f"{signer.name} {did[-1]} in {month}, and may not be the only one who signs it.",
            fix=f"Somebody who did not signs too, or instead: dealbooks close {book} {month} --sign 'NAME'.",
        )


def workers(conn: Connection, book: str, month: Period) -> Mapping[str, str]:
    """Who worked on a month of a book, by name in small letters, and what they did, in words."""
    first, last = month.first.isoformat(), month.last.isoformat()
    of_month = (deals.c.book == book) & deals.c.accounting_date.between(first, last)
    corrected = (
        select(overrides.c.who)
        .join(inbox, inbox.c.natural_key == overrides.c.natural_key)
        .join(deals, deals.c.id == inbox.c.deal_id)
        .where(of_month & (overrides.c.state == "active"))
    )
    accepted = (
        select(acceptances.c.who)
        .join(entries, entries.c.id == acceptances.c.entry)
        .where((acceptances.c.book == book) & entries.c.accounting_date.between(first, last))
    )
    matched = (
        select(bank_links.c.who)
        .join(bank_lines, bank_lines.c.id == bank_links.c.line)
        .where((bank_links.c.book == book) & (bank_links.c.state == "accepted"))
        .where(bank_lines.c.booked.between(first, last))
    )
    typed = (
        select(inbox.c.place)
        .join(facts, facts.c.inbox_id == inbox.c.id)
        .join(deals, deals.c.id == facts.c.deal_id)
        .where(of_month & inbox.c.place.startswith(ENTERED_BY))
    )
    entered = (place.removeprefix(ENTERED_BY) for place in conn.execute(typed).scalars())
    found: dict[str, str] = {}
    for words, names in (
        ("corrected a deal", conn.execute(corrected.distinct()).scalars()),
        ("accepted a difference", conn.execute(accepted.distinct()).scalars()),
        ("accepted a bank line", conn.execute(matched.distinct()).scalars()),
        ("entered money", entered),
    ):
        _note(found, words, names)
    return found


def _note(found: dict[str, str], words: str, names: Iterable[str]) -> None:
    for name in names:
        if _plain(name):
            found.setdefault(_plain(name), words)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
