"""Change data capture: what changed since a moment, with what was deleted. At most 1,000 over all entities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.quickbooks.company import Company
from sandbox.quickbooks.refusals import bad_query, business, missing

_WITHOUT = ("TaxCode", "TaxRate", "CompanyInfo", "Preferences")


def changes(company: Company, query: Mapping[str, str]) -> dict[str, Any]:
    """The CDCResponse.

    Raises:
        Refusal: an entity without this, no moment, or one further back than 30 days.
    """
    since = _since(company, query.get("changedSince", ""))
    room = company.settings.cdc_limit
    parts: list[dict[str, Any]] = []
    for name in query.get("entities", "").split(","):
        kind = next((kind for kind in company.tables if kind.lower() == name.strip().lower()), "")
        if not kind or kind in _WITHOUT:
            raise bad_query(f"QueryValidationError: Invalid context declaration: {name}")
        rows = _changed(company, kind, since)[:room]
        room -= len(rows)
        parts.append({kind: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
    return {"CDCResponse": [{"QueryResponse": parts}]}


def _changed(company: Company, kind: str, since: datetime) -> list[Mapping[str, Any]]:
    found: list[tuple[datetime, Mapping[str, Any]]] = [
        (company.changed[kind, ref], row) for ref, row in company.tables[kind].items()
    ]
    for (of, ref), moment in company.deleted.items():
        if of == kind:
            meta = {"LastUpdatedTime": company.stamp(moment)}
            found.append((moment, {"domain": "QBO", "status": "Deleted", "Id": ref, "MetaData": meta}))
    recent = [(moment, row) for moment, row in found if moment >= since]
    return [row for _, row in sorted(recent, key=lambda pair: pair[0])]


def _since(company: Company, text: str) -> datetime:
    if not text:
        raise missing("changedSince")
    try:
        since = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise bad_query(f"QueryValidationError: {text} is not a time") from None
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    if since < company.now() - timedelta(seconds=company.settings.cdc_window):
        raise business("The changedSince time must be within the last 30 days.")
    return since
