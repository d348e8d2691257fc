"""Accept a difference: a person says that the ledger's own figures stand, although they are not ours.

Only figures that were read, of a document that stands. Our entries stay as they are; what differs is kept beside them,
and a reconciliation shows it as accepted for as long as it is exactly that difference.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from dealbooks.canonical import canonical_json
from dealbooks.errors import UsageError
from dealbooks.house import House
from dealbooks.ledger import Reading
from dealbooks.outbox.requests import requests_of
from dealbooks.outbox.result import compare
from dealbooks.outbox.settle import settle_deals
from dealbooks.outbox.states import EffectState, check_move
from dealbooks.periods import Period
from dealbooks.pipeline.accepted import Acceptance, said_of
from dealbooks.pipeline.again import held
from dealbooks.pipeline.guard import check_ledger_fits
from dealbooks.pipeline.person import by_person
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.pipeline.trace import need_deal
from dealbooks.store.db import Row, read_rows
from dealbooks.store.tables import effects, entries

_S = EffectState
_SHORTEST = 6  # characters of an effect's id
# What no person can accept: then it is not the document that was meant.
_NEVER = frozenset({"status", "currency", "type", "customer", "party", "key", "number"})
# Exceptions of a reconciliation that say that an entry stands otherwise than it should.
_DIFFERS = frozenset(
    {
        "amount_mismatch", "edited_after_posting", "wrong_account", "wrong_period", "wrong_tax_code", "wrong_location",
    }
)  # fmt: skip


def accept_difference(house: House, ref: str, effect: str, *, who: str, why: str) -> Acceptance:
    """Take what the ledger shows of a disputed write call of a deal for good, named by the beginning of its id. The
    ledger is read again first, and the month reconciled, so that exactly what differs now is accepted.

    Raises:
        UsageError: who or why is missing, the call is not disputed, its document is gone, or it is another document.
        LeaseLost: another process works on the book.
        StopConnection: the ledger cannot be asked now.
    """
    who, why = by_person(who, why, "A difference is accepted by somebody, for a reason.")
    with house.store.read() as conn:
        deal = need_deal(conn, ref)
        row = _disputed(conn, deal, effect.strip())
        entry = read_rows(conn, select(entries).where(entries.c.id == row["entry"]))[0]
    book, name = row["book"], f"{entry['entry_id']}, {row['name']}"
    check_ledger_fits(house, book)
    ledger = house.ledger(book)
    ledger.get_ready()
    with held(house, book) as lease:
        (request,) = requests_of(house.store, [row], lease.held)
        (reading,) = ledger.read([row["ref"]])
        differences = tuple(_acceptable(deal, name, ledger.expected(request), reading))
        month = str(Period.parse(entry["accounting_date"][:7]))
        found = tuple(
            said_of(one) for one in reconcile(house, book, month).differences
            if one.subject == row["entry"] and one.code in _DIFFERS
        )  # fmt: skip
        with house.store.transaction(who, "accept a difference") as tx:
            lease.check(tx)
            check_move(row["id"], row["state"], _S.POSTED)
            figures = canonical_json(dict(reading.figures or {}))
            reason = f"Accepted by {who}: {why} ({'; '.join(differences)})"
            changed = tx.update(
                "effects", [row], state=_S.POSTED.value, figures=figures, reason=reason, updated_at=tx.at
            )
            made = Acceptance(row["entry"], row["id"], differences, found, who, why, tx.at)
            values = {
                "id": row["id"], "book": book, "deal_id": row["deal_id"], "entry": row["entry"],
                "figures": canonical_json(list(differences)), "found": canonical_json(list(found)),
                "who": made.who, "why": made.why, "at": tx.at,
            }  # fmt: skip
            tx.insert("acceptances", [values])
            settle_deals(tx, changed)
    return made


def _disputed(conn: Connection, deal: Row, effect: str) -> Row:
    mine = (effects.c.deal_id == deal["id"]) & (effects.c.state == _S.DISPUTED.value)
    rows = read_rows(conn, select(effects).where(mine).order_by(effects.c.seq))
    meant = [row for row in rows if len(effect) >= _SHORTEST and row["id"].startswith(effect)]
    if len(meant) == 1:
        return meant[0]
    number = deal["deal_number"]
    if not rows:
        raise UsageError(
            f"Nothing of deal {number} is disputed: there is no difference to be accepted.",
            fix=f"'dealbooks trace {number}' shows how it stands.",
        )
    listed = ", ".join(f"{row['id'][:12]} ({row['name']})" for row in rows)
    raise UsageError(f"“{effect}” is no disputed write call of deal {number}.", fix=f"Give --effect, one of: {listed}.")


def _acceptable(deal: Row, name: str, expected: Mapping[str, str], reading: Reading) -> list[str]:
    if reading.figures is None or reading.gone:
        raise UsageError(
            f"The ledger does not show {name} any more: a document that is gone cannot be accepted.",
            fix=f"'dealbooks issue-again {deal['deal_number']} --who NAME --why TEXT' makes it again.",
        )
    differences = compare(expected, reading.figures)
    if not differences:
        raise UsageError(
            f"The ledger shows {name} as we expect it now: there is no difference to be accepted.",
            fix=f"'dealbooks drain {deal['book']}' sees it.",
        )
    never = sorted(
        figure for figure in _NEVER if figure in expected and reading.figures.get(figure) != expected[figure]
    )
    if never:
        raise UsageError(
            f"{name} stands with another {never[0]} in the ledger ({'; '.join(differences)}): that is not a difference"
            " of figures.",
            fix="Correct it in the ledger and run 'dealbooks drain', or void it there and have it issued again.",
        )
    return differences
