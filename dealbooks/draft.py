"""A draft: what one source record says about a deal, in the shape of the canonical deal but with gaps.

    raw record --map--> Draft --determine--> Deal

`deal` holds only deal fields that the source stated (nested as in `dealbooks.deal.Deal`; amounts as Decimal, dates as
ISO text). `said` holds what it stated that is not a deal field, and that determine uses or compares: `store_code`,
`total`, `tax_total`, `taxes`, `vat_scheme`, `price_includes_tax`, `salesperson_id`, ... `origin` says for each path
of `deal` which column or expression it came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dealbooks.findings import Finding


@dataclass(slots=True)
class RawRecord:
    """One record as it came, in canonical form: canonical column names, decimals as plain text, ISO dates, nulls left
    out. `natural_key` names the deal at its source (`csv:drop:01:A-104233`); `content_hash` is SHA-256 over the
    canonical content without revision numbers, so that re-formatting a file is not a change."""

    natural_key: str
    content_hash: str
    data: dict[str, Any]
    revision: tuple[int, ...] = (0,)
    action: str = "post"  # post | void
    location: str = ""  # where a person finds it: "CompletedSale_20260314.csv line 7"
    line: int = 0
    changed_on: str = ""  # ISO business date on which the source told us; empty when it does not say
    columns: dict[str, str] = field(default_factory=dict)  # canonical column -> the file's own heading
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """See the module."""

    deal: dict[str, Any]
    said: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Determined:
    """A draft filled from the book's rules. `deal` validates as a Deal unless a finding says why not; `provenance`
    records for each path that was filled the rule that filled it: path -> "rulebook uk: fees[admin], in force ..."."""

    deal: Mapping[str, Any]
    provenance: Mapping[str, str]
    findings: tuple[Finding, ...]
