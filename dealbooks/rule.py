"""What a rule of the catalogue is; the rules themselves stand in `dealbooks.catalogue`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dealbooks.findings import Finding, Severity

Where = Literal["gx", "model", "deal", "reader", "determine", "store"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what breaks it is told with `text`, a str.format template in a controller's words."""

    code: str
    severity: Severity
    title: str
    where: Where
    text: str
    source: str

    def found(self, field: str = "", value: object = "", **words: object) -> Finding:
        """A finding of this rule; `words` and `value` fill the text."""
        message = self.text.format(value=value, field=field, **words)
        return Finding(self.code, self.severity, message, field, str(value))
