"""The programs that `dealbooks up` runs, started again when one of them dies."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from flows.up.process import Child, stop_all

_FORGOTTEN_SECONDS = 600.0  # a death is held against a program for so long
_MOST_DEATHS = 5
_GAPS = (0.0, 2.0, 5.0, 15.0, 30.0)  # seconds before it is started again


@dataclass(slots=True)
class _Program:
    child: Child
    start: Callable[[], Child]
    optional: bool
    deaths: list[float] = field(default_factory=list)
    again_at: float | None = None


class Programs:
    """Every child process, in the order of their start."""

    def __init__(self, say: Callable[[str], object], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._programs: list[_Program] = []

    def run(
        self, start: Callable[[], Child], *, again: Callable[[], Child] | None = None, optional: bool = False
    ) -> Child:
        """Start a program. `again` starts it after a death, where that differs; an `optional` one stays dead."""
        child = start()
        self._programs.append(_Program(child, again or start, optional))
        return child

    def look(self) -> Child | None:
        """Start again what has died, with a word; a program that dies again and again is given back."""
        for program in self._programs:
            dead = program.again_at is None and program.child.ended and not program.optional
            if dead and self._died(program):
                return program.child
            if program.again_at is not None and self._clock() >= program.again_at:
                program.again_at = None
                program.child.stop(0)  # what it may have left behind
                program.child = program.start()
        return None

    def stop(self, grace: float) -> list[str]:
        """End all, the last started first; the titles of those that had to be killed."""
        return stop_all([program.child for program in self._programs], grace)

    def _died(self, program: _Program) -> bool:
        """Whether it died too often; else it is to be started again."""
        now = self._clock()
        program.deaths = [at for at in program.deaths if now - at < _FORGOTTEN_SECONDS] + [now]
        if len(program.deaths) > _MOST_DEATHS:
            return True
        gap = _GAPS[min(len(program.deaths), len(_GAPS)) - 1]
        program.again_at = now + gap
        child = program.child
        when = f"in {gap:.0f} seconds" if gap else "now"
        self._say(
            f"{child.title[0].upper()}{child.title[1:]} ended by itself (code {child.process.returncode}); it is "
            f"started again {when}. Its log: {child.log}"
        )
        return False
