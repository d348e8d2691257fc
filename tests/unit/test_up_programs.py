"""The programs of `dealbooks up`: one that dies is started again, with a word; one that always dies is given up."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.up.process import Child
from flows.up.programs import Programs

STAYS = "import time; time.sleep(600)"
DIES = "raise SystemExit(7)"


class Hands:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def programs(said: list[str], clock: Hands) -> Iterator[Programs]:
    made = Programs(said.append, clock=clock)
    yield made
    made.stop(0)


def _starts(tmp_path: Path, *codes: str) -> Callable[[], Child]:
    left = list(codes)

    def start() -> Child:
        code = left.pop(0) if len(left) > 1 else left[0]
        command = [sys.executable, "-c", code]
        return Child.start("the test", command, environment=os.environ, log=tmp_path / "test.log", folder=tmp_path)

    return start


def test_what_dies_is_started_again_with_a_word(programs: Programs, said: list[str], tmp_path: Path) -> None:
    first = programs.run(_starts(tmp_path, DIES, STAYS))
    assert first.wait(60)
    assert programs.look() is None
    (line,) = said
    assert "The test ended by itself (code 7); it is started again now." in line
    assert str(tmp_path / "test.log") in line
    assert programs.look() is None
    assert len(said) == 1


def test_it_is_started_again_after_growing_gaps_and_given_up_at_last(
    programs: Programs, said: list[str], clock: Hands, tmp_path: Path
) -> None:
    started: list[Child] = []
    start = _starts(tmp_path, DIES)

    def noted() -> Child:
        started.append(start())
        return started[-1]

    programs.run(noted)
    given_up = None
    while given_up is None:
        assert started[-1].wait(60)
        given_up = programs.look()
        clock.now += 1
    assert given_up is started[-1]
    assert len(started) == 6
    assert [line.partition("started again ")[2].partition(".")[0] for line in said] == [
        "now", "in 2 seconds", "in 5 seconds", "in 15 seconds", "in 30 seconds",
    ]  # fmt: skip


def test_deaths_are_forgotten(programs: Programs, said: list[str], clock: Hands, tmp_path: Path) -> None:
    started: list[Child] = []
    start = _starts(tmp_path, DIES)

    def noted() -> Child:
        started.append(start())
        return started[-1]

    programs.run(noted)
    for _ in range(8):
        assert started[-1].wait(60)
        assert programs.look() is None
        clock.now += 601
    assert {line.partition("started again ")[2].partition(".")[0] for line in said} == {"now"}


def test_what_is_optional_stays_dead(programs: Programs, said: list[str], tmp_path: Path) -> None:
    child = programs.run(_starts(tmp_path, DIES, STAYS), optional=True)
    assert child.wait(60)
    assert programs.look() is None
    assert said == []
