"""Periods: months, their states, and until when a book is closed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealbooks.errors import BrokenInvariant, UsageError
from dealbooks.periods import MOVES, Period, PeriodState, check_move, closed_through, earliest_open_day

LOCKED, OPEN, REOPENED, CLOSING = PeriodState.LOCKED, PeriodState.OPEN, PeriodState.REOPENED, PeriodState.CLOSING


def test_a_month_knows_its_days_and_its_neighbours() -> None:
    december = Period.parse("2026-12")
    assert (december.first, december.last) == (date(2026, 12, 1), date(2026, 12, 31))
    assert str(december.following) == "2027-01"
    assert december.following.preceding == december
    assert Period.parse("2028-02").last == date(2028, 2, 29)
    assert date(2026, 12, 31) in december
    assert date(2027, 1, 1) not in december


@given(st.dates(date(1900, 2, 1), date(2100, 12, 31)))
def test_every_day_lies_in_exactly_one_period(day: date) -> None:
    period = Period.of(day)
    assert period.first <= day <= period.last
    assert Period.parse(str(period)) == period
    assert period.preceding.last + timedelta(days=1) == period.first


@pytest.mark.parametrize("text", ["2026-13", "2026-0", "2026/03", "March", "", "2026-03-01", "26-03", "2026-00"])
def test_what_is_no_period_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as error:
        Period.parse(text)
    assert "2026-03" in error.value.fix


@pytest.mark.parametrize("old", PeriodState)
@pytest.mark.parametrize("new", PeriodState)
def test_only_the_moves_of_the_table_are_made(old: PeriodState, new: PeriodState) -> None:
    if new in MOVES[old]:
        check_move(Period(2026, 3), old, new)
    else:
        with pytest.raises(BrokenInvariant):
            check_move(Period(2026, 3), old, new)


def test_a_book_is_closed_through_the_last_lock() -> None:
    january, february, march = Period(2026, 1), Period(2026, 2), Period(2026, 3)
    assert closed_through({}) is None
    assert earliest_open_day({}) is None
    assert closed_through({january: LOCKED, february: LOCKED}) == date(2026, 2, 28)
    assert earliest_open_day({january: LOCKED, february: LOCKED, march: CLOSING}) == date(2026, 3, 1)
    assert closed_through({january: LOCKED, february: REOPENED}) == date(2026, 1, 31)
    assert closed_through({january: OPEN}) is None
    assert closed_through({january: REOPENED, february: LOCKED}) is None


@given(st.dictionaries(st.builds(Period, st.just(2026), st.integers(1, 12)), st.sampled_from(PeriodState)))
def test_no_day_of_a_period_out_of_the_lock_is_closed(states: dict[Period, PeriodState]) -> None:
    closed = closed_through(states)
    for period, state in states.items():
        if state is not LOCKED:
            assert closed is None or closed < period.first
