"""A sale that its source takes back: by a void with its day, or by reopening, cancelling or deleting the record.

A void says what happened and when. A record that is not a completed sale any more, or is not there any more, does not:
a person says the day on which the sale is taken back, or that it stands. Both are given as `void_date`, an override
like every correction.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from dealbooks.catalogue import found
from dealbooks.deal import Deal
from dealbooks.findings import has_errors
from dealbooks.pipeline.item import Item

# Reasons for which a person must decide, and the field and the word by which it is done.
NO_LONGER_SOLD, NO_LONGER_THERE = "S022", "S023"
DECISION = "void_date"
KEEP = "keep"
# Of a void only its date counts, that the file does not say something else in the same breath, and that it is open.
_OWN = frozenset(("F114", NO_LONGER_SOLD, NO_LONGER_THERE))


def take_back(item: Item, standing: Deal) -> None:
    """Make of a void the deal as it stands, unwound; or leave it as it stands, where a person said so."""
    own = [one for one in item.record.findings if one.code in _OWN]
    item.findings = [*own, *(one for one in item.findings if one.field.startswith("lifecycle"))]
    item.deal = None
    if has_errors(own):
        return
    if is_kept(item):
        item.state = "ignored"
        by = item.judged.provenance.get(DECISION, "") if item.judged is not None else ""
        item.note = f"the sale stands, whatever the source says ({by})"
        return
    event = _unwound(item)
    if event is None or not event.get("at"):
        item.findings.append(found("S012", "lifecycle", item.record.data.get(DECISION, "")))
        return
    data = standing.as_json() | {"lifecycle": [*standing.as_json().get("lifecycle", []), event]}
    item.deal = Deal.model_validate(data)


def is_kept(item: Item) -> bool:
    """Whether a person said that the sale stands."""
    return str(item.record.data.get(DECISION, "")).strip().casefold() == KEEP


def _unwound(item: Item) -> dict[str, Any] | None:
    """The last unwind that the void tells; of a record of a source over an API, the day that a person gave."""
    said = item.judged.filled.get("lifecycle") if item.judged is not None else None
    events = [event for event in (said or []) if event.get("event") == "unwound"]
    if events:
        return dict(events[-1])
    given = item.record.data.get(DECISION)
    return {"at": given, "event": "unwound", "reason": "other"} if given and _is_day(given) else None


def _is_day(value: object) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True
