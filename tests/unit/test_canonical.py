"""Texts that are hashed: whatever is quicker may not write them otherwise than Python's json does."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dealbooks.canonical import canonical_json, canonical_text, compact_json, compact_text, read_json
from dealbooks.samples import REGIONS, random_deal

_CHARACTERS = st.one_of(
    st.characters(exclude_categories=()),
    st.sampled_from("\x00\x01\x08\x09\x0a\x0b\x0c\x0d\x1b\x1f\"\\/\x7f\x80\x9f\u2028\u2029\ufeff\uffff\ud800\udfff\U0001f697"),
)  # fmt: skip
_TEXT = st.text(_CHARACTERS, max_size=8)
_NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**40]),
    st.floats(),
    st.sampled_from([1e16, 1e-7, 1e22, -0.0, 0.1]),
)
_KEYS = st.one_of(_TEXT, st.integers(-3, 3), st.booleans(), st.none())
_VALUES = st.recursive(
    st.one_of(_TEXT, _NUMBERS, st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.lists(inner, max_size=5).map(tuple),
        st.dictionaries(_TEXT, inner, max_size=5),
        st.dictionaries(_KEYS, inner, max_size=3),
    ),
    max_leaves=20,
)


def _json(value: Any, *, sort_keys: bool) -> str | type[Exception]:
    try:
        return json.dumps(value, sort_keys=sort_keys, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, RecursionError) as error:
        return type(error)


def _ours(value: Any, *, sort_keys: bool) -> str | type[Exception]:
    try:
        return canonical_json(value) if sort_keys else compact_json(value)
    except (TypeError, RecursionError) as error:
        return type(error)


class _Word(StrEnum):
    ONE = "one"


class _Number(IntEnum):
    ONE = 1


class _Text(str):
    __slots__ = ()


@settings(deadline=None)
@given(_VALUES, st.booleans())
@example(["".join(map(chr, range(0x100)))], True)
@example({"b": 1, "a": [float("nan"), float("inf"), 1e16]}, True)
@example({"\U0001f697": 1, "\uffff": 2, "z": 3, "": 4}, True)
@example({1: 1, "1": 2, None: 3, False: 4}, False)
@example([_Word.ONE, _Number.ONE, _Text("x"), {_Text("y"): _Word.ONE}], False)
def test_every_text_is_the_one_that_json_writes(value: Any, sort_keys: bool) -> None:
    assert _ours(value, sort_keys=sort_keys) == _json(value, sort_keys=sort_keys)


def test_deep_values_are_the_same_too() -> None:
    value: Any = "x"
    for _ in range(400):
        value = [value]
    assert canonical_json(value) == json.dumps(value)


@pytest.mark.parametrize("value", [Decimal("1.00"), date(2026, 3, 14), UUID(int=1), {1, 2}, b"x", object()])
def test_what_has_no_form_of_its_own_is_refused_anywhere(value: Any) -> None:
    for inside in (value, [value], {"a": {"b": (1, value)}}):
        with pytest.raises(TypeError, match=f"{type(value).__name__} has no canonical form"):
            canonical_json(inside)
        with pytest.raises(TypeError, match=f"{type(value).__name__} has no canonical form"):
            compact_json(inside)


_MADE = st.recursive(
    st.one_of(_TEXT, st.integers(), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(_TEXT, inner, max_size=5)),
    max_leaves=20,
)


@given(_MADE)
def test_what_we_made_of_texts_is_written_the_same_without_looking(value: Any) -> None:
    assert canonical_text(value) == canonical_json(value)
    assert compact_text(value) == compact_json(value)


@given(_VALUES)
@example([2**64, -(2**63) - 1, 10**40])
@example({"a": [1e400, -0.0, 1e16, "\ud800"]})
def test_json_is_read_as_python_reads_it(value: Any) -> None:
    text = json.dumps(value)
    assert repr(read_json(text)) == repr(json.loads(text))


@pytest.mark.parametrize("region", REGIONS)
def test_the_text_of_a_deal_is_that_of_its_json(region: str) -> None:
    for number in range(40):
        deal = random_deal(number, region)
        assert deal.as_text() == compact_json(deal.as_json())
