"""Reconcile what we expect in a ledger with what the ledger holds. Pure: both sides are handed in."""

from dealbooks.reconcile.accounts import AccountMap
from dealbooks.reconcile.match import match
from dealbooks.reconcile.model import Delta, Expected, MatchPolicy, MatchResult, ReconException, Severity, Suggestion

__all__ = [
    "AccountMap",
    "Delta",
    "Expected",
    "MatchPolicy",
    "MatchResult",
    "ReconException",
    "Severity",
    "Suggestion",
    "match",
]
