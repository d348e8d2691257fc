"""Searches: filters, one sort, pages up to 10,000 results, and what they refuse."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.hubspot.objects import Objects, Thing
from sandbox.hubspot.settings import Settings
from sandbox.hubspot.wire import Refusal, milliseconds

_OPERATORS = frozenset(
    ("BETWEEN", "CONTAINS_TOKEN", "EQ", "GT", "GTE", "HAS_PROPERTY", "IN", "LT", "LTE", "NEQ", "NOT_CONTAINS_TOKEN",
     "NOT_HAS_PROPERTY", "NOT_IN")
)  # fmt: skip
_SIGNS = {"EQ": operator.eq, "GT": operator.gt, "GTE": operator.ge, "LT": operator.lt, "LTE": operator.le}
_NUMERIC = frozenset(("number", "datetime", "date"))


def search(objects: Objects, kind: str, body: Mapping[str, Any], length: int) -> tuple[int, list[Thing], str]:
    """How many there are in all, the page that is asked for, and where the next begins ("" for nowhere).

    Raises:
        Refusal: the search is not one that HubSpot takes.
    """
    settings = objects.settings
    _check(settings, body, length)
    limit, after = int(body.get("limit") or 10), str(body.get("after") or "0")
    if not 1 <= limit <= settings.search_page:
        raise _bad(f"limit must be between 1 and {settings.search_page}")
    if not after.isdigit():
        raise _bad("after must be an integer")
    start = int(after)
    if start + limit > settings.searched:
        raise _bad(f"Paging past {settings.searched} results is not possible")
    types = objects.properties[kind]
    groups = [group["filters"] for group in body.get("filterGroups") or ()]
    found = [
        (thing, state)
        for thing, state in objects.searched(kind)
        if not groups or any(all(_fits(one, state, types) for one in group) for group in groups)
    ]
    sorts = body.get("sorts") or [{"propertyName": "hs_createdate", "direction": "ASCENDING"}]
    rule = sorts[0] if isinstance(sorts[0], Mapping) else {"propertyName": sorts[0]}
    name = str(rule.get("propertyName") or "")
    if name not in types:
        raise _bad(f"There was a problem with the request: no property {name}")
    # What ties with what stands in no order that one could rely on: here the newer first.
    found.sort(key=lambda pair: -pair[0].number)
    found.sort(
        key=lambda pair: _sortable(pair[1].get(name), types[name]), reverse=rule.get("direction") == "DESCENDING"
    )
    page = [thing for thing, _ in found[start : start + limit]]
    more = str(start + limit) if start + limit < len(found) else ""
    return len(found), page, more


def _check(settings: Settings, body: Mapping[str, Any], length: int) -> None:
    if length > settings.longest_search:
        raise _bad(f"The request is longer than {settings.longest_search} characters")
    groups = body.get("filterGroups") or ()
    counts = [len(group.get("filters") or ()) for group in groups]
    if len(counts) > settings.groups or any(count > settings.filters for count in counts):
        raise _bad("too many filter groups or filters")
    if sum(counts) > settings.filters_in_all:
        raise _bad("too many filters")
    if len(body.get("sorts") or ()) > 1:
        raise _bad("only one sort is supported")


def _fits(rule: Mapping[str, Any], state: Mapping[str, str | None], types: Mapping[str, str]) -> bool:
    name, how = str(rule.get("propertyName") or ""), str(rule.get("operator") or "")
    if name not in types:
        raise _bad(f"There was a problem with the request: no property {name}")
    if how not in _OPERATORS:
        raise _bad(f"{how} is not an operator")
    held = state.get(name)
    if how in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return (held is not None) is (how == "HAS_PROPERTY")
    kind = types[name]
    if how in ("IN", "NOT_IN"):
        wanted = {str(one).lower() for one in rule.get("values") or ()}
        return ((held or "").lower() in wanted) is (how == "IN")
    if how in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        inside = str(rule.get("value") or "").strip("*").lower() in (held or "").lower()
        return inside is (how == "CONTAINS_TOKEN")
    value = _comparable(str(rule.get("value", "")), kind)
    if how == "NEQ":
        return held is None or _comparable(held, kind) != value
    if held is None:
        return False
    own = _comparable(held, kind)
    if how == "BETWEEN":
        return bool(value <= own <= _comparable(str(rule.get("highValue", "")), kind))
    return bool(_SIGNS[how](own, value))


def _comparable(text: str, kind: str) -> Any:
    """A moment as milliseconds, a number as number, the rest as text without regard to capitals."""
    if kind not in _NUMERIC:
        return text.lower()
    try:
        if kind != "number" and "-" in text:
            moment = datetime.fromisoformat(text)
            return Decimal(milliseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))
        return Decimal(text)
    except (InvalidOperation, ValueError) as error:
        raise _bad(f"{text!r} is not a valid value") from error


def _sortable(held: str | None, kind: str) -> Any:
    if kind in _NUMERIC:
        return _comparable(held, kind) if held is not None else Decimal("-Infinity")
    return (held or "").lower()


def _bad(text: str) -> Refusal:
    return Refusal(400, "VALIDATION_ERROR", text)
