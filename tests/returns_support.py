"""Golden cases as the facts of a period, for tests of tax returns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from dealbooks.deal import Deal
from dealbooks.entries import Entry
from dealbooks.posting import case_expected
from dealbooks.returns import Fact, Span, TaxReturn, ledger_rules, load_form, return_of

CASES = Path(__file__).parent / "golden" / "cases"
_VERSION = re.compile(r"-v(\d+)$")


def case(case_id: str) -> dict[str, Any]:
    """A golden case as it is on file."""
    (path,) = CASES.glob(f"{case_id}-*.json")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def facts_of_case(data: Mapping[str, Any], entries: list[dict[str, Any]] | None = None) -> list[Fact]:
    """Every entry of a case; a sale or a mirror with its own version, a later fact with the last."""
    versions = {1: Deal.model_validate(data["deal"])}
    if data.get("deal_amended"):
        versions[2] = Deal.model_validate(data["deal_amended"])
    found = []
    for one in entries or data["expected"]["entries"]:
        entry = Entry.from_json(one)
        named = _VERSION.search(entry.entry_id)
        version = versions[int(named[1])] if named else versions[max(versions)]
        if entry.legal_entity == versions[1].legal_entity:
            found.append(Fact(entry, data["id"], version))
    return found


def unwound(data: Mapping[str, Any], on: str) -> dict[str, Any]:
    """A case whose sale is unwound on a day, with the entries that this makes."""
    deal = {
        **data["deal"],
        "lifecycle": [*data["deal"].get("lifecycle", ()), _event("completed", data), _event("unwound", data, on)],
    }
    return {**data, "deal": deal, "expected": case_expected(deal, scenario={})}


def returned(form: str, span: str, *cases: str | Mapping[str, Any], ledger: str = "") -> TaxReturn:
    """The return of a period from golden cases, named or as data."""
    days, loaded = Span.parse(span), load_form(form)
    facts = [
        fact
        for one in cases
        for fact in facts_of_case(case(one) if isinstance(one, str) else one)
        if fact.entry.accounting_date in days
    ]
    rules = ledger_rules(ledger) if ledger else None
    return return_of(loaded, facts, last=days.last, currency=loaded.currency, ledger=rules)


def amounts(made: TaxReturn) -> dict[str, Decimal]:
    """What the form shows, by box; boxes with nothing in them are left out."""
    return {box.box: box.amount for box in made.boxes if box.amount}


def assert_tied(made: TaxReturn) -> None:
    """Every tax role's movement stands in the boxes, and nothing is open."""
    assert made.problems == ()
    assert [tie.difference for tie in made.ties] == [Decimal(0)] * len(made.ties)


def _event(event: str, data: Mapping[str, Any], on: str = "") -> dict[str, Any]:
    day = on or data["deal"]["dates"]["accounting"]
    return {"at": day, "event": event} | ({"reason": "returned"} if event == "unwound" else {})
