"""What a close says of single documents, as the drift watch says it: one of several is gone or voided, our mark was
taken out of one, what is gone from a list was voided. The ledger is asked about those only that are in question."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from dealbooks.ledger import Ledger, Record
from dealbooks.reconcile import Expected, MatchPolicy, MatchResult
from dealbooks.reconcile.model import sorted_exceptions
from dealbooks.reconcile.parts import OF_AMOUNTS, mark_taken_out, part_gone
from dealbooks.reconcile.voided import told_voided


def our_refs(expected: Sequence[Expected]) -> Mapping[str, str]:
    """References of documents that posted entries have -> the key of the entry."""
    return {ref: item.key for item in expected if item.state == "posted" for ref in item.refs}


def told_by_documents(
    result: MatchResult,
    expected: Sequence[Expected],
    records: Sequence[Record],
    unmarked: Collection[str],
    ledger: Ledger,
    policy: MatchPolicy,
) -> MatchResult:
    """What a reconciliation says, with what single documents tell. `unmarked` are references of ours that showed no key
    when they were listed.

    Raises:
        StopConnection: the ledger cannot be read now.
    """
    result = _told_apart(result, expected, ledger)
    items = {item.key: item for item in expected}
    shown = {record.ref: record for record in records}
    doubted = [one for one in result.exceptions if one.code in OF_AMOUNTS and one.subject in items]
    missing = sorted({ref for one in doubted for ref in items[one.subject].refs} - set(shown))
    asked = ledger.listed(missing) if missing else {}
    deleted = {ref for ref, record in asked.items() if record is None}
    void = {ref for ref, record in {**asked, **shown}.items() if record is not None and not record.lines}
    found = [part_gone(one, items.get(one.subject), deleted, void) for one in result.exceptions]
    named = {one.subject for one in found}
    for item, pieces in result.matched:
        refs = [one.ref for one in pieces if one.ref in unmarked]
        if refs and item.key not in named:
            found.append(mark_taken_out(item, refs, policy))
    return replace(result, exceptions=sorted_exceptions(found))


def _told_apart(result: MatchResult, expected: Sequence[Expected], ledger: Ledger) -> MatchResult:
    """What is gone from the ledger's list is asked for: a ledger that keeps voided documents still shows them."""
    refs = {item.key: item.refs for item in expected}
    gone = {one.subject: refs.get(one.subject, ()) for one in result.exceptions if one.code == "deleted_in_ledger"}
    asked = sorted({ref for some in gone.values() for ref in some})
    void = {reading.ref for reading in ledger.read(asked) if reading.void} if asked else set()
    voided = {key: some[0] for key, some in gone.items() if void & set(some)}
    return told_voided(result, voided) if voided else result
