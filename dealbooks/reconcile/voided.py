"""Deleted in the ledger, or voided there: told apart where the ledger still shows what it voided. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dealbooks.reconcile.model import MatchResult, ReconException, sorted_exceptions
from dealbooks.reconcile.words import WORDS


def told_voided(result: MatchResult, voided: Mapping[str, str]) -> MatchResult:
    """The result with the right class for what was voided: key of the entry -> the ledger's reference of it."""
    gone, words = WORDS["deleted_in_ledger"], WORDS["voided_in_ledger"]

    def told(one: ReconException) -> ReconException:
        if one.code != "deleted_in_ledger" or one.subject not in voided:
            return one
        return replace(
            one, code="voided_in_ledger", what=one.what.replace(gone.title, words.title, 1),
            cause=words.cause if one.cause == gone.cause else one.cause,
            cure=words.cure.format(deal=one.deal or "DEAL", ref=voided[one.subject]),
        )  # fmt: skip

    return replace(result, exceptions=sorted_exceptions(told(one) for one in result.exceptions))
