"""The deal while it is being filled: what was stated, what was filled and by which rule, what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from dealbooks.book import Book
from dealbooks.catalogue_determine import DETERMINE_RULES
from dealbooks.catalogue_regimes import REGIME_RULES
from dealbooks.determine.dated import Dated
from dealbooks.determine.inforce import InForce
from dealbooks.determine.rulebook import Rulebook
from dealbooks.determine.rules import LocationRule
from dealbooks.determine.tax_rules import JurisdictionRule
from dealbooks.findings import Finding

_PLAIN = frozenset({str, Decimal, bool, int, date, type(None)})
_RULES = {rule.code: rule for rule in (*DETERMINE_RULES, *REGIME_RULES)}


def plain_copy(value: Any) -> Any:
    """A copy of nested dicts and lists that shares only values that cannot change."""
    kind = type(value)
    if kind is dict:
        copied = value.copy()
        for key, one in value.items():
            if type(one) not in _PLAIN:
                copied[key] = plain_copy(one)
        return copied
    if kind is list or kind is tuple:
        return [plain_copy(one) for one in value]
    if isinstance(value, Mapping):
        return {key: plain_copy(one) for key, one in value.items()}
    return value


def finding(code: str, path: str = "", value: object = "", **words: object) -> Finding:
    """A finding of a rule of this package."""
    return _RULES[code].found(path, value, **words)


def by_source(column: str) -> str:
    """Provenance of a field that another column of the source states."""
    return f"stated by the source ({column})"


@dataclass(slots=True)
class Work:
    """One deal at work. `fill` never replaces what the source stated."""

    deal: dict[str, Any]
    said: Mapping[str, Any]
    rulebook: Rulebook
    rules: InForce
    book: Book
    day: date
    provenance: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    place: LocationRule | None = None
    jurisdiction: JurisdictionRule | None = None
    scheme: str = ""
    exempt: Dated | None = None

    def fill(self, part: dict[str, Any], path: str, key: str, value: Any, why: str) -> None:
        """Set a field that the source left out, and record why; a value of None fills nothing."""
        if value is not None and part.get(key) is None:
            part[key] = value
            self.provenance[f"{path}.{key}" if path else key] = why

    def replace(self, part: dict[str, Any], path: str, key: str, value: Any, why: str) -> None:
        """Set the rulebook's own id for a name that the source stated."""
        if part.get(key) != value:
            part[key] = value
            self.provenance[f"{path}.{key}" if path else key] = why

    def part(self, key: str) -> dict[str, Any]:
        """A part of the deal such as `dates`, made when the source stated nothing of it."""
        found = self.deal.get(key)
        if found is None:
            found = self.deal[key] = {}
        part: dict[str, Any] = found
        return part

    def found(self, code: str, path: str = "", value: object = "", **words: object) -> None:
        """Record a finding of a rule."""
        self.findings.append(finding(code, path, value, rulebook=self.rules.name, **words))

    def differs(self, path: str, what: str, stated: object, expected: object) -> None:
        """Record that the source states something else than the rulebook."""
        self.found("R017", path, stated, what=what, expected=expected)
