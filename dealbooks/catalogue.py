"""Every rule that can refuse or flag a deal, by its stable code: one list for all who check, and for the manual."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dealbooks.catalogue_batch import BATCH_RULES
from dealbooks.catalogue_deal import DEAL_RULES
from dealbooks.catalogue_determine import DETERMINE_RULES
from dealbooks.catalogue_files import FILE_RULES
from dealbooks.catalogue_regimes import REGIME_RULES
from dealbooks.catalogue_store import STORE_RULES
from dealbooks.errors import BrokenInvariant
from dealbooks.findings import Finding
from dealbooks.rule import Rule


def _joined(*groups: Iterable[Rule]) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for group in groups:
        for rule in group:
            if rule.code in rules:
                raise BrokenInvariant(f"two rules of the catalogue have the code {rule.code}")
            rules[rule.code] = rule
    return rules


CATALOGUE: dict[str, Rule] = _joined(DEAL_RULES, FILE_RULES, BATCH_RULES, DETERMINE_RULES, REGIME_RULES, STORE_RULES)


def found(code: str, field: str = "", value: object = "", **words: object) -> Finding:
    """A finding of the rule with this code; `value` and `words` fill its text.

    Raises:
        KeyError: when no rule has this code, or the rule's text names a word that was not given.
    """
    return CATALOGUE[code].found(field, value, **words)


# Rules of the deal that say again what determine has said already, of the same field, with better words.
ECHOES: Mapping[str, str] = {
    "D018": "R012",
    "D032": "R038",
    "D019": "R013",
    "D048": "R007",
    "D050": "R001",
    "D051": "R021",
    "D067": "R025",
    "D070": "R023",
    "D081": "R016",
    "D112": "R010",
    "F511": "R019",
    "F512": "R012",
    "F516": "R006",
}


# Rules that cannot but fail when determine could not find what it needed: that is told once, by the cause.
CONSEQUENCES: Mapping[str, frozenset[str]] = {"D080": frozenset({"R001", "R005"})}


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Findings of one deal from several checkers, each thing said once: the same finding is kept where it came first,
    and an echo of a rule of determine is dropped (of a part of the deal, such as a line, only for the same part)."""
    unique = list(dict.fromkeys(findings))
    fields: dict[str, set[str]] = {}
    for finding in unique:
        fields.setdefault(finding.code, set()).add(finding.field)
    return [finding for finding in unique if not _is_echo(finding, fields) and not _follows(finding, fields)]


def _follows(finding: Finding, fields: Mapping[str, set[str]]) -> bool:
    return not CONSEQUENCES.get(finding.code, frozenset()).isdisjoint(fields)


def _is_echo(finding: Finding, fields: Mapping[str, set[str]]) -> bool:
    said_in = fields.get(ECHOES.get(finding.code, ""))
    if said_in is None:
        return False
    return "[" not in finding.field or finding.field in said_in


_WHERE = {
    "gx": "batch check (Great Expectations)",
    "model": "structure of a deal",
    "deal": "rules of a deal",
    "reader": "reading of the file",
    "determine": "filling in from the rulebook",
    "store": "what was posted before",
}
_INTRODUCTION = """# What is checked

Every reason that a deal can be refused or flagged for, by its code. E refuses: the deal waits in quarantine until it is
corrected. W posts the deal, and shows the reason. Words in braces are filled in with what was found.

This page is written by `python -m expectations.reference`.
"""


def catalogue_markdown(expectations: Mapping[str, str]) -> str:
    """The catalogue as a page of the manual. `expectations`: code of a batch rule -> the expectation that checks it."""
    parts = [_INTRODUCTION]
    for where, title in _WHERE.items():
        rules = sorted((rule for rule in CATALOGUE.values() if rule.where == where), key=lambda rule: rule.code)
        if not rules:
            continue
        batch = where == "gx"
        heads = ["code", "", "rule", *(["expectation"] if batch else []), "reason that is given", "source"]
        parts.append(f"\n## Checked by: {title}\n\n{_row(heads)}\n{_row('---' for _ in heads)}\n")
        for rule in rules:
            how = [f"`{expectations[rule.code]}`"] if batch else []
            cells = [rule.code, rule.severity.value, rule.title, *how, rule.text, rule.source]
            parts.append(f"{_row(cells)}\n")
    return "".join(parts)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
