"""By what an exception was solved, in words: what the run that did not find it any more says of its subject. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dealbooks.pipeline.reconcile import Agreed, Reconciliation
from dealbooks.reconcile import ReconException
from dealbooks.reconcile.lists import KINDS
from dealbooks.reconcile.openitems import CARRIED
from dealbooks.reconcile.words import WORDS

_BANK = frozenset({"unpaid", "overpaid", "unexplained_bank_line"})
_TYPED = frozenset({"unexplained_ledger_entry", "missing_in_source", "duplicate"})


def solved_by(row: Mapping[str, Any], rec: Reconciliation, now: Sequence[ReconException]) -> str:
    """What became of an exception (a row of the store) that a run does not find. `now` are those that are new, changed
    or back with the same run: it may be one of them under another class."""
    subject, code = str(row["subject"]), str(row["code"])
    key = subject.partition(" ")[0]
    accepted = next((one for one in rec.accepted if one.found.subject == subject), None)
    if accepted is not None:
        return f"{accepted.said.who} accepted the difference: {accepted.said.why}"
    other = next((one for one in now if subject in (one.subject, one.subject.partition(" ")[0])), None)
    if other is not None:
        return f"It is now {WORDS[other.code].title.lower()} ({other.id})."
    typed = next((one for one in rec.by_hand if one.ref == subject), None)
    if typed is not None and code in _TYPED:
        clears = f" It clears {typed.explains}." if typed.explains else ""
        return f"{typed.ref} explains itself now ({typed.kind}).{clears}"
    if key in KINDS:
        return f"The list of {KINDS[key].title} and the books say the same."
    if code == "statement_missing":
        return "The statement was imported."
    if code in _BANK:
        return "The bank and the books say the same."
    if code in CARRIED:
        return _balanced(key, subject.partition(" ")[2], rec)
    agreed = next((one for one in rec.agreed_entries if one.key == key), None)
    if agreed is not None:
        return f"{', '.join(agreed.refs)} in the ledger agrees with {agreed.event} of {agreed.day.isoformat()}."
    if code in _TYPED:
        return "It does not stand in the ledger any more, or not as it did."
    return "The deal does not ask for it any more."


def _balanced(deal_id: str, stock_no: str, rec: Reconciliation) -> str:
    """What cleared the car in the month, else what was booked for the deal last."""
    cleared = [f"{one.ref} clears {one.explains}" for one in rec.by_hand if f", {stock_no}: " in one.explains]
    if stock_no and cleared:
        return f"The account stands as it should; {'; '.join(cleared)}."
    own: list[Agreed] = [one for one in rec.agreed_entries if deal_id and one.deal_id == deal_id]
    if not own:
        return "The account stands as it should."
    last = max(own, key=lambda one: (one.day, one.key))
    return f"The account stands as it should; {last.event} of {last.day.isoformat()} is {', '.join(last.refs)}."
