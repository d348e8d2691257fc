"""What the fast lane does again, and when."""

from __future__ import annotations

from dealbooks.pipeline.agenda import BUSY_GAPS, LATE_GAPS, Agenda, Item

LATE, BUSY = Item("record", "crm", "17"), Item("book", "northgate")


class Hands:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_late_comes_again_after_growing_gaps_and_is_then_left_to_the_sweep() -> None:
    clock = Hands()
    agenda = Agenda(clock)
    for gap in LATE_GAPS:
        assert agenda.again(LATE, LATE_GAPS)
        assert agenda.seconds() == gap
        clock.now += gap - 0.1
        assert agenda.due() == []
        clock.now += 0.1
        assert agenda.due() == [LATE]
    assert not agenda.again(LATE, LATE_GAPS)
    assert agenda.seconds() is None
    assert agenda.again(LATE, LATE_GAPS)
    assert agenda.seconds() == LATE_GAPS[0]


def test_what_was_done_begins_with_the_first_gap_again() -> None:
    agenda = Agenda(Hands())
    agenda.again(BUSY, BUSY_GAPS)
    agenda.again(BUSY, BUSY_GAPS)
    assert agenda.seconds() == BUSY_GAPS[1]
    agenda.done(BUSY)
    assert agenda.seconds() is None
    agenda.again(BUSY, BUSY_GAPS)
    assert agenda.seconds() == BUSY_GAPS[0]


def test_the_longest_due_comes_first_and_no_more_than_asked_for() -> None:
    clock = Hands()
    agenda = Agenda(clock)
    agenda.now([BUSY])
    clock.now += 1
    agenda.now([LATE])
    assert agenda.seconds() == 0.0
    assert agenda.due(1) == [BUSY]
    assert agenda.due() == [LATE]
    assert agenda.due() == []
