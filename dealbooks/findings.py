"""What a check found: collected, never raised, so that one finding does not hide the next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """E refuses the deal (quarantine); W posts it, but flags it."""

    ERROR = "E"
    WARNING = "W"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule, in words a controller understands.

    `code` is a rule of `dealbooks.catalogue.CATALOGUE`; `field` is the path in the canonical deal (or a file's column);
    `value` is what was found there, as text.
    """

    code: str
    severity: Severity
    message: str
    field: str = ""
    value: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain types for the store and for `--json`."""
        return {
            "code": self.code, "severity": self.severity.value, "message": self.message, "field": self.field,
            "value": self.value,
        }  # fmt: skip

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Finding:
        """Read what `as_json` wrote."""
        return cls(data["code"], Severity(data["severity"]), data["message"], data["field"], data["value"])


def has_errors(findings: list[Finding]) -> bool:
    """Whether anything found refuses the deal."""
    return any(found.severity is Severity.ERROR for found in findings)
