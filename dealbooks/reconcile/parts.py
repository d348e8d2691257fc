"""What single documents of an entry tell, in the same words for a close and for the drift watch: one of several is gone
or voided, or our mark was taken out of one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal

from dealbooks.reconcile.model import SEVERITIES, Expected, MatchPolicy, ReconException
from dealbooks.reconcile.words import WORDS

# Classes that an entry gets when one of its documents is not there.
OF_AMOUNTS = frozenset({"edited_after_posting", "amount_mismatch", "wrong_account"})


def part_gone(
    found: ReconException, item: Expected | None, deleted: Collection[str], voided: Collection[str]
) -> ReconException:
    """One of several documents of an entry was deleted or voided: that, and not that amounts differ."""
    if item is None or found.code not in OF_AMOUNTS or found.subject != item.key:
        return found
    away, void = ([ref for ref in dict.fromkeys(item.refs) if ref in some] for some in (deleted, voided))
    refs = away or void
    if not refs:
        return found
    code = "deleted_in_ledger" if away else "voided_in_ledger"
    words = WORDS[code]
    return replace(
        found, code=code, severity=SEVERITIES[code],
        what=f"{words.title}: {', '.join(refs)}, part of {found.ours}.", cause=words.cause,
        cure=words.cure.format(deal=item.deal or "DEAL", ref=refs[0]),
    )  # fmt: skip


def mark_taken_out(item: Expected, refs: Sequence[str], policy: MatchPolicy) -> ReconException:
    """Documents of an entry say what they said, and do not show our key any more."""
    return edited(item, refs, [f"our reference was taken out of {', '.join(refs)}"], policy)


def edited(item: Expected, refs: Sequence[str], differences: Sequence[str], policy: MatchPolicy) -> ReconException:
    """A document of an entry that was edited without moving an amount of its lines."""
    words, ref = WORDS["edited_after_posting"], refs[0]
    return ReconException(
        code="edited_after_posting", severity=SEVERITIES["edited_after_posting"],
        what=f"{words.title}: {'; '.join(differences)}.",
        where=f"deal {item.deal}, {item.entry.entry_id}" if item.deal else item.entry.entry_id,
        ours=f"{item.entry.entry_id} of {item.entry.accounting_date.isoformat()}", theirs=", ".join(refs),
        difference=Decimal(0), currency=policy.currency, cause=words.cause,
        cure=words.cure.format(deal=item.deal or "DEAL", ref=ref), subject=item.key, deal=item.deal,
        stock_nos=(item.stock_no,) if item.stock_no else (),
    )  # fmt: skip
