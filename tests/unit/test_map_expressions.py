"""Expressions that need no interpreter give what the interpreter gives; a map gives the same whatever came before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jmespath
from hypothesis import given, settings
from hypothesis import strategies as st

from dealbooks.draft import RawRecord
from dealbooks.map_expressions import _OPTIONS, EXPRESSION_ERRORS, Expression
from dealbooks.map_spec import find_map, read_map
from dealbooks.mapping import FieldMap

_NAMES = ("a", "b", "c", "d")
_FUNCTIONS = {
    "nonzero": 2,
    "only_one": 3,
    "negate": 1,
    "plus": 2,
    "minus": 2,
    "words": 2,
    "upper": 1,
    "lower": 1,
    "day": 1,
}
_TEXTS = st.recursive(
    st.sampled_from((*_NAMES, "'x'", "''", "`0`", "`[]`", "`null`", '`"y"`', "`true`", "`false`")),
    lambda inner: st.one_of(
        st.builds("({} || {})".format, inner, inner),
        st.builds("({} && {})".format, inner, inner),
        *(
            st.lists(inner, min_size=count, max_size=count).map(lambda parts, f=name: f"{f}({', '.join(parts)})")
            for name, count in _FUNCTIONS.items()
        ),
        inner.map("minus({})".format),  # too few arguments
        inner.map("!{}".format),
    ),
    max_leaves=5,
)
_VALUES = st.sampled_from((None, "", "0.00", "12.50", "abc", True, False, 0, 1, "2026-01-02T10:00"))
_SCOPES = st.dictionaries(st.sampled_from(_NAMES), _VALUES)


def _found(get: Any, scope: Mapping[str, Any]) -> object:
    try:
        value = get(scope)
    except EXPRESSION_ERRORS as error:
        return type(error), str(error)
    return type(value), value


@settings(deadline=None)
@given(_TEXTS, st.lists(_SCOPES, max_size=4))
def test_an_expression_gives_what_the_interpreter_gives(text: str, scopes: list[dict[str, Any]]) -> None:
    ours, theirs = Expression(text, "here"), jmespath.compile(text)
    for scope in scopes:
        wanted = _found(lambda one: theirs.search(one, options=_OPTIONS), scope)
        assert _found(ours.get, scope) == wanted


_RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "deal_number": st.sampled_from(("A-1", "")),
        "customer_type": st.sampled_from(("person", "robot")),
        "first_name": st.just("Ann"),
        "vehicle_price": st.sampled_from(("100.00", "x")),
        "year": st.sampled_from((2024, "20x")),
        "finance_amount": st.sampled_from(("0.00", "5.00")),
        "finance_company": st.just("Ally"),
        "deposit": st.sampled_from(("1.00", "0.00")),
        "cash_paid": st.sampled_from(("1.00", "0.00", "x")),
        "payment_ref": st.just("R-1"),
        "action": st.sampled_from(("P", "V")),
        "void_reason": st.sampled_from(("returned", "rain")),
        "fees": st.lists(
            st.fixed_dictionaries(
                {"index": st.integers(1, 3)},
                optional={"name": st.just("Doc"), "amount": st.sampled_from(("1.00", "0.00")), "cost": st.just("2.00")},
            ),
            max_size=3,
        ),
    },
)


_SPEC = read_map(find_map("csv_files").read_text(encoding="utf-8"), "csv_files")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(_RECORDS, st.randoms(use_true_random=False)), max_size=4))
def test_what_a_map_makes_of_a_record_does_not_depend_on_the_records_before(records: list[tuple[Any, Any]]) -> None:
    used = FieldMap(_SPEC, "csv_files")
    for data, order in records:
        names = list(data)
        order.shuffle(names)
        record = RawRecord("csv:drop:1", "0" * 64, {name: data[name] for name in names})
        assert used.draft(record) == FieldMap(_SPEC, "csv_files").draft(record)
