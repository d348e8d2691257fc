"""No binary fraction near money: not in the types of a deal, of an entry, or of what comes out of the rules."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel, ValidationError

from dealbooks.book import Account, Book, Chart, Locks, Policies
from dealbooks.deal import Deal
from dealbooks.entries import Entry, Line
from dealbooks.money import Money
from dealbooks.posting import History, Posted, Worked, work_case
from dealbooks.posting.figures import Figures
from tests.strategies import deals

ROOTS: tuple[Any, ...] = (
    Deal,
    Book,
    Chart,
    Account,
    Policies,
    Locks,
    Money,
    Line,
    Entry,
    Posted,
    History,
    Figures,
    Worked,
)
CASES = sorted((Path(__file__).parents[1] / "golden" / "cases").glob("*.json"))


def types_in(root: Any, seen: set[Any]) -> Iterator[tuple[str, Any]]:
    """Every type that a class leads to, with the field where it stands."""
    if root in seen:
        return
    seen.add(root)
    if isinstance(root, type) and (issubclass(root, BaseModel) or dataclasses.is_dataclass(root)):
        for name, hint in get_type_hints(root, include_extras=True).items():
            if name != "model_config":
                for leaf in leaves(hint):
                    yield f"{root.__name__}.{name}", leaf
                    yield from types_in(leaf, seen)


def leaves(hint: Any) -> Iterator[Any]:
    inside = get_args(hint)
    if not inside:
        yield hint
    for one in inside:
        yield from leaves(one)


def test_no_type_of_a_deal_or_an_entry_is_a_float() -> None:
    seen: set[Any] = set()
    found = [place for root in ROOTS for place in types_in(root, seen)]
    assert {
        "Deal.lines",
        "SaleLine.unit_price",
        "Entry.lines",
        "Money.amount",
        "Finance.reserve",
        "Chargeback.amount",
    } <= {where for where, _ in found}
    assert [(where, kind) for where, kind in found if kind in (float, complex)] == []
    assert {kind for where, kind in found if where in ("SaleLine.unit_price", "Money.amount")} >= {Decimal}


def values_in(value: Any, seen: set[int]) -> Iterator[Any]:
    if id(value) in seen:
        return
    seen.add(id(value))
    yield value
    if isinstance(value, BaseModel):
        inside: Any = [getattr(value, name) for name in type(value).model_fields]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        inside = [getattr(value, field.name) for field in dataclasses.fields(value)]
    elif isinstance(value, dict):
        inside = [*value.keys(), *value.values()]
    elif isinstance(value, (tuple, list, set, frozenset)):
        inside = value
    else:
        return
    for one in inside:
        yield from values_in(one, seen)


def exact(value: Any) -> bool:
    numbers = [one for one in values_in(value, set()) if isinstance(one, (int, float, complex, Decimal, Fraction))]
    assert any(isinstance(one, Decimal) for one in numbers)
    return not any(isinstance(one, (float, complex)) for one in numbers)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem[:3])
def test_no_value_of_a_worked_case_is_a_float(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    assert exact(work_case(case["deal"], case.get("deal_amended"), case.get("scenario")))


@given(deals())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_value_of_any_deal_is_a_float(deal: Deal) -> None:
    assert exact(work_case(deal))


def test_a_float_is_not_read_into_a_deal() -> None:
    data = json.loads(CASES[0].read_text(encoding="utf-8"))["deal"]
    data["lines"][0]["unit_price"] = 32400.0
    with pytest.raises(ValidationError, match="unit_price"):
        Deal.model_validate(data)
