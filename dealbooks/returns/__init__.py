"""Tax returns: which box each tax line feeds, how a margin sale gets there, and what a ledger's own return lacks. Pure.

load_form, choose_form   a return form, effective-dated, from a YAML file
return_of                entries of a period -> boxes, with the lines that feed each of them
ledger_rules             what a ledger's own return would make of our documents
Span                     the months that a return covers
"""

from __future__ import annotations

from dealbooks.returns.form import Form, choose_form, load_form, shipped_forms
from dealbooks.returns.ledgers import LedgerRules, known_ledgers, ledger_rules
from dealbooks.returns.model import Box, BoxLine, Fact, LedgerBox, TaxReturn, Tie
from dealbooks.returns.span import Span
from dealbooks.returns.work import return_of

__all__ = [
    "Box",
    "BoxLine",
    "Fact",
    "Form",
    "LedgerBox",
    "LedgerRules",
    "Span",
    "TaxReturn",
    "Tie",
    "choose_form",
    "known_ledgers",
    "ledger_rules",
    "load_form",
    "return_of",
    "shipped_forms",
]
